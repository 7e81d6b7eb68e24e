"""Read deployed bodies, and refuse what the message proof does not carry over, so that nothing is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonschema import Draft202012Validator

from graph import pem
from rehearsal.cluster.model import ConfigMap

Item = TypeVar("Item")


@dataclass(frozen=True)
class Credentials:
    """What a client presents to the broker, or the broker to clients."""

    chain_pem: str = field(repr=False)
    key_pem: str = field(repr=False)


class UnmappedError(Exception):
    """The deployed configuration says something that the message proof does not carry over."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


def read_body(kind: str, name: str, deployed: Mapping[str, Any]) -> Any:
    """Return the body that is deployed under the name; its form is that of the kind in bodies.yaml.

    Raises:
        UnmappedError: it is missing, or something in it is not mapped.
    """
    body = find(kind, name, deployed)
    for error in _validator(kind).iter_errors(body):
        raise UnmappedError(f"{kind} {name}{error.json_path.removeprefix('$')}", error.message)
    return body


def find(kind: str, name: str, deployed: Mapping[str, Item]) -> Item:
    """Return what is deployed under the name.

    Raises:
        UnmappedError: it is missing.
    """
    if name not in deployed:
        raise UnmappedError(f"{kind} {name}", "is missing")
    return deployed[name]


def read_trust(config_maps: Mapping[str, ConfigMap], name: str) -> str:
    """Return every certificate in every key of a ConfigMap, as PEM, because AIO trusts them all.

    learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication

    Raises:
        UnmappedError: the ConfigMap is missing, or holds something else too.
    """
    texts = find("ConfigMap", name, config_maps).data
    for key, text in texts.items():
        if not pem.certificates(text):
            raise UnmappedError(f"ConfigMap {name}", f"{key} holds no certificate")
    if not texts:
        raise UnmappedError(f"ConfigMap {name}", "is empty")
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts.values())


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator({**_schema(), "$ref": f"#/$defs/{kind}"})


@cache
def _schema() -> Any:
    return _close(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))


def _close(schema: Any) -> Any:
    """Return the schema with objects that have no further properties, and all of theirs, unless it says otherwise."""
    if isinstance(schema, list):
        return [_close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close(item) for key, item in schema.items()}
    if isinstance(properties := closed.get("properties"), dict):
        return {"additionalProperties": False, "required": list(properties), **closed}
    return closed
