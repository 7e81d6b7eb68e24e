"""`up` as people want it: what a killed run left is settled first, and what passes by itself is waited for.

Nothing is retried inside the engine: an error hook can lose a resource (pulumi-field-notes §1.2). The engine goes on
with what does not depend on a failure, and the whole is run again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pulumi import automation as auto
from pulumi.automation import ConcurrentUpdateError

from automation.locks import Lock, locks_in
from automation.operations import STACK_TYPE, Operation, Outcome, Progress, name_of, run
from automation.pending import mark_unready, settle, told
from automation.stacks import import_state
from automation.transients import Transient, match, remedy_of, wait_of

MOST_RUNS = 12
"""How often one `up` runs the engine, whatever the table allows each resource."""

T = TypeVar("T")


class LockedError(Exception):
    """Another run holds the stack; the text says whose, and what to do."""


class ProtectedError(Exception):
    """Nothing is deleted, as something is protected; the text says what, and what to do."""


@dataclass(frozen=True)
class Failure:
    """One resource that could not be brought to what the program says, or the program itself."""

    urn: str
    message: str
    transient: Transient | None

    @property
    def name(self) -> str:
        """The logical name; of what is no resource's failure, what failed."""
        return name_of(self.urn) if self.urn and STACK_TYPE not in self.urn else "the program or the engine"

    @property
    def remedy(self) -> str:
        if self.transient is None:
            return remedy_of(self.message)
        return f"{self.transient.title}; it did not pass in time. {remedy_of(self.message)}"


@dataclass
class Report:
    """What happened, over all runs of the engine."""

    changes: dict[str, str] = field(default_factory=dict)
    """URN -> what was done to it at last."""
    notes: list[str] = field(default_factory=list)
    """What was settled or waited for, in words."""
    failures: list[Failure] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 0

    @property
    def ok(self) -> bool:
        return not self.failures

    def take(self, outcome: Outcome) -> None:
        """Add what a run of the engine did; what failed before and does no more is forgotten."""
        self.changes |= outcome.changes
        self.failures = failures_of(outcome)
        self.outputs = outcome.outputs


