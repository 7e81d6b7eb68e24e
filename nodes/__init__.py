"""The shell scripts that Managed Run Command runs as root on a node."""

from __future__ import annotations

from pathlib import Path

NAMES = ("setup-k3s", "connect-arc", "apply-objects", "await-secrets")

MAX_BYTES = 256 * 1024
"""What the Run Command handler takes as one script (field-review §1.8)."""

_DIRECTORY = Path(__file__).parent
_SOURCE_LINE = 'source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"\n'


def script(name: str) -> str:
    """The whole text of one script, `lib.sh` in the place of its `source` line; the same text for the same files."""
    if name not in NAMES:
        raise ValueError(f"there is no node script {name!r}; expected one of {', '.join(NAMES)}")
    before, found, after = (_DIRECTORY / f"{name}.sh").read_text(encoding="utf-8").partition(_SOURCE_LINE)
    if not found:
        raise ValueError(f"nodes/{name}.sh has no line {_SOURCE_LINE.strip()!r}: lib.sh would be missing")
    library = (_DIRECTORY / "lib.sh").read_text(encoding="utf-8").removeprefix("#!/usr/bin/env bash\n")
    text = before + library + after
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"nodes/{name}.sh with lib.sh has {len(text.encode())} bytes; Run Command takes {MAX_BYTES}")
    return text
