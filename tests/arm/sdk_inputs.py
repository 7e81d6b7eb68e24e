"""What the pinned SDK's classes say about their inputs and outputs, under wire names."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

SDK = "pulumi_azure_native"


@dataclass(frozen=True)
class Kind:
    """The type of an input: "object" of a class, "list" or "map" of another kind, or "scalar"."""

    name: str
    of: Any = None


def inputs_of(token: str) -> dict[str, Kind]:
    """The inputs of a resource class, e.g. of `azure-native:network:Subnet`."""
    _, module, name = token.split(":")
    package = importlib.import_module(f"{SDK}.{module}")
    arguments = getattr(package, f"{name}InitArgs", None) or getattr(package, f"{name}Args")
    return members(arguments)


def outputs_of(token: str) -> dict[str, Any]:
    """The outputs of a resource class: wire name → type."""
    _, module, name = token.split(":")
    resource = getattr(importlib.import_module(f"{SDK}.{module}"), name)
    return {
        _wire_name(item): item.fget.__annotations__["return"]
        for _, item in inspect.getmembers(resource, lambda item: isinstance(item, property))
        if hasattr(item.fget, "_pulumi_name")
    }


def members(arguments: type) -> dict[str, Kind]:
    """The inputs of an `…Args` class."""
    module = arguments.__module__.split(".")[1]
    properties = [item for item in vars(arguments).values() if isinstance(item, property) and item.fget]
    return {
        _wire_name(item): _kind(item.fget.__annotations__["return"], module) or Kind("scalar") for item in properties
    }


def _wire_name(item: property) -> str:
    return str(vars(item.fget)["_pulumi_name"])


def _kind(annotation: Any, module: str) -> Kind | None:
    """The plain type inside `Input[Optional[…]]`; forward references are names in the module."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        inputs = importlib.import_module(f"{SDK}.{module}")
        names = {**vars(typing), "_builtins": importlib.import_module("builtins"), "pulumi": pulumi, **vars(inputs)}
        return None if annotation.startswith("Output") else _kind(eval(annotation, names), module)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union:
        kinds = [kind for kind in (_kind(argument, module) for argument in arguments) if kind]
        return min(kinds, key=lambda kind: kind.name == "scalar", default=None)
    if origin in (list, Sequence):
        return Kind("list", _kind(arguments[0], module))
    if origin in (dict, Mapping):
        return Kind("map", _kind(arguments[1], module))
    if isinstance(annotation, type) and annotation.__name__.endswith("Args"):
        return Kind("object", annotation)
    return Kind("scalar") if isinstance(annotation, type) and annotation is not type(None) and origin is None else None
