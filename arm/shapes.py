"""What Azure expects of each resource and what it gives back, without any state.

`shape_of(token)` knows the ARM path, the body that azure-native sends, what would be refused, and the outputs.
Inputs are plain values under the SDK's wire names (camelCase), secrets unwrapped, `UNKNOWN` for what is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from arm.body import OPEN, nest, unnest
from arm.outputs import outputs_of, remove
from arm.schema.table import Node, Table, load
from arm.schema.validate import Mismatch, check, check_scalar, nearest
from arm.types import BY_ARM_TYPE
from arm.types.resource_type import Created, ResourceType, guid
from arm.values import UNKNOWN

# Azure refuses to move a resource; extendedLocation is create-only in the specification (x-ms-mutability).
_ALWAYS_IMMUTABLE = ("location", "extendedLocation")
_OF_EVERY_RESOURCE = ("id", "name", "type", "etag", "systemData")
_OF_IDENTITIES = ("identity.principalId", "identity.tenantId")


class UnknownTypeError(LookupError):
    """No row for this type."""


@dataclass(frozen=True)
class Shape:
    """One resource type in one API version."""

    type: ResourceType
    api_version: str

    @property
    def token(self) -> str:
        """Return the Pulumi type."""
        return self.type.token(self.api_version)

    @property
    def arm_type(self) -> str:
        return self.type.arm_type

    @property
    def table(self) -> Table:
        """Return what the body may contain, read when first needed."""
        return load(self.arm_type, self.api_version)

    @property
    def has_location(self) -> bool:
        """Tell whether the body has a location, which azure-native takes from the resource group if it is not given."""
        return "location" in self.table.body["properties"]

    @cached_property
    def immutable(self) -> tuple[str, ...]:
        """Return the ARM paths that an update may not change."""
        top = self.table.body["properties"]
        return tuple(name for name in _ALWAYS_IMMUTABLE if name in top) + self.type.immutable

    @cached_property
    def _lifted(self) -> frozenset[str]:
        """Return the inputs that ARM has in the object `lifted`."""
        node = _member(self.table, self.table.body, self.type.lifted, lifts=True) if self.type.lifted else None
        return frozenset(self.table.members(self.table.resolve(node), {})) if node else frozenset()

    @property
    def replaced_by(self) -> tuple[str, ...]:
        """Return the paths of the inputs whose change replaces a resource. What else changes is updated."""
        return (*self.type.path_parameters, *self.type.replaced_by)

    def path(self, inputs: Mapping[str, Any], subscription_id: str) -> str:
        """Return the ARM id; a value that is unknown or missing shows as its placeholder, `{resourceGroupName}`."""

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            value = subscription_id if name == "subscriptionId" else inputs.get(name)
            return match[0] if value is None or value is UNKNOWN else str(value).strip("/")

        return re.sub(r"{(\w+)}", fill, self.type.path_template).replace("//", "/")

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what ARM receives. An input that fits nowhere stays in its place, and so do secret marks."""
        elsewhere = {*self.type.path_parameters, *self.type.query}
        rest = {name: value for name, value in inputs.items() if name not in elsewhere | self._lifted}
        if inner := {name: value for name, value in inputs.items() if name in self._lifted}:
            rest[self.type.lifted] = inner
        if self.type.flattened:
            return dict(nest(self.table, self.table.body, rest, self.type.renamed))
        # The top level as it is; below it the same rule as everywhere.
        top = self.table.body["properties"]
        return {
            name: nest(self.table, top.get(name, OPEN), value, self.type.renamed, name)
            for name, value in rest.items()
            if value is not None
        }

    def answer(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what ARM answers a GET with, for the outputs. What only Azure computes is in ARM's `properties`."""
        own = {name: value for name, value in outputs.items() if name in _OF_EVERY_RESOURCE}
        body = self.body({name: value for name, value in outputs.items() if name not in {*own, "azureApiVersion"}})
        top = self.table.body["properties"]
        below = {name: value for name, value in body.items() if self.type.flattened and name not in top}
        below |= {name: outputs[name] for name in self.type.answered if name in outputs}
        rest = {name: value for name, value in body.items() if name not in below}
        return own | rest | ({"properties": {**rest.get("properties", {}), **below}} if below else {})

    def inputs(self, arm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs of whoever sends ARM this body; what only Azure computes is left out, as ARM does."""
        top = self.table.body["properties"]
        sent = {name: value for name, value in body.items() if name not in _OF_EVERY_RESOURCE}
        computed = [*self.type.computed, *self.type.answered, *_OF_IDENTITIES]
        if self.type.flattened:
            if not self.table.members(self.table.resolve(top.get("properties", {})), {}):  # Azure computes them all
                sent |= sent.pop("properties", {})
                computed = [path.removeprefix("properties.") for path in computed]
            inputs = unnest(self.table, self.table.body, sent, self.type.renamed)
            inputs |= inputs.pop(self.type.lifted, {})
        else:
            inputs = {
                name: unnest(self.table, top.get(name, OPEN), value, self.type.renamed, name)
                for name, value in sent.items()
            }
        for path in computed:
            if not self.is_input(path.split(".")):
                remove(inputs, path.split("."))
        return {**self.path_inputs(arm_id), **inputs}

    def path_inputs(self, arm_id: str) -> dict[str, Any]:
        """Return the inputs in the path, read back from an id."""
        pattern = self.type.path_template.split("/")
        segments = arm_id.split("/")
        offset = len(segments) - len(pattern)  # an id at the beginning stands for several segments
        found = {part[1:-1]: segments[index + offset] for index, part in enumerate(pattern) if part.startswith("{")}
        if self.type.scope:
            found[self.type.scope] = "/".join(segments[: offset + 2])
        return {name: found[name] for name in self.type.path_parameters}

    def check(self, inputs: Mapping[str, Any]) -> list[Mismatch]:
        """Return everything that Azure would refuse about these inputs, looking at nothing else."""
        findings = [*self._check_path(inputs), *check(self.table, self.table.body, self.body(inputs))]
        if self.type.flattened and "properties" in inputs and "properties" not in self.type.path_parameters:
            findings.append(Mismatch("properties", "unknown input; its members are inputs of their own"))
        return findings

    def _check_path(self, inputs: Mapping[str, Any]) -> Iterator[Mismatch]:
        parameters = self.type.path_parameters
        for name in parameters:
            value = inputs.get(name)
            if value is UNKNOWN:
                continue
            if not isinstance(value, str) or not value:
                yield Mismatch(name, f"missing, but a part of the path {self.type.path_template}")
            elif "/" in value.strip("/") and name != self.type.scope:
                yield Mismatch(name, f"{value!r} is one part of a path, so it cannot contain '/'")
            elif name == parameters[-1]:
                yield from check_scalar({**self.table.name, **self.type.name_rule}, value, name)

    def outputs(
        self, inputs: Mapping[str, Any], *, preview: bool, subscription_id: str, tenant_id: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Return id and outputs after a create; in a preview the id is empty and all but the inputs unknown."""
        arm_id = self.path(inputs, subscription_id)
        created = Created(arm_id, inputs, tenant_id or guid(f"tenant of {subscription_id}"))
        return "" if preview else arm_id, outputs_of(self.type, self.api_version, created, preview=preview)

    def is_input(self, steps: Sequence[str]) -> bool:
        """Tell whether an output's path, without indexes, is that of one of the SDK's inputs."""
        if steps[0] in {*self.type.path_parameters, *self._lifted}:
            return True
        if steps[0] in ("id", "name", "type", "azureApiVersion"):
            return False
        node: Node = self.table.body
        for depth, step in enumerate(steps):
            name = self.type.renamed.get(".".join(steps[: depth + 1]), step)
            found = _member(self.table, node, name, lifts=self.type.flattened or depth > 0)
            if found is None:
                return False
            node = found
        return True


@cache
def shape_of(token: str) -> Shape:
    """Return the shape of a Pulumi type, e.g. `azure-native:network:Subnet`.

    Raises:
        UnknownTypeError: no row is about it, or none in this API version.
    """
    if token not in _shapes():
        raise UnknownTypeError(f"type {token}: no row is about it; {_row_to_add(token)}")
    return _shapes()[token]


def _row_to_add(token: str) -> str:
    """Say what to write, and where."""
    package, module, name = token.split(":")
    version = re.search(r"_v(\d{4})(\d\d)(\d\d)", package)
    dated = "-".join(version.groups()) if version else "<API version>"
    file = f"arm/types/{module.split('/')[0]}.py"
    known = next((row for row in BY_ARM_TYPE.values() if (row.module, row.name) == (module, name)), None)
    if known:
        return f"{nearest(dated, known.versions)}, or add {dated} to the versions of {name} in {file}"
    packaged = ", packaged=True" if version else ""
    estimate = f'"<path of the ARM id>", Estimate("<concern>", <seconds>){packaged}'
    row = f'ResourceType("{module}", "{name}", ("{dated}",), {estimate})'
    return f"{nearest(token, _shapes())}; or add to {file}: {row}"


def is_arm(token: str) -> bool:
    """Tell whether resources of this type are ARM calls, of a type that is known here or not; providers are none."""
    return token.startswith(("azure-native:", "azure-native_"))


def tokens() -> KeysView[str]:
    """Return all types that are known."""
    return _shapes().keys()


@cache
def _shapes() -> dict[str, Shape]:
    return {row.token(version): Shape(row, version) for row in BY_ARM_TYPE.values() for version in row.versions}


def _member(table: Table, node: Node, name: str, *, lifts: bool) -> Node | None:
    """Return the member of that name, also where the SDK lifts it out of ARM's `properties`; None if there is none."""
    node = table.resolve(node)
    node = table.resolve(node.get("items", node))
    known = dict(table.members(node, {}))
    if lifts:
        known = {**table.members(table.resolve(known.get("properties", {})), {}), **known}
    if name in known:
        return known[name]
    other: Node | None = node.get("additionalProperties", OPEN if node.get("open") else None)
    return other
