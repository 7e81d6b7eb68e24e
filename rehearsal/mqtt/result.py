"""What a message proof has shown, and what it has not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.mqtt.compare import Comparison
from rehearsal.mqtt.delivery import Delivery
from rehearsal.mqtt.probe import Case


@dataclass(frozen=True)
class LinkProof:
    """One link."""

    name: str
    """<cluster>/<endpoint>."""
    address: str
    """host:port, as deployed."""
    problems: Sequence[str]
    """Why messages are not delivered."""
    delivery: Delivery | None = None
    """None: nothing could be sent."""
    cases: Sequence[Case] = ()

    @property
    def delivered(self) -> bool:
        return self.delivery is not None and not self.problems

    @property
    def ok(self) -> bool:
        return self.delivered and all(case.ok for case in self.cases)


@dataclass(frozen=True)
class PortProof:
    """One broker port that links end at."""

    cluster: str
    listener: str
    port: int
    mosquitto: str
    """Version."""
    comparison: Comparison
    """With the policy oracle."""
    cases: Sequence[Case] = ()
    """Tries at other ports that the cluster opens."""

    @property
    def ok(self) -> bool:
        return not self.comparison.differences and all(case.ok for case in self.cases)


@dataclass(frozen=True)
class Proof:
    """A whole deployment."""

    links: Sequence[LinkProof]
    ports: Sequence[PortProof]
    mosquitto: str
    """Version; empty if it never ran."""
    paho: str
    """Version."""
    seconds: float
    not_exercised: Sequence[str]
    """Cases that could have been tried with more at hand."""
    unprovable: Sequence[str]
    """What Mosquitto cannot show."""
    observer: str
    """Who counts what arrives, and how it gets there."""

    @property
    def ok(self) -> bool:
        return all(link.ok for link in self.links) and all(port.ok for port in self.ports)

    @property
    def messages(self) -> int:
        """Delivered."""
        return sum(link.delivery.arrived for link in self.links if link.delivery)

    @property
    def no_json(self) -> int:
        """How many of these had a payload that is no JSON."""
        return sum(link.delivery.no_json for link in self.links if link.delivery)

    @property
    def refused(self) -> int:
        """Cases refused as expected, without those that only show our own configuration."""
        of_links = [case for link in self.links for case in link.cases]
        of_ports = [case for port in self.ports for case in port.cases]
        return sum(case.proves_refusal for case in of_links + of_ports)

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it must be, one text each."""
        found = [f"{link.name}: not delivered: {problem}" for link in self.links for problem in link.problems]
        found += [
            f"{link.name}: {case.name}: expected {case.expected}, observed {case.observed}"
            for link in self.links
            for case in link.cases
            if not case.ok
        ]
        for port in self.ports:
            where = f"{port.cluster}:{port.port}"
            found += [f"{where}: {difference}" for difference in port.comparison.differences]
            found += [f"{where}: {case.name}: {case.observed}" for case in port.cases if not case.ok]
        return found


def summarize(proof: Proof) -> str:
    """Return what may be claimed, and no more: Mosquitto and our client are not AIO."""
    if not proof.links:
        return "No link is deployed, so no message was sent."
    if not proof.mosquitto:
        return "No message was sent: no link could be set up as deployed."
    return (
        f"With exactly the deployed certificates, trust and policy, Mosquitto {proof.mosquitto} and our client (paho"
        f" {proof.paho}) exchanged {proof.messages} messages, {proof.no_json} of them no JSON, and refused"
        f" {proof.refused} cases. AIO's reload, durability, ordering, limits and policy engine were not exercised."
    )
