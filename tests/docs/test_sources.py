"""A source is one that every reader can open: no file cites notes that are not part of the project."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROGRAM

_NOTES = re.compile(
    r"field.(?:review|notes)|(?:aio-cli|blueprint|authz|topologies)-facts|model-codebases"
    r"|(?:aio-releases|coverage|defects|design|house-map|peers)\.md|shared/reference"
)
_EXEMPT = ("nodes/", "tests/golden/", Path(__file__).relative_to(PROGRAM).as_posix())
"""Scripts on the node are part of what is deployed, so their comments change only with them; and this file."""


def _cited(root: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        for number, line in enumerate((root / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if note := _NOTES.search(line):
                yield f"{name}:{number} cites {note[0]}: name the public source, else say the reason"


def test_no_file_cites_notes_outside_of_the_project() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROGRAM, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.splitlines() if not name.startswith(_EXEMPT) and (PROGRAM / name).is_file()]

    assert "settings/roles.py" in names
    assert list(_cited(PROGRAM, names)) == []


def test_a_cited_note_is_told_with_its_line(tmp_path: Path) -> None:
    text = "See Azure/digital-ops-scale-kit, parameters/aio-releases/2608.yaml\n# a reason (field-review §1.2)\n"
    (tmp_path / "x.py").write_text(text, encoding="utf-8")

    assert [one.partition(":")[2][:24] for one in _cited(tmp_path, ["x.py"])] == ["2 cites field-review: na"]
