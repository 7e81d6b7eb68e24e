"""Drills of nodes behind a proxy, of the scripts that ask the internet for something: setup-k3s and connect-arc."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.node.drills.arc import just_set_up
from rehearsal.node.drills.nodes import RESTART
from rehearsal.node.drills.scene import (
    Drill,
    Outcome,
    Scene,
    both,
    must_do,
    must_fail_before,
    must_leave,
    must_succeed,
    on_an_empty_node,
    with_fact,
    with_file,
)
from rehearsal.node.machine import Machine
from rehearsal.node.tools import apt
from rehearsal.node.tools.arc_agents import do_agents_work
from rules.facts.node_files import PROXY_PARAMETERS

_HTTP, _HTTPS = "http://proxy.drill.example:3128", "http://proxy.drill.example:3129"
_NO_PROXY = "localhost,127.0.0.0/8,10.42.0.0/16,10.43.0.0/16,.svc,169.254.169.254,168.63.129.16"
_GIVEN = dict(zip(PROXY_PARAMETERS, (_HTTP, _HTTPS, _NO_PROXY), strict=True))
_UPDATE = "az connectedk8s update"
_K3S_FILE = "etc/systemd/system/k3s.service.d/20-edge-stamps-proxy.conf"
_ANOTHER = "[Service]\nEnvironment=HTTP_PROXY=http://old:1 HTTPS_PROXY=http://old:1 NO_PROXY=localhost\n"


def _behind_a_proxy(scene: Scene) -> Scene:
    """Let nothing else lead out of the node, and let the script know."""
    return replace(scene, given={**scene.given, **_GIVEN}, proxies=(_HTTP, _HTTPS))


def _behind_a_dead_one(scene: Scene) -> Scene:
    return replace(_behind_a_proxy(scene), proxies=("http://another:3128", "http://another:3128"))


def _without_proxy(scene: Scene) -> Scene:
    given = {name: value for name, value in scene.given.items() if name not in PROXY_PARAMETERS}
    return replace(scene, given=given, proxies=None)


def _leaves_a_way_out(outcome: Outcome) -> str:
    """Demand that K3s and apt's own timers know the proxy when the script is over."""
    return must_succeed(outcome) or must_leave("apt a way out by itself", apt.gets_out_by_itself)(outcome)


def _agents_work(machine: Machine) -> bool:
    return do_agents_work(machine, machine.facts["arc"].get("proxy", {}))


SETUP_K3S = (
    Drill("its only way out is a proxy", both(on_an_empty_node, _behind_a_proxy), _leaves_a_way_out),
    Drill("its proxy lets nothing out", both(on_an_empty_node, _behind_a_dead_one), must_fail_before("apt-get")),
    Drill("K3s was started with another proxy", both(with_file(_K3S_FILE, _ANOTHER), _behind_a_proxy),
          must_do(RESTART)),
    Drill("K3s was started with a proxy that is no more", both(with_file(_K3S_FILE, _ANOTHER), _without_proxy),
          must_do(RESTART)),
)  # fmt: skip
"""Of setup-k3s."""
CONNECT_ARC = (
    Drill("its only way out is a proxy", both(just_set_up, _behind_a_proxy),
          must_leave("agents that get out", _agents_work)),
    Drill("Arc's agents do not know the proxy yet",
          both(with_fact({}, "arc", "proxy"), with_file("var/lib/edge-stamps/proxy", None), _behind_a_proxy),
          must_do(_UPDATE)),
    Drill("Arc's agents ask a proxy that is no more",
          both(with_fact({"https_proxy": _HTTPS, "no_proxy": _NO_PROXY}, "arc", "proxy"),
               with_file("var/lib/edge-stamps/proxy", "--proxy-https\n"), _without_proxy),
          must_do(_UPDATE)),
)  # fmt: skip
"""Of connect-arc."""
