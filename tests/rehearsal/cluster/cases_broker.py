"""Trust Bundles, the broker and the dataflows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.rehearsal.cluster.cases import CLIENT_CA_LOST, SERVER_CA_LOST, breaks
from tests.rehearsal.cluster.cases_reach import ENTERPRISE_VM, SITE_VM
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench, private_key

LISTENER, AUTHENTICATION = "listeners/default-loadbalancer", "authentications/cert-auth"
ENDPOINT, DATAFLOW = "dataflowEndpoints/mqtt-enterprise", "dataflows/to-enterprise-input"
LOCAL = "iotops-arck-myorga-dev-001/dataflowEndpoints/default"
A_LISTENER, AN_ENDPOINT = "BrokerListener default-loadbalancer", "DataflowEndpoint mqtt-enterprise"
A_DATAFLOW, AN_AUTHENTICATION = "Dataflow to-enterprise-input", "BrokerAuthentication cert-auth"
BAD_SERVER_LEAF = ("CLUSTER-21", ENTERPRISE, A_LISTENER)
MQTT = "properties.mqttSettings"


def change_bundle(bench: Bench, vm: str, path: str, value: Any) -> None:
    def change(objects: list[dict[str, Any]]) -> None:
        target: Any = next(one for one in objects if one["kind"] == "Bundle")["spec"]
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            target = target[step]
        target[last] = value

    bench.objects(f"{vm}/runCommands/apply-objects", change)


@breaks(
    "CLUSTER-42",
    ENTERPRISE,
    A_LISTENER,
    "Service default/ingress has port 28883 on the node",
    then=(("CLUSTER-39", ENTERPRISE, f"node {ENTERPRISE_VM}"),),
)
def port_is_taken(bench: Bench) -> None:
    bench.take_port(ENTERPRISE_VM, 28883)


@breaks(*CLIENT_CA_LOST, "ConfigMap client-ca-g1 is not there")
def bundle_is_pruned(bench: Bench) -> None:
    bench.objects(f"{ENTERPRISE_VM}/runCommands/apply-objects", lambda objects: objects.pop())


@breaks("CLUSTER-16", SITE, "Bundle server-ca-enterprise-g1", "does not match", then=(SERVER_CA_LOST,))
def bundle_goes_into_another_namespace(bench: Bench) -> None:
    change_bundle(bench, SITE_VM, "target.namespaceSelector.matchLabels", {"ca-bundle/inject": "enabled"})


@breaks("CLUSTER-16", ENTERPRISE, "Bundle client-ca-g1", "names no key", then=(CLIENT_CA_LOST,))
def bundle_names_no_key(bench: Bench) -> None:
    change_bundle(bench, ENTERPRISE_VM, "target.configMap", {})


@breaks("CLUSTER-16", SITE, "Bundle server-ca-enterprise-g1", "['useDefaultCAs'] besides inLine")
def bundle_trusts_public_cas_too(bench: Bench) -> None:
    change_bundle(bench, SITE_VM, "sources.0.useDefaultCAs", True)


@breaks("CLUSTER-17", SITE, "Bundle server-ca-enterprise-g1", "no certificate in PEM", then=(SERVER_CA_LOST,))
def bundle_holds_no_certificate(bench: Bench) -> None:
    change_bundle(bench, SITE_VM, "sources.1.inLine", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


@breaks("CLUSTER-17", ENTERPRISE, "Bundle client-ca-g1", "which is no CA", then=(CLIENT_CA_LOST,))
def bundle_holds_a_leaf(bench: Bench) -> None:
    change_bundle(bench, ENTERPRISE_VM, "sources.1.inLine", bench.published("server-leaf-crt-g1"))


@breaks("CLUSTER-18", ENTERPRISE, A_LISTENER, "is not the private key")
def key_is_not_that_of_the_certificate(bench: Bench) -> None:
    bench.publish("server-leaf-key-g1", private_key())


@breaks("CLUSTER-18", ENTERPRISE, A_LISTENER, "Secret broker-tls-cert-g2 is not there")
def listener_is_switched_too_early(bench: Bench) -> None:
    bench.set(LISTENER, "properties.ports.0.tls.manual.secretRef", "broker-tls-cert-g2")


@breaks("CLUSTER-18", ENTERPRISE, A_LISTENER, "no certificate in PEM")
def certificate_is_garbage(bench: Bench) -> None:
    bench.publish("server-leaf-crt-g1", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


@breaks("CLUSTER-19", ENTERPRISE, A_LISTENER, "authenticationRef other-auth is not on the cluster")
def authentication_is_missing(bench: Bench) -> None:
    bench.set(LISTENER, "properties.ports.0.authenticationRef", "other-auth")


@breaks("CLUSTER-19", ENTERPRISE, A_LISTENER, "authorizationRef links is not on the cluster")
def authorization_is_missing(bench: Bench) -> None:
    bench.remove("authorizations/links")


@breaks("CLUSTER-19", ENTERPRISE, A_LISTENER, "without authenticationRef")
def authorization_has_nobody_to_judge(bench: Bench) -> None:
    bench.set(LISTENER, "properties.ports.0.authenticationRef", None)


@breaks("CLUSTER-20", ENTERPRISE, AN_AUTHENTICATION, "ConfigMap client-ca is not there")
def authentication_trusts_another_config_map(bench: Bench) -> None:
    bench.set(AUTHENTICATION, "properties.authenticationMethods.0.x509Settings.trustedClientCaCert", "client-ca")


def serve(bench: Bench, certificate: tuple[str, str]) -> None:
    bench.publish("server-leaf-crt-g1", certificate[0])
    bench.publish("server-leaf-key-g1", certificate[1])


@breaks(*BAD_SERVER_LEAF, "lacks the extended key usage serverAuth")
def server_certificate_is_for_clients(bench: Bench) -> None:
    serve(bench, bench.issue("client", "mqtt", dnsNames=["mqtt"]))


@breaks(*BAD_SERVER_LEAF, "is a CA")
def server_certificate_is_a_ca(bench: Bench) -> None:
    serve(bench, bench.issue("server", "mqtt", isCaCertificate=True, allowedUses=["cert_signing"]))


@breaks(*BAD_SERVER_LEAF, "which it has not signed")
def server_intermediate_is_that_of_the_clients(bench: Bench) -> None:
    (leaf, key), (other, _) = bench.issue("server", "mqtt", dnsNames=["mqtt"]), bench.issue("client", "other")
    end = "-----END CERTIFICATE-----\n"
    serve(bench, (leaf.split(end)[0] + end + other.split(end)[1] + end, key))


@breaks(
    *(*BAD_SERVER_LEAF, "has expired"),
    then=(
        ("CLUSTER-24", SITE, AN_ENDPOINT),
        ("CLUSTER-13", SITE, "SecretSync client-secret-enterprise-g1"),
        ("CLUSTER-13", ENTERPRISE, "SecretSync broker-tls-cert-g1"),
    ),
)
def years_have_passed(bench: Bench) -> None:
    bench.at = datetime(2060, 1, 1, tzinfo=UTC)


@breaks(
    "CLUSTER-24", SITE, AN_ENDPOINT, "is not valid before",
    then=(
        BAD_SERVER_LEAF,
        ("CLUSTER-13", SITE, "SecretSync client-secret-enterprise-g1"),
        ("CLUSTER-13", ENTERPRISE, "SecretSync broker-tls-cert-g1"),
    ),
)  # fmt: skip
def clock_is_behind(bench: Bench) -> None:
    bench.at = datetime(2020, 1, 1, tzinfo=UTC)


@breaks("CLUSTER-24", SITE, AN_ENDPOINT, "lacks the extended key usage clientAuth")
def client_certificate_is_for_servers(bench: Bench) -> None:
    certificate, key = bench.issue("server", "mqtt")
    bench.publish("site-to-enterprise-client-leaf-crt-g1", certificate)
    bench.publish("site-to-enterprise-client-leaf-key-g1", key)
    bench.publish("site-to-enterprise-client-intermediate-crt-g1", certificate.split("END CERTIFICATE-----\n", 1)[1])


@breaks("CLUSTER-22", SITE, AN_ENDPOINT, "client_key.pem of Secret client-secret-enterprise-g1 is not the private key")
def client_key_is_another(bench: Bench) -> None:
    bench.publish("site-to-enterprise-client-leaf-key-g1", private_key())


@breaks("CLUSTER-22", SITE, AN_ENDPOINT, "lacks client_key.pem")
def client_key_has_another_name_in_the_secret(bench: Bench) -> None:
    bench.set("secretSyncs/client-secret-enterprise-g1", "objectSecretMapping.2.targetKey", "tls.key")


@breaks("CLUSTER-22", SITE, AN_ENDPOINT, "Secret client-secret-enterprise-g2 is not there")
def endpoint_is_switched_too_early(bench: Bench) -> None:
    where = f"{MQTT}.authentication.x509CertificateSettings.secretRef"
    bench.set(ENDPOINT, where, "client-secret-enterprise-g2")


@breaks("CLUSTER-23", SITE, AN_ENDPOINT, "ConfigMap server-ca is not there")
def endpoint_trusts_another_config_map(bench: Bench) -> None:
    bench.set(ENDPOINT, f"{MQTT}.tls.trustedCaCertificateConfigMapRef", "server-ca")


@breaks("CLUSTER-25", SITE, A_DATAFLOW, "endpointRef mqtt-other is not on the cluster")
def dataflow_goes_to_nowhere(bench: Bench) -> None:
    bench.set(DATAFLOW, "properties.operations.1.destinationSettings.endpointRef", "mqtt-other")


@breaks("CLUSTER-25", SITE, A_DATAFLOW, "endpointRef default is not on the cluster")
def local_endpoint_is_missing(bench: Bench) -> None:
    bench.remove(LOCAL)


@breaks("CLUSTER-25", SITE, A_DATAFLOW, "is the own broker")
def dataflow_passes_by_the_own_broker(bench: Bench) -> None:
    bench.set(DATAFLOW, "properties.operations.0.sourceSettings.endpointRef", "mqtt-enterprise")


@breaks("CLUSTER-25", SITE, A_DATAFLOW, "its profile default is not on the cluster")
def profile_is_missing(bench: Bench) -> None:
    flow = bench.entry(DATAFLOW)
    bench.remove("iotops-arck-myorga-dev-001/dataflowProfiles/default")
    bench.entries[flow.id.lower()] = flow


@breaks("CLUSTER-27", ENTERPRISE, A_LISTENER, "did you mean 'LoadBalancer'")
def service_type_is_in_the_wrong_case(bench: Bench) -> None:
    bench.set(LISTENER, "properties.serviceType", "loadbalancer")


@breaks("CLUSTER-28", SITE, "DataflowEndpoint default", "no listener of the own broker serves aio-broker:1883")
def local_endpoint_has_another_port(bench: Bench) -> None:
    bench.set(LOCAL, f"{MQTT}.host", "aio-broker:1883")


@breaks("CLUSTER-28", ENTERPRISE, "DataflowEndpoint default", "leads to no CA of ConfigMap")
def own_listener_is_not_trusted(bench: Bench) -> None:
    bench.set("iotops-arck-myorgb-dev-001/dataflowEndpoints/default", f"{MQTT}.host", "10.2.1.10:28883")


@breaks("CLUSTER-28", ENTERPRISE, "DataflowEndpoint default", "does not name 10.2.1.10")
def own_listener_has_another_name(bench: Bench) -> None:
    serve(bench, bench.issue("server", "mqtt", dnsNames=["mqtt"]))
    bench.set("iotops-arck-myorgb-dev-001/dataflowEndpoints/default", f"{MQTT}.host", "10.2.1.10:28883")
