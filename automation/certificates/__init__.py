"""What a stack's certificates are, where each is used, and what the next `up` makes of it: read from its state alone.

`published` reads the stack's output, `uses` follows each certificate to what holds and reads it, `forecast` compares
the state with what the program wants now, `calendar` writes the dates down.
"""
