"""Which provider answers for a resource; marked values go in and come out, the providers see plain ones.

Our providers accept no secrets, so the engine takes the marks off and puts them back by place
(pulumi/pulumi, sdk/go/common/resource/plugin/provider_plugin.go, `annotateSecrets`).
"""

# ruff: noqa: ARG002 a provider takes what the protocol gives

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

from arm.values import reveal
from graph.graph import mark_secret_outputs
from rehearsal.engine.result import UnsupportedError
from rehearsal.engine.state import ResourceState
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult, ResourceProvider

PROVIDER_TYPE = "pulumi:providers:"
INTERNAL = "__internal"
"""The input of a provider resource in which the engine keeps what it knows of the plugin."""


class ProviderResources:
    """`pulumi:providers:*`: kept in the state with an id; a changed configuration updates them in place.

    So the real registry does as long as the plugin's DiffConfig says nothing, as azure-native's, tls' and random's do
    (pulumi/pulumi, pkg/resource/deploy/providers/registry.go).
    """

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        return inputs

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        changed = [key for key in sorted({*old.inputs, *inputs}) if old.inputs.get(key) != inputs.get(key)]
        return Diff(changed=changed)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        return UNKNOWN_ON_WIRE if preview else str(uuid4()), self._outputs(inputs)

    def read(self, old: ExistingResource) -> ReadResult:
        return ReadResult(old.id, old.inputs, old.outputs)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        return self._outputs(inputs)

    def delete(self, old: ExistingResource) -> None:
        """Nothing is there to delete."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise UnsupportedError("functions of providers' own", token)

    def _outputs(self, inputs: Properties) -> Properties:
        return {key: value for key, value in inputs.items() if key != INTERNAL}


class Registry:
    """The attached providers, and the provider resources of the program and the state."""

    def __init__(self, providers: Mapping[str, ResourceProvider], resources: Iterable[ResourceState]) -> None:
        self._attached = providers
        self._plugins: dict[str, str] = {}
        self._own = ProviderResources()
        for resource in resources:
            self.note(resource)

    def note(self, resource: ResourceState) -> None:
        """Remember which plugin is behind a provider resource; a parameterized package names its base plugin."""
        if resource.type.startswith(PROVIDER_TYPE):
            package = resource.type.removeprefix(PROVIDER_TYPE)
            self._plugins[resource.urn] = resource.inputs.get(INTERNAL, {}).get("name", package)

    def at(self, provider_urn: str) -> ResourceProvider:
        plugin = self._plugins.get(provider_urn, provider_urn)
        if plugin not in self._attached:
            attached = ", ".join(sorted(self._attached)) or "none"
            raise ProviderError(f"no provider is attached for {plugin!r}; attached: {attached}")
        return self._attached[plugin]

    def of(self, resource: ResourceState) -> ResourceProvider:
        """Return the provider of a custom resource."""
        return self._own if resource.type.startswith(PROVIDER_TYPE) else self.at(resource.provider_urn)

    def check(self, new: ResourceState, old_inputs: Properties, inputs: Properties) -> Properties:
        checked = self.of(new).check(new.urn, new.type, reveal(old_inputs), reveal(inputs))
        return mark_secret_outputs(inputs, checked, ())

    def diff(self, old: ResourceState, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        return self.of(old).diff(_existing(old), reveal(inputs), ignore_changes)

    def create(self, new: ResourceState, *, preview: bool) -> tuple[str, Properties]:
        resource_id, outputs = self.of(new).create(new.urn, new.type, reveal(new.inputs), preview=preview)
        if not resource_id and not preview:
            raise ProviderError("provider did not return an ID from Create")
        return resource_id, outputs

    def update(self, old: ResourceState, new: ResourceState, *, preview: bool) -> Properties:
        return self.of(new).update(_existing(old), reveal(new.inputs), preview=preview)

    def read(self, old: ResourceState) -> ReadResult:
        return self.of(old).read(_existing(old))

    def delete(self, old: ResourceState) -> None:
        self.of(old).delete(_existing(old))


def _existing(resource: ResourceState) -> ExistingResource:
    return ExistingResource(resource.urn, resource.type, resource.id, reveal(resource.inputs), reveal(resource.outputs))


def mark_secrets(resource: ResourceState, outputs: Mapping[str, Any]) -> Properties:
    """Return the outputs with the marks that the resource's inputs and `additional_secret_outputs` ask for."""
    return mark_secret_outputs(resource.inputs, outputs, resource.additional_secret_outputs)
