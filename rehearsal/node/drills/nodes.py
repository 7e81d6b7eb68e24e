"""Drills of the script that makes a node: setup-k3s."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.drills.scene import (
    Drill,
    Scene,
    SetUp,
    answering,
    as_it_is,
    both,
    changing,
    hanging,
    must_change_nothing,
    must_do,
    must_fail,
    must_fail_before,
    must_give_up,
    must_go_on_without_agent,
    must_leave,
    must_succeed,
    on_an_empty_node,
    with_fact,
    with_file,
)
from rehearsal.node.machine import Machine
from rehearsal.node.tools import TOOLS, k3s
from rehearsal.node.tools.downloads import INSTALLER_TOOL
from rehearsal.node.tools.pip import AZ_PYTHON
from rules.facts.node import AZURE_CLI_VERSION, CONNECTEDK8S_VERSION, K3S_INSTALL_SHA256, MICROSOFT_KEY

_OWN_KEY, _OTHER_KEY = (f"Stand-in of the key {key}\n" for key in (MICROSOFT_KEY.value, "0" * 40))
RESTART_DUE = "run/edge-stamps-k3s-restart"
_NEWER_K3S, _OLDER_CLI, _NEWER_CLI, _OLDER_EXTENSION = "v1.35.10+k3s1", "2.60.0-1~noble", "2.99.0-1~noble", "1.10.10"
_OLDER_PATCH = ".77+k3s1"
INSTALL_K3S, RESTART = INSTALLER_TOOL, "systemctl restart k3s"
CONNECT, DELETE, FEATURES = (f"az connectedk8s {command}" for command in ("connect", "delete", "enable-features"))
_OTHER_TIME = Reply(stdout="HTTP/2 401 \r\ndate: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n")
FAILS = Reply(1, stderr="failed\n")
EFFECTS = (
    INSTALL_K3S, RESTART, CONNECT, DELETE, FEATURES, "az connectedk8s update",
    "apt-get -qq -o DPkg", "apt-get install", "az extension add", "az extension remove", "iptables -w 30 -t mangle -I",
)  # fmt: skip


def _forge(url: str, old: str, new: str) -> SetUp:
    """Change what comes from an address on its way."""

    def curl(call: ToolCall, machine: Machine) -> Reply:
        reply = TOOLS["curl"](call, machine)
        if any(url in word for word in call.arguments) and "--output" in call.arguments:
            file = machine.path(call.arguments[call.arguments.index("--output") + 1])
            file.write_text(file.read_text().replace(old, new))
        return reply

    return both(on_an_empty_node, lambda scene: replace(scene, tools={**scene.tools, "curl": curl}))


def _other_digit(text: str, place: int) -> str:
    """Return a sum or fingerprint that is another one by one digit alone."""
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


def _sums_up_alike(place: int) -> SetUp:
    """Let K3s' installer be another text, whose SHA-256 differs in one digit."""
    said = Reply(stdout=f"{_other_digit(K3S_INSTALL_SHA256.value, place)}  -\n")

    def change(reply: Reply, _: ToolCall) -> Reply | None:
        return said if reply.stdout.startswith(K3S_INSTALL_SHA256.value) else None

    return both(on_an_empty_node, changing("sha256sum", change))


def _without_pinned_sum(scene: Scene) -> Scene:
    return replace(scene, given={name: value for name, value in scene.given.items() if name != "K3S_SHA256"})


def _with_pinned_sum(scene: Scene) -> Scene:
    """Pin a sum that no binary has."""
    return replace(scene, given={**scene.given, "K3S_SHA256": "0" * 64})


def _k3s_has(version: str) -> SetUp:
    return with_fact(version, "k3s", "version")


def _k3s_is_behind(minors: int) -> SetUp:
    """Have a K3s so many Kubernetes minors older than the one that the script is to install."""

    def change(scene: Scene) -> Scene:
        minor = int(scene.given["K3S_VERSION"].split(".")[1]) - minors
        return _k3s_has(f"v1.{minor}{_OLDER_PATCH}")(scene)

    return change


def _cli_has(version: str) -> SetUp:
    package = ("packages", "azure-cli")
    return both(with_fact(version, *package, "version"), with_fact(True, *package, "held"))


def _has_versions(machine: Machine) -> bool:
    cli = machine.facts["packages"]["azure-cli"]
    extension = machine.facts["az"]["extensions"].get("connectedk8s")
    return bool(cli["version"].startswith(f"{AZURE_CLI_VERSION.value}-") and extension == CONNECTEDK8S_VERSION.value)


def _limit(machine: Machine) -> int:
    return int(machine.facts["sysctl"]["fs.inotify.max_user_watches"])


def _blocks(machine: Machine) -> list[str]:
    return [str(rule) for rule in machine.facts["iptables"]]


def _answer_update(_: Reply, call: ToolCall) -> Reply | None:
    """Answer as apt-get where a server does not: only with Error-Mode=any it fails (apt.conf(5))."""
    if "update" not in call.arguments:
        return None
    is_strict = "APT::Update::Error-Mode=any" in call.arguments
    return Reply(100 if is_strict else 0, stderr="W: Failed to fetch InRelease  Could not resolve host\n")


