"""Every example that a user is shown can be used as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from settings.fields import About
from settings.sections import fields_of, sections
from tests.unit.settings.samples import Problems

HERE = {"<name>": "site", "[]": "[0]", "site.listener": "enterprise.listener"}
"""Step in the schema -> in the minimal settings."""
CONTEXT = {"clusters.site.subnet": {"clusters.site.address_space": "10.3.0.0/16"}}
"""What an example needs beside it."""


def abouts() -> Iterator[tuple[str, object]]:
    """Path in the minimal settings -> example."""
    for place, section in sections():
        for key, field in fields_of(section).items():
            path = f"{place}.{key}".removeprefix(".")
            for step, here in HERE.items():
                path = path.replace(step, here)
            yield path, next(meta.example for meta in field.metadata if isinstance(meta, About))


@pytest.mark.parametrize(("path", "example"), list(abouts()), ids=[path for path, _ in abouts()])
def test_the_example_of_each_key_is_valid(problems: Problems, path: str, example: object) -> None:
    whole_list = {"links[0].topics": [{"from": "x", "to": "y"}]} if ".topics[" in path else {}
    assert problems({**whole_list, **CONTEXT.get(path, {}), path: example}) == []


def test_clusters_without_code_and_network_are_shown_what_is_free(problems: Problems) -> None:
    changes = {"clusters.p": {"code": "c", "address_space": "10.3.0.0/16"}, "clusters.q": {}, "clusters.r": {}}
    examples = {problem.where: yaml.safe_load(problem.example) for problem in problems(changes)}
    assert len(examples) == len(set(examples.values())) == 4
    assert problems({**changes, **examples}) == []


def test_equal_networks_are_told_once_each_and_the_examples_mend_them(problems: Problems) -> None:
    changes = {f"clusters.{name}": {"code": name, "address_space": "10.1.0.0/17"} for name in ("p", "q", "r")}
    found = problems({"clusters.site.address_space": "10.1.0.0/16", **changes})
    examples = {problem.where: problem.example for problem in found}
    assert list(examples) == [f"clusters.{name}.address_space" for name in ("p", "q", "r")]
    assert len(found) == 3
    assert all(example.endswith("/17") for example in examples.values())
    assert problems({**changes, **examples}) == []


def test_a_network_as_large_as_none_is_free_is_shown_a_smaller_one(problems: Problems) -> None:
    changes = {"clusters.site.address_space": "10.128.0.0/9", "clusters.enterprise.address_space": "10.128.0.0/9"}
    (problem,) = problems(changes)
    assert problem.example == "10.64.0.0/10"
    assert problems({**changes, problem.where: problem.example}) == []


def test_where_no_network_is_free_that_is_said(problems: Problems) -> None:
    everything = (
        "10.0.0.0/11", "10.32.0.0/13", "10.40.0.0/15", "10.44.0.0/14", "10.48.0.0/12", "10.64.0.0/10", "10.128.0.0/9",
        "172.16.0.0/12", "192.168.0.0/16",
    )  # fmt: skip
    clusters: dict[str, Any] = {f"c{n}": {"code": f"c{n}", "address_space": all_} for n, all_ in enumerate(everything)}
    (problem,) = problems({"clusters": {**clusters, "new": {"code": "n"}}})
    assert problem.where == "clusters.new.address_space"
    assert "give another cluster a smaller network" in problem.example


@pytest.mark.parametrize(
    ("path", "given", "example"),
    [
        ("clusters.site.subnet", "10.1.2.7/24", "10.1.1.0/24"),
        ("clusters.site.node.address", "10.1.1", "10.1.1.10"),
    ],
)
def test_addresses_of_a_cluster_are_shown_inside_its_network(
    problems: Problems, path: str, given: str, example: str
) -> None:
    (problem,) = problems({path: given})
    assert problem.example == example


@pytest.mark.parametrize(
    ("region", "near"),
    [
        ("francecentral", "westeurope"),
        ("UK South", "westeurope"),
        ("japaneast", "westus2"),
        ("westeurop", "westeurope"),
    ],
)
def test_a_region_without_aio_is_told_with_the_nearest_that_has_it(problems: Problems, region: str, near: str) -> None:
    (problem,) = problems({"location": region})
    assert problem.example == near
    assert problem.hint.endswith((f"the nearest region that has it is {near}", f"did you mean {near}?"))


def test_a_key_in_the_wrong_section_is_told_where_it_belongs(problems: Problems) -> None:
    (problem,) = problems({"clusters.enterprise.port": 28883})
    assert problem.hint == "port is a key of clusters.<name>.listener"
    (problem,) = problems({"clusters.enterprise.tags": {}})
    assert problem.hint == "tags is a key of edge-stamps:settings"


def test_an_end_of_a_link_that_no_cluster_is_like_may_be_one_to_add(problems: Problems) -> None:
    (problem,) = problems({"links[0].from": "plant7"})
    assert problem.hint == "or add a cluster of this name below clusters"
