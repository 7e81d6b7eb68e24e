"""One cause is told once, with its place and with what follows from it counted; each remedy mends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from pulumi_azure_native import keyvault, resources

from components import cluster_stamp as stamps
from components import mqtt_configuration, pki_chain, role_assignments, vnet_peering
from components.cluster_stamp import extensions, iot_operations, key_vault, registries
from components.packages import Package
from rules import judge
from rules.causes import Cause, find_causes
from tests.conftest import TWO_CLUSTERS, evaluate, resolve
from tests.rules.workbench import Workbench

Patch = pytest.MonkeyPatch


def _wrong_inputs(patch: Patch, module: Any, function: str, **changes: Callable[[Any], Any]) -> None:
    """Let a class of the SDK receive other inputs."""
    original = getattr(module, function)

    def create(name: str, **inputs: Any) -> Any:
        return original(name, **{**inputs, **{key: change(inputs[key]) for key, change in changes.items()}})

    patch.setattr(module, function, create)


def _long_vault_name(patch: Patch) -> None:
    _wrong_inputs(patch, keyvault, "Vault", vault_name=lambda name: f"{name}-with-a-long-tail")


def _group_of_another_name(patch: Patch) -> None:
    _wrong_inputs(patch, resources, "ResourceGroup", resource_group_name=lambda name: f"{name}x")


def _other_inputs(patch: Patch, module: Any, function: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let a class of a parameterized package receive other inputs."""
    original = getattr(module, function)
    patch.setattr(module, function, lambda name, package, inputs, opts: original(name, package, change(inputs), opts))


def _container_elsewhere(patch: Patch) -> None:
    url = "https://x.blob.core.windows.net/schemas"
    _other_inputs(patch, registries, "SchemaRegistry", lambda inputs: {**inputs, "storageAccountContainerUrl": url})


def _swapped_ids(patch: Patch) -> None:
    def swap(inputs: dict[str, Any]) -> dict[str, Any]:
        given = inputs["properties"]
        swapped = {"schemaRegistryRef": given["adrNamespaceRef"], "adrNamespaceRef": given["schemaRegistryRef"]}
        return {**inputs, "properties": {**given, **swapped}}

    _other_inputs(patch, iot_operations, "Instance", swap)


def _swapped_arguments(patch: Patch) -> None:
    assign: Callable[..., Any] = role_assignments.assign_role
    patch.setattr(
        key_vault,
        "assign_role",
        lambda *given, scope, principal_id: assign(*given, scope=principal_id, principal_id=scope),
    )


def _leaf_alone(patch: Patch) -> None:
    patch.setattr(pki_chain.Leaf, "chain_pem", property(lambda leaf: leaf.certificate.pem))


def _peering_with_itself(patch: Patch) -> None:
    half: Callable[..., Any] = vnet_peering._create_half
    patch.setattr(
        vnet_peering, "_create_half", lambda name, peering, local, _, opts: half(name, peering, local, local, opts)
    )


def _waits_for_another_cluster(patch: Patch) -> None:
    install: Callable[..., Any] = extensions.install_extensions
    first: list[Any] = []

    def with_the_first(context: Any, cluster: Any) -> Any:
        first.append(cluster.connected)
        return install(context, dataclasses.replace(cluster, connected=first[0]))

    patch.setattr(stamps, "install_extensions", with_the_first)


def _other_api(patch: Patch) -> None:
    for module in (iot_operations, mqtt_configuration):
        patch.setattr(module, "iot_operations", lambda _: Package("iotoperations", "2026-03-01"))


