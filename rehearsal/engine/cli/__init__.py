"""A stand-in for the `pulumi` command: the Automation API runs the offline engine through it, with the same code."""
