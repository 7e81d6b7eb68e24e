"""Break one thing at a time of what was deployed: the traffic stops, or the model of the cluster names it.

From the certificate over vault, sync, Secret, listener, authentication, authorization and endpoint to the dataflow:
each break is made in the modelled Azure, where a person or a fault would make it, and nothing else is touched.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from arm.types.authorization import ROLE_ASSIGNMENT
from rehearsal.mqtt.authority import Authority, to_pem
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.result import Proof
from rehearsal.verify.messages import Verification, roots_of
from rehearsal.verify.settings_match import differences
from settings import roles
from settings.stack_file import SETTINGS_KEY
from tests.conftest import resolve
from tests.rehearsal.cluster.deployments import Bench, deployed

CLIENT, SERVER = "site-to-enterprise-client-leaf", "server-leaf"
CLIENT_SYNC, SERVER_SYNC = "secretSyncs/client-secret-enterprise-g1", "secretSyncs/broker-tls-cert-g1"
CLIENT_CLASS = "azureKeyVaultSecretProviderClasses/client-secret-enterprise-g1"
CREDENTIAL = "id-myorga-sse-dev-001/federatedIdentityCredentials/aio-sse-ficred"
LISTENER, AUTHENTICATION = "listeners/default-loadbalancer", "authentications/cert-auth"
AUTHORIZATION = "authorizations/links"
ENDPOINT, DATAFLOW = "dataflowEndpoints/mqtt-enterprise", "dataflows/to-enterprise-input"
APPLY = "vm-myorgb-aio-dev-001-0/runCommands/apply-objects"
PORT, X509 = "properties.ports.0", "properties.authenticationMethods.0.x509Settings"
SUBJECT = f"{X509}.authorizationAttributes.site-to-enterprise-g1.subject"
RULES, MQTT = "properties.authorizationPolicies.rules", "properties.mqttSettings"
OPERATIONS = "properties.operations"
ADMIN = {"subject": "CN = admin", "attributes": {"link": "site-to-enterprise"}}
MESSAGES = 3


def client_certificate(common_name: str = "site-to-enterprise-g1", **inputs: object) -> Callable[[Bench], None]:
    """Publish another certificate of the deployed authority, with its key."""

    def publish(bench: Bench) -> None:
        chain, key = bench.issue("client", common_name, **inputs)
        bench.publish(f"{CLIENT}-crt-g1", chain)
        bench.publish(f"{CLIENT}-key-g1", key)

    return publish


def server_certificate(bench: Bench) -> None:
    chain, key = bench.issue("server", "enterprise-broker-g1", ipAddresses=["10.2.1.99"])
    bench.publish(f"{SERVER}-crt-g1", chain)
    bench.publish(f"{SERVER}-key-g1", key)


def no_role(bench: Bench) -> None:
    for end in [key.rpartition("/")[2] for key, entry in bench.entries.items() if entry.row is ROLE_ASSIGNMENT]:
        if roles.KEY_VAULT_SECRETS_USER.guid in str(bench.entry(end).inputs):
            bench.remove(end)


def put(end: str, path: str, value: object) -> Callable[[Bench], None]:
    return lambda bench: bench.set(end, path, value)


def lost(bench: Bench) -> None:
    bench.remove(ENDPOINT)
    bench.remove(DATAFLOW)


def grant(bench: Bench, more: dict[str, object]) -> None:
    rules = copy.deepcopy(bench.entry(AUTHORIZATION).inputs["properties"]["authorizationPolicies"]["rules"])
    rules[0]["brokerResources"].append(more)
    bench.set(AUTHORIZATION, RULES, rules)


def open_port(bench: Bench, more: dict[str, object]) -> None:
    ports = copy.deepcopy(bench.entry(LISTENER).inputs["properties"]["ports"])
    bench.set(LISTENER, "properties.ports", [*ports, more])


def trust_both(objects: list[dict[str, Any]]) -> None:
    """A second root beside the first one, in the same key."""
    extra = Authority.root("rogue root")
    for one in objects:
        for source in one.get("spec", {}).get("sources", []):
            if "inLine" in source:
                source["inLine"] += to_pem([extra.certificate])


CHAIN: dict[str, Callable[[Bench], object]] = {
    "certificate: of another subject": client_certificate("site-to-enterprise-g2"),
    "certificate: not for clients": client_certificate(allowedUses=["digital_signature", "server_auth"]),
    "certificate: expired": client_certificate(validityPeriodHours=0),
    "certificate: of the broker for another host": server_certificate,
    "vault: the client's key is another one": lambda b: b.publish(f"{CLIENT}-key-g1", b.published(f"{SERVER}-key-g1")),
    "vault: the client's certificate is gone": lambda b: b.remove(f"secrets/{CLIENT}-crt-g1"),
    "vault: the broker's key is disabled": put(f"secrets/{SERVER}-key-g1", "properties.attributes", {"enabled": False}),
    "vault: nobody may read it": no_role,
    "sync: another issuer is trusted": put(CREDENTIAL, "issuer", "https://elsewhere.example.com"),
    "sync: another service account is trusted": put(CREDENTIAL, "subject", "system:serviceaccount:default:default"),
    "sync: the class reads another vault": put(CLIENT_CLASS, "keyvaultName", "kv-myorgb-dev-001"),
    "Secret: a key has another name": put(CLIENT_SYNC, "objectSecretMapping.1.targetKey", "key.pem"),
    "Secret: the broker's is not synced": lambda b: b.remove(SERVER_SYNC),
    "trust: the client's authority is not applied": lambda b: b.objects(APPLY, list.clear),
    "listener: another Secret": put(LISTENER, f"{PORT}.tls.manual.secretRef", "broker-tls-cert-g2"),
    "listener: another port": put(LISTENER, f"{PORT}.port", 28884),
    "listener: inside the cluster only": put(LISTENER, "properties.serviceType", "ClusterIp"),
    "listener: no such authentication": put(LISTENER, f"{PORT}.authenticationRef", "cert-auth-2"),
    "authentication: another authority": put(AUTHENTICATION, f"{X509}.trustedClientCaCert", "server-ca-enterprise-g1"),
    "authentication: another generation's subject": put(AUTHENTICATION, SUBJECT, "CN = site-to-enterprise-g2"),
    "authorization: another link": put(AUTHORIZATION, f"{RULES}.0.principals", {"attributes": [{"link": "other"}]}),
    "authorization: another topic": put(AUTHORIZATION, f"{RULES}.0.brokerResources.1.topics", ["other/output"]),
    "authorization: no rule": put(AUTHORIZATION, RULES, []),
    "endpoint: another host": put(ENDPOINT, f"{MQTT}.host", "10.2.1.99:28883"),
    "endpoint: another authority": put(
        ENDPOINT, f"{MQTT}.tls.trustedCaCertificateConfigMapRef", "server-ca-enterprise-g2"
    ),
    "endpoint: another Secret": put(ENDPOINT, f"{MQTT}.authentication.x509CertificateSettings.secretRef", "other"),
    "dataflow: disabled": put(DATAFLOW, "properties.mode", "Disabled"),
    "dataflow: another topic": put(DATAFLOW, f"{OPERATIONS}.1.destinationSettings.dataDestination", "other/output"),
    "dataflow: another endpoint": put(DATAFLOW, f"{OPERATIONS}.1.destinationSettings.endpointRef", "default"),
    "dataflow: another source": put(DATAFLOW, f"{OPERATIONS}.0.sourceSettings.dataSources", ["nobody/publishes/here"]),
    "link: lost": lost,
    "link: to its own broker": put(ENDPOINT, f"{MQTT}.host", "aio-broker:18883"),
    "too much: a topic": put(AUTHORIZATION, f"{RULES}.0.brokerResources.1.topics", ["site/output", "plant/stop"]),
    "too much: a subscription": lambda b: grant(b, {"method": "Subscribe", "topics": ["hr/payroll"]}),
    "too much: a subject": put(AUTHENTICATION, f"{X509}.authorizationAttributes.admin", ADMIN),
    "too much: an authority": lambda b: b.objects(APPLY, trust_both),
    "too much: a port": lambda b: open_port(b, {"port": 1883, "protocol": "Mqtt"}),
    "network: half of the peering is gone": lambda b: b.remove("virtualNetworkPeerings/peer-b-to-a"),
    "network: the firewall has another port": put("nsg-myorgb-dev-001", "securityRules.0.destinationPortRange", "8883"),
}  # fmt: skip
"""What is broken: how."""


def found_out(bench: Bench) -> tuple[Verification, Proof]:
    clusters = list(bench.views().values())
    proof = prove(clusters, messages=MESSAGES)
    stack = deployed("dev")
    settings = resolve(stack.config[SETTINGS_KEY])
    roots = roots_of(stack.engine.state, settings)
    return Verification(clusters, proof, differences(settings, clusters, roots)), proof


def test_nothing_broken_lets_every_message_through() -> None:
    traffic, proof = found_out(Bench("dev"))
    assert traffic.problems == []
    assert proof.messages == MESSAGES


@pytest.mark.parametrize("broken", CHAIN)
def test_what_is_broken_stops_the_traffic_and_is_told(broken: str) -> None:
    bench = Bench("dev")
    CHAIN[broken](bench)
    traffic, proof = found_out(bench)

    assert traffic.problems, broken
    named = [problem for view in traffic.clusters for problem in view.problems]
    assert all(problem.remedy for problem in named)
    if broken.startswith(("too much", "dataflow: another source")):
        assert named == [], "the clusters are healthy, and messages flow: only the settings tell"
        assert traffic.differences
        return
    assert not proof.ok or not proof.links
    # What the model names would also be seen by whoever only sends messages, but for the network, which is not real.
    if named and not broken.startswith("network"):
        blind = [replace(view, problems=[], frontends_up=True) for view in traffic.clusters]
        unseen = prove(blind, messages=MESSAGES)
        assert unseen.messages < MESSAGES or not unseen.ok, "named, although messages flow"
