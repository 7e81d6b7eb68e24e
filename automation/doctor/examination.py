"""Looks at everything, side by side, and collects it all in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from automation.deployment.open_stack import settings_of
from automation.doctor.check import Check, Finding, Row
from automation.doctor.checks import CHECKS
from automation.doctor.context import Context
from automation.doctor.requests import requests_of
from automation.doctor.scrubbing import without_credentials
from automation.doctor.tools import NoAnswerError, Runner, Tools, run_tool
from settings import Settings, SettingsError


def examine(
    program: Path, stack: str, *, run: Runner = run_tool, progress: Callable[[str], None] = lambda _: None
) -> list[Check]:
    """Every check of the table, in its order; nothing stops at the first that fails.

    Args:
        program: folder of the project.
        progress: told, on the caller's thread, what is waited for.
    """
    read, stand_ins = _settings(program, stack)
    context = Context(program, stack, Tools(run, program), read, stand_ins, Future())
    looked: dict[str, Future[_Looked]] = {}
    # A thread for each: most of them wait, for `az` or for each other.
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        for row in CHECKS:
            looked[row.id] = pool.submit(_look, row, context, {need: looked[need] for need in row.needs})
        progress("Running the program ...")
        _evaluate(context)
        found = []
        for row in CHECKS:
            progress(f"{row.title} ...")
            found.append(looked[row.id].result().check)
    return found


def describe() -> list[tuple[str, str, str]]:
    """Of each check: its id, what is looked at, and how it is mended in general."""
    return [(row.id, f"{row.title}: {row.expected}", row.mends) for row in CHECKS]


@dataclass(frozen=True)
class _Looked:
    check: Check
    root: str
    """The check that is to be mended first; empty if it is in order."""


def _settings(program: Path, stack: str) -> tuple[Settings | SettingsError, frozenset[str]]:
    try:
        settings, stand_ins = settings_of(program, stack, offline=True)
    except SettingsError as error:
        return error, frozenset()
    return settings, frozenset(stand_ins)


def _evaluate(context: Context) -> None:
    """Run the program, on the main thread: Pulumi's runtime is one per process."""
    if isinstance(context.read, SettingsError):
        context.evaluated.set_result(())
        return
    try:
        # Only here: it needs packages that the check `program` may find missing.
        from graph.evaluate_stack import evaluate_stack

        context.evaluated.set_result(requests_of(evaluate_stack(context.program, context.stack, preview=False).graph))
    except BaseException as error:
        context.evaluated.set_exception(error)  # told by the check `program`; without it that one would wait for ever
        if not isinstance(error, Exception):
            raise


def _look(row: Row, context: Context, needs: Mapping[str, Future[_Looked]]) -> _Looked:
    roots = [looked.root for looked in (need.result() for need in needs.values()) if looked.root]
    finding = Finding("not-run", f"after {_listed(roots)}") if roots else _found(row, context)
    is_fine = finding.outcome in ("ok", "warning")
    root = "" if is_fine else (roots or [row.id])[0]
    found = without_credentials(finding.found)
    return _Looked(Check(row.id, row.title, finding.outcome, found, row.expected, finding.mend), root)


def _listed(roots: Sequence[str]) -> str:
    titles = {row.id: row.title for row in CHECKS}
    return " and ".join(titles[root] for root in dict.fromkeys(roots))


def _found(row: Row, context: Context) -> Finding:
    try:
        return row.look(context)
    except NoAnswerError as error:
        return Finding("failed", str(error), error.command)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        # A tool's answer of another form than its documentation says; the other checks go on.
        return Finding("failed", f"an answer that is not understood: {type(error).__name__} {error}")
