"""Run `up`: recover from interrupted runs first, then retry transient errors.

Nothing is retried inside the engine: an error hook can lose a resource (pulumi/pulumi#24683). The engine goes on
with what does not depend on a failure, and the whole is run again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, TypeVar

from pulumi import automation as auto
from pulumi.automation import ConcurrentUpdateError

from automation.deployment.dangling import drop_dangling
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.error_catalog import THERE_ALREADY, Transient
from automation.deployment.failure import Failure, failures_of
from automation.deployment.find_remedy import read_wait
from automation.deployment.operations import EngineResult, InterruptedRun, Operation, Progress, run
from automation.deployment.pending_creates import (
    VAULT_SECRET,
    Settled,
    State,
    add_pending_creates,
    compare_with_look,
    describe,
    find_unanswered_creates,
    list_urns,
    settle,
)
from automation.deployment.protection import ProtectedError, find_protected
from automation.deployment.rotations import announce_rotations, run_until_settled
from automation.deployment.run_journal import BusyError, RunJournal
from automation.deployment.script_runs import choose_runs
from automation.deployment.stack_lock import LockedError, find_lock_files, find_locks
from automation.deployment.workspace import import_state
from graph.urns import name_of

MOST_RUNS = 12
"""How often the engine runs for one step of a rotation, or without one, whatever the table allows each resource."""

T = TypeVar("T")


@dataclass
class Deployer:
    """Operations on one stack."""

    stack: auto.Stack
    subscription_id: str
    runs: RunJournal
    say: Callable[[str], None] = lambda _: None
    """Called with what is going on, at once."""
    progress: Progress = lambda *_: None
    sleep: Callable[[float], None] = time.sleep
    run_again: Collection[str] = ()
    """Clusters whose scripts run again in the next run of the engine; those of others do after a failure only."""
    delete_first: Callable[[State], State] = lambda state: state
    """Called by `destroy` and `refresh`; the state without what it has deleted in another way than the engine does."""
    sign: Callable[[Mapping[str, Any]], bool] = lambda _: False  # as `run_until_settled` takes it
    _gone: set[str] = field(default_factory=set)
    """URNs of creates in doubt that Azure did not have when it was asked."""

    def preview(self) -> DeploymentResult:
        """Say what `up` would do; nothing changes, and nothing that a killed run left is settled."""
        result = DeploymentResult()
        _, before = self._state()
        if pending := before.get("pending_operations"):
            self._note_all(result, [f"a run was cut off with {len(pending)} operations open; up settles them first"])
        result.take(self._run("preview", result, self._choose_runs(result, before)))
        self._note_all(result, [*announce_rotations(before, result.outputs)])
        return result

    def refresh(self) -> DeploymentResult:
        """Read everything again, and let the state follow; raises as `up`.

        What is gone is looked for twice: a 404 may be of a moment (azurerm #18268), and makes an orphan in Azure.
        """
        result = DeploymentResult()
        with self._as_only_run():
            if self._settle(result) is None:
                return result
            version, before = self._state()
            self.delete_first(before)  # the refresh finds it gone
            self._until_done("refresh", result, before)
            if result.ok and list_urns(before) - list_urns(self._state()[1]):
                self._import(result, version, before)
                result.changes, result.differences = {}, {}
                self._until_done("refresh", result, before)
        return result

    def up(self) -> DeploymentResult:
        """Bring the stack to what the program says.

        Raises:
            LockedError: another run holds the stack.
            UnsettledError: what a killed run left cannot be settled here.
        """
        result, run = DeploymentResult(), partial(self._until_done, "up")
        with self._as_only_run():
            self._note_all(result, run_until_settled(
                self.deployment, result, lambda: run(result, self._settle(result)), self.say, self.sign))  # fmt: skip
        return result

    def destroy(self) -> DeploymentResult:
        """Delete everything; with a protected resource among it, nothing.

        Raises:
            ProtectedError: something is protected. The engine would refuse that alone, as it is run without a preview.
            LockedError, UnsettledError: as for `up`.
        """
        result = DeploymentResult()
        with self._as_only_run():
            if (before := self._settle(result)) is not None:
                if protected := find_protected(before):
                    raise ProtectedError(self.stack.name, [name_of(urn) for urn in protected])
                version, before = self._state()
                if (rest := self.delete_first(before)) != before:
                    self._import(result, version, rest)
                self._until_done("destroy", result, before)
        return result

    def deployment(self) -> Mapping[str, Any]:
        """Return the stack's state as it is now, as `pulumi stack export` gives it."""
        return self._state()[1]

    def unprotect(self) -> None:
        """Let `destroy` delete protected resources too, as `pulumi state unprotect --all` does."""
        with self._as_only_run():
            version, before = self._state()
            deployment = settle(before, self.subscription_id).deployment  # an import forgets what is pending
            for resource in deployment["resources"]:
                resource.pop("protect", None)
            self._import(DeploymentResult(), version, deployment)

    @contextmanager
    def _as_only_run(self) -> Iterator[None]:
        try:
            with self.runs.record_run():
                yield
        except BusyError:
            raise LockedError(self.stack.name, []) from None

    def _until_done(self, operation: Operation, result: DeploymentResult, before: State | None) -> None:
        """Run, and run again as long as every error is transient; not without the state that it runs on."""
        failed, most = Counter[tuple[str, Transient | None]](), result.runs + MOST_RUNS
        while before is not None:
            try:
                outcome = self._run(operation, result, self._choose_runs(result, before) if operation == "up" else ())
            except InterruptedRun as interrupt:
                self._keep_unanswered(result, interrupt.outcome, failures_of(interrupt.outcome))
                raise
            result.take(outcome)
            result.failures = [self._recognize_ours(failure) for failure in result.failures]
            failed.update((failure.urn, failure.transient) for failure in result.failures)
            unanswered = self._keep_unanswered(result, outcome, result.failures)
            if result.ok or not _may_go_on(result, failed, most):
                if unanswered:  # else they are in the way of the next `up`, which cannot create what exists
                    failures = result.failures
                    self._settle(result)
                    result.failures = failures
                return
            self._wait(result)
            before = self._settle(result)

    def _recognize_ours(self, failure: Failure) -> Failure:
        """Mark as transient what is ours after all: not visible a moment ago, or kept in a vault of this stack."""
        ours = failure.urn in self._gone or VAULT_SECRET in failure.urn
        late = ours and "cannot create already existing resource" in failure.message
        return replace(failure, transient=THERE_ALREADY) if late else failure

    def _run(
        self, operation: Operation, result: DeploymentResult, replaced: Sequence[str] = (), *, quiet: bool = False
    ) -> EngineResult:
        progress: Progress = (lambda *_: None) if quiet else self.progress
        outcome = self._past_lock(result, lambda: run(self.stack, operation, replace=replaced, progress=progress))
        if operation == "up":
            self.run_again = ()
        self.runs.was_killed = outcome.was_killed
        result.runs += 1
        return outcome

    def _choose_runs(self, result: DeploymentResult, before: State) -> list[str]:
        """Return what has to be replaced for scripts to run again, and say which those are."""
        runs = choose_runs(before, self.run_again)
        for one in runs:
            why = f"{', '.join(one.failed)} did not end well" if one.failed else "as asked for"
            self._note_all(result, [f"{one.cluster}: its scripts run again ({why})"])
        return [one.urn for one in runs]

    def _settle(self, result: DeploymentResult) -> State | None:
        """Leave no create in doubt: adopt what exists, drop what does not; return the state, None if it stays so.

        The look writes nothing: where it is interrupted or fails, every doubt stays in the state, and the mark of every
        other failure.
        """
        settled = self._keep_doubts(result)
        if not settled.is_changed:
            return settled.deployment
        before = self._state()
        self.say("Checking in Azure which of the interrupted creates exist ...")
        found = self._look({*settled.doubtful, *settled.interrupted, ""}, result)
        self._refuse_if_changed(before)
        if not result.ok:
            return None
        after = compare_with_look(settled, found)
        self._import(result, before[0], after.deployment)
        self._gone.update(after.gone)
        self._note_all(result, describe(settled, after))
        return after.deployment

    def _keep_unanswered(self, result: DeploymentResult, outcome: EngineResult, failures: Sequence[Failure]) -> bool:
        """Note at once which creates have failed and may have been done; return whether there are any."""
        unanswered = find_unanswered_creates(outcome, [each.urn for each in failures if each.may_exist])
        if unanswered:
            self._keep_doubts(result, unanswered)
        return bool(unanswered)

    def _keep_doubts(self, result: DeploymentResult, unanswered: Sequence[Mapping[str, Any]] = ()) -> Settled:
        """Mark in the state what is in doubt, until a look has ended; what the engine would not read is mended."""
        version, before = self._state()
        settled = settle(add_pending_creates(before, unanswered), self.subscription_id)
        settled.deployment, dropped = drop_dangling(settled.deployment)
        if settled.is_changed or dropped:
            self._refuse_if_changed((version, before))
            self._import(result, version, settled.deployment)
            self._note_all(result, dropped)
        return settled

    def _look(self, urns: Collection[str], result: DeploymentResult) -> Mapping[str, Any]:
        """Read everything; the failures are those of these that could not be read, also after some tries."""
        for looks in count(1):
            outcome = self._run("preview_refresh", result, quiet=True)
            result.failures = [each for each in failures_of(outcome) if each.urn in urns]
            if any(each.transient is None or each.transient.limit < looks for each in result.failures) or result.ok:
                break
            self._wait(result)
        return outcome.found

    def _state(self) -> tuple[int | None, dict[str, Any]]:
        """Version and deployment of the export, without the moment at which it was made."""
        exported = self.stack.export_stack()
        deployment = dict(exported.deployment or {})
        deployment["manifest"] = {**deployment.get("manifest", {}), "time": "0001-01-01T00:00:00Z"}
        return exported.version, deployment

    def _refuse_if_changed(self, before: tuple[int | None, State]) -> None:
        if self._state() != before:
            raise LockedError(self.stack.name, [])

    def _import(self, result: DeploymentResult, version: int | None, deployment: State) -> None:
        self._past_lock(result, lambda: import_state(self.stack, version, deployment))

    def _past_lock(self, result: DeploymentResult, action: Callable[[], T]) -> T:
        """Do it; a lock of a run that began here and has ended is taken away first."""
        try:
            return action()
        except ConcurrentUpdateError as error:
            locks = find_locks(str(error))
            if not locks or not all(lock.is_left_over and self.runs.has_begun(lock) for lock in locks):
                raise LockedError(self.stack.name, locks, find_lock_files(str(error))) from None
        self.stack.cancel()
        self._note_all(result, [f"the lock of a run that has ended is taken away ({lock})" for lock in locks])
        try:
            return action()
        except ConcurrentUpdateError as error:
            raise LockedError(self.stack.name, find_locks(str(error)), find_lock_files(str(error))) from None

    def _wait(self, result: DeploymentResult) -> None:
        seconds = 0
        for failure in result.failures:
            assert failure.transient is not None
            seconds = max(seconds, read_wait(failure.transient, failure.message))
            what = f"{failure.transient.title} ({failure.transient.id})"
            self._note_all(result, [f"{failure.name}: {what}; tried again"])
        self.say(f"Waiting {seconds} s: the errors are transient ...")
        self.sleep(seconds)

    def _note_all(self, result: DeploymentResult, lines: Sequence[str]) -> None:
        for line in lines:
            result.notes.append(line)
            self.say(line)


def _may_go_on(result: DeploymentResult, failed: Mapping[tuple[str, Transient | None], int], most: int) -> bool:
    """Return whether every error is transient, and none has been retried as often as it may be."""
    return result.runs < most and all(
        failure.transient is not None and failed[failure.urn, failure.transient] <= failure.transient.limit
        for failure in result.failures
    )
