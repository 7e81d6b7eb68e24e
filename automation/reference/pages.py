"""Pages of docs/ that are made of tables in the code: printed, written, or compared with what is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def serve(page: Callable[[], str], file: Path, arguments: Sequence[str] | None = None) -> int:
    """Print the page, write it, or say whether the written one is current."""
    name = f"docs/{file.name}"
    parser = argparse.ArgumentParser(description=serve.__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help=f"write {name}")
    what.add_argument("--check", action="store_true", help=f"exit with 1 if {name} is not current")
    options = parser.parse_args(arguments)
    if options.write:
        file.write_text(page(), encoding="utf-8")
    elif not options.check:
        sys.stdout.write(page())
    elif not file.exists() or file.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{name} is not what its tables say. Next: make docs\n")
        return 1
    return 0
