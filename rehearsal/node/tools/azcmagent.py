"""azcmagent, Arc's agent of a machine: show, connect, and config set proxy.url.

learn.microsoft.com/azure/azure-arc/servers/azcmagent-connect, -show, -config; a table of pflag, as of spf13/cobra.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rehearsal.azure.errors import ArmError
from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import PFLAG, Line, Table, read_line
from rehearsal.node.tools.outbound import gets_out
from rehearsal.node.tools.refusal import RefusalError, answering, missing

PACKAGE = "azcmagent"
_PLACE = ("subscription-id", "resource-group", "resource-name", "location", "tenant-id")
_TABLE = Table("azcmagent", PFLAG).with_flags(
    "--config VALUE", "--json -j", *(f"--{name} VALUE" for name in _PLACE), "--access-token VALUE", "--verbose -v",
    "--service-principal-id -i VALUE ~", "--service-principal-secret -p VALUE ~", "--tags VALUE ~", "--cloud VALUE ~",
    "--ignore-network-check ~", "--use-device-code ~", "--force-local-only ~",
)  # fmt: skip


@answering
def azcmagent(call: ToolCall, machine: Machine) -> str:
    """Answer `azcmagent`, once its package is installed."""
    if PACKAGE not in machine.facts.get("packages", {}):
        raise missing(PACKAGE)
    line = read_line(_TABLE, call.arguments)
    match line.words:
        case ["show"]:
            return _show(machine, as_json=line.has("--json"))
        case ["config", "set", "proxy.url", url]:
            machine.facts.setdefault(PACKAGE, {})["proxy"] = url
            return ""
        case ["connect"]:
            return _connect(line, machine)
    raise RefusalError(1, f"azcmagent: the model does not answer {' '.join(line.words)}", is_unknown=True)


def _show(machine: Machine, *, as_json: bool) -> str:
    if not as_json:
        raise ValueError("azcmagent show: the model answers --json only; extend azcmagent.py")
    place: Mapping[str, str] = machine.facts.get(PACKAGE, {}).get("place", {})
    keys = {"subscription-id": "subscriptionId", "resource-group": "resourceGroup", "resource-name": "resourceName"}
    status = "Connected" if place else "Disconnected"
    return json.dumps({"status": status, **{key: place.get(flag, "") for flag, key in keys.items()}}) + "\n"


def _connect(line: Line, machine: Machine) -> str:
    given = _read_options(line, machine)
    facts = machine.facts.setdefault(PACKAGE, {})
    if facts.get("place"):
        raise RefusalError(23, "FATAL AZCM0023: the machine is already connected to Azure; disconnect it first")
    if lacking := [name for name in (*_PLACE, "access-token") if not given.get(name)]:
        raise RefusalError(21, f"FATAL AZCM0021: required flag(s) {', '.join(lacking)} not set")
    if not gets_out(machine, "https://management.azure.com/", facts.get("proxy", "")):
        raise RefusalError(42, "FATAL AZCM0041: required endpoints cannot be reached")
    place = {name: given[name] for name in _PLACE}
    group = f"/subscriptions/{place['subscription-id']}/resourceGroups/{place['resource-group']}"
    arm_id = f"{group}/providers/Microsoft.HybridCompute/machines/{place['resource-name']}"
    try:
        machine.azure.enable_machine(arm_id, place["location"])
    except ArmError as error:
        raise RefusalError(44, f"FATAL AZCM0044: {error}") from error
    facts["place"] = place
    return "INFO    Connected machine to Azure\n"


def _read_options(line: Line, machine: Machine) -> dict[str, Any]:
    """Return the flags, and those of the file that `--config` names: the command line's come first."""
    named = {name: line.last(f"--{name}") for name in (*_PLACE, "access-token") if line.last(f"--{name}")}
    if not (file := line.last("--config")):
        return named
    config = machine.path(file)
    if config.mode & 0o077:
        raise ValueError(f"azcmagent: a token is in {file}, which others may read (mode {config.mode:o})")
    return {**json.loads(config.read_text()), **named}
