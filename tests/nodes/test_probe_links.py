"""nodes/probe-links.sh with the real openssl against a real broker on loopback."""

from __future__ import annotations

import base64
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from rehearsal.mqtt.authority import CLIENT, SERVER, Authority, build_leaf, common_name, key_to_pem, new_key, to_pem
from tests.nodes.mosquitto import USER, find_free_port, running
from tests.nodes.node_stand_in import Node, Run, encoded

HERE = (x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost"))
CONFIGURATION = """\
listener {port} 127.0.0.1
cafile {folder}/trusted.pem
certfile {folder}/chain.pem
keyfile {folder}/key.pem
require_certificate true
use_identity_as_username true
clientid_prefixes site.
persistence false
user {user}
log_dest file {folder}/log
"""


@cache
def root(name: str) -> Authority:
    return Authority.root(name)


@cache
def intermediate(name: str) -> Authority:
    return root(name).intermediate(f"{name} intermediate")


@dataclass(frozen=True)
class Leaf:
    """A certificate with its key and what is above it."""

    chain: list[x509.Certificate]
    key: str = field(repr=False)

    @property
    def sha256(self) -> str:
        return self.chain[0].fingerprint(hashes.SHA256()).hex()


def issue(of: str, use: x509.ObjectIdentifier, *, hosts: Any = (), days: tuple[int, int] = (-1, 30)) -> Leaf:
    key = new_key()
    builder = build_leaf(common_name("leaf"), key, uses=[use], hosts=hosts, days=days)
    return Leaf(intermediate(of).sign(builder), key_to_pem(key))


@dataclass(frozen=True)
class Link:
    """Both ends of a link."""

    server: Leaf
    client: Leaf
    trusted_by_server: str = "client"
    trusted_by_client: str = "server"
    client_id: str = "site.probe"
    host: str = "127.0.0.1"
    expected: str = ""
    """SHA-256 of the server's certificate; empty for the one that it has."""


@pytest.fixture(scope="module")
def good() -> Link:
    return Link(issue("server", SERVER, hosts=HERE), issue("client", CLIENT))


def trust(name: str) -> str:
    return to_pem([root(name).certificate])


@contextmanager
def broker(folder: Path, link: Link) -> Iterator[int]:
    """Run Mosquitto with the link's server end; the port."""
    port = find_free_port()
    texts = {
        "trusted.pem": trust(link.trusted_by_server), "chain.pem": to_pem(link.server.chain),
        "key.pem": link.server.key, "conf": CONFIGURATION.format(port=port, folder=folder, user=USER),
    }  # fmt: skip
    with running(folder, texts):
        yield port


def parameters(link: Link, number: int, **changed: object) -> dict[str, str]:
    entry = {
        "name": "site-to-enterprise", "host": link.host, "port": number, "service": "aio-broker-lb of cluster b",
        "client_id": link.client_id, "secret": "client", "server_ca": "server-ca",
        "server_sha256": (link.expected or link.server.sha256).upper(), **changed,
    }  # fmt: skip
    return {"LINKS": encoded([entry]), "NAMESPACE": "azure-iot-operations", "WAIT_SECONDS": "20"}


def encode_client(client: Leaf) -> dict[str, str]:
    """Data of a link's Secret."""
    values = {
        "client_cert.pem": to_pem(client.chain[:1]),
        "client_key.pem": client.key,
        "client_intermediate_certs.pem": to_pem(client.chain[1:]),
    }
    return {name: base64.b64encode(text.encode()).decode() for name, text in values.items()}


def put_objects(node: Node, link: Link) -> None:
    data = encode_client(link.client)
    trusted = {"metadata": {"name": "server-ca"}, "data": {"ca.crt": trust(link.trusted_by_client)}}
    node.put_cluster({"secret/client": {"metadata": {"name": "client"}, "data": data}, "configmap/server-ca": trusted})


def probe(node: Node, folder: Path, link: Link) -> Run:
    put_objects(node, link)
    with broker(folder / "broker", link) as port:
        run = node.run("probe-links", parameters(link, port))
    for line in link.client.key.splitlines()[1:-1]:
        assert line not in run.stdout + run.stderr
    return run


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_link_that_works(node: Node, tmp_path: Path, good: Link, host: str) -> None:
    run = probe(node, tmp_path, replace(good, host=host))
    assert run.fact == {"connected": ["site-to-enterprise"]}
    assert node.clock == 0
    log = (tmp_path / "broker" / "log").read_text()
    assert "as site.probe (p5, c1" in log and "site.probe disconnected" in log.replace("Client ", "")


def test_no_links_are_fine(node: Node) -> None:
    run = node.run("probe-links", {"LINKS": encoded([]), "NAMESPACE": "azure-iot-operations", "WAIT_SECONDS": "20"})
    assert run.fact == {"connected": []}


def wrong(good: Link) -> dict[str, tuple[Link, str]]:
    """Links that are dead, and what the probe says."""
    names = (x509.DNSName("other.example"),)
    return {
        "a name that the certificate lacks": (
            replace(good, server=issue("server", SERVER, hosts=names)),
            "certificate of the broker: IP address mismatch -> check the Secret of the broker's listener",
        ),
        "the broker's certificate has ended": (
            replace(good, server=issue("server", SERVER, hosts=HERE, days=(-3, -1))),
            "certificate of the broker: certificate has expired -> check the Secret",
        ),
        "an impostor": (
            replace(good, server=issue("impostor", SERVER, hosts=HERE)),
            "certificate of the broker: self-signed certificate in certificate chain|unable to get local issuer",
        ),
        "an older certificate of the broker": (
            replace(good, expected="ab" * 32),
            f"certificate of the broker is {good.server.sha256}; expected {'ab' * 32}",
        ),
        "the link's certificate has ended": (
            replace(good, client=issue("client", CLIENT, days=(-3, -1))),
            "alert certificate expired -> the broker refuses the link's certificate",
        ),
        "an authority that the broker does not trust": (
            replace(good, trusted_by_server="other"),
            "alert unknown ca -> the broker refuses the link's certificate",
        ),
        "a client id that nobody may use": (
            replace(good, client_id="mill.probe"),
            "CONNECT as mill.probe is refused: .* -> check the rule of link site-to-enterprise",
        ),
        "a name without a record": (
            replace(good, host="broker.invalid"),
            "ame or service not known -> make the DNS record",
        ),
    }


CASES = tuple(wrong(Link(issue("server", SERVER, hosts=HERE), issue("client", CLIENT))))


@pytest.mark.parametrize("case", CASES)
def test_a_dead_link_fails_with_its_reason(node: Node, tmp_path: Path, good: Link, case: str) -> None:
    link, said = wrong(good)[case]
    run = probe(node, tmp_path, link)
    assert re.search(said, run.error), run.error
    assert node.clock >= 20


def test_nobody_listens(node: Node, good: Link) -> None:
    put_objects(node, good)
    error = node.run("probe-links", parameters(good, 9)).error
    assert "127.0.0.1:9: Connection refused -> nothing listens there: look at the Service aio-broker-lb of" in error


def test_packets_are_dropped(node: Node, good: Link) -> None:
    """Half a second in the place of 20: `timeout` is the real one."""
    put_objects(node, good)
    node.put_tool("timeout", f'#!/bin/sh\nshift 2\nexec {shutil.which("timeout")} 0.5 "$@"\n')
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = node.run("probe-links", parameters(good, silent.getsockname()[1])).error
    assert "no answer within 20 s -> check the peering" in error


def test_a_secret_that_is_not_there(node: Node, good: Link) -> None:
    error = node.run("probe-links", parameters(good, 9)).error
    assert "link site-to-enterprise to 127.0.0.1:9:" in error and "secret client" in error


@pytest.mark.parametrize("changed", [{"port": "x"}, {"server_sha256": "ab"}, {"secret": ""}])
def test_links_that_are_not_usable_are_refused_at_once(node: Node, good: Link, changed: dict[str, object]) -> None:
    assert "LINKS is not usable" in node.run("probe-links", parameters(good, 9, **changed)).error
    assert node.clock == 0
