"""`kubectl apply`: what the API server takes of a file, and what it answers.

kubernetes/kubectl, pkg/cmd/apply/apply.go (Validate, applyOneObject); k8s.io/apimachinery, pkg/util/managedfields
(conflicts, "field not declared in schema"); k8s.io/kubernetes, pkg/apis/rbac/validation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from graph.inputs import list_at, map_at, text_at
from rehearsal.node.disk import NodeFile
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import Line
from rehearsal.node.tools.kubernetes_objects import KINDS, Kind, is_served
from rehearsal.node.tools.refusal import RefusalError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_ANY: Mapping[str, Any] = {}
_METADATA = dict.fromkeys(
    ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "generation", "managedFields"), _ANY
)
_PEER = {"podSelector": _ANY, "namespaceSelector": _ANY, "ipBlock": {"cidr": _ANY, "except": _ANY}}
_PORTS = dict.fromkeys(("port", "endPort", "protocol"), _ANY)
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "Bundle": {
        "spec": {
            "sources": {"configMap": _ANY, "secret": _ANY, "inLine": _ANY, "useDefaultCAs": _ANY},
            "target": {
                "configMap": {"key": _ANY, "metadata": _ANY},
                "secret": {"key": _ANY, "metadata": _ANY},
                "additionalFormats": _ANY,
                "namespaceSelector": {"matchLabels": _ANY, "matchExpressions": _ANY},
            },
        },
        "status": _ANY,
    },
    "ClusterRole": {
        "rules": dict.fromkeys(("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"), _ANY),
        "aggregationRule": _ANY,
    },
    "ClusterRoleBinding": {
        "subjects": {"kind": _ANY, "name": _ANY, "apiGroup": _ANY, "namespace": _ANY},
        "roleRef": {"kind": _ANY, "name": _ANY, "apiGroup": _ANY},
    },
    "NetworkPolicy": {
        "spec": {
            "podSelector": _ANY,
            "policyTypes": _ANY,
            "ingress": {"from": _PEER, "ports": _PORTS},
            "egress": {"to": _PEER, "ports": _PORTS},
        }
    },
    "Namespace": {"spec": {"finalizers": _ANY}, "status": _ANY},
    "ConfigMap": {"data": _ANY, "binaryData": _ANY, "immutable": _ANY},
}
"""Fields of the kinds that the stack applies; an empty one is not looked into.

cert-manager.io/docs/trust/trust-manager/api-reference; kubernetes.io/docs/reference/kubernetes-api.
"""
_REVIEW = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag."""


def apply(line: Line, machine: Machine) -> str:
    """Apply a file and return what kubectl prints.

    Raises:
        RefusalError: a flag does not fit the others, or an object was refused; the others are applied nevertheless.
    """
    _check_flags(line)
    printed: list[str] = []
    errors: list[str] = []
    for name in line.values.get("--filename", ()):
        for item in _read(machine.path(name)):
            try:
                kind = _find_kind(item, name, machine)
                _check(item, kind, machine)
                printed.append(_store(item, kind, line, machine))
            except RefusalError as refusal:
                errors.append(refusal.text)
    if errors:
        raise RefusalError(1, "\n".join(errors), "".join(printed))
    return "".join(printed)


def _check_flags(line: Line) -> None:
    if line.words:
        raise RefusalError(
            1, f"error: Unexpected args: [{' '.join(line.words)}]\nSee 'kubectl apply -h' for help and examples"
        )
    if line.has("--force-conflicts") and not line.has("--server-side"):
        raise RefusalError(1, "error: --force-conflicts only works with --server-side")
    if line.last("--dry-run") == "client" and line.has("--server-side"):
        text = "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
        raise RefusalError(1, f"error: {text}")
    if line.last("--dry-run", "none") not in ("none", "server", "client", "unchanged"):
        value = line.last("--dry-run")
        raise RefusalError(1, f'error: Invalid dry-run value ({value}). Must be "none", "server", or "client".')
    if not line.values.get("--filename"):
        raise RefusalError(1, "error: must specify one of -f and -k")


def _read(file: NodeFile) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        raise RefusalError(1, f'error: the path "{file}" does not exist')
    try:
        documents = [one for one in yaml.safe_load_all(file.read_text()) if one]
    except yaml.YAMLError as error:
        raise RefusalError(1, f"error: error parsing {file}: {error}") from error
    if not documents:
        raise RefusalError(1, "error: no objects passed to apply")
    for document in documents:
        yield from list_at(document, "items") if document.get("kind") == "List" else [document]


def _find_kind(item: Mapping[str, Any], file: str, machine: Machine) -> Kind:
    group, _, version = text_at(item, "apiVersion").rpartition("/")
    for kind in KINDS:
        is_meant = (kind.kind, kind.group) == (item.get("kind"), group) and version in kind.versions
        if is_meant and is_served(kind, machine):
            return kind
    name, namespace = text_at(item, "metadata.name"), text_at(item, "metadata.namespace")
    raise RefusalError(
        1,
        f'error: resource mapping not found for name: "{name}" namespace: "{namespace}" from "{file}": no matches for'
        f' kind "{item.get("kind")}" in version "{item.get("apiVersion")}"\nensure CRDs are installed first',
    )


