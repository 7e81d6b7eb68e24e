"""What a kind of host sends, as rows for the rules: a module for each kind."""
