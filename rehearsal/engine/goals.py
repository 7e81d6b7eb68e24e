"""From a registration on the wire to what the program wants (pulumi/pulumi, pkg/resource/deploy/source_eval.go)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from graph.durations import EXAMPLE, parse_duration
from graph.property_values import from_struct
from rehearsal.engine.planner import Goal
from rehearsal.engine.registry import INTERNAL, PROVIDER_TYPE
from rehearsal.engine.result import UnsupportedError
from rehearsal.engine.state import ResourceState

_INHERITED = ("protect", "retainOnDelete")


@dataclass(frozen=True)
class Package:
    """A package that the program registered: a plugin, and what it is parameterized with."""

    plugin: str
    plugin_version: str
    name: str
    version: str
    value: bytes


def refuse(request: Any) -> None:
    """Refuse by name what the offline engine does not do. Hooks and transforms do not come this far (`NoCallbacks`).

    Raises:
        UnsupportedError: the registration asks for it.
    """
    trigger = request.HasField("replacement_trigger") and request.replacement_trigger.WhichOneof("kind") != "null_value"
    requested = {
        "aliases": request.aliases or request.aliasURNs,
        "import of existing resources": request.importId,
        "remote components": request.remote,
        "replacement triggers": trigger,
        "environment variables of providers": request.envVarMappings,
    }
    for what, value in requested.items():
        if value:
            raise UnsupportedError(what, f"{request.type} {request.name!r}")


def inherit(request: Any, parent: Any) -> None:
    """Fill in what the engine takes over from the parent where the program says nothing (`inheritFromParent`)."""
    request.deletedWith = request.deletedWith or parent.deletedWith
    for name in _INHERITED:
        if parent.HasField(name) and not request.HasField(name):
            setattr(request, name, getattr(parent, name))


def read_goal(resource_urn: str, request: Any, provider: str, package: Package | None) -> Goal:
    """Return the registration as a state that is still to be reached; `provider` is the reference to use."""
    given = from_struct(request.object)
    if request.type.startswith(PROVIDER_TYPE):
        given = make_provider_inputs(given, request.version, package)
    new = ResourceState(
        urn=resource_urn,
        type=request.type,
        custom=request.custom,
        parent=request.parent,
        protect=request.protect,
        dependencies=sorted(request.dependencies),
        provider=provider,
        property_dependencies={
            key: sorted(value.urns) for key, value in sorted(request.propertyDependencies.items())
        },
        additional_secret_outputs=list(request.additionalSecretOutputs),
        custom_timeouts=_timeouts(request.customTimeouts),
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        replace_with=list(request.replace_with),
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
    )  # fmt: skip
    return Goal(new, given, request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None)


def make_provider_inputs(given: dict[str, Any], version: str, package: Package | None) -> dict[str, Any]:
    """Return the configuration of a provider, with what the engine notes about its plugin."""
    internal: dict[str, Any] = {}
    if package is not None:
        version = package.version
        internal = {
            "name": package.plugin,
            "version": package.plugin_version,
            "parameterization": base64.b64encode(package.value).decode(),
        }
    return {**given, "version": version, INTERNAL: internal} if version else given


def _timeouts(timeouts: Any) -> dict[str, float]:
    given = {name: getattr(timeouts, name) for name in ("create", "update", "delete", "read")}
    return {name: _seconds(text) for name, text in given.items() if text}


def _seconds(duration: str) -> float:
    """E.g. `1h30m`."""
    seconds = parse_duration(duration)
    if seconds is None:
        raise ValueError(f"{duration!r} is no duration; expected, e.g., {EXAMPLE}")
    return seconds
