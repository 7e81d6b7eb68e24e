"""What was sent over the links, and what was refused, as the message proof has seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.mqtt.probe import Case
from rehearsal.mqtt.result import LinkProof, PortProof, Proof, summarize
from rehearsal.verify.messages import Traffic
from settings import Settings


@dataclass(frozen=True)
class Port:
    """One broker port, and how Mosquitto compares with AIO's documented policy there."""

    name: str
    proof: PortProof


@dataclass(frozen=True)
class Sent:
    """One link."""

    client: str
    endpoint: str
    proof: LinkProof

    @property
    def delivered(self) -> str:
        delivery = self.proof.delivery
        return f"{delivery.arrived} of {delivery.sent} messages" if delivery else "no message"

    @property
    def refused(self) -> int:
        """Cases that were refused as expected, without those that only show our own configuration."""
        return sum(case.ok for case in self.proof.cases if case.is_refusal and not case.label)

    @property
    def cases(self) -> Sequence[Case]:
        """What is not as expected first."""
        return sorted(self.proof.cases, key=lambda case: case.ok)


@dataclass(frozen=True)
class Messages:
    """The section."""

    links: Sequence[Sent]
    ports: Sequence[Port]
    proof: Proof
    wording: str
    """What may be claimed, and no more."""
    secrets: int
    config_maps: int


def messages(traffic: Traffic, settings: Settings) -> Messages | None:
    """The section; None where no messages were wanted."""
    proof = traffic.proof
    if proof is None:
        return None
    clusters = by_connected_cluster(settings)
    links = []
    for link in proof.links:
        connected, _, endpoint = link.name.partition("/")
        links.append(Sent(clusters.get(connected, connected), endpoint, link))
    return Messages(
        links,
        [Port(f"{clusters.get(port.cluster, port.cluster)}:{port.port}", port) for port in proof.ports],
        proof,
        summarize(proof),
        sum(len(view.secrets) for view in traffic.clusters),
        sum(len(view.config_maps) for view in traffic.clusters),
    )


def by_connected_cluster(settings: Settings) -> Mapping[str, str]:
    """Name in Arc -> name in the settings."""
    return {cluster.names.connected_cluster: name for name, cluster in settings.clusters.items()}
