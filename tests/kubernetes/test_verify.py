"""The cluster half of `verify` on objects that were made by hand in a real API server: same words, same verdicts.

Azure answers as modelled; what is asked on the node of `enterprise` is asked of the real one.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from arm.hosting import HostKind
from automation.verify.azure import ScriptAnswer
from automation.verify.check import VerifyResult
from automation.verify.resource_manager import ResourceManager, log_in_to_served
from automation.verify.verification import Selection, verify
from graph.inputs import parameters
from rehearsal.arm_rest import serve
from rehearsal.cluster.model import ClusterView
from settings.well_known import AIO_NAMESPACE
from tests.automation.verify.living import NOW, ONCE, Living, expectation
from tests.automation.verify.test_inside import OF_CLUSTER
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.node import Node
from tests.rehearsal.cluster.deployments import ENTERPRISE

_VM = "virtualMachines/vm-myorgb-aio-dev-001-0"
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_WITH_SUBRESOURCE = ("Node", "Pod", "PersistentVolumeClaim", "Service")
"""Kinds whose status is set apart from them; what comes with the object itself is dropped."""
_BROKER_PODS = ("aio-broker-frontend-0", "aio-broker-frontend-1", "aio-broker-backend-1-0", "aio-broker-backend-1-1")


class ByHand:
    """Makes objects as an administrator does, and says how they are as controllers do; all at once, with `flush`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._items: list[dict[str, Any]] = []

    def put(self, version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> None:
        """Make an object, or say something else of it."""
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
        self._items.append({"apiVersion": version, "kind": kind, "metadata": metadata, **rest})

    def flush(self) -> None:
        if self._items:
            self._cluster.apply(*self._items)
            self._cluster.apply_status(*(one for one in self._items if one["kind"] in _WITH_SUBRESOURCE))
        self._items = []

    def node(self, ready: str = "True", pressure: str = "False", version: str = "v1.35.9+k3s1") -> None:
        conditions = [
            {"type": "MemoryPressure", "status": pressure, "reason": "Kubelet", "message": "as the kubelet says"},
            {"type": "Ready", "status": ready, "reason": "Kubelet", "message": "as the kubelet says"},
        ]
        info = dict.fromkeys(
            ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion",
             "kubeProxyVersion", "operatingSystem", "architecture"), "x",
        )  # fmt: skip
        status = {"conditions": conditions, "nodeInfo": {**info, "kubeletVersion": version}}
        self.put("v1", "Node", "vm-enterprise", status=status)

    def pod(
        self, name: str, namespace: str = AIO_NAMESPACE, reason: str = "", finished: str = "", on: str = ""
    ) -> None:
        """A pod that runs; with a reason it waits. `on`: the node that it was given to."""
        state = {"waiting": {"reason": reason}} if reason else {"running": {"startedAt": "1970-01-12T00:00:00Z"}}
        container = {
            "name": "main",
            "image": "x",
            "imageID": "",
            "ready": not reason,
            "restartCount": 4,
            "state": state,
        }
        if finished:
            container["lastState"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": finished}}
        ready = {"type": "Ready", "status": str(not reason)}
        status = {"phase": "Running", "conditions": [ready], "containerStatuses": [container]}
        spec = {"containers": [{"name": "main", "image": "x"}], **({"nodeName": on} if on else {})}
        self.put("v1", "Pod", name, namespace, spec=spec, status=status)

    def storage(self, default: str = "true") -> None:
        annotations = {"storageclass.kubernetes.io/is-default-class": default}
        self.put("storage.k8s.io/v1", "StorageClass", "local-path", metadata={"annotations": annotations},
                 provisioner="rancher.io/local-path")  # fmt: skip

    def claim(self, phase: str = "Bound") -> None:
        self.put("v1", "PersistentVolumeClaim", "queue", AIO_NAMESPACE, spec=_CLAIM, status={"phase": phase})

    def service(self, name: str, kind: str, port: int, *addresses: str) -> None:
        ports = [{"port": port, "name": "mqtt"}]
        status = {"loadBalancer": {"ingress": [{"ip": one} for one in addresses]}}
        self.put("v1", "Service", name, AIO_NAMESPACE, spec={"type": kind, "ports": ports}, status=status)

    def secret(self, name: str, **texts: str) -> None:
        data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        self.put("v1", "Secret", name, AIO_NAMESPACE, type="kubernetes.io/tls", data=data)

    def sync(self, name: str, status: str, reason: str) -> None:
        condition = {"type": "Update", "status": status, "reason": reason, "message": "the vault said no"}
        self.put("secret-sync.x-k8s.io/v1alpha1", "SecretSync", name, AIO_NAMESPACE, status={"conditions": [condition]})


class OnRealCluster(ResourceManager):
    """Azure as modelled, with the real API server on its nodes."""

    node: Node

    def run_script(self, node_id: str, kind: HostKind, api_version: str, script: str) -> ScriptAnswer:
        assert ("/virtualMachines/" in node_id, kind.script_action, api_version[:2]) == (True, "runCommand", "20")
        run = self.node.run_text(script)
        return ScriptAnswer(run.stdout, run.stderr, 1_000_000, 1_000_000)


def verify_inside(living: Living, node: Node, cluster: str, folder: Path) -> Sequence[VerifyResult]:
    """Verify one cluster of a stack, whose node is the real one; what it says itself."""
    expected = expectation(living.stack)
    with serve(living.world()) as served:
        (folder / "token").write_text(served.token)
        (folder / "ca.pem").write_text(served.certificate)
        login = log_in_to_served(served.address, folder)
        azure = OnRealCluster(login, expected.view.settings.tenant.subscription_id, ONCE)
        azure.node = node
        found = verify(azure, expected, Selection([cluster], []), lambda name: name, NOW).results
    return [one for one in found if one.concern == "Inside"]


@pytest.fixture
def living() -> Living:
    return Living("dev")


@pytest.fixture
def by_hand(cluster: Cluster, node: Node, living: Living) -> ByHand:
    """Everything as it is on a cluster that is well: what scripts apply, what others make."""
    view: ClusterView = living.views()[ENTERPRISE]
    applied = node.run("apply-objects", parameters(living.entry(f"{_VM}/runCommands/apply-objects").inputs))
    assert applied.code == 0, applied
    cluster.put_secrets(view)
    made = ByHand(cluster)
    made.node()
    made.storage()
    made.claim()
    for name in _BROKER_PODS:
        made.pod(name)
    made.service("aio-broker", "ClusterIP", 18883)
    made.service("aio-broker-loadbalancer", "LoadBalancer", 28883, "10.2.1.10")
    made.flush()
    return made


@pytest.fixture
def ask(node: Node, living: Living, tmp_path: Path) -> Callable[[], Sequence[VerifyResult]]:
    """Ask the one cluster."""
    return lambda: verify_inside(living, node, "enterprise", tmp_path)


@pytest.mark.usefixtures("by_hand")
def test_a_cluster_that_is_well_is_green(ask: Callable[[], Sequence[VerifyResult]]) -> None:
    results = ask()
    assert {(one.id, one.outcome, "as expected" in one.found) for one in results} == {
        (id_, "ok", True) for id_ in OF_CLUSTER
    }


def another_certificate(by_hand: ByHand) -> None:
    certificate, key = Living("dev").issue("server", "other", ipAddresses=["10.2.1.10"], validityPeriodHours=24 * 365)
    by_hand.secret("broker-tls-cert-g1", **{"tls.crt": certificate, "tls.key": key})


CAUSES: dict[str, tuple[Callable[[ByHand], object], str]] = {
    "VERIFY-55": (lambda made: made.node(ready="Unknown"), "node vm-enterprise: Ready is Unknown Kubelet"),
    "VERIFY-56": (lambda made: made.node(pressure="True"), "node vm-enterprise: MemoryPressure is True Kubelet"),
    "VERIFY-57": (lambda made: made.node(version="v1.34.9+k3s1"), "its version is v1.34.9+k3s1; expected v1.35.9+k3s1"),
    "VERIFY-58": (lambda _: None, "its clock is +7200 s away"),
    "VERIFY-59": (lambda made: made.storage(default="false"), "default: none of local-path"),
    "VERIFY-60": (lambda made: made.claim(phase="Pending"), "azure-iot-operations/queue: it is Pending"),
    "VERIFY-61": (lambda made: made.pod("agent", "default", reason="ImagePullBackOff"),
                  "Pod default/agent: it is Running ImagePullBackOff, and not ready"),
    "VERIFY-62": (lambda made: made.pod("agent", "default", finished="1970-01-12T13:36:40Z"),
                  "Pod default/agent: restarted 10 minutes ago, for the 4th time"),
    "VERIFY-63": (lambda made: made.pod("aio-broker-frontend-1", reason="CreateContainerConfigError"),
                  "Pod aio-broker-frontend-1: it is Running CreateContainerConfigError"),
    "VERIFY-64": (lambda made: made.service("aio-broker-loadbalancer", "LoadBalancer", 28883, "10.2.1.99"),
                  "its type is LoadBalancer, its address 10.2.1.99; expected LoadBalancer, 10.2.1.10"),
    "VERIFY-65": (lambda made: made.sync("broker-tls-cert-g1", "False", "ProviderError"),
                  "SecretSync broker-tls-cert-g1: Update is False: ProviderError: the vault said no"),
    "VERIFY-67": (another_certificate, "Secret broker-tls-cert-g1: tls.crt holds the certificate"),
}  # fmt: skip


@pytest.mark.parametrize("check", CAUSES)
def test_what_is_wrong_by_hand_is_told(
    check: str, by_hand: ByHand, ask: Callable[[], Sequence[VerifyResult]], node: Node
) -> None:
    break_it, words = CAUSES[check]
    break_it(by_hand)
    by_hand.flush()
    if check == "VERIFY-58":
        node.set_clock(1_000_000 + 2 * 60 * 60)
    wrong = {one.id: one.found for one in ask() if one.outcome != "ok"}
    assert list(wrong) == [check]
    assert words in wrong[check]


def test_a_damaged_certificate_is_told_and_keeps_nothing_else_from_being_seen(
    by_hand: ByHand, ask: Callable[[], Sequence[VerifyResult]]
) -> None:
    damaged = "-----BEGIN CERTIFICATE-----\nMIIBA\n-----END CERTIFICATE-----\n"
    by_hand.secret("broker-tls-cert-g1", **{"tls.crt": damaged, "tls.key": "key"})
    by_hand.flush()
    wrong = {one.id: one.found for one in ask() if one.outcome != "ok"}
    assert "Secret broker-tls-cert-g1: tls.crt holds the certificate" in wrong.pop("VERIFY-67")
    assert set(wrong) <= {"VERIFY-68"}


@pytest.mark.usefixtures("by_hand")
def test_a_bundle_that_trust_manager_refuses_is_told_with_what_it_leaves_out(
    ask: Callable[[], Sequence[VerifyResult]], cluster: Cluster
) -> None:
    cluster.break_bundle("client-ca-g1")
    wrong = {one.id: one.found for one in ask() if one.outcome != "ok"}
    assert "Bundle client-ca-g1: Synced is False" in wrong["VERIFY-66"]
    assert set(wrong) <= {"VERIFY-66", "VERIFY-67"}
