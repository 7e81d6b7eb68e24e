"""How kube-apiserver reads the policy of its audit log, and what it logs of the node's own questions.

kubernetes/apiserver at v0.35.4, pkg/audit/policy/reader.go (LoadPolicyFromFile) and pkg/server/options/audit.go
(AuditLogOptions.Validate), read 2026-11-28.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from rehearsal.cluster.audit_log import ADMINISTRATOR, find_level
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.node.machine import Machine

POLICY_FILE = "audit-policy-file"
_LIMITS = ("audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize")
_KNOWN, _KNOWN_RESOURCES = (
    {"level", "users", "userGroups", "verbs", "resources", "nonResourceURLs", "omitStages"},
    {"group", "resources"},
)
"""What rehearsal/cluster/audit_log.py judges."""
_LEVELS = ("None", "Metadata", "Request", "RequestResponse")


def load(machine: Machine, arguments: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the rules of the policy that the arguments name, none where they name none.

    Raises:
        ValueError: the API server ends instead.
    """
    for name, value in arguments:
        if name in _LIMITS and not value.isdigit():
            raise ValueError(f'invalid argument "{value}" for "--{name}" flag: not a number, or a negative one')
    paths = [value for name, value in arguments if name == POLICY_FILE]
    if not paths:
        return []
    text = machine.file(paths[-1]).read_text()
    try:
        policy = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"failed decoding: {error}: from file {paths[-1]}") from error
    if not isinstance(policy, dict) or (policy.get("apiVersion"), policy.get("kind")) != ("audit.k8s.io/v1", "Policy"):
        raise ValueError(f"unknown group version field in policy: from file {paths[-1]}")
    rules = policy.get("rules") or []
    if not rules:
        raise ValueError(f"loaded illegal policy with 0 rules: from file {paths[-1]}")
    if wrong := [one.get("level") for one in rules if one.get("level") not in _LEVELS]:
        raise ValueError(f"rules: Unsupported value: {wrong[0]!r}: from file {paths[-1]}")
    return list(rules)


def require_modelled(rules: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to say what a policy logs by what the model does not know.

    Raises:
        ValueError: a rule has such a part.
    """
    for rule in rules:
        resources = (name for one in rule.get("resources", ()) for name in {*one} - _KNOWN_RESOURCES)
        if unknown := sorted({*({*rule} - _KNOWN), *resources}):
            raise ValueError(f"the model does not know {unknown[0]} of an audit policy: extend audit_policy.py")


def log_get(machine: Machine, resource: str, group: str, name: str) -> None:
    """Write down that the administrator has asked for an object by its name, as policy and place of the log say.

    kubernetes.io/docs/reference/config-api/apiserver-audit.v1, Event: of its fields those that somebody reads here.
    """
    facts = NodeFacts(machine.facts, {})
    path = facts.api_argument("audit-log-path")
    level = find_level(facts.audit_rules, ADMINISTRATOR, "get", resource, group)
    if not path or level == "None":
        return
    event = {"kind": "Event", "level": level, "verb": "get", "objectRef": {"resource": resource, "name": name}}
    file = machine.file(path)
    before = file.read_text() if file.is_file() else ""
    file.write_text(f"{before}{json.dumps(event)}\n", 0o600)
