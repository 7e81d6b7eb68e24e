"""What a node has to reach, against the pages of those who own the hosts, and against what the program deploys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from arm.types.iotoperations import DATAFLOW_ENDPOINT
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS
from graph.graph import Graph
from nodes import NAMES, QUESTIONS, load_script
from rules.facts.node_files import DOWNLOADS
from settings.egress import Egress, list_egress
from settings.releases import RELEASES
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS, resolve

_REGION = "germanywestcentral"
_SITE: dict[str, Any] = {**TWO_CLUSTERS, "location": _REGION}
_MACHINE = "/subscriptions/{subscription_id}/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/press-1"
_PLANT: dict[str, Any] = {
    **_SITE,
    "clusters": {
        "site": {
            "code": "a",
            "hosting": "arc-machine",
            "machine": {"resource_id": _MACHINE.format_map(STAND_INS)},
            "node": {"address": "192.168.10.20"},
        },
    },
}
_SOURCES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("egress_sources.yaml").read_text(encoding="utf-8")
)
_OURS = {"<region>": _REGION, "*.vault.azure.net": "kv-myorga-dev-001.vault.azure.net"}
"""What of a source is narrower here: a node needs the vault of its own cluster alone."""


def list_hosts(settings: dict[str, Any] = _SITE, cluster: str = "site") -> list[Egress]:
    resolved = resolve(settings)
    return list_egress(resolved, resolved.clusters[cluster])


def list_written(source: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Return what a source names, with our region and vault."""
    for word in source["hosts"].split():
        for theirs, ours in _OURS.items():
            word = word.replace(theirs, ours)
        host, _, port = word.partition(":")
        yield host, int(port or 443)


def lets_out(rows: list[Egress], host: str, port: int = 443) -> bool:
    return any(fnmatchcase(host, row.host) and row.port == port for row in rows)


@pytest.mark.parametrize("source", _SOURCES, ids=[one["where"].replace("/", " ") for one in _SOURCES])
def test_a_node_gets_out_to_all_that_a_source_names(source: dict[str, Any]) -> None:
    rows = list_hosts(_PLANT if source.get("machine") else _SITE)
    assert [f"{host}:{port}" for host, port in list_written(source) if not lets_out(rows, host, port)] == []


def is_named(row: Egress, where: str) -> bool:
    """Whether a source names the host of a row; a script is read itself."""
    script = re.fullmatch(r"nodes/(\S+)\.sh", where)
    if script:
        return f"https://{row.host}/" in load_script(script[1])
    return any(
        where.startswith(source["where"]) and (row.host, row.port) in list_written(source) for source in _SOURCES
    )


@pytest.mark.parametrize(
    "row", [one for one in list_hosts(_PLANT) if one.read], ids=lambda row: f"{row.needed_by} {row.host}"
)
def test_the_source_of_a_row_names_its_host(row: Egress) -> None:
    named = [where for where in row.source.split("; ") if is_named(row, where)]
    assert named, f"{row.host}:{row.port} is in none of: {row.source}"


def test_whatever_the_judge_lets_a_script_fetch_is_in_the_list() -> None:
    rows = list_hosts()
    hosts = {str(urlsplit(pattern.value).hostname) for pattern in DOWNLOADS} - {"*"}  # a node of the same cluster
    assert len(hosts) == 4
    assert [host for host in hosts if not lets_out(rows, host)] == []


def test_addresses_in_the_scripts_are_in_the_list() -> None:
    texts = [load_script(name) for name in (*NAMES, *QUESTIONS)]
    named = {host for text in texts for host in re.findall(r"https?://([a-z0-9.-]+\.[a-z]{2,})", text)}
    outside = {host for host in named if not host.endswith(".svc.cluster.local")}
    assert {"packages.microsoft.com", "raw.githubusercontent.com"} <= outside
    assert [host for host in sorted(outside) if not lets_out(list_hosts(), host)] == []


def _of_cluster(graph: Graph, type_: Any, cluster: str) -> list[dict[str, Any]]:
    tail = f"-{resolve(TWO_BROKERS).clusters[cluster].names.resource_group.partition('-')[2]}"
    found = [one.plain_inputs for one in graph.of_type(type_)]
    return [one for one in found if str(one["resourceGroupName"]).endswith(tail)]


