"""Check the rights: what deploying and destroying this very program takes, against what Azure says may be done.

An action is granted if it is among the actions of some entry and not among that entry's notActions
(learn.microsoft.com/azure/role-based-access-control/role-definitions). Asked is about the subscription: resource
groups do not exist before the first `up`. What is done on a machine that exists before is asked there (`arc_machines`).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automation.check import Diagnosis
from automation.doctor.context import Context
from automation.doctor.login import find_arm_credential
from automation.doctor.requests import ELSEWHERE, Request

Entry = Mapping[str, Any]
"""One permission: actions, notActions, and a condition or none."""

_API = "2022-04-01"
_AUTHORIZATION = "microsoft.authorization/"
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"

# Beyond read, write and delete of a type: an action, the type that takes it, and why. What a request refers to is
# checked with the caller's rights, too (LinkedAuthorizationFailed).
# Source: learn.microsoft.com/azure/role-based-access-control/permissions, "Azure permissions for ...".
_LINKED: tuple[tuple[str, str, str], ...] = (
    ("Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/networkInterfaces", "its subnet"),
    ("Microsoft.Network/networkSecurityGroups/join/action", "Microsoft.Network/virtualNetworks/subnets", "its group"),
    ("Microsoft.Network/natGateways/join/action", "Microsoft.Network/virtualNetworks/subnets", "its gateway"),
    ("Microsoft.Network/publicIPAddresses/join/action", "Microsoft.Network/natGateways", "its address"),
    ("Microsoft.Network/virtualNetworks/peer/action", "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        "the other network"),
    ("Microsoft.Network/networkInterfaces/join/action", "Microsoft.Compute/virtualMachines", "its interface"),
    ("Microsoft.Compute/disks/write", "Microsoft.Compute/virtualMachines", "its disk is made with it"),
    ("Microsoft.Compute/disks/delete", "Microsoft.Compute/virtualMachines", "its disk goes with it"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "Microsoft.Compute/virtualMachines",
        "its identity"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "Microsoft.IoTOperations/instances",
        "its identity"),
    ("Microsoft.ExtendedLocation/customLocations/deploy/action", "Microsoft.IoTOperations/instances",
        "where it is put"),
    ("Microsoft.ExtendedLocation/customLocations/deploy/action", "Microsoft.SecretSyncController/secretSyncs",
        "where it is put"),
    ("Microsoft.Kubernetes/connectedClusters/read", "Microsoft.KubernetesConfiguration/extensions",
        "its issuer is read, once the node has connected it"),
)  # fmt: skip


def check_rights(context: Context) -> Diagnosis:
    """Check the rights of az's login on the subscription."""
    scope = f"/subscriptions/{context.subscription_id()}"
    entries = fetch_entries(context, scope)
    needed = list_actions(context.requests)
    user = context.account()["user"]
    missing = [action for action in needed if not is_granted(action, entries)]
    if missing:
        found = f"{user['name']} may not: {', '.join(fold_actions(missing))}"
        return Diagnosis("failed", found, _suggest_roles(missing, user, scope))
    unconditional = [entry for entry in entries if not entry.get("condition")]
    conditional = [action for action in needed if not is_granted(action, unconditional)]
    if conditional:
        found = f"{user['name']} may only under a condition: {', '.join(fold_actions(conditional))}"
        return Diagnosis("warning", found, _suggest_roles(conditional, user, scope))
    variable, credential = find_arm_credential(os.environ)
    if variable and os.environ.get("ARM_CLIENT_ID", "").lower() != user["name"].lower():
        # az can only be asked about its own login.
        found = f"these are the rights of {user['name']}; azure-native takes {credential} ({variable})"
        login = 'az login --service-principal --username "$ARM_CLIENT_ID" --tenant "$ARM_TENANT_ID"'
        return Diagnosis("warning", found, f"# ask again as that one:\n{login}")
    return Diagnosis("ok", f"{user['name']} may do all {len(needed)} actions")


def fetch_entries(context: Context, scope: str) -> Sequence[Entry]:
    """Return what az's login may do at a scope.

    Raises:
        NoAnswerError: Azure does not say.
    """
    return context.tools.az_pages(f"{scope}/providers/Microsoft.Authorization/permissions?api-version={_API}")


def list_actions(requests: Iterable[Request]) -> Sequence[str]:
    """Return every action that creating, refreshing and destroying takes, in order."""
    found = set()
    for request in (one for one in requests if one.type not in ELSEWHERE):
        path = _GROUP if request.type == "Microsoft.Resources/resourceGroups" else request.type
        found |= {f"{path}/read", f"{path}/write"} | ({f"{path}/delete"} if request.is_deleted else set())
        found |= {action for action, kind, _ in _LINKED if kind == request.type}
    return sorted(found)


def is_granted(action: str, entries: Iterable[Entry]) -> bool:
    """Return whether some entry grants the action and does not take it away itself."""
    return any(_matches(action, one.get("actions")) and not _matches(action, one.get("notActions")) for one in entries)


def _matches(action: str, patterns: Iterable[str] | None) -> bool:
    """`*` stands for any text, slashes included; case does not count."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.I | re.S) for pattern in patterns or ()
    )


def fold_actions(actions: Iterable[str]) -> list[str]:
    """Write `a/read` and `a/write` as `a/{read,write}`."""
    by_path: dict[str, list[str]] = {}
    for action in actions:
        path, _, verb = action.rpartition("/")
        by_path.setdefault(path, []).append(verb)
    return [f"{path}/{verbs[0] if len(verbs) == 1 else '{' + ','.join(verbs) + '}'}" for path, verbs in by_path.items()]


def _suggest_roles(actions: Iterable[str], user: Mapping[str, str], scope: str) -> str:
    """Contributor has everything but Microsoft.Authorization's writes, which User Access Administrator has."""
    about_access = [action.lower().startswith(_AUTHORIZATION) for action in actions]
    roles = ["Contributor"] * (not all(about_access)) + ["User Access Administrator"] * any(about_access)
    is_managed = user["name"].endswith("AssignedIdentity")  # az's word for a managed identity without a name
    who = "<object id of the managed identity>" if is_managed else user["name"]
    assign = f"az role assignment create --assignee {shlex.quote(who)} --scope {shlex.quote(scope)} --role"
    return "\n".join(
        [
            "# by an Owner of the subscription, then `az login` again:",
            *(f"{assign} {shlex.quote(role)}" for role in roles),
            "# narrower: a custom role of the actions found missing (az role definition create)",
        ]
    )
