"""Every certificate of a stack: how long it lasts, where it is used, what the next `up` makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from automation.certificates.calendar import as_calendar
from automation.certificates.forecast import Foreseen, foresee
from automation.check import Outcome
from automation.commands.result import FAILED, CommandResult, problem, refuse
from automation.commands.stack import Target, deployer_of
from automation.console import BAD, WARN, pluralize, progress, say, show_status
from automation.deployment.signing import find_waiting
from automation.deployment.state_check import refuse_by_state
from automation.verify.check import VerifyResult
from automation.verify.records import as_junit
from graph.evaluate_stack import evaluate_after
from graph.plan import graph_of_state
from settings.high_water import AUTHORITIES, Mark
from settings.naming import stack_tag
from settings.signing_requests import find_outside_windows
from settings.stack_state import parse_deployment

_DAY = "%Y-%m-%d"


@dataclass(frozen=True)
class Files:
    """What to write."""

    junit: Path | None = None
    calendar: Path | None = None


def list_stack(target: Target, within_days: int, files: Files) -> CommandResult:
    """Compare the stack's state with its settings of today; Azure is not asked.

    Raises:
        RefusedByStateError: the settings are none for this stack any more.
        ProgramError, RunError, UnrecordableError: the program failed.
        UnusableError: the state cannot be read.
    """
    if files.junit and files.calendar and files.junit.absolute() == files.calendar.absolute():
        text = "both records go to one file; expected a file for each"
        return refuse("usage", "--ics", text, target.command("certificates"))
    began, now = time.monotonic(), datetime.now(UTC)
    with show_status("Reading the stack's state ...") as tell:
        deployment = deployer_of(target).deployment()
        refuse_by_state(target.as_deployed, deployment)
        state = graph_of_state(target.loaded.name, deployment)
        tell("Running the program ...")
        wanted = evaluate_after(target.loaded, state).graph
    waiting = [*find_waiting(deployment)]
    if not state.outputs.get("certificates"):
        text = f"stack {target.stack} has no certificates yet"
        if waiting:
            return refuse("stack", target.stack, f"{text}: {_tell_waiting(waiting)}", _have_signed(target))
        return refuse("stack", target.stack, text, target.command("up"))
    rows = foresee(state, wanted, now, timedelta(days=within_days), find_outside_windows(target.loaded.settings))
    if files.junit:
        checks = [_as_check(target, row) for row in rows]
        files.junit.write_text(as_junit(checks, target.stack, time.monotonic() - began, "certificates"), "utf-8")
    if files.calendar:
        text = as_calendar(rows, target.stack, stack_tag(target.loaded.settings), now)
        files.calendar.write_text(text, encoding="utf-8", newline="")
        progress(f"Calendar: {files.calendar}")
    return _end(target, rows, within_days, waiting, parse_deployment(deployment).marks)


def _end(
    target: Target, rows: Sequence[Foreseen], within_days: int, waiting: Sequence[str], marks: Mapping[str, Mark]
) -> CommandResult:
    own = {"certificates": [_as_document(row) for row in rows], "engine": target.engine.name}
    wrong = [row for row in rows if _is_wrong(row)]
    problems = [problem("certificate", row.name, _tell_state(row), _mend(target, row)) for row in wrong]

    def show() -> None:
        _print(target.stack, rows, within_days, marks)
        if waiting:
            say(f"\n{_tell_waiting(waiting)}", WARN)

    if waiting and not wrong:
        return CommandResult(show=show, next=_have_signed(target), own=own)
    if not wrong:
        anything = any(row.next_up != "nothing" for row in rows)
        step = (
            f"{target.command('preview')} shows what up would change"
            if anything
            else f"{target.command('verify')} asks whether the clusters have them"
        )
        return CommandResult(show=show, next=step, own=own)
    # What up mends comes first: one run of it may be all that is needed.
    first = min(wrong, key=lambda row: row.next_up == "nothing")
    outcome = "failed" if any(row.is_due for row in wrong) else "unknown"
    return CommandResult(FAILED, outcome, show=show, problems=problems, next=_mend(target, first), own=own)


def _is_wrong(row: Foreseen) -> bool:
    """Tell whether somebody has to do something: it is due, or nobody knows until when it lasts."""
    return row.is_due or (row.certificate.state == "unknown" and row.certificate.sha256 != "")


def _mend(target: Target, row: Foreseen) -> str:
    up = target.command("up")
    if row.next_up == "sign":
        return _have_signed(target)
    if row.next_up != "nothing":
        return f"{up} takes it away" if row.next_up == "remove" else f"{up} issues anew what is due"
    if row.is_root:
        return f"raise pki.generation in Pulumi.{target.loaded.name}.yaml by one, then {up}"
    return f"{up} on {row.due_from:{_DAY}} or later"


def _tell_waiting(requests: Sequence[str]) -> str:
    waits = "waits" if len(requests) == 1 else "wait"
    return f"{pluralize(len(requests), 'request')} {waits} to be signed: {', '.join(requests)}"


def _have_signed(target: Target) -> str:
    return f"{target.command('certificates requests')}, have them signed, then {target.command('up')}"


def _tell_state(row: Foreseen) -> str:
    one = row.certificate
    if one.not_after is None or one.days_left is None:
        return "its end is not known"
    left = "has ended" if one.state == "expired" else f"{pluralize(one.days_left, 'day')} left"
    window = f", due from {row.due_from:{_DAY}}" if row.due_from else ""
    return f"{left}, until {one.not_after:{_DAY}}{window}"


def _tell_next(row: Foreseen) -> str:
    return row.next_up + (f": {row.why}" if row.why else "")


def _print(stack: str, rows: Sequence[Foreseen], within_days: int, marks: Mapping[str, Mark]) -> None:
    due = sum(row.is_due for row in rows)
    soon = f" within {pluralize(within_days, 'day')}" if within_days else ""
    say(f"Stack {stack}: {pluralize(len(rows), 'certificate')}, {due} due{soon}.")
    for row in rows:
        one = row.certificate
        mark, style = ("DUE  ", BAD if one.state == "expired" else WARN) if row.is_due else ("", "")
        say(f"\n  {mark}{row.name}: {_tell_state(row)}", style)
        generation = f", generation {_tell_generation(row, marks)}" if row.generation else ""
        say(f"    {one.subject}, by {one.issuer}{generation}")
        say(f"    next up: {_tell_next(row)}")
        for use in row.uses:
            say(f"    {use}")


def _tell_generation(row: Foreseen, marks: Mapping[str, Mark]) -> str:
    """Return the number in the subject, and what it is made of where the settings have another one."""
    owner = next((key for key in marks if f"{row.name}/".startswith(f"{key}/")), AUTHORITIES)
    live = marks[owner].live if owner in marks else ()
    return next((str(one) for one in live if one.number == row.generation), str(row.generation))


def _as_document(row: Foreseen) -> dict[str, Any]:
    one = row.certificate
    return {
        "name": row.name,
        "subject": one.subject,
        "issuer": one.issuer,
        "generation": row.generation,
        "sha256": one.sha256 or None,
        "not_after": one.not_after.isoformat() if one.not_after else None,
        "days_left": one.days_left,
        "state": one.state,
        "due_from": row.due_from.isoformat() if row.due_from else None,
        "due": row.is_due,
        "next_up": row.next_up,
        "why": row.why,
        "uses": [{"cluster": use.cluster, "kind": use.kind, "name": use.name, "of": use.of} for use in row.uses],
    }


def _as_check(target: Target, row: Foreseen) -> VerifyResult:
    outcome: Outcome = "ok" if not _is_wrong(row) else "failed" if row.is_due else "unknown"
    return VerifyResult(
        "certificate", row.name, outcome, f"{_tell_state(row)}\nnext up: {_tell_next(row)}",
        "its renewal window has not begun", _mend(target, row) if outcome != "ok" else "", "shared", "", "Certificates",
        "error",
    )  # fmt: skip
