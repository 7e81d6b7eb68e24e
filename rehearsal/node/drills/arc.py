"""Drills of the script that connects a node to Azure Arc: connect-arc."""

from __future__ import annotations

import re
from dataclasses import replace

from arm import ids
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.drills.nodes import CONNECT, DELETE, EFFECTS, FAILS, FEATURES, RESTART, RESTART_DUE
from rehearsal.node.drills.scene import (
    Drill,
    Outcome,
    Scene,
    SetUp,
    answering,
    as_it_is,
    both,
    hanging,
    must_change_nothing,
    must_do,
    must_fail,
    must_fail_before,
    must_give_up,
    must_go_on_without_agent,
    must_leave,
    must_succeed,
    with_fact,
    with_file,
)
from rehearsal.node.machine import Machine
from rehearsal.node.tools import rights

_CONNECTING_MARK = "var/lib/edge-stamps/connecting"
_GROUP = re.compile(r" --resource-group (\S+)")
"""Of the cluster; its machine may lie in another one."""
_FEATURES_MARK = "var/lib/edge-stamps/custom-locations"


def _without_agents(scene: Scene) -> Scene:
    """Set up a new node, whose connected cluster is in Azure alone, with nothing that needs it."""
    facts = {name: fact for name, fact in scene.facts.items() if name != "arc"}
    return replace(_without_dependents(scene), facts=facts)


_on_another_machine = with_file("etc/machine-id", "0" * 31 + "2\n")


def _without_tags(scene: Scene) -> Scene:
    own = ids.key(ids.connected_by(scene.given))
    one = scene.entries[own]
    inputs, outputs = ({**body, "tags": {}} for body in (one.inputs, one.outputs))
    return replace(scene, entries={**scene.entries, own: replace(one, inputs=inputs, outputs=outputs)})


def just_set_up(scene: Scene) -> Scene:
    """Set up a node on which setup-k3s has run, and nothing else, while the roles of its identity are new."""
    extensions = {"extensions": scene.facts.get("az", {}).get("extensions", {})}
    facts = {**{name: fact for name, fact in scene.facts.items() if name not in ("arc", "objects")}, "az": extensions}
    own = ("issuer", "custom-locations")
    files = {name: file for name, file in scene.files.items() if not name.removesuffix(".yaml").endswith(own)}
    return replace(_without_resource(scene), facts=facts, files=files, is_new=True)


def _without_resource(scene: Scene) -> Scene:
    scene = _without_dependents(scene)
    own = ids.key(ids.connected_by(scene.given))
    return replace(scene, entries={key: one for key, one in scene.entries.items() if key != own})


def _without_dependents(scene: Scene) -> Scene:
    """Take away what is below the connected cluster or refers to it, and so on."""
    own = ids.key(ids.connected_by(scene.given))
    kept = {key: one for key, one in scene.entries.items() if key != own}
    gone = {own}
    while True:
        more = {key for key, one in kept.items() if one.references & gone or ids.key(ids.parent_of(one.id)) in gone}
        if not more:
            return replace(scene, entries={**kept, own: scene.entries[own]})
        gone |= more
        kept = {key: one for key, one in kept.items() if key not in more}


def _of_another_tenant(scene: Scene) -> Scene:
    return replace(scene, tenant_id="5ab5c21e-0000-4000-8000-00000000ffff")


def _with_capitals(scene: Scene) -> Scene:
    capitals = ("TENANT_ID", "RESOURCE_GROUP")
    return replace(scene, given={**scene.given, **{name: scene.given[name].upper() for name in capitals}})


def _says(query: str, value: str) -> SetUp:
    return answering("az", f"connectedk8s show {query}", Reply(stdout=f"{value}\n"))


def _only_warning(scene: Scene) -> Scene:
    """Let `connect` go on without the feature, as where it could not read if Microsoft.ExtendedLocation is registered.

    azext_connectedk8s/custom.py, check_cl_registration_and_get_oid: "The custom location feature was not enabled".
    """

    def az(call: ToolCall, machine: Machine) -> Reply:
        reply = scene.tools["az"](call, machine)
        if not reply.code and call.arguments[:2] == ("connectedk8s", "connect"):
            machine.facts["arc"] |= {"features": ["cluster-connect"], "custom_locations_oid": ""}
        return reply

    return replace(scene, tools={**scene.tools, "az": az})


