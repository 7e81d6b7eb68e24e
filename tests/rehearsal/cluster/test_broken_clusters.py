"""What a cluster holds when something is wrong: as much as the real one would."""

from __future__ import annotations

import json

import yaml

from rehearsal.cluster.model import Secret
from tests.rehearsal.cluster import cases_broker, cases_reach, cases_sync
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench, private_key

CLIENT = "client-secret-enterprise-g1"


def test_an_opaque_secret_is_visible_by_half() -> None:
    bench = Bench("dev")
    cases_sync.one_vault_secret_is_missing(bench)
    site = bench.views()[SITE]
    assert set(site.secrets[CLIENT].data) == {"client_cert.pem", "client_intermediate_certs.pem"}
    condition = site.conditions[CLIENT]
    assert (condition.status, condition.reason) == ("False", "PartialSync")
    assert json.loads(condition.message)["site-to-enterprise-client-leaf-crt-g1"] == "success"


def test_a_secret_is_whole_or_not_at_all_without_partial_sync() -> None:
    bench = Bench("dev")
    cases_sync.partial_sync_is_switched_off(bench)
    site = bench.views()[SITE]
    assert CLIENT not in site.secrets
    assert site.conditions[CLIENT].reason == "ProviderError"


def test_kubernetes_takes_no_half_of_a_tls_secret() -> None:
    bench = Bench("dev")
    cases_sync.one_vault_secret_of_a_tls_secret_is_missing(bench)
    enterprise = bench.views()[ENTERPRISE]
    assert (dict(enterprise.secrets), enterprise.frontends_up) == ({}, False)
    assert enterprise.conditions["broker-tls-cert-g1"].reason == "PartialSync"


def test_an_expired_vault_secret_is_synced_all_the_same() -> None:
    bench = Bench("dev")
    cases_sync.vault_secret_has_expired(bench)
    site = bench.views()[SITE]
    assert (set(site.secrets), site.conditions[CLIENT].status) == ({CLIENT}, "True")


def test_a_secret_that_somebody_made_stays_as_it_is() -> None:
    bench = Bench("dev")
    cases_sync.somebody_made_the_secret_by_hand(bench)
    enterprise = bench.views()[ENTERPRISE]
    assert set(enterprise.secrets["broker-tls-cert-g1"].data) == {"tls.key"}
    assert not enterprise.frontends_up


def test_a_secret_that_somebody_made_for_something_else_disturbs_nobody() -> None:
    bench = Bench("dev")
    bench.unmanaged = {SITE: [Secret("mine", "Opaque", {"a": "b"})]}
    site = bench.views()[SITE]
    assert (set(site.secrets), list(site.problems)) == ({CLIENT, "mine"}, [])


def test_a_rebuilt_node_is_an_empty_cluster() -> None:
    bench = Bench("dev")
    cases_reach.node_was_rebuilt(bench)
    enterprise = bench.views()[ENTERPRISE]
    assert not (enterprise.addresses or enterprise.secrets or enterprise.listeners or enterprise.frontends_up)


def test_nothing_reaches_a_cluster_whose_custom_locations_are_not_enabled() -> None:
    bench = Bench("dev")
    cases_reach.custom_locations_are_not_enabled(bench)
    enterprise = bench.views()[ENTERPRISE]
    assert not (enterprise.secrets or enterprise.config_maps or enterprise.listeners or enterprise.endpoints)


def test_without_aio_in_the_custom_location_only_secrets_are_synced() -> None:
    bench = Bench("dev")
    cases_reach.aio_is_not_listed(bench)
    site = bench.views()[SITE]
    assert (set(site.secrets), dict(site.listeners), dict(site.dataflows)) == ({CLIENT}, {}, {})


def test_a_certificate_that_clients_refuse_does_not_stop_the_frontends() -> None:
    bench = Bench("dev")
    cases_broker.server_certificate_is_for_clients(bench)
    assert bench.views()[ENTERPRISE].frontends_up


def test_a_foreign_key_stops_the_frontends() -> None:
    bench = Bench("dev")
    bench.publish("server-leaf-key-g1", private_key())
    assert not bench.views()[ENTERPRISE].frontends_up


def test_a_bundle_without_a_place_gives_no_config_map() -> None:
    bench = Bench("dev")
    cases_broker.bundle_goes_into_another_namespace(bench)
    assert dict(bench.views()[SITE].config_maps) == {}


def test_a_namespace_label_that_is_applied_with_the_bundle_counts() -> None:
    bench = Bench("dev")
    cases_broker.bundle_goes_into_another_namespace(bench)
    labels = {"ca-bundle/inject": "enabled"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "azure-iot-operations", "labels": labels},
    }
    bench.objects(f"{cases_reach.SITE_VM}/runCommands/apply-objects", lambda objects: objects.append(namespace))
    site = bench.views()[SITE]
    assert (set(site.config_maps), list(site.problems)) == ({"server-ca-enterprise-g1"}, [])


def test_a_config_map_may_be_applied_without_a_bundle() -> None:
    bench = Bench("dev")
    root = bench.views()[ENTERPRISE].config_maps["client-ca-g1"]

    def replace(objects: list[dict[str, object]]) -> None:
        objects[:] = [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "client-ca-g1", "namespace": "azure-iot-operations"},
                "data": dict(root.data),
            }
        ]

    bench.objects(f"{cases_reach.ENTERPRISE_VM}/runCommands/apply-objects", replace)
    enterprise = bench.views()[ENTERPRISE]
    assert (set(enterprise.config_maps), list(enterprise.problems)) == ({"client-ca-g1"}, [])


def test_a_service_account_that_is_applied_exists() -> None:
    bench = Bench("dev")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "my-sa"}}
    bench.objects(f"{cases_reach.SITE_VM}/runCommands/apply-objects", lambda objects: objects.append(account))
    bench.set(cases_sync.CLIENT, "serviceAccountName", "my-sa")
    bench.set(cases_sync.CLIENT_CREDENTIAL, "subject", "system:serviceaccount:azure-iot-operations:my-sa")
    assert list(bench.views()[SITE].problems) == []


def test_the_newest_version_may_be_named() -> None:
    bench = Bench("dev")
    given = yaml.safe_load(bench.entry(cases_sync.CLIENT_CLASS).inputs["objects"])
    items = [yaml.safe_load(item) for item in given["array"]]
    for item in items:
        uri = bench.entry(f"secrets/{item['objectName']}").outputs["properties"]["secretUriWithVersion"]
        item["objectVersion"] = uri.rpartition("/")[2]
    bench.set(cases_sync.CLIENT_CLASS, "objects", yaml.safe_dump({"array": [yaml.safe_dump(item) for item in items]}))
    site = bench.views()[SITE]
    assert (len(site.secrets[CLIENT].data), list(site.problems)) == (3, [])
