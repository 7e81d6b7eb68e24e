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
    same = two.settings.authorities.client_intermediate
    authorities = replace(two.settings.authorities, client_root=same)
    [(owner, message)] = _found(two, replace(two.settings, authorities=authorities))
    assert owner == "pki" and "2 authorities" in message


def test_the_program_names_by_generation(two: Workbench) -> None:
    assert _found(two, two.settings) == []


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


def test_a_leaf_that_does_not_rise_with_its_authorities_is_found(two: Workbench) -> None:
    pki = two.settings.pki.model_copy(update={"generation": 2})
    found = [(where, message) for where, message in _found(two, replace(two.settings, pki=pki)) if "becomes" in message]
    assert found == [
        (where, "becomes generation 1; expected 1 + 2 (pki.generation) - 1")
        for where in ("clusters.enterprise.listener.generation", "links[0].generation")
    ]
