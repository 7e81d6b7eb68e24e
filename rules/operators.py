"""The operator role: it reads no Secret by any way that Kubernetes knows, and still lets operators work.

Ways: kubernetes.io/docs/concepts/security/rbac-good-practices, "Kubernetes RBAC - privilege escalation risks".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from graph.inputs import decode_parameter, list_at, text_at, texts_at
from rules.facts import aio
from rules.lookup import Hits, View

ROLE = "edge-stamps-operators"
_LOOK = ("get", "list", "watch")
_CLOSED = (
    "secrets", "serviceaccounts/token", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy",
    "pods/ephemeralcontainers", "services/proxy", "nodes/proxy",
)  # fmt: skip
"""Of the core group. A GET suffices for those that open a connection, and a request to a kubelet or a pod is none of
the API server's objects."""
_WRITES = {("", "pods", "delete")}
"""All that is no reading: what pods are made of they have from elsewhere, and come back with it."""
_NEEDED = (
    *(("", resource, "list") for resource in ("pods", "nodes", "namespaces", "events", "services", "configmaps")),
    ("", "pods/log", "get"), ("", "pods", "delete"), ("apps", "deployments", "list"), ("apps", "statefulsets", "list"),
)  # fmt: skip
_PODS_ARE_MADE_OF = (
    ("", "pods"), ("", "replicationcontrollers"), ("apps", "deployments"), ("apps", "daemonsets"),
    ("apps", "replicasets"), ("apps", "statefulsets"), ("batch", "jobs"), ("batch", "cronjobs"),
)  # fmt: skip
_RBAC = "rbac.authorization.k8s.io"


def _right(verb: str, group: str, resource: str) -> Mapping[str, str]:
    kind, _, inner = resource.partition("/")
    return {"verb": verb, "group": group, "resource": kind, **({"subresource": inner} if inner else {})}


WAYS_TO_SECRETS: Sequence[Mapping[str, str]] = (
    *(_right(verb, "", "secrets") for verb in _LOOK),
    *(_right(verb, "", inner) for inner in _CLOSED if "/" in inner for verb in ("get", "create")),
    *(_right(verb, *kind) for kind in _PODS_ARE_MADE_OF for verb in ("create", "patch")),
    *(_right(verb, _RBAC, kind) for kind in ("roles", "clusterroles") for verb in ("escalate", "bind")),
    *(_right("impersonate", "", kind) for kind in ("users", "groups", "serviceaccounts")),
)
"""Rights with which one reads a Secret, or makes somebody else read it; as a SubjectAccessReview names them.

Whoever makes a pod mounts what it likes (Workload creation); the others stand there by their names, or have a GET do
what a POST does.
"""


def reads_no_secret(view: View) -> Hits:
    """Require of every applied role that no rule of it leads to a Secret, and that nobody is bound to one unseen."""
    for command, objects in _applied(view):
        for role in _of_kind(objects, "ClusterRole"):
            name = text_at(role, "metadata.name")
            if surplus := sorted({*role} - {"apiVersion", "kind", "metadata", "rules"}):
                yield (
                    command,
                    f"OBJECTS: ClusterRole {name}: {', '.join(surplus)}; expected rules alone",
                )
            for rule in list_at(role, "rules"):
                for what in _find_ways(rule):
                    yield command, f"OBJECTS: ClusterRole {name}: {what}"
        made = {text_at(one, "metadata.name") for one in _of_kind(objects, "ClusterRole")}
        for one in _of_kind(objects, "ClusterRoleBinding"):
            if (name := text_at(one, "roleRef.name")) not in {*made, "cluster-admin"}:
                yield command, f"OBJECTS: binds somebody to {name}, which is not among them: nobody sees what it gives"


def _find_ways(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield in what ways a rule leads to a Secret, or to more than was meant."""
    groups, resources, verbs = (texts_at(rule, key) for key in ("apiGroups", "resources", "verbs"))
    if surplus := sorted({*rule} - {"apiGroups", "resources", "verbs"}):
        yield f"has {', '.join(surplus)}; expected apiGroups, resources and verbs alone"
    if "*" in groups or ("" in groups and "*" in resources):
        yield f"is for {groups} {resources}, and with them for Secrets; expected them one by one"
    for closed in _CLOSED if "" in groups else ():
        if closed in resources or f"*/{closed.partition('/')[2]}" in resources:
            yield f"may {' '.join(verbs)} {closed}, which leads to Secrets"
    for one in product(groups, resources, verbs):
        if one[2] not in _LOOK and one not in _WRITES:
            yield f"may {one[2]} {one[1]}{f'.{one[0]}' if one[0] else ''}; expected no write but of {sorted(_WRITES)}"


def operators_can_work(view: View) -> Hits:
    """Require one role with what operators need where the settings have a group, and none else."""
    for command, objects in _applied(view):
        found = _of_kind(objects, "ClusterRole")
        names = [text_at(one, "metadata.name") for one in found]
        expected = [ROLE] if view.settings.operator_group else []
        if names != expected:
            yield command, f"OBJECTS: ClusterRoles {names}; expected {expected}, as the settings have an operator group"
            continue
        needed = [*_NEEDED, *((group, "*", verb) for group, verb in product(sorted(aio.API_GROUPS.value), _LOOK))]
        for role in found:
            for need in needed:
                if not any(_allows(rule, *need) for rule in list_at(role, "rules")):
                    group, resource, verb = need
                    yield command, f"OBJECTS: ClusterRole {ROLE}: may not {verb} {resource} of group {group!r}: let it"


def _allows(rule: Mapping[str, Any], group: str, resource: str, verb: str) -> bool:
    given = ((texts_at(rule, "apiGroups"), group), (texts_at(rule, "resources"), resource))
    return all(one in listed or "*" in listed for listed, one in (*given, (texts_at(rule, "verbs"), verb)))


def _applied(view: View) -> Iterator[tuple[str, list[Any]]]:
    """Yield what is applied on each cluster, with the name of the Run Command."""
    for cluster in view.clusters:
        for command in view.commands(cluster, "apply-objects"):
            yield command.name, list(decode_parameter(view.parameters(command).get("OBJECTS", "")))


def _of_kind(objects: list[Any], kind: str) -> list[Any]:
    return [one for one in objects if text_at(one, "kind") == kind]
