"""nodes/exchange-messages.sh with the real openssl against a real broker, which keeps sessions and judges topics.

Mosquitto knows no service account tokens, so the scripts run without the one property of CONNECT that has it; what
AIO's broker says of a token, the model answers (tests/automation/verify/test_messages.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

import nodes
from rehearsal.mqtt.authority import CLIENT, SERVER, to_pem
from tests.nodes.mosquitto import USER, find_free_port, running
from tests.nodes.node_stand_in import Node, Run, encoded
from tests.nodes.test_probe_links import HERE, Leaf, encode_client, issue, trust

_TOKEN = ' + b"\\x15" + field("K8S-SAT") + b"\\x16" + field(token)'
_CONFIGURATION = """\
per_listener_settings true
persistence false
user {user}
log_dest file {folder}/log
listener {own} 127.0.0.1
certfile {folder}/chain.pem
keyfile {folder}/key.pem
allow_anonymous true
listener {outer} 127.0.0.1
cafile {folder}/trusted.pem
certfile {folder}/chain.pem
keyfile {folder}/key.pem
require_certificate true
use_identity_as_username true
acl_file {folder}/topics
"""
_KUBECTL = """\
#!{python} -SE
import json, sys
words = [word for word in sys.argv[1:] if not word.startswith("--request-timeout")]
objects = json.load(open("{objects}"))
if words[:2] == ["create", "token"]:
    print("token")
else:
    at = words.index("get")
    print(json.dumps(objects[words[at + 1] + "/" + words[at + 2]]))
"""


@dataclass(frozen=True)
class Exchange:
    """A site and an enterprise that share one broker: what the site publishes on `to` is what its dataflow would."""

    node: Node
    outer: int

    def run(self, role: str, messages: object, seconds: str = "20", **link: object) -> Run:
        entry = {"name": "site-to-enterprise", "host": "127.0.0.1", "port": self.outer, "client_id": "site.probe",
                 "secret": "client", "server_ca": "server-ca", "forbidden": "mill/output", **link}  # fmt: skip
        return self.node.run(
            "exchange-messages",
            {
                "ROLE": role, "NAMESPACE": "azure-iot-operations", "CLIENT_ID": f"edge-stamps-1-{role == 'publish'}",
                "MESSAGES": encoded(messages), "LINKS": encoded([entry]), "WAIT_SECONDS": seconds,
            },
        )  # fmt: skip


@pytest.fixture
def exchange(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    folder, own, outer = tmp_path / "broker", find_free_port(), find_free_port()
    server = issue("server", SERVER, hosts=(*HERE, x509.DNSName("aio-broker")))
    texts = {
        "trusted.pem": trust("client"), "chain.pem": to_pem(server.chain), "key.pem": server.key,
        "topics": "pattern write site/output\n",
        "conf": _CONFIGURATION.format(folder=folder, own=own, outer=outer, user=USER),
    }  # fmt: skip
    script = nodes.load_script("exchange-messages")
    assert _TOKEN in script and "18883" in script
    changed = script.replace(_TOKEN, "").replace("18883", str(own))
    monkeypatch.setattr(nodes, "load_script", lambda _: changed)
    put_kubectl(node, issue("client", CLIENT))
    with running(folder, texts):
        yield Exchange(node, outer)


def put_kubectl(node: Node, client: Leaf, trusted: str = "server") -> None:
    """Let kubectl answer from these objects; the broker's own authority is the one that is trusted."""
    objects = {
        "service/aio-broker": {"spec": {"clusterIP": "127.0.0.1"}},
        "configmap/azure-iot-operations-aio-ca-trust-bundle": {"data": {"ca.crt": trust(trusted)}},
        "configmap/server-ca": {"data": {"ca.crt": trust("server")}},
        "secret/client": {"data": encode_client(client)},
    }
    node.put(objects=json.dumps(objects))
    node.put_tool("kubectl", _KUBECTL.format(python=sys.executable, objects=node.state / "objects"))


def test_a_message_waits_in_the_session_until_it_is_collected(exchange: Exchange) -> None:
    assert exchange.run("subscribe", [{"topic": "site/output"}, {"topic": "other/#"}]).fact == {"subscribed": 2}
    sent = exchange.run("publish", [{"topic": "site/output", "id": "m1"}, {"topic": "nobody/reads", "id": "m2"}]).fact
    assert {name: code for name, (code, _) in sent["sent"].items()} == {"m1": 0, "m2": 0x10}  # nobody has subscribed
    arrived = exchange.run("collect", [{"topic": "site/output", "id": "m1"}]).fact
    assert set(arrived["arrived"]) == {"m1"}


def test_a_message_that_does_not_come_is_not_waited_for_without_end(exchange: Exchange) -> None:
    exchange.node.put_tool("timeout", '#!/bin/sh\nshift 2\nexec /usr/bin/timeout 1 "$@"\n')
    exchange.run("subscribe", [{"topic": "site/output"}])
    assert exchange.run("collect", [{"topic": "site/output", "id": "m1"}]).fact == {"arrived": {}}
    assert 20 <= exchange.node.clock <= 60


def test_a_session_that_was_collected_is_gone(exchange: Exchange) -> None:
    exchange.run("subscribe", [{"topic": "site/output"}])
    exchange.run("publish", [{"topic": "site/output", "id": "m1"}])
    exchange.run("collect", [{"topic": "site/output", "id": "m1"}])
    error = exchange.run("collect", [{"topic": "site/output", "id": "m1"}]).error
    assert "the broker has forgotten the subscription" in error


def test_the_other_broker_refuses_a_topic_that_is_not_the_links(exchange: Exchange) -> None:
    assert exchange.run("publish", []).fact["refused"] == {"site-to-enterprise": 0x87}


def test_a_topic_that_it_takes_is_told(exchange: Exchange) -> None:
    assert exchange.run("publish", [], forbidden="site/output").fact["refused"]["site-to-enterprise"] in (0, 0x10)


def test_a_message_of_somebody_else_is_passed_over(exchange: Exchange) -> None:
    exchange.run("subscribe", [{"topic": "site/output"}])
    exchange.run("publish", [{"topic": "site/output", "id": "of another run"}])
    exchange.run("publish", [{"topic": "site/output", "id": "m1"}])
    assert set(exchange.run("collect", [{"topic": "site/output", "id": "m1"}]).fact["arrived"]) == {"m1"}


def test_a_broker_that_is_another_is_not_talked_to(exchange: Exchange) -> None:
    put_kubectl(exchange.node, issue("client", CLIENT), trusted="impostor")
    assert "certificate" in exchange.run("subscribe", [{"topic": "site/output"}]).error
