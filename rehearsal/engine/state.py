"""The state of a stack, in the format of `pulumi stack export --show-secrets`.

Names and omissions are those of pulumi/pulumi, sdk/go/common/apitype/core.go (`DeploymentV3`, `ResourceV3`,
`OperationV2`). Secrets are readable in it, so the file is for its owner's eyes only (mode 0600).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

from arm.values import UNKNOWN, Secret, substitute
from graph.graph import to_camel_case
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from rehearsal.appended_file import AppendedFile

Operation = Literal["creating", "updating", "deleting", "reading"]

_REPLACE_WITH = "replaceWith"
"""A feature in the engine's sense: a state that uses it has version 4 (pkg/resource/stack/deployment.go)."""
_ALWAYS_WRITTEN = ("urn", "custom", "type")
_VALUES = ("inputs", "outputs")

_NO_KEY = -1
_TEXTS = threading.Lock()
"""One thread may change a resource while another writes the state; what is written must not be kept as its text."""


class StateError(Exception):
    """The document is no state that this engine can use."""


@dataclass(eq=False)
class ResourceState:
    """One physical resource; during a replacement two share a URN. Values carry their secret marks."""

    urn: str
    type: str
    custom: bool
    delete: bool = False
    """Replaced already, and still to be deleted."""
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    external: bool = False
    """Read by the program and not owned by the stack."""
    dependencies: Sequence[str] = ()
    init_errors: Sequence[str] = ()
    provider: str = ""
    """`<urn of the provider>::<id>`."""
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    """Deleted by a delete-before-replace, and not created again yet."""
    additional_secret_outputs: Sequence[str] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    """Seconds by operation."""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: Sequence[str] = ()
    created: str = ""
    modified: str = ""
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    rest: dict[str, Any] = field(default_factory=dict)
    """What a real engine wrote and this one does not use, e.g. `sourcePosition`."""
    _text: str = field(default="", repr=False)

    def change(self, **values: Any) -> None:
        """Set fields; once a resource is in a journal they change in no other way, as its text is kept."""
        with _TEXTS:
            for name, value in values.items():
                setattr(self, name, value)
            self._text = ""

    def copy(self) -> ResourceState:
        return replace(self)

    @property
    def provider_urn(self) -> str:
        return self.provider.rpartition("::")[0]

    def text(self) -> str:
        """Return the resource as JSON; made once, as every step of a deployment writes the whole state."""
        with _TEXTS:
            self._text = self._text or json.dumps(self.as_json())
            return self._text

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for name in _NAMES:
            value = getattr(self, name)
            if value or name in _ALWAYS_WRITTEN:
                document[to_camel_case(name)] = encode(value) if name in _VALUES else value
        return document | self.rest

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ResourceState:
        rest = dict(document)
        known = {name: rest.pop(to_camel_case(name)) for name in _NAMES if to_camel_case(name) in rest}
        for name in _VALUES:
            known[name] = decode(known.get(name, {}))
        return cls(**known, rest=rest)


_NAMES = [item.name for item in fields(ResourceState) if item.name not in ("rest", "_text")]


@dataclass(frozen=True)
class PendingOperation:
    """A provider call that was begun; what is left of it after a kill."""

    resource: ResourceState
    type: Operation

    def text(self) -> str:
        return f'{{"resource": {self.resource.text()}, "type": {json.dumps(self.type)}}}'


