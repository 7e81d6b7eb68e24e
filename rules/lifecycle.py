"""Options that matter after the first deployment: protection, Run Commands, component trees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE, FAILURE_FLAGS
from arm.types import BY_ARM_TYPE
from arm.types.iotoperations import BROKER
from arm.types.keyvault import SECRET
from arm.types.resources import RESOURCE_GROUP
from graph.graph import Resource
from graph.inputs import list_at, text_at
from graph.local_commands import LOCAL_COMMAND
from graph.random_values import RANDOM_UUID
from graph.tls_values import SELF_SIGNED
from graph.urns import STACK_TYPE, type_of
from rules.lookup import Hits, View

_PROTECTED = [*(row for row in BY_ARM_TYPE.values() if row.holds_data), RESOURCE_GROUP, BROKER]
_MAX_COMMANDS = 25
_MAX_SCRIPT_BYTES = 256 * 1024
_MAX_PARAMETER_BYTES = 100 * 1024


def protection(view: View) -> Hits:
    """Where the settings protect, what holds data or keys refuses to be deleted; a vault secret always stays."""
    expected = view.settings.protection.protect
    protected = {resource.urn for resource in (*view.all(*_PROTECTED), *_authorities(view))} if expected else set()
    for resource in view.resources:
        if resource.urn in protected and not resource.options.protect:
            yield resource.name, "protect: expected true (protection.protect), as data or every link would go with it"
        if resource.options.protect and resource.urn not in protected:
            yield resource.name, "protect: expected false, as the settings do not protect it: `destroy` would fail"
    secrets = {secret.urn for secret in view.all(SECRET)}
    for resource in view.resources:
        if resource.urn in secrets and not resource.options.retain_on_delete:
            message = "retain_on_delete: expected true, as ARM refuses to delete a vault secret"
            yield resource.name, message
        if resource.urn not in secrets and resource.options.retain_on_delete:
            yield resource.name, "retain_on_delete: expected false, as `destroy` would leave it in Azure"


def _authorities(view: View) -> list[Resource]:
    """Return roots and their keys, of which the state holds the only copy."""
    roots = list(view.graph.of_type(SELF_SIGNED))
    keys = {urn for root in roots for urn in root.property_dependencies.get("privateKeyPem", ())}
    return [*roots, *(view.graph.resources[urn] for urn in sorted(keys))]


def run_commands(view: View) -> Hits:
    """Require that a Run Command is bounded, keeps to Azure's limits and fails the deployment if its script fails."""
    per_node = Counter(view.path(command).rsplit("/", 2)[0] for command in view.all(*BY_SCRIPT_TYPE))
    for command in view.scripts():
        inputs = view.inputs(command)
        yield from _failure_counts(view, command)
        if not inputs.get("timeoutInSeconds"):
            yield command.name, "timeoutInSeconds: missing; give the longest that the script may take"
        if not text_at(inputs, "source.script"):
            yield command.name, "source.script: empty; nothing would run"
        if len(text_at(inputs, "source.script").encode()) > _MAX_SCRIPT_BYTES:
            yield command.name, f"source.script: larger than the {_MAX_SCRIPT_BYTES} bytes that Run Command takes"
        given = [*list_at(inputs, "parameters"), *list_at(inputs, "protectedParameters")]
        for problem in _parameters(text_at(inputs, "source.script"), given):
            yield command.name, problem
        node = view.path(command).rsplit("/", 2)[0]
        if per_node[node] > _MAX_COMMANDS:
            message = f"{per_node[node]} Run Commands on {node.rsplit('/', 1)[1]}; Azure takes {_MAX_COMMANDS}"
            yield command.name, message
            per_node[node] = 0  # once for each node


def _failure_counts(view: View, command: Resource) -> Hits:
    """Require the flag; where Azure has none, that something is made of how a script ended, and all wait for that."""
    if command.type == LOCAL_COMMAND:
        yield from _runs_as_meant(command)
        return
    if flag := FAILURE_FLAGS[command.arm_type]:
        if view.inputs(command).get(flag) is not True:
            yield command.name, f"{flag}: expected true, else a failed script counts as success"
        return
    made = view.graph.of_type(RANDOM_UUID)
    reads = {one.urn for one in made if command.urn in one.property_dependencies.get("keepers", ())}
    if not reads:
        yield command.name, "nothing reads how it ended, so a failed script counts as success; Azure has no flag here"
    for other in view.resources if reads else ():
        if command.urn in other.dependencies and other.urn not in reads:
            yield other.name, f"waits for {command.name} and not for how it ended, so it goes on when that has failed"


def _runs_as_meant(command: Resource) -> Hits:
    """Require of a command on the machine that deploys that an update runs it again, and a delete nothing."""
    if surplus := sorted({"update", "delete", "triggers"} & {name for name, value in command.inputs.items() if value}):
        yield command.name, f"{', '.join(surplus)}: expected none: `create` runs at each change, and nothing at the end"
    if command.inputs.get("interpreter") != ["bash", "-c"]:
        yield command.name, f"interpreter: {command.inputs.get('interpreter')}; expected ['bash', '-c']"


_CHOICE = re.compile(
    r'^if \[\[ -n "\$\{(\w+):-\}" \]\]; then\n  need (.+)\n(?: .*\n)*else\n  need (.+)\n', re.MULTILINE
)


def _needed(script: str, given: set[str]) -> set[str]:
    """Find what the node scripts ask for with `need NAME...`, always or by whether a parameter is given."""
    joined = script.replace("\\\n", " ")
    lines = re.findall(r"^need ((?:[A-Z0-9_]+\s*)+)$", joined, re.MULTILINE)
    lines += [found[2] if found[1] in given else found[3] for found in _CHOICE.finditer(joined)]
    return {name for line in lines for name in line.split()}


def _parameters(script: str, parameters: list[Any]) -> Iterator[str]:
    names = {text_at(one, "name") for one in parameters}
    missing = _needed(script, names) - names
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
        types = [type_of(alias) for alias in resource.options.aliases]
        found = [one for one in types if one.startswith("azure-native") and one != resource.type]
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
