"""What goes wrong in the cloud and at the edge, and what people do beside the program."""

from __future__ import annotations

from typing import Any

from rehearsal.cluster.model import Secret
from tests.attacks.lab import Lab
from tests.attacks.models import asking, changing
from tests.attacks.row import Attempt, Row
from tests.attacks.settings_attempts import refuse
from tests.automation.verify.living import Living, Verifier
from tests.rehearsal.azure.samples import Azure, arm_id, refusal
from tests.rehearsal.cluster import cases_network, cases_sync
from tests.rehearsal.cluster.cases_reach import ENTERPRISE_EXTENSION, ENTERPRISE_VM
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench, private_key
from tests.rehearsal.mqtt.test_chain import CLIENT, CLIENT_CLASS, client_certificate, put

SPREAD, PURGE, PEERING = "role that spreads for 10 minutes", "purge-protected name", "peering Disconnected"
ADDRESS, FAILED = "static address taken", "extension Failed while workloads are healthy"
HALF, UNMANAGED, DISK = "half-synced pair", "unmanaged Secret", "disk full"
OFFLINE, ISSUER = "Arc offline during up", "changed issuer"
PORTAL, UPGRADE, GROUP = (
    "portal edits a provider class", "AIO upgraded outside Pulumi", "resource group deleted first"
)  # fmt: skip
_AIO = f"{SITE}/providers/Microsoft.KubernetesConfiguration/extensions/iot-ops"
_SITE = {"address_space": "10.1.0.0/16"}
_TWO: dict[str, dict[str, Any]] = {"site": _SITE, "enterprise": {"address_space": "10.2.0.0/16"}}


def spread_for(seconds: float) -> Attempt:
    def wait(bench: Bench) -> None:
        bench.role_spread_seconds = seconds

    return changing(wait)


def purge(*, protected: bool) -> Attempt:
    """Delete a vault, and purge it for its name."""

    def scenario(azure: Azure) -> str:
        azure.put("group")
        azure.put("vault", **({"properties__enablePurgeProtection": True} if protected else {}))
        azure.delete("vault")
        return refusal(azure.world.purge, arm_id("vault")) or refusal(azure.put, "vault")

    return asking(scenario)


def create_vault_again(*, recover: bool) -> Attempt:
    """Create a vault under the name of a deleted one."""

    def scenario(azure: Azure) -> str:
        azure.deploy("group", "vault")
        azure.delete("vault")
        return refusal(azure.put, "vault", **({"properties__createMode": "recover"} if recover else {}))

    return asking(scenario)


def listen_while(*, running: bool) -> Attempt:
    """Change what is on a cluster whose node has been stopped, and perhaps started again."""

    def scenario(azure: Azure) -> str:
        azure.deploy_until("broker")
        azure.world.set_power(arm_id("vm"), running=False)
        azure.world.set_power(arm_id("vm"), running=running)
        return refusal(azure.put, "listener")

    return asking(scenario)


def make_network(*, group_first: bool) -> Attempt:
    def scenario(azure: Azure) -> str:
        azure.put("group")
        if not group_first:
            azure.delete("group")
        return refusal(azure.put, "vnet")

    return asking(scenario)


def make_secret_by_hand(name: str) -> Attempt:
    def make(bench: Bench) -> None:
        bench.unmanaged = {ENTERPRISE: [Secret(name, "Opaque", {"tls.key": private_key()})]}

    return changing(make)


def set_again(end: str, path: str) -> Attempt:
    """Save it in the portal as it is."""

    def save(bench: Bench) -> None:
        value = bench.entry(end).inputs
        for step in path.split("."):
            value = value[step]
        bench.set(end, path, value)

    return changing(save)


def same_issuer(bench: Bench) -> None:
    """Let K3s start with the arguments that it has."""
    path = "machine.k3s.config.kube-apiserver-arg"
    given = bench.entry(ENTERPRISE_VM).facts["machine"]["k3s"]["config"]["kube-apiserver-arg"]
    bench.set(ENTERPRISE_VM, path, list(given), where="facts")


def peering(state: str) -> Attempt:
    return changing(lambda bench: bench.set(cases_network.PEERING, "peeringState", state, where="outputs"))


def say(word: str) -> Attempt:
    return changing(lambda bench: bench.say(f"{ENTERPRISE_EXTENSION}/azure-secret-store", word))


