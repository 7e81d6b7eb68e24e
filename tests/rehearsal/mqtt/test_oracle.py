"""The policy oracle decides as AIO is documented to, and Mosquitto as translated decides like it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from graph import pem
from rehearsal.cluster.links import find_links
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.authority import Authority, build_leaf, common_name, key_to_pem, new_key, to_pem
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import ClientPlan, read_client, tls_context
from rehearsal.mqtt.compare import compare
from rehearsal.mqtt.mosquitto import run_broker
from rehearsal.mqtt.oracle import Action, covers, decide
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.translate import read_ports
from rehearsal.mqtt.wire import Connection
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant, changed

Deployed = Callable[[dict[str, Any]], Plant]
_PORT = 28883
_RULE_SETS = 10
"""Random ones; the questions are divided among them."""
_CLIENT_ID = "site.to-enterprise-input"


def _chain(made: Plant, name: str) -> list[x509.Certificate]:
    return made.pki.client.sign(build_leaf(common_name(name), new_key()))


def _with_rules(made: Plant, change: Callable[[Any], None]) -> ClusterView:
    def apply(view: Any) -> None:
        body = view.authorizations["links"]
        change(body["authorizationPolicies"]["rules"])

    return changed(made.views["enterprise"], apply)


@pytest.mark.parametrize(
    ("client_id", "action", "topic", "allowed", "by"),
    [
        (_CLIENT_ID, "Connect", "", True, "rules"),
        (_CLIENT_ID, "Publish", "site/output", True, "rules"),
        (_CLIENT_ID, "Publish", "site/output/more", False, "rules"),
        (_CLIENT_ID, "Publish", "site", False, "rules"),
        (_CLIENT_ID, "Subscribe", "site/output", False, "rules"),
        (_CLIENT_ID, "Subscribe", "#", False, "rules"),
        (f"{_CLIENT_ID}-0", "Publish", "site/output", True, "rules"),
        ("another", "Connect", "", False, "client id"),
        ("another", "Publish", "site/output", False, "client id"),
        (None, "Publish", "site/output", True, "rules"),
    ],
)
def test_the_deployed_policy(
    deployed: Deployed, client_id: str | None, action: Action, topic: str, allowed: bool, by: str
) -> None:
    made = deployed(TWO_CLUSTERS)

    decision = decide(made.views["enterprise"], _PORT, _chain(made, "site-to-enterprise-g1"), client_id, action, topic)

    assert (decision.allowed, decision.by) == (allowed, by)


def test_who_comes_without_a_mapped_subject_may_not_even_connect(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    view = made.views["enterprise"]
    foreign = Authority.root("foreign").sign(build_leaf(common_name("site-to-enterprise-g1"), new_key()))
    tried = {
        "unmapped": decide(view, _PORT, _chain(made, "site-to-enterprise-g0"), _CLIENT_ID, "Connect"),
        "foreign": decide(view, _PORT, foreign, _CLIENT_ID, "Connect"),
        "no certificate": decide(view, _PORT, [], _CLIENT_ID, "Connect"),
        "no such port": decide(view, 1, _chain(made, "x"), "x", "Connect"),
    }

    assert not any(decision.allowed for decision in tried.values())
    assert [decision.by for decision in tried.values()] == ["rules", *["authentication"] * 3]


@pytest.mark.parametrize("signs", ["leaves", "intermediates"])
def test_a_site_of_another_stack_below_the_same_external_ca_is_nobody(signs: str, deployed: Deployed) -> None:
    pki = {"external_ca": signs}
    prod, dev = (deployed({**TWO_CLUSTERS, "environment": one, "pki": pki}) for one in ("prod", "dev"))
    own, of_dev = (_chain(prod, next(iter(one.settings.links.values())).common_name) for one in (prod, dev))
    view = prod.views["enterprise"]

    assert decide(view, _PORT, own, _CLIENT_ID, "Publish", "site/output").allowed
    refused = decide(view, _PORT, of_dev, _CLIENT_ID, "Publish", "site/output")
    assert (refused.allowed, refused.by) == (False, "rules")


def test_without_an_authentication_everybody_may_do_everything(deployed: Deployed) -> None:
    def anonymous(view: Any) -> None:
        (port,) = view.listeners["default-loadbalancer"]["ports"]
        del port["authenticationRef"], port["authorizationRef"]

    view = changed(deployed(TWO_CLUSTERS).views["enterprise"], anonymous)

    assert decide(view, _PORT, [], "x", "Publish", "any").allowed


def test_without_an_authorization_every_trusted_certificate_may_do_everything(deployed: Deployed) -> None:
    def without_policy(view: Any) -> None:
        (port,) = view.listeners["default-loadbalancer"]["ports"]
        del port["authorizationRef"]

    made = deployed(TWO_CLUSTERS)
    view = changed(made.views["enterprise"], without_policy)

    assert decide(view, _PORT, _chain(made, "unmapped"), "x", "Publish", "any").allowed
    assert not decide(view, _PORT, [], "x", "Publish", "any").allowed


def test_no_rules_deny_everything(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    view = _with_rules(made, lambda rules: rules.clear())

    assert not decide(view, _PORT, _chain(made, "site-to-enterprise-g1"), _CLIENT_ID, "Connect").allowed


def test_attributes_of_the_intermediate_serve_leaves_without_their_own(deployed: Deployed) -> None:
    def map_intermediate(view: Any) -> None:
        body = view.authentications["cert-auth"]
        entries = body["authenticationMethods"][0]["x509Settings"]["authorizationAttributes"]
        (entry,) = entries.values()
        entries["ca"] = {**entry, "subject": "CN=client intermediate"}

    made = deployed(TWO_CLUSTERS)
    view = changed(made.views["enterprise"], map_intermediate)

    assert decide(view, _PORT, _chain(made, "unmapped"), _CLIENT_ID, "Publish", "site/output").allowed


@pytest.mark.parametrize("principals", [{"clientIds": ["x"]}, {"usernames": ["unmapped"]}])
def test_client_ids_and_user_names_open_a_rule_alone(deployed: Deployed, principals: dict[str, Any]) -> None:
    made = deployed(TWO_CLUSTERS)
    view = _with_rules(
        made,
        lambda rules: rules.append({"principals": principals, "brokerResources": [{"method": "Connect"}]}),
    )

    assert decide(view, _PORT, _chain(made, "unmapped"), "x", "Connect").allowed


def test_a_star_in_a_client_id_reaches_further_than_meant(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    chain = _chain(made, "site-to-enterprise-g1")

    def star(rules: Any) -> None:
        rules[0]["brokerResources"][0]["clientIds"] = ["site-1*"]

    view = _with_rules(made, star)

    assert decide(view, _PORT, chain, "site-10", "Connect").allowed
    assert not decide(view, _PORT, chain, "site-2", "Connect").allowed


def test_tokens_stand_for_the_client(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    chain = _chain(made, "site-to-enterprise-g1")

    def tokens(rules: Any) -> None:
        rules[0]["brokerResources"][1]["topics"] = ["{principal.attributes.link}/{principal.clientId}", "{principal.x}"]

    view = _with_rules(made, tokens)

    assert decide(view, _PORT, chain, _CLIENT_ID, "Publish", f"site-to-enterprise/{_CLIENT_ID}").allowed
    assert not decide(view, _PORT, chain, _CLIENT_ID, "Publish", "{principal.x}").allowed


@pytest.mark.parametrize(
    ("pattern", "asked", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a", False),
        ("a", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/#", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("#", "#", True),
        ("+/#", "#", True),
        ("+/+/#", "+/#", False),
        ("a/+/#", "a/#", False),
        ("#", "a/+/c", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
    ],
)
def test_what_a_topic_pattern_covers(pattern: str, asked: str, covered: bool) -> None:
    assert covers(pattern, asked) is covered


@pytest.mark.parametrize(
    ("granted", "asked", "allowed"),
    [
        ("site/+", "$share/x/site/+", True),
        ("site/output", "$share/x/site/output", True),
        ("site/+", "$share/x/site/+/more", False),
        ("+/+/secret", "$share/x/secret", False),
        ("+/#", "#", True),
    ],
)
def test_mosquitto_and_the_oracle_judge_a_shared_subscription_by_what_it_shares(
    deployed: Deployed, granted: str, asked: str, allowed: bool
) -> None:
    made = deployed(TWO_CLUSTERS)
    more = {"method": "Subscribe", "topics": [granted]}
    view = _with_rules(made, lambda rules: rules[0]["brokerResources"].append(more))
    (port,), (plan,) = read_ports(view), _plans(made)
    with run_broker(port) as broker:
        options = plan.options(_CLIENT_ID, tls_context(plan, plan.credentials, broker.folder))
        with Connection(broker.port, options).open() as connection:
            assert connection.subscribe(asked).is_failure is not allowed

    chain = pem.certificates(plan.credentials.chain_pem)
    assert decide(view, _PORT, chain, _CLIENT_ID, "Subscribe", asked).allowed is allowed


def _plans(made: Plant) -> list[ClientPlan]:
    return [read_client(link.site, link.endpoint) for link in find_links(made.all)]


def _random_rules(seed: int, links: list[str]) -> Callable[[Any], None]:
    chance = random.Random(seed)

    def topic() -> str:
        segments = chance.choices(["berlin", "lyon", "porto", "output", "+"], k=chance.randint(1, 3))
        return "/".join([*segments, "#"] if chance.random() < 0.3 else segments)

    def rule() -> dict[str, Any]:
        methods = chance.choices(["Publish", "Subscribe"], k=3)
        return {
            "principals": {"attributes": [{"link": link} for link in chance.sample(links, chance.randint(1, 2))]},
            "brokerResources": [
                *([{"method": "Connect", "clientIds": [chance.choice(links) + "-input"]}] * (chance.random() < 0.7)),
                *({"method": method, "topics": [topic(), topic()]} for method in methods),
            ],
        }

    return lambda rules: rules.__setitem__(slice(None), [rule() for _ in range(3)])


def _strangers(made: Plant) -> list[ClientPlan]:
    """Who comes with a trusted leaf that nobody knows, with one of another maker, or with the broker's own."""
    plan, names = _plans(made)[0], ("somebody", "berlin-to-enterprise-g0", "berlin-to-enterprise-g10")
    issued = [(made.pki.client, name) for name in names]
    issued += [(Authority.root("foreign"), "berlin-to-enterprise-g1"), (made.pki.server, "berlin-to-enterprise-g1")]
    return [replace(plan, credentials=_issue(authority, name)) for authority, name in issued]


