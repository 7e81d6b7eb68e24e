"""What is shown while an operation runs, on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys
import time

import pytest

from automation.deployment.operations import EngineResult
from automation.deployment.progress import Tracker
from automation.deployment.progress_display import show_progress, state
from tests.automation.deployment.test_progress import CHAIN, A, B, C, Clock, D, tell, urn


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def created(*urns: str) -> EngineResult:
    return EngineResult("up", changes=dict.fromkeys(urns, "create"))


def test_without_a_terminal_there_is_a_line_per_change_with_counts(capsys: pytest.CaptureFixture[str]) -> None:
    tracker = Tracker(CHAIN)
    with show_progress(tracker, estimated=True) as show:
        show("same", C, created())
        show("begun", A, created())
        show("done", A, created(A))
        show("begun", B, created(A))
        show("failed", B, created(A))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "[2/4] created a\n[2/4] FAILED b\n"
    assert captured.err.isascii()


def test_how_far_it_is_says_what_runs_and_how_long_it_may_take() -> None:
    clock = Clock()
    tracker = Tracker(CHAIN, now=clock)
    tell(tracker, ("begun", A), ("done", A), ("begun", B))
    clock.seconds = 60
    assert state(tracker, estimated=True) == "1 of 4 done; at work: b 1:00; about 5:40 left (estimate)"
    assert state(tracker, estimated=False) == "1 of 4 done; at work: b 1:00"


def test_of_many_at_work_the_longest_are_named() -> None:
    tracker = Tracker(now=Clock())
    tell(tracker, *(("begun", urn(name)) for name in "vwxyz"))
    assert state(tracker, estimated=False).endswith("at work: v 0:00, w 0:00, x 0:00 and 2 more")


def test_a_long_silence_is_broken_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    tracker = Tracker(CHAIN)
    with show_progress(tracker, estimated=False, every=0.01):
        deadline = time.monotonic() + 10
        said = ""
        while said.count("0 of 4 done\n") < 2 and time.monotonic() < deadline:
            said += capsys.readouterr().err
            time.sleep(0.01)
    assert said.count("0 of 4 done\n") >= 2


def test_on_a_terminal_there_is_a_bar_below_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    tracker = Tracker(CHAIN)
    with show_progress(tracker, estimated=True) as show:
        show("begun", A, created())
        show("done", A, created(A))
        show("begun", D, created(A))
        time.sleep(0.5)  # it is drawn some times a second
    text = terminal.getvalue()
    assert "[1/4] created a" in text
    assert "1/4" in text.replace("[1/4]", "")
    assert "at work: d" in text