@dataclass
class State:
    """The resources of a stack, each after everything that it depends on."""

    resources: list[ResourceState] = field(default_factory=list)
    pending_operations: list[PendingOperation] = field(default_factory=list)
    path: Path | None = None
    """Where it is kept; without one it lives in memory."""
    rest: dict[str, Any] = field(default_factory=dict)
    """What a real engine wrote and this one does not use, e.g. `secrets_providers`."""

    @classmethod
    def load(cls, path: Path) -> State:
        """Return the state in this file; an empty one where there is no file yet."""
        if not path.exists():
            return cls(path=path)
        text, changes = AppendedFile(path).read()
        state = cls.from_export(json.loads(text), path)
        return state._with_changes([json.loads(line) for line in changes]) if changes else state

    def _with_changes(self, changes: Sequence[Mapping[str, Any]]) -> State:
        """Return the state after the lines of a journal: what it has written comes before what was there at first."""
        base, new = dict(enumerate(self.resources)), dict[int, ResourceState]()
        pending = dict(zip(count(_NO_KEY - 1, -1), self.pending_operations, strict=False))
        for change in changes:
            if "begin" in change:
                key, begun = change["begin"]
                pending[key] = PendingOperation(ResourceState.from_json(begun["resource"]), begun["type"])
            if "put" in change:
                key, document = change["put"]
                (base if key in base else new)[key] = ResourceState.from_json(document)
            for resources in (base, new):
                resources.pop(change.get("drop", _NO_KEY), None)
            pending.pop(change.get("end", _NO_KEY), None)
        return replace(self, resources=[*new.values(), *base.values()], pending_operations=[*pending.values()])

    @classmethod
    def from_export(cls, document: Mapping[str, Any], path: Path | None = None) -> State:
        """Return the state in what `pulumi stack export --show-secrets` or `export` wrote.

        Raises:
            StateError: another version, or secrets that only their owner's key can read.
        """
        version, features = document.get("version"), set(document.get("features") or ())
        if version not in (3, 4) or features - {_REPLACE_WITH}:
            used = f", features {', '.join(sorted(features))}" if features else ""
            raise StateError(
                f"the state has version {version!r}{used}; expected 3, or 4 with no feature but {_REPLACE_WITH}"
            )
        rest = dict(document.get("deployment") or {})
        rest.pop("manifest", None)
        resources = [ResourceState.from_json(item) for item in rest.pop("resources", None) or []]
        pending = [
            PendingOperation(ResourceState.from_json(item["resource"]), item["type"])
            for item in rest.pop("pending_operations", None) or []
        ]
        return cls(resources, pending, path, rest)

    def export(self) -> dict[str, Any]:
        """Return what `pulumi stack export --show-secrets` writes and `pulumi stack import` reads."""
        document: dict[str, Any] = json.loads(self._text())
        return document

    def save(self) -> None:
        """Replace the file at once, so that a kill leaves the old state or the new one."""
        if self.path is not None:
            self._file.replace(self._text())

    def append(self, line: str) -> None:
        """Keep a change of what `save` has written."""
        self._file.append(line, self._text)

    def sync(self) -> None:
        """Wait until a loss of power leaves what was appended."""
        self._file.sync()

    @cached_property
    def _file(self) -> AppendedFile:
        assert self.path is not None
        return AppendedFile(self.path)

    def _text(self) -> str:
        parts = {
            # Like the CLI's own file backend, without the version of an engine.
            "manifest": json.dumps({"time": now(), "magic": "", "version": ""}),
            "resources": "[" + ",\n".join(resource.text() for resource in self.resources) + "]",
            "pending_operations": "[" + ",\n".join(pending.text() for pending in self.pending_operations) + "]",
        } | {name: json.dumps(value) for name, value in self.rest.items()}
        plain = not any(resource.replace_with for resource in self.resources)
        header = '"version": 3' if plain else f'"version": 4, "features": ["{_REPLACE_WITH}"]'
        return (
            f'{{{header}, "deployment": {{'
            + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in parts.items())
            + "}}\n"
        )


def now() -> str:
    """Return the present moment, as the export writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def encode(value: Any) -> Any:
    """Encode a value as the export writes it: a secret as an object with its signature and its JSON text."""
    return substitute(
        value,
        lambda hidden: {SIGNATURE: SECRET_SIGNATURE, "plaintext": json.dumps(encode(hidden))},
        UNKNOWN_ON_WIRE,
    )


def decode(value: Any) -> Any:
    """Invert `encode`.

    Raises:
        StateError: an encrypted secret, or an asset, which no resource of ours has.
    """
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return _decode_special(value)
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return UNKNOWN if value == UNKNOWN_ON_WIRE else value


def _decode_special(value: Mapping[str, Any]) -> Secret:
    if value[SIGNATURE] != SECRET_SIGNATURE:
        raise StateError("the state holds an asset or a resource reference, which the offline engine does not keep")
    if "plaintext" not in value:
        raise StateError("a secret in the state is encrypted: export it with `pulumi stack export --show-secrets`")
    return Secret(decode(json.loads(value["plaintext"])))