def _issue(authority: Authority, name: str) -> Credentials:
    key = new_key()
    return Credentials(to_pem(authority.sign(build_leaf(common_name(name), key))), key_to_pem(key))


@pytest.mark.parametrize("seed", range(_RULE_SETS))
def test_mosquitto_decides_like_the_oracle_whatever_the_rules(
    deployed: Deployed, seed: int, pytestconfig: pytest.Config
) -> None:
    tries = pytestconfig.getoption("questions") // _RULE_SETS
    made = deployed(THREE_SITES)
    view = _with_rules(made, _random_rules(seed, list(made.settings.links)))
    plans = _plans(made)
    (port,) = read_ports(view)

    with run_broker(port) as broker:
        result = compare(view, broker, plans[0], [*plans, *_strangers(made)], tries=tries, seed=seed)

    assert result.differences == []
    assert result.agreed == tries


def test_a_link_that_may_take_the_session_of_another_is_a_problem(deployed: Deployed) -> None:
    made = deployed(THREE_SITES)

    def every_id(view: Any) -> None:
        rules = view.authorizations["links"]["authorizationPolicies"]["rules"]
        rules[0]["brokerResources"][0]["clientIds"] = ["*"]

    problems = prove(made.with_change("enterprise", every_id), messages=4).problems

    assert len(problems) == 2
    assert "may connect as lyon.to-enterprise-input, and so end a session of arck-myorgl-dev-001" in problems[0]