def _check(item: Mapping[str, Any], kind: Kind, machine: Machine) -> None:
    name = text_at(item, "metadata.name")
    _check_fields(item, kind)
    if not kind.group.startswith("rbac.") and not _NAME.fullmatch(name):
        text = f'metadata.name: Invalid value: "{name}": a lowercase RFC 1123 subdomain must consist of lower case'
        what = "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        raise _invalid(kind, name, f"{text} {what}")
    if kind.namespaced and (namespace := text_at(item, "metadata.namespace")):
        own = ("default", "kube-system", "kube-public", "kube-node-lease")
        applied = [
            text_at(one, "metadata.name") for one in machine.facts.get("objects", ()) if one["kind"] == "Namespace"
        ]
        if namespace not in (*own, *applied) and not machine.azure.extensions():
            raise RefusalError(1, f'Error from server (NotFound): namespaces "{namespace}" not found')
    for number, subject in enumerate(list_at(item, "subjects")):
        if text_at(subject, "kind") not in ("ServiceAccount", "User", "Group"):
            text = f'subjects[{number}].kind: Unsupported value: "{text_at(subject, "kind")}"'
            raise _invalid(kind, name, f'{text}: supported values: "Group", "ServiceAccount", "User"')
    old = _find(item, machine)
    if kind.group.startswith("rbac.") and old and map_at(old, "roleRef") != map_at(item, "roleRef"):
        raise _invalid(kind, name, f"roleRef: Invalid value: {json.dumps(item.get('roleRef'))}: cannot change roleRef")


def _check_fields(item: Mapping[str, Any], kind: Kind) -> None:
    """Refuse fields that the kind lacks: server-side apply has no other validation than strict."""
    if kind.kind not in _SCHEMAS:
        return
    known = {"apiVersion": _ANY, "kind": _ANY, "metadata": _METADATA, **_SCHEMAS[kind.kind]}
    for path in _find_unknown(item, known, ""):
        what = f"/{text_at(item, 'metadata.name')}; {item['apiVersion']}, Kind={kind.kind}"
        text = f"failed to create typed patch object ({what}): {path}: field not declared in schema"
        raise RefusalError(1, f"Error from server: {text}")


def _invalid(kind: Kind, name: str, text: str) -> RefusalError:
    return RefusalError(1, f'The {kind.kind} "{name}" is invalid: {text}')


def _find_unknown(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _find_unknown(item, schema, path)
    elif isinstance(value, Mapping) and schema:
        for name, inside in value.items():
            if name not in schema:
                yield f"{path}.{name}"
            else:
                yield from _find_unknown(inside, schema[name], f"{path}.{name}")


def _find(item: Mapping[str, Any], machine: Machine) -> dict[str, Any] | None:
    def identity(one: Mapping[str, Any]) -> tuple[str, ...]:
        group = text_at(one, "apiVersion").rpartition("/")[0]
        return group, text_at(one, "kind"), text_at(one, "metadata.namespace"), text_at(one, "metadata.name")

    return next((one for one in machine.facts.get("objects", ()) if identity(one) == identity(item)), None)


def _store(item: dict[str, Any], kind: Kind, line: Line, machine: Machine) -> str:
    """Put the object there, and return what kubectl says of it."""
    old = _find(item, machine)
    is_server_side, dry_run = line.has("--server-side"), line.last("--dry-run", "none") in ("server", "client")
    manager = line.last("--field-manager") or ("kubectl" if is_server_side else "kubectl-client-side-apply")
    is_changed = old is None or _body(old) != _body(item)
    others = [] if old is None else [each["manager"] for each in old["metadata"].get("managedFields", ())]
    if is_server_side and is_changed and set(others) - {manager} and not line.has("--force-conflicts"):
        other = sorted(set(others) - {manager})[0]
        text = f'error: Apply failed with 1 conflict: conflict with "{other}" using {item["apiVersion"]}: .spec'
        raise RefusalError(1, text + _REVIEW)
    if not dry_run:
        metadata = dict(item["metadata"])
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        generation = (old or {}).get("metadata", {}).get("generation", 0) + (1 if is_changed else 0)
        operation = "Apply" if is_server_side else "Update"
        metadata |= {"generation": generation, "managedFields": [{"manager": manager, "operation": operation}]}
        objects = machine.facts.setdefault("objects", [])
        if old is not None:
            objects.remove(old)
        objects.append({**item, "metadata": metadata})
        own = f"{kind.prefix}/{metadata['name']}"
        machine.facts["deleted_own"] = [each for each in machine.facts.get("deleted_own", ()) if each != own]
    verb = (
        "serverside-applied"
        if is_server_side
        else "created"
        if old is None
        else "configured"
        if is_changed
        else "unchanged"
    )
    suffix = " (server dry run)" if dry_run and line.last("--dry-run") == "server" else " (dry run)" if dry_run else ""
    return f"{kind.prefix}/{item['metadata']['name']} {verb}{suffix}\n"


def _body(one: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in one["metadata"].items() if name in ("labels", "annotations")}
    return {**{name: value for name, value in one.items() if name not in ("metadata", "status")}, "metadata": metadata}
