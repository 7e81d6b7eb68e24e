"""Options that the engine acts on when something changes: they show in the second deployment, not in the first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from arm.hosting import BY_SCRIPT_TYPE
from arm.types import ResourceType
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE
from arm.types.keyvault import SECRET, VAULT
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.network import PUBLIC_IP_ADDRESS, SUBNET, VIRTUAL_NETWORK, VIRTUAL_NETWORK_PEERING
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS
from graph.durations import EXAMPLE, parse_duration
from graph.graph import Resource
from graph.inputs import at, map_at, text_at
from graph.local_commands import LOCAL_COMMAND, REMOTE_COMMAND
from graph.schedule import estimate_of
from rules.gates import read_wait_seconds
from rules.hosting import azure_vm
from rules.lookup import Hits, View

_PROVIDER_SECONDS = 120 * 60
"""How long azure-native waits by itself (pulumi/pulumi-azure-native, provider/pkg/provider)."""
_LEAST_SECONDS = 10 * 60
"""What anything gets that has a time-out of its own."""
_MOST_SECONDS = 4 * 60 * 60
"""More than any step takes, AIO's two and a half hours included: who hangs is to be told of the same day."""

IGNORED: Mapping[ResourceType, Sequence[str]] = {
    **azure_vm.IGNORED,
    # Children that are resources of their own, and what Azure changes by itself.
    VIRTUAL_NETWORK: ("subnets", "virtualNetworkPeerings"),
    SUBNET: ("routeTable",),
    VIRTUAL_NETWORK_PEERING: ("peeringState", "peeringSyncLevel"),
    PUBLIC_IP_ADDRESS: ("ipTags",),
    DEVICE_REGISTRY_NAMESPACE: ("messaging",),
}
"""Inputs whose change is not ours; a change of any other input is to be deployed."""


def ignored_changes(view: View) -> Hits:
    """Require that exactly what Azure and others change is ignored: more, and settings would never arrive again."""
    types = {type_.arm_type: list(names) for type_, names in IGNORED.items()}
    for resource in filter(lambda one: one.custom and one.has_row, view.resources):
        if resource.type == REMOTE_COMMAND:  # SSH-01
            continue
        given, expected = list(resource.options.ignore_changes), types.get(resource.arm_type, [])
        if resource.arm_type == SECRET_PROVIDER_CLASS.arm_type and "objects" not in view.inputs(resource):
            expected = ["objects"]  # the portal's, where the stack says nothing of them
        if sorted(given) != sorted(expected):
            yield resource.name, f"ignore_changes: {given or 'none'}; expected {expected or 'none'}"
        own = ["triggers[*]"] if resource.type == LOCAL_COMMAND else []  # the SDK's
        if more := [one for one in resource.options.replace_on_changes if one not in own]:
            yield resource.name, f"replace_on_changes: {more}; expected none: Azure says what it cannot change"


def replacement(view: View) -> Hits:
    """Require that a replaced resource is deleted first, and that scripts and peerings follow what they are for."""
    for resource in view.arm:
        if resource.options.delete_before_replace is not True:
            message = "delete_before_replace: expected true, as Azure refuses a second resource of the same name"
            yield resource.name, message
    for script in view.all(*BY_SCRIPT_TYPE):
        node = view.machine(script)
        options = script.options
        if node and (options.deleted_with != node.urn or node.urn not in options.replace_with):
            message = f"deleted_with, replace_with: expected {node.name} in both, whose successor needs every script"
            yield script.name, message
        elif node and set(options.replace_with) != {node.urn}:
            message = f"replace_with: expected {node.name} alone: made anew under its name, a script"
            yield script.name, f"{message} may never run"
    for peering in view.all(VIRTUAL_NETWORK_PEERING):
        networks = [view.by_path[end] for end in view.ends(peering) if end in view.by_path]
        missing = [one.name for one in networks if one.urn not in peering.options.replace_with]
        if missing:
            message = f"replace_with: lacks {', '.join(missing)}; a peering with a successor stays Disconnected"
            yield peering.name, message
    yield from _deleted_with(view)


