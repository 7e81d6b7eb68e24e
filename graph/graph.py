"""The recorded graph: every resource as the program registered it, with what Azure would receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from arm.shapes import shape_of, tokens
from arm.types import ResourceType
from arm.values import Secret, redact, reveal, secret_paths


@dataclass(frozen=True)
class Options:
    """The resource options that the engine acts on; the graph as JSON has the same names in camel case."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    replace_with: Sequence[str] = ()
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    aliases: Sequence[str] = ()
    """URNs that the resource may have had, those that follow from its parent's too."""
    provider: str = ""
    package: str = ""
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Resource:
    """One registration. `dependencies` holds explicit and implicit ones, `property_dependencies` those by input."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    id: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    place: str = ""
    """Where the program registers it, `components/identities.py:42`."""

    @property
    def plain_inputs(self) -> dict[str, Any]:
        """Return the inputs without secret marks: what the provider computes with."""
        plain: dict[str, Any] = reveal(self.inputs)
        return plain

    @property
    def plain_outputs(self) -> dict[str, Any]:
        plain: dict[str, Any] = reveal(self.outputs)
        return plain

    @property
    def is_arm(self) -> bool:
        """Tell whether this is an ARM call whose type has a row in arm/types/."""
        return self.type in tokens()

    @property
    def has_row(self) -> bool:
        """Tell whether anything is known of its type; SHAPE-01 finds those of which nothing is."""
        return not self.custom or self.is_arm or self.type.startswith(("pulumi:", "tls:", "random:", "command:"))

    @property
    def arm_type(self) -> str:
        """Return the ARM type, e.g. Microsoft.Network/virtualNetworks/subnets; empty for what is not in ARM."""
        return shape_of(self.type).arm_type if self.is_arm else ""


class Plugin(NamedTuple):
    """What the engine downloads and runs for a package."""

    package: str
    version: str
    server: str
    """Where it is downloaded from; empty: the engine's own choice."""


Severity = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Said:
    """What the program told the engine in one call of `pulumi.log`, or printed in all."""

    how: Severity | Literal["stdout", "stderr"]
    text: str


@dataclass
class Graph:
    """Everything that one evaluation registered."""

    project: str
    stack: str
    preview: bool
    subscription_id: str
    resources: dict[str, Resource]
    """By URN."""
    outputs: dict[str, Any]
    """The stack's outputs."""
    register_outputs_calls: list[str] = field(default_factory=list)
    """URNs, one entry a call."""
    plugins: Mapping[Plugin, str] = field(default_factory=dict)
    """What the program asks for -> who asks first: a resource, a function or a package."""
    side_effects: Mapping[str, str] = field(default_factory=dict)
    """Place in the program -> what it does there beside registering."""
    said: Sequence[Said] = field(default=(), repr=False)
    """By the program, and by the SDK in its place."""

    def of_type(self, *types: ResourceType | str) -> Iterator[Resource]:
        """Return the resources of an ARM type, in any version, or of a Pulumi type, in URN order."""
        expected = {one if isinstance(one, str) else one.arm_type for one in types}
        for urn in sorted(self.resources):
            if {self.resources[urn].type, self.resources[urn].arm_type} & expected:
                yield self.resources[urn]

    def named(self, name: str) -> Resource:
        """Return the one resource of this logical name."""
        found = [resource for resource in self.resources.values() if resource.name == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources are called {name!r}, expected one")
        return found[0]

    def ancestors(self, urn: str) -> set[str]:
        """Return everything that the resource waits for, directly or through others."""
        seen: set[str] = set()
        waiting = [urn]
        while waiting:
            resource = self.resources[waiting.pop()]
            for other in resource.dependencies:
                if other not in seen and other in self.resources:
                    seen.add(other)
                    waiting.append(other)
        return seen

    def arm_path(self, resource: Resource) -> str:
        return shape_of(resource.type).path(resource.plain_inputs, self.subscription_id)


def as_json(graph: Graph) -> dict[str, Any]:
    """Return the whole deployment as one JSON object; secrets and unknowns are replaced by markers."""
    return {
        "project": graph.project,
        "stack": graph.stack,
        "preview": graph.preview,
        "resources": [_resource_as_json(graph, graph.resources[urn]) for urn in sorted(graph.resources)],
        "outputs": redact(graph.outputs),
    }


def _resource_as_json(graph: Graph, resource: Resource) -> dict[str, Any]:
    document: dict[str, Any] = {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "custom": resource.custom,
        "id": resource.id,
        "inputs": redact(resource.inputs),
        "outputs": redact(resource.outputs),
        "secretPaths": sorted([*secret_paths(resource.inputs, "inputs"), *secret_paths(resource.outputs, "outputs")]),
        "dependencies": sorted(resource.dependencies),
        "propertyDependencies": {key: sorted(urns) for key, urns in sorted(resource.property_dependencies.items())},
        "options": {to_camel_case(name): value for name, value in asdict(resource.options).items()},
    }
    if resource.is_arm:
        shape = shape_of(resource.type)
        document["arm"] = {
            "method": "PUT",
            "path": graph.arm_path(resource),
            "apiVersion": shape.api_version,
            "body": redact(shape.body(resource.inputs)),
        }
    return document


def to_camel_case(name: str) -> str:
    """Return a field's name as JSON has it, `custom_timeouts` as `customTimeouts`."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def mark_secret_outputs(inputs: Mapping[str, Any], outputs: Mapping[str, Any], always: Sequence[str]) -> dict[str, Any]:
    """Mark outputs secret as the engine does: where the input of that name was, and where the program says so."""
    return {
        key: Secret(value) if key in always and not isinstance(value, Secret) else _marked(inputs.get(key), value)
        for key, value in outputs.items()
    }


def _marked(given: Any, value: Any) -> Any:
    if isinstance(given, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(given, Mapping) and isinstance(value, Mapping):
        return {key: _marked(given.get(key), item) for key, item in value.items()}
    if isinstance(given, list) and isinstance(value, list) and len(given) == len(value):
        return [_marked(before, after) for before, after in zip(given, value, strict=True)]
    return value
