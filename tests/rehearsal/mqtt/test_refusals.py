"""What must be refused is refused, each in its way; and a case fails when the deployment lets it through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rehearsal.mqtt.probe import AT_TLS, BY_CLIENT, BY_POLICY, BY_PROTOCOL, CONFIGURATION_ECHO, NOT_DELIVERED, Case
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.result import Proof
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant, plant

Deployed = Callable[[dict[str, Any]], Plant]

_OTHER = "arck-myorgl-dev-001/mqtt-enterprise"
_REFUSED = {
    "another topic": BY_POLICY,
    "retained message to another topic": BY_POLICY,
    "Will message to another topic": NOT_DELIVERED,
    "subscribe to #": BY_POLICY,
    "subscribe to $share/x/#": BY_POLICY,
    "subscribe to berlin/output": BY_POLICY,
    f"topic lyon/output of {_OTHER}": BY_POLICY,
    f"Will message to topic lyon/output of {_OTHER}": NOT_DELIVERED,
    f"subscribe to lyon/output of {_OTHER}": BY_POLICY,
    f"certificate of {_OTHER}": BY_POLICY,
    "no certificate": f"{AT_TLS} (peer did not return a certificate)",
    "same subject by a foreign authority": f"{AT_TLS} (certificate verify failed)",
    "the broker's own certificate": f"{AT_TLS} (certificate verify failed)",
    "broker with a foreign certificate": BY_CLIENT,
    "plain TCP": AT_TLS,
    "TLS 1.2": f"{AT_TLS} (unsupported protocol)",
    "QoS 2": f"{BY_PROTOCOL} (QoS not supported)",
    "trusted leaf with an unmapped subject": BY_POLICY,
    "subject of the generation before": BY_POLICY,
    "subject that begins alike": BY_POLICY,
    "trusted leaf without the use for clients": AT_TLS,
    "expired leaf of the deployed authority": AT_TLS,
}


@pytest.fixture(scope="module")
def cases(deployed: Deployed) -> dict[str, Case]:
    """Of the first of three sites, by name."""
    sites = deployed(THREE_SITES)
    return {case.name: case for case in prove(sites.all, messages=10, sign=sites.pki.client.sign).links[0].cases}


@pytest.mark.parametrize("name", _REFUSED)
def test_it_is_refused(cases: dict[str, Case], name: str) -> None:
    assert cases[name].ok
    assert cases[name].observed.startswith(_REFUSED[name])


@pytest.mark.parametrize("name", ["own topic", "Will message to the own topic"])
def test_what_is_allowed_is_delivered(cases: dict[str, Case], name: str) -> None:
    assert (cases[name].observed, cases[name].ok, cases[name].is_refusal) == ("delivered", True, False)


def test_nothing_is_tried_that_this_table_does_not_know(cases: dict[str, Case]) -> None:
    porto = {name for name in cases if "arck-myorgp" in name}

    assert set(cases) - porto - set(_REFUSED) == {"own topic", "Will message to the own topic"}


def test_values_of_our_own_configuration_are_labelled(cases: dict[str, Case]) -> None:
    assert {name for name, case in cases.items() if case.label == CONFIGURATION_ECHO} == {"TLS 1.2", "QoS 2"}


def test_what_only_shows_our_own_configuration_is_not_counted(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_CLUSTERS).all, messages=4)

    refusals = [case for case in proof.links[0].cases if case.is_refusal]
    assert proof.refused == len(refusals) - 2


def test_a_link_to_another_broker_is_a_trusted_leaf_with_an_unmapped_subject(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_BROKERS).all, messages=10)

    found = {case.name: case.observed for case in proof.links[0].cases if "another broker" in case.name}
    assert list(found) == [
        "certificate of arck-myorga-dev-001/mqtt-archive, a link to another broker",
        "certificate of arck-myorgb-dev-001/mqtt-archive, a link to another broker",
    ]
    assert all(observed.startswith(BY_POLICY) for observed in found.values())


def test_what_was_not_tried_and_what_mosquitto_cannot_show_is_listed(deployed: Deployed) -> None:
    proof = prove(deployed(TWO_CLUSTERS).all, messages=10)

    assert [line.split(":")[0] for line in proof.not_exercised] == [
        "the site's own leg, from its broker to the dataflow",
        "trusted leaf with an unmapped subject",
        "subject of the generation before",
        "subject that begins alike",
        "trusted leaf without the use for clients",
        "expired leaf of the deployed authority",
        "another link's certificate and topic at 10.2.1.10",
    ]
    assert any("client id" in line for line in proof.unprovable)
    assert "random password" in proof.observer


def test_site_1_cannot_act_as_site_10() -> None:
    sites = plant(
        {
            **TWO_CLUSTERS,
            "clusters": {
                "site-1": {"code": "a", "address_space": "10.11.0.0/16"},
                "site-10": {"code": "b", "address_space": "10.12.0.0/16"},
                "enterprise": {"code": "e", "address_space": "10.20.0.0/16"},
            },
            "links": [{"from": site, "to": "enterprise"} for site in ("site-1", "site-10")],
        }
    )

    proof = prove(sites.all, messages=10, sign=sites.pki.client.sign)

    assert proof.problems == []
    tried = {case.name: case.observed for case in proof.links[0].cases}
    assert tried["topic site-10/output of arck-myorgb-dev-001/mqtt-enterprise"].startswith(BY_POLICY)
    assert tried["certificate of arck-myorgb-dev-001/mqtt-enterprise"].startswith(BY_POLICY)
    tried = {case.name: case.observed for case in proof.links[1].cases}
    assert tried["topic site-1/output of arck-myorga-dev-001/mqtt-enterprise"].startswith(BY_POLICY)


def _sharing(berlin: Sequence[str], lyon: Sequence[str]) -> dict[str, Any]:
    """Two sites that publish these topics, `alarms` together."""
    own = [("berlin", berlin), ("lyon", lyon)]
    links = [
        {
            "from": site,
            "to": "enterprise",
            "topics": [{"from": f"in/{topic}", "to": topic, "shared": topic == "alarms"} for topic in topics],
        }
        for site, topics in own
    ]
    return {**THREE_SITES, "links": links}


def _left_out(proof: Proof) -> list[str]:
    return [line for line in proof.not_exercised if "another link's topics" in line]


_BERLIN = "arck-myorgb-dev-001/mqtt-enterprise"


def test_links_that_share_a_topic_are_tried_against_what_they_do_not_share(deployed: Deployed) -> None:
    proof = prove(deployed(_sharing(["alarms", "berlin/output"], ["alarms", "lyon/output"])).all, messages=10)

    assert (proof.problems, _left_out(proof)) == ([], [])
    for link, other, topic in ((0, _OTHER, "lyon/output"), (1, _BERLIN, "berlin/output")):
        tried = {case.name: case.observed for case in proof.links[link].cases}
        assert tried[f"topic {topic} of {other}"].startswith(BY_POLICY)
        assert tried[f"certificate of {other}"].startswith(BY_POLICY)
        assert not any("alarms of" in name for name in tried)


def test_what_cannot_be_tried_on_links_that_share_is_listed(deployed: Deployed) -> None:
    proof = prove(deployed(_sharing(["alarms", "berlin/output"], ["alarms"])).all, messages=10)

    assert proof.problems == []
    assert [case.name for case in proof.links[0].cases if _OTHER in case.name] == [f"certificate of {_OTHER}"]
    assert f"topic berlin/output of {_BERLIN}" in {case.name for case in proof.links[1].cases}
    assert _left_out(proof) == [
        f"another link's topics with the certificate of {_BERLIN}: it may publish all those of {_OTHER} too"
    ]


def test_links_that_share_everything_are_listed_each(deployed: Deployed) -> None:
    proof = prove(deployed(_sharing(["alarms"], ["alarms"])).all, messages=10)

    assert proof.problems == []
    assert not any(one in case.name for link in proof.links for case in link.cases for one in (_OTHER, _BERLIN))
    assert len(_left_out(proof)) == 2


def test_a_right_too_many_is_noticed_where_links_share_a_topic(deployed: Deployed) -> None:
    sites = deployed(_sharing(["alarms", "berlin/output"], ["alarms", "lyon/output"]))

    def widen(view: Any) -> None:
        _rules(view)[1]["brokerResources"][1]["topics"].append("berlin/output")

    assert _let_through(prove(sites.with_change("enterprise", widen), messages=10)) == {f"certificate of {_OTHER}"}


def _broken(deployed: Deployed, change: Callable[[Any], None]) -> Proof:
    sites = deployed(THREE_SITES)
    return prove(sites.with_change("enterprise", change), messages=10, sign=sites.pki.client.sign)


def _rules(view: Any) -> Any:
    return view.authorizations["links"]["authorizationPolicies"]["rules"]


def _let_through(proof: Proof) -> set[str]:
    return {case.name for case in proof.links[0].cases if not case.ok}


def test_a_rule_for_every_topic_is_noticed(deployed: Deployed) -> None:
    def open_topics(view: Any) -> None:
        _rules(view)[0]["brokerResources"][1]["topics"] = ["#"]

    assert _let_through(_broken(deployed, open_topics)) >= {
        "another topic",
        "retained message to another topic",
        "Will message to another topic",
        f"topic lyon/output of {_OTHER}",
        f"Will message to topic lyon/output of {_OTHER}",
    }


def test_a_right_to_subscribe_is_noticed_by_what_it_delivers(deployed: Deployed) -> None:
    def subscribe(view: Any) -> None:
        _rules(view)[0]["brokerResources"].append({"method": "Subscribe", "topics": ["#"]})

    proof = _broken(deployed, subscribe)

    delivered = {case.name for case in proof.links[0].cases if case.observed == "delivered" and not case.ok}
    assert delivered >= {
        "subscribe to #",
        "subscribe to $share/x/#",
        "subscribe to berlin/output",
        f"subscribe to lyon/output of {_OTHER}",
    }


def test_a_rule_that_opens_to_another_link_is_noticed(deployed: Deployed) -> None:
    def share(view: Any) -> None:
        _rules(view)[0]["principals"]["attributes"].append({"link": "lyon-to-enterprise"})

    assert f"certificate of {_OTHER}" in _let_through(_broken(deployed, share))


def test_no_authorization_at_all_is_noticed(deployed: Deployed) -> None:
    def without_policy(view: Any) -> None:
        del view.listeners["default-loadbalancer"]["ports"][0]["authorizationRef"]

    problems = _broken(deployed, without_policy).problems
    assert any("policy oracle: may connect as lyon.to-enterprise-input" in problem for problem in problems), problems


def test_the_generation_before_that_is_still_mapped_is_noticed(deployed: Deployed) -> None:
    def keep(view: Any) -> None:
        settings = view.authentications["cert-auth"]["authenticationMethods"][0]["x509Settings"]
        entry = next(iter(settings["authorizationAttributes"].values()))
        settings["authorizationAttributes"]["old"] = {**entry, "subject": "CN = berlin-to-enterprise-g0"}

    assert _let_through(_broken(deployed, keep)) == {"subject of the generation before"}


def test_a_second_port_without_a_policy_is_noticed(deployed: Deployed) -> None:
    def second_port(view: Any) -> None:
        ports = view.listeners["default-loadbalancer"]["ports"]
        ports.append({"port": 1883, "protocol": "Mqtt"})

    proof = _broken(deployed, second_port)

    assert not proof.ok
    assert (
        "arck-myorge-dev-001:28883: port 1883, which no link uses, without a certificate: delivered" in proof.problems
    )


def test_a_second_port_with_the_same_policy_is_fine(deployed: Deployed) -> None:
    def second_port(view: Any) -> None:
        ports = view.listeners["default-loadbalancer"]["ports"]
        ports.append({**ports[0], "port": 8883})

    assert _broken(deployed, second_port).ok
