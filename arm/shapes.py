"""What Azure expects of each resource and what it gives back, without any state.

`shape_of(token)` knows the ARM path, the body that azure-native sends, what would be refused, and the outputs.
Inputs are plain values under the SDK's wire names (camelCase), secrets unwrapped, `UNKNOWN` for what is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from arm import outputs
from arm.body import nest
from arm.schema.table import Table, load
from arm.schema.validate import Finding, check, check_scalar, nearest
from arm.types import NAMES, ROWS, Row
from arm.values import UNKNOWN

__all__ = ["Finding", "Shape", "UnknownTypeError", "is_arm", "shape_of", "tokens"]

# Azure refuses to move a resource; extendedLocation is create-only in the specification (x-ms-mutability).
ALWAYS_IMMUTABLE = ("location", "extendedLocation")


class UnknownTypeError(LookupError):
    """No row for this type."""


@dataclass(frozen=True)
class Shape:
    """One resource type in one API version."""

    token: str
    arm_type: str
    api_version: str
    path_template: str
    path_parameters: tuple[str, ...]
    query_parameters: tuple[str, ...]
    immutable: tuple[str, ...]
    flattened: bool
    renamed: Mapping[str, str] = field(hash=False)

    @property
    def table(self) -> Table:
        """What the body may contain, read when first needed."""
        return load(self.arm_type, self.api_version)

    def path(self, inputs: Mapping[str, Any], subscription_id: str) -> str:
        """The ARM id; a value that is unknown or missing shows as its placeholder, `{resourceGroupName}`."""

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            value = subscription_id if name == "subscriptionId" else inputs.get(name)
            return match[0] if value is None or value is UNKNOWN else str(value).strip("/")

        return re.sub(r"{(\w+)}", fill, self.path_template).replace("//", "/")

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What ARM receives. An input that fits nowhere stays in its place, and so do secret marks."""
        elsewhere = {*self.path_parameters, *self.query_parameters}
        rest = {name: value for name, value in inputs.items() if name not in elsewhere}
        table = self.table
        if self.flattened:
            result = nest(table, table.body, rest, self.renamed)
        else:
            result = _without_lifting(table, rest, self.renamed)
        return dict(result)

    def check(self, inputs: Mapping[str, Any]) -> list[Finding]:
        """Everything that Azure would refuse about these inputs, looking at nothing else."""
        findings = [*self._check_path(inputs), *check(self.table, self.table.body, self.body(inputs))]
        if self.flattened and "properties" in inputs and "properties" not in self.path_parameters:
            findings.append(Finding("properties", "unknown input; its members are inputs of their own"))
        return findings

    def _check_path(self, inputs: Mapping[str, Any]) -> Iterator[Finding]:
        for name in self.path_parameters:
            value = inputs.get(name)
            if value is UNKNOWN:
                continue
            if not isinstance(value, str) or not value:
                yield Finding(name, f"missing, but a part of the path {self.path_template}")
            elif "/" in value.strip("/") and name != "scope":
                yield Finding(name, f"{value!r} is one part of a path, so it cannot contain '/'")
            elif name == self.path_parameters[-1]:
                yield from check_scalar({**self.table.name, **NAMES.get(self.arm_type, {})}, value, name)

    def outputs(
        self, inputs: Mapping[str, Any], *, preview: bool, subscription_id: str, tenant_id: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """The id and the outputs after a create; in a preview the id is empty and all but the inputs unknown."""
        arm_id = self.path(inputs, subscription_id)
        tenant = tenant_id or outputs.guid(f"tenant of {subscription_id}")
        created = outputs.Created(arm_id, inputs, tenant)
        result = outputs.of(self.arm_type, self.api_version, created, preview=preview)
        return "" if preview else arm_id, result


@cache
def shape_of(token: str) -> Shape:
    """The shape of a Pulumi type, e.g. `azure-native:network:Subnet`."""
    if token not in _tokens():
        raise UnknownTypeError(f"no shape for {token!r}; {nearest(token, _tokens())}")
    return _shape(*_tokens()[token])


def is_arm(token: str) -> bool:
    """Whether resources of this type are ARM calls (of a type that is known here or not); providers are none."""
    return token.startswith(("azure-native:", "azure-native_"))


def tokens() -> KeysView[str]:
    """All types that are known."""
    return _tokens().keys()


@cache
def _tokens() -> dict[str, tuple[Row, str]]:
    return {row.token(version): (row, version) for row in ROWS for version in row.versions}


def _shape(row: Row, version: str) -> Shape:
    top = load(row.arm_type, version).body["properties"]
    return Shape(
        token=row.token(version),
        arm_type=row.arm_type,
        api_version=version,
        path_template=row.path_template,
        path_parameters=row.path_parameters,
        query_parameters=row.query,
        immutable=tuple(name for name in ALWAYS_IMMUTABLE if name in top) + row.immutable,
        flattened=row.flattened,
        renamed=row.renamed,
    )


def _without_lifting(table: Table, inputs: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """The top level as it is; below it the same rule as everywhere."""
    top = table.body["properties"]
    return {
        name: nest(table, top.get(name, {"open": True}), value, renamed, name)
        for name, value in inputs.items()
        if value is not None
    }
