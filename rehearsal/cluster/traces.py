"""What is seen of a script beside what it says: the kinds of `ScriptRun.traces`."""

from __future__ import annotations

URLS = "urls"
"""Addresses that it has fetched from, or tried to."""
CALLS = "calls"
"""What it has called that neither a node nor the model of one takes, however it took the refusal."""
VARIABLES = "variables"
"""Names in the environment of tools that it has called, which no node has a need of (`rules.facts.node_files`)."""
LEFT = "left"
"""Files of its TMPDIR that were there when it had ended."""
GUESSABLE = "guessable"
"""What was in its TMPDIR, while it ran, under a name that mktemp(1) does not give by itself; digits are `*`."""
FILES, RULES, LIMITS, OBJECTS = "files", "iptables", "sysctl", "objects"
"""Names of what it has made or changed (`NodeFacts.list_parts`)."""