def _has_custom_locations(machine: Machine) -> bool:
    return "custom-locations" in machine.facts["arc"]["features"]


def _takes_its_place(outcome: Outcome) -> str:
    """Demand that it is deleted and connected anew, or that a node without the right to delete says so."""
    machine = outcome.machine
    group = next(found[1] for call in outcome.calls if (found := _GROUP.search(call)))
    scope = f"/subscriptions/{machine.azure.subscription_id}/resourceGroups/{group}"
    if rights.is_allowed(machine, rights.CONNECT_DELETE, scope, outcome.seconds):
        return must_do(DELETE, CONNECT, FEATURES)(outcome)
    return must_fail(outcome)


_OTHER_ISSUER = Reply(stdout='{"issuer": "https://kubernetes.default.svc.cluster.local"}\n')
CONNECT_ARC = (
    Drill("the node is new", just_set_up, must_succeed),
    Drill("another run holds the lock", as_it_is, must_fail_before("az login"), lock="node"),
    Drill("it has run before", as_it_is, must_change_nothing(EFFECTS)),
    Drill("it has run before, and somebody writes names in capitals", _with_capitals, must_change_nothing(EFFECTS)),
    Drill("the Azure CLI never answers", hanging("az"), must_give_up),
    Drill("the subscription is of another tenant", _of_another_tenant, must_fail_before(CONNECT, DELETE, FEATURES)),
    Drill("this K3s is connected under another name", with_fact("arck-of-somebody", "arc", "name"),
          must_fail_before(CONNECT, DELETE, FEATURES)),
    Drill("the connected cluster of an earlier node is left over", both(_without_agents, _on_another_machine),
          _takes_its_place),
    Drill("an earlier run was killed while it connected", both(_without_agents, with_file(_CONNECTING_MARK, "")),
          _takes_its_place),
    Drill("the agents of this node's own connected cluster are gone", _without_agents,
          must_fail_before(CONNECT, DELETE)),
    Drill("a connected cluster of this name is somebody else's", both(_without_agents, _without_tags),
          must_fail_before(CONNECT, DELETE)),
    Drill("somebody has deleted the connected cluster", _without_resource, must_do(CONNECT, FEATURES)),
    Drill("Azure's agent restarts while the cluster is connected", _without_resource,
          must_go_on_without_agent("az connectedk8s connect", "az connectedk8s enable-features")),
    Drill("the cluster cannot be connected", both(_without_resource, answering("az", "connectedk8s connect", FAILS)),
          must_fail_before(FEATURES)),
    Drill("connecting did not enable custom locations, and only warned", both(_without_resource, _only_warning),
          must_leave("the feature custom-locations enabled", _has_custom_locations)),
    Drill("the feature is enabled for another object id", with_file(_FEATURES_MARK, "somebody\n"), must_do(FEATURES)),
    Drill("the feature cannot be enabled",
          both(with_file(_FEATURES_MARK, None), answering("az", "connectedk8s enable-features", FAILS)), must_fail),
    Drill("the connected cluster has no issuer", _says("oidcIssuerProfile.issuerUrl", ""), must_fail),
    Drill("what it says of its issuer is no URL", _says("oidcIssuerProfile.issuerUrl", "https://a b"), must_fail),
    Drill("a restart of K3s is still due", with_file(RESTART_DUE, ""), must_do(RESTART)),
    Drill("K3s does not restart", both(with_file(RESTART_DUE, ""), answering("systemctl", "restart", FAILS)),
          must_fail),
    Drill("the API server issues tokens as another one",
          answering("kubectl", "--raw /.well-known/openid-configuration", _OTHER_ISSUER), must_fail),
    Drill("Arc's agents are never available", answering("kubectl", "azure-arc wait", FAILS), must_fail),
    Drill("the cluster is never connected", _says("connectivityStatus", "Offline"), must_fail),
)  # fmt: skip
"""Of connect-arc."""
