"""Certificates by generation, and each key in the one vault that needs it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from arm.types.iotoperations import DATAFLOW_ENDPOINT
from arm.types.keyvault import SECRET
from arm.values import leaves, reveal
from graph.graph import Graph
from graph.inputs import parameters
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS

Recorded = Callable[..., Graph]


def _vault_secrets(graph: Graph) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for secret in graph.of_type(SECRET):
        found.setdefault(secret.plain_inputs["vaultName"], set()).add(secret.plain_inputs["secretName"])
    return found


def test_each_vault_gets_only_what_its_cluster_uses(recorded: Recorded) -> None:
    assert _vault_secrets(recorded(TWO_CLUSTERS)) == {
        "kv-myorga-dev-001": {
            "site-to-enterprise-client-leaf-crt-g1",
            "site-to-enterprise-client-leaf-key-g1",
            "site-to-enterprise-client-intermediate-crt-g1",
        },
        "kv-myorgb-dev-001": {"server-leaf-crt-g1", "server-leaf-key-g1"},
    }


def test_a_cluster_without_links_has_an_empty_vault_and_a_gate_that_looks_for_nothing(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)

    assert "kv-myorgd-dev-001" not in _vault_secrets(graph)
    gate = graph.named("lone-await-secrets")
    assert base64.b64decode(parameters(gate.plain_inputs)["EXPECTED"]) == b"[]"


def test_a_private_key_is_in_one_vault_only(recorded: Recorded) -> None:
    keys: dict[str, set[str]] = {}
    for secret in recorded(THREE_SITES).of_type(SECRET):
        value = secret.plain_inputs["properties"]["value"]
        if "PRIVATE KEY" in value:
            keys.setdefault(value, set()).add(secret.plain_inputs["vaultName"])

    assert len(keys) == 4
    assert all(len(vaults) == 1 for vaults in keys.values())


def test_private_keys_are_secret_wherever_they_appear(recorded: Recorded) -> None:
    in_clear = [
        f"{resource.name}: {path}"
        for resource in recorded(TWO_CLUSTERS).resources.values()
        for values in (resource.inputs, resource.outputs)
        for path, value, secret in leaves(values)
        if isinstance(value, str) and "PRIVATE KEY" in value and not secret
    ]

    assert in_clear == []


def test_a_new_generation_stands_beside_the_old_names(recorded: Recorded) -> None:
    links = [{"from": "site", "to": "enterprise", "generation": 2}]
    old, new = recorded(TWO_CLUSTERS), recorded({**TWO_CLUSTERS, "links": links})
    gone, added = set(old.resources) - set(new.resources), set(new.resources) - set(old.resources)

    assert {urn.rsplit("::", 1)[1] for urn in added} == {urn.rsplit("::", 1)[1].replace("-g1", "-g2") for urn in gone}
    assert len(added) == 8  # key, request, certificate; three vault secrets; the Secret's class and sync
    assert reveal(new.outputs)["certificates"]["link/site-to-enterprise"]["subject"] == "CN=site-to-enterprise-g2"


def test_the_pki_waits_for_no_azure_resource(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    certificates = [
        *graph.of_type("tls:index/locallySignedCert:LocallySignedCert"),
        *graph.of_type("tls:index/selfSignedCert:SelfSignedCert"),
    ]

    assert len(certificates) == 6
    assert all(not graph.resources[other].is_arm for c in certificates for other in graph.ancestors(c.urn))


def test_vault_secrets_stay_when_the_stack_forgets_them(recorded: Recorded) -> None:
    for secret in recorded(TWO_CLUSTERS).of_type(SECRET):
        options = secret.options
        assert options.retain_on_delete
        assert [options.deleted_with] == list(options.replace_with)
        assert options.deleted_with.endswith("-key-vault")


def test_each_link_has_one_gate_before_its_endpoint(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    endpoints = [e for e in graph.of_type(DATAFLOW_ENDPOINT) if e.plain_inputs["dataflowEndpointName"] != "default"]

    assert len(endpoints) == 3
    for endpoint in endpoints:
        cluster = endpoint.name.split("-to-")[0]
        assert graph.named(f"{cluster}-await-secrets").urn in endpoint.dependencies


def test_a_broker_that_is_also_a_client_syncs_both_kinds_of_secret(recorded: Recorded) -> None:
    outputs: dict[str, Any] = reveal(recorded(TWO_BROKERS).outputs)

    assert [secret["type"] for secret in outputs["secret_sync"]["enterprise"]] == ["kubernetes.io/tls", "Opaque"]