@dataclass
class Deployer:
    """Operations on one stack."""

    stack: auto.Stack
    subscription_id: str
    say: Callable[[str], None] = lambda _: None
    """Told at once what is going on."""
    progress: Progress = lambda *_: None
    sleep: Callable[[float], None] = time.sleep

    def preview(self) -> Report:
        """Say what `up` would do; nothing changes, and nothing that a killed run left is settled."""
        return self._once("preview", Report())

    def refresh(self) -> Report:
        """Read everything again, and let the state follow."""
        report = Report()
        self._settle(report)
        return self._once("refresh", report)

    def up(self) -> Report:
        """Bring the stack to what the program says.

        Raises:
            LockedError: another run holds the stack.
            UnknownTypeError: what a killed run left cannot be settled here.
        """
        return self._until_done("up")

    def destroy(self) -> Report:
        """Delete everything; with a protected resource among it, nothing.

        Raises:
            ProtectedError: something is protected. The engine would refuse that alone, as it is run without a preview.
            LockedError, UnknownTypeError: as for `up`.
        """
        resources = self._state()[1].get("resources") or []
        if protected := [resource["urn"] for resource in resources if resource.get("protect")]:
            raise ProtectedError(_protected(self.stack.name, protected))
        return self._until_done("destroy")

    def unprotect(self) -> None:
        """Let `destroy` delete protected resources too, as `pulumi state unprotect --all` does."""
        version, deployment = self._state()
        for resource in deployment.get("resources") or []:
            resource.pop("protect", None)
        self._past_lock(Report(), lambda: import_state(self.stack, version, deployment))

    def _once(self, operation: Operation, report: Report) -> Report:
        report.take(self._run(operation, report))
        return report

    def _until_done(self, operation: Operation) -> Report:
        """Run, and run again as long as everything that failed passes by itself."""
        report = Report()
        self._settle(report)
        failed: Counter[tuple[str, Transient | None]] = Counter()
        while True:
            outcome = self._run(operation, report)
            report.take(outcome)
            failed.update((failure.urn, failure.transient) for failure in report.failures)
            if report.ok or not _may_go_on(report, failed):
                return report
            self._wait(report)
            self._settle(report, _cut_off(outcome, report.failures))

    def _run(self, operation: Operation, report: Report) -> Outcome:
        outcome = self._past_lock(report, lambda: run(self.stack, operation, progress=self.progress))
        report.runs += 1
        return outcome

    def _settle(self, report: Report, cut_off: Sequence[Mapping[str, Any]] = ()) -> None:
        """Leave no create in doubt: adopt what exists, drop what does not."""
        version, before = self._state()
        settled = settle(before, self.subscription_id, cut_off)
        if not settled.is_changed:
            return
        if self._state() != (version, before):
            raise LockedError("Another run is changing the stack. Next: wait until it has ended")
        self._past_lock(report, lambda: import_state(self.stack, version, settled.deployment))
        self.say("A run was cut off: looking what there is ...")
        found = self._run("refresh", report)
        for line in told(settled, [urn for urn, change in found.changes.items() if change == "delete"]):
            self._note(report, line)
        for failure in failures_of(found):
            self._note(report, f"{failure.name}: could not be read, so it is written anew ({failure.message})")
        # What was cut off may have failed since, or be at work still: it is written once more.
        version, refreshed = self._state()
        if mark_unready(refreshed, settled):
            self._past_lock(report, lambda: import_state(self.stack, version, refreshed))

    def _state(self) -> tuple[int | None, dict[str, Any]]:
        """Version and deployment of the export, without the moment at which it was made."""
        exported = self.stack.export_stack()
        deployment = dict(exported.deployment or {})
        deployment["manifest"] = {**deployment.get("manifest", {}), "time": "0001-01-01T00:00:00Z"}
        return exported.version, deployment

    def _past_lock(self, report: Report, action: Callable[[], T]) -> T:
        """Do it; a lock of ours whose run has ended is taken away first."""
        try:
            return action()
        except ConcurrentUpdateError as error:
            locks = locks_in(str(error))
            if not locks or not all(lock.is_left_over for lock in locks):
                raise LockedError(_held(self.stack.name, locks)) from None
        self.stack.cancel()
        for lock in locks:
            self._note(report, f"the lock of a run that has ended is taken away ({lock})")
        try:
            return action()
        except ConcurrentUpdateError as error:
            raise LockedError(_held(self.stack.name, locks_in(str(error)))) from None

    def _wait(self, report: Report) -> None:
        seconds = 0
        for failure in report.failures:
            assert failure.transient is not None
            seconds = max(seconds, wait_of(failure.transient, failure.message))
            self._note(report, f"{failure.name}: {failure.transient.title} ({failure.transient.id}); tried again")
        self.say(f"Waiting {seconds} s for what passes by itself ...")
        self.sleep(seconds)

    def _note(self, report: Report, line: str) -> None:
        report.notes.append(line)
        self.say(line)


def failures_of(outcome: Outcome) -> list[Failure]:
    """What failed, each with its row in the table of transient errors, if it has one."""
    return [
        Failure(urn, message, match(message) if urn and STACK_TYPE not in urn else None)
        for urn, message in sorted(outcome.failures.items())
    ]


def _may_go_on(report: Report, failed: Mapping[tuple[str, Transient | None], int]) -> bool:
    """Whether everything that failed passes by itself, and none of it has had all its chances."""
    return report.runs < MOST_RUNS and all(
        failure.transient is not None and failed[failure.urn, failure.transient] <= failure.transient.limit
        for failure in report.failures
    )


def _cut_off(outcome: Outcome, failures: Sequence[Failure]) -> list[dict[str, Any]]:
    """The creates whose answer never arrived, in the state's format."""
    lost = [outcome.creates[f.urn] for f in failures if f.transient and f.transient.exists and f.urn in outcome.creates]
    return [
        {
            "urn": new.urn,
            "type": new.type,
            "custom": True,
            "parent": new.parent,
            "provider": new.provider,
            "inputs": new.inputs or {},
        }
        for new in lost
    ]


def _protected(stack: str, urns: Sequence[str]) -> str:
    names = "\n".join(f"  {name_of(urn)}" for urn in urns)
    return (
        f"Nothing is deleted, because of stack {stack} these resources are protected:\n{names}\n"
        f"Next: if they really shall go, pulumi state unprotect --all --stack {stack}, then the same command again."
    )


def _held(stack: str, locks: Sequence[Lock]) -> str:
    holders = "\n".join(f"  {lock}, {lock.where}" for lock in locks) or "  the backend does not say who it is"
    return (
        f"Stack {stack} is locked by another run:\n{holders}\n"
        f"Next: wait until it has ended. Once you are sure that it has: pulumi cancel --stack {stack}, then the same"
        " command again; what it left half done is settled then."
    )
