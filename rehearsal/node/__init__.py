"""A node: the machine behind a Run Command, on which the program's scripts run for real against stand-ins of tools."""