CAUSES: dict[str, tuple[Callable[[Patch], None], tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "a name that Azure refuses": (
        _long_vault_name,
        (("ASK-05", "key_vault.py:"),),
        ("settings/cluster_names.py", "2 more findings follow"),
    ),
    "a resource group of another name": (
        _group_of_another_name,
        (("ASK-06", "cluster_stamp/__init__.py:"),),
        ("'rg-myorgb-dev-001x'", "more findings follow"),
    ),
    "a container that does not exist": (
        _container_elsewhere,
        (("REF-04", "registries.py:"),),
        ("no container of this stack", "The same at site-schema-registry.", "ID-03 site-schema-registry-storage-role"),
    ),
    "swapped ids": (
        _swapped_ids,
        (("REF-08", "iot_operations.py:"), ("REF-08", "iot_operations.py:")),
        ("schemaRegistryRef.resourceId: is the id of", "device-registry-namespace", "4 more findings follow"),
    ),
    "swapped arguments": (
        _swapped_arguments,
        (("REF-08", "called at components/cluster_stamp/key_vault.py:"),) * 2,
        ("principalId: ", "object id", "more findings follow"),
    ),
    "a leaf without its intermediate": (
        _leaf_alone,
        (("PKI-02", "secret_sync.py:"),),
        ("The intermediate CN=myorgb-dev-server-intermediate-g1 that signed it is not published with it",),
    ),
    "a peering with itself": (
        _peering_with_itself,
        (("REF-08", "vnet_peering.py:"),),
        ("its own network", "NET-01"),
    ),
    "a wait for another cluster": (
        _waits_for_another_cluster,
        (("EDGE-08", "extensions.py:"),),
        ("cluster enterprise waits for cluster site", "3 more findings follow"),
    ),
    "an API version of another release": (
        _other_api,
        (("REL-01", "iot_operations.py:"),),
        ("2026-07-01", "more findings follow", "REL-02"),
    ),
}


def _causes(patch: Patch, make: Callable[[Patch], None]) -> list[Cause]:
    make(patch)
    graph = evaluate(TWO_CLUSTERS)
    findings = judge(graph, resolve(TWO_CLUSTERS))
    causes = find_causes(findings, graph)
    told = [each for one in causes for each in (one.finding, *one.same, *one.followers)]
    assert sorted(told, key=str) == sorted(findings, key=str)  # none is lost, none is told twice
    return causes


@pytest.mark.parametrize("mistake", CAUSES)
def test_one_cause_is_told_once_with_its_place(mistake: str, monkeypatch: Patch) -> None:
    make, expected, said = CAUSES[mistake]
    causes = _causes(monkeypatch, make)
    texts = [f"{one.finding.rule} ({one.finding.place}): {one.message}" for one in causes]
    assert [one.finding.rule for one in causes] == [rule for rule, _ in expected], "\n".join(texts)
    assert all(place in one.finding.place for one, (_, place) in zip(causes, expected, strict=True)), texts
    assert all(word in texts[0] for word in said), texts[0]


def test_a_resource_in_another_clusters_group_is_told_before_the_wait_that_comes_of_it(two: Workbench) -> None:
    two.set("site-broker", "resourceGroupName", two.value("enterprise-broker", "resourceGroupName"))
    causes = find_causes(two.findings(), two.graph)
    assert (causes[0].finding.rule, causes[0].finding.resource) == ("ASK-06", "site-broker")
    assert not [one for one in causes if one.finding.rule == "EDGE-08"]


def test_mistakes_of_two_clusters_that_differ_are_two_causes(two: Workbench) -> None:
    two.set("site-storage-account", "minimumTlsVersion", "TLS1_0")
    two.set("enterprise-storage-account", "isHnsEnabled", False)
    causes = find_causes(two.findings(), two.graph)
    assert [one.finding.resource for one in causes] == ["enterprise-storage-account", "site-storage-account"]
    assert not any(one.followers or one.same for one in causes)


def test_no_resource_is_paired_with_itself(monkeypatch: Patch) -> None:
    _peering_with_itself(monkeypatch)
    findings = judge(evaluate(TWO_CLUSTERS), resolve(TWO_CLUSTERS))
    assert not [one for one in findings if one.rule == "EDGE-06"]
