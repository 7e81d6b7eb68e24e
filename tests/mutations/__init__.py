"""Mistakes made in the program one at a time, as data, and what a rehearsal says of each: `make mutations`."""
