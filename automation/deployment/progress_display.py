"""Shows an operation while it runs: a line per change; on a terminal a bar, elsewhere now and then how far it is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from automation.console import BAD, minutes, progress
from automation.deployment.operations import DONE, EngineResult, Progress, Stage
from automation.deployment.progress import Tracker
from graph.urns import is_resource, name_of

_EVERY = 60
"""Seconds between two lines that say how far it is, where there is no bar: CI ends what is silent for long."""
_BAR_EVERY = 0.2
_MOST_NAMED = 3


@contextmanager
def show_progress(
    tracker: Tracker, *, estimated: bool, in_lines: bool = True, every: float = _EVERY
) -> Iterator[Progress]:
    """Show an operation until the block ends; the yielded function is handed to it.

    Args:
        tracker: told first.
        estimated: say how much time is left.
        in_lines: a line per change; not of a preview, which changes nothing.
        every: seconds between two lines where there is no bar.
    """

    def tell(stage: Stage, urn: str, outcome: EngineResult) -> None:
        tracker(stage, urn, outcome)
        if in_lines:
            _print_change(tracker, stage, urn, outcome)

    if sys.stderr.isatty():
        with _bar(tracker, estimated=estimated):
            yield tell
    else:
        with _heartbeat(lambda: progress(state(tracker, estimated=estimated)), every):
            yield tell


def state(tracker: Tracker, *, estimated: bool) -> str:
    """How far it is, in one line."""
    parts = [f"{tracker.done} of {len(tracker.urns)} done"]
    running = [f"{name_of(urn)} {minutes(seconds)}" for urn, seconds in tracker.at_work.items()]
    if running:
        more = f" and {len(running) - _MOST_NAMED} more" if len(running) > _MOST_NAMED else ""
        parts.append(f"at work: {', '.join(running[:_MOST_NAMED])}{more}")
    if estimated:
        parts.append(f"about {minutes(tracker.seconds_left)} left (estimate)")
    return "; ".join(parts)


def _print_change(tracker: Tracker, stage: Stage, urn: str, outcome: EngineResult) -> None:
    if stage in ("begun", "same", "gone") or not is_resource(urn):
        return
    total = len(tracker.urns)
    counts = f"[{tracker.done:>{len(str(total))}}/{total}]"
    if stage == "failed":
        progress(f"{counts} FAILED {name_of(urn)}", BAD)
    else:
        progress(f"{counts} {DONE[outcome.changes[urn]]} {name_of(urn)}")


@contextmanager
def _bar(tracker: Tracker, *, estimated: bool) -> Iterator[None]:
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show() -> None:
            text = state(tracker, estimated=estimated).partition("; ")[2]
            bar.update(task, completed=tracker.done, total=len(tracker.urns) or None, description=text)

        with _heartbeat(show, _BAR_EVERY):
            yield


@contextmanager
def _heartbeat(beat: Callable[[], None], every: float) -> Iterator[None]:
    """Call it again and again until the block ends."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every):
            beat()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
