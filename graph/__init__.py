"""The program evaluated without an engine: the recorded deployment, and what follows from it."""
