"""Options that matter after the first deployment: protection, Run Commands, component trees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE, FAILURE_FLAGS
from arm.types import BY_ARM_TYPE
from arm.types.keyvault import SECRET
from graph.inputs import at, list_at, text_at
from graph.urns import STACK_TYPE
from rules.lookup import Hits, View

_PROTECTED = [row for row in BY_ARM_TYPE.values() if row.holds_data]
_MAX_COMMANDS = 25
_MAX_SCRIPT_BYTES = 256 * 1024
_MAX_PARAMETER_BYTES = 100 * 1024


def protection(view: View) -> Hits:
    """Where the profile protects, vault, storage, VNet and node refuse to be deleted; a vault secret always stays."""
    for resource in view.all(*_PROTECTED) if view.settings.protection.protect else ():
        if not resource.options.protect:
            profile = view.settings.profile
            yield resource.name, f"protect: expected true in profile {profile}, as data or every link would go with it"
    for secret in view.all(SECRET):
        if not secret.options.retain_on_delete:
            message = "retain_on_delete: expected true, as ARM refuses to delete a vault secret"
            yield secret.name, message


def run_commands(view: View) -> Hits:
    """Require that a Run Command is bounded, keeps to Azure's limits and fails the deployment if its script fails."""
    per_node = Counter(view.path(command).rsplit("/", 2)[0] for command in view.all(*BY_SCRIPT_TYPE))
    for command in view.all(*BY_SCRIPT_TYPE):
        inputs = view.inputs(command)
        flag = FAILURE_FLAGS[command.arm_type]
        if flag and inputs.get(flag) is not True:
            yield command.name, f"{flag}: expected true, else a failed script counts as success"
        if not inputs.get("timeoutInSeconds"):
            yield command.name, "timeoutInSeconds: missing; give the longest that the script may take"
        if not text_at(inputs, "source.script"):
            yield command.name, "source.script: empty; nothing would run"
        if len(text_at(inputs, "source.script").encode()) > _MAX_SCRIPT_BYTES:
            yield command.name, f"source.script: larger than the {_MAX_SCRIPT_BYTES} bytes that Run Command takes"
        for problem in _parameters(text_at(inputs, "source.script"), list_at(inputs, "parameters")):
            yield command.name, problem
        node = view.path(command).rsplit("/", 2)[0]
        if per_node[node] > _MAX_COMMANDS:
            message = f"{per_node[node]} Run Commands on {node.rsplit('/', 1)[1]}; Azure takes {_MAX_COMMANDS}"
            yield command.name, message
            per_node[node] = 0  # once for each node


def _needed(script: str) -> set[str]:
    """Find what the node scripts ask for with `need NAME...`."""
    joined = script.replace("\\\n", " ")
    return {name for line in re.findall(r"^need ((?:[A-Z0-9_]+\s*)+)$", joined, re.MULTILINE) for name in line.split()}


def _parameters(script: str, parameters: list[Any]) -> Iterator[str]:
    missing = _needed(script) - {text_at(one, "name") for one in parameters}
    if missing:
        yield f"parameters: the script needs {', '.join(sorted(missing))} as well. Give it"
    for index, one in enumerate(parameters):
        name, size = text_at(one, "name"), len(text_at(one, "value"))
        if not name:
            yield f"parameters[{index}]: has no name, so it would be seen on the command line. Name it"
        elif not size:
            yield f"parameters[{index}] ({name}): empty, and Run Command does not pass empty ones on"
        elif size > _MAX_PARAMETER_BYTES:
            yield f"parameters[{index}] ({name}): {size} bytes; at most {_MAX_PARAMETER_BYTES} arrive"


def no_built_in_aliases(view: View) -> Hits:
    """No registration carries azure-native's own aliases: each costs time, and ours never had another type."""
    for resource in view.resources:
        found = [alias for alias in resource.options.aliases if alias.startswith("azure-native")]
        if found:
            yield resource.name, f"aliases: {len(found)} of azure-native's own, e.g. {found[0]}; clear them (azure.py)"


def component_tree(view: View) -> Hits:
    """Every resource is a component's child, and every component says once that it is complete."""
    calls = Counter(view.graph.register_outputs_calls)
    for resource in view.resources:
        if resource.type == STACK_TYPE:
            continue
        parent = view.graph.resources.get(resource.parent)
        is_provider = resource.type.startswith("pulumi:providers:")
        if resource.custom and not is_provider and (parent is None or parent.custom or parent.type == STACK_TYPE):
            given = parent.name if parent else "nothing"
            yield resource.name, f"parent: {given}; expected the component that makes it (opts parent=self)"
        if not resource.custom and calls[resource.urn] != 1:
            message = f"register_outputs was called {calls[resource.urn]} times; expected once, at the end of __init__"
            yield resource.name, message


def timeouts(view: View) -> Hits:
    """Require that what takes longer than azure-native waits by itself has a timeout of its own."""
    for command in view.all(*BY_SCRIPT_TYPE):
        seconds = at(view.inputs(command), "timeoutInSeconds")
        create = command.options.custom_timeouts.get("create", "")
        if create.endswith("s") and create[:-1].isdigit() and isinstance(seconds, int) and int(create[:-1]) <= seconds:
            yield command.name, f"custom_timeouts.create: {create} ends before the script's {seconds} s. Give it longer"
