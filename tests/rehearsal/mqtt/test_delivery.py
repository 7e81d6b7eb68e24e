"""Messages arrive, all of them and once each, where they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.cluster.links import find_links
from rehearsal.cluster.model import Symptom
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.result import LinkProof, Proof, summarize
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant

Deployed = Callable[[dict[str, Any]], Plant]


def _with_topics(topics: list[dict[str, str]]) -> dict[str, Any]:
    return {**TWO_CLUSTERS, "links": [{"from": "site", "to": "enterprise", "topics": topics}]}


def _link(proof: Proof, name: str) -> LinkProof:
    return next(link for link in proof.links if link.name == name)


def test_a_healthy_link_delivers_200_messages_once_each(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_CLUSTERS).all)

    assert proof.problems == []
    assert proof.ok
    assert [(link.delivery.sent, link.delivery.arrived) for link in proof.links if link.delivery] == [(200, 200)]
    assert proof.links[0].delivery and proof.links[0].delivery.by_topic == {"site/output": 200}


def test_payloads_that_are_no_json_arrive_bit_by_bit(deployed: Deployed) -> None:
    (link,) = prove(deployed(TWO_CLUSTERS).all, messages=20).links

    assert link.delivery and (link.delivery.arrived, link.delivery.no_json) == (20, 10)


def test_a_dataflow_that_reads_json_carries_nothing_else(deployed: Deployed) -> None:
    topics = [{"from": "a", "to": "x", "payload": "json"}, {"from": "b", "to": "y"}]
    proof = prove(deployed(_with_topics(topics)).all, messages=40)

    delivery = proof.links[0].delivery
    assert proof.ok
    assert delivery and (delivery.arrived, delivery.no_json) == (40, 10)
    assert [text for text in proof.not_exercised if "no JSON" in text] == [
        "payloads that are no JSON over dataflow arck-myorga-dev-001/to-enterprise-a: its transformation reads JSON"
    ]


def test_messages_are_spread_over_the_dataflows(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_BROKERS).all, messages=20)

    delivery = _link(proof, "arck-myorga-dev-001/mqtt-enterprise").delivery
    assert delivery and delivery.by_topic == {"x": 10, "y": 10}


def test_one_site_sends_to_two_brokers_and_a_broker_sends_on(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_BROKERS).all, messages=10)

    assert proof.problems == []
    assert {link.name: link.address for link in proof.links} == {
        "arck-myorga-dev-001/mqtt-enterprise": "10.2.1.10:28883",
        "arck-myorga-dev-001/mqtt-archive": "10.3.1.10:28884",
        "arck-myorgb-dev-001/mqtt-archive": "10.3.1.10:28884",
    }


def test_a_broker_is_found_by_its_dns_name(deployed: Deployed) -> None:
    proof = prove(deployed(THREE_SITES).all, messages=10)

    assert {link.address for link in proof.links} == {"mqtt.example.com:28883"}
    assert proof.ok


def test_every_dataflow_is_sent_over_under_both_readings_of_the_intermediates(deployed: Deployed) -> None:
    delivery = prove(deployed(TWO_CLUSTERS).all, messages=1).links[0].delivery

    assert delivery and delivery.arrived == 2
    assert delivery.variants == ["client_cert.pem alone", "with client_intermediate_certs.pem"]


def test_a_chain_that_works_under_one_reading_only_is_not_enough(deployed: Deployed) -> None:
    def leaf_alone(view: Any) -> None:
        (secret,) = view.secrets.values()
        leaf = secret.data["client_cert.pem"].split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
        view.secrets[secret.name] = replace(secret, data={**secret.data, "client_cert.pem": leaf})

    proof = prove(deployed(TWO_CLUSTERS).with_change("site", leaf_alone), messages=10)

    assert not proof.ok
    assert proof.links[0].delivery and proof.links[0].delivery.arrived == 5
    assert any("client_cert.pem alone: certificate verify failed" in problem for problem in proof.problems)


def test_the_third_key_of_the_secret_is_optional(deployed: Deployed) -> None:
    def without_intermediates(view: Any) -> None:
        (secret,) = view.secrets.values()
        data = {key: text for key, text in secret.data.items() if key != "client_intermediate_certs.pem"}
        view.secrets[secret.name] = replace(secret, data=data)

    assert prove(deployed(TWO_CLUSTERS).with_change("site", without_intermediates), messages=10).ok


@pytest.mark.parametrize("cluster", ["site", "enterprise"])
def test_problems_of_either_cluster_are_named_instead_of_messages_sent(deployed: Deployed, cluster: str) -> None:
    problem = Symptom("CLUSTER-07", cluster, "SecretSync broker-tls-cert-g1", "has no identity", "federate it")

    proof = prove(deployed(TWO_CLUSTERS).replace(cluster, problems=[problem]))

    assert proof.links[0].delivery is None
    assert [str(problem) in found for found in proof.problems] == [True]
    assert summarize(proof).startswith("No message was sent")


def test_a_broker_without_frontends_delivers_nothing(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_CLUSTERS).replace("enterprise", frontends_up=False))

    assert not proof.ok
    assert proof.problems == [
        "arck-myorga-dev-001/mqtt-enterprise: not delivered: the broker frontends of arck-myorgb-dev-001 do not run"
    ]


def test_a_site_in_trouble_leaves_the_others_alone(deployed: Deployed) -> None:
    proof = prove(deployed(THREE_SITES).replace("lyon", secrets={}), messages=10)

    assert {link.name: link.ok for link in proof.links} == {
        "arck-myorgb-dev-001/mqtt-enterprise": True,
        "arck-myorgl-dev-001/mqtt-enterprise": False,
        "arck-myorgp-dev-001/mqtt-enterprise": True,
    }


def test_an_endpoint_that_leads_nowhere_is_named(deployed: Deployed) -> None:
    proof = prove([deployed(TWO_CLUSTERS).views["site"]])

    assert proof.problems == [
        "arck-myorga-dev-001/mqtt-enterprise: not delivered: no cluster has a LoadBalancer listener at 10.2.1.10:28883"
    ]


def test_a_broker_whose_node_has_another_address_is_not_found(deployed: Deployed) -> None:
    (problem,) = prove(deployed(TWO_CLUSTERS).replace("enterprise", addresses=["10.2.1.99"])).problems

    assert "no cluster has a LoadBalancer listener at 10.2.1.10:28883" in problem


def test_only_the_chosen_links_are_proven(deployed: Deployed) -> None:
    views = deployed(THREE_SITES).all
    chosen = find_links(views)[1:2]

    assert [link.name for link in prove(views, chosen, messages=10).links] == [chosen[0].name]


def test_without_links_no_message_is_claimed(deployed: Deployed) -> None:
    proof = prove([deployed(TWO_BROKERS).views["lone"]])

    assert proof.ok
    assert summarize(proof) == "No link is deployed, so no message was sent."


def test_the_summary_claims_what_was_exercised_and_no_more(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_CLUSTERS).all, messages=10)

    assert summarize(proof) == (
        f"With exactly the deployed certificates, trust and policy, Mosquitto {proof.mosquitto} and our client (paho"
        f" {proof.paho}) exchanged 10 messages, 4 of them no JSON, and refused {proof.refused} cases. AIO's reload,"
        " durability, ordering, limits and policy engine were not exercised."
    )
    assert proof.mosquitto and proof.paho
