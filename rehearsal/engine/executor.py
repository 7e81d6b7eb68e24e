"""Does the steps: calls providers, keeps the journal, notes the outcome (pulumi/pulumi, step.go, step_executor.go)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rehearsal.engine.journal import Journal
from rehearsal.engine.registry import Registry, mark_secrets
from rehearsal.engine.result import Result, Step
from rehearsal.engine.state import Operation, ResourceState, now
from rehearsal.providers import InitializationError, Properties, ProviderError


class Stopped(Exception):  # noqa: N818 no error of its own: another step's failure ends the operation
    """Nothing more is begun, since a step failed."""


class StepFailed(Exception):  # noqa: N818
    """This step failed, and the operation goes on with what does not depend on it."""


class ProtectedError(ProviderError):
    """A protected resource would be deleted. Nothing was done, so that the others may be reported too."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the'
            " `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
            f"`pulumi state unprotect '{urn}'`"
        )


class Executor:
    """Used by several threads; each runs the steps of one registration, or one delete."""

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        result: Result,
        *,
        deleted: Collection[str],
        continue_on_error: bool,
    ) -> None:
        self._journal = journal
        self._registry = registry
        self._result = result
        self._continue_on_error = continue_on_error
        self._deleted = deleted
        """URNs of which something is deleted in this operation."""
        self.stopped = False
        self.failed: set[str] = set()

    def run(self, steps: Sequence[Step]) -> None:
        """Do the steps one after another.

        Raises:
            StepFailed, Stopped: see there.
        """
        for step in steps:
            if self.stopped:
                raise Stopped
            self._result.begin(step)
            try:
                self._do(step)
            except ProviderError as error:
                self._result.failed(step)
                go_on = self._continue_on_error or isinstance(error, ProtectedError)
                self.fail(step.urn, str(error), stop=not go_on)
                raise StepFailed from error
            self._result.did(step)

    def fail(self, urn: str, message: str, *, stop: bool) -> None:
        """Note a failure; to stop is to begin nothing more, and to let what runs end."""
        self.failed.add(urn)
        self._result.set(urn, "failed")
        self._result.say("error", urn, message)
        self.stopped = self.stopped or stop
        if stop:
            raise Stopped

    def _do(self, step: Step) -> None:
        match step.op, step.old, step.new:
            case "same", ResourceState() as old, ResourceState() as new:
                self._same(old, new)
            case "create" | "create-replacement", old, ResourceState() as new:
                self._create(old, new, old_stays=step.old_stays)
            case "update", ResourceState() as old, ResourceState() as new:
                self._update(old, new)
            case "delete" | "delete-replaced", ResourceState() as old, None:
                self._delete(step, old)
            case "remove-pending-replace", ResourceState() as old, None:
                old.change(pending_replacement=False)
                self._journal.drop(old)

    def _same(self, old: ResourceState, new: ResourceState) -> None:
        """Also a resource that is the same may have new options, dependencies or marks."""
        new.change(id=old.id, outputs=mark_secrets(new, old.outputs), created=old.created, modified=old.modified)
        self._registry.note(new)
        self._journal.put(new, old, ends=False)

    def _create(self, old: ResourceState | None, new: ResourceState, *, old_stays: bool) -> None:
        preview = self._result.preview
        failure = self._call(new, "creating", lambda: self._registry.create(new, preview=preview))
        new.change(created=new.modified)
        if old is not None and old_stays:
            old.change(delete=True)
            self._journal.changed(old)
        self._registry.note(new)
        self._journal.put(new, old if old is not None and old.pending_replacement else None)
        if failure:
            raise failure

    def _update(self, old: ResourceState, new: ResourceState) -> None:
        new.change(id=old.id, created=old.created)
        preview = self._result.preview
        failure = self._call(new, "updating", lambda: (old.id, self._registry.update(old, new, preview=preview)))
        self._registry.note(new)
        if failure:
            # Not what exists was made of (pkg/engine/update.go, `OnResourceStepPost`).
            new.change(inputs=old.inputs)
        self._journal.put(new, old)
        if failure:
            raise failure

    def _call(
        self, new: ResourceState, operation: Operation, call: Callable[[], tuple[str, Properties]]
    ) -> InitializationError | None:
        """Call the provider of a custom resource and take over id and outputs, also of one that is not ready.

        What is no `ProviderError` is as good as a kill: the pending operation stays in the state.
        """
        failure, resource_id, outputs = None, "", dict[str, object]()
        if new.custom:
            self._journal.begin(new, operation)
            try:
                resource_id, outputs = call()
            except InitializationError as error:
                failure, resource_id, outputs = error, error.resource_id, error.outputs
                new.change(init_errors=list(error.reasons))
            except ProviderError:
                self._journal.failed(new)
                raise
        new.change(id=resource_id, outputs=mark_secrets(new, outputs), modified=now())
        return failure

    def _delete(self, step: Step, old: ResourceState) -> None:
        if step.op == "delete" and old.protect:
            raise ProtectedError(old.urn)
        if self._must_call(old):
            self._journal.begin(old, "deleting")
            try:
                self._registry.delete(old)
            except ProviderError:
                self._journal.failed(old)
                raise
        if step.later_created:
            old.change(pending_replacement=True)
        self._journal.drop(old)

    def _must_call(self, old: ResourceState) -> bool:
        """Tell whether to call delete; what is retained, not ours, or gone with another one needs none of its own."""
        gone = old.external or old.retain_on_delete or old.deleted_with in self._deleted
        return old.custom and not gone and not self._result.preview
