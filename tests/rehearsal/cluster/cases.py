"""The cases of the rules: one thing is broken in a deployment that works. `cases_*` register them here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench

Breakage = Callable[[Bench], object]
Where = tuple[str, str, str]
CASES: list[Case] = []

LISTENER_DOWN = ("CLUSTER-18", ENTERPRISE, "BrokerListener default-loadbalancer")
CLIENT_LOST = ("CLUSTER-22", SITE, "DataflowEndpoint mqtt-enterprise")
SERVER_CA_LOST = ("CLUSTER-23", SITE, "DataflowEndpoint mqtt-enterprise")
CLIENT_CA_LOST = ("CLUSTER-20", ENTERPRISE, "BrokerAuthentication cert-auth")
SERVER_SYNC = "SecretSync broker-tls-cert-g1"
CLIENT_SYNC = "SecretSync client-secret-enterprise-g1"


@dataclass(frozen=True)
class Case:
    """A breakage, the problem that is its cause, words in it, and the problems that follow from it."""

    problem: Where
    says: str
    breakage: Breakage
    then: frozenset[Where]
    stack: str


def breaks(
    rule: str, cluster: str, where: str, says: str, *, then: tuple[Where, ...] = (), stack: str = "dev"
) -> Callable[[Breakage], Breakage]:
    """The function breaks what this rule asks for; nothing is blamed but what follows from it."""

    def register(breakage: Breakage) -> Breakage:
        CASES.append(Case((rule, cluster, where), says, breakage, frozenset(then), stack))
        return breakage

    return register
