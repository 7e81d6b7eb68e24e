"""Causes that only the cluster itself tells: what ARM answers is as it was deployed."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import ssl
import time
from collections.abc import Callable
from typing import Any

from graph.inputs import decode_parameter, parameters
from rehearsal.node.runner import AHEAD
from tests.automation.verify.case import Case
from tests.automation.verify.living import Living

_VM_A, _VM_B = "virtualMachines/vm-myorga-aio-dev-001-0", "virtualMachines/vm-myorgb-aio-dev-001-0"
_VM_OFFICE = "virtualMachines/vm-acmeo-aio-full-007-0"
_AIO = "azure-iot-operations"
_LINK = "site-to-enterprise"
_DATAFLOW = "dataflows/to-enterprise-input"
_TLS, _SERVICE = "broker-tls-cert-g1", "aio-broker-loadbalancer"
_NOW = 1_000_000
"""What the clock of the modelled Azure says."""


def _node(ready: str = "True", memory: str = "False") -> Callable[[Living], object]:
    conditions = [{"type": "Ready", "status": ready}, {"type": "MemoryPressure", "status": memory}]
    status = {"conditions": conditions, "nodeInfo": {"kubeletVersion": "v1.35.9+k3s1"}}
    return lambda living: living.plant(_VM_A, kind="Node", metadata={"name": "node"}, status=status)


def _pod(name: str, namespace: str, *, ready: bool, restarted: int = 0) -> Callable[[Living], object]:
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(restarted))
    state = {"running": {}} if ready else {"waiting": {"reason": "CrashLoopBackOff"}}
    last = {"terminated": {"finishedAt": ended, "exitCode": 1}} if restarted else {}
    container = {"name": "main", "ready": ready, "restartCount": 7, "state": state, "lastState": last}
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": str(ready)}],
        "containerStatuses": [container],
    }
    metadata = {"name": name, "namespace": namespace}
    return lambda living: living.plant(_VM_A, kind="Pod", metadata=metadata, status=status)


def _plant(vm: str, kind: str, name: str, **rest: Any) -> Callable[[Living], object]:
    labels = rest.pop("labels", {})
    metadata = {"name": name, "namespace": _AIO, "labels": labels}
    return lambda living: living.plant(vm, kind=kind, metadata=metadata, **rest)


def _remember(path: str, value: object) -> Callable[[Living], object]:
    return lambda living: living.set(_VM_A, path, value, where="facts")


def _hold_another_certificate(living: Living) -> None:
    certificate, key = living.issue("server", "mqtt", ipAddresses=["10.2.1.10"], validityPeriodHours=24 * 365)
    texts = {"tls.crt": certificate, "tls.key": key}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    _plant(_VM_B, "Secret", _TLS, type="kubernetes.io/tls", data=data)(living)


def _lose_a_key(living: Living) -> None:
    certificate = living.published("server-leaf-crt-g1")
    data = {"tls.crt": base64.b64encode(certificate.encode()).decode(), "tls.key": ""}
    _plant(_VM_B, "Secret", _TLS, type="kubernetes.io/tls", data=data)(living)


def _trust_two(living: Living) -> None:
    roots = [
        one["spec"]["sources"][1]["inLine"]
        for one in living.entry(_VM_B).facts["machine"]["objects"]
        if one["kind"] == "Bundle"
    ]
    other, _ = living.issue("server", "another", validityPeriodHours=24 * 365 * 2)
    _plant(_VM_B, "ConfigMap", "client-ca-g1", data={"ca.crt": roots[0] + other})(living)


def _change_parameter(living: Living, end: str, name: str, change: Callable[[list[Any]], object]) -> None:
    """Change a list that a script was sent, also in what Azure answers."""
    sent = decode_parameter(parameters(living.entry(end).inputs)[name])
    change(sent)
    encoded = base64.b64encode(json.dumps(sent).encode()).decode()
    living.parameter(end, name, encoded)
    living.answer(end, "parameters", living.entry(end).inputs["parameters"])


def _renew_for_a_month(living: Living) -> None:
    """As whoever renews by hand: published, and told to gate and probe, for four weeks."""
    certificate, key = living.issue("server", "mqtt", ipAddresses=["10.2.1.10"], validityPeriodHours=24 * 28)
    living.publish("server-leaf-crt-g1", certificate)
    living.publish("server-leaf-key-g1", key)
    leaf = certificate[: certificate.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    sha256 = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest()

    def tell_gate(expected: list[Any]) -> None:
        (secret,) = (one for one in expected if one["name"] == _TLS)
        secret["certificate"]["sha256"] = sha256

    _change_parameter(living, f"{_VM_B}/runCommands/await-secrets", "EXPECTED", tell_gate)
    _change_parameter(
        living, f"{_VM_A}/runCommands/probe-links", "LINKS", lambda links: links[0].update(server_sha256=sha256)
    )


def _let_others_in(living: Living) -> None:
    where = "properties.authorizationPolicies.rules.0.brokerResources.0.clientIds"
    living.set("brokers/default/authorizations/links", where, ["mill.*"])


def _widen_topics(living: Living) -> None:
    rule = "properties.authorizationPolicies.rules.0.brokerResources.1"
    living.set("brokers/default/authorizations/links", f"{rule}.topics", ["#"])


def _apply(vm: str, kind: str, name: str, change: Callable[[Any], object]) -> Callable[[Living], object]:
    """Change an object of the stack by hand."""

    def plant(living: Living) -> None:
        objects = living.entry(vm).facts["machine"]["objects"]
        (one,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
        changed = copy.deepcopy(one)
        change(changed)
        living.plant(vm, **changed)

    return plant


def _bind_everybody(living: Living) -> None:
    """Let whoever signs in make pods, by no binding of the operators."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]
    named = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "for-everybody"}}
    living.plant(_VM_OFFICE, kind="ClusterRole", rules=rules, **named)
    subjects = [{"kind": "Group", "name": "system:authenticated"}]
    role = {"kind": "ClusterRole", "name": "for-everybody"}
    living.plant(_VM_OFFICE, kind="ClusterRoleBinding", roleRef=role, subjects=subjects, **named)