def verified(release: str) -> Attempt:
    """Let `verify` look at a stack on whose site this release of AIO runs."""

    def attempt(lab: Lab) -> str:
        living = Living("dev")
        living.answer(_AIO, "currentVersion", release)
        results = Verifier(lab.folder)("dev", living.world(), clusters=["site"], links=[])
        return "; ".join(f"{one.id} {one.found}" for one in results if one.outcome != "ok")

    return attempt


def place(address: str) -> Attempt:
    return refuse({"clusters": {**_TWO, "site": {**_SITE, "node": {"address": address}}}})


def persist(gib: int) -> Attempt:
    broker = {"backend_partitions": 1, "backend_redundancy_factor": 2, "persistence_gib": gib}
    return refuse({"clusters": {**_TWO, "site": {**_SITE, "broker": broker}}})


_SERVER_KEY = "server-leaf-key-g1"
ROWS = [
    Row(SPREAD, "a role that Azure does not know yet", "model", spread_for(600), "up to 10 minutes", spread_for(0)),
    Row(PURGE, "a vault that is protected against purging is purged for its name", "model",
        purge(protected=True), "MethodNotAllowed", purge(protected=False)),
    Row(PURGE, "a vault is created under the name of a deleted one", "model",
        create_vault_again(recover=False), "ConflictError", create_vault_again(recover=True)),
    Row(PEERING, "one half is Disconnected", "model", peering("Disconnected"), "is Disconnected", peering("Connected")),
    Row(PEERING, "one half is gone", "model",
        changing(cases_network.half_of_the_peering_is_missing), "there is no peering of", peering("Connected")),
    Row(ADDRESS, "a node at an address that Azure keeps for itself", "settings", place("10.1.1.3"),
        "Azure does not keep", place("10.1.1.4")),
    Row(FAILED, "secret sync is Failed in Azure", "model", say("Failed"), "is Failed", say("Succeeded")),
    Row(HALF, "the key has not come yet", "model",
        changing(cases_sync.one_vault_secret_is_missing), "PartialSync",
        changing(lambda bench: bench.publish(f"{CLIENT}-key-g1", bench.published(f"{CLIENT}-key-g1")))),
    Row(HALF, "the certificate is new and the key is old", "model",
        changing(lambda bench: bench.publish(f"{CLIENT}-crt-g1", bench.issue("client", "site-to-enterprise-g1")[0])),
        "CLUSTER-22", changing(client_certificate())),
    Row(HALF, "the broker's key is one that nobody has certified", "model",
        changing(lambda bench: bench.publish(_SERVER_KEY, private_key())), "CLUSTER-18",
        changing(lambda bench: bench.publish(_SERVER_KEY, bench.published(_SERVER_KEY)))),
    Row(UNMANAGED, "somebody has made the Secret by hand", "model",
        make_secret_by_hand("broker-tls-cert-g1"), "InvalidClusterSecretLabelError", make_secret_by_hand("mine")),
    Row(DISK, "a broker that may keep more than its disk holds", "settings", persist(50), "128 GiB", persist(49)),
    Row(OFFLINE, "a listener is changed while its node does not answer", "model",
        listen_while(running=False), "ClusterUnreachable", listen_while(running=True)),
    Row(ISSUER, "the cluster was connected anew", "model",
        changing(cases_sync.cluster_was_connected_anew), "AADSTS700211", changing(same_issuer)),
    Row(ISSUER, "the issuer lacks its last slash", "model",
        changing(cases_sync.issuer_lacks_its_last_slash), "AADSTS700211",
        set_again(cases_sync.CLIENT_CREDENTIAL, "issuer")),
    Row(PORTAL, "the class reads another vault", "model",
        changing(put(CLIENT_CLASS, "keyvaultName", "kv-myorgb-dev-001")), "ForbiddenByRbac",
        set_again(CLIENT_CLASS, "keyvaultName")),
    Row(PORTAL, "the class lists nothing", "model",
        changing(put(CLIENT_CLASS, "objects", "array: []")), "CLUSTER-07", set_again(CLIENT_CLASS, "objects")),
    Row(PORTAL, "the class asks for another tenant", "model",
        changing(cases_sync.tenant_is_another), "AKV10032", set_again(CLIENT_CLASS, "tenantId")),
    Row(UPGRADE, "a newer release runs than the stack has asked for", "model", verified("1.4.112"), "VERIFY-43",
        verified("1.4.73")),
    Row(GROUP, "a network is put into a group that somebody has deleted", "model",
        make_network(group_first=False), "ResourceGroupNotFound", make_network(group_first=True)),
]  # fmt: skip
