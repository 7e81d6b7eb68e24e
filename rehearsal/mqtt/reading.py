"""Deployed bodies, read so that nothing is passed over: a key or value that nobody maps is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph import pem
from rehearsal.cluster.model import ConfigMap


class UnmappedError(Exception):
    """The deployed configuration says something that the message proof does not carry over."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class Body:
    """A JSON object of exactly these keys; the optional ones may be missing."""

    def __init__(self, where: str, value: object, keys: Sequence[str], optional: Sequence[str] = ()) -> None:
        self.where = where
        if not isinstance(value, Mapping):
            raise UnmappedError(where, f"{value!r} is no object")
        unknown = sorted(str(key) for key in value if key not in (*keys, *optional))
        missing = sorted(key for key in keys if key not in value)
        if unknown:
            raise UnmappedError(where, f"{', '.join(unknown)} is not mapped")
        if missing:
            raise UnmappedError(where, f"{', '.join(missing)} is missing")
        self._value: Mapping[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def text(self, key: str) -> str:
        value = self._value[key]
        if not isinstance(value, str) or not value:
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is no text")
        return value

    def number(self, key: str, low: int, high: int) -> int:
        value = self._value[key]
        # pulumi hands numbers over as 28883.0.
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is no whole number")
        if not low <= value <= high:
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is not in {low} ... {high}")
        return int(value)

    def one_of(self, key: str, *mapped: str) -> str:
        value = self._value[key]
        if value not in mapped:
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is not mapped; only {', '.join(mapped)}")
        return str(value)

    def exactly(self, key: str, expected: object) -> None:
        if self._value[key] != expected:
            raise UnmappedError(f"{self.where}.{key}", f"{self._value[key]!r} is not mapped; only {expected!r}")

    def child(self, key: str, keys: Sequence[str], optional: Sequence[str] = ()) -> Body:
        return Body(f"{self.where}.{key}", self._value[key], keys, optional)

    def children(self, key: str, keys: Sequence[str], optional: Sequence[str] = ()) -> list[Body]:
        items = enumerate(self._list(key))
        return [Body(f"{self.where}.{key}[{index}]", item, keys, optional) for index, item in items]

    def named(self, key: str, keys: Sequence[str]) -> list[Body]:
        """The values of a map from free names to objects of these keys."""
        value = self._value[key]
        if not isinstance(value, Mapping):
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is no object")
        return [Body(f"{self.where}.{key}.{name}", item, keys) for name, item in value.items()]

    def texts(self, key: str) -> list[str]:
        return [self._text_at(key, index, item) for index, item in enumerate(self._filled(key))]

    def text_map(self, key: str) -> dict[str, str]:
        """A map from free names to texts, at least one."""
        return self._text_map(f"{self.where}.{key}", self._value[key])

    def text_maps(self, key: str) -> list[dict[str, str]]:
        return [self._text_map(f"{self.where}.{key}[{i}]", item) for i, item in enumerate(self._filled(key))]

    def _list(self, key: str) -> Sequence[Any]:
        value = self._value[key]
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise UnmappedError(f"{self.where}.{key}", f"{value!r} is no list")
        return value

    def _filled(self, key: str) -> Sequence[Any]:
        items = self._list(key)
        if not items:
            raise UnmappedError(f"{self.where}.{key}", "an empty list is not mapped")
        return items

    def _text_at(self, key: str, index: int, item: object) -> str:
        if not isinstance(item, str) or not item:
            raise UnmappedError(f"{self.where}.{key}[{index}]", f"{item!r} is no text")
        return item

    @staticmethod
    def _text_map(where: str, value: object) -> dict[str, str]:
        if not isinstance(value, Mapping) or not value:
            raise UnmappedError(where, f"{value!r} is no object with at least one text")
        if not all(isinstance(item, str) and item for item in value.values()):
            raise UnmappedError(where, f"{dict(value)!r}: not every value is a text")
        return {str(name): item for name, item in value.items()}


def trusted(config_maps: Mapping[str, ConfigMap], name: str) -> str:
    """Every certificate in every key of a ConfigMap, as PEM: AIO trusts them all (field-review §1.17).

    Raises:
        UnmappedError: the ConfigMap is missing, or holds something else too.
    """
    where = f"ConfigMap {name}"
    if name not in config_maps:
        raise UnmappedError(where, "is missing")
    texts = config_maps[name].data
    for key, text in texts.items():
        if not pem.certificates(text):
            raise UnmappedError(where, f"{key} holds no certificate")
    if not texts:
        raise UnmappedError(where, "is empty")
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts.values())
