"""What is deleted after the program has ended, and in which order (step_generator.go, `GenerateDeletes`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rehearsal.engine.dependencies import Dependencies
from rehearsal.engine.executor import Executor, StepFailed, Stopped
from rehearsal.engine.planner import Planner
from rehearsal.engine.result import Result, Step
from rehearsal.engine.state import ResourceState


def delete_the_rest(
    base: Sequence[ResourceState], planner: Planner, executor: Executor, result: Result, *, parallel: int
) -> None:
    """Delete what was replaced and what the program does not register any more, dependents first."""
    steps = {step.old: step for step in _steps(base, planner) if step.old is not None}
    planner.deleted.update(step.urn for step in steps.values())
    dependencies = Dependencies(base)
    with ThreadPoolExecutor(parallel) as pool:
        for wave in dependencies.waves(steps):
            kept = {needed for old in base if old.urn in executor.failed for needed in dependencies.all_of(old)}
            for future in [pool.submit(_delete, steps[old], old in kept, executor, result) for old in wave]:
                future.result()


def _steps(base: Sequence[ResourceState], planner: Planner) -> list[Step]:
    steps = []
    for old in base:
        if old.delete:
            if old not in planner.condemned:
                steps.append(Step("delete-replaced", old.urn, old))
        elif old.urn not in planner.operated:
            steps.append(Step("remove-pending-replace" if old.pending_replacement else "delete", old.urn, old))
    return steps


def _delete(step: Step, kept: bool, executor: Executor, result: Result) -> None:
    """Delete a resource, unless a failed one depends on it: it may still be in use."""
    if kept or executor.stopped:
        if result.outcomes.get(step.urn) != "failed":
            result.set(step.urn, "skipped")
        return
    try:
        executor.run([step])
    except (StepFailed, Stopped):
        return
