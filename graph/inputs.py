"""Read what a graph holds: inputs by dotted path, parameters, ids. What is not there reads as nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from arm.ids import at as at
from graph.graph import Resource


def text_at(value: Any, path: str) -> str:
    """Return the text at a dotted path, else an empty one."""
    found = at(value, path)
    return found if isinstance(found, str) else ""


def map_at(value: Any, path: str) -> Mapping[str, Any]:
    """Return the map at a dotted path, else an empty one."""
    found = at(value, path)
    return found if isinstance(found, Mapping) else {}


def texts_at(value: Any, path: str) -> list[str]:
    """Return the texts of the list at a dotted path."""
    return [item for item in list_at(value, path) if isinstance(item, str)]


def list_at(value: Any, path: str) -> list[Any]:
    """Return the list at a dotted path, else an empty one."""
    found = at(value, path)
    return found if isinstance(found, list) else []


def parameters(command: Any) -> dict[str, str]:
    """Return the parameters of a Run Command's inputs, or of a command's on the machine that deploys: name -> value."""
    if isinstance(command, Mapping) and "environment" in command:
        return dict(map_at(command, "environment"))
    return {text_at(one, "name"): text_at(one, "value") for one in list_at(command, "parameters")}


def protected_parameters(command: Any) -> dict[str, str]:
    """Return those of a Run Command that Azure shows to nobody: name -> value."""
    return {text_at(one, "name"): text_at(one, "value") for one in list_at(command, "protectedParameters")}


def decode_parameter(parameter: str) -> list[Any]:
    """Decode a Run Command parameter: a JSON list in base64. What is something else reads as an empty list."""
    try:
        value = json.loads(base64.b64decode(parameter, validate=True))
    except ValueError:  # binascii's too
        return []
    return value if isinstance(value, list) else []


def shorten(arm_id: str) -> str:
    """Return an ARM id without its subscription."""
    return re.sub(r"^/subscriptions/[^/]+", "", arm_id)


def join_names(resources: Sequence[Resource]) -> str:
    """Return logical names as a message shows them."""
    return ", ".join(resource.name for resource in resources) or "none"


def x509_settings(authentication: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the settings of each X509 method among the inputs of a BrokerAuthentication."""
    methods = list_at(authentication, "properties.authenticationMethods")
    return [map_at(method, "x509Settings") for method in methods if text_at(method, "method") == "X509"]
