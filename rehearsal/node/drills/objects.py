"""Drills of the scripts that work on what a cluster holds: apply-objects and await-secrets."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from graph import pem
from graph.inputs import list_at, map_at, text_at
from rehearsal.mqtt.authority import to_pem
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.drills.scene import (
    Drill,
    Outcome,
    Scene,
    SetUp,
    altering,
    answering,
    as_it_is,
    both,
    changing,
    has_words,
    listing,
    must_change_nothing,
    must_fail,
    must_fail_at_once,
    must_fail_before,
    must_leave,
    must_succeed,
    with_fact,
)
from rehearsal.node.machine import Machine
from rules.facts.aio import NAMESPACE

_EDITED = {"edited": "by hand"}
_LABEL = "edge-stamps/object-set"
_APPLY = "kubectl --request-timeout=20s apply"
_FAILS = Reply(1, stderr="failed\n")
_REFUSED = Reply(1, stderr='Error from server (Invalid): Bundle "x" is invalid: spec.sources: Required value\n')


def _encode(text: bytes) -> str:
    return base64.b64encode(text).decode()


def _with_role(scene: Scene) -> Scene:
    group, labels = "rbac.authorization.k8s.io", {_LABEL: scene.given.get("OBJECT_SET", "")}
    metadata = {"name": "edge-stamps-former-role", "labels": labels, "uid": "1", "generation": 1}
    former = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": []}
    return replace(scene, facts={**scene.facts, "objects": [*scene.facts.get("objects", []), former]})


def _with_policy(scene: Scene) -> Scene:
    labels = {_LABEL: scene.given.get("OBJECT_SET", "")}
    metadata = {"name": "edge-stamps-former-policy", "namespace": NAMESPACE.value, "labels": labels}
    former = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": {}}
    return replace(scene, facts={**scene.facts, "objects": [*scene.facts.get("objects", []), former]})


def _has_no_former_policy(machine: Machine) -> bool:
    objects = machine.facts.get("objects", [])
    return "edge-stamps-former-policy" not in {text_at(one, "metadata.name") for one in objects}


def _has_no_former_role(machine: Machine) -> bool:
    return "edge-stamps-former-role" not in {text_at(one, "metadata.name") for one in machine.facts.get("objects", [])}


def _with_bindings(scene: Scene) -> Scene:
    labels = {_LABEL: scene.given.get("OBJECT_SET", "")}
    stored = {"uid": "1", "generation": 1}
    added = [_binding("edge-stamps-former", labels=labels, **stored), _binding("of-somebody-else", **stored)]
    left = replace(scene, facts={**scene.facts, "objects": [*scene.facts.get("objects", []), *added]})
    return _with_object(_binding("edge-stamps-former-2"))(left)  # the name of what is left is part of this one


def _binding(name: str, **metadata: Any) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, **metadata},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": name}],
    }


def _must_prune(outcome: Outcome) -> str:
    left = {text_at(one, "metadata.name") for one in outcome.machine.facts.get("objects", [])}
    if outcome.run.exit_code:
        return must_succeed(outcome)
    if "edge-stamps-former" in left:
        return "leaves a ClusterRoleBinding of its set that is no longer listed"
    return "" if "of-somebody-else" in left else "deletes a ClusterRoleBinding that is not of its set"


def _with_object(added: Mapping[str, Any]) -> SetUp:
    """List one more object."""
    return listing("OBJECTS", lambda listed: listed.append(added))


def _with_bundle(condition: Mapping[str, Any]) -> SetUp:
    """List a Bundle beside the others, of which trust-manager says this."""
    kind = {"apiVersion": "trust.cert-manager.io/v1alpha1", "kind": "Bundle"}
    spec = {"sources": [{"useDefaultCAs": True}], "target": {"configMap": {"key": "ca.crt"}}}
    bundle = {**kind, "metadata": {"name": "drilled"}, "spec": spec}

    def change(_: Reply, call: ToolCall) -> Reply | None:
        if "apply" in call.arguments:
            return Reply(stdout="applied\n")
        if not has_words(call, "get json") or not any("bundle" in word for word in call.arguments):
            return None
        shown = {**bundle, "metadata": {"name": "drilled", "generation": 2}, "status": {"conditions": [condition]}}
        return Reply(stdout=json.dumps({"items": [shown]}))

    return both(_with_object(bundle), changing("kubectl", change))


def _edit_by_hand(scene: Scene) -> Scene:
    """Let another field manager own what it has changed of each object."""
    objects = copy.deepcopy(scene.facts.get("objects", []))
    for one in objects:
        one["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "operation": "Update"}]
        one.update({name: _EDITED for name in ("spec", "subjects") if name in one})
    return replace(scene, facts={**scene.facts, "objects": objects})


def _are_own(machine: Machine) -> bool:
    """Return whether every object is again what the program says, by server-side apply under its own name."""
    own = {"manager": "edge-stamps", "operation": "Apply"}
    objects = machine.facts.get("objects", [])
    listed = [one for one in objects if not {"spec", "subjects"}.isdisjoint(one)]
    return bool(listed) and all(
        _EDITED not in (one.get("spec"), one.get("subjects")) and own in list_at(one, "metadata.managedFields")
        for one in listed
    )


def _are_labelled(machine: Machine) -> bool:
    objects = machine.facts.get("objects", [])
    return bool(objects) and all(_LABEL in map_at(one, "metadata.labels") for one in objects)


_SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "default"}, "data": {}}
_SYNCED = {"type": "Synced", "status": "True", "reason": "Synced", "message": "", "observedGeneration": 2}
APPLY_OBJECTS = (
    Drill("another run holds the lock", as_it_is, must_fail_before("kubectl"), lock="objects-{OBJECT_SET}"),
    Drill("it has run before", as_it_is, must_change_nothing(["kubectl --request-timeout=80s delete"])),
    Drill("a binding was left over, and another one is somebody else's", _with_bindings, _must_prune),
    Drill("a role was left over", _with_role, must_leave("no role that is no longer listed", _has_no_former_role)),
    Drill("a NetworkPolicy was left over", _with_policy,
          must_leave("no NetworkPolicy that is no longer listed", _has_no_former_policy)),
    Drill("a Secret is among the objects", _with_object(_SECRET), must_fail_before(_APPLY)),
    Drill("an object is refused", both(_with_object({**_SECRET, "kind": "ConfigMap"}),
          answering("kubectl", "apply", _REFUSED)), must_fail_at_once),
    Drill("somebody has edited every object by hand", _edit_by_hand,
          must_leave("every object as it is listed, and its own", _are_own)),
    Drill("nothing was applied yet", with_fact([], "objects"),
          must_leave("the label of its set on each object", _are_labelled)),
    Drill("what is no longer listed cannot be deleted",
          both(_with_bindings, answering("kubectl", "delete", _FAILS)), must_fail),
    Drill("a Bundle is not synced", _with_bundle({**_SYNCED, "status": "False"}), must_fail),
    Drill("a Bundle was synced before its last change", _with_bundle({**_SYNCED, "observedGeneration": 1}), must_fail),
)  # fmt: skip
"""Of apply-objects."""


def _seen(kind: str, alter: Callable[[dict[str, Any]], None]) -> SetUp:
    """Change each object of the kind that the gate reads."""

    def change(document: dict[str, Any]) -> None:
        for item in document.get("items", [document]):
            alter(item["data"])

    return altering("kubectl", f"get {kind}", change)


def _expected(change: Callable[[dict[str, Any]], None]) -> SetUp:
    """Change what the gate is told to expect of each object with a certificate."""

    def change_each(listed: list[Any]) -> None:
        for one in listed:
            if one.get("certificate"):
                change(one)

    return listing("EXPECTED", change_each)


def _take_a_key(data: dict[str, Any]) -> None:
    """Take one that no other is compared with, where there is one."""
    if not data.pop("client_intermediate_certs.pem", ""):
        data.clear()


def _give_another_key(data: dict[str, Any]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    data.update({name: _encode(pem) for name in data if "key" in name})


def _give_another_chain(data: dict[str, Any]) -> None:
    """Leave the first certificate of each, and put it in the place of those that come with it."""
    for name in [one for one in data if one in ("tls.crt", "client_intermediate_certs.pem")]:
        source = data["client_cert.pem"] if name != "tls.crt" else data[name]
        first = to_pem(pem.certificates(base64.b64decode(source).decode())[:1])
        data[name] = _encode((first * 2 if name == "tls.crt" else first).encode())


def _give_several_authorities(data: dict[str, Any]) -> None:
    data.update({name: text + text for name, text in data.items()})


_NOTHING = Reply(stdout='{"apiVersion": "v1", "kind": "List", "items": []}')
AWAIT_SECRETS = (
    Drill("it has run before", as_it_is, must_change_nothing(())),
    Drill("a Secret comes later", answering("kubectl", "get secret", _NOTHING, times=1), must_succeed),
    Drill("there is no Secret", answering("kubectl", "get secret", _NOTHING), must_fail),
    Drill("there is no ConfigMap", answering("kubectl", "get configmap", _NOTHING), must_fail),
    Drill("the API server does not answer", answering("kubectl", "get", _FAILS), must_fail),
    Drill("a Secret has no keys", _seen("secret", dict.clear), must_fail),
    Drill("a Secret lacks one key", _seen("secret", _take_a_key), must_fail),
    Drill("the values of a Secret are empty",
          _seen("secret", lambda data: data.update(dict.fromkeys(data, _encode(b"\n")))), must_fail),
    Drill("a private key belongs to another certificate", _seen("secret", _give_another_key), must_fail),
    Drill("what comes with a certificate has not signed it", _seen("secret", _give_another_chain), must_fail),
    Drill("another certificate is expected", _expected(lambda one: one["certificate"].update(sha256="0" * 64)),
          must_fail),
    Drill("a ConfigMap has one more authority", _seen("configmap", lambda data: data.update({"more.crt": "x"})),
          must_fail),
    Drill("a key of a ConfigMap holds several authorities", _seen("configmap", _give_several_authorities), must_fail),
)  # fmt: skip
"""Of await-secrets."""
