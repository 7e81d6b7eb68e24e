"""What the hand-written pages say is checked against the code."""
