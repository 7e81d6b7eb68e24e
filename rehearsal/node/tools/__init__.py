"""The tools that scripts find on PATH and that are no harmless real ones: their behaviour, by name."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.node.machine import Tool

TOOLS: Mapping[str, Tool] = {}
"""Name -> behaviour."""
READS_STDIN: frozenset[str] = frozenset()
"""Names of those that read their input."""
