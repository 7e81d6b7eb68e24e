"""A change of a deployed stack, judged after every step of the engine with real messages over every link."""
