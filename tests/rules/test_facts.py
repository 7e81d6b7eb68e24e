"""Each fact that the judge has by itself: the program's table is made wrong, and a rule says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast
from unittest import mock

import pytest
from pulumi_azure_native import compute

from arm import shapes
from arm.schema import table
from arm.types import ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS
from arm.values import leaves
from automation.reference.facts import list_facts
from components import authorities, cluster_stamp, identities, mqtt_bodies, packages
from components.cluster_stamp import extensions as program_extensions
from components.cluster_stamp import iot_operations
from components.hosting import connected_cluster, first_contact
from components.hosting.azure_vm import node as azure_vm_node
from graph.graph import Graph
from rules import judge
from rules.facts.children import children_of
from rules.facts.extensions import ANY
from rules.facts.releases import RELEASES
from rules.facts.roles import Role as RoleFact
from settings import addressing, broker_capacity, fields, releases, roles, well_known
from settings import resolve as resolve_settings
from settings.profiles import PROFILES
from settings.roles import Role
from tests.conftest import TWO_CLUSTERS, evaluate, resolve
from tests.mutations.catalog import load_mutations
from tests.rules.test_first_contact import PLANT
from tests.rules.workbench import Workbench

Patch = pytest.MonkeyPatch
ONE: dict[str, Any] = {**TWO_CLUSTERS, "clusters": {"site": {}}, "links": []}
"""A cluster without links: cheap to evaluate."""
ISOLATED = {**TWO_CLUSTERS, "clusters": {"site": {}, "enterprise": {"node": {"network_policies": True}}}}
OTHER_GUID = "00000000-1111-2222-3333-444444444444"


@dataclass(frozen=True)
class Wrong:
    """How a fact is made wrong in the program, and what the finding says, the resource first."""

    change: Callable[[Patch], object]
    rule: str
    said: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=lambda: ONE)


def _known(name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(well_known, name, value)


def _role(name: str, *said: str) -> Wrong:
    wrong = Role(getattr(roles, name).name, OTHER_GUID)
    return Wrong(lambda patch: patch.setattr(roles, name, wrong), "ID-02", (*said, wrong.name))


def _tool(name: str, value: str) -> Wrong:
    wrong = replace(releases.NODE_TOOLS, **{name: value})
    return Wrong(
        lambda patch: patch.setattr(connected_cluster, "NODE_TOOLS", wrong),
        "REL-03",
        ("site-setup-k3s", name.upper(), value),
    )


def _network(name: str) -> Wrong:
    taken = getattr(well_known, name)
    wrong = {**ONE, "clusters": {"site": {"address_space": str(taken)}}}
    return Wrong(
        lambda patch: patch.delitem(addressing.RESERVED_NETWORKS, taken),
        "NET-06",
        ("site-setup-k3s", "cidr", f"{taken} overlaps"),
        wrong,
    )


def _application(name: str) -> Wrong:
    wrong = getattr(well_known, name)
    return Wrong(
        lambda patch: patch.delitem(fields._NOT_OBJECT_IDS, wrong),
        "ASK-02",
        ("site-connect-arc", "CUSTOM_LOCATIONS_OBJECT_ID", "object id"),
        {**ONE, "custom_locations_object_id": wrong},
    )


def _extension(kind: str, resource: str) -> Wrong:
    """All settings of the extension at once."""
    install: Any = program_extensions._install

    def installed(*given: Any, **named: Any) -> Any:
        if named["extension_type"] == kind:
            named["configuration"] = dict.fromkeys(named["configuration"], "wrong")
        return install(*given, **named)

    said = [key for key, value in RELEASES["2608"].settings[kind].items() if value != ANY]
    return Wrong(lambda patch: patch.setattr(program_extensions, "_install", installed), "REL-01", (resource, *said))


def _api_version(row: ResourceType, resource: str) -> Wrong:
    """The SDK asks for another API version of the type; what it may send stays the same."""
    load, real = table.load, row.versions[0]

    def change(patch: Patch) -> None:
        patch.setitem(vars(shapes.shape_of(row.token(real))), "api_version", "2021-01-01")
        patch.setattr(shapes, "load", lambda kind, given: load(kind, real if given == "2021-01-01" else given))

    return Wrong(change, "REL-01", (resource, "2021-01-01", real))


def _credential(thing: str, name: str) -> Wrong:
    make: Any = identities.federate

    def change(patch: Patch) -> None:
        patch.setattr(
            cluster_stamp, "federate", lambda *given, **named: make(*given, **{**named, "credential_name": "another"})
        )

    return Wrong(change, "ID-01", (f"site-{thing}", "'another'", name))


WRONG: Mapping[str, Wrong] = {
    "pki.KEYS": Wrong(
        lambda patch: patch.setitem(authorities._KEYS["ecdsa"], "ecdsa_curve", "P384"),
        "PKI-10",
        ("client-root-key-g1", "P384", "P256"),
    ),
    "aio.NAMESPACE": Wrong(_known("AIO_NAMESPACE", "aio"), "REL-01", ("site-custom-location", "'aio'")),
    "aio.POD_SECURITY": Wrong(
        _known("AIO_POD_SECURITY", {"enforce": "restricted"}),
        "OBJ-01",
        ("site-apply-objects", "labels", "'pod-security.kubernetes.io/enforce': 'privileged'"),
    ),
    "aio.API_GROUPS": Wrong(
        _known("AIO_API_GROUPS", ("iotoperations.azure.com",)),
        "OBJ-02",
        ("site-apply-objects", "may not get * of group 'mqttbroker.iotoperations.azure.com'"),
        {**ONE, "operator_group_object_id": OTHER_GUID},
    ),
    "node.SERVICE_LB_NAMESPACE": Wrong(
        _known("SERVICE_LB_NAMESPACE", "svclb"), "OBJ-03", ("enterprise-apply-objects", "ServiceLB", "28883"), ISOLATED
    ),
    "node.SERVICE_LB_NAME": Wrong(
        _known("SERVICE_LB_NAME", "name"), "OBJ-03", ("enterprise-apply-objects", "ServiceLB", "28883"), ISOLATED
    ),
    "node.SERVICE_LB_OF_NAMESPACE": Wrong(
        _known("SERVICE_LB_OF_NAMESPACE", "of"), "OBJ-03", ("enterprise-apply-objects", "ServiceLB", "28883"), ISOLATED
    ),
    "aio.CERT_MANAGER_NAMESPACE": Wrong(
        _known("CERT_MANAGER_NAMESPACE", "certs"), "REL-01", ("site-cert-manager-extension", "'certs'")
    ),
    "aio.SECRET_SYNC_SERVICE_ACCOUNT": Wrong(
        _known("SECRET_SYNC_SERVICE_ACCOUNT", "aio-ssc"), "ID-01", ("site-", "'aio-ssc'", "'aio-ssc-sa'"), TWO_CLUSTERS
    ),
    "aio.DATAFLOW_SERVICE_ACCOUNT": Wrong(
        _known("DATAFLOW_SERVICE_ACCOUNT", "aio-df"), "ID-01", ("site-aio-credential", "aio-df", "aio-dataflow")
    ),
    "aio.BROKER_SERVICE": Wrong(
        lambda patch: patch.setattr(
            iot_operations, "BrokerListener", _with(packages.BrokerListener, "serviceName", "broker")
        ),
        "REF-07",
        ("site-default-listener", "serviceName", "'aio-broker'"),
    ),
    "aio.BROKER_PORT": Wrong(_known("BROKER_PORT", 1883), "REF-07", ("site-default-listener", "1883", "18883")),
    "aio.BROKER_AUDIENCE": Wrong(
        _known("BROKER_AUDIENCE", "aio"), "REF-07", ("site-default-authentication", "'aio'", "'aio-internal'")
    ),
    "aio.CLIENT_ID_WILDCARD": Wrong(
        lambda patch: patch.setattr(resolve_settings, "CLIENT_ID_WILDCARD", "#"),
        "MQTT-04",
        ("enterprise-link-authorization", "'site.#'", "'site.*'"),
        TWO_CLUSTERS,
    ),
    "aio.LARGEST_PACKET_MIB": Wrong(
        lambda patch: patch.setitem(
            cast("dict[str, Any]", broker_capacity.MEMORY_PROFILES), "Tiny", broker_capacity.MemoryProfile(99, 102, 16)
        ),
        "MQTT-07",
        ("site-broker", "16777216", "enterprise-broker", "4194304", "mqtt-support"),
        {
            **TWO_CLUSTERS,
            "clusters": {
                "site": {"broker": {"max_packet_mib": None}},
                "enterprise": {"broker": {"max_packet_mib": None, "memory_profile": "Tiny"}},
            },
        },
    ),
    "aio.RECEIVE_MAXIMUM": Wrong(
        lambda patch: patch.setattr(mqtt_bodies, "LINK_MESSAGES_IN_FLIGHT", 101),
        "MQTT-07",
        ("site-to-enterprise-endpoint", "maxInflightMessages: 101", "takes 100"),
        TWO_CLUSTERS,
    ),
    "aio.CERTIFICATE_ISSUER": Wrong(
        _known("AIO_CERTIFICATE_ISSUER", "issuer"), "REF-07", ("site-default-listener", "'issuer'", "issuerRef.name")
    ),
    "aio.TRUST_CONFIG_MAP": Wrong(
        _known("AIO_TRUST_CONFIG_MAP", "trust"), "REF-07", ("site-local-endpoint", "'trust'", "ca-trust-bundle")
    ),
    "aio.TRUST_KEY": Wrong(
        _known("CA_CERTIFICATE_KEY", "ca.pem"), "PKI-07", ("site-apply-objects", "ca.pem", "ca.crt"), TWO_CLUSTERS
    ),
    "aio.SECRET_SYNC_CREDENTIAL": _credential("secret-sync-credential", "aio-sse-ficred"),
    "aio.DATAFLOW_CREDENTIAL": _credential("aio-credential", "aio-instance-ficred"),
    "api_versions.CUSTOM_LOCATIONS": _api_version(CUSTOM_LOCATION, "site-custom-location"),
    "api_versions.EXTENSIONS": _api_version(EXTENSION, "site-aio-extension"),
    "api_versions.MANAGED_IDENTITIES": _api_version(FEDERATED_IDENTITY_CREDENTIAL, "site-aio-credential"),
    "api_versions.ROLE_ASSIGNMENTS": _api_version(ROLE_ASSIGNMENT, "site-"),
    "api_versions.SECRET_SYNC": _api_version(SECRET_PROVIDER_CLASS, "site-default-secret-provider-class"),
    "entra.TOKEN_EXCHANGE_AUDIENCE": Wrong(
        _known("TOKEN_EXCHANGE_AUDIENCE", "api://Azure"), "ID-01", ("site-aio-credential", "audiences", "api://Azure'")
    ),
    "entra.CUSTOM_LOCATIONS_APPLICATION": _application("CUSTOM_LOCATIONS_APPLICATION_ID"),
    "entra.K8_BRIDGE_APPLICATION": _application("K8_BRIDGE_APPLICATION_ID"),
    "extensions.AIO": _extension("microsoft.iotoperations", "site-aio-extension"),
    "extensions.CERT_MANAGER": _extension("microsoft.certmanagement", "site-cert-manager-extension"),
    "extensions.SECRET_STORE": _extension("microsoft.azure.secretstore", "site-secret-store-extension"),
    "node.IMAGE": Wrong(
        lambda patch: patch.setattr(
            azure_vm_node, "_UBUNTU", compute.ImageReferenceArgs(publisher="Canonical", offer="x", sku="server")
        ),
        "ASK-04",
        ("site-node", "imageReference", "ubuntu-24_04-lts"),
    ),
    "node.K3S_POD_NETWORK": _network("K3S_POD_NETWORK"),
    "node.K3S_SERVICE_NETWORK": _network("K3S_SERVICE_NETWORK"),
    "node.K3S_VERSION": Wrong(
        lambda patch: _change_release(patch, "2608", k3s_version="v1.34.2+k3s1"),
        "FACT-04",
        ("profile dev", "node.k3s_version", "v1.34.2+k3s1"),
    ),
    "node.K3S_INSTALL_COMMIT": _tool("k3s_install_commit", "0" * 40),
    "node.K3S_INSTALL_SHA256": _tool("k3s_install_sha256", "0" * 64),
    "node.AZURE_CLI_VERSION": _tool("azure_cli_version", "2.0.0"),
    "node.ARC_AGENT_VERSION": Wrong(
        lambda patch: patch.setattr(
            first_contact, "NODE_TOOLS", replace(releases.NODE_TOOLS, arc_agent_version="1.0.0.1")
        ),
        "SSH-01",
        ("site-enable-arc", "AGENT_VERSION", "1.0.0.1"),
        PLANT,
    ),
    "node.CONNECTEDK8S_VERSION": _tool("connectedk8s_version", "1.0.0"),
    "releases.CONNECTED_CLUSTER_API": Wrong(
        lambda patch: _change_release(patch, "2608", connected_cluster_api="2026-05-01"),
        "REL-01",
        ("azure-kubernetes", "2026-05-01", "2024-12-01-preview"),
    ),
    "roles.ARC_CLUSTER_USER": _role("ARC_CLUSTER_USER", "site (the admin group)"),
    "roles.ARC_KUBERNETES_VIEWER": _role("ARC_KUBERNETES_VIEWER", "site (the admin group)"),
    "roles.ARC_ONBOARDING": _role("ARC_ONBOARDING", "site-arc-identity"),
    "roles.DEVICE_REGISTRY_ADMINISTRATOR": _role("DEVICE_REGISTRY_ADMINISTRATOR", "site-aio-extension"),
    "roles.KEY_VAULT_READER": _role("KEY_VAULT_READER", "site-secret-sync-identity"),
    "roles.KEY_VAULT_SECRETS_USER": _role("KEY_VAULT_SECRETS_USER", "site-secret-sync-identity"),
    "roles.STORAGE_BLOB_DATA_CONTRIBUTOR": _role("STORAGE_BLOB_DATA_CONTRIBUTOR", "site-schema-registry"),
}


def _with(made: Any, name: str, value: str) -> Callable[..., Any]:
    """Register the resource with another property."""

    def make(resource: str, package: Any, inputs: Mapping[str, Any], options: Any) -> Any:
        return made(resource, package, {**inputs, "properties": {**inputs["properties"], name: value}}, options)

    return make


def _change_release(patch: Patch, name: str, **changes: Any) -> None:
    table: Any = releases.RELEASES
    patch.setitem(table, name, replace(table[name], **changes))


@pytest.fixture(autouse=True)
def _keep_the_order_of_the_tables() -> Iterator[None]:
    """What monkeypatch has deleted it puts back at the end of a map, and the settings' page has another order then."""
    with (
        mock.patch.dict(cast("dict[str, Any]", releases.RELEASES)),
        mock.patch.dict(cast("dict[Any, Any]", addressing.RESERVED_NETWORKS)),
        mock.patch.dict(cast("dict[Any, Any]", fields._NOT_OBJECT_IDS)),
    ):
        yield


