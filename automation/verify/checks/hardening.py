"""Checks of who may do what on a cluster, as it says itself: NetworkPolicies, audit log, roles and bindings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation.verify.azure import UnseenError
from automation.verify.check import Problem
from automation.verify.compare import Difference, differences
from automation.verify.inside import Item, find_script
from automation.verify.look import Look, show
from graph.inputs import decode_parameter, map_at, parameters, text_at
from rules.facts.aio import BROKER_PORT
from rules.network_policies import AIO_POD
from rules.pod_traffic import End, isolates, lets_through

_STRANGERS = (End("any pod of another namespace", "any-other"), End("any address", address="192.0.2.1"))
"""Whom no setting names; the address is nobody's (RFC 5737)."""
_BINDINGS = ("ClusterRoleBinding", "RoleBinding")
_AUDITED = ("secrets", "pods")
_LEVEL = "Metadata"
"""Who did what, never with what (kubernetes.io/docs/tasks/debug/debug-cluster/audit, "Audit policy")."""


def check_policies(look: Look) -> Iterator[Problem]:
    """Check that the settings' NetworkPolicies stand, and that none beside them lets everybody in.

    "Network policies do not conflict; they are additive": what one allows, no other one refuses
    (kubernetes.io/docs/concepts/services-networking/network-policies).
    """
    yield from _compare(look, "NetworkPolicy")
    if look.cluster.node and look.cluster.node.network_policies:
        for item in look.items("NetworkPolicy"):
            if not item["own"]:
                yield from _find_openings(look, item)


def _find_openings(look: Look, item: Item) -> Iterator[Problem]:
    if item["says"] is None:
        look.note(_name(item), UnseenError("it is too long to be told"))
        return
    policies = [{"metadata": {"namespace": item["namespace"]}, **item["says"]}]
    if isolates(policies, AIO_POD, "Ingress"):
        for stranger in _STRANGERS:
            if lets_through(policies, stranger, AIO_POD, BROKER_PORT.value):
                yield Problem(_name(item), f"it lets {stranger.what} in", "whom it has to, alone")


def check_audit_log(look: Look) -> Iterator[Problem]:
    """Check that the API server logs who asks for what, by two questions that were put to it under a random name."""
    if find_script(look.expectation, look.cluster.name, "setup-k3s") is None:
        return
    for item in look.items("AuditLog"):
        for resource in _AUDITED:
            level = item["levels"].get(resource)
            if level != _LEVEL:
                seen = f"it has a question for {resource} at level {show(level)}" if level else ""
                yield Problem("audit log", seen or f"it has no question for {resource}", f"level {_LEVEL}")


def check_bindings(look: Look) -> Iterator[Problem]:
    """Check that administrators and operators have the roles of the settings, and operators no other one."""
    yield from _compare(look, "ClusterRole", *_BINDINGS)
    for kind in _BINDINGS:
        for item in look.items(kind):
            if not item["own"]:
                role = map_at(item, "says.roleRef")
                seen = f"it binds the operators to the {text_at(role, 'kind')} {text_at(role, 'name')}"
                yield Problem(_name(item), seen, "their own role alone")


def check_secrets_closed(look: Look) -> Iterator[Problem]:
    """Check that the API server lets the operators nowhere near a Secret, whatever gives them the right."""
    if look.inside is None:
        return
    if not look.expectation.view.settings.operator_group:
        look.looked += 1
        look.told.append("the settings have no operator group")
        return
    answers = [*look.items("Access")]
    if not answers:
        look.note("operators", UnseenError("the API server was not asked what they may"))
    for right in (one for item in answers for one in item["given"]):
        yield Problem("operators", f"they may {_describe(right)}", "what leads to no Secret")


def _describe(right: Mapping[str, str]) -> str:
    return f"{right['verb']} {'/'.join(filter(None, (right['resource'], right.get('subresource'))))}"


def _compare(look: Look, *kinds: str) -> Iterator[Problem]:
    """Yield what is otherwise than the script has applied it, what is missing, and what it has applied once."""
    script = find_script(look.expectation, look.cluster.name, "apply-objects")
    if script is None or look.inside is None:
        return
    look.looked += 1
    seen = {_name(item): item for kind in kinds for item in look.items(kind) if item["own"]}
    sent = {_name_sent(one): one for one in _list_sent(script.body) if one["kind"] in kinds}
    for name, one in sent.items():
        if name not in seen:
            yield Problem(name, "it is not there, or has lost its label", "it is, as the stack's own")
            continue
        wanted = {key: value for key, value in one.items() if key not in ("apiVersion", "kind", "metadata")}
        for each in differences(wanted, seen[name]["says"], exact=True):
            yield from _tell(name, each)
    for name in sorted(seen.keys() - sent.keys()):
        yield Problem(name, "it is there", "none: the settings ask for it no more")


def _tell(name: str, one: Difference) -> Iterator[Problem]:
    """Yield the difference; of two lists only what one of them has, as whole ones are cut before that is seen."""
    if isinstance(one.seen, list) and isinstance(one.expected, list) and len(one.seen) != len(one.expected):
        yield from (Problem(name, f"{one.path} has {show(each)}") for each in one.seen if each not in one.expected)
        yield from (Problem(name, f"{one.path} lacks {show(each)}") for each in one.expected if each not in one.seen)
    else:
        yield Problem(name, f"{one.path} is {show(one.seen)}", show(one.expected))


def _list_sent(body: Mapping[str, Any]) -> list[Any]:
    return decode_parameter(parameters(map_at(body, "properties"))["OBJECTS"])


def _name_sent(one: Mapping[str, Any]) -> str:
    return f"{one['kind']} {text_at(one, 'metadata.namespace')}/{text_at(one, 'metadata.name')}".replace(" /", " ")


def _name(item: Item) -> str:
    return f"{item['kind']} {item['namespace']}/{item['name']}".replace(" /", " ")
