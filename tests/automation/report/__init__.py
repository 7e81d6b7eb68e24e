"""The HTML page of a rehearsal or a preview."""
