"""The offline engine is one package: others import it, and none of its modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROGRAM

PACKAGE = "rehearsal.engine"
ROOMS = ("automation", "benchmarks", "graph", "rehearsal", "rules")


def list_imports(text: str) -> Iterator[str]:
    """Yield every module that is imported, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def list_files() -> Iterator[Path]:
    inside = PROGRAM / "rehearsal" / "engine"
    for room in ROOMS:
        yield from (file for file in (PROGRAM / room).rglob("*.py") if not file.is_relative_to(inside))


def test_nobody_outside_imports_a_module_of_the_engine() -> None:
    files = {file: list(list_imports(file.read_text(encoding="utf-8"))) for file in list_files()}
    assert any(PACKAGE in imports for imports in files.values()), "the files were not found"
    assert [
        f"{file.relative_to(PROGRAM)}: {name}"
        for file, imports in files.items()
        for name in imports
        if name.startswith(f"{PACKAGE}.")
    ] == []


def test_an_import_inside_a_function_is_seen() -> None:
    assert list(list_imports("def f():\n    from rehearsal.engine.state import State\n")) == ["rehearsal.engine.state"]
