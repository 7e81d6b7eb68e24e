"""Follow a pod's packet through the rules of its node that come before those of K3s, as iptables(8) does.

K3s accepts its pods' packets in filter/FORWARD, before or after whatever else is there: a rule in that chain is no
block. Those of raw and mangle come first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from graph.inputs import text_at, texts_at

_CHAINS = (("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "FORWARD"))
_ENDS = {"DROP": True, "REJECT": True, "ACCEPT": False, "RETURN": False}
"""Target that ends a packet's way through the chain -> whether it ends there for good."""


@dataclass(frozen=True)
class Packet:
    """A packet of any pod of a network."""

    source: IPv4Network
    target: IPv4Address
    port: int
    protocol: str = "tcp"


def is_dropped(rules: Sequence[Mapping[str, Any]], packet: Packet) -> bool:
    """Return whether no pod's packet passes these rules."""
    return any(_is_dropped_in(rules, place, packet, surely=True) for place in _CHAINS)


def is_hindered(rules: Sequence[Mapping[str, Any]], packet: Packet) -> bool:
    """Return whether some pod's packet may not pass these rules; one in filter may come before K3s's."""
    return any(_is_dropped_in(rules, place, packet, surely=False) for place in (*_CHAINS, ("filter", "FORWARD")))


def _is_dropped_in(rules: Sequence[Mapping[str, Any]], place: tuple[str, str], packet: Packet, *, surely: bool) -> bool:
    """Return whether the packets of all pods are dropped there; not `surely`: of any pod."""
    for rule in rules:
        if (text_at(rule, "table"), text_at(rule, "chain")) == place:
            words = texts_at(rule, "rule")
            given = dict(zip(words[::2], words[1::2], strict=False))
            ends = _ENDS.get(given.get("-j", ""))
            if ends is not None and _matches(given, packet, wholly=ends == surely):
                return ends
    return False


def _matches(given: Mapping[str, str], packet: Packet, *, wholly: bool) -> bool:
    """Return whether the rule is about the packet: `wholly` of every pod, else of any."""
    source = IPv4Network(given.get("-s", "0.0.0.0/0"), strict=False)
    if not (packet.source.subnet_of(source) if wholly else packet.source.overlaps(source)):
        return False
    if packet.target not in IPv4Network(given.get("-d", "0.0.0.0/0"), strict=False):
        return False
    if given.get("-p", "all") not in ("all", packet.protocol):
        return False
    ports = given.get("--dports") or given.get("--dport")
    if ports and packet.port not in _read_ports(ports):
        return False
    known = {"-s", "-d", "-p", "-m", "-j", "--dport", "--dports", "--comment"}
    return not wholly or set(given) <= known  # what asks for more does not drop all


def _read_ports(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition(":")
        found |= set(range(int(first), int(last or first) + 1))
    return found