FACTS = list_facts()


IN_SCRIPTS = {
    "node.MICROSOFT_KEY": "microsoft-key-unchecked",
    "node.KERNEL_LIMITS": "inotify",
    "node.KERNEL_DEFAULTS": "inotify-instances",
    "node.TOKEN_LIFE": "token-life",
    "node.PLATFORM_SERVICES": "metadata-open",
    "node.RESOLVER": "dns-blocked",
    "node.K3S_RENEWAL_DAYS": "k3s-starts-anew-too-late",
    "node_files.LIMITS": "sysctl-file-of-another-name",
    "node_files.KEYRING": "key-for-all-packages",
    "node_files.SOURCES": "source-of-packages-beside",
    "node_files.APT_PROXY": "apt-told-elsewhere",
    "node_files.K3S_DROPIN": "dropin-of-another-unit",
    "node_files.K3S_UNIT": "unit-beside",
    "node_files.K3S_ENVIRONMENT": "variables-of-another-unit",
    "node_files.K3S_CONFIG": "registries-of-k3s",
    "node.AUDIT_LIMITS": "audit-without-end",
    "node.AUDIT_SENSITIVE": "audit-logs-contents",
    "node_files.K3S_AUDIT_POLICY": "audit-policy-beside",
    "node_files.AZ_PYTHON": "program-beside-az",
    "node_files.K3S_IMAGES": "images-of-somebody",
    "node_files.KUBECONFIG": "kubeconfig-copied",
    "node_files.COMMANDS": "command-of-another-name",
    "node_files.STATE": "state-in-another-folder",
    "node_files.NODES": "nodes-in-another-folder",
    "node_files.K3S_TOKEN": "agent-token-in-another-folder",
    "node_files.KUBELET_CONFIG": "kubelet-config-copied",
    "node_files.KUBELET_SERVER": "kubelet-of-another-server",
    "node_files.K3S_PING": "ping-of-another-path",
    "node_files.LOCKS": "lock-for-everybody",
    "node_files.MICROSOFT_PACKAGES": "program-downloaded",
    "node_files.K3S_INSTALLER": "program-of-the-same-server",
    "node_files.K3S_RELEASES": "k3s-of-another-project",
    "node_files.K3S_BINARY": "k3s-in-another-folder",
    "node_files.MANAGEMENT": "clock-of-somebody",
    "node_files.K3S_SERVER": "kubeconfig-of-another-server",
    "node_files.K3S_TOKENS": "other-second-issuer",
}
"""What the program has in its scripts: the mistake of tests/mutations that a rehearsal finds by it."""


