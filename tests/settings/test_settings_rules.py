"""Rules over several settings: addresses, sizes, names, links, certificates."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Problem, SettingsError, load, profiles
from settings.rules import RULES
from tests.settings.samples import Change, Problems


def only(found: list[Problem], where: str, *texts: str) -> Problem:
    """The one problem, at the place, with the texts in what is expected."""
    assert [problem.where for problem in found] == [where]
    for text in texts:
        assert text in found[0].expected
    assert found[0].example
    return found[0]


def topics(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"from": source, "to": destination} for source, destination in pairs]


# --- addresses ---


def test_overlapping_address_spaces(problems: Problems) -> None:
    found = problems({"clusters.site.address_space": "10.2.0.0/16"})
    problem = only(found, "clusters.enterprise.address_space", "clusters.site.address_space (10.2.0.0/16)")
    assert problem.given == "10.2.0.0/16"
    assert (
        problems({"clusters.site.address_space": "10.1.0.0/16", "clusters.enterprise.address_space": problem.example})
        == []
    )


def test_one_address_space_inside_another(problems: Problems) -> None:
    found = problems({"clusters.site.address_space": "10.2.128.0/24"})
    only(found, "clusters.enterprise.address_space", "overlaps")


def test_overlap_is_refused_between_clusters_without_a_link(problems: Problems) -> None:
    found = problems({"links": [], "clusters.site.address_space": "10.2.0.0/16"})
    only(found, "clusters.enterprise.address_space", "overlaps")


def test_subnet_outside_its_address_space(problems: Problems) -> None:
    found = problems({"clusters.site.subnet": "10.2.1.0/24"})
    problem = only(found, "clusters.site.subnet", "inside clusters.site.address_space (10.1.0.0/16)")
    assert problem.example == "10.1.1.0/24"


@pytest.mark.parametrize("address", ["10.1.2.10", "10.2.1.10"])
def test_node_address_outside_its_subnet(problems: Problems, address: str) -> None:
    only(problems({"clusters.site.node.address": address}), "clusters.site.node.address", "inside", "10.1.1.0/24")


@pytest.mark.parametrize("last", [0, 1, 2, 3, 255])
def test_node_address_that_azure_keeps(problems: Problems, last: int) -> None:
    only(
        problems({"clusters.site.node.address": f"10.1.1.{last}"}), "clusters.site.node.address", "Azure does not keep"
    )


@pytest.mark.parametrize("last", [4, 254])
def test_node_address_next_to_those(problems: Problems, last: int) -> None:
    assert problems({"clusters.site.node.address": f"10.1.1.{last}"}) == []


# --- clusters ---


def test_two_clusters_with_one_code(problems: Problems) -> None:
    problem = only(problems({"clusters.enterprise.code": "a"}), "clusters.enterprise.code", "clusters.site.code")
    assert problem.example == "c"


def test_tags_of_a_cluster_that_differ_from_the_stack_s_by_case_alone(problems: Problems) -> None:
    found = problems({"tags": {"city": "Ballina"}, "clusters.site.tags": {"City": "Sligo"}})
    only(found, "clusters.site.tags", "more than case")
    assert problems({"tags": {"City": "Ballina"}, "clusters.site.tags": {"City": "Sligo"}}) == []


def test_more_tags_than_azure_takes_together(problems: Problems) -> None:
    of_stack, own = ({f"{kind}{n}": "" for n in range(25)} for kind in ("stack", "own"))
    only(problems({"tags": of_stack, "clusters.site.tags": own}), "clusters.site.tags", "at most 49")


def test_broker_that_does_not_fit_the_node(problems: Problems) -> None:
    size = {"clusters.site.node.vm_size": "Standard_D4s_v6"}
    assert (
        problems({**size, "clusters.site.broker.memory_profile": "Medium", "clusters.site.broker.backend_workers": 1})
        == []
    )
    found = problems({**size, "clusters.site.broker.memory_profile": "High"})
    problem = only(found, "clusters.site.broker", "Standard_D4s_v6, 16 GiB", "37.0 GiB")
    assert problem.example == "{memory_profile: Medium}"


def test_persistence_that_does_not_fit_the_disk(problems: Problems) -> None:
    broker = {"clusters.site.broker.backend_partitions": 1, "clusters.site.broker.backend_redundancy_factor": 2}
    assert problems({**broker, "clusters.site.broker.persistence_gib": 49}) == []
    found = problems({**broker, "clusters.site.broker.persistence_gib": 50})
    problem = only(found, "clusters.site.broker.persistence_gib", "clusters.site.node.os_disk_gib (128 GiB) 2 times")
    assert problem.example == "49"


def test_zone_in_a_region_without_zones(problems: Problems) -> None:
    found = problems({"clusters.site.location": "westus", "clusters.site.node.zone": "1"})
    only(found, "clusters.site.node.zone", "West US has no availability zones")


def test_zone_redundant_storage_in_a_region_without_zones(problems: Problems) -> None:
    changes = {"environment": "prod", "clusters.site.location": "westus", "clusters.site.node.zone": None}
    only(problems(changes), "clusters.site.location", "Standard_ZRS")


def test_listener_where_no_link_ends(problems: Problems) -> None:
    found = problems({"clusters.site.listener.port": 8883})
    only(found, "clusters.site.listener", "no link ends at site")


def test_two_brokers_with_one_dns_name(problems: Problems) -> None:
    name = "broker.example.com"
    found = problems(
        {
            "clusters.site.listener.dns_name": name,
            "clusters.enterprise.listener.dns_name": name,
            "links": [{"from": "site", "to": "enterprise"}, {"from": "enterprise", "to": "site"}],
        }
    )
    only(found, "clusters.enterprise.listener.dns_name", "clusters.site.listener.dns_name")


@pytest.mark.parametrize("key", ["max_session_hours", "max_message_hours"])
def test_limits_that_end_a_queue_before_the_outage_does(problems: Problems, key: str) -> None:
    where = f"clusters.site.broker.{key}"
    assert problems({"protection.outage_hours": 100, where: 100}) == []
    problem = only(
        problems({"protection.outage_hours": 100, where: 99}), where, "100 or more", "protection.outage_hours"
    )
    assert (problem.example, "replaces it" in problem.hint) == ("100", True)
    assert problems({"protection.outage_hours": 100, where: None}) == []


def test_an_outage_longer_than_the_default_of_sessions(problems: Problems) -> None:
    found = problems({"protection.outage_hours": 169})
    assert [problem.where for problem in found] == [
        "clusters.site.broker.max_session_hours", "clusters.enterprise.broker.max_session_hours",
    ]  # fmt: skip


def test_packets_larger_than_the_memory_profile_takes(problems: Problems) -> None:
    size = {"clusters.site.broker.memory_profile": "Tiny"}
    assert problems(size) == []
    where = "clusters.enterprise.broker.max_packet_mib"
    assert problems({where: 16}) == []
    assert only(problems({where: 17}), where, "at most 16", "Low").example == "16"


@pytest.mark.parametrize(
    ("site", "enterprise", "most"),
    [
        ({"max_packet_mib": 5}, {}, 4),
        ({"max_packet_mib": None}, {}, 4),
        ({"max_packet_mib": 4}, {"max_packet_mib": 3}, 3),
        ({"max_packet_mib": None, "memory_profile": "Medium"}, {"max_packet_mib": None}, 16),
    ],
)
def test_a_site_that_takes_larger_packets_than_its_link_can_send(
    problems: Problems, site: dict[str, Any], enterprise: dict[str, Any], most: int
) -> None:
    brokers = {"clusters.site.broker": site, "clusters.enterprise.broker": enterprise}
    problem = only(problems(brokers), "clusters.site.broker.max_packet_mib", f"at most {most}", "clusters.enterprise")
    assert problem.example == str(most)
    assert problems({**brokers, "clusters.site.broker": {**site, "max_packet_mib": most}}) == []
    assert problems({**brokers, "links": []}) == []


def test_a_site_with_two_links_fits_the_smaller_broker(problems: Problems) -> None:
    links = [{"from": "site", "to": "enterprise"}, {"from": "site", "to": "plant"}]
    sizes = {"clusters.enterprise.broker.max_packet_mib": 3, "clusters.plant.broker.max_packet_mib": 2}
    found = problems({**three_clusters(*links), **sizes})
    only(found, "clusters.site.broker.max_packet_mib", "at most 2", "clusters.plant.broker")


# --- tenant and certificates ---


def test_one_id_pasted_twice(problems: Problems, minimal: dict[str, Any]) -> None:
    problem = only(problems({"tenant_id": minimal["subscription_id"]}), "tenant_id", "cannot equal subscription_id")
    assert "az account show" in problem.hint


@pytest.mark.parametrize(
    ("changes", "where", "text"),
    [
        ({"pki.intermediate_days": 3558}, "pki.intermediate_days", "pki.root_days (3650 days)"),
        ({"pki.leaf_days": 1540, "pki.early_renewal_days": 385}, "pki.leaf_days", "pki.intermediate_days (1825 days)"),
        ({"pki.early_renewal_days": 91}, "pki.early_renewal_days", "92 days or more, a quarter of pki.leaf_days (365)"),
        ({"pki.leaf_days": 7, "pki.early_renewal_days": 1}, "pki.early_renewal_days", "2 days or more"),
        ({"pki.early_renewal_days": 365}, "pki.early_renewal_days", "pki.leaf_days (365)"),
    ],
)
def test_certificate_lives(problems: Problems, changes: dict[str, Any], where: str, text: str) -> None:
    only(problems(changes), where, text)


@pytest.mark.parametrize("owner", ["pki", "clusters.enterprise.listener", "links[0]"])
@pytest.mark.parametrize(("generation", "revoked"), [(1, 1), (7, 7), (3, 5)])
def test_what_is_to_be_revoked_stays_so_in_the_example(
    problems: Problems, owner: str, generation: int, revoked: int
) -> None:
    """In an emergency somebody pastes it: one with a lower `revoked_generation` would leave the stolen key good."""
    changes = {f"{owner}.generation": generation, f"{owner}.revoked_generation": revoked}
    problem = only(problems(changes), f"{owner}.generation", f"more than {owner}.revoked_generation ({revoked})")
    assert problems({**changes, problem.where: int(problem.example)}) == []


def test_certificate_lives_at_their_limits(problems: Problems) -> None:
    lives = {"pki.root_days": 572, "pki.intermediate_days": 476, "pki.leaf_days": 380, "pki.early_renewal_days": 95}
    assert problems(lives) == []
    assert problems({"pki.leaf_days": 7, "pki.early_renewal_days": 2}) == []


# --- links ---


def test_link_to_an_unknown_cluster(problems: Problems) -> None:
    problem = only(problems({"links[0].to": "entreprise"}), "links[0].to", "site, enterprise")
    assert problem.hint == "did you mean enterprise?"
    assert problem.example == "enterprise"


def test_a_misspelt_link_does_not_blame_the_listener_as_well(problems: Problems) -> None:
    only(problems({"links[0].to": "entreprise", "clusters.enterprise.listener.port": 8883}), "links[0].to")


def test_link_of_a_cluster_with_itself(problems: Problems) -> None:
    only(problems({"links[0].to": "site"}), "links[0].to", "another cluster than `from`")


def test_two_links_between_the_same_clusters(problems: Problems) -> None:
    links = [{"from": "site", "to": "enterprise"}, {"from": "site", "to": "enterprise", "topics": topics(("a", "b"))}]
    only(problems({"links": links}), "links[1]", "links[0] joins the same two")


def test_the_same_pair_of_topics_twice(problems: Problems) -> None:
    only(problems({"links[0].topics": topics(("a", "b"), ("a", "b"))}), "links[0].topics[1]", "links[0].topics[0]")


def three_clusters(*links: dict[str, Any]) -> dict[str, Any]:
    return {"clusters.plant": {"code": "c", "address_space": "10.3.0.0/16"}, "links": list(links)}


@pytest.mark.parametrize(
    ("first", "second", "reported", "longer"),
    [("x-", "x-", 1, "x-"), ("x-", "x-y", 0, "x-y"), ("x-y", "x-", 1, "x-y"), ("site.1", None, None, "")],
)
def test_two_links_to_a_broker_whose_client_ids_begin_alike(
    problems: Problems, first: str, second: str | None, reported: int | None, longer: str
) -> None:
    found = problems(
        three_clusters(
            {"from": "site", "to": "enterprise", "client_id_prefix": first},
            {"from": "plant", "to": "enterprise", "client_id_prefix": second},
        )
    )
    if reported is None:
        assert found == []
        return
    problem = only(found, f"links[{reported}].client_id_prefix", f"links[{1 - reported}] begin with {longer}")
    assert problem.example == ("plant." if reported else "site.")


def test_sites_whose_names_begin_alike_have_client_ids_that_do_not(problems: Problems) -> None:
    clusters = {
        "clusters.a": {"code": "x", "address_space": "10.11.0.0/16"},
        "clusters.a-b": {"code": "y", "address_space": "10.12.0.0/16"},
    }
    links = [{"from": "a", "to": "enterprise"}, {"from": "a-b", "to": "enterprise"}]
    assert problems({**clusters, "links": links}) == []
    links[0]["client_id_prefix"] = "a"
    only(problems({**clusters, "links": links}), "links[0].client_id_prefix", "begin with a-b.")


def test_client_ids_that_do_not_begin_with_the_prefix(problems: Problems) -> None:
    only(
        problems({"links[0].client_ids": ["site.to-enterprise-input", "to-enterprise-input"]}),
        "links[0].client_ids", "begin with site.", "to-enterprise-input does not",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "reported"),
    [
        ({}, {}, ["links[0].topics[0]", "links[1].topics[1]"]),
        ({"shared": True}, {}, ["links[1].topics[1]"]),
        ({}, {"shared": True}, ["links[0].topics[0]"]),
        ({"shared": True}, {"shared": True}, []),
    ],
)
def test_a_destination_of_two_links_is_refused_unless_both_say_so(
    problems: Problems, first: dict[str, bool], second: dict[str, bool], reported: list[str]
) -> None:
    found = problems(
        three_clusters(
            {"from": "site", "to": "enterprise", "topics": [{"from": "a", "to": "alarms", **first}]},
            {"from": "plant", "to": "enterprise",
             "topics": [{"from": "b", "to": "own"}, {"from": "b", "to": "alarms", **second}]},
        )
    )  # fmt: skip
    assert [problem.where for problem in found] == reported
    for problem in found:
        assert "would publish alarms at enterprise too" in problem.expected
        assert "`shared: true` on each" in problem.expected
        assert problem.example in ("{from: a, to: site/alarms}", "{from: b, to: plant/alarms}")


def test_a_destination_of_three_links_is_told_of_each_that_does_not_share_it(problems: Problems) -> None:
    shared = {"from": "a", "to": "alarms", "shared": True}
    links = [
        {"from": name, "to": "enterprise", "topics": [topic]}
        for name, topic in (("site", shared), ("plant", {"from": "a", "to": "alarms"}), ("mill", shared))
    ]
    clusters = {"clusters.mill": {"code": "m", "address_space": "10.4.0.0/16"}}
    found = problems({**three_clusters(*links), **clusters})
    only(found, "links[1].topics[0]", "links[0].topics[0] and 1 more")


def test_a_destination_that_two_brokers_have_or_two_topics_of_a_link(problems: Problems) -> None:
    links = [
        {"from": "site", "to": "enterprise", "topics": topics(("a", "x"), ("b", "x"))},
        {"from": "site", "to": "plant", "topics": topics(("a", "x"))},
    ]
    assert problems(three_clusters(*links)) == []


def test_one_client_id_on_two_brokers(problems: Problems) -> None:
    links = [
        {"from": "site", "to": "enterprise", "client_id_prefix": "x-"},
        {"from": "enterprise", "to": "plant", "client_id_prefix": "x-"},
    ]
    assert problems(three_clusters(*links)) == []


def test_more_dataflows_than_a_profile_takes(problems: Problems) -> None:
    pairs = [(f"in{n}", f"out{n}") for n in range(71)]
    assert problems({"links[0].topics": topics(*pairs[:70])}) == []
    only(problems({"links[0].topics": topics(*pairs)}), "links[0].topics[70]", "at most 70", "these are 71")


def test_message_that_returns(problems: Problems) -> None:
    there = {"from": "site", "to": "enterprise", "topics": topics(("input", "site/output"))}
    back = {"from": "enterprise", "to": "site", "topics": topics(("+/output", "echo"))}
    found = problems({"links": [there, back]})
    only(found, "links[1].topics[0]", "input on site -> +/output on enterprise -> echo on site")
    assert [problem.where for problem in problems({"links": [back, there]})] == ["links[1].topics[0]"]


def test_message_that_goes_in_a_circle_is_one_problem(problems: Problems) -> None:
    there = {"from": "site", "to": "enterprise", "topics": topics(("a/#", "b"))}
    back = {"from": "enterprise", "to": "site", "topics": topics(("b", "a"))}
    only(problems({"links": [there, back]}), "links[1].topics[0]", "a/# on site")


def test_message_that_returns_over_three_clusters(problems: Problems) -> None:
    hops = [("site", "enterprise", "a", "b"), ("enterprise", "plant", "b", "c"), ("plant", "site", "#", "z")]
    links = [{"from": one, "to": other, "topics": topics((source, to))} for one, other, source, to in hops]
    only(problems(three_clusters(*links)), "links[2].topics[0]", "no message returns")


def test_links_in_both_directions_with_other_topics(problems: Problems) -> None:
    there = {"from": "site", "to": "enterprise"}
    back = {"from": "enterprise", "to": "site", "topics": topics(("commands", "enterprise/commands"))}
    assert problems({"links": [there, back]}) == []


# --- the table and the profiles ---


def test_rules_have_an_id_and_a_source_each() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.source and rule.title for rule in RULES)


def test_a_problem_names_the_rule_that_it_breaks_and_a_wrong_value_names_none(problems: Problems) -> None:
    found = problems({"clusters.enterprise.code": "a", "links[0].to": "site"})
    assert {problem.where: problem.rule for problem in found} == {
        "clusters.enterprise.code": "codes-unique",
        "links[0].to": "link-has-two-ends",
    }
    assert [problem.rule for problem in problems({"instance": "-"})] == [""]


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_every_profile_passes_its_own_rules(change: Change, name: str) -> None:
    assert load(change({"environment": name})).profile == name


def test_a_profile_that_breaks_a_rule_would_be_noticed(problems: Problems, monkeypatch: pytest.MonkeyPatch) -> None:
    dev = profiles.PROFILES["dev"]
    node, broker = {**dev["node"], "vm_size": "Standard_D4s_v6"}, {**dev["broker"], "memory_profile": "High"}
    monkeypatch.setitem(profiles.PROFILES, "dev", {**dev, "node": node, "broker": broker})
    assert [problem.where for problem in problems({})] == ["clusters.site.broker", "clusters.enterprise.broker"]


def test_two_links_cannot_have_one_name(change: Change) -> None:
    settings = change({})
    clusters = {
        name: {"code": code, "address_space": f"10.{n}.0.0/16"}
        for n, (name, code) in enumerate((("a", "a"), ("b-to-c", "b"), ("a-to-b", "c"), ("c", "d")), start=11)
    }
    links = [{"from": "a", "to": "b-to-c"}, {"from": "a-to-b", "to": "c"}]

    with pytest.raises(SettingsError, match=r"another name than a-to-b-to-c, which links\[0\] has"):
        load({**settings, "clusters": clusters, "links": links})


@pytest.mark.parametrize(
    "key", ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a\nssh-ed25519 b"]
)
def test_a_second_ssh_key_does_not_hide_in_the_comment(key: str, problems: Problems) -> None:
    assert [problem.where for problem in problems({"ssh_public_key": key})] == ["ssh_public_key"]


@pytest.mark.parametrize("unknown", ["nowhere", "sitee"])
def test_the_example_for_an_unknown_end_of_a_link_is_not_its_other_end(problems: Problems, unknown: str) -> None:
    links = [{"from": "site", "to": unknown}]
    (found,) = [one for one in problems({"links": links}) if one.where == "links[0].to"]
    assert found.example == "enterprise"
    assert problems({"links": [{"from": "site", "to": found.example}]}) == []


def test_a_link_to_itself_is_told_and_not_that_nothing_ends_elsewhere(problems: Problems) -> None:
    found = problems({"links": [{"from": "site", "to": "site"}], "clusters.enterprise.listener": {"port": 8883}})
    only(found, "links[0].to", "another cluster")