SETUP_K3S = (
    Drill("the node is new", on_an_empty_node, must_succeed),
    Drill("another run holds the lock", as_it_is, must_fail_before("cloud-init", "apt-get", INSTALL_K3S), lock="node"),
    Drill("it has run before", as_it_is, must_change_nothing(EFFECTS)),
    Drill("no download ends", both(on_an_empty_node, hanging("curl")), must_give_up),
    Drill("apt-get never ends", both(on_an_empty_node, hanging("apt-get")), must_give_up),
    Drill("systemctl never answers", hanging("systemctl"), must_give_up),
    Drill("the Azure CLI never answers", hanging("az"), must_give_up),
    Drill("the first boot never ends", both(on_an_empty_node, hanging("cloud-init")), must_give_up),
    Drill("the first boot failed", both(on_an_empty_node, answering("cloud-init", "--wait", FAILS)),
          must_fail_before("apt-get", INSTALL_K3S)),
    Drill("the node's clock is years away from Azure's",
          answering("curl", "https://management.azure.com/", _OTHER_TIME), must_fail_before("apt-get", INSTALL_K3S)),
    Drill("Azure does not say what time it is", answering("curl", "https://management.azure.com/", FAILS),
          must_fail_before("apt-get", INSTALL_K3S)),
    Drill("the binary of K3s was forged, and nobody has pinned it",
          both(_forge("/releases/download/", "Stand-in of K3s", "Forged K3s"), _without_pinned_sum),
          must_fail_before(INSTALL_K3S)),
    Drill("the binary of K3s is another one than the pinned one", both(on_an_empty_node, _with_pinned_sum),
          must_fail_before(INSTALL_K3S)),
    Drill("the pinned binary of K3s was exchanged on the node", _with_pinned_sum, must_fail),
    Drill("K3s' installer was forged", _forge("/install.sh", "# Stand-in", "# Forged"), must_fail_before(INSTALL_K3S)),
    *(
        Drill(f"the sum of K3s' installer differs in its {which} digit alone", _sums_up_alike(place),
              must_fail_before(INSTALL_K3S))
        for which, place in (("first", 0), ("middle", 32), ("last", 63))
    ),
    *(
        Drill(f"the key of the packages is another one by its {which} digit",
              _forge("/keys/", _OWN_KEY, f"Stand-in of the key {_other_digit(MICROSOFT_KEY.value, place)}\n"),
              must_fail_before("apt-get"))
        for which, place in (("first", 0), ("last", 39))
    ),
    Drill("another key came with that of the packages", _forge("/keys/", _OWN_KEY, _OWN_KEY + _OTHER_KEY),
          must_fail_before("apt-get")),
    Drill("the lists of packages cannot be loaded",
          both(on_an_empty_node, changing("apt-get", _answer_update)), must_fail),
    Drill("K3s' installer failed, and an older K3s goes on",
          both(_k3s_is_behind(1), answering(INSTALLER_TOOL, "", FAILS)), must_fail),
    Drill("K3s' installer failed once", both(_k3s_is_behind(1), answering(INSTALLER_TOOL, "", FAILS, times=1)),
          must_do(INSTALL_K3S, INSTALL_K3S)),
    Drill("an older K3s runs", _k3s_is_behind(1),
          must_leave("a newer K3s", lambda one: _OLDER_PATCH not in one.facts["k3s"]["version"])),
    Drill("a K3s runs that is two Kubernetes minors older", _k3s_is_behind(2),
          must_fail_before("cloud-init", "apt-get", INSTALL_K3S)),
    Drill("a newer K3s runs", _k3s_has(_NEWER_K3S), must_fail_before(INSTALL_K3S)),
    Drill("K3s was stopped", with_fact(False, "k3s", "running"), must_leave("K3s running", k3s.is_running)),
    Drill("a restart of K3s is still due", with_file(RESTART_DUE, ""), must_do(RESTART)),
    Drill("the configuration of K3s was another one",
          with_file("etc/rancher/k3s/config.yaml.d/10-edge-stamps.yaml", ""), must_do(RESTART)),
    Drill("the audit policy was another one",
          with_file("etc/rancher/k3s/edge-stamps-audit-policy.yaml", ""), must_do(RESTART)),
    Drill("K3s does not restart", both(with_file(RESTART_DUE, ""), answering("systemctl", "restart", FAILS)),
          must_fail),
    Drill("K3s' node is never ready", answering("kubectl", "--for=condition=Ready", FAILS), must_fail),
    Drill("what K3s brings is never available", answering("kubectl", "--for=condition=Available", FAILS), must_fail),
    Drill("a limit of the kernel is higher than the least", with_fact(1 << 20, "sysctl", "fs.inotify.max_user_watches"),
          must_leave("the higher limit", lambda one: _limit(one) == 1 << 20)),
    Drill("an older Azure CLI and extension are held",
          both(_cli_has(_OLDER_CLI), with_fact(_OLDER_EXTENSION, "az", "extensions", "connectedk8s")),
          must_leave("the versions of its parameters", _has_versions)),
    Drill("a package that the extension needs has another hash",
          both(on_an_empty_node, answering(AZ_PYTHON, "pip download", FAILS)), must_fail_before("az extension add")),
    Drill("Azure's agent restarts while packages and K3s are installed", on_an_empty_node,
          must_go_on_without_agent("apt-get", "k3s-install.sh")),
    Drill("a newer Azure CLI is held", _cli_has(_NEWER_CLI), must_leave("the version of its parameter", _has_versions)),
    Drill("the rules of the block are there", as_it_is,
          must_leave("each rule once", lambda one: len({*_blocks(one)}) == len(_blocks(one)))),
)  # fmt: skip
"""Of setup-k3s."""
