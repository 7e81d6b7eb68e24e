"""Judge what the scripts made of a node: what pods reach, what the kernel allows, what K3s and the tools are set to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from arm.types.network import VIRTUAL_NETWORK
from graph.inputs import list_at, map_at, text_at, texts_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster import audit_log
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_facts import K3S_ISSUER, NodeFacts
from rehearsal.cluster.packet_filter import Packet, is_dropped, is_hindered
from rules.facts import node as expected
from rules.facts import node_files

_NEEDED = ("servicelb", "local-storage", "coredns", "metrics-server")
"""Of what K3s brings: load balancer for listeners, storage for the broker, names, and figures for Arc."""
_DAY = 86_400
Fault = tuple[str, str, str]
"""(rule, what, remedy)."""


def find_weaknesses(
    inventory: Inventory, cluster: Entry, node: Entry, facts: NodeFacts, *, is_server: bool = True
) -> list[Symptom]:
    """Return what is wrong with a node of a connected cluster."""
    of_server = (_check_secrecy, _check_tokens, _check_upgrades, _check_parts, audit_log.find_gaps)
    return [
        Symptom(rule, cluster.name, f"node {node.name}", what, remedy)
        for faults in (
            _check_start(facts),
            _check_renewal(facts),
            _check_packets(facts),
            _check_kernel(facts),
            _check_networks(inventory, facts),
            _check_environment(facts),
            _check_downloads(facts),
            *(check(facts) for check in (of_server if is_server else ())),
        )
        for rule, what, remedy in faults
    ]


def _moments(facts: NodeFacts) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "", facts.facts
    yield " after a reboot", map_at(facts.facts, "after_reboot")


def _check_start(facts: NodeFacts) -> Iterator[Fault]:
    """Require that what comes before K3s may not fail; a - before it lets systemd go on (systemd.service(5))."""
    for command in list_at(facts.facts, "k3s.start_pre"):
        if command.get("optional"):
            what = f"K3s starts also where {text_at(command, 'command')} fails, and pods then reach the VM's secrets"
            yield "CLUSTER-30", what, "take the - before the command of the drop-in away"


def _check_renewal(facts: NodeFacts) -> Iterator[Fault]:
    """Require that K3s starts anew while its certificates can be renewed, and not all the time."""
    seconds = map_at(facts.facts, "run_limits").get(text_at(facts.facts, "k3s.unit"))
    most = expected.K3S_RENEWAL_DAYS.value
    remedy = f"set RuntimeMaxSec= in its drop-in, from 7d to {most}d: with Restart=always it then starts anew"
    if not seconds or seconds > most * _DAY:
        often = f"every {seconds / _DAY:g} days" if seconds else "when somebody restarts it"
        what = f"K3s starts only {often}, and renews its certificates only at a start in their last {most} days"
        yield "CLUSTER-41", what, remedy
    elif seconds < 7 * _DAY:
        yield "CLUSTER-41", f"K3s is ended every {seconds / _DAY:.2g} days, and with it what asks its API", remedy


def _check_packets(facts: NodeFacts) -> Iterator[Fault]:
    booted = map_at(facts.facts, "after_reboot")
    if not booted.get("k3s"):
        said = text_at(booted, "error").strip() or "it says nothing"
        why = f"a command before it fails: {said[-300:]}" if booted.get("enabled") else "it is not enabled"
        what = f"K3s does not start again after a reboot: {why}"
        yield "CLUSTER-30", what, "enable k3s.service, and correct its drop-in that setup-k3s writes"
    for moment, found in _moments(facts):
        for address, ports in expected.PLATFORM_SERVICES.value.items():
            for port in ports:
                packet = Packet(facts.pod_network, IPv4Address(address), port)
                if not is_dropped(list_at(found, "iptables"), packet):
                    what = (
                        f"pods of {facts.pod_network} reach {address}:{port}{moment}, which hands out the VM's secrets"
                    )
                    yield "CLUSTER-30", what, "drop it in mangle/FORWARD, before K3s starts, each time"
        for protocol in ("udp", "tcp"):
            packet = Packet(facts.pod_network, IPv4Address(expected.RESOLVER.value), 53, protocol)
            if is_hindered(list_at(found, "iptables"), packet):
                what = f"pods of {facts.pod_network} do not reach {packet.target}:53/{protocol}{moment}, their DNS"
                yield "CLUSTER-30", what, "drop packets to the ports of the platform only, which are TCP"


def _check_kernel(facts: NodeFacts) -> Iterator[Fault]:
    for moment, found in _moments(facts):
        limits = map_at(found, "sysctl")
        for name, least in expected.KERNEL_LIMITS.value.items():
            value = limits.get(name, expected.KERNEL_DEFAULTS.value[name])
            if value < least:
                what = f"{name} is {value}{moment}; AIO needs {least}"
                yield "CLUSTER-31", what, "write it into /etc/sysctl.d and load it"


def _check_networks(inventory: Inventory, facts: NodeFacts) -> Iterator[Fault]:
    for what, own in (("pods", facts.pod_network), ("services", facts.service_network)):
        for network in inventory.of_type(VIRTUAL_NETWORK):
            for prefix in texts_at(network.inputs, "addressSpace.addressPrefixes"):
                if own.overlaps(IPv4Network(prefix)):
                    text = f"K3s gives {what} addresses of {own}, and virtual network {network.name} has {prefix}"
                    yield "CLUSTER-32", text, "leave K3s its defaults, and keep the address plan clear of them"


def _check_secrecy(facts: NodeFacts) -> Iterator[Fault]:
    if text_at(facts.first_config, "secrets-encryption") != "true":
        yield (
            "CLUSTER-33",
            "K3s keeps Secrets on the disk in clear",
            "set secrets-encryption: true before its first start",
        )
    mode = (facts.files.get(node_files.KUBECONFIG.value) or ("600",))[0]
    if int(mode, 8) & 0o077:
        what = f"the administrator's kubeconfig has mode {mode}: others than root are administrators of the cluster"
        yield "CLUSTER-33", what, 'set write-kubeconfig-mode: "0600"'


def _check_tokens(facts: NodeFacts) -> Iterator[Fault]:
    given = facts.api_argument("service-account-max-token-expiration")
    issuers = facts.api_arguments("service-account-issuer")
    if issuers and K3S_ISSUER not in issuers:  # "all are used to determine which issuers are accepted"
        what = f"tokens that pods hold from before are refused: {K3S_ISSUER} is no accepted issuer any more"
        yield "CLUSTER-34", what, f"add service-account-issuer={K3S_ISSUER} after the first one"
    if issuers and given != expected.TOKEN_LIFE.value:
        what = f"service account tokens may live {given or 'a year'}; expected {expected.TOKEN_LIFE.value}"
        yield "CLUSTER-34", what, f"set service-account-max-token-expiration={expected.TOKEN_LIFE.value}"
    if facts.arc and not facts.arc.get("workload_identity"):
        what = "workload identity is off, so no pod signs in to Azure with its service account"
        yield "CLUSTER-34", what, "az connectedk8s connect --enable-workload-identity"


def _check_upgrades(facts: NodeFacts) -> Iterator[Fault]:
    if facts.arc.get("auto_upgrade"):
        what = "Arc's agents upgrade themselves, also while AIO is upgraded"
        yield "CLUSTER-35", what, "az connectedk8s connect --disable-auto-upgrade"
    if not map_at(facts.facts, "packages.azure-cli").get("held"):
        yield "CLUSTER-35", "an unattended upgrade may change azure-cli", "apt-mark hold azure-cli"


def _check_parts(facts: NodeFacts) -> Iterator[Fault]:
    disabled = {part.strip() for text in texts_at(facts.config, "disable") for part in text.split(",")}
    if "traefik" not in disabled:
        yield "CLUSTER-36", "Traefik runs and takes the node's ports 80 and 443", "disable: traefik"
    for part in _NEEDED:
        if part in disabled:
            yield "CLUSTER-36", f"{part} of K3s is disabled, and the cluster needs it", f"do not disable {part}"


def _check_environment(facts: NodeFacts) -> Iterator[Fault]:
    file = f"etc/systemd/system/{text_at(facts.facts, 'k3s.unit')}.env"
    taken = re.findall(r"^\w+(?==)", facts.files.get(file, ("", ""))[1], re.M)
    if taken:
        what = f"K3s starts with {', '.join(taken)}, which its installer found in the script's environment"
        yield "CLUSTER-36", what, "run the installer with env -u, or name the parameters otherwise"


def _check_downloads(facts: NodeFacts) -> Iterator[Fault]:
    package = map_at(facts.facts, "packages.azure-cli")
    if package and (not package.get("signed_by") or package.get("source_trusted")):
        what = "azure-cli was installed from a source whose signature nobody checks"
        yield "CLUSTER-37", what, "name the key in Signed-By, and trust nothing else"
    if text_at(facts.facts, "az.dependencies") not in ("", "checked"):
        what = "connectedk8s was installed with packages whose SHA-256 nobody has compared"
        yield "CLUSTER-37", what, "pip download --require-hashes, then PIP_NO_INDEX and PIP_FIND_LINKS for az"
    for url, found in map_at(facts.facts, "downloads").items():
        if not found.get("verified_tls"):
            yield (
                "CLUSTER-37",
                f"{url} was downloaded without a look at the server's certificate",
                "curl without --insecure",
            )
        if not found.get("failed_on_error"):
            yield "CLUSTER-37", f"{url} was downloaded so that an error page would pass for it", "curl --fail"
        if url.startswith("https://raw.") and "/k3s-io/k3s/" in url and expected.K3S_INSTALL_COMMIT.value not in url:
            what = f"{url} is not that of the pinned commit {expected.K3S_INSTALL_COMMIT.value}"
            yield "CLUSTER-37", what, "download it by commit, and compare its SHA-256"
    for what in texts_at(facts.facts, "conflicts"):
        yield "CLUSTER-37", f"{what}: the script did not wait for the first boot", "cloud-init status --wait"
