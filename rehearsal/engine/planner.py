"""What is to be done for one registration: the engine's step generator (pulumi/pulumi, step_generator.go).

One registration at a time, as there; `dependents_to_replace` needs to know what has been planned already.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from graph import property_paths
from rehearsal.engine.registry import Registry, mark_secrets
from rehearsal.engine.replacements import apply_replace_on_changes, find_cascades, find_dependents_to_replace
from rehearsal.engine.result import Result, Step, UnsupportedError
from rehearsal.engine.state import ResourceState
from rehearsal.providers import Diff, Properties, ProviderError


@dataclass
class Goal:
    """What the program asks for."""

    new: ResourceState
    given: Properties
    """Inputs as the program gave them, before the provider's defaults."""
    delete_before_replace: bool | None


class Planner:
    """Keeps what has been planned for which URN."""

    def __init__(
        self, base: Sequence[ResourceState], registry: Registry, result: Result, replace: Sequence[str] = ()
    ) -> None:
        """`replace`: URNs that are replaced although nothing has changed."""
        self._on_demand = frozenset(replace)
        self._base = base
        self._registry = registry
        self._result = result
        self.olds = {old.urn: old for old in base if not old.delete}
        self.operated: set[str] = set()
        """URNs that the program has registered and that are therefore not deleted at the end."""
        self._replaced: set[str] = set()
        self.deleted: set[str] = set()
        """URNs of which something is deleted, so that `deleted_with` them needs no call."""
        self.condemned: set[ResourceState] = set()
        """Dependents that are deleted early; their URNs stay in `deleted` until they are registered again."""

    def plan(self, goal: Goal) -> list[Step]:
        """Return the steps of this registration.

        Raises:
            ProviderError: the provider refuses the inputs, or a protected resource would be replaced.
        """
        new = goal.new
        old = self.olds.get(new.urn)
        if old is not None and old.external:
            raise UnsupportedError("resources that the program used to read", new.urn)
        again = new.urn in self.deleted
        inputs = goal.given if old is None else self._without_ignored(new, old, goal.given)
        anew = old is None or again or new.urn in self._on_demand
        self._check(goal, {}, goal.given) if old is None or anew else self._check(goal, old.inputs, inputs)
        steps = self._steps(goal, old, again)
        self.operated.add(new.urn)
        return steps

    def dry_run(self, goal: Goal) -> ResourceState:
        """Return what a skipped resource would be, as far as its provider knows (step.go, `dryRunOutputs`)."""
        new, old = goal.new, self.olds.get(goal.new.urn)
        new.inputs = goal.given
        if new.custom:
            with suppress(ProviderError):
                if old is None:
                    _, outputs = self._registry.create(new, preview=True)
                else:
                    outputs = self._registry.update(old, new, preview=True)
                new.outputs = mark_secrets(new, outputs)
        return new

    def _steps(self, goal: Goal, old: ResourceState | None, again: bool) -> list[Step]:
        new = goal.new
        if old is None:
            return [Step("create", new.urn, new=new)]
        if again:
            self.deleted.remove(new.urn)
            self._replaced.add(new.urn)
            return [Step("replace", new.urn, old, new), Step("create-replacement", new.urn, old, new)]
        diff = apply_replace_on_changes(self._diff(old, new), new.replace_on_changes, init_errors=bool(old.init_errors))
        if diff.replaces or old.pending_replacement:
            return self._replace(goal, old, diff)
        if diff.changed or old.init_errors:
            return [Step("update", new.urn, old, new, diff)]
        return [Step("same", new.urn, old, new)]

    def _without_ignored(self, new: ResourceState, old: ResourceState, given: Properties) -> Properties:
        inputs, failed = property_paths.put_back(given, old.inputs, new.ignore_changes)
        if failed:
            listed = ", ".join(failed)
            self._result.say(
                "info", new.urn, f"cannot ignore changes in added or removed elements of the path: {listed!r}"
            )
        return inputs

    def _check(self, goal: Goal, old_inputs: Properties, inputs: Properties) -> None:
        goal.new.inputs = self._registry.check(goal.new, old_inputs, inputs) if goal.new.custom else inputs

    def _diff(self, old: ResourceState, new: ResourceState) -> Diff:
        if new.urn in self._on_demand:
            return Diff(replaces=["id"])
        if not self._replaced.isdisjoint(new.replace_with):
            return Diff(replaces=["replaceWith"])
        if new.deleted_with in self._replaced:
            return Diff(replaces=["deletedWith"])
        if bool(old.provider) != bool(new.provider):
            return Diff(changed=["provider"], replaces=["provider"])
        if new.custom:
            return self._registry.diff(old, new.inputs, new.ignore_changes)
        return Diff(
            changed=sorted(key for key in {*old.inputs, *new.inputs} if old.inputs.get(key) != new.inputs.get(key))
        )

    def _replace(self, goal: Goal, old: ResourceState, diff: Diff) -> list[Step]:
        new = goal.new
        if new.protect and old.protect:
            message = (
                f'unable to replace resource "{new.urn}"\nas it is currently marked for protection. To unprotect the'
                " resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
            )
            # A preview goes on to show everything; an update stops before the first change.
            if not self._result.preview:
                raise ProviderError(message)
            self._result.say("error", new.urn, message)
        self._replaced.add(new.urn)
        # The defaults are computed anew: those of the old one do not carry over.
        self._check(goal, {}, goal.given)
        first = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if not first:
            return [
                Step("create-replacement", new.urn, old, new, diff, old_stays=True),
                Step("replace", new.urn, old, new, diff),
            ]
        steps = self._delete_dependents(old)
        if not old.pending_replacement:
            self.deleted.add(old.urn)
            steps.append(Step("delete-replaced", old.urn, old, later_created=True))
        return [
            *steps,
            Step("replace", new.urn, old, new, diff),
            Step("create-replacement", new.urn, old, new, diff),
        ]

    def _delete_dependents(self, root: ResourceState) -> list[Step]:
        """Return the deletes of what cannot stay while the root is away, each before what it depends on."""
        seen = self.operated | self.deleted
        found = [
            *find_dependents_to_replace(root, self._base, seen, self._registry),
            *find_cascades(root.urn, self.olds.values()),
        ]
        steps = []
        for dependent in reversed(found):
            if dependent in self.condemned or dependent.pending_replacement:
                continue
            if dependent.protect:
                message = (
                    f'unable to replace resource "{dependent.urn}" as part of replacing "{root.urn}" as it is currently'
                    " marked for protection. To unprotect the resource, remove the `protect` flag from the resource in"
                    " your Pulumi program and run `pulumi up`, or use the command:\n"
                    f"`pulumi state unprotect '{dependent.urn}'`"
                )
                raise ProviderError(message)
            steps.append(Step("delete-replaced", dependent.urn, dependent, later_created=True))
            self.deleted.add(dependent.urn)
            self.condemned.add(dependent)
        return steps
