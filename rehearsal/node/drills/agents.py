"""Drills of the script that makes a machine another node of a cluster: setup-k3s, run as join-k3s."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.cluster import members
from rehearsal.node.drills.nodes import EFFECTS, FAILS, INSTALL_K3S, RESTART, RESTART_DUE
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
    must_leave,
    must_succeed,
    on_an_empty_node,
    with_fact,
    with_file,
)
from rehearsal.node.tools import k3s_agent

_RESTART = "systemctl restart k3s-agent"
_TOKEN_FILE = "etc/rancher/k3s/edge-stamps-agent-token"
_NODES = "etc/rancher/k3s/config.yaml.d/30-edge-stamps-nodes.yaml"
_JOINED, _OF_SERVER = "var/lib/edge-stamps/joined", "etc/systemd/system/k3s.service"
_OF_AGENT = "etc/systemd/system/k3s-agent.service"


def _given(name: str, value: str) -> SetUp:
    return lambda scene: replace(scene, given={**scene.given, name: value})


def _known_as_another(scene: Scene) -> Scene:
    """Let servers know another machine by the node's name."""
    known = {scene.given["NODE_NAME"]: "another machine"}
    entries = {
        key: replace(one, facts={**one.facts, members.KNOWN: known}) if members.KNOWN in one.facts else one
        for key, one in scene.entries.items()
    }
    return replace(scene, entries=entries)


def _after_a_kill(scene: Scene) -> Scene:
    """Leave what a run has that was killed before the installer, and then the reboot."""
    fresh = on_an_empty_node(scene)
    binary = {name: file for name, file in scene.files.items() if name == "usr/local/bin/k3s" or "rancher/k3s" in name}
    joined = {_JOINED: ["644", f"{scene.given['CLUSTER_ID']}\n"]}
    return replace(fresh, files={**fresh.files, **binary, **joined}, facts={"rebooted": True, "cloud_init_done": True})


def _keeps_the_token(outcome: Outcome) -> str:
    """Demand the token in its file, which only root reads, and nowhere else."""
    mode, token = outcome.after.get(_TOKEN_FILE, ["absent", ""])
    told = [outcome.run.stdout, outcome.run.stderr, *outcome.calls]
    told += [text for name, (_, text) in outcome.after.items() if name != _TOKEN_FILE]
    if must_succeed(outcome) or mode != "600":
        return must_succeed(outcome) or f"leaves the token's file with mode {mode}"
    return "tells the token elsewhere too" if any(token in one for one in told) else ""


_ADMITTED = "var/lib/edge-stamps/nodes/"
_DELETE = "kubectl --request-timeout=80s delete node"


def _with_node(name: str, machine: str) -> SetUp:
    """Let a node have been admitted before."""
    return with_file(f"{_ADMITTED}{name}", f"{machine}\n")


def _without_nodes(scene: Scene) -> Scene:
    given = {name: value for name, value in scene.given.items() if name not in ("NODES", "AGENT_TOKEN")}
    return replace(scene, given=given)


SETUP_K3S = (
    Drill("a node of a name is another machine now", both(_given("NODES", "old=new"), _with_node("old", "before")),
          must_do(f"{_DELETE} old")),
    Drill("a node is none any more", _with_node("gone", "before"), must_do(f"{_DELETE} gone")),
    Drill("a node cannot be deleted", both(_with_node("gone", "before"), answering("kubectl", "delete", FAILS)),
          must_fail),
    Drill("there are further nodes no more", both(with_file(_TOKEN_FILE, "token"), with_file(_NODES, ""),
                                                  _without_nodes), must_do(RESTART)),
    Drill("the machine is a node of another cluster", with_file(_OF_AGENT, "[Service]\n"),
          must_fail_before("cloud-init", INSTALL_K3S, RESTART)),
)  # fmt: skip
"""Of setup-k3s, beside those of a cluster of one node."""
JOIN_K3S = (
    Drill("the machine is new", on_an_empty_node, must_succeed),
    Drill("others than root look for the token", on_an_empty_node, _keeps_the_token),
    Drill("another run holds the lock", as_it_is, must_fail_before("cloud-init", INSTALL_K3S), lock="node"),
    Drill("it has run before", as_it_is, must_change_nothing((*EFFECTS, _RESTART))),
    Drill("no download ends", both(on_an_empty_node, hanging("curl")), must_give_up),
    Drill("systemctl never answers", hanging("systemctl"), must_give_up),
    Drill("its token is not the server's", both(on_an_empty_node, _given("AGENT_TOKEN", "another")), must_fail),
    Drill("no server answers", both(on_an_empty_node, _given("SERVER_URL", "https://10.255.255.254:6443")),
          must_fail_before(INSTALL_K3S)),
    Drill("it has joined a cluster that is gone", _given("CLUSTER_ID", "another"),
          must_fail_before("cloud-init", INSTALL_K3S, _RESTART)),
    Drill("the cluster knows another machine by its name", both(on_an_empty_node, _known_as_another),
          must_fail),
    Drill("a K3s server is on the machine", both(on_an_empty_node, with_file(_OF_SERVER, "[Service]\n")),
          must_fail_before("cloud-init", INSTALL_K3S)),
    Drill("a run was killed before the installer, and the machine has booted since", _after_a_kill,
          must_leave("an agent that has joined", k3s_agent.has_joined)),
    Drill("the agent was stopped", with_fact(False, "k3s", "running"),
          must_leave("the agent running", k3s_agent.has_joined)),
    Drill("a restart of the agent is still due", with_file(RESTART_DUE, ""), must_do(_RESTART)),
    Drill("the token was another one", with_file(_TOKEN_FILE, "another"), must_do(_RESTART)),
    Drill("the agent does not restart", both(with_file(RESTART_DUE, ""), answering("systemctl", "restart", FAILS)),
          must_fail),
    Drill("the node is never ready", answering("kubectl", "--for=condition=Ready", FAILS), must_fail),
)  # fmt: skip
"""Of join-k3s."""
