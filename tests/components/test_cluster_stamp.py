"""The stamp: what it protects, waits for, and leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from arm.shapes import shape_of
from components.azure import create_providers
from components.cluster_stamp import ClusterStamp, ClusterStampArgs
from components.pki_chain import PkiChain, PkiChainArgs
from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.run_program import record
from settings.rotation import Deployed, find_live
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS, resolve

Recorded = Callable[..., Graph]

PRODUCTION: dict[str, Any] = {**TWO_CLUSTERS, "environment": "prod"}


def test_production_protects_what_holds_data_or_addresses(recorded: Recorded) -> None:
    graph = recorded(PRODUCTION)
    protected = {r.name for r in graph.resources.values() if r.options.protect}

    in_each_cluster = ("resource-group", "key-vault", "storage-account", "virtual-network", "node", "broker")
    roots = {f"{side}-root{thing}-g1" for side in ("enterprise-server", "client") for thing in ("", "-key")}
    asked = roots | {f"{cluster}-{thing}" for cluster in ("site", "enterprise") for thing in in_each_cluster}
    assert asked <= protected
    assert {name for name in protected - asked if not shape_of(graph.named(name).type).type.holds_data} == set()


def test_development_protects_nothing(recorded: Recorded) -> None:
    assert [r.name for r in recorded(TWO_CLUSTERS).resources.values() if r.options.protect] == []


@pytest.mark.parametrize("protect", [True, None])
def test_what_protects_a_component_protects_every_child(protect: bool | None) -> None:
    settings = resolve(TWO_CLUSTERS)

    def program() -> None:
        options = pulumi.ResourceOptions(providers=create_providers(settings), protect=protect)
        ClusterStamp("site", ClusterStampArgs(settings, settings.clusters["site"], {}), options)
        PkiChain("pki", PkiChainArgs(find_live(settings, {}, Deployed())), pulumi.ResourceOptions(protect=protect))

    one = settings.tenant.subscription_id
    graph = record(program, "test", {}, provider=ShapeProvider(one), preview=False, subscription_id=one)
    children = [one for one in graph.resources.values() if one.parent and not one.type.startswith("pulumi:")]
    assert {one.name for one in children if one.options.protect is not bool(protect)} == set()
    assert {"site-node", "enterprise-server-root-g1", "site-setup-k3s"} <= {one.name for one in children}


def test_purge_protection_is_on_or_absent_but_never_false(recorded: Recorded) -> None:
    in_development = recorded(TWO_CLUSTERS).named("site-key-vault").plain_inputs["properties"]
    in_production = recorded(PRODUCTION).named("site-key-vault").plain_inputs["properties"]

    assert "enablePurgeProtection" not in in_development
    assert in_production["enablePurgeProtection"] is True


def test_encryption_at_host_is_on_or_absent_but_never_false(recorded: Recorded) -> None:
    in_development = recorded(TWO_CLUSTERS).named("site-node").plain_inputs["securityProfile"]
    in_production = recorded(PRODUCTION).named("site-node").plain_inputs["securityProfile"]

    assert "encryptionAtHost" not in in_development
    assert in_production["encryptionAtHost"] is True


def test_production_brokers_persist_on_disk(recorded: Recorded) -> None:
    in_development = recorded(TWO_CLUSTERS).named("site-broker").plain_inputs["properties"]
    in_production = recorded(PRODUCTION).named("site-broker").plain_inputs["properties"]

    assert "persistence" not in in_development
    assert in_production["persistence"]["maxSize"].endswith("GiB")


def test_a_broker_bounds_what_its_clients_ask_for_where_the_settings_say_so(recorded: Recorded) -> None:
    own = {"max_session_hours": None, "max_packet_mib": None, "max_keep_alive_seconds": None}
    graph = recorded({**TWO_CLUSTERS, "clusters": {"site": {"broker": own}, "enterprise": {"broker": {
        "max_message_hours": 2, "max_packet_mib": 16, "max_receive_messages": 200, "max_queue_messages": 5,
    }}}})  # fmt: skip

    assert "advanced" not in graph.named("site-broker").plain_inputs["properties"]
    assert graph.named("enterprise-broker").plain_inputs["properties"]["advanced"] == {
        "clients": {
            "maxSessionExpirySeconds": 168 * 3600,
            "maxMessageExpirySeconds": 7200,
            "maxPacketSizeBytes": 16 * 1024**2,
            "maxReceiveMaximum": 200,
            "maxKeepAliveSeconds": 300,
            "subscriberQueueLimit": {"length": 5, "strategy": "DropOldest"},
        }
    }


def test_a_zone_reaches_node_address_and_gateway(recorded: Recorded) -> None:
    graph = recorded({**TWO_CLUSTERS, "clusters": {"site": {"node": {"zone": "2"}}, "enterprise": {}}})

    zones = {
        name: graph.named(f"site-{name}").plain_inputs.get("zones") for name in ("node", "nat-gateway", "nat-public-ip")
    }
    assert list(zones.values()) == [["2"]] * 3
    assert "zones" not in graph.named("enterprise-node").plain_inputs


def test_what_lives_on_the_cluster_is_bound_to_its_node(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    node = graph.named("site-node").urn
    bound_by = {
        "site-cert-manager-extension": ("clusterName", node),
        "site-admins-arc-viewer-role": ("scope", node),
        "site-custom-location": ("resourceName", node),
        "site-aio-instance": ("instanceName", graph.named("site-custom-location").urn),
        "site-client-secret-enterprise-g1": ("secretSyncName", graph.named("site-custom-location").urn),
    }

    for name, (parameter, owner) in bound_by.items():
        assert owner in graph.named(name).property_dependencies[parameter], name
        assert not graph.named(name).options.replace_with


def test_extensions_wait_for_cert_manager_and_not_for_each_other(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    cert_manager, aio, store = (
        graph.named(f"site-{name}-extension").urn for name in ("cert-manager", "aio", "secret-store")
    )

    assert cert_manager in graph.ancestors(aio)
    assert cert_manager in graph.ancestors(store)
    assert store not in graph.ancestors(aio)
    assert aio not in graph.ancestors(store)


def test_the_issuer_is_read_after_the_cluster_is_connected(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    credential = graph.named("site-secret-sync-credential")

    assert graph.named("site-connect-arc").urn in graph.ancestors(credential.urn)
    assert credential.plain_inputs["issuer"].startswith("https://")


def test_the_issuer_is_unknown_in_the_first_preview(recorded: Recorded) -> None:
    credential = recorded(TWO_CLUSTERS, preview=True).named("site-secret-sync-credential")

    assert repr(credential.plain_inputs["issuer"]) == "<unknown>"


def test_tags_reach_everything_that_takes_them(recorded: Recorded) -> None:
    graph = recorded({**TWO_CLUSTERS, "tags": {"owner": "plant-operations"}})
    taking = [r for r in graph.resources.values() if r.is_arm and "tags" in shape_of(r.type).table.body["properties"]]

    assert {r.name for r in taking if r.plain_inputs.get("tags", {}).get("owner") != "plant-operations"} == set()
    assert {r.type.rsplit(":", 1)[-1] for r in taking} > {"Vault", "StorageAccount", "Instance", "VirtualNetwork"}


def test_tags_of_a_cluster_come_beside_those_of_the_stack_and_before_them(recorded: Recorded) -> None:
    own = {"City": "Ballina", "owner": "site-operations"}
    settings = {
        **TWO_CLUSTERS,
        "tags": {"owner": "plant-operations", "costCenter": "1"},
        "clusters": {"site": {"tags": own}, "enterprise": {}},
    }
    graph = recorded(settings)
    assert graph.named("site-key-vault").plain_inputs["tags"] == {**own, "costCenter": "1"}
    assert graph.named("enterprise-key-vault").plain_inputs["tags"] == settings["tags"]


def test_no_cluster_waits_for_another_one(recorded: Recorded) -> None:
    graph = recorded(THREE_SITES)
    names = ("berlin", "lyon", "porto", "enterprise")

    def cluster_of(urn: str) -> str | None:
        if any(shared in urn for shared in ("VNetPeering", "PkiChain", "LinkProbes")):  # a probe has two ends
            return None
        name = urn.rsplit("::", 1)[1]
        return next((cluster for cluster in names if name.startswith(f"{cluster}-")), None)

    crossing = {
        (urn.rsplit("::", 1)[1], other.rsplit("::", 1)[1])
        for urn in graph.resources
        for other in graph.ancestors(urn)
        if cluster_of(urn) and cluster_of(other) and cluster_of(urn) != cluster_of(other)
    }
    assert crossing == set()


def test_adding_a_cluster_changes_no_name_of_the_others(recorded: Recorded) -> None:
    before = set(recorded({**TWO_CLUSTERS, "clusters": {"site": {}, "enterprise": {}}}).resources)
    more = {"site": {}, "enterprise": {}, "annex": {"code": "x", "address_space": "10.9.0.0/16"}}
    links = [{"from": "site", "to": "enterprise"}, {"from": "annex", "to": "enterprise"}]
    after = set(recorded({**TWO_CLUSTERS, "clusters": more, "links": links}).resources)

    assert before < after


def test_preview_and_deployment_register_the_same_resources(recorded: Recorded) -> None:
    for settings in (TWO_CLUSTERS, THREE_SITES, TWO_BROKERS, PRODUCTION):
        assert set(recorded(settings, preview=True).resources) == set(recorded(settings).resources)
