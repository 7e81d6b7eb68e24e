"""What the identity that az is logged in as may do: the actions of its roles, as Azure evaluates them.

learn.microsoft.com/azure/role-based-access-control/role-definitions, "How Azure determines if a user has access".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from arm import ids
from graph.inputs import list_at
from rehearsal.node.machine import Machine
from rehearsal.node.tools.az_parser import refuse
from rehearsal.node.tools.refusal import RefusalError
from rules.facts.roles import ARC_ONBOARDING

CONNECT_READ = "Microsoft.Kubernetes/connectedClusters/read"
CONNECT_WRITE = "Microsoft.Kubernetes/connectedClusters/write"
CONNECT_DELETE = "Microsoft.Kubernetes/connectedClusters/delete"

BUILT_IN: Mapping[str, tuple[str, ...]] = {
    ARC_ONBOARDING.guid: (
        CONNECT_READ,
        CONNECT_WRITE,
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/read",
    ),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": ("*",),  # Contributor, as far as clusters go
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("*",),  # Owner
}
"""Actions of built-in roles that matter here.

learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers, "Kubernetes Cluster - Azure Arc
Onboarding"; .../privileged for the other two.
"""


def is_allowed(machine: Machine, action: str, scope: str, elapsed: float) -> bool:
    """Return whether the logged-in identity may do this there."""
    principal = str(machine.facts.get("az", {}).get("login", {}).get("principal_id", ""))
    roles = machine.azure.roles_of(principal, scope, elapsed)
    return any(fnmatchcase(action.lower(), each.lower()) for each in _actions(machine, roles))


def require(machine: Machine, action: str, scope: str, elapsed: float) -> None:
    """Refuse what the identity may not do.

    Raises:
        RefusalError: ARM's 403 as az prints it.
    """
    if not is_allowed(machine, action, scope, elapsed):
        raise forbidden(machine, action, scope)


def forbidden(machine: Machine, action: str, scope: str) -> RefusalError:
    """Return ARM's refusal (learn.microsoft.com/azure/role-based-access-control/troubleshooting)."""
    login = machine.facts.get("az", {}).get("login", {})
    message = (
        f"The client '{login.get('client_id')}' with object id '{login.get('principal_id')}' does not have"
        f" authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was"
        " recently granted, please refresh your credentials."
    )
    return arm_refusal("AuthorizationFailed", message)


def arm_refusal(code: str, message: str, exit_code: int = 1) -> RefusalError:
    """Return an error of ARM as az prints it: azure-core's text of an HttpResponseError."""
    return refuse(f"({code}) {message}\nCode: {code}\nMessage: {message}", exit_code)


def _actions(machine: Machine, roles: Sequence[str]) -> Iterator[str]:
    for role in roles:
        yield from BUILT_IN.get(ids.name_of(role).lower(), ())
        if custom := machine.azure.find(role):
            for permission in list_at(custom.inputs, "permissions"):
                yield from list_at(permission, "actions")
