"""Property values as the Pulumi engine sees them: plain values, unknowns and secrets, to and from protobuf.

The wire format is the engine's (pulumi/pulumi, sdk/proto/go/common/resource/plugin/rpc.go): an unknown is a string
with a well-known UUID, a secret an object with a well-known signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

SECRET_MARKER = "[secret]"
UNKNOWN_MARKER = "[unknown]"

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
"""How the engine marks a secret (pulumi/pulumi, sdk/go/common/resource/sig)."""


class Unknown:
    """A value that is known only after the resource exists."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        cls._instance = cls._instance or super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "<unknown>"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self

    def __copy__(self) -> Unknown:
        return self


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the program marked secret."""

    value: Any

    def __repr__(self) -> str:
        return SECRET_MARKER


def from_struct(message: struct_pb2.Struct) -> dict[str, Any]:
    """Plain values of a protobuf Struct, with `Secret` and `UNKNOWN` where the program put them."""
    return {key: _from_value(value) for key, value in message.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET_SIGNATURE:
            return Secret(_from_value(fields["value"]))
        return {key: _from_value(item) for key, item in fields.items()}
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_ON_WIRE else value.string_value
    return value.bool_value if kind == "bool_value" else None


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inverse of `from_struct`."""
    message = struct_pb2.Struct()
    for key, value in values.items():
        message.fields[key].CopyFrom(_to_value(value))
    return message


def _to_value(value: Any) -> struct_pb2.Value:
    if isinstance(value, Secret):
        return _to_value({SIGNATURE: SECRET_SIGNATURE, "value": value.value})
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_ON_WIRE)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_value(item) for item in value]))


def reveal(value: Any) -> Any:
    """The value without its secret marks."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(item) for item in value]
    return value


def redact(value: Any) -> Any:
    """The value as JSON may show it: markers in the place of secrets and unknowns."""
    if isinstance(value, Secret):
        return SECRET_MARKER
    if value is UNKNOWN:
        return UNKNOWN_MARKER
    if isinstance(value, Mapping):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def secret_paths(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the secrets inside, e.g. `properties.value` or `items[0].key`."""
    if isinstance(value, Secret):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secret_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from secret_paths(item, f"{path}[{index}]")


def leaves(value: Any, path: str = "", secret: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every scalar inside: dotted path, value, and whether a secret mark covers it."""
    if isinstance(value, Secret):
        yield from leaves(value.value, path, True)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key, secret)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]", secret)
    else:
        yield path, value, secret


def is_unknown(value: Any) -> bool:
    """Whether any part of the value is unknown."""
    return any(item is UNKNOWN for _, item, _ in leaves(value))