CASES = [
    Case("VERIFY-55", "site", "the node is not ready", _node(ready="Unknown")),
    Case("VERIFY-55", "office", "a further node is not there", lambda living: living.set(
        _VM_OFFICE, "nodes", {"two": living.entry(_VM_OFFICE).facts["nodes"]["two"]}, where="facts"),
        stack="every-setting"),
    Case("VERIFY-56", "site", "memory is short", _node(memory="True")),
    Case("VERIFY-57", "site", "an older K3s", _remember("machine.k3s.version", "v1.34.1+k3s1")),
    Case("VERIFY-58", "site", "the clock is an hour ahead", _remember(AHEAD, 3600)),
    Case("VERIFY-59", "site", "K3s's storage is off", _remember("machine.k3s.config.disable", ["local-storage"])),
    Case("VERIFY-60", "site", "a volume is missing",
         _plant(_VM_A, "PersistentVolumeClaim", "queue", status={"phase": "Pending"})),
    Case("VERIFY-61", "site", "an agent crashes", _pod("config-agent-0", "azure-arc", ready=False)),
    Case("VERIFY-62", "site", "a restart", _pod("coredns-0", "kube-system", ready=True, restarted=_NOW - 600)),
    Case("VERIFY-63", "site", "a backend crashes", _pod("aio-broker-backend-1-1", _AIO, ready=False)),
    Case("VERIFY-64", "enterprise", "a Service is gone",
         lambda living: living.set(_VM_B, "machine.deleted_own", [f"service/{_SERVICE}"], where="facts")),
    Case("VERIFY-64", "enterprise", "a Service waits for its address", _plant(
        _VM_B, "Service", _SERVICE, spec={"type": "LoadBalancer", "ports": [{"port": 28883}]}, status={})),
    Case("VERIFY-64", "enterprise", "somebody else has the port", lambda living: living.plant(
        _VM_B, kind="Service", metadata={"name": "web", "namespace": "default"},
        spec={"type": "LoadBalancer", "ports": [{"port": 28883}]}), frozenset({f"VERIFY-69 {_LINK}"})),
    Case("VERIFY-64", "enterprise", "a Service has another port", _plant(
        _VM_B, "Service", _SERVICE, spec={"type": "LoadBalancer", "ports": [{"port": 1883}]},
        status={"loadBalancer": {"ingress": [{"ip": "10.2.1.10"}]}})),
    Case("VERIFY-65", "site", "secret sync complains", _plant(
        _VM_A, "SecretSync", "client-secret-enterprise-g1", apiVersion="secret-sync.x-k8s.io/v1alpha1",
        status={"conditions": [{"type": "Update", "status": "False", "reason": "ProviderError", "message": "403"}]})),
    Case("VERIFY-66", "site", "a Bundle has no certificate", _plant(
        _VM_A, "Bundle", "server-ca-enterprise-g1", apiVersion="trust.cert-manager.io/v1alpha1",
        spec={"sources": [{"inLine": ""}], "target": {"configMap": {"key": "ca.crt"}}}),
        frozenset({"VERIFY-67", f"VERIFY-69 {_LINK}"})),
    Case("VERIFY-67", "enterprise", "another certificate", _hold_another_certificate),
    Case("VERIFY-67", "enterprise", "no key", _lose_a_key),
    Case("VERIFY-67", "enterprise", "another authority is trusted too", _trust_two),
    Case("VERIFY-68", "enterprise", "a certificate ends in four weeks", _renew_for_a_month),
    Case("VERIFY-69", _LINK, "the policy has another client id", _let_others_in),
    Case("VERIFY-70", _LINK, "the dataflow stands still",
         lambda living: living.set(_DATAFLOW, "properties.mode", "Disabled")),
    Case("VERIFY-70", _LINK, "the dataflow reads another topic",
         lambda living: living.set(_DATAFLOW, "properties.operations.0.sourceSettings.dataSources", ["elsewhere"])),
    Case("VERIFY-71", _LINK, "the link may write every topic", _widen_topics),
    Case("VERIFY-72", "enterprise", "a policy of the stack is there though none is wanted", _plant(
        _VM_B, "NetworkPolicy", "edge-stamps-ingress", apiVersion="networking.k8s.io/v1",
        spec={"podSelector": {"matchLabels": {"app": "x"}}}, labels={"edge-stamps/object-set": "cluster"})),
    Case("VERIFY-72", "office", "a policy lets another address in", _apply(
        _VM_OFFICE, "NetworkPolicy", "edge-stamps-ingress",
        lambda one: one["spec"]["ingress"][0]["from"].append({"ipBlock": {"cidr": "10.0.0.0/8"}})),
        stack="every-setting"),
    Case("VERIFY-73", "site", "the API server has no audit policy", _remember("machine.k3s.audit_rules", [])),
    Case("VERIFY-73", "site", "the audit log holds what is in requests",
         _remember("machine.k3s.audit_rules", [{"level": "Request"}])),
    Case("VERIFY-73", "site", "the audit log is elsewhere",
         _remember("machine.k3s.config.kube-apiserver-arg.1", "audit-log-path=/var/log/audit.log")),
    Case("VERIFY-74", "site", "somebody else is an administrator", _apply(
        _VM_A, "ClusterRoleBinding", "edge-stamps-admins", lambda one: one["subjects"][0].update(name="somebody"))),
    Case("VERIFY-75", "office", "everybody may make pods", _bind_everybody, stack="every-setting"),
]  # fmt: skip
