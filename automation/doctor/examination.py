"""Run the checks side by side and collect their results in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from automation.check import CheckResult, Diagnosis
from automation.deployment.open_stack import load
from automation.doctor.check import Check
from automation.doctor.checks import CHECKS
from automation.doctor.context import Context
from automation.doctor.requests import list_requests
from automation.doctor.tools import NoAnswerError, Runner, Tools, run_tool
from automation.scrubbing import strip_credentials
from settings import SettingsError
from settings.loaded_stack import LoadedStack


def examine(
    program: Path, stack: str, *, run: Runner = run_tool, progress: Callable[[str], None] = lambda _: None
) -> list[CheckResult]:
    """Return the result of every check, in the order of the table; a check that fails stops no other.

    Args:
        program: folder of the project.
        progress: told, on the caller's thread, what is waited for.
    """
    context = Context(program, stack, Tools(run, program), _load(program, stack), Future())
    done: dict[str, Future[_Done]] = {}
    # A thread for each: most of them wait, for `az` or for each other.
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        for check in CHECKS:
            done[check.id] = pool.submit(_run, check, context, {need: done[need] for need in check.needs})
        progress("Running the program ...")
        _evaluate(context)
        results = []
        for check in CHECKS:
            progress(f"{check.title} ...")
            results.append(done[check.id].result().result)
    return results


@dataclass(frozen=True)
class _Done:
    result: CheckResult
    causes: tuple[str, ...]
    """Titles of the checks to be fixed first; empty if this one passed."""


def _load(program: Path, stack: str) -> LoadedStack | SettingsError:
    try:
        return load(program, stack, offline=True)
    except SettingsError as error:
        return error


def _evaluate(context: Context) -> None:
    """Run the program, on the main thread: Pulumi's runtime is one per process."""
    if isinstance(context.read, SettingsError):
        context.evaluated.set_result(())
        return
    try:
        # Only here: it needs packages that the check `program` may find missing.
        from graph.evaluate_stack import evaluate_stack

        context.evaluated.set_result(list_requests(evaluate_stack(context.read, preview=False).graph))
    except BaseException as error:
        context.evaluated.set_exception(error)  # the check `program` reports it, and would wait for ever without it
        if not isinstance(error, Exception):
            raise


def _run(check: Check, context: Context, needs: Mapping[str, Future[_Done]]) -> _Done:
    causes = tuple(dict.fromkeys(cause for need in needs.values() for cause in need.result().causes[:1]))
    diagnosis = Diagnosis("not-run", f"after {' and '.join(causes)}") if causes else _diagnose(check, context)
    passed = diagnosis.outcome in ("ok", "warning")
    found = strip_credentials(diagnosis.found)
    result = CheckResult(check.id, check.title, diagnosis.outcome, found, check.expected, diagnosis.mend)
    return _Done(result, () if passed else causes or (check.title,))


def _diagnose(check: Check, context: Context) -> Diagnosis:
    try:
        return check.run(context)
    except NoAnswerError as error:
        return Diagnosis("failed", str(error), error.command)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        # A tool's answer of another form than its documentation says; the other checks go on.
        return Diagnosis("failed", f"an answer that is not understood: {type(error).__name__} {error}")
