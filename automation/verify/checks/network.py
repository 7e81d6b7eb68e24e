"""Checks of the network of a cluster, where it has one of the stack's."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import text_at

_CONNECTED = {"peeringState": "Connected", "peeringSyncLevel": "FullyInSync"}
"""Source: learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues."""


def check_peering_states(look: Look) -> Iterator[Problem]:
    """Check that both halves of a peering have found each other."""
    for subject, body in look.seen(VIRTUAL_NETWORK_PEERING):
        for name, expected in _CONNECTED.items():
            if (seen := text_at(body, f"properties.{name}")) != expected:
                yield Problem(subject.label, f"{name} is {show(seen or None)}", expected)


def check_peerings(look: Look) -> Iterator[Problem]:
    """Check that a peering leads to the right network and lets through what it should."""
    for subject, body in look.seen(VIRTUAL_NETWORK_PEERING):
        yield from look.compare(subject, body, "properties")


def check_networks(look: Look) -> Iterator[Problem]:
    """Check address spaces, and what the subnet is tied to."""
    for subject, body in look.seen(VIRTUAL_NETWORK, SUBNET):
        yield from look.compare(subject, body, "properties")


def check_security_rules(look: Look) -> Iterator[Problem]:
    """Check that the firewall has these rules and no others."""
    for subject, body in look.seen(NETWORK_SECURITY_GROUP):
        yield from look.compare(subject, body, "properties")


def check_way_out(look: Look) -> Iterator[Problem]:
    """Check that the node gets out, over the NAT gateway and its address."""
    for subject, body in look.seen(NAT_GATEWAY, PUBLIC_IP_ADDRESS):
        yield from look.compare(subject, body, "sku", "zones", "properties")


def check_interfaces(look: Look) -> Iterator[Problem]:
    """Check that the node has its address."""
    for subject, body in look.seen(NETWORK_INTERFACE):
        yield from look.compare(subject, body, "properties")
