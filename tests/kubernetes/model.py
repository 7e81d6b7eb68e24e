"""The model's side of every case: the program deployed into the modelled Azure, as it is or with one mistake."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Any

from graph.inputs import decode_parameter, parameters
from graph.urns import name_of
from rehearsal.azure.faults import Fault
from rehearsal.cluster.build import build_views
from rehearsal.cluster.model import ClusterView
from rehearsal.providers import Diff, ExistingResource
from rehearsal.providers.azure import AzureProvider
from tests.rehearsal.cluster.deployments import SURROUNDINGS, Stack

Change = Callable[[dict[str, Any]], object]
"""Changes the inputs of a resource in place."""


@dataclass(frozen=True)
class Modelled:
    """A deployment in the modelled Azure, and what was sent there."""

    sent: Mapping[str, Mapping[str, Any]]
    """Logical name -> inputs."""
    failures: Mapping[str, str]
    """Logical name -> why Azure says that it failed."""
    views: Mapping[str, ClusterView]
    """By the cluster's name in the settings."""
    go_on: Callable[[], Modelled]
    """Deploys once more what the program asks for; not for a deployment that others look at too."""

    def parameters(self, command: str) -> dict[str, str]:
        return parameters(self.sent[command])

    def objects(self, cluster: str) -> list[Any]:
        """Return what apply-objects is sent."""
        return decode_parameter(self.parameters(f"{cluster}-apply-objects")["OBJECTS"])

    def says(self, cluster: str) -> str:
        """Return everything that the model has against the deployment and the cluster; empty if nothing."""
        failed = (text for name, text in self.failures.items() if name.startswith(f"{cluster}-"))
        return "\n".join([*failed, *map(str, self.views[cluster].problems)])


@cache
def deployed(stack: str) -> Modelled:
    """Return a committed stack as it is; do not change it."""
    found = deploy(stack)
    assert not found.failures
    return found


def deploy(
    stack: str, name: str = "", change: Change = lambda _: None, *, fault: Fault | None = None, role_spread: float = 0
) -> Modelled:
    """Return a stack in which one resource is sent otherwise than the program asks for, or one call to Azure fails.

    Args:
        role_spread: seconds that roles take to act; they have passed when the clusters are looked at.
    """
    made = Stack(stack, replace(SURROUNDINGS, role_spread_seconds=role_spread))
    if fault:
        made.world.faults.order(fault)
    recorder = _Recorder(made, name, change)
    made.engine.providers = {**made.engine.providers, "azure-native": recorder}
    return _up(made, recorder)


def _up(made: Stack, recorder: _Recorder) -> Modelled:
    result = made.up()
    made.clock.advance(made.world.surroundings.role_spread_seconds)
    recorder.change_nothing()
    failures = {name_of(one.urn): one.message for one in result.diagnostics if one.severity == "error"}
    routes = made.world.surroundings.routes
    by_name = {view.name: view for view in build_views(made.world.entries(), made.world.is_effective, routes=routes)}
    suffix = "-connect-arc"
    commands = {name.removesuffix(suffix): sent for name, sent in recorder.sent.items() if name.endswith(suffix)}
    views = {cluster: by_name[parameters(sent)["CLUSTER_NAME"]] for cluster, sent in commands.items()}
    return Modelled(dict(recorder.sent), failures, views, lambda: _up(made, recorder))


class _Recorder(AzureProvider):
    def __init__(self, stack: Stack, name: str, change: Change) -> None:
        super().__init__(stack.world)
        self._name, self._change = name, change
        self.sent: dict[str, dict[str, Any]] = {}

    def create(self, urn: str, type_token: str, inputs: Any, *, preview: bool) -> tuple[str, Any]:
        inputs = inputs if preview else self._note(urn, inputs)
        return super().create(urn, type_token, inputs, preview=preview)

    def update(self, old: ExistingResource, inputs: Any, *, preview: bool) -> Any:
        return super().update(old, inputs if preview else self._note(old.urn, inputs), preview=preview)

    def diff(self, old: ExistingResource, inputs: Any, ignore_changes: Sequence[str]) -> Diff:
        """Compare with what was sent, which the engine does not know."""
        sent = self.sent.get(name_of(old.urn), old.inputs)
        return super().diff(replace(old, inputs=sent), inputs, ignore_changes)

    def change_nothing(self) -> None:
        self._name = ""

    def _note(self, urn: str, inputs: Any) -> Any:
        name = name_of(urn)
        sent = self.sent[name] = json.loads(json.dumps(inputs))
        if name == self._name:
            self._change(sent)
        return sent


def change_objects(change: Callable[[list[dict[str, Any]]], object]) -> Change:
    """Return the change of an apply-objects command whose list of objects is changed."""

    @wraps(change)
    def apply(inputs: dict[str, Any]) -> None:
        (parameter,) = (one for one in inputs["parameters"] if one["name"] == "OBJECTS")
        objects = json.loads(base64.b64decode(parameter["value"]))
        change(objects)
        parameter["value"] = base64.b64encode(json.dumps(objects).encode()).decode()

    return apply
