"""Composed names: exactly the reference's, and never beyond Azure's limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from hashlib import sha256
from typing import Any

import pytest

from settings import ClusterNames, load
from settings.cluster_names import NAME_LIMITS, cluster_names
from settings.errors import NamingError
from settings.guids import assignment_name
from settings.name_limits import ADMIN_USERNAME
from settings.naming import arc_proxy_port, count_generation, dataflow_names, link_names, listener_names
from settings.rules import names
from tests.conftest import TWO_CLUSTERS, resolve
from tests.settings.samples import Change, Problems

LONGEST = "a" + "-b" * 12


def test_cluster_names_are_the_references() -> None:
    names = asdict(cluster_names("my-org", "a", "dev", "001"))
    digest = sha256(b"arck-my-orga-dev-001-rg-my-orga-dev-001-iotops-arck-my-orga-dev-001").hexdigest()[:7]
    assert (
        names.items()
        >= {
            "resource_group": "rg-my-orga-dev-001",
            "virtual_network": "vnet-my-orga-dev-001",
            "subnet": "snet-my-orga-dev-001",
            "network_security_group": "nsg-my-orga-dev-001",
            "nat_gateway": "nat-my-orga-dev-001",
            "nat_gateway_public_ip": "pip-nat-my-orga-dev-001-1",
            "network_interface": "nic-my-orga-aio-dev-001-0",
            "ip_configuration": "ipconfig-my-orga-aio-dev-001-0",
            "virtual_machine": "vm-my-orga-aio-dev-001-0",
            "os_disk": "osdisk-my-orga-aio-dev-001-0",
            "arc_identity": "id-my-orga-arc-dev-001",
            "secret_sync_identity": "id-my-orga-sse-dev-001",
            "aio_identity": "id-my-orga-aio-dev-001",
            "key_vault": "kv-my-orga-dev-001",
            "storage_account_prefix": "st",
            "storage_account_suffix": "myorgadev001",
            "schema_registry": "sr-my-orga-dev-001",
            "schema_registry_namespace": "srns-my-orga-dev-001",
            "device_registry_namespace": "adrns-my-orga-dev-001",
            "connected_cluster": "arck-my-orga-dev-001",
            "custom_location": "cl-arck-my-orga-dev-001",
            "aio_instance": "iotops-arck-my-orga-dev-001",
            "default_secret_provider_class": f"spc-ops-{digest}",
        }.items()
    )


def test_every_kind_of_name_has_a_limit() -> None:
    assert set(NAME_LIMITS) == {field.name for field in fields(ClusterNames)}
    assert all(limit.source and limit.what and limit.shortest <= limit.longest for limit in NAME_LIMITS.values())


@pytest.mark.parametrize("length", range(1, 26))
@pytest.mark.parametrize("environment", ["dev", "production"])
def test_every_prefix_is_within_all_limits_or_refused_with_the_excess(
    problems: Problems, change: Change, length: int, environment: str
) -> None:
    prefix = LONGEST[:length].rstrip("-")
    changes = {"prefix": prefix, "environment": environment, "profile": "dev"}
    excess = len(f"kv-{prefix}a-{environment}-001") - 24
    found = problems(changes)
    if excess <= 0:
        assert found == []
        for cluster in load(change(changes)).clusters.values():
            assert all(NAME_LIMITS[kind].allows(name) for kind, name in asdict(cluster.names).items())
            assert cluster.node
            assert ADMIN_USERNAME.allows(cluster.admin_username)
            account = f"{cluster.names.storage_account_prefix}12345{cluster.names.storage_account_suffix}"
            assert re.fullmatch(r"[a-z0-9]{3,24}", account)
    else:
        (problem,) = found
        assert problem.where == ("prefix" if len(prefix) >= len(environment) else "environment")
        assert problem.expected.startswith(f"{excess} character")
        assert "Key Vault would be named kv-" in problem.expected


def test_the_example_of_a_name_that_is_too_long_is_short_enough(problems: Problems) -> None:
    (problem,) = problems({"prefix": "a-very-long-company-name"})
    assert problems({"prefix": problem.example}) == []


@pytest.mark.parametrize(("prefix", "code"), [("roo", "t"), ("te", "st"), ("us", "er1")])
def test_administrators_that_azure_refuses(problems: Problems, prefix: str, code: str) -> None:
    (problem,) = problems({"prefix": prefix, "clusters.site.code": code})
    assert problem.where == "prefix"
    assert f"keeps {prefix}{code}" in problem.expected


def test_arc_proxy_ports_differ_and_stay_below_the_last_port() -> None:
    codes = [first + rest for first in "az" for rest in ("", "0", "00", "a", "z", "zz", "0z")]
    ports = [arc_proxy_port(code) for code in codes]
    assert len(set(ports)) == len(codes)
    assert min(ports) > 10000
    assert max(ports) < 65536


@pytest.mark.parametrize(
    ("source", "readable"),
    [("input", "input"), ("a-1", "a-1"), ("a/b", "a-b"), ("Input", "input"), ("-a", "a"), ("#", ""), ("ä/+/x", "x")],
)
def test_dataflow_names_are_readable_and_hashed_where_something_is_lost(source: str, readable: str) -> None:
    (name,) = dataflow_names("enterprise", [(source, "x")])
    if readable == source:
        assert name == f"to-enterprise-{source}"
    else:
        assert re.fullmatch(rf"to-enterprise-{readable + '-' if readable else ''}[0-9a-f]{{5}}", name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name)


def test_dataflow_names_differ_when_topics_look_alike_or_share_a_source() -> None:
    pairs = [("a/b", "x"), ("a.b", "x"), ("a-b", "x"), ("A/B", "x"), ("c", "x"), ("c", "y")]
    assert len(set(dataflow_names("enterprise", pairs))) == len(pairs)


def test_dataflow_name_of_a_topic_does_not_depend_on_its_place() -> None:
    assert dataflow_names("e", [("a", "1"), ("b/c", "2")]) == dataflow_names("e", [("b/c", "2"), ("a", "1")])[::-1]


@pytest.mark.parametrize("source", ["x" * 200, "x/" * 200 + "x"])
def test_longest_names_stay_within_kubernetes_vault_and_certificate_limits(source: str) -> None:
    cluster, other = "x" * 24, "y" * 24
    (dataflow,) = dataflow_names(other, [(source, "z")])
    assert len(dataflow) <= 63
    generation, stack = count_generation(9999, 9999), resolve(TWO_CLUSTERS)
    link, listener = link_names(stack, cluster, other, generation), listener_names(stack, other, generation, 9999)
    assert len(link["common_name"]) <= 64
    assert len(listener["common_name"]) <= 64
    kubernetes = [link["endpoint_name"], link["secret_name"], *listener.values()]
    assert all(len(name) <= 63 and re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name) for name in kubernetes)
    vault = [link["certificate_secret"], link["key_secret"], link["intermediate_secret"]]
    assert all(re.fullmatch(r"[0-9a-zA-Z-]{1,127}", name) for name in vault)


def name_subjects(stack: Mapping[str, Any], external_ca: str) -> set[str]:
    """Return the common name of everything that is signed for a stack."""
    settings = resolve({**stack, "pki": {"external_ca": external_ca}})
    listeners = [cluster.listener for cluster in settings.clusters.values() if cluster.listener]
    return {
        settings.authorities.client_intermediate,
        *(link.common_name for link in settings.links.values()),
        *(name for one in listeners for name in (one.common_name, one.intermediate_name)),
    }


_ALIKE = {
    "clusters": {"b-c-site": {"code": "s", "address_space": "10.1.0.0/16"}, "enterprise": {}},
    "links": [{"from": "b-c-site", "to": "enterprise"}],
}
"""A cluster that is called as if its stack's instance went on."""


