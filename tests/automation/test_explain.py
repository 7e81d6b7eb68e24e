"""What the settings come to: every value with its origin, complete, readable and in ASCII."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from ipaddress import IPv4Network
from typing import Any

import pytest

from automation.commands.explain import UnknownPathError, as_document, as_text, explain_settings
from settings import Lines, Settings, load, stack_file
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, TWO_BROKERS, TWO_CLUSTERS, resolve


def document(settings: Settings, path: str = "", lines: Lines | None = None) -> dict[str, Any]:
    """As a program reads it."""
    written: dict[str, Any] = json.loads(json.dumps(as_document(explain_settings(settings, lines or Lines(), path))))
    return written


def text_of(settings: Settings, path: str = "", width: int = 100) -> str:
    return as_text(explain_settings(settings, Lines(), path), width)


def settings_in(value: Any) -> list[dict[str, Any]]:
    """The rows of settings anywhere in the document."""
    inner = value.values() if isinstance(value, dict) else []
    rows: list[dict[str, Any]] = value.get("settings", []) if isinstance(value, dict) else []
    return rows + [row for each in inner for row in settings_in(each)]


def thirty_clusters() -> dict[str, Any]:
    clusters: dict[str, Any] = {
        f"plant-{n}": {"code": f"p{n}", "address_space": f"10.{100 + n}.0.0/16"} for n in range(30)
    }
    links = [{"from": name, "to": "plant-0"} for name in list(clusters)[1:]]
    return {**TWO_CLUSTERS, "clusters": clusters, "links": links}


# --- settings and their origins ---


@pytest.mark.parametrize("data", [TWO_CLUSTERS, TWO_BROKERS, thirty_clusters()], ids=["two", "brokers", "thirty"])
def test_every_setting_is_there_once_with_value_and_origin(data: dict[str, Any]) -> None:
    settings = resolve(data)
    rows = settings_in(document(settings))
    assert sorted(row["setting"] for row in rows) == sorted(settings.values)
    assert {row["setting"]: row["value"] for row in rows} == dict(settings.values)


def test_a_setting_that_is_asked_for_says_where_it_arrives() -> None:
    settings = resolve(TWO_CLUSTERS)
    place = "Microsoft.IoTOperations/instances/brokers: properties.memoryProfile = value"
    (row,) = settings_in(document(settings, "clusters.site.broker.memory_profile"))
    assert row["arrives_at"] == place
    assert f"\n    {place}\n" in text_of(settings, "clusters.site.broker.memory_profile")
    assert "arrives" not in text_of(settings)
    assert "names in Azure" in text_of(settings, "prefix")
    assert "what follows from clusters.<name>.location" in text_of(settings, "location")


def test_an_origin_is_a_line_of_the_file_or_the_layer() -> None:
    stack, config = "three-sites", stack_file.read(PROGRAM, "three-sites")[stack_file.SETTINGS_KEY]
    assert isinstance(config, dict)
    settings = load({**config, **STAND_INS})
    lines = stack_file.lines(PROGRAM, stack)
    origins = {row["setting"]: row["origin"] for row in settings_in(document(settings, lines=lines))}

    file = PROGRAM / "examples" / "Pulumi.three-sites.yaml"
    name, _, number = origins["clusters.lyon.address_space"].rpartition(":")
    assert name == "examples/Pulumi.three-sites.yaml"
    assert file.read_text(encoding="utf-8").splitlines()[int(number) - 1].strip() == "address_space: 10.32.0.0/16"
    assert origins["clusters.lyon.subnet"] == "default"
    assert origins["clusters.lyon.node.vm_size"] == "profile dev"
    assert origins["tenant_id"] == "stand-in"


def test_without_a_file_the_origin_is_the_layer() -> None:
    origins = {row["setting"]: row["origin"] for row in settings_in(document(resolve(TWO_CLUSTERS)))}
    assert origins["prefix"] == "stack file"
    assert origins["clusters.site.node.zone"] == "profile dev"


def test_the_tenant_s_own_value_is_no_stand_in() -> None:
    own = {**STAND_INS, "tenant_id": "22222222-aaaa-4aaa-8aaa-222222222222"}
    origins = {row["setting"]: row["origin"] for row in document(load({**TWO_CLUSTERS, **own}))["stack"]["settings"]}
    assert (origins["tenant_id"], origins["subscription_id"]) == ("stack file", "stand-in")


# --- what follows ---


def test_every_name_of_every_cluster_is_there() -> None:
    settings = resolve(TWO_BROKERS)
    clusters = document(settings)["clusters"]
    assert list(clusters) == list(settings.clusters)
    for name, cluster in settings.clusters.items():
        for kind, value in asdict(cluster.names).items():
            if not kind.startswith("storage_account"):
                assert clusters[name]["names"][kind] == value
    assert clusters["site"]["names"]["storage_account"] == "st<5 random>myorgadev001"


def test_the_addresses_of_a_cluster() -> None:
    addresses = document(resolve(TWO_CLUSTERS))["clusters"]["site"]["addresses"]
    assert addresses == {
        "address_space": "10.1.0.0/16",
        "subnet": "10.1.1.0/24",
        "node_address": "10.1.1.10",
        "usable": "10.1.1.4 - 10.1.1.254",
        "reserved_by_azure": "10.1.1.0 - 10.1.1.3, 10.1.1.255",
    }


def test_the_free_networks_can_be_used_for_further_clusters() -> None:
    stack = document(resolve(TWO_CLUSTERS))["stack"]
    free = stack["free_networks"]["for_next_clusters"]
    taken = {row["network"]: row["taken_by"] for row in stack["address_plan"]}
    assert taken["10.2.0.0/16"] == "cluster enterprise"
    assert taken["10.42.0.0/16"] == "the pods of K3s"

    more = {f"n{index}": {"code": f"n{index}", "address_space": network} for index, network in enumerate(free)}
    assert len(more) == 3
    resolve({**copy.deepcopy(TWO_CLUSTERS), "clusters": {"site": {}, "enterprise": {}, **more}})


def test_free_networks_are_as_large_as_the_last_cluster_s() -> None:
    data = {**TWO_CLUSTERS, "clusters": {"p": {"code": "p", "address_space": "10.0.0.0/20"}}}
    free = document(resolve(data))["stack"]["free_networks"]["for_next_clusters"]
    assert {IPv4Network(network).prefixlen for network in free} == {20}


def test_listeners_links_and_ports_are_those_of_the_settings() -> None:
    settings = resolve(TWO_BROKERS)
    found = document(settings)
    listener = found["clusters"]["archive"]["listener"]
    assert (listener["host"], listener["port"], listener["ip_addresses"]) == ("10.3.1.10", 28884, ["10.3.1.10"])
    assert found["clusters"]["lone"]["listener"] == {}
    ports = [cluster["access"]["arc_proxy_port"] for cluster in found["clusters"].values()]
    assert ports == [cluster.arc_proxy_port for cluster in settings.clusters.values()]

    link = found["links"]["site-to-archive"]
    assert link["connection"]["connects_to"] == "10.3.1.10:28884"
    assert link["connection"]["common_name"] == "site-to-archive-g2"
    (topic,) = link["topics"]
    assert (topic["from"], topic["to"], topic["dataflow"]) == ("input", "site/output", "to-archive-input")
    assert (topic["payload"], topic["shared"]) == ("any", False)
    assert link["connection"]["client_ids"] == ["site.*"]


def test_every_certificate_has_its_life() -> None:
    found = {row["common_name"]: row for row in document(resolve(TWO_BROKERS))["pki"]["certificates"]}
    assert len(found) == 2 * 3 + 2 + 3
    assert found["archive-broker-g1"] == {
        "common_name": "archive-broker-g1",
        "issuer": "myorgc-dev-server-intermediate-g1",
        "days": 365,
        "renewed_days_before": 92,
    }
    for name in ("root", "intermediate"):
        assert {f"myorgb-dev-server-{name}-g1", f"myorgc-dev-server-{name}-g1"} <= found.keys()
    assert found["site-to-archive-g2"]["issuer"] == "myorg-dev-client-intermediate-g1"
    assert found["myorg-dev-client-intermediate-g1"]["renewed_days_before"] == 365 + 92
    assert found["myorg-dev-client-root-g1"]["renewed_days_before"] is None


def test_the_release_says_its_versions() -> None:
    settings = resolve(TWO_CLUSTERS)
    assert document(settings)["stack"]["release"]["aio_version"] == settings.release.aio_version
    assert settings.release.aio_version in text_of(settings)


# --- only a part ---


def test_a_path_chooses_what_stands_there() -> None:
    settings = resolve(TWO_BROKERS)
    assert document(settings, "clusters.site") == {"clusters": {"site": document(settings)["clusters"]["site"]}}
    assert list(document(settings, "links")["links"]) == list(settings.links)
    assert list(document(settings, "links[1]")["links"]) == ["site-to-archive"]
    assert list(document(settings, "pki")) == ["pki"]


def test_a_path_inside_a_section_leaves_only_the_settings_below_it() -> None:
    types = ("Compute/virtualMachines", "Network/natGateways", "Network/publicIPAddresses")
    places = "; ".join(f"Microsoft.{one}: zones[] = value" for one in types)
    row = {"setting": "clusters.site.node.zone", "value": None, "origin": "profile dev", "arrives_at": places}
    site = {"settings": [row]}
    assert document(resolve(TWO_CLUSTERS), "clusters.site.node.zone") == {"clusters": {"site": site}}
    assert [row["setting"] for row in settings_in(document(resolve(TWO_CLUSTERS), "prefix"))] == ["prefix"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("clusters.sites", "clusters.site"),
        ("clusters.site.node.vmsize", "clusters.site.node.vm_size"),
        ("links[7]", "links"),
        ("xyzzy", "prefix"),
    ],
)
def test_an_unknown_path_is_told_with_the_nearest(path: str, near: str) -> None:
    with pytest.raises(UnknownPathError) as error:
        explain_settings(resolve(TWO_CLUSTERS), Lines(), path)
    told = str(error.value).partition("Next:")[2].replace(",", " ").split()
    assert near in told


# --- text ---


def test_a_table_has_its_columns_one_below_the_other_and_what_is_too_long_for_them_below() -> None:
    lines = text_of(resolve(TWO_CLUSTERS), "clusters.site.node").splitlines()
    assert lines[:8] == [
        "clusters.site",
        "=============",
        "",
        "settings",
        "  setting                     value            origin       arrives at",
        "  node.vm_size                Standard_D8s_v6  profile dev",
        "    Microsoft.Compute/virtualMachines: hardwareProfile.vmSize = value",
        "  node.zone                   null             profile dev",
    ]
    assert lines[-2:] == ["", "What each setting means, and its limits: docs/settings.md"]


@pytest.mark.parametrize("width", [20, 80, 200])
def test_nothing_is_cut_at_any_width(width: int) -> None:
    settings = resolve(thirty_clusters())
    text = text_of(settings, width=width)
    for cluster in settings.clusters.values():
        assert all(name in text for name in asdict(cluster.names).values())
    assert all(link.key_secret in text and link.client_ids[0] in text for link in settings.links.values())
    assert STAND_INS["ssh_public_key"] in text
    assert "..." not in text


def test_a_line_is_longer_than_the_width_only_where_one_word_is() -> None:
    text = text_of(resolve({**TWO_CLUSTERS, "tags": {"a": "b c"}}), width=60)
    assert all("  " not in line.strip() for line in text.splitlines() if len(line) > 60)


def test_each_of_thirty_clusters_has_its_own_part() -> None:
    lines = text_of(resolve(thirty_clusters())).splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("clusters.plant-")]
    assert len(starts) == 30
    ends = [*starts[1:], next(index for index, line in enumerate(lines) if line.startswith("links["))]
    assert all(end - start < 110 for start, end in zip(starts, ends, strict=True))


def test_text_is_ascii_whatever_the_user_writes() -> None:
    topics = [{"from": "wärme", "to": "site/wärme"}]
    data = {
        **TWO_CLUSTERS,
        "tags": {"owner": "Jörg"},
        "links": [{"from": "site", "to": "enterprise", "topics": topics}],
    }
    text = text_of(resolve(data))
    assert text.isascii()
    assert "J\\xf6rg" in text
