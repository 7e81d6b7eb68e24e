"""What may be sent and heard, over which ports, and how much."""

from __future__ import annotations

from typing import Any

from rehearsal.mqtt.probe import BY_POLICY, DELIVERED, NOT_DELIVERED
from tests.attacks.identity import holds, publish
from tests.attacks.lab import OTHER, OWN, Lab, refusal
from tests.attacks.models import changing, inbound
from tests.attacks.row import Attempt, Row
from tests.attacks.settings_attempts import refuse
from tests.rehearsal.mqtt.test_chain import LISTENER, open_port, put

WILL, RETAINED = "Will to another site's topic", "retained message to another site's topic"
SHARED, STORE, SECOND = "$share/x/#", "state-store topics", "second port without a policy"
NODE_PORT, LOOP, LARGE = (
    "auto-assigned NodePort", "link loop A to B to A", "message larger than the receiving broker takes"
)  # fmt: skip
_READER = "with a reader"
"""The same broker, which lets the first link hear and say everything."""
_STORE = "statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8/command/invoke"
"""learn.microsoft.com/azure/iot-operations/develop-edge-apps/reference-state-store-protocol"""
_SITE, _ENTERPRISE = {"address_space": "10.1.0.0/16"}, {"address_space": "10.2.0.0/16"}
_DEFAULT_PORT = {
    "port": 28883, "protocol": "Mqtt", "authenticationRef": "cert-auth", "authorizationRef": "links",
    "tls": {"mode": "Manual", "manual": {"secretRef": "broker-tls-cert-g1"}},
}  # fmt: skip
_WITHOUT_POLICY = {key: value for key, value in _DEFAULT_PORT.items() if key != "authorizationRef"}


def leave_will(topic: str) -> Attempt:
    """Connect with the site's own leaf, leave a Will, and be cut off."""

    def attempt(lab: Lab) -> str:
        own = lab.options("deployed", lab.stage().client().credentials)
        return refusal(lab.probe().leave_will("", DELIVERED, own, topic))

    return attempt


def retain(topic: str) -> Attempt:
    """Publish a message that the broker is to keep."""

    def attempt(lab: Lab) -> str:
        own = lab.options("deployed", lab.stage().client().credentials)
        return refusal(lab.probe().publish("", DELIVERED, own, topic, retain=True))

    return attempt


def hear(topic_filter: str, topic: str = OTHER, stage: str = "deployed") -> Attempt:
    """Subscribe, and see whether a message on the topic comes; Mosquitto and the policy oracle have to agree."""

    def attempt(lab: Lab) -> str:
        own = lab.stage(stage).client().credentials
        allowed = lab.decide(stage, own, None, "Subscribe", topic_filter).allowed
        said = refusal(lab.probe(stage).subscribe("", lab.options(stage, own), topic_filter, topic))
        return said if allowed == (not said) else f"oracle: {allowed}, Mosquitto: {said}"

    return attempt


def say(topic: str) -> Attempt:
    """Publish to a topic at the broker that allows everything."""
    return lambda lab: publish(lab.stage(_READER).client().credentials, lab, _READER, topic)


def _listens(who: str, topic_filter: str, topic: str = OTHER, case: str = SHARED) -> Row:
    return Row(case, who, "broker", hear(topic_filter, topic), BY_POLICY, hear(topic_filter, topic, _READER))


def _links(*back: dict[str, Any]) -> dict[str, Any]:
    there = {"from": "site", "to": "enterprise", "topics": [{"from": "a", "to": "b"}]}
    return {
        "clusters": {"site": _SITE, "enterprise": _ENTERPRISE},
        "links": [there, {"from": "enterprise", "to": "site", "topics": list(back)}],
    }


def _packets(site: int, enterprise: int) -> dict[str, Any]:
    sizes = (("site", _SITE, site), ("enterprise", _ENTERPRISE, enterprise))
    return {"clusters": {name: {**rest, "broker": {"max_packet_mib": size}} for name, rest, size in sizes}}


ROWS = [
    Row(WILL, "a Will for site-10's topic", "broker", leave_will(OTHER), NOT_DELIVERED, leave_will(OWN)),
    Row(WILL, "a Will for a topic of the state store", "broker", leave_will(_STORE), NOT_DELIVERED, leave_will(OWN)),
    Row(RETAINED, "a message for site-10's topic, to be kept", "broker", retain(OTHER), BY_POLICY, retain(OWN)),
    _listens("a shared subscription to everything", "$share/x/#"),
    _listens("a shared subscription to site-10's topic", f"$share/x/{OTHER}"),
    _listens("a subscription to everything", "#"),
    _listens("a subscription to every site's topic", "+/output"),
    _listens("a subscription to the own topic", OWN, OWN),
    Row(STORE, "a command to the state store", "broker", holds("deployed", topic=_STORE), BY_POLICY, say(_STORE)),
    _listens("what the state store is asked", _STORE, _STORE, STORE),
    _listens("what the state store tells others", "clients/statestore/v1/#", "clients/statestore/v1/x/notify", STORE),
    Row(SECOND, "somebody opens port 1883 in the portal", "model",
        changing(lambda bench: open_port(bench, {"port": 1883, "protocol": "Mqtt"})), "port 1883",
        changing(put(LISTENER, "properties.ports", [_DEFAULT_PORT]))),
    Row(SECOND, "somebody takes the policy from the port", "model",
        changing(put(LISTENER, "properties.ports", [_WITHOUT_POLICY])), "port 28883",
        changing(put(LISTENER, "properties.ports", [_DEFAULT_PORT]))),
    Row(NODE_PORT, "somebody makes the listener a NodePort", "model",
        changing(put(LISTENER, "properties.serviceType", "NodePort")), "'NodePort' is not one of",
        changing(put(LISTENER, "properties.serviceType", "LoadBalancer"))),
    *(Row(NODE_PORT, f"a site reaches port {port}, where Kubernetes may open the Service again", "model",
          inbound(port), "DenyAllInbound", inbound(28883)) for port in (30000, 31883, 32767)),
    Row(LOOP, "what a site has sent comes back to it", "settings",
        refuse(_links({"from": "b", "to": "a"})), "topics with which no message returns",
        refuse(_links({"from": "commands", "to": "site/commands"}))),
    Row(LOOP, "what a site has sent comes back to it through a wildcard", "settings",
        refuse(_links({"from": "#", "to": "a"})), "topics with which no message returns",
        refuse(_links({"from": "commands/#", "to": "site/commands"}))),
    Row(LARGE, "a site takes larger messages than the enterprise", "settings",
        refuse(_packets(5, 4)), "at most 4", refuse(_packets(4, 4))),
]  # fmt: skip
