"""What comes from elsewhere gives no orders to a terminal or to CI."""

from __future__ import annotations

import io
import json
import sys

import pytest

from automation.commands.result import CommandResult, conclude, problem
from automation.console import escape_controls, progress, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("\x9b2J \x7f \u202egnp", r"\x9b2J \x7f \x202egnp"),
        ("line\rother", r"line\x0dother"),
        ("##vso[task.setvariable variable=PATH]x", "# #vso[task.setvariable variable=PATH]x"),
        ("    ::error::owned\n::set-output name=a::b", "    : :error::owned\n: :set-output name=a::b"),
        ("##[error]", "# #[error]"),
        ("two\nlines\tand a tab; a::b, ## a heading, Büro", "two\nlines\tand a tab; a::b, ## a heading, Büro"),
    ],
)
def test_orders_are_shown_and_not_given(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


def test_both_streams_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    say("\x1b[2J")
    progress("\x1b[2J")
    assert capsys.readouterr() == ("\\x1b[2J\n", "\\x1b[2J\n")


def test_a_document_keeps_its_values_and_gives_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    text = "##vso[task.setvariable variable=PATH]x\n::error::\x1b[2J ü"
    conclude("up", "dev", CommandResult(problems=[problem("resource", "a", text)]), offline=True, as_json=True)
    out = capsys.readouterr().out
    assert "##vso" not in out
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
    assert json.loads(out)["problems"][0]["message"] == text


def test_what_an_encoding_lacks_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    say("Büro")
    assert raw.getvalue() == b"B\\xfcro\n"
