"""Names that a renewal would overwrite, and authorities of one name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.generations import names_carry_generations
from rules.lookup import View
from settings.model import Settings
from tests.rules.workbench import Workbench


def _found(bench: Workbench, settings: Settings) -> list[tuple[str, str]]:
    return list(names_carry_generations(View(bench.graph, settings)))


def _with_listener(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with another listener on the broker."""
    enterprise = settings.clusters["enterprise"]
    assert enterprise.listener
    changed = replace(enterprise, listener=replace(enterprise.listener, **changes))
    return replace(settings, clusters={**settings.clusters, "enterprise": changed})


@pytest.mark.parametrize("field", ["common_name", "secret_name", "certificate_secret", "key_secret"])
def test_a_name_without_generation_is_found(field: str, two: Workbench) -> None:
    settings = two.settings
    same: dict[str, Any] = {field: "same"}
    name, link = next(iter(settings.links.items()))
    broker = settings.clusters[link.broker]
    assert broker.listener
    listener = replace(broker.listener, **same)
    wrong = replace(
        settings,
        links={**settings.links, name: replace(link, **same)},
        clusters={**settings.clusters, broker.name: replace(broker, listener=listener)},
    )
    assert [owner for owner, message in _found(two, wrong) if message.startswith(f"{field}: 'same'")] == [
        name,
        broker.name,
    ]


def test_two_roots_of_one_name_are_found(two: Workbench) -> None:
    enterprise = two.settings.clusters["enterprise"]
    assert enterprise.listener
    authorities = replace(two.settings.authorities, client_root=enterprise.listener.root_name)
    [(owner, message)] = _found(two, replace(two.settings, authorities=authorities))
    assert owner == "pki" and "2 authorities" in message


def test_the_program_names_by_generation(two: Workbench) -> None:
    assert _found(two, two.settings) == []


@pytest.mark.parametrize("field", ["root_name", "intermediate_name", "server_ca_config_map"])
def test_a_name_of_a_broker_without_its_generation_is_found(field: str, two: Workbench) -> None:
    settings = _with_listener(two.settings, {field: "same"})
    assert ("enterprise", f"{field}: 'same'") in [
        (one, text.partition(" does")[0]) for one, text in _found(two, settings)
    ]


@pytest.mark.parametrize("field", ["server_ca_config_map", "intermediate_secret"])
def test_a_name_of_a_link_without_its_generation_is_found(field: str, two: Workbench) -> None:
    name, link = next(iter(two.settings.links.items()))
    wrong: dict[str, Any] = {field: "same"}
    settings = replace(two.settings, links={name: replace(link, **wrong)})
    assert [owner for owner, message in _found(two, settings) if message.startswith(f"{field}: 'same'")] == [name]


def test_an_authority_without_its_generation_is_found(two: Workbench) -> None:
    authorities = replace(two.settings.authorities, client_root="root")
    [(owner, message)] = _found(two, replace(two.settings, authorities=authorities))
    assert owner == "pki" and "client_root: 'root' does not end with -g1" in message


def test_a_leaf_whose_generation_does_not_rise_with_the_authorities_is_found(two: Workbench) -> None:
    """New roots with the old name of the leaf: what was issued under the old ones would be accepted still."""
    settings = replace(two.settings, pki=two.settings.pki.model_copy(update={"generation": 2}))
    found = dict(_rises(two, settings))
    assert found == {
        "clusters.enterprise.listener.generation": "becomes generation 1; expected 1 + 2 (pki.generation) - 1",
        "links[0].generation": "becomes generation 1; expected 1 + 2 (pki.generation) - 1",
    }


def test_a_leaf_whose_generation_ignores_its_own_setting_is_found(two: Workbench) -> None:
    values = {**two.settings.values, "links[0].generation": 4}
    assert dict(_rises(two, replace(two.settings, values=values))) == {
        "links[0].generation": "becomes generation 1; expected 4 + 1 (pki.generation) - 1"
    }


def test_generations_that_rise_with_the_authorities_are_no_finding(two: Workbench) -> None:
    pki = two.settings.pki.model_copy(update={"generation": 2})
    (name, link), *_ = two.settings.links.items()
    settings = replace(_with_listener(two.settings, {"generation": 2}), pki=pki)
    settings = replace(settings, links={name: replace(link, generation=2)})
    assert list(_rises(two, settings)) == []


def _rises(bench: Workbench, settings: Settings) -> list[tuple[str, str]]:
    return [(owner, text) for owner, text in _found(bench, settings) if "pki.generation) - 1" in text]