def test_client_ids_that_the_policy_names_are_those_of_the_dataflows(deployed: Deployed) -> None:
    """What AIO appends to a prefix is not documented: ids that were seen need not be prefix and name."""
    links = [{"from": "site", "to": "enterprise", "client_ids": ["site.seen-0", "site.seen-1"]}]

    assert prove(deployed({**TWO_CLUSTERS, "links": links}).all, messages=4).ok


def test_mosquitto_decides_like_the_oracle_on_the_deployed_rules(deployed: Deployed) -> None:
    for port in prove(deployed(TWO_BROKERS).all, messages=4, seed=7).ports:
        assert port.comparison.differences == []
        assert port.comparison.agreed >= 40


def test_a_translator_that_is_too_generous_is_found(deployed: Deployed) -> None:
    made = deployed(THREE_SITES)
    plans = _plans(made)
    (port,) = read_ports(made.views["enterprise"])
    shut = _with_rules(made, lambda rules: rules.clear())

    with run_broker(port) as broker:
        result = compare(shut, broker, plans[0], plans, tries=60, seed=1)

    assert any("Mosquitto allows it" in difference for difference in result.differences)


def test_a_translator_that_is_too_strict_is_found(deployed: Deployed) -> None:
    made = deployed(THREE_SITES)
    plans = _plans(made)
    (port,) = read_ports(_with_rules(made, lambda rules: rules.clear()))

    with run_broker(port) as broker:
        result = compare(made.views["enterprise"], broker, plans[0], plans, tries=60, seed=1)

    assert any("Mosquitto refuses it" in difference for difference in result.differences)


def test_an_attribute_given_to_the_intermediate_is_a_difference_that_shows(deployed: Deployed) -> None:
    made = deployed(TWO_BROKERS)

    def map_intermediate(view: Any) -> None:
        body = view.authentications["cert-auth"]
        entries = body["authenticationMethods"][0]["x509Settings"]["authorizationAttributes"]
        entries["ca"] = {**next(iter(entries.values())), "subject": "CN = client intermediate"}

    proof = prove(made.with_change("enterprise", map_intermediate), messages=4)

    # AIO would let the links to the other broker in by their intermediate; Mosquitto looks at the leaf alone.
    assert any("Mosquitto refuses it" in problem for problem in proof.problems)
