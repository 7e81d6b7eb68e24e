"""Endpoints, listeners, authorization and dataflows; peerings and security rules that carry them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rules import judge
from tests.conftest import THREE_SITES, evaluate, resolve
from tests.rules.workbench import Mistake, Workbench

_HOST = "properties.mqttSettings.host"
_CLIENTS = "properties.advanced.clients"
_RULES = "properties.authorizationPolicies.rules"
_ATTRIBUTES = "properties.authenticationMethods.0.x509Settings.authorizationAttributes"
_LISTENER, _ENDPOINT, _FLOW = "enterprise-link-listener", "site-to-enterprise-endpoint", "site-to-enterprise-input"
_AUTHENTICATION, _AUTHORIZATION = "enterprise-link-authentication", "enterprise-link-authorization"
_NSG = "enterprise-network-security-group"


def _rule(**changes: Any) -> dict[str, Any]:
    return {
        "name": "More", "priority": 150, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
        "sourceAddressPrefix": "10.1.1.0/24", "sourcePortRange": "*", "destinationAddressPrefix": "10.2.1.10",
        "destinationPortRange": "28883", **changes,
    }  # fmt: skip


def _add_rule(**changes: Any) -> Callable[[Workbench], object]:
    return lambda two: two.value(_NSG, "securityRules").append(_rule(**changes))


def _peering(bench: Workbench, here: str, there: str) -> str:
    """Logical name of one half."""
    names = [one.name for one in bench.graph.resources.values() if one.type.endswith(":VirtualNetworkPeering")]
    return next(name for name in names if name.startswith(f"{here}-to-{there}"))


def _packets_by_memory(two: Workbench) -> None:
    two.drop("site-broker", f"{_CLIENTS}.maxPacketSizeBytes")
    two.set("enterprise-broker", f"{_CLIENTS}.maxPacketSizeBytes", 2**23)
    two.set("enterprise-broker", "properties.memoryProfile", "Tiny")


MISTAKES = (
    Mistake(
        "endpoint with another port",
        "MQTT-01",
        lambda two: two.set(_ENDPOINT, _HOST, "10.2.1.10:8883"),
        (_ENDPOINT, _HOST, "'10.2.1.10:28883'", _LISTENER),
    ),
    Mistake(
        "endpoint with another host",
        "MQTT-01",
        lambda two: two.set(_ENDPOINT, _HOST, "10.2.1.11:28883"),
        (_ENDPOINT, "'10.2.1.10:28883'"),
        also=("PKI-01",),
    ),
    Mistake(
        "endpoint without TLS",
        "MQTT-01",
        lambda two: two.set(_ENDPOINT, "properties.mqttSettings.tls.mode", "Disabled"),
        (_ENDPOINT, "tls.mode"),
    ),
    Mistake(
        "endpoint to somewhere else",
        "MQTT-01",
        lambda two: two.set("enterprise-local-endpoint", _HOST, "example.com:8883"),
        ("enterprise-local-endpoint", "example.com:8883"),
        also=("REF-07",),
    ),
    Mistake(
        "port that anybody may use",
        "MQTT-02",
        lambda two: two.drop("site-default-listener", "properties.ports.0.authenticationRef"),
        ("site-default-listener", "authenticationRef", "anyone"),
        also=("REF-07",),
    ),
    Mistake(
        "port where a client may do anything",
        "MQTT-02",
        lambda two: two.drop(_LISTENER, "properties.ports.0.authorizationRef"),
        (_LISTENER, "authorizationRef"),
    ),
    Mistake(
        "listener on another port than asked for",
        "MQTT-02",
        lambda two: two.set(_LISTENER, "properties.ports.0.port", 8883),
        (_LISTENER, "8883", "28883"),
        also=("MQTT-01", "NET-02", "OUT-01"),
    ),
    Mistake(  # no advice to connect to it
        "a port in plain text before the one of the links",
        "MQTT-02",
        lambda two: two.value(_LISTENER, "properties.ports").insert(0, {"port": 1883}),
        (_LISTENER, "ports[0].authenticationRef"),
    ),
    Mistake(
        "port in plain text",
        "MQTT-02",
        lambda two: two.drop("site-default-listener", "properties.ports.0.tls"),
        ("site-default-listener", "plain text"),
        also=("REF-07",),
    ),
    Mistake(
        "manual TLS without a Secret",
        "MQTT-02",
        lambda two: two.drop(_LISTENER, "properties.ports.0.tls.manual"),
        (_LISTENER, "tls.manual.secretRef"),
    ),
    Mistake(
        "node without interface",
        "NET-03",
        lambda two: two.set("site-node", "networkProfile.networkInterfaces", []),
        ("site-node", "networkInterfaces"),
    ),
    Mistake(
        "gateway without address",
        "NET-03",
        lambda two: two.drop("site-nat-gateway", "publicIpAddresses"),
        ("site-nat-gateway", "publicIpAddresses"),
    ),
    Mistake(
        "port used twice",
        "MQTT-02",
        lambda two: two.set("enterprise-default-listener", "properties.ports.0.port", 28883),
        ("enterprise-default-listener", "28883", "twice"),
        also=("MQTT-01", "REF-07"),
    ),
    Mistake(
        "service used twice",
        "MQTT-02",
        lambda two: two.set("enterprise-link-listener", "properties.serviceName", "aio-broker"),
        ("enterprise-link-listener", "Service 'aio-broker'"),
        also=("ASK-05",),
    ),
    Mistake(
        "two listeners of one type",
        "MQTT-02",
        lambda two: two.copy("site-default-listener", "site-second-listener", listenerName="second"),
        ("site-second-listener", "ClusterIp"),
    ),
    Mistake(
        "subject of nobody",
        "MQTT-03",
        lambda two: two.set(_AUTHENTICATION, f"{_ATTRIBUTES}.site-to-enterprise-g1.subject", "CN = site"),
        (_AUTHENTICATION, "CN=site-to-enterprise-g1", "0 times"),
    ),
    Mistake(
        "one more subject",
        "MQTT-03",
        lambda two: two.value(_AUTHENTICATION, _ATTRIBUTES).update(
            old={"subject": "CN = site-to-enterprise-g0", "attributes": {"link": "old"}}
        ),
        (_AUTHENTICATION, "CN=site-to-enterprise-g0", "Remove"),
    ),
    Mistake(
        "rule for other attributes",
        "MQTT-04",
        lambda two: two.set(_AUTHORIZATION, f"{_RULES}.0.principals.attributes", [{"link": "other"}]),
        (_AUTHORIZATION, "site-to-enterprise", "0 apply"),
    ),
    Mistake(
        "client id in principals",
        "MQTT-04",
        lambda two: two.value(_AUTHORIZATION, f"{_RULES}.0.principals").update(clientIds=["site.to-enterprise-input"]),
        (_AUTHORIZATION, "principals.clientIds", "OR-ed"),
    ),
    Mistake(
        "any client id",
        "MQTT-04",
        lambda two: two.drop(_AUTHORIZATION, f"{_RULES}.0.brokerResources.0.clientIds"),
        (_AUTHORIZATION, "clientIds", "['site.*']"),
    ),
    Mistake(
        "client ids by a shorter prefix",
        "MQTT-04",
        lambda two: two.set(_AUTHORIZATION, f"{_RULES}.0.brokerResources.0.clientIds", ["s*"]),
        (_AUTHORIZATION, "s*", "['site.*']"),
    ),
    Mistake(
        "topics by wildcard",
        "MQTT-04",
        lambda two: two.set(_AUTHORIZATION, f"{_RULES}.0.brokerResources.1.topics", ["#"]),
        (_AUTHORIZATION, "site/output"),
    ),
    Mistake(
        "right to subscribe",
        "MQTT-04",
        lambda two: two.value(_AUTHORIZATION, f"{_RULES}.0.brokerResources").append(
            {"method": "Subscribe", "topics": ["#"]}
        ),
        (_AUTHORIZATION, "Subscribe", "Remove"),
    ),
    Mistake(
        "rule for nobody",
        "MQTT-04",
        lambda two: two.value(_AUTHORIZATION, _RULES).append(
            {"principals": {"attributes": [{"link": "old"}]}, "brokerResources": [{"method": "Connect"}]}
        ),
        (_AUTHORIZATION, "rules[1]", "Remove"),
    ),
    Mistake(
        "rules that deny nobody",
        "MQTT-04",
        lambda two: two.set(_AUTHORIZATION, _RULES, []),
        (_AUTHORIZATION, "0 apply"),
    ),
    Mistake(
        "prefix that the rule does not know",
        "MQTT-04",
        lambda two: two.set(_ENDPOINT, "properties.mqttSettings.clientIdPrefix", "other-"),
        (_AUTHORIZATION, "other-*"),
        also=("MQTT-05", "OUT-01"),
    ),
    Mistake(
        "dataflow from another topic",
        "MQTT-05",
        lambda two: two.set(_FLOW, "properties.operations.0.sourceSettings.dataSources", ["inputs"]),
        (_FLOW, "inputs -> site/output", "input -> site/output"),
    ),
    Mistake(
        "dataflow to another topic",
        "MQTT-05",
        lambda two: two.set(_FLOW, "properties.operations.1.destinationSettings.dataDestination", "site/outputs"),
        (_FLOW, "input -> site/outputs"),
        also=("MQTT-04",),
    ),
    Mistake("no dataflow", "MQTT-05", lambda two: two.remove(_FLOW), (_ENDPOINT, "no dataflow")),
    Mistake(
        "dataflow with a transformation that nobody asked for",
        "MQTT-05",
        lambda two: two.value(_FLOW, "properties.operations").insert(
            1, {"operationType": "BuiltInTransformation", "builtInTransformationSettings": {}}
        ),
        (_FLOW, "Source, BuiltInTransformation, Destination", "JSON alone", "howto-create-dataflow"),
    ),
    Mistake(
        "dataflow that reads JSON where nobody asked for it",
        "MQTT-05",
        lambda two: two.set(_FLOW, "properties.operations.0.sourceSettings.serializationFormat", "Json"),
        (_FLOW, "serializationFormat", "'Json'", "every payload passes"),
    ),
    Mistake(
        "dataflow from afar",
        "MQTT-05",
        lambda two: two.set(_FLOW, "properties.operations.0.sourceSettings.endpointRef", "mqtt-enterprise"),
        (_FLOW, "own broker"),
    ),
    Mistake(
        "queue that ends before an outage does",
        "MQTT-06",
        lambda two: two.drop("site-local-endpoint", "properties.mqttSettings.sessionExpirySeconds"),
        ("site-local-endpoint", "missing, so 600", "expected 3600", "1 h"),
    ),
    Mistake(
        "link without a session",
        "MQTT-06",
        lambda two: two.set(_ENDPOINT, "properties.mqttSettings.sessionExpirySeconds", 0),
        (_ENDPOINT, "0; expected 3600"),
    ),
    Mistake(
        "broker that ends sessions sooner",
        "MQTT-06",
        lambda two: two.value("site-broker", _CLIENTS).update(
            maxSessionExpirySeconds=3599, maxMessageExpirySeconds=3600
        ),
        ("site-broker", "maxSessionExpirySeconds: 3599", "3600 at least"),
        also=("ASK-04", "MQTT-07"),
    ),
    Mistake(
        "broker that ends a link's session sooner",
        "MQTT-07",
        lambda two: two.set("enterprise-broker", f"{_CLIENTS}.maxSessionExpirySeconds", 3599),
        ("enterprise-broker", "maxSessionExpirySeconds: 3599", f"{_ENDPOINT} asks for 3600"),
        also=("ASK-04", "MQTT-06"),
    ),
    Mistake(
        "broker that takes a dataflow for gone",
        "MQTT-07",
        lambda two: two.set("site-broker", f"{_CLIENTS}.maxKeepAliveSeconds", 59),
        ("site-broker", "maxKeepAliveSeconds: 59", "site-local-endpoint asks for 60"),
        also=("ASK-04",),
    ),
    Mistake(
        "broker that sends its own dataflows fewer messages at once",
        "MQTT-07",
        lambda two: two.set("site-broker", f"{_CLIENTS}.maxReceiveMaximum", 99),
        ("site-broker", "maxReceiveMaximum: 99", "site-local-endpoint asks for 100"),
        also=("ASK-04",),
    ),
    Mistake(
        "more messages in flight than a broker takes",
        "MQTT-07",
        lambda two: two.set(_ENDPOINT, "properties.mqttSettings.maxInflightMessages", 101),
        (_ENDPOINT, "maxInflightMessages: 101", "takes 100", "mqtt-support"),
        also=("HARD-01",),
    ),
    Mistake(
        "packets that the other end does not take",
        "MQTT-07",
        lambda two: two.set("enterprise-broker", f"{_CLIENTS}.maxPacketSizeBytes", 4194303),
        ("site-broker", "4194304 bytes", "enterprise-broker", "4194303", "stop the link"),
        also=("ASK-04",),
    ),
    Mistake(
        "packets of a larger memory profile",
        "MQTT-07",
        _packets_by_memory,
        ("site-broker", "16777216 bytes", "4194304"),
        also=("ASK-04",),
    ),
    Mistake(
        "disk that is asked for and not there",
        "MQTT-06",
        lambda two: two.set(_FLOW, "properties.requestDiskPersistence", "Enabled"),
        (_FLOW, "site-broker keeps no queue on disk", "broker.persistence_gib"),
        also=("ASK-04",),
    ),
    Mistake(
        "messages that may get lost",
        "MQTT-05",
        lambda two: two.set(_ENDPOINT, "properties.mqttSettings.qos", 0),
        (_ENDPOINT, "qos", "expected 1"),
    ),
    Mistake(
        "peering in one direction",
        "NET-01",
        lambda two: two.remove(_peering(two, "enterprise", "site")),
        ("enterprise-virtual-network", "not peered with site-virtual-network"),
        also=("OUT-01",),
    ),
    Mistake(
        "peering without access",
        "NET-01",
        lambda two: two.set(_peering(two, "site", "enterprise"), "allowVirtualNetworkAccess", False),
        ("site-to-enterprise", "allowVirtualNetworkAccess"),
    ),
    Mistake(
        "overlapping networks",
        "NET-01",
        lambda two: two.set("site-virtual-network", "addressSpace.addressPrefixes", ["10.0.0.0/8"]),
        ("virtual-network", "overlaps"),
        also=("ASK-04", "NET-06"),
    ),
    Mistake(
        "no rule for the link",
        "NET-02",
        lambda two: two.value(_NSG, "securityRules").pop(0),
        (_NSG, "10.1.1.0/24", "28883", "site-to-enterprise"),
    ),
    Mistake(
        "rule for another port",
        "NET-02",
        lambda two: two.set(_NSG, "securityRules.0.destinationPortRange", "8883"),
        (_NSG, "nothing admits 10.1.1.0/24"),
    ),
    Mistake(
        "no denial",
        "NET-02",
        lambda two: two.value(_NSG, "securityRules").pop(-1),
        (_NSG, "no rule denies all"),
    ),
    Mistake(
        "rule behind the denial",
        "NET-02",
        lambda two: two.set(_NSG, "securityRules.2.priority", 150),
        (_NSG, "AllowNodeToNode", "DenyAllInbound"),
    ),
    Mistake(
        "two rules of one priority",
        "NET-02",
        lambda two: two.set(_NSG, "securityRules.1.priority", 100),
        (_NSG, "2 Inbound rules have priority 100"),
    ),
    Mistake("rule for everybody", "NET-02", _add_rule(sourceAddressPrefix="*"), (_NSG, "More admits *")),
    Mistake("rule for the Kubernetes API", "NET-02", _add_rule(destinationPortRange="6443"), (_NSG, "6443")),
    Mistake("rule for all ports", "NET-02", _add_rule(destinationPortRange="*"), (_NSG, "port *")),
    Mistake("rule for a stranger", "NET-02", _add_rule(sourceAddressPrefix="10.9.0.0/16"), (_NSG, "10.9.0.0/16")),
    Mistake(
        "another address",
        "NET-03",
        lambda two: two.set("site-network-interface", "ipConfigurations.0.privateIPAddress", "10.1.1.11"),
        ("site-network-interface", "10.1.1.11", "10.1.1.10"),
    ),
    Mistake(
        "address that may change",
        "NET-03",
        lambda two: two.set("site-network-interface", "ipConfigurations.0.privateIPAllocationMethod", "Dynamic"),
        ("site-network-interface", "Static"),
    ),
    Mistake(
        "subnet without rules",
        "NET-03",
        lambda two: two.drop("site-subnet", "networkSecurityGroup"),
        ("site-subnet", "networkSecurityGroup"),
    ),
    Mistake(
        "subnet without a way out",
        "NET-03",
        lambda two: two.drop("site-subnet", "natGateway"),
        ("site-subnet", "natGateway"),
    ),
    Mistake(
        "subnet with another way out",
        "NET-03",
        lambda two: two.drop("site-subnet", "defaultOutboundAccess"),
        ("site-subnet", "defaultOutboundAccess"),
    ),
    Mistake(
        "gateway in two zones",
        "NET-04",
        lambda two: two.set("site-nat-gateway", "zones", ["1", "2"]),
        ("site-nat-gateway", "1, 2"),
        also=("ASK-04",),
    ),
    Mistake(
        "subnet outside its network",
        "NET-05",
        lambda two: two.set("enterprise-virtual-network", "addressSpace.addressPrefixes", ["10.2.0.0/24"]),
        ("enterprise-subnet", "10.2.1.0/24", "10.2.0.0/24"),
        also=("ASK-04",),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


def test_no_queue_is_named_where_none_is(two: Workbench) -> None:
    two.set(_ENDPOINT, "properties.mqttSettings.sessionExpirySeconds", 0)
    two.set("site-local-endpoint", "properties.mqttSettings.sessionExpirySeconds", 0)
    said = {one.resource: "queue" in one.message for one in two.findings() if one.rule == "MQTT-06"}
    assert said == {_ENDPOINT: False, "site-local-endpoint": True}


def test_links_that_share_attributes(three: Workbench, reported: Callable[..., None]) -> None:
    three.set(_AUTHENTICATION, f"{_ATTRIBUTES}.lyon-to-enterprise-g1.attributes.link", "berlin-to-enterprise")
    reported(three, "MQTT-03", "CN=lyon-to-enterprise-g1", "attributes", also=("MQTT-04",))


def test_a_topic_that_two_links_publish_unasked(three: Workbench, reported: Callable[..., None]) -> None:
    destination = "properties.operations.1.destinationSettings.dataDestination"
    three.set("lyon-to-enterprise-input", destination, "berlin/output")
    said = ("lyon-to-enterprise-input", "berlin/output", "berlin-to-enterprise", "`shared` on both")
    reported(three, "MQTT-08", *said, also=("MQTT-04", "MQTT-05"))


def test_a_topic_that_two_links_share_on_purpose() -> None:
    topics = [{"from": "alarms", "to": "alarms", "shared": True}]
    links = [{**link, "topics": topics} for link in THREE_SITES["links"]]
    settings = {**THREE_SITES, "links": links}
    assert judge(evaluate(settings), resolve(settings)) == []


def test_a_link_with_the_rights_of_another(three: Workbench, reported: Callable[..., None]) -> None:
    first = three.value(_AUTHORIZATION, f"{_RULES}.0.brokerResources.1")
    first["topics"] = ["berlin/output", "lyon/output"]
    reported(three, "MQTT-04", "lyon/output", "exactly ['berlin/output']")


@pytest.mark.parametrize("prefix", ["berlin.", "berl"])
def test_client_ids_that_begin_alike_at_one_broker(
    three: Workbench, reported: Callable[..., None], prefix: str
) -> None:
    three.set("lyon-to-enterprise-endpoint", "properties.mqttSettings.clientIdPrefix", prefix)
    reported(three, "MQTT-05", "lyon-to-enterprise-endpoint", "throw", also=("MQTT-04", "OUT-01"))


def test_a_host_by_name(three: Workbench, reported: Callable[..., None]) -> None:
    three.set("lyon-to-enterprise-endpoint", _HOST, "10.20.1.10:28883")
    reported(three, "MQTT-01", "lyon-to-enterprise-endpoint", "mqtt.example.com:28883")


def test_sources_of_several_clients(three: Workbench, reported: Callable[..., None]) -> None:
    three.value(_NSG, "securityRules.0.sourceAddressPrefixes").remove("10.12.1.0/24")
    reported(three, "NET-02", "10.12.1.0/24", "lyon-to-enterprise")


def test_sites_are_not_peered_with_each_other(three: Workbench, reported: Callable[..., None]) -> None:
    remote = three.get("lyon-virtual-network")
    half = three.get(_peering(three, "berlin", "enterprise"))
    three.copy(
        half.name, "berlin-to-lyon", virtualNetworkPeeringName="peer-b-to-l", remoteVirtualNetwork={"id": remote.id}
    )
    three.depend("berlin-to-lyon", "lyon-virtual-network", "lyon-subnet", *_all_peerings(three))
    reported(three, "NET-01", "berlin-to-lyon", "no link", also=("LIFE-07",))


def _all_peerings(bench: Workbench) -> list[str]:
    found = [one.name for one in bench.graph.resources.values() if one.type.endswith(":VirtualNetworkPeering")]
    return [name for name in found if name != "berlin-to-lyon"]


def test_each_of_two_links_of_a_site(brokers: Workbench, reported: Callable[..., None]) -> None:
    brokers.set("site-to-archive-endpoint", _HOST, brokers.value("site-to-enterprise-endpoint", _HOST))
    reported(brokers, "MQTT-01", "site-to-archive-endpoint", ":28884", also=("PKI-01",))


def test_a_cluster_without_links_listens_to_nobody(brokers: Workbench) -> None:
    brokers.set("lone-default-listener", "properties.serviceType", "LoadBalancer")
    findings = brokers.findings()
    assert {one.rule for one in findings} == {"MQTT-02", "MQTT-01", "REF-07"}
    assert any("no link ends at cluster lone" in one.message for one in findings)
