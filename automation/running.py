"""Runs a command's work, and tells how it ended, mistakes included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from automation.endings import UNUSABLE, Ending, conclude, problem

if TYPE_CHECKING:
    from automation.operations import Operation


def run(command: str, stack: str, act: Callable[[], Ending], *, offline: bool = True, as_json: bool = False) -> None:
    """Do it, and tell how it ended; `offline` decides what may be advised."""
    try:
        ending = act()
    except (Exception, KeyboardInterrupt) as error:
        from automation import mistakes

        if not isinstance(error, mistakes.TOLD):
            raise
        ending = mistakes.ending_of(error, command, stack, offline=offline)
    conclude(command, stack, ending, offline=offline, as_json=as_json)


def operate(
    program: Path,
    operation: Operation,
    stack: str,
    *,
    offline: bool,
    as_json: bool,
    faults: Sequence[str] = (),
    report: Path | None = None,
) -> None:
    """One operation of the stack's life, as a command; `report` is the file for the page."""
    from automation import lifecycle, living
    from rehearsal.azure.faults import Faults

    def act() -> Ending:
        if faults and not offline:
            return _usage("--fault orders a failure from the modelled Azure; it needs --offline", "add --offline")
        try:
            ordered = Faults(*map(lifecycle.fault, faults))
        except ValueError as error:
            return _usage(str(error), "docs/world.md lists what can go wrong")
        asked = living.Asked(program, stack, offline, ordered)
        living.tell_stand_ins(asked)
        ending, told = living.operate(asked, operation)
        if report and told:
            living.write_report(asked, told, report)
        return ending

    run(operation, stack, act, offline=offline, as_json=as_json)


def _usage(text: str, step: str) -> Ending:
    return Ending(UNUSABLE, "not-run", error=text, problems=[problem("usage", "--fault", text, step)], next=step)
