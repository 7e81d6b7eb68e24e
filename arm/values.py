"""Values as the program gives them: plain values, what is not known yet, and what is secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SECRET_MARKER = "[secret]"
UNKNOWN_MARKER = "[unknown]"


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


def substitute(value: Any, secret: Callable[[Any], Any], unknown: Any = UNKNOWN) -> Any:
    """Return the value with what `secret` makes of the contents of each secret, and with `unknown` for unknowns."""
    if isinstance(value, Secret):
        return secret(value.value)
    if value is UNKNOWN:
        return unknown
    if isinstance(value, Mapping):
        return {key: substitute(item, secret, unknown) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(item, secret, unknown) for item in value]
    return value


def reveal(value: Any) -> Any:
    """Return the value without its secret marks."""
    return substitute(value, reveal)


def redact(value: Any) -> Any:
    """Return the value as JSON may show it: with markers in place of secrets and unknowns."""
    return substitute(value, lambda _: SECRET_MARKER, UNKNOWN_MARKER)


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
