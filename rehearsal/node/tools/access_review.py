"""What the API server answers to a SubjectAccessReview, by the roles and bindings that are there.

kubernetes.io/docs/reference/access-authn-authz/rbac, "API objects" and "Referring to resources"; roles of Kubernetes'
own count no further than cluster-admin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.inputs import list_at, map_at, text_at, texts_at

_EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
Object = Mapping[str, Any]


def is_allowed(spec: Mapping[str, Any], objects: Sequence[Object]) -> bool:
    """Return whether any rule of any role that user or groups are bound to allows it."""
    asked = map_at(spec, "resourceAttributes")
    who = {("User", text_at(spec, "user")), *(("Group", one) for one in texts_at(spec, "groups"))}
    bindings = (one for one in objects if _is_of(one, who, text_at(asked, "namespace")))
    return any(_allows(rule, asked) for one in bindings for rule in _list_rules(one, objects))


def _is_of(one: Object, who: set[tuple[str, str]], namespace: str) -> bool:
    """Return whether it is a binding of somebody of these that counts in the namespace."""
    kind, place = text_at(one, "kind"), text_at(one, "metadata.namespace")
    counts = kind == "ClusterRoleBinding" or (kind == "RoleBinding" and place == namespace)
    return counts and any((each["kind"], each["name"]) in who for each in list_at(one, "subjects"))


def _list_rules(binding: Object, objects: Sequence[Object]) -> Iterator[Mapping[str, Any]]:
    kind, name = text_at(binding, "roleRef.kind"), text_at(binding, "roleRef.name")
    if (kind, name) == ("ClusterRole", "cluster-admin"):
        yield from _EVERYTHING
    place = text_at(binding, "metadata.namespace") if kind == "Role" else ""
    for one in objects:
        where = text_at(one, "kind"), text_at(one, "metadata.namespace"), text_at(one, "metadata.name")
        if where == (kind, place, name):
            yield from list_at(one, "rules")


def _allows(rule: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    resource, inner = text_at(asked, "resource"), text_at(asked, "subresource")
    named = {f"{resource}/{inner}", f"*/{inner}", "*"} if inner else {resource, "*"}
    return (
        bool({text_at(asked, "group"), "*"} & {*texts_at(rule, "apiGroups")})
        and bool(named & {*texts_at(rule, "resources")})
        and bool({text_at(asked, "verb"), "*"} & {*texts_at(rule, "verbs")})
        and not texts_at(rule, "resourceNames")
    )
