"""Every problem in one go, in one form, and never a traceback."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from settings import NOTHING, Problem, Settings, SettingsError, load
from tests.settings.samples import Change, Problems

JUNK: list[Any] = [
    None,
    True,
    5,
    -1,
    2.5,
    "",
    "x",
    "-",
    [],
    ["x"],
    {},
    {"x": 1},
    {1: 2},
    [[]],
    datetime.date(2026, 1, 1),
]

EVERYTHING = {
    "profile": "dev",
    "instance": "001",
    "release": "2608",
    "tags": {"owner": "me"},
    "clusters.site.code": "a",
    "clusters.site.hosting": "azure-vm",
    "clusters.site.location": "eastus2",
    "clusters.site.address_space": "10.1.0.0/16",
    "clusters.site.subnet": "10.1.1.0/24",
    "clusters.site.node.vm_size": "Standard_D8s_v6",
    "clusters.site.node.zone": "1",
    "clusters.site.node.os_disk_gib": 128,
    "clusters.site.node.os_disk_sku": "Premium_LRS",
    "clusters.site.node.address": "10.1.1.20",
    "clusters.site.broker.memory_profile": "Low",
    "clusters.site.broker.frontend_replicas": 2,
    "clusters.site.broker.persistence_gib": 10,
    "clusters.enterprise.listener.port": 28883,
    "clusters.enterprise.listener.dns_name": "broker.example.com",
    "clusters.enterprise.listener.generation": 1,
    "links[0].topics": [{"from": "input", "to": "site/output"}],
    "links[0].generation": 1,
    "links[0].client_id_prefix": "site.",
    "links[0].client_ids": None,
    "pki.generation": 1,
    "pki.root_days": 3650,
    "pki.leaf_days": 90,
    "pki.early_renewal_days": 30,
    "protection.protect": True,
    "protection.soft_delete_days": 30,
}
"""Nearly every key that there is."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path in the tree, sections and leaves."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def outcome(data: object) -> Settings | SettingsError:
    try:
        return load(data)
    except SettingsError as error:
        return error


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


FORM = {"instnace": "001", "clusters.enterprise.listener.port": 70000, "release": "1999", "tags": 5}
RULES = {
    "clusters.enterprise.address_space": "10.1.0.0/16",
    "clusters.site.code": "b",
    "links[0].to": "enterprize",
    "pki.leaf_days": 4000,
}


def test_every_mistake_of_the_form_is_reported_at_once_and_no_rule_is_asked_before(problems: Problems) -> None:
    assert {problem.where for problem in problems(FORM | RULES)} == FORM.keys()


def test_every_broken_rule_is_reported_at_once(problems: Problems) -> None:
    found = {problem.where: problem.rule for problem in problems(RULES)}
    assert found == {
        "clusters.enterprise.code": "codes-unique",
        "clusters.enterprise.address_space": "networks-disjoint",
        "links[0].to": "link-ends-known",
        "pki.leaf_days": "issuer-outlives-issued",
        "pki.early_renewal_days": "renewal-within-life",
    }


def test_a_broken_value_causes_no_second_problem(problems: Problems) -> None:
    assert [
        problem.where
        for problem in problems({"clusters.site.address_space": "10.2.0.0", "clusters.site.subnet": "192.168.1.0/24"})
    ] == ["clusters.site.address_space"]
    assert [problem.where for problem in problems({"links[0].from": 7})] == ["links[0].from"]
    assert [problem.where for problem in problems({"clusters.plant": 5})] == ["clusters.plant"]


def test_what_an_unknown_profile_would_have_set_is_not_blamed(problems: Problems) -> None:
    found = problems(
        {
            "profile": "prd",
            "clusters.site.node.vm_size": "Standard_D4s_v6",
            "clusters.site.broker.memory_profile": "High",
        }
    )
    assert [problem.where for problem in found] == ["profile"]


def test_the_text_lists_every_problem_in_one_form(change: Change) -> None:
    with pytest.raises(SettingsError) as error:
        load(change({"instance": 1}), source="the settings of stack dev (Pulumi.dev.yaml)")
    assert (
        str(error.value)
        == """\
1 problem in the settings of stack dev (Pulumi.dev.yaml):

  instance
    given:    1
    expected: lower-case letters and digits, as text
    example:  '001'
    hint:     YAML read a number here; put the text in quotes"""
    )
    with pytest.raises(SettingsError) as error:
        load(change({"clusters.site.address_space": "10.2.0.0/16"}))
    assert (
        str(error.value)
        == """\
1 problem in the settings:

  clusters.enterprise.address_space
    given:    10.2.0.0/16
    expected: a network that overlaps no other cluster's; it overlaps clusters.site.address_space (10.2.0.0/16)
    example:  10.0.0.0/16
    rule:     networks-disjoint (docs/rules.md)"""
    )


def test_one_problem_is_told_in_the_singular() -> None:
    error = SettingsError([Problem("prefix", NOTHING, "a word", "myorg")])
    assert str(error).startswith("1 problem in the settings:\n\n  prefix\n    given:    nothing\n")
    assert "hint" not in str(error)
    assert "rule" not in str(error)


def test_long_values_are_cut() -> None:
    text = str(Problem("x", "y" * 5000, "less", "y"))
    assert "yyy... (5000 characters)" in text
    assert len(text) < 250


def test_the_example_of_everything_is_valid(change: Change) -> None:
    assert isinstance(outcome(change(EVERYTHING)), Settings)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_anywhere_is_a_problem_with_a_place_never_a_traceback(change: Change, junk: object) -> None:
    for path in places(change(EVERYTHING)):
        data = change(EVERYTHING)
        at(data, path[:-1])[path[-1]] = junk
        result = outcome(data)
        if isinstance(result, SettingsError):
            assert all(problem.where and problem.expected and problem.example for problem in result.problems), path
            assert "pydantic" not in str(result)
            assert "Input should" not in str(result)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_anywhere_hides_no_other_mistake_of_the_form(change: Change, junk: object) -> None:
    for path in places(change(EVERYTHING)):
        if path[0] == "pki":
            continue
        data = change({**EVERYTHING, "pki.root_days": 0})
        at(data, path[:-1])[path[-1]] = junk
        result = outcome(data)
        assert isinstance(result, SettingsError)
        assert "pki.root_days" in [problem.where for problem in result.problems], path


def test_no_key_is_silently_ignored(change: Change) -> None:
    sections = {path[:-1] for path in places(change(EVERYTHING)) if isinstance(path[-1], str)}
    for section in sections - {("tags",), ("clusters",)}:
        data = change(EVERYTHING)
        at(data, section)["unheard_of"] = "hunter2"
        result = outcome(data)
        assert isinstance(result, SettingsError), section
        assert [problem.given for problem in result.problems] == ["unheard_of"]
        assert "hunter2" not in str(result), "an unknown key may hold a password"


def test_loading_does_not_change_what_it_was_given(change: Change) -> None:
    data, same = (
        change({**EVERYTHING, "clusters.site.node.zone": 9}),
        change({**EVERYTHING, "clusters.site.node.zone": 9}),
    )
    outcome(data)
    assert data == same


def test_an_unknown_key_of_a_cluster_hides_no_problem_of_a_name(problems: Problems) -> None:
    found = problems({"prefix": "A prefix", "clusters.site.adress_space": "10.1.0.0/16"})

    assert {problem.where for problem in found} == {"clusters.site.adress_space", "prefix"}
