"""Which generations are live, step by step, by what is deployed."""

from __future__ import annotations

import copy
from typing import Any

from settings import loading
from settings.high_water import AUTHORITIES, Generation, Mark, broker_key, link_key, raise_marks, read_marks
from settings.naming import client_ca_config_map
from settings.rotation import Deployed, Live, find_crowded, find_live, name_settling
from settings.stack_state import State
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_BROKERS

SITE, ENTERPRISE = "site-to-enterprise", "enterprise"
Marks = dict[str, Mark]


def wanted(**changes: Any) -> dict[str, Any]:
    """Three clusters, two brokers; `link` and `listener` are those between site and enterprise."""
    settings: dict[str, Any] = {**STAND_INS, **copy.deepcopy(TWO_BROKERS)}
    settings["links"][0] |= changes.get("link", {})
    settings["clusters"][ENTERPRISE]["listener"] = {
        **settings["clusters"][ENTERPRISE].get("listener", {}), **changes.get("listener", {}),
    }  # fmt: skip
    settings["pki"] = changes.get("pki", {})
    return settings


def go_on(settings: dict[str, Any], before: Marks, *settled: str, trusted: dict[str, str] | None = None) -> Live:
    """What the next deployment has, when these links have been seen to use what is wanted."""
    resolved = loading.load(settings)
    seen = {name_settling(resolved.links[name], resolved.listener_of(resolved.links[name])) for name in settled}
    return find_live(resolved, before, Deployed(frozenset(seen), trusted or {}))


def marks(live: Live, before: Marks) -> Marks:
    return dict(read_marks(raise_marks(live.settings, before, live.by_owner, live.leaving)))


def numbers(live: Live) -> dict[str, list[int]]:
    """Of everything of which more than one is live."""
    return {key: [one.number for one in each] for key, each in live.by_owner.items() if len(each) > 1}


def test_the_first_deployment_has_what_is_wanted_and_no_more() -> None:
    live = go_on(wanted(link={"generation": 4}), {})
    assert numbers(live) == {}
    assert live.links[SITE] == (Generation(4, 1),)
    assert not any(live.rotates(link) for link in live.settings.links.values())


def test_an_old_key_stays_until_its_link_is_seen_to_use_the_new_one() -> None:
    first = marks(go_on(wanted(), {}), {})
    renewed = wanted(link={"generation": 2})
    second = go_on(renewed, first)
    assert numbers(second) == {link_key(SITE): [1, 2]}
    assert [one.common_name for one in second.links_as(second.settings.links[SITE])] == [f"{SITE}-g1", f"{SITE}-g2"]
    assert numbers(go_on(renewed, marks(second, first))) == {link_key(SITE): [1, 2]}, "nobody has seen it"
    assert numbers(go_on(renewed, marks(second, first), "site-to-archive")) == {link_key(SITE): [1, 2]}
    assert numbers(go_on(renewed, marks(second, first), SITE)) == {}


def test_a_broker_s_old_chain_stays_until_the_last_of_its_links_has_followed() -> None:
    settings = wanted()
    settings["links"].append({"from": "archive", "to": ENTERPRISE, "topics": [{"from": "a", "to": "b"}]})
    first = marks(go_on(settings, {}), {})
    settings["clusters"][ENTERPRISE]["listener"]["generation"] = 2
    second = go_on(settings, first)
    assert numbers(second) == {broker_key(ENTERPRISE): [1, 2]}
    assert second.brokers[ENTERPRISE][-1].signers == (1,), "the old root signs the new one too"
    half = go_on(settings, marks(second, first), SITE)
    assert numbers(half) == {broker_key(ENTERPRISE): [1, 2]}
    done = go_on(settings, marks(second, first), SITE, f"archive-to-{ENTERPRISE}")
    assert (numbers(done), done.retired(broker_key(ENTERPRISE))) == ({}, (1,))
    assert done.brokers[ENTERPRISE] == second.brokers[ENTERPRISE][-1:], "it stays as it was made"


def test_new_authorities_renew_every_leaf_and_old_trust_goes_last() -> None:
    first = marks(go_on(wanted(), {}), {})
    settings = wanted(pki={"generation": 2})
    second = go_on(settings, first)
    assert set(numbers(second)) == set(second.by_owner)
    assert second.trusted_authority(ENTERPRISE) == 1
    names = tuple(second.links)
    third = go_on(settings, marks(second, first), *names, trusted={ENTERPRISE: client_ca_config_map(1)})
    assert third.trusted_authority(ENTERPRISE) == 2
    assert numbers(third) == {AUTHORITIES: [1, 2]}, "a broker still names the old root"
    last = go_on(settings, marks(third, first), *names, trusted={ENTERPRISE: client_ca_config_map(2)})
    assert (numbers(last), last.retired(AUTHORITIES)) == ({}, (1,))


