"""The stack file is read a second time: each value that the settings lose or change on the way is found."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from graph.graph import Graph
from rules import written
from rules.lookup import View
from settings import Settings
from settings.loaded_stack import LoadedStack, load_stack
from settings.paths import leaves
from settings.sections import list_fields, place_of
from tests.conftest import PROGRAM
from tests.settings.changed_deployments import READ_BESIDE

_EMPTY = Graph("edge-stamps", "every-setting", False, "", {}, {})


@pytest.fixture(scope="module")
def stack() -> LoadedStack:
    """The example that says every setting."""
    return load_stack(PROGRAM, "every-setting")


def _found(settings: Settings, file: Mapping[str, Any]) -> list[str]:
    return [where for where, _ in written.arrives(View(_EMPTY, settings, file))]


def test_a_file_that_arrives_is_not_reported(stack: LoadedStack) -> None:
    assert _found(stack.settings, written.read_file(stack)) == []


def test_every_setting_is_looked_at() -> None:
    looked_at = {*written._STACK, *(f"clusters.<name>.{path}" for path in written._CLUSTER)}
    looked_at |= {f"links[].{path}" for path in written._LINK} | {"links[].topics[].from", "links[].topics[].to"}
    looked_at |= {f"links[].topics[].{path}" for path in written._TOPIC}
    looked_at |= {f"clusters.<name>.nodes[].{path}" for path in written._NODE}
    assert looked_at == set(list_fields()) - READ_BESIDE


def _places() -> Iterator[str]:
    settings = yaml.safe_load((PROGRAM / "examples" / "Pulumi.every-setting.yaml").read_text(encoding="utf-8"))
    seen = set()
    for path, _ in leaves(settings["config"]["edge-stamps:settings"]):
        if (place := place_of(path)) not in seen:
            seen.add(place)
            yield path


@pytest.mark.parametrize("path", list(_places()))
def test_another_value_in_the_file_is_found(path: str, stack: LoadedStack) -> None:
    file = copy.deepcopy(dict(written.read_file(stack)))
    owner: Any = file
    *steps, last = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    for step in steps:
        owner = owner[step]
    owner[last] = f"{owner[last]}-other"
    assert _found(stack.settings, file) != []


@pytest.mark.parametrize(
    ("path", "written_as"),
    [
        ("location", "North Europe"),
        ("tenant_id", "A1B2C3D4-0000-4000-8000-00000000000A"),
        ("ssh_public_key", "ssh-ed25519 AAAAb ops\n"),
    ],
)
def test_what_means_the_same_in_the_file_is_no_finding(path: str, written_as: str, stack: LoadedStack) -> None:
    meant = {"location": "northeurope", "tenant_id": written_as.lower(), "ssh_public_key": written_as.strip()}
    settings = stack.settings
    if path == "location":
        settings = replace(settings, location=meant[path])
    else:
        settings = replace(settings, tenant=replace(settings.tenant, **{path: meant[path]}))
    assert _found(settings, {path: written_as}) == []


def test_object_ids_in_another_case_are_no_finding(stack: LoadedStack) -> None:
    ids = [one.upper() for one in stack.settings.admin_users]
    assert ids
    assert _found(stack.settings, {"admin_user_object_ids": ids}) == []


def test_null_stands_for_the_default_but_where_it_says_none(stack: LoadedStack) -> None:
    (name, cluster), *_ = stack.settings.clusters.items()
    assert cluster.node
    assert cluster.node.zone
    file = {name: {"subnet": None, "location": None, "node": {"zone": None, "address": None, "k3s_version": None}}}
    others: dict[str, Any] = {one: {} for one in stack.settings.clusters if one != name}
    assert _found(stack.settings, {"clusters": {**file, **others}}) == [f"clusters.{name}.node.zone"]


@pytest.mark.parametrize("written_as", ["ssh-ed25519 AAAAB ops", "ssh-ed25519  AAAAb ops"])
def test_a_key_in_another_case_or_with_other_blanks_is_found(written_as: str, stack: LoadedStack) -> None:
    settings = replace(stack.settings, tenant=replace(stack.settings.tenant, ssh_public_key="ssh-ed25519 AAAAb ops"))
    assert _found(settings, {"ssh_public_key": written_as}) == ["ssh_public_key"]


def test_a_prefix_of_client_ids_in_another_case_is_found(stack: LoadedStack) -> None:
    (link,) = stack.settings.links.values()
    file = {"links": [{"from": link.client, "to": link.broker, "client_id_prefix": link.client_id_prefix.upper()}]}
    assert "links[0].client_id_prefix" in _found(stack.settings, file)


def test_a_file_that_says_less_is_no_finding(stack: LoadedStack) -> None:
    file = {key: value for key, value in written.read_file(stack).items() if key in ("prefix", "clusters")}
    clusters = {name: {"code": one["code"]} for name, one in file["clusters"].items()}
    assert _found(stack.settings, {**file, "clusters": clusters}) == []


def test_a_cluster_that_the_settings_lose_is_found(stack: LoadedStack) -> None:
    kept = {name: cluster for name, cluster in stack.settings.clusters.items() if name != "mill"}
    assert "clusters" in _found(replace(stack.settings, clusters=kept), written.read_file(stack))


def test_a_link_that_the_settings_lose_is_found(stack: LoadedStack) -> None:
    assert "links" in _found(replace(stack.settings, links={}), written.read_file(stack))


def test_a_peering_that_the_settings_lose_is_found() -> None:
    stack = load_stack(PROGRAM, "two-enterprises", stand_ins=True)
    assert _found(replace(stack.settings, peerings=()), written.read_file(stack)) == ["links (peerings)"]


def test_topics_that_are_swapped_are_found(stack: LoadedStack) -> None:
    (link,) = stack.settings.links.values()
    swapped = tuple(replace(one, source=one.destination, destination=one.source) for one in link.topics)
    links = {link.name: replace(link, topics=swapped)}
    assert _found(replace(stack.settings, links=links), written.read_file(stack)) == ["links[0].topics"]


def test_a_stack_without_a_file_is_not_judged(stack: LoadedStack) -> None:
    assert written.read_file(replace(stack, stack="none")) == {}
