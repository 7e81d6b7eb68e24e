"""Kubernetes objects that a script applies: known kinds, bindings of admins and operators, Bundles of one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graph.graph import Resource
from graph.inputs import at, decode_parameter, list_at, map_at, text_at
from rules import operators
from rules.facts import aio
from rules.lookup import Hits, View
from settings import Settings

_RBAC = "rbac.authorization.k8s.io"
_API_VERSIONS: Mapping[str, str] = {
    "Namespace": "v1",  # kubernetes.io/docs/concepts/security/pod-security-admission, "Pod Security Admission labels"
    "ClusterRoleBinding": f"{_RBAC}/v1",  # kubernetes.io/docs/reference/access-authn-authz/rbac
    "ClusterRole": f"{_RBAC}/v1",  # what may be in one: rules/operators.py
    "NetworkPolicy": "networking.k8s.io/v1",  # what may be in one: rules/network_policies.py
    "Bundle": "trust.cert-manager.io/v1alpha1",  # cert-manager.io/docs/trust/trust-manager/api-reference
}
"""Kind -> its API version; the script waits in vain for what no cluster of ours serves."""

_OBJECT_SET = "cluster"
"""Label of what deployed stacks have applied; under another one a binding that is no longer listed stays."""


def objects_are_known(view: View) -> Hits:
    """Require of every applied object a known kind, and of each kind what it must say."""
    for cluster in view.clusters:
        for command in view.commands(cluster, "apply-objects"):
            if (given := view.parameters(command).get("OBJECT_SET")) != _OBJECT_SET:
                yield command.name, f"OBJECT_SET: {given!r}; expected {_OBJECT_SET!r}, by which earlier runs are pruned"
            objects = decode_parameter(view.parameters(command).get("OBJECTS", ""))
            for index, one in enumerate(objects):
                for problem in _problems(one, view.settings):
                    which = text_at(one, "metadata.name") or index
                    yield command.name, f"OBJECTS: {text_at(one, 'kind') or 'object'} {which}: {problem}"
            yield from _bindings(command, objects, view.settings)
            namespaces = [text_at(one, "metadata.name") for one in objects if text_at(one, "kind") == "Namespace"]
            if namespaces != (own := [aio.NAMESPACE.value]):
                yield command.name, f"OBJECTS: Namespaces {namespaces}; expected {own}, with its labels"


def _problems(one: Any, settings: Settings) -> Iterator[str]:
    kind = text_at(one, "kind")
    if kind not in _API_VERSIONS:
        yield f"expected one of {', '.join(_API_VERSIONS)}; say in rules/cluster_objects.py what another must be"
        return
    if text_at(one, "apiVersion") != _API_VERSIONS[kind]:
        yield f"apiVersion: {text_at(one, 'apiVersion')!r}; expected {_API_VERSIONS[kind]!r}"
    if kind == "ClusterRoleBinding":
        yield from _binding(one, settings)
    elif kind == "Namespace":
        yield from _namespace(one)
    elif kind == "Bundle":
        yield from _bundle(one)


def _binding(one: Any, settings: Settings) -> Iterator[str]:
    """Require that admins are bound to cluster-admin, and operators to their own role, and nobody else to anything."""
    expected = {"cluster-admin": [("Group", settings.tenant.admin_group_object_id)]}
    expected["cluster-admin"] += [("User", one) for one in settings.admin_users]
    if settings.operator_group:
        expected[operators.ROLE] = [("Group", settings.operator_group)]
    name = text_at(one, "roleRef.name")
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    if dict(map_at(one, "roleRef")) != role or name not in expected:
        yield f"roleRef: {dict(map_at(one, 'roleRef'))}; expected a ClusterRole of {', '.join(expected)}"
        return
    subjects = [{"apiGroup": _RBAC, "kind": kind, "name": who} for kind, who in expected[name]]
    if list_at(one, "subjects") != subjects:
        yield f"subjects: {list_at(one, 'subjects')}; expected those that the settings name alone, {subjects}"


def _namespace(one: Any) -> Iterator[str]:
    expected = {f"pod-security.kubernetes.io/{mode}": level for mode, level in aio.POD_SECURITY.value.items()}
    if set(one) != {"apiVersion", "kind", "metadata"} or dict(map_at(one, "metadata.labels")) != expected:
        yield f"labels: {dict(map_at(one, 'metadata.labels'))}; expected {expected} and nothing beside"


def _bundle(one: Any) -> Iterator[str]:
    for source in list_at(one, "spec.sources"):
        if set(source) - {"inLine", "useDefaultCAs"} or at(source, "useDefaultCAs"):
            yield f"spec.sources: {', '.join(sorted(source))}; expected one CA inLine, else others are trusted too"
    if set(map_at(one, "spec.target")) != {"configMap", "namespaceSelector"}:
        yield f"spec.target: {', '.join(sorted(map_at(one, 'spec.target')))}; expected configMap, namespaceSelector"


def _bindings(command: Resource, objects: list[Any], settings: Settings) -> Hits:
    bindings = [one for one in objects if text_at(one, "kind") == "ClusterRoleBinding"]
    expected = 2 if settings.operator_group else 1
    if len(bindings) != expected:
        message = (
            f"OBJECTS: {len(bindings)} ClusterRoleBindings; expected {expected}: one for the admins, without which"
        )
        yield command.name, f"{message} they can do nothing, and one for the operators, where the settings have a group"