@pytest.mark.parametrize("cluster", list(resolve(TWO_BROKERS).clusters))
def test_brokers_are_those_that_dataflows_send_to(recorded: Callable[..., Graph], cluster: str) -> None:
    endpoints = _of_cluster(recorded(TWO_BROKERS), DATAFLOW_ENDPOINT, cluster)
    sent_to = {one["properties"]["mqttSettings"]["host"] for one in endpoints} - {"aio-broker:18883"}
    brokers = [row for row in list_hosts(TWO_BROKERS, cluster) if row.protocol == "MQTT over TLS"]
    assert {f"{row.host}:{row.port}" for row in brokers} == sent_to
    assert len(sent_to) == {"site": 2, "enterprise": 1, "archive": 0, "lone": 0}[cluster]


@pytest.mark.parametrize("cluster", list(resolve(TWO_BROKERS).clusters))
def test_the_vault_is_the_one_whose_secrets_are_synced(recorded: Callable[..., Graph], cluster: str) -> None:
    classes = _of_cluster(recorded(TWO_BROKERS), SECRET_PROVIDER_CLASS, cluster)
    synced = {f"{one['keyvaultName']}.vault.azure.net" for one in classes}
    assert {row.host for row in list_hosts(TWO_BROKERS, cluster) if "vault" in row.host} == synced


def test_a_listener_with_a_name_is_reached_by_it() -> None:
    clusters = {"site": {}, "enterprise": {"listener": {"dns_name": "mqtt.example.com", "port": 28884}}}
    assert lets_out(list_hosts({**_SITE, "clusters": clusters}), "mqtt.example.com", 28884)


def test_regional_hosts_are_of_the_cluster_s_own_region() -> None:
    clusters = {"site": {"location": "westus3"}, "enterprise": {}}
    for cluster, region in (("site", "westus3"), ("enterprise", _REGION)):
        hosts = {row.host for row in list_hosts({**_SITE, "clusters": clusters}, cluster)}
        assert {f"{region}.dp.kubernetesconfiguration.azure.com", f"{region}.login.microsoft.com"} <= hosts
        assert not any("{" in host or "<" in host for host in hosts)


@pytest.mark.parametrize("release", RELEASES)
def test_no_release_needs_another_host(release: str) -> None:
    assert list_hosts({**_SITE, "release": release}) == list_hosts()


def test_what_an_image_brings_is_not_let_out() -> None:
    image = "/subscriptions/1ace5000-0000-4000-8000-000000000006/resourceGroups/i/providers/Microsoft.Compute"
    node = {"image": f"{image}/galleries/edge/images/k3s-node/versions/1.0.0"}
    rows = list_hosts({**_SITE, "clusters": {"site": {"node": node}, "enterprise": {}}})
    gone = {row.host for row in list_hosts()} - {row.host for row in rows}
    assert {"packages.microsoft.com", "pypi.org", "registry-1.docker.io", "raw.githubusercontent.com"} <= gone
    assert lets_out(rows, "azure.archive.ubuntu.com", 80) and lets_out(rows, "management.azure.com")


_EXISTING: dict[str, Any] = {
    "code": "a",
    "hosting": "existing-cluster",
    "connected_cluster": {
        "resource_id": (
            "/subscriptions/{subscription_id}/resourceGroups/plant/providers/Microsoft.Kubernetes/connectedClusters/site"
        ).format_map(STAND_INS)
    },
    "node": {"address": "192.168.10.30"},
}
_KINDS: dict[str, dict[str, Any]] = {
    "azure-vm": _SITE,
    "arc-machine": _PLANT,
    "existing-cluster": {**_SITE, "clusters": {"site": _EXISTING}},
}
_SCRIPTS, _VM, _AGENT, _CLUSTER = (
    "raw.githubusercontent.com", "168.63.129.16", "*.guestconfiguration.azure.com", "gbl.his.arc.azure.com"
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "reached"),
    [
        ("azure-vm", {_SCRIPTS, _VM, _CLUSTER}),
        ("arc-machine", {_SCRIPTS, _AGENT, _CLUSTER}),
        ("existing-cluster", {_CLUSTER}),
    ],
)
def test_each_kind_of_host_reaches_what_runs_on_it(kind: str, reached: set[str]) -> None:
    rows = list_hosts(_KINDS[kind])
    assert {row.host for row in rows} & {_SCRIPTS, _VM, _AGENT, _CLUSTER} == reached
