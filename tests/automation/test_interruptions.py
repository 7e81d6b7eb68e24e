"""preview and up say what a change does to messages; how they find it is tests/rules/test_interruptions.py."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.deployment.interruptions import describe
from rules.interruptions import Interruption
from tests.automation.report.document import parse, rows, table
from tests.conftest import PROGRAM

LINK = "site-to-enterprise"


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command on a copy of stack dev."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(PROGRAM / name, tmp_path)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(command.app, [*arguments, "--offline", "--engine", "offline"])

    return invoke


def change(folder: Path, before: str, after: str) -> None:
    file = folder / "Pulumi.dev.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_a_change_is_told_with_what_it_does_to_messages(dev: Callable[..., Result], tmp_path: Path) -> None:
    first = dev("preview")
    assert (first.exit_code, "Messages" in first.stdout) == (0, False), "nothing is deployed that could stand still"
    assert "Messages" not in dev("up").stderr
    assert json.loads(dev("preview", "--json").stdout)["interruptions"] == {LINK: []}
    assert dev("preview").stdout == "No changes.\n"

    change(tmp_path, "location: eastus2", "location: eastus2\n    tags: {owner: me}")
    assert f"\nMessages:\n  messages of link {LINK}: no interruption\n" in dev("preview").stdout

    change(tmp_path, "\n    tags: {owner: me}", "")
    change(tmp_path, "port: 28883", "port: 28884")
    told = f"essages of link {LINK} stand still from about 0 to 1 minutes after the start, estimated: "
    assert f"\nMessages:\n  m{told}" in dev("preview").stdout
    previewed = json.loads(dev("preview", "--json", "--report", str(tmp_path / "page.html")).stdout)
    document = json.loads(dev("up", "--json").stdout)
    (one,) = document["interruptions"][LINK]
    assert (document["operation"], one["start"], one["end"]) == ("up", 0, 35)
    assert previewed["interruptions"] == document["interruptions"]
    page = parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert rows(table(page, "When messages")) == [[LINK, "0 min 0 s", "0 min 35 s", "0 min 35 s", one["why"]]]
    change(tmp_path, "port: 28884", "port: 28885")
    before, _, after = dev("up").stderr.partition(f"M{told}")
    assert "[" not in before.splitlines()[-1]
    assert "updated enterprise-link-listener" in after, "it is said before anything is changed"


def test_spans_are_told_in_whole_minutes_that_hold_them() -> None:
    found = {
        "a": [Interruption("a", 119, 121, "one"), Interruption("a", 300, None, "two")],
        "b": [],
    }
    assert [*describe(found)] == [
        "messages of link a stand still from about 1 to 3 minutes after the start, estimated: one",
        "messages of link a stand still for good, from about 5 minutes after the start, estimated: two",
        "messages of link b: no interruption",
    ]
