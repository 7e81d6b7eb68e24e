"""What would be announced of a change of a deployed stack, as `preview` comes to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pulumi.automation.events import DiffKind, PropertyDiff
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

from arm.values import substitute
from graph.evaluate_stack import evaluate_config
from graph.graph import Graph
from graph.plan import Change, changes_of, graph_of_state
from graph.property_diff import differences, known
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from rehearsal.engine import ResourceState, Step
from rehearsal.rotation.run import PROGRAM, Deployed
from rules.interruptions import Interruption, find_interruptions
from rules.plan import Plan
from settings import stack_file
from settings.stand_ins import with_stand_ins


def announce(deployed: Deployed, settings: Mapping[str, Any], stack: str = "dev") -> dict[str, list[Interruption]]:
    """Return what `preview` would say of the change to these settings."""
    return find_interruptions(make_plan(deployed, settings, stack))


def make_plan(deployed: Deployed, settings: Mapping[str, Any], stack: str = "dev") -> Plan:
    """Return the change to these settings in virtual time."""
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: dict(settings)})
    resolved = stack_file.load(PROGRAM, stack, config[stack_file.SETTINGS_KEY])
    state = _hide_secrets(deployed.export()["deployment"])
    outputs = {one["urn"]: known(one.get("outputs", {})) for one in state["resources"]}
    wanted = evaluate_config(PROGRAM, stack, config, resolved, preview=False, deployed=outputs)
    return Plan(resolved, graph_of_state(stack, state), wanted, _list_changes(deployed, settings, wanted))


def _list_changes(deployed: Deployed, settings: Mapping[str, Any], wanted: Graph) -> list[Change]:
    result = deployed.preview(settings)
    assert result.succeeded, result.summary()
    found = {step.urn: differences(_as_event(step)) for step in result.steps if step.diff.changed}
    return changes_of(dict(result.changes), found, {}, wanted)


def _as_event(step: Step) -> Any:
    """Return the step as the real engine tells of it."""
    kinds = {
        path: PropertyDiff(DiffKind(kind.replace("_", "-")), input_diff=True)
        for path, kind in step.diff.detailed.items()
    }
    old, new = (SimpleNamespace(**_plain(one)) if one else None for one in (step.old, step.new))
    return SimpleNamespace(detailed_diff=kinds, diffs=step.diff.changed, keys=step.diff.replaces, old=old, new=new)


def _plain(state: ResourceState) -> dict[str, Any]:
    hidden = {SIGNATURE: SECRET_SIGNATURE}
    sides = {"inputs": state.inputs, "outputs": state.outputs}
    return {name: substitute(value, lambda _: hidden, UNKNOWN_ON_WIRE) for name, value in sides.items()}


def _hide_secrets(value: Any) -> Any:
    """Return a state as `pulumi stack export` gives it, without secrets."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "..."}
        return {key: _hide_secrets(item) for key, item in value.items()}
    return [_hide_secrets(item) for item in value] if isinstance(value, list) else value
