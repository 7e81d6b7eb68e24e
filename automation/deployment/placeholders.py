"""What stands in remedies for names that only the message of an error knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IN_MESSAGE: Mapping[str, str] = {
    "<group>": r"/resourceGroups/([\w.-]+)/",
    "<vm>": r"/virtualMachines/([\w-]+)\b",
    "<script-run>": r"\bpulumi up --replace '(urn:pulumi:[\w.:/$-]+)'",
    "<arc-cluster>": r"/connectedClusters/([\w-]+)\b",
    "<connected>": r"/connectedClusters/([\w-]+)\' under resource group",
    "<namespace>": r"\bnamespace '(Microsoft\.\w+)'",
}
"""Placeholders of remedies, and where a message has them.

Messages come from elsewhere: only names of a strict form are taken, which no shell takes for more than a name.
"""
_DELETES = re.compile(r"\b(?:delete|purge)\b")


def fill_in(remedy: str, *, message: str, urn: str, stack: str) -> str:
    """Return the remedy with what is known in the place of its placeholders; what is not known stays one.

    Nothing from a message goes into a line that deletes: on a wrong backend it would name what is in use.
    """
    text = remedy.replace("<stack>", stack).replace("<urn>", urn or "<urn>")
    if _DELETES.search(remedy):
        return text
    for placeholder, pattern in _IN_MESSAGE.items():
        if placeholder in text and (found := re.search(pattern, message)):
            text = text.replace(placeholder, found[1])
    return text