def test_every_fact_is_made_wrong_here_or_in_a_script() -> None:
    assert set(FACTS) == {*WRONG, *IN_SCRIPTS}
    assert {*IN_SCRIPTS.values()} <= {mistake.id for mistake in load_mutations() if not mistake.escapes}


@pytest.mark.parametrize("fact", sorted(WRONG))
def test_a_wrong_fact_of_the_program_is_found(fact: str, monkeypatch: Patch) -> None:
    wrong = WRONG[fact]
    wrong.change(monkeypatch)
    _must_say(evaluate(dict(wrong.settings)), dict(wrong.settings), wrong.rule, wrong.said)


def _must_say(graph: Graph, settings: dict[str, Any], rule: str, said: tuple[str, ...]) -> None:
    texts = [str(finding) for finding in judge(graph, resolve(settings))]
    own = [text for text in texts if text.startswith(f"{rule} {said[0]}")]
    assert any(all(word in text for word in said) for text in own), "\n".join(texts)


OTHER = {
    "aio_version": "1.0.9",
    "cert_manager_version": "0.1.0",
    "secret_store_version": "0.6.7",
    "train": "preview",
    "opcua_connector_version": "9.9.9",
    "cert_manager_settings": {"trust-manager.secretTargets.enabled": "true"},
    "aio_settings": {"dataFlows.values.wasmGraphController.mqttBroker.caCertFileName": "ca.pem"},
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_wrong_row_of_a_release_is_found(release: str, monkeypatch: Patch) -> None:
    row, settings = RELEASES[release], {**ONE, "release": release}
    other = next(one for one in RELEASES.values() if one.iot_operations_api != row.iot_operations_api)
    registry = next(one for one in RELEASES.values() if one.device_registry_api != row.device_registry_api)
    apis = {"iot_operations_api": other.iot_operations_api, "device_registry_api": registry.device_registry_api}
    _change_release(monkeypatch, release, **OTHER, **apis)
    graph = evaluate(settings)
    for said in (
        ("site-aio-extension", "version", "1.0.9", row.aio),
        ("site-cert-manager-extension", "version", "0.1.0", row.cert_manager),
        ("site-secret-store-extension", "version", "0.6.7", row.secret_store),
        ("site-secret-store-extension", "releaseTrain", "'preview'"),
        ("site-cert-manager-extension", "trust-manager.secretTargets.enabled"),
        ("site-aio-extension", "wasmGraphController.mqttBroker.caCertFileName"),
        ("azure-iotoperations", other.iot_operations_api, f"release {release} has {row.iot_operations_api}"),
        ("azure-deviceregistry", registry.device_registry_api, f"release {release} has {row.device_registry_api}"),
    ):
        _must_say(graph, settings, "REL-01", said)


def test_a_version_of_another_release_is_found_with_both_names(monkeypatch: Patch) -> None:
    _change_release(monkeypatch, "2607", cert_manager_version=RELEASES["2608"].cert_manager)
    settings = {**ONE, "release": "2607"}
    said = ("site-cert-manager-extension", "'1.0.0' is of release 2608", "release 2607 has '0.14.0'")
    _must_say(evaluate(settings), settings, "REL-01", said)


def test_a_wrong_row_of_a_release_that_the_stack_does_not_use_is_found(two: Workbench, monkeypatch: Patch) -> None:
    _change_release(monkeypatch, "2603", secret_store_version="1.5.1", aio_settings={})
    findings = two.findings()
    assert [(one.rule, one.resource) for one in findings] == [("FACT-02", "release 2603")] * 2
    assert all(
        word in findings[0].message
        for word in ("'1.5.1', which is of release 2607", "'1.3.0'", "aio-releases/2603.yaml")
    )


def test_a_release_that_the_settings_lack_is_found(two: Workbench, monkeypatch: Patch) -> None:
    table: Any = releases.RELEASES
    monkeypatch.delitem(table, "2512")
    assert [(one.rule, one.resource) for one in two.findings()] == [("FACT-02", "release 2512")]


@pytest.mark.parametrize("network", ["K3S_POD_NETWORK", "K3S_SERVICE_NETWORK"])
def test_a_network_that_the_settings_should_refuse_is_found(network: str, two: Workbench, monkeypatch: Patch) -> None:
    table: Any = addressing.RESERVED_NETWORKS
    monkeypatch.delitem(table, getattr(well_known, network))
    (found,) = two.findings()
    assert found.rule == "FACT-01"
    assert all(word in str(found) for word in ("clusters.site.address_space", str(getattr(well_known, network))))


@pytest.mark.parametrize("name", ["CUSTOM_LOCATIONS_APPLICATION_ID", "K8_BRIDGE_APPLICATION_ID"])
def test_an_application_that_the_settings_should_refuse_is_found(name: str, two: Workbench, monkeypatch: Patch) -> None:
    monkeypatch.delitem(fields._NOT_OBJECT_IDS, getattr(well_known, name))
    (found,) = two.findings()
    assert found.rule == "FACT-01"
    assert all(word in str(found) for word in ("custom_locations_object_id", getattr(well_known, name)))


def test_a_release_without_facts_is_a_finding(two: Workbench) -> None:
    two.settings = replace(two.settings, release=replace(two.settings.release, name="2699"))
    found = next(one for one in two.findings() if one.rule == "REL-01")
    assert (found.resource, "rules/facts/releases.py" in found.message) == ("release", True)
    assert {one.rule for one in two.findings()} == {"REL-01"}


def test_the_facts_have_every_release_of_the_program() -> None:
    assert set(releases.RELEASES) == set(RELEASES)


PARTS = {
    "brokers": "site-broker",
    "authentications": "site-default-authentication",
    "listeners": "site-default-listener",
    "dataflowProfiles": "site-dataflow-profile",
    "dataflowEndpoints": "site-local-endpoint",
    "registryEndpoints": "site-registry-endpoint",
    "akriConnectorTemplates": "site-opcua-connector-template",
}
"""Kind of a default part -> the resource of the program."""


CHILDREN = children_of(RELEASES["2608"])


def test_the_set_of_the_default_release_is_made_wrong_here() -> None:
    assert [one.arm_type.rsplit("/", 1)[1] for one in CHILDREN] == list(PARTS)


@pytest.mark.parametrize("kind", PARTS)
def test_a_missing_default_part_is_found(kind: str, two: Workbench) -> None:
    two.remove(PARTS[kind])
    assert any(one.rule == "REF-07" and f"/{kind} '" in one.message for one in two.findings())


def test_a_connector_template_in_a_release_without_one_is_found(monkeypatch: Patch) -> None:
    _change_release(monkeypatch, "2607", opcua_connector_version="1.4.10")
    settings = {**ONE, "release": "2607"}
    _must_say(evaluate(settings), settings, "REF-07", ("site-opcua-connector-template", "2607 creates no such"))


def _properties() -> Iterator[Any]:
    for child in CHILDREN:
        kind = child.arm_type.rsplit("/", 1)[1]
        for path, _, _ in leaves(child.properties):
            yield pytest.param(PARTS[kind], path, id=f"{kind}-{path}")


@pytest.mark.parametrize(("resource", "path"), list(_properties()))
def test_a_default_part_that_differs_is_found(resource: str, path: str, two: Workbench) -> None:
    two.set(resource, re.sub(r"\[(\d+)\]", r".\1", f"properties.{path}"), "wrong")
    said = [one.message for one in two.findings() if (one.rule, one.resource) == ("REF-07", resource)]
    assert f"{path} is 'wrong'" in said[0]


def test_every_fact_says_where_it_was_read() -> None:
    sources = [one.source for one in (*FACTS.values(), *RELEASES.values(), *CHILDREN)]
    sources += [one.source_of_need for one in FACTS.values() if isinstance(one, RoleFact)]
    assert all(one.where and one.place and date(2026, 1, 1) < one.read for one in sources)


@pytest.mark.parametrize(
    "key, wrong",
    [
        ("protect", False),
        ("purge_protection", False),
        ("soft_delete_days", 7),
        ("dataflow_disk_persistence", False),
        ("outage_hours", 1),
    ],
)
def test_a_profile_of_production_that_protects_less_is_found(
    key: str, wrong: Any, two: Workbench, monkeypatch: Patch
) -> None:
    protection: Any = PROFILES["prod"]["protection"]
    monkeypatch.setitem(protection, key, wrong)
    found = [(one.rule, one.resource) for one in two.findings()]
    assert found == [("FACT-03", "profile prod"), ("FACT-04", "profile prod")]
