"""Azure, Kubernetes and the network around the brokers."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE
from arm.types import ResourceType
from arm.types.keyvault import SECRET
from graph import pem
from rehearsal.cluster.packet_filter import Packet, is_dropped
from tests.attacks import certificates as made
from tests.attacks.chain import as_server, served
from tests.attacks.lab import Lab
from tests.attacks.models import changing, inbound
from tests.attacks.row import Attempt, Row
from tests.rehearsal.cluster import cases_broker, cases_node, cases_sync
from tests.rehearsal.cluster.cases_reach import SITE_VM
from tests.rehearsal.cluster.deployments import Bench
from tests.rehearsal.mqtt.test_chain import APPLY, CLIENT, client_certificate, put, trust_both

METADATA, READER, PUT = "metadata service from a pod", "Reader reading runCommands", "secret replaced by ARM PUT"
EXTRA, FOREIGN = "extra CA in the ConfigMap", "foreign cluster with the same subject but another issuer"
PEER = "peer reaching 6443, 10250, 8472"
_PODS = IPv4Network("10.42.0.0/16")
"""docs.k3s.io/cli/server (cluster-cidr)"""
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{60,}")


def pod_reaches(address: str, port: int, protocol: str = "tcp", moment: str = "") -> Attempt:
    """Follow a pod's packet through what the node's scripts have set; `moment`: also after a reboot."""

    def attempt(_: Lab) -> str:
        facts = Bench("dev").entry(SITE_VM).facts["machine"]
        rules = (facts[moment] if moment else facts)["iptables"]
        return "dropped" if is_dropped(rules, Packet(_PODS, IPv4Address(address), port, protocol)) else ""

    return attempt


def reads(*rows: ResourceType) -> Attempt:
    """Read everything of these types, as Azure shows it to who may; look for a private key, also in base64."""

    def attempt(_: Lab) -> str:
        entries = [one for one in Bench("dev").entries.values() if one.row in rows]
        assert entries
        shown = json.dumps([[one.inputs, one.outputs, one.facts] for one in entries]).replace("\\n", "\n")
        return "" if pem.PRIVATE_KEY.search("\n".join([shown, *_decode(shown)])) else "no private key"

    return attempt


def _decode(text: str) -> Iterator[str]:
    for found in _BASE64.findall(text):
        try:
            yield base64.b64decode(found, validate=True).decode().replace("\\n", "\n")
        except (binascii.Error, ValueError):
            continue


def _issuer(bench: Bench) -> None:
    """Save the federated credential again, as it is."""
    bench.set(cases_sync.SERVER_CREDENTIAL, "issuer", bench.entry(cases_sync.SERVER_CREDENTIAL).inputs["issuer"])


def _trust_again(objects: list[dict[str, Any]]) -> None:
    """Apply the same objects in another order of their keys."""
    objects[:] = [dict(reversed(one.items())) for one in objects]


ROWS = [
    *(Row(METADATA, f"a pod asks {address}:{port}{when and ' after a reboot'}", "model",
          pod_reaches(address, port, moment=when), "dropped", pod_reaches("168.63.129.16", 53, "udp", when))
      for address, port in (("169.254.169.254", 80), ("168.63.129.16", 80), ("168.63.129.16", 32526))
      for when in ("", "after_reboot")),
    Row(METADATA, "the rules that keep pods away are gone", "model",
        changing(cases_node.nothing_blocks_the_metadata_service), "CLUSTER-30", changing(lambda _: None)),
    Row(READER, "a Reader looks for a key in scripts, parameters and what they have said", "model",
        reads(*BY_SCRIPT_TYPE), "no private key", reads(SECRET)),
    Row(READER, "a Reader looks for a key in a script that prints one", "model",
        changing(cases_node.a_key_is_printed), "prints a private key", changing(lambda _: None)),
    Row(PUT, "a Contributor replaces the key alone", "model",
        changing(lambda bench: bench.publish(f"{CLIENT}-key-g1", made.foreign_key())), "CLUSTER-22",
        changing(client_certificate())),
    Row(PUT, "a Contributor replaces the broker's pair by one of another authority", "chain",
        as_server(made.foreign_server), "candidates exhausted", as_server(served())),
    Row(EXTRA, "another root beside the deployed one", "model",
        changing(lambda bench: bench.objects(APPLY, trust_both)), "trust of port 28883",
        changing(lambda bench: bench.objects(APPLY, _trust_again))),
    Row(EXTRA, "all public authorities beside the deployed one", "model",
        changing(cases_broker.bundle_trusts_public_cas_too), "CLUSTER-16", changing(lambda _: None)),
    Row(FOREIGN, "the credential trusts another cluster's issuer", "model",
        changing(cases_sync.issuer_is_that_of_another_cluster), "AADSTS700211", changing(_issuer)),
    Row(FOREIGN, "the credential trusts an issuer elsewhere", "model",
        changing(put(cases_sync.SERVER_CREDENTIAL, "issuer", "https://elsewhere.example.com/")), "AADSTS700211",
        changing(_issuer)),
    *(Row(PEER, f"a site's node connects to port {port}/{protocol.lower()}", "model",
          inbound(port, protocol), "DenyAllInbound", inbound(28883))
      for port, protocol in ((6443, "Tcp"), (10250, "Tcp"), (8472, "Udp"), (22, "Tcp"), (2379, "Tcp"), (18883, "Tcp"))),
    Row(PEER, "another machine of the site's network connects to the broker's port by UDP", "model",
        inbound(28883, "Udp"), "DenyAllInbound", inbound(28883)),
    Row(PEER, "a machine outside the linked subnets connects to the broker's port", "model",
        inbound(28883, source="10.3.1.10"), "DenyAllInbound", inbound(28883)),
]  # fmt: skip
