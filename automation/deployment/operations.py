"""Runs one operation of a stack and says what it did, from the engine's events."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi import automation as auto
from pulumi.automation import CommandError
from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata, StepEventStateMetadata

from graph.property_diff import Difference, differences, known
from graph.urns import STACK_TYPE, name_of

Operation = Literal["preview", "up", "refresh", "preview_refresh", "destroy"]
"""Named as the method of the Automation API; `preview_refresh` reads everything and keeps nothing."""

PARALLEL = 64
"""Each operation waits minutes for Azure and not for this machine."""

_CHANGES: Mapping[str, str] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "create-replacement": "replace",
    "import": "create",
    "import-replacement": "replace",
}
"""The engine's step -> what it means for the resource."""
DONE: Mapping[str, str] = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
"""What it means for the resource -> the word for it afterwards."""
_NOTHING_NEW = (
    *("update failed", "preview failed", "refresh failed", "destroy failed"),
    # The program says it where the engine ends it in a call, which it sometimes does (pulumi/runtime/settings.py).
    "Resource monitor has terminated, shutting down",
)
"""What is added about the stack after resources have failed."""


@dataclass
class EngineResult:
    """What one operation did or, in a preview, would do."""

    operation: Operation
    changes: dict[str, str] = field(default_factory=dict)
    """URN -> create | update | replace | delete; the stack itself is left out."""
    differences: dict[str, list[Difference]] = field(default_factory=dict)
    """URN -> what of it is updated, or makes it be replaced."""
    failures: dict[str, str] = field(default_factory=dict)
    """URN -> what the provider said; the stack's URN, or an empty one, for what is no resource's failure."""
    found: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    """URN -> the outputs of what a refresh has read, secrets hidden; None: it is gone."""
    creates: dict[str, StepEventStateMetadata] = field(default_factory=dict)
    """URN -> what was being created, by the creates that were begun."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """The stack's outputs; unknown ones are None."""
    text: str = ""
    """What the engine printed."""
    error: CommandError | None = None
    """How the command ended, if not well."""

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def was_killed(self) -> bool:
        """Whether a signal has ended the CLI, so that it could not put its things in order."""
        return self.error is not None and bool(re.search(r"^ code: -", str(self.error), re.M))

    def names(self, change: str) -> set[str]:
        """Logical names of what this happened to."""
        return {name_of(urn) for urn, done in self.changes.items() if done == change}


class InterruptedRun(KeyboardInterrupt):
    """Ctrl-C, and what is known so far of the operation that it has ended."""

    def __init__(self, outcome: EngineResult) -> None:
        super().__init__()
        self.outcome = outcome


Stage = Literal["begun", "done", "same", "failed", "gone"]
Progress = Callable[[Stage, str, EngineResult], None]
"""Called with the URN and what is known so far while an operation runs.

`same`: nothing was to be done. `gone`: it is deleted, to be made again.
"""


def reason(error: CommandError) -> str:
    """Return what the command said on its error stream."""
    found = re.search(r"^ stderr: (.*)", str(error), re.M | re.S)
    return (found[1] if found else str(error)).strip()


def run(
    stack: auto.Stack, operation: Operation, *, replace: Sequence[str] = (), progress: Progress = lambda *_: None
) -> EngineResult:
    """Run the operation; a failure of resources is told in the outcome, and what does not depend on them goes on.

    Raises:
        ConcurrentUpdateError: another run holds the lock.
        InterruptedRun: it was interrupted, and has ended.
    """
    outcome = EngineResult(operation)
    listener = _Listener(outcome, progress)
    try:
        outcome.text = getattr(stack, operation)(**_options(operation, replace), on_event=listener).stdout
    except KeyboardInterrupt:
        raise InterruptedRun(outcome) from None
    except auto.ConcurrentUpdateError:
        raise
    except CommandError as error:
        outcome.error = error
        outcome.text = str(error)
        if not outcome.failures:
            outcome.failures[""] = reason(error)
    if listener.error:
        raise listener.error
    return outcome


def _options(operation: Operation, replace: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {"parallel": PARALLEL, "color": "never", "suppress_progress": True}
    if operation != "preview":
        options["suppress_outputs"] = True
    if operation in ("up", "destroy"):
        options["continue_on_error"] = True
    if replace:
        options["replace"] = list(replace)
    return options


@dataclass
class _Listener:
    """Notes the engine's events. The SDK would print one that cannot be noted, and go on without it."""

    outcome: EngineResult
    progress: Progress
    error: Exception | None = None

    def __call__(self, event: EngineEvent) -> None:
        try:
            _note(event, self.outcome, self.progress)
        except Exception as error:
            self.error = self.error or error


def _note(event: EngineEvent, outcome: EngineResult, progress: Progress) -> None:
    if event.diagnostic_event:
        _note_failure(event.diagnostic_event, outcome)
    elif event.resource_pre_event:
        _note_begin(event.resource_pre_event.metadata, outcome, progress)
    elif event.res_outputs_event:
        _note_end(event.res_outputs_event.metadata, outcome, progress)
    elif event.res_op_failed_event:
        progress("failed", event.res_op_failed_event.metadata.urn, outcome)


def _note_failure(diagnostic: DiagnosticEvent, outcome: EngineResult) -> None:
    message = diagnostic.message.strip()
    if diagnostic.severity == "error" and message not in _NOTHING_NEW:
        urn = diagnostic.urn or ""
        before = outcome.failures.get(urn)
        outcome.failures[urn] = f"{before}\n{message}" if before else message


def _note_begin(step: StepEventMetadata, outcome: EngineResult, progress: Progress) -> None:
    if step.op in ("create", "create-replacement") and step.new and step.new.custom:
        outcome.creates[step.urn] = step.new
    if step.op in _CHANGES:
        progress("begun", step.urn, outcome)


def _note_end(step: StepEventMetadata, outcome: EngineResult, progress: Progress) -> None:
    if f"::{STACK_TYPE}::" in step.urn:
        outcome.outputs = known((step.new.outputs or {}) if step.new else {})
        return
    if outcome.operation == "preview_refresh" and not (step.old and step.old.delete):
        outcome.found[step.urn] = None if step.op == "delete" else (step.new and step.new.outputs) or {}
    if step.op not in ("create", "same") and (found := differences(step)):
        outcome.differences.setdefault(step.urn, found)
    if step.op in _CHANGES:
        outcome.changes[step.urn] = _CHANGES[step.op]
        progress("done", step.urn, outcome)
    elif step.op == "delete-replaced":
        # Before the create of its successor it is gone until that has come; after it, the successor is there.
        if outcome.changes.get(step.urn) != "replace":
            outcome.changes[step.urn] = "delete"
            progress("gone", step.urn, outcome)
    elif step.op != "replace":  # which says that both halves are done, and in what order nobody knows
        progress("same", step.urn, outcome)