@pytest.mark.parametrize("external_ca", ["leaves", "intermediates"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TWO_CLUSTERS, {**TWO_CLUSTERS, "prefix": "other"}),
        (TWO_CLUSTERS, {**TWO_CLUSTERS, "environment": "prod"}),
        (TWO_CLUSTERS, {**TWO_CLUSTERS, "instance": "002"}),
        (
            {**TWO_CLUSTERS, **_ALIKE, "prefix": "x", "environment": "y", "instance": "a"},
            {**TWO_CLUSTERS, "prefix": "x-y", "environment": "a", "instance": "b", "profile": "dev"}
            | {"clusters": {"c-site": {"code": "s", "address_space": "10.1.0.0/16"}, "enterprise": {}}}
            | {"links": [{"from": "c-site", "to": "enterprise"}]},
        ),
    ],
)
def test_what_one_ca_signs_for_two_stacks_has_no_name_in_common(
    one: dict[str, Any], other: dict[str, Any], external_ca: str
) -> None:
    first, second = (name_subjects({"profile": "dev", **stack}, external_ca) for stack in (one, other))
    assert not first & second


def test_names_of_a_stack_that_is_its_own_ca_tell_no_instance() -> None:
    assert name_subjects(TWO_CLUSTERS, "none") == name_subjects({**TWO_CLUSTERS, "instance": "002"}, "none")


def test_links_whose_certificates_would_have_too_long_a_name_are_told_at_once(problems: Problems) -> None:
    long, longer = "plant-in-the-far-north", "plant-in-the-far-north-2"
    clusters = {
        long: {"code": "n", "address_space": "10.11.0.0/16"},
        longer: {"code": "m", "address_space": "10.12.0.0/16"},
        "company-head-office-hub": {"code": "h", "address_space": "10.13.0.0/16"},
    }
    links = [{"from": name, "to": "company-head-office-hub"} for name in (long, longer)]
    assert problems({"clusters": clusters, "links": links}) == []
    found = problems({"clusters": clusters, "links": links, "pki.external_ca": "leaves"})
    assert [(one.where, one.rule) for one in found] == [(f"links[{at}]", "common-names-fit") for at in (0, 1)]
    name = f"myorg-dev-001--{longer}-to-company-head-office-hub-g19997"
    assert f"{len(name) - 64} characters less: its certificates would be named {name}" in found[1].expected


def test_assignment_names_are_stable_and_keep_parts_apart() -> None:
    assert assignment_name("ab", "c") == assignment_name("ab", "c")
    assert len({assignment_name("ab", "c"), assignment_name("a", "bc"), assignment_name("abc")}) == 3
    assert assignment_name("scope", "role") == "53a4e098-a38f-5867-b0c7-c25b549688f2"


def test_a_form_that_azure_refuses_is_told_as_the_programs_mistake_and_not_the_prefixs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = replace(cluster_names("myorg", "a", "dev", "001"), key_vault="kv-of-the-cluster-myorga-dev-001")
    monkeypatch.setattr(names, "cluster_names", lambda *_: long)
    names._check_forms.cache_clear()
    try:
        with pytest.raises(NamingError, match=r"settings/cluster_names\.py: key_vault makes 'kv-of-the-cluster"):
            resolve(TWO_CLUSTERS)
    finally:
        names._check_forms.cache_clear()
