"""What an operation did: steps in order, one outcome for each URN, diagnostics."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from graph.urns import name_of
from rehearsal.engine.state import ResourceState
from rehearsal.providers import Diff

Op = Literal[
    "same",
    "create",
    "update",
    "replace",
    "create-replacement",
    "delete-replaced",
    "delete",
    "remove-pending-replace",
    "refresh",
]
"""The engine's words (pulumi/pulumi, pkg/resource/deploy/step.go). `replace` marks a replacement and calls nobody."""

Operation = Literal["up", "refresh", "destroy"]
Outcome = Literal["same", "create", "update", "replace", "delete", "failed", "skipped"]

_OUTCOMES: dict[Op, Outcome] = {
    "same": "same",
    "create": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "delete",
    "delete": "delete",
    "remove-pending-replace": "delete",
}


class UnsupportedError(Exception):
    """The program or its user asks for what the offline engine does not do."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{where}: the offline engine does not do {what}; use the real engine (the pulumi CLI)")
        self.what, self.where = what, where


@dataclass(eq=False)
class Step:
    """One thing that is done to one resource."""

    op: Op
    urn: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    diff: Diff = field(default_factory=Diff)
    later_created: bool = False
    """Of a `delete-replaced`: the new one does not exist yet, so the state keeps a note of the old."""
    old_stays: bool = False
    """Of a `create-replacement`: the old one is deleted at the end."""


Stage = Literal["begun", "done", "failed"]
Observer = Callable[[Stage, Step, str], None]
"""Called by the engine's threads while it works, with what the step is called in events (an `Op` or an `Outcome`)."""


@dataclass(frozen=True)
class Diagnostic:
    """A message about a resource, or about the whole operation where the URN is empty."""

    severity: Literal["info", "warning", "error"]
    urn: str
    message: str
    logged: bool = False
    """Said by the program, whose run does not end by it; who deploys takes an error for a failure nevertheless."""

    def __str__(self) -> str:
        return f"{self.severity}: {self.urn}: {self.message}" if self.urn else f"{self.severity}: {self.message}"


@dataclass
class Result:
    """What an operation did or, in a preview, would do. Filled in by several threads."""

    operation: Operation
    preview: bool
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By URN."""
    steps: list[Step] = field(default_factory=list)
    """In the order in which they ended; failed ones are not among them."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """Of the stack, with secret marks."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    error: BaseException | None = None
    """What the program itself raised."""
    observe: Observer = field(default=lambda *_: None, repr=False)
    tell: Callable[[Diagnostic], None] = field(default=lambda _: None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def succeeded(self) -> bool:
        return self.error is None and not any(item.severity == "error" and not item.logged for item in self.diagnostics)

    @property
    def changes(self) -> dict[str, Outcome]:
        """Everything that is not as it was, by URN."""
        return {urn: outcome for urn, outcome in sorted(self.outcomes.items()) if outcome != "same"}

    def begin(self, step: Step) -> None:
        """Report that a step is about to be done."""
        self.observe("begun", step, step.op)

    def failed(self, step: Step) -> None:
        """Report that a step failed; the diagnostics say why."""
        self.observe("failed", step, step.op)

    def did(self, step: Step, outcome: Outcome | None = None) -> None:
        """Note a step that succeeded. A failure and a replacement are not overwritten by what belongs to them."""
        self.observe("done", step, outcome or step.op)
        outcome = outcome or _OUTCOMES[step.op]
        with self._lock:
            self.steps.append(step)
            known = self.outcomes.get(step.urn)
            if known is None or known in ("same", "delete"):
                self.outcomes[step.urn] = outcome

    def set(self, urn: str, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[urn] = outcome

    def say(
        self, severity: Literal["info", "warning", "error"], urn: str, message: str, *, logged: bool = False
    ) -> None:
        diagnostic = Diagnostic(severity, urn, message, logged)
        with self._lock:
            self.diagnostics.append(diagnostic)
        self.tell(diagnostic)

    def ops(self, *only: Op) -> list[tuple[Op, str]]:
        """List steps as (op, logical name): the given kinds, or else those that matter to a reader."""
        return [
            (step.op, name_of(step.urn))
            for step in self.steps
            if (step.op in only if only else step.op not in ("same", "replace"))
        ]

    def diff(self, urn: str) -> Diff:
        """Why a resource is updated or replaced."""
        return next((step.diff for step in self.steps if step.urn == urn and step.diff.changed), Diff())

    def summary(self) -> str:
        """One line a resource that changes, and the counts; the same text for the same result."""
        lines = []
        for urn, outcome in self.changes.items():
            changed = ", ".join(sorted(self.diff(urn).changed)) if outcome in ("update", "replace") else ""
            lines.append(f"{outcome:8} {urn}{f' ({changed})' if changed else ''}")
        lines += [str(item) for item in sorted(self.diagnostics, key=lambda item: (item.urn, item.message))]
        counts = Counter(self.outcomes.values())
        lines.append(", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts)) or "nothing to do")
        return "\n".join(lines)