def test_one_link_that_stays_away_keeps_its_own_old_key_and_the_trust_in_it() -> None:
    first = marks(go_on(wanted(), {}), {})
    settings = wanted(pki={"generation": 2})
    second = go_on(settings, first)
    rest = [name for name in second.links if name != SITE]
    third = go_on(settings, marks(second, first), *rest)
    assert numbers(third) == {AUTHORITIES: [1, 2], broker_key(ENTERPRISE): [1, 2], link_key(SITE): [1, 2]}
    assert third.trusted_authority(ENTERPRISE) == 1
    assert third.trusted_authority("archive") == 2


def test_what_is_revoked_is_gone_at_once() -> None:
    first = marks(go_on(wanted(), {}), {})
    for changes in (
        {"link": {"generation": 2, "revoked_generation": 1}},
        {"listener": {"generation": 2, "revoked_generation": 1}},
        {"pki": {"generation": 2, "revoked_generation": 1}},
    ):
        live = go_on(wanted(**changes), first)
        assert numbers(live) == {}
        assert all(one.signers == () for each in live.by_owner.values() for one in each)


def test_a_revoked_root_is_here_for_one_more_deployment_and_up_runs_that() -> None:
    first = marks(go_on(wanted(), {}), {})
    settings = wanted(pki={"generation": 2, "revoked_generation": 1})
    second = go_on(settings, first)
    assert second.leaving == {AUTHORITIES: (1,), broker_key(ENTERPRISE): (1,), broker_key("archive"): (1,)}
    assert second.retired(AUTHORITIES) == (1,), "it is unprotected first"
    after = marks(second, first)
    assert State(after).goes_on(State(first))
    last = go_on(settings, after)
    assert (last.retired(AUTHORITIES), last.retired(broker_key(ENTERPRISE))) == ((), ())
    assert not State(marks(last, after)).goes_on(State(after))


def test_a_link_is_cut_whose_deployed_key_is_live_no_more() -> None:
    first = marks(go_on(wanted(), {}), {})
    used = Deployed(used={SITE: "client-secret-enterprise-g1"})
    gentle = find_live(loading.load(wanted(link={"generation": 2})), first, used)
    revoked = find_live(loading.load(wanted(link={"generation": 2, "revoked_generation": 1})), first, used)
    assert [*gentle.cut] == []
    assert [*revoked.cut] == [SITE]


def test_a_number_tells_what_it_is_made_of_where_the_setting_has_another() -> None:
    told = [str(Generation(*one)) for one in ((1, 1), (3, 1), (2, 2), (4, 3))]
    assert told == ["1", "3", "2 (pki.generation 2)", "4 (its own 2, pki.generation 3)"]


def test_a_later_renewal_after_a_revocation_is_as_gentle_as_any() -> None:
    first = marks(go_on(wanted(), {}), {})
    revoked = {"generation": 2, "revoked_generation": 1}
    second = marks(go_on(wanted(pki=revoked, link=revoked), first), first)
    live = go_on(wanted(pki=revoked, link={"generation": 3, "revoked_generation": 1}), second)
    assert numbers(live) == {link_key(SITE): [3, 4]}


def test_a_root_is_kept_as_long_as_one_that_it_has_signed_is_live() -> None:
    before: Marks = {}
    retired = []
    for generation in (1, 2, 3):
        settings = wanted(listener={"generation": generation})
        before = marks(go_on(settings, before), before)
        live = go_on(settings, before, *loading.load(settings).links)
        retired.append(live.retired(broker_key(ENTERPRISE)))
        before = marks(live, before)
    assert retired == [(), (1,), (2,)]


def test_a_generation_too_many_is_refused_until_old_ones_are_gone() -> None:
    before: Marks = {}
    for generation in (1, 2, 3):
        settings = wanted(listener={"generation": generation})
        assert [*find_crowded(loading.load(settings), before)] == []
        before = marks(go_on(settings, before), before)
    fourth = wanted(listener={"generation": 4})
    (problem,) = find_crowded(loading.load(fourth), before)
    assert (problem.where, problem.example) == ("clusters.enterprise.listener.generation", "3")
    revoked = wanted(listener={"generation": 4, "revoked_generation": 1})
    assert [*find_crowded(loading.load(revoked), before)] == []
