"""Every example that a user is shown can be used as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from settings import SettingsError, load
from settings.fields import About, find_about
from settings.schema import ConnectedClusterSection, MachineSection, SshSection
from settings.sections import fields_of, sections
from tests.settings.samples import Change, Problems

HERE = {"<name>": "site", "[]": "[0]", "site.listener": "enterprise.listener"}
"""Step in the schema -> in the minimal settings."""
ON_A_MACHINE: dict[str, object] = {
    "subscription_id": "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c",
    "clusters.site.hosting": "arc-machine",
    "clusters.site.node.address": "192.168.10.20",
}
_FIRST = find_about(MachineSection.model_fields["resource_id"]).example
ON_MACHINES = {
    **ON_A_MACHINE,
    "clusters.site.machine": {"resource_id": _FIRST},
    "clusters.site.nodes[0].address": "192.168.10.21",
}
THERE_ALREADY = {**ON_A_MACHINE, "clusters.site.hosting": "existing-cluster"}
_ID = find_about(ConnectedClusterSection.model_fields["resource_id"]).example
_MACHINE = {
    **ON_A_MACHINE,
    "clusters.site.machine.resource_id": find_about(MachineSection.model_fields["resource_id"]).example,
}
OVER_ARC = {**_MACHINE, "clusters.site.machine.ssh_over_arc.user": "ubuntu"}
OVER_SSH = {
    **_MACHINE,
    **{
        f"clusters.site.machine.ssh.{key}": find_about(SshSection.model_fields[key]).example
        for key in ("host", "host_key")
    },
}
CONTEXT: dict[str, dict[str, object]] = {
    "clusters.site.connected_cluster": THERE_ALREADY,
    "clusters.site.connected_cluster.resource_id": THERE_ALREADY,
    "clusters.site.connected_cluster.kubeconfig": {**THERE_ALREADY, "clusters.site.connected_cluster.resource_id": _ID},
    "clusters.site.connected_cluster.context": {
        **THERE_ALREADY,
        "clusters.site.connected_cluster.resource_id": _ID,
        "clusters.site.connected_cluster.kubeconfig": "~/.kube/config",
    },
    "clusters.site.subnet": {"clusters.site.address_space": "10.3.0.0/16"},
    "clusters.site.node.proxy.no_proxy": {"clusters.site.node.proxy.https": "http://10.1.1.4:3128"},
    **{
        f"clusters.site.node.maintenance.{key}": {"clusters.site.node.maintenance.start": "2027-01-02 02:00"}
        for key in ("duration", "time_zone", "every")
    },
    "clusters.site.nodes[0].machine": {**ON_MACHINES, "clusters.site.nodes[0].machine": {}},
    "clusters.site.nodes[0].machine.resource_id": ON_MACHINES,
    "clusters.site.machine": ON_A_MACHINE,
    "clusters.site.machine.resource_id": ON_A_MACHINE,
    **{f"clusters.site.machine.ssh_over_arc{key}": OVER_ARC for key in ("", ".user", ".port")},
    **{f"clusters.site.machine.ssh{key}": OVER_SSH for key in ("", ".host", ".port", ".user", ".host_key")},
    **{
        f"{owner}.revoked_generation": {f"{owner}.generation": 2}
        for owner in ("pki", "clusters.enterprise.listener", "links[0]")
    },
}
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
    whole_list: dict[str, object] = {"links[0].topics": [{"from": "x", "to": "y"}]} if ".topics[" in path else {}
    if ".nodes[" in path:
        whole_list = {"clusters.site.nodes": [{"name": "x"}]}
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


def test_a_cluster_without_code_and_network_is_shown_those_of_the_docs(problems: Problems) -> None:
    examples = {problem.where: problem.example for problem in problems({"clusters.plant2": {}})}
    assert examples == {"clusters.plant2.code": "c", "clusters.plant2.address_space": "10.3.0.0/16"}


@pytest.mark.parametrize(
    ("given", "example"),
    [
        ("10.2.0.0", "10.2.0.0/16"),
        ("10.2.0.0/", "10.2.0.0/16"),
        ("10.2.1.0/16", "10.2.0.0/16"),
        ("10.7.9.9/20", "10.7.0.0/20"),
        ("10.1.0.0", "10.0.0.0/16"),  # The other cluster's.
        ("10.42.0.0/16", "10.0.0.0/16"),  # The pods'.
        ("10.7.0.0/30", "10.0.0.0/29"),
        ("8.8.8.0/24", "10.0.0.0/24"),
        ("somewhere", "10.3.0.0/16"),
    ],
)
def test_a_network_that_is_written_wrongly_is_shown_as_it_was_meant_if_it_is_free(
    problems: Problems, given: str, example: str
) -> None:
    where = "clusters.enterprise.address_space"
    (problem,) = problems({where: given})
    assert problem.example == example
    assert problems({where: example}) == []


@pytest.mark.parametrize(
    ("environment", "given", "example"),
    [
        ("dev", "Standard_D2s_v5", "Standard_D4s_v5"),
        ("dev", "Standard_B2s", "Standard_D4s_v6"),
        ("dev", "Standard_E2ads_v5", "Standard_E4ads_v5"),
        ("dev", "standard_d16s_v6", "Standard_D16s_v6"),
        ("dev", "D8s_v6", "Standard_D8s_v6"),
        ("dev", "Standard_F8s_v2", "Standard_D8s_v5"),
        ("dev", "Standard_D4ps_v6", "Standard_D4s_v6"),
        ("dev", "Standard_D64s_v5", "Standard_D32s_v5"),
        ("dev", "large", "Standard_D8s_v6"),
        ("prod", "Standard_D2s_v5", "Standard_D8s_v5"),
        ("prod", "large", "Standard_D16s_v6"),
    ],
)
def test_an_unknown_vm_size_is_shown_the_smallest_known_one_of_its_kind_on_which_the_broker_fits(
    problems: Problems, environment: str, given: str, example: str
) -> None:
    where = "clusters.site.node.vm_size"
    (problem,) = problems({"environment": environment, where: given})
    assert problem.example == example
    assert len(problem.expected) < 150
    assert "docs/settings.md" in problem.hint
    assert problems({"environment": environment, where: example}) == []


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
    sections = ("machine.ssh_over_arc", "machine.ssh", "listener")
    assert problem.hint == f"port is a key of {' and of '.join(f'clusters.<name>.{one}' for one in sections)}"
    assert problem.example == "port: 22"
    (problem,) = problems({"clusters.enterprise.custom_roles": False})
    assert problem.hint == "custom_roles is a key of edge-stamps:settings"
    (problem,) = problems({"node": {"zone": "1"}})
    assert problem.hint == "node is a key of clusters.<name>"
    assert problem.example.startswith("node: {")


@pytest.mark.parametrize(
    ("key", "value"), [("links", [{"from": "site", "to": "enterprise"}]), ("pki", {"leaf_days": 90}), ("prefix", "x")]
)
def test_a_key_among_the_clusters_is_told_to_move_left_and_nothing_is_missing(
    change: Change, key: str, value: object
) -> None:
    settings = change({f"clusters.{key}": value, "clusters.enterprise.listener.port": 8883})
    settings.pop(key, None)
    with pytest.raises(SettingsError) as error:
        load(settings)
    (problem,) = error.value.problems
    assert problem.where == f"clusters.{key}"
    assert problem.example.startswith(f"{key}: ")
    assert "two columns to the left" in problem.hint


def test_a_cluster_may_have_the_name_of_a_key(problems: Problems) -> None:
    assert problems({"clusters.links": {"code": "c", "address_space": "10.3.0.0/16"}}) == []


def test_a_cluster_among_the_keys_is_told_to_move_right(problems: Problems) -> None:
    (problem,) = problems({"plant2": {"code": "c", "address_space": "10.3.0.0/16"}})
    assert problem.hint == "if plant2 is a cluster, move it two columns to the right, below clusters"


@pytest.mark.parametrize(
    ("path", "meant"), [("region", "location"), ("clusters.site.node.size", "vm_size"), ("tenant", "tenant_id")]
)
def test_a_word_that_others_use_is_told_with_ours(problems: Problems, path: str, meant: str) -> None:
    (problem,) = problems({path: "x"})
    assert problem.expected == f"a known key; the nearest is {meant}"
    assert problem.example.startswith(f"{meant}: ")


def test_a_map_whose_only_line_lacks_a_space_is_shown_with_it(problems: Problems) -> None:
    (problem,) = problems({"clusters.enterprise.listener": "port:28883"})
    assert (problem.example, problem.hint) == ("port: 28883", "a space is missing after the colon")


def test_an_end_of_a_link_that_no_cluster_is_like_may_be_one_to_add(problems: Problems) -> None:
    (problem,) = problems({"links[0].from": "plant7"})
    assert problem.hint == "or add a cluster of this name below clusters"
