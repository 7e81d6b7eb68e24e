"""The command `python -m automation`: what CI runs, and what people run before CI does."""
