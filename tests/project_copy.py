"""A copy of the project, for tests that change the program. Imports nothing of ours: a copy's modules are its own."""

from __future__ import annotations

import shutil
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent
_FOLDERS = ("settings", "nodes", "components", "arm", "graph", "rules", "rehearsal", "automation", "examples")
"""With all that a rehearsal needs."""


def copy_project(target: Path, source: Path = PROGRAM, *, link: bool = False) -> None:
    """Copy the program with its stacks; linked files, byte-code among them, must not be written to."""
    # Of the project itself other tests may be writing byte-code at this moment.
    ignore = None if link else shutil.ignore_patterns("__pycache__")
    for folder in _FOLDERS:
        copy = _link if link else shutil.copy2
        shutil.copytree(source / folder, target / folder, copy_function=copy, ignore=ignore)
    for file in (*source.glob("Pulumi*.yaml"), source / "__main__.py"):
        shutil.copy2(file, target)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
