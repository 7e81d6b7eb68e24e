"""What a cluster's broker answers to a client's packets, and where its dataflows take a message.

Policy: `rehearsal.mqtt.oracle`. Sessions and what waits in them are kept with the connected cluster.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from graph.inputs import list_at, text_at, x509_settings
from rehearsal.cluster.dataflows import find_destination, names_own_broker
from rehearsal.cluster.key_pairs import MQTT_CLIENT, read_chain
from rehearsal.cluster.model import ClusterView, Dataflow
from rehearsal.mqtt.authority import to_pem
from rehearsal.mqtt.oracle import covers, decide, list_named_client_ids
from rehearsal.node.machine import NodeAzure
from rehearsal.node.tools import mqtt_packets as mqtt
from rehearsal.node.tools.handshake import End, shake_hands
from rehearsal.node.tools.own_authority import present

Session = dict[str, Any]
"""{"filters": [...], "waiting": [[topic, payload in base64], ...]}."""
_SAT = "K8S-SAT"
"""learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-test-connection."""


@dataclass(frozen=True)
class Connection:
    """A client that has shaken hands with a port of a broker."""

    azure: NodeAzure
    """As the client's node sees it."""
    view: ClusterView
    port: int
    chain: Sequence[x509.Certificate]
    elapsed: float

    def answer(self, sent: bytes) -> bytes:
        """Return everything that the broker says to these packets."""
        packets = list(mqtt.split(sent))
        if not packets or packets[0][0] != mqtt.CONNECT:
            return b""
        connect = mqtt.read_connect(packets[0][1])
        if not self._admits(connect):
            return mqtt.pack(mqtt.CONNACK, bytes([0, mqtt.NOT_AUTHORIZED, 0]))
        return b"".join([*self._begin(connect), *(each for one in packets[1:] for each in self._serve(connect, *one))])

    def _admits(self, connect: mqtt.Connect) -> bool:
        if connect.method == _SAT:
            return read_audience(connect.data) in self._audiences()
        return decide(self.view, self.port, self.chain, connect.client_id, "Connect").allowed

    def _audiences(self) -> list[str]:
        opened = next(one for each in self.view.listeners.values() for one in each["ports"] if one["port"] == self.port)
        if opened.get("authorizationRef"):
            raise ValueError("service account tokens with an authorization policy: extend mqtt_broker.py")
        methods = self.view.authentications[opened["authenticationRef"]]["authenticationMethods"]
        return [one for each in methods for one in list_at(each, "serviceAccountTokenSettings.audiences")]

    def _begin(self, connect: mqtt.Connect) -> Iterator[bytes]:
        """Begin or go on with a session, with what has waited in it."""
        sessions = self.azure.sessions(self.view.name)
        old = None if connect.is_clean else sessions.get(connect.client_id)
        yield mqtt.pack(mqtt.CONNACK, bytes([old is not None, 0, 0]))
        session = old or {"filters": [], "waiting": []}
        for number, (topic, payload) in enumerate(session["waiting"], 1):
            yield mqtt.pack_publish(mqtt.Message(number, topic, base64.b64decode(payload)))
        sessions.pop(connect.client_id, None)
        if connect.session_seconds:
            sessions[connect.client_id] = {**session, "waiting": []}
        self.azure.keep_sessions(self.view.name, sessions)

    def _serve(self, connect: mqtt.Connect, kind: int, body: bytes) -> Iterator[bytes]:
        if kind == mqtt.SUBSCRIBE:
            number, topic_filter = mqtt.read_subscribe(body)
            sessions = self.azure.sessions(self.view.name)
            sessions[connect.client_id]["filters"].append(topic_filter)
            self.azure.keep_sessions(self.view.name, sessions)
            yield mqtt.pack(mqtt.SUBACK, number.to_bytes(2, "big") + b"\0\1")
        elif kind == mqtt.PUBLISH:
            message = mqtt.read_publish(body)
            allowed = connect.method == _SAT or self._allows(connect, message.topic)
            reason = b"" if allowed else bytes([mqtt.NOT_AUTHORIZED, 0])
            yield mqtt.pack(mqtt.PUBACK, message.number.to_bytes(2, "big") + reason)
            if allowed:
                self._take(message.topic, message.payload)

    def _allows(self, connect: mqtt.Connect, topic: str) -> bool:
        return decide(self.view, self.port, self.chain, connect.client_id, "Publish", topic).allowed

    def _take(self, topic: str, payload: bytes) -> None:
        """Give the message to whoever has subscribed here, and to dataflows."""
        sessions = self.azure.sessions(self.view.name)
        for session in sessions.values():
            if any(covers(one, topic) for one in session["filters"]):
                session["waiting"].append([topic, base64.b64encode(payload).decode()])
        self.azure.keep_sessions(self.view.name, sessions)
        for flow in self.view.dataflows.values():
            if text_at(flow.properties, "mode") != "Disabled" and _reads(flow, topic):
                self._forward(flow, payload)

    def _forward(self, flow: Dataflow, payload: bytes) -> None:
        """Publish over the dataflow's endpoint, as its own client; what cannot go now waits for ever in this model."""
        endpoint = self.view.endpoints.get(find_destination(flow), {})
        host, _, port = text_at(endpoint, "mqttSettings.host").rpartition(":")
        if names_own_broker(endpoint) or not port.isdigit():
            return
        way = self.azure.find_way(host, int(port), self.elapsed)
        secret = self.view.secrets.get(
            text_at(endpoint, "mqttSettings.authentication.x509CertificateSettings.secretRef")
        )
        trust = self.view.config_maps.get(text_at(endpoint, "mqttSettings.tls.trustedCaCertificateConfigMapRef"))
        if way.outcome != "connected" or way.broker is None or secret is None or trust is None:
            return
        chain = read_chain(secret, MQTT_CLIENT)
        own = End(to_pem(chain), secret.data.get(MQTT_CLIENT.private_key, ""), "\n".join(trust.data.values()))
        ended = shake_hands(find_end(way.broker, int(port)), own, host)
        if ended.distrust or ended.alert:
            return
        begins = text_at(endpoint, "mqttSettings.clientIdPrefix") + flow.name
        # What AIO puts behind it is documented nowhere: it is what a policy has been told from the broker's log.
        named = list_named_client_ids(way.broker, int(port))
        client = next((one for one in named if one.startswith(begins)), begins)
        there = Connection(self.azure, way.broker, int(port), chain, self.elapsed)
        topic = _find_topic(flow)
        if decide(there.view, there.port, there.chain, client, "Publish", topic).allowed:
            there._take(topic, payload)


