"""Further nodes: each joins the first one's K3s, by a token that nobody reads, before the broker is there."""

from __future__ import annotations

from arm.hosting import JOIN
from arm.types.iotoperations import BROKER
from arm.values import secret_paths
from graph.graph import Resource
from graph.inputs import map_at, protected_parameters, text_at
from rules.lookup import Hits, View
from settings.model import Cluster

_TOKEN = "AGENT_TOKEN"


def join_their_cluster(view: View) -> Hits:
    """Require of each further node that it is told its own cluster's server and token; of others, none of it."""
    tokens: dict[str, str] = {}
    for name, cluster in view.clusters.items():
        scripts = [*view.commands(name, "setup-k3s"), *view.commands(name, JOIN)]
        given = {protected_parameters(view.inputs(one)).get(_TOKEN, "") for one in scripts}
        for script in view.scripts(name):
            yield from _protects(view, script, is_asked_for=bool(cluster.nodes) and script in scripts)
        if len(given) > 1:
            yield name, f"its nodes are given {len(given)} different values of {_TOKEN}; expected one"
        for token in given - {""}:
            if tokens.setdefault(token, name) != name:
                yield name, f"{_TOKEN}: that of {tokens[token]}; expected one of its own, as it lets nodes in"
        for script in view.commands(name, JOIN):
            yield from _joins(view, script, cluster)
        yield from _are_admitted(view, cluster)
        yield from _signs_in(view, name)


def _protects(view: View, script: Resource, *, is_asked_for: bool) -> Hits:
    given = protected_parameters(view.inputs(script))
    if set(given) != ({_TOKEN} if is_asked_for else set()):
        wanted = f"{_TOKEN} alone" if is_asked_for else "none"
        yield script.name, f"protectedParameters: {', '.join(sorted(given)) or 'none'}; expected {wanted}"
    secret = {path.partition("[")[0] for path in secret_paths(script.inputs)}
    if given and "protectedParameters" not in secret:
        yield script.name, "protectedParameters: not marked secret, so state and previews show it. Take a secret output"
    if given.get(_TOKEN) in view.parameters(script).values():
        yield script.name, f"parameters: hold {_TOKEN}, which every reader of the node sees then"


def _joins(view: View, script: Resource, cluster: Cluster) -> Hits:
    parameters, first = view.parameters(script), view.node(cluster.name)
    ids = [text_at(view.outputs(first), "vmId")] if first else []
    ids += [text_at(machine, "vmId") for machine in view.existing_machines.get(cluster.name, [])[:1]]
    own = view.further(script)
    expected = {
        "SERVER_URL": f"https://{cluster.address}:6443",
        "CLUSTER_ID": ids[0] if ids else "",
        "NODE_NAME": own.name if own else "",
    }
    for key, value in expected.items():
        if (given := parameters.get(key)) != value:
            yield script.name, f"parameter {key}: {given!r}; expected {value!r}, by the settings and the first node"
    for setup in view.commands(cluster.name, "setup-k3s"):
        if not view.waits(script, setup):
            yield script.name, f"depends_on: does not wait for {setup.name}, without which there is nothing to join"
    for broker in view.all(BROKER, cluster=cluster.name):
        if not view.waits(broker, script):
            yield broker.name, f"depends_on: does not wait for {script.name}, so all its pods may be on the first node"


def _are_admitted(view: View, cluster: Cluster) -> Hits:
    """Require that the server is told which machine each node is: K3s refuses another one of the same name."""
    machines = {
        one.name: view.outputs(machine) for machine in view.nodes(cluster.name) if (one := view.further(machine))
    }
    there = view.existing_machines.get(cluster.name, [])[1:]
    machines |= {one.name: machine for one, machine in zip(cluster.nodes, there, strict=False)}
    expected = " ".join(f"{one.name}={text_at(machines.get(one.name), 'vmId')}" for one in cluster.nodes)
    for setup in view.commands(cluster.name, "setup-k3s"):
        if (given := view.parameters(setup).get("NODES", "")) != expected:
            yield setup.name, f"parameter NODES: {given!r}; expected {expected!r}, else a replaced node never joins"


def _signs_in(view: View, cluster: str) -> Hits:
    """Require an identity of the first machine alone: only that connects the cluster."""
    where = view.host(cluster).node_identities.partition(".")[0]
    for machine in view.nodes(cluster) if where else ():
        has, wanted = bool(map_at(view.inputs(machine), where)), view.further(machine) is None
        if has and not wanted:
            yield machine.name, "identity: expected none, as nothing on this node signs in; who is on it could use it"
        elif wanted and not has:
            yield machine.name, "identity.type: None; expected 'UserAssigned': the node signs in to connect itself"
