"""The one thing that goes over SSH: to a machine that Azure Arc does not know yet, and to no other."""

from __future__ import annotations

from collections.abc import Mapping

from arm.values import secret_paths
from graph.graph import Resource
from graph.inputs import at, text_at
from graph.local_commands import REMOTE_COMMAND
from rules.facts.node import ARC_AGENT_VERSION
from rules.facts.node_files import PROXY_PARAMETERS
from rules.lookup import Hits, View
from settings.machines import Machine, Ssh
from settings.model import Cluster

_IGNORED = ["connection", "create", "stdin"]
_CONNECTION: Mapping[str, str] = {"host": "host", "port": "port", "user": "user", "hostKey": "host_key"}
"""Input of a connection -> the setting."""
_MOST_DIALS, _MOST_SECONDS = 5, 60


def goes_where_it_is_to(view: View) -> Hits:
    """Require one command for each machine that is not Arc-enabled yet, and none for others."""
    for name, cluster in view.clusters.items():
        found = [one for one in view.graph.of_type(REMOTE_COMMAND) if view.cluster(one) == name]
        machine = cluster.machine
        wanted = 1 if machine and machine.ssh else 0
        if len(found) != wanted:
            yield name, f"cluster {name} of the settings has {len(found)} times {REMOTE_COMMAND}; expected {wanted}"
        for command in found:
            if machine and machine.ssh:
                yield from _goes_there(command, machine.ssh)
                yield from _says(view, command, cluster, machine)
                yield from _is_once(command, machine)
                yield from _comes_first(view, command, name)


def _goes_there(command: Resource, ssh: Ssh) -> Hits:
    inputs = command.plain_inputs
    for key, setting in _CONNECTION.items():
        given, expected = at(inputs, f"connection.{key}"), getattr(ssh, setting)
        if given != expected:
            yield (
                command.name,
                f"connection.{key}: {given!r}; the settings ask for {expected!r} (machine.ssh.{setting})",
            )
    for key, most in (("dialErrorLimit", _MOST_DIALS), ("perDialTimeout", _MOST_SECONDS)):
        given = at(inputs, f"connection.{key}")
        if not isinstance(given, int | float) or not 0 < given <= most:
            yield command.name, f"connection.{key}: {given!r}; expected 1 to {most}, else a dead machine is waited for"
    surplus = set(inputs.get("connection") or {}) - {*_CONNECTION, "dialErrorLimit", "perDialTimeout"}
    if surplus:
        yield command.name, f"connection: {', '.join(sorted(surplus))}; expected none: keys stay with ssh-agent"


def _says(view: View, command: Resource, cluster: Cluster, machine: Machine) -> Hits:
    """Require the parameters of the settings on the command line, and the token in the secret input alone."""
    proxy = cluster.proxy
    own = (proxy.http, proxy.https, ",".join(proxy.no_proxy)) if proxy else ()
    expected = {
        "SUBSCRIPTION_ID": view.settings.tenant.subscription_id,
        "RESOURCE_GROUP": machine.resource_group,
        "MACHINE_NAME": machine.name,
        "LOCATION": cluster.location,
        "TENANT_ID": view.settings.tenant.tenant_id,
        "AGENT_VERSION": ARC_AGENT_VERSION.value,
        **dict(zip(PROXY_PARAMETERS, own, strict=False)),
    }
    given = view.parameters(command)
    for key in sorted({*expected, *given}):
        if given.get(key) != expected.get(key):
            yield command.name, f"parameter {key}: {given.get(key)!r}; expected {expected.get(key)!r}"
    marked = set(secret_paths(command.inputs))
    if "stdin" not in marked:
        yield command.name, "stdin: expected a secret, as it holds a token of whoever deploys"
    if "create" in marked:
        yield command.name, "create: is secret; expected none on a command line, which everyone on the machine reads"
    text = text_at(command.plain_inputs, "stdin")
    if not (text.startswith("{\n") and text.endswith("\n} </dev/null\n")):
        yield command.name, "stdin: expected one group of the shell, of which nothing runs when the connection is lost"
    if "\nexport ACCESS_TOKEN" in text:
        yield command.name, "stdin: exports ACCESS_TOKEN; expected a variable that no child of the shell has"


def _is_once(command: Resource, machine: Machine) -> Hits:
    """Require that another token or text changes nothing, and another machine is enabled anew."""
    inputs, ignored = command.plain_inputs, sorted(command.options.ignore_changes)
    if ignored != _IGNORED:
        yield command.name, f"ignore_changes: {ignored or 'none'}; expected {_IGNORED}: a token is another each time"
    if inputs.get("triggers") != [machine.resource_id]:
        yield command.name, f"triggers: {inputs.get('triggers')}; expected the machine's id: another one needs it anew"
    if surplus := sorted({"update", "delete"} & {name for name, value in inputs.items() if value}):
        yield command.name, f"{', '.join(surplus)}: expected none: the machine stays Arc-enabled, by nobody's old token"


def _comes_first(view: View, command: Resource, cluster: str) -> Hits:
    for script in view.scripts(cluster):
        if not view.waits(script, command):
            yield script.name, f"depends_on: does not wait for {command.name}, without which Azure knows no machine"
