"""K3s' own networks lie apart from every network that its packets go to."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from arm.types.network import VIRTUAL_NETWORK
from graph.graph import Resource
from graph.inputs import list_at, text_at
from rules.facts.node import K3S_POD_NETWORK, K3S_SERVICE_NETWORK
from rules.lookup import Hits, View
from rules.network import read_networks

_DEFAULTS = {"cluster-cidr": K3S_POD_NETWORK.value, "service-cidr": K3S_SERVICE_NETWORK.value}


def apart_from_networks(view: View) -> Hits:
    """Require that pod and service networks overlap no VNet, and that the metadata block is about the pods' network."""
    networks = {
        one.name: network
        for one in view.all(VIRTUAL_NETWORK)
        for network in read_networks(list_at(view.inputs(one), "addressSpace.addressPrefixes"))
    }
    for cluster in view.clusters:
        for setup in view.commands(cluster, "setup-k3s"):
            script = text_at(view.inputs(setup), "source.script")
            ranges = {flag: _range(script, flag) for flag in _DEFAULTS}
            yield from _overlaps(setup, ranges, networks)
            blocked = re.search(r"^readonly POD_NETWORK=(\S+)", script, re.MULTILINE)
            if not blocked or read_networks([blocked[1]]) != [ranges["cluster-cidr"]]:
                given = blocked[1] if blocked else "nothing"
                message = (
                    f"source.script: POD_NETWORK is {given}, K3s' pods have {ranges['cluster-cidr']}; expected the"
                    " same, else pods reach the node's identity at 169.254.169.254"
                )
                yield setup.name, message


def _range(script: str, flag: str) -> IPv4Network:
    """Return the network that the script gives K3s, in its configuration or on its command line."""
    found = re.search(rf"{flag}[:=\s]+[\"']?(\d+\.\d+\.\d+\.\d+/\d+)", script)
    given = read_networks([found[1]]) if found else []
    return given[0] if given else _DEFAULTS[flag]


def _overlaps(setup: Resource, ranges: dict[str, IPv4Network], networks: dict[str, IPv4Network]) -> Hits:
    for flag, own in ranges.items():
        for name, network in networks.items():
            if own.overlaps(network):
                yield setup.name, f"{flag} {own} overlaps {network} of {name}, which pods could not reach. Move one"
    if ranges["cluster-cidr"].overlaps(ranges["service-cidr"]):
        yield setup.name, f"cluster-cidr {ranges['cluster-cidr']} overlaps service-cidr {ranges['service-cidr']}"