def _reads(flow: Dataflow, topic: str) -> bool:
    sources = [
        one for each in list_at(flow.properties, "operations") for one in list_at(each, "sourceSettings.dataSources")
    ]
    return any(covers(one, topic) for one in sources)


def _find_topic(flow: Dataflow) -> str:
    found = (text_at(one, "destinationSettings.dataDestination") for one in list_at(flow.properties, "operations"))
    return next(filter(None, found), "")


def find_end(broker: ClusterView, port: int) -> End:
    """Return what a port of the broker presents, and whose certificates it takes."""
    opened = next(one for listener in broker.listeners.values() for one in listener["ports"] if one["port"] == port)
    if text_at(opened, "tls.mode") == "Automatic":
        return present(broker.name)
    keys = broker.secrets[text_at(opened, "tls.manual.secretRef")].data
    return End(keys["tls.crt"], keys["tls.key"], _read_trust(broker, text_at(opened, "authenticationRef")))


def _read_trust(broker: ClusterView, authentication: str) -> str:
    """Return the authorities of which the port takes client certificates; empty where it asks for none."""
    found = x509_settings({"properties": broker.authentications.get(authentication, {})})
    maps = [broker.config_maps.get(text_at(settings, "trustedClientCaCert")) for settings in found]
    return "\n".join(text for one in maps if one for text in one.data.values())


def make_token(audience: str) -> str:
    """Return the token of a service account, as far as a broker reads it: nobody signs it here."""
    parts = ({"alg": "none"}, {"aud": [audience]})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def read_audience(token: str) -> str:
    """Return who the token is for; empty if it is none."""
    try:
        body = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["aud"][0])
    except (ValueError, LookupError, TypeError, binascii.Error):
        return ""
