"""A link on which no message would travel ends the deployment, and the probe says why; nothing else in ARM is red."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from rehearsal.azure.state import Surroundings
from rehearsal.node.drills.run import run_drills
from rehearsal.node.drills.scene import Drill, Outcome, as_it_is, listing
from tests.rehearsal.cluster.deployments import SURROUNDINGS, Bench

BROKER = "brokers/default"
AUTHORIZATION = f"{BROKER}/authorizations/links"
AUTHENTICATION = f"{BROKER}/authentications/cert-auth"
LISTENER = f"{BROKER}/listeners/default-loadbalancer"


def nothing(_: Bench) -> None:
    """Leave it as it is."""


def packets_are_dropped(bench: Bench) -> None:
    bench.set("nsg-myorgb-dev-001", "securityRules.0.destinationPortRange", "8883")


def half_of_the_peering_is_gone(bench: Bench) -> None:
    bench.remove("virtualNetworkPeerings/peer-b-to-a")


def service_is_inside_only(bench: Bench) -> None:
    bench.set(LISTENER, "properties.serviceType", "ClusterIp")


def frontends_wait_for_a_secret(bench: Bench) -> None:
    bench.remove("secretSyncs/broker-tls-cert-g1")


def serve(bench: Bench, **inputs: object) -> None:
    certificate, key = bench.issue("server", "mqtt", **inputs)
    bench.publish("server-leaf-crt-g1", certificate)
    bench.publish("server-leaf-key-g1", key)


def certificate_is_for_another_address(bench: Bench) -> None:
    serve(bench, ipAddresses=["10.2.1.11"])


def certificate_of_the_broker_has_ended(bench: Bench) -> None:
    serve(bench, ipAddresses=["10.2.1.10"], validityPeriodHours=0)
    time.sleep(1.1)


def broker_has_another_certificate(bench: Bench) -> None:
    serve(bench, ipAddresses=["10.2.1.10"])


def present(bench: Bench, side: str, **inputs: object) -> None:
    certificate, key = bench.issue(side, "site-to-enterprise-g1", **inputs)
    leaf, intermediate, _ = (
        part + "-----END CERTIFICATE-----\n" for part in certificate.split("-----END CERTIFICATE-----\n")
    )
    names = {"client-leaf-crt": leaf, "client-leaf-key": key, "client-intermediate-crt": intermediate}
    for name, text in names.items():
        bench.publish(f"site-to-enterprise-{name}-g1", text)


def certificate_of_the_link_has_ended(bench: Bench) -> None:
    present(bench, "client", validityPeriodHours=0)
    time.sleep(1.1)


def certificate_of_the_link_is_of_the_other_authority(bench: Bench) -> None:
    present(bench, "server")


def client_ids_are_others(bench: Bench) -> None:
    where = "properties.authorizationPolicies.rules.0.brokerResources.0.clientIds"
    bench.set(AUTHORIZATION, where, ["mill.*"])


def rule_is_for_another_link(bench: Bench) -> None:
    bench.set(AUTHORIZATION, "properties.authorizationPolicies.rules.0.principals.attributes", [{"link": "mill"}])


def subject_is_not_mapped(bench: Bench) -> None:
    where = "properties.authenticationMethods.0.x509Settings.authorizationAttributes"
    bench.set(AUTHENTICATION, where, {"mill": {"subject": "CN = mill", "attributes": {"link": "mill"}}})


CAUSES: Mapping[Callable[[Bench], None], str] = {
    packets_are_dropped: "no answer within 20 s -> check the peering's two halves and the security rules",
    half_of_the_peering_is_gone: "no answer within 20 s -> check the peering",
    service_is_inside_only: "Connection refused -> nothing listens there: look at the Service aio-broker",
    frontends_wait_for_a_secret: "Connection refused -> nothing listens there",
    certificate_is_for_another_address: "certificate of the broker: IP address mismatch -> check the Secret",
    certificate_of_the_broker_has_ended: "certificate of the broker: certificate has expired -> check the Secret",
    broker_has_another_certificate: "certificate of the broker is [0-9a-f]{64}; expected [0-9a-f]{64} -> check",
    certificate_of_the_link_has_ended: "alert certificate expired -> the broker refuses the link's certificate",
    certificate_of_the_link_is_of_the_other_authority: "alert unknown ca -> the broker refuses the link's certificate",
    client_ids_are_others: "CONNECT as site.probe is refused: not authorized .* -> check the rule of link",
    rule_is_for_another_link: "CONNECT as site.probe is refused: not authorized",
    subject_is_not_mapped: "CONNECT as site.probe is refused: not authorized",
}


def probe(bench: Bench, judge: Callable[[Outcome], str], surroundings: Surroundings = SURROUNDINGS) -> list[str]:
    """Run the site's probe once in this Azure; what the judge says."""
    drill = Drill("tried", as_it_is, judge)
    found = run_drills(bench.entries.values(), surroundings, {"probe-links": [drill]}, passed={})
    return [one.what for one in found]


def last_line(outcome: Outcome) -> str:
    return (
        f"{outcome.run.exit_code} {outcome.run.stderr.rstrip().splitlines()[-1] if outcome.run.stderr.strip() else ''}"
    )


def test_a_link_that_works_is_no_finding() -> None:
    assert probe(Bench("dev"), lambda outcome: "" if outcome.run.exit_code == 0 else last_line(outcome)) == []


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_a_dead_link_is_red_with_its_reason(cause: Callable[[Bench], None]) -> None:
    bench = Bench("dev")
    cause(bench)
    (said,) = probe(bench, last_line)
    assert re.match(f"1 ERROR: every link's broker answers: not so after 600 s; .*{CAUSES[cause]}", said), said


@pytest.mark.parametrize("nameless", [(), ("broker.example.com",)])
def test_a_name_without_a_record_is_red(nameless: tuple[str, ...]) -> None:
    """The certificate lacks the name, so where there is a record the name is what is wrong."""

    def rename(links: list[dict[str, object]]) -> None:
        links[0]["host"] = "broker.example.com"

    drill = Drill("tried", listing("LINKS", rename), last_line)
    around = replace(SURROUNDINGS, nameless=nameless)
    (found,) = run_drills(Bench("dev").entries.values(), around, {"probe-links": [drill]}, passed={})
    expected = (
        "Name or service not known -> make the DNS record" if nameless else "ostname mismatch -> check the Secret"
    )
    assert expected in found.what
