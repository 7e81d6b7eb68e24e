"""Judge what the API server logs: of whom, how much, and with what content.

kubernetes/apiserver at v0.35.4, pkg/audit/policy/checker.go: the first rule that fits decides; none is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from rehearsal.cluster.node_facts import NodeFacts
from rules.facts import node as expected

RULE = "CLUSTER-43"
_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
_METADATA = "Metadata"


@dataclass(frozen=True)
class Requester:
    """Who asks the API server."""

    what: str
    user: str
    groups: Sequence[str]

    @classmethod
    def pod(cls, what: str, namespace: str) -> Requester:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        return cls(what, f"system:serviceaccount:{namespace}:any", groups)


ADMINISTRATOR = Requester("the node's administrator", "system:admin", ("system:masters",))
_PEOPLE = (
    ADMINISTRATOR,
    Requester.pod("somebody through Arc", "azure-arc"),  # its proxy impersonates them (WithAudit is before that)
)
_PARTS = (
    Requester("a node", "system:node:any", ("system:nodes",)),
    Requester("a controller", "system:kube-controller-manager", ()),
    Requester.pod("a pod", "azure-iot-operations"),
)
_OF_PEOPLE = (
    ("pods", ""), ("pods/exec", ""), ("clusterrolebindings", "rbac.authorization.k8s.io"),
    ("brokerlisteners", "mqttbroker.iotoperations.azure.com"),
)  # fmt: skip
"""Of what people do, that which has to be found again; one stands for others."""


def find_gaps(facts: NodeFacts) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, what, remedy) of whatever is wrong with the audit log."""
    if not facts.audit_rules or not facts.api_argument("audit-log-path"):
        yield RULE, "the API server logs nothing of what anybody did", "set audit-policy-file and audit-log-path"
        return
    yield from _check_bounds(facts)
    sensitive = expected.AUDIT_SENSITIVE.value
    for who, (resource, group), verb in product((*_PEOPLE, *_PARTS), sensitive.items(), _VERBS):
        if (level := find_level(facts.audit_rules, who, verb, resource, group)) not in ("None", _METADATA):
            what = f"the audit log has the content of {resource}: {verb} by {who.what} at level {level}"
            yield RULE, what, f"let a rule before it log {resource} at level {_METADATA}"
            break
    secrets = (("secrets", ""),)
    noted = (*product(_PEOPLE, (*secrets, *_OF_PEOPLE), _VERBS), *product(_PARTS, secrets, _VERBS))
    for who, (resource, group), verb in noted:
        if find_level(facts.audit_rules, who, verb, resource, group) == "None":
            what = f"the audit log has no {verb} of {resource} by {who.what}"
            yield RULE, what, f"let the first rule that fits log it at level {_METADATA}"
            break


def _check_bounds(facts: NodeFacts) -> Iterator[tuple[str, str, str]]:
    for name, most in expected.AUDIT_LIMITS.value.items():
        given = facts.api_argument(name)
        if not given.isdigit() or not 0 < int(given) <= most:
            yield RULE, f"{name} of the API server is {given or 'unlimited'}; expected {most} at most", f"set {name}"


def find_level(rules: Sequence[Mapping[str, Any]], who: Requester, verb: str, resource: str, group: str) -> str:
    """Return the level at which a request is logged."""
    return next((str(rule["level"]) for rule in rules if _fits(rule, who, verb, resource, group)), "None")


def _fits(rule: Mapping[str, Any], who: Requester, verb: str, resource: str, group: str) -> bool:
    if rule.get("users") and who.user not in rule["users"]:
        return False
    if rule.get("userGroups") and not {*rule["userGroups"]} & {*who.groups}:
        return False
    if rule.get("verbs") and verb not in rule["verbs"]:
        return False
    if rule.get("resources"):
        listed = (one.get("resources") or ["*"] for one in rule["resources"] if one.get("group", "") == group)
        return any(_names(each, resource) for each in listed)
    return not rule.get("nonResourceURLs")


def _names(listed: Sequence[str], resource: str) -> bool:
    kind, _, part = resource.partition("/")
    return any(one in (resource, "*", f"{kind}/*") or (part and one == f"*/{part}") for one in listed)
