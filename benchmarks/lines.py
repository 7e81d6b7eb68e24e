"""Count the lines of Python by room: `make lines`. A smaller house is a goal; tests are counted apart."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LIST = ("/usr/bin/env", "git", "ls-files", "*.py")
_SPLIT = ("rehearsal", "automation")
"""Rooms that are counted by their parts too."""


def main() -> None:
    """Print a line for each room."""
    listed = subprocess.run(_LIST, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 ours
    lines: Counter[str] = Counter()
    for name in listed.stdout.split():
        room, *parts = Path(name).parts
        count = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        lines[room] += count
        if room in _SPLIT:
            lines[f"{room}/{parts[0]}" if len(parts) > 1 else f"{room}/."] += count
        lines["all but tests"] += count if room != "tests" else 0
    for room, count in sorted(lines.items()):
        print(f"{room:<28}{count:>7}")


if __name__ == "__main__":
    main()
