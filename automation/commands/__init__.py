"""The commands: what each does and how it ends."""