def _deleted_with(view: View) -> Hits:
    """Vault secrets go with their vault, scripts with their machine, peerings with networks, nothing else by option."""
    vaults = {text_at(view.inputs(vault), "vaultName"): vault for vault in view.all(VAULT)}
    for secret in view.all(SECRET):
        vault = vaults.get(text_at(view.inputs(secret), "vaultName"))
        if vault and secret.options.deleted_with != vault.urn:
            yield secret.name, f"deleted_with: expected {vault.name}, with which it is gone already"
    with_owner = {one.urn for one in (*view.all(SECRET), *view.all(*BY_SCRIPT_TYPE))}
    for resource in view.arm:
        if resource.options.deleted_with and resource.urn not in with_owner:
            yield resource.name, "deleted_with: expected none, as Azure deletes it with nothing else"
        peering = resource.arm_type == VIRTUAL_NETWORK_PEERING.arm_type
        if resource.options.replace_with and resource.urn not in with_owner and not peering:
            yield resource.name, "replace_with: expected none: what it lives on is part of its path, by an output"


def timeouts(view: View) -> Hits:
    """Require that whoever waits waits longer than what it waits for: engine, Run Command or agent, script."""
    for command in view.scripts():
        seconds = at(view.inputs(command), "timeoutInSeconds")
        bound = _bound_of_script(view, command)
        if isinstance(seconds, int):
            yield from _waits(command, seconds, "the Run Command's timeoutInSeconds")
            if bound >= seconds:
                message = (
                    f"timeoutInSeconds: {seconds} ends before the script's own bound of {bound} s, and would leave its"
                    " children running. Give it longer"
                )
                yield command.name, message
    yield from _no_durations(view)
    yield from _too_short(view)
    yield from _too_long(view)
    for extension in view.all(EXTENSION):
        minutes = text_at(map_at(view.inputs(extension), "configurationSettings"), "AgentOperationTimeoutInMinutes")
        if minutes.isdigit():
            yield from _waits(extension, int(minutes) * 60, "the agent's AgentOperationTimeoutInMinutes")


def _no_durations(view: View) -> Hits:
    for resource in view.resources:
        for operation, given in resource.options.custom_timeouts.items():
            if parse_duration(given) is None:
                yield resource.name, f"custom_timeouts.{operation}: {given!r} is no duration; expected, e.g., {EXAMPLE}"


def _too_short(view: View) -> Hits:
    """Yield where the engine gives up before Azure, by the type's estimate and as much again, can be done."""
    for resource in view.arm:
        for operation, given in resource.options.custom_timeouts.items():
            seconds, least = parse_duration(given), 2 * estimate_of(resource).seconds
            if seconds is not None and seconds < max(least, _LEAST_SECONDS):
                message = f"custom_timeouts.{operation}: {given}; expected at least {max(least, _LEAST_SECONDS)}s,"
                yield resource.name, f"{message} as Azure takes about {estimate_of(resource).seconds} s. Give it longer"


def _too_long(view: View) -> Hits:
    for resource in view.resources:
        for operation, given in resource.options.custom_timeouts.items():
            if (parse_duration(given) or 0) > _MOST_SECONDS:
                message = f"custom_timeouts.{operation}: {given}; expected at most {_MOST_SECONDS}s. Is the unit right?"
                yield resource.name, message


def _waits(resource: Resource, seconds: int, what: str) -> Hits:
    """Require that the engine's timeouts for create and update end later than this."""
    for operation in ("create", "update"):
        given = resource.options.custom_timeouts.get(operation, "")
        engine = parse_duration(given) or _PROVIDER_SECONDS
        if engine <= seconds:
            message = (
                f"custom_timeouts.{operation}: {given or 'none, so 7200s'} ends before {what} of {seconds} s. Give it"
                " longer"
            )
            yield resource.name, message


def _bound_of_script(view: View, command: Resource) -> int:
    """Return the longest that the script may take, in seconds."""
    bound, with_wait = _read_bound(text_at(view.inputs(command), "source.script"))
    return bound + (read_wait_seconds(view, command) if with_wait else 0)


@cache
def _read_bound(script: str) -> tuple[int, bool]:
    """Return what the script says of itself, never less than its single bounds; and whether WAIT_SECONDS is beside."""
    said = re.search(r"^# Bound: (WAIT_SECONDS and )?about (\d+) minutes", script, re.MULTILINE)
    single = sum(int(one) for one in re.findall(r"^[^#\n]*?\b(?:timeout|wait_for) (\d+) ", script, re.MULTILINE))
    return max(int(said[2]) * 60 if said else 0, 0 if said and said[1] else single), bool(said and said[1])
