"""Built-in roles: the GUID of each, and who of a stamp needs it.

The GUIDs are those of the page as of its date 2026-09-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.facts.fact import Source

_READ = date(2026, 11, 26)
_CLI = "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration"
_EDGE_AI = "microsoft/edge-ai, src/100-edge"


def _page(section: str) -> Source:
    return Source("learn.microsoft.com/azure/role-based-access-control/built-in-roles", section, _READ)


@dataclass(frozen=True)
class Role:
    """A built-in role, and the need for it."""

    name: str
    guid: str
    needed: str
    """By whom, for what."""
    source: Source
    """Of name and GUID."""
    source_of_need: Source


KEY_VAULT_SECRETS_USER = Role(
    "Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6",
    "secret sync's identity, on the vault: reads the values",
    _page("Security"),
    Source("Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/secretsync/enable-secretsync.bicep",
           "header, 3", _READ),
)  # fmt: skip
KEY_VAULT_READER = Role(
    "Key Vault Reader", "21090545-7ca7-4776-b22c-e363652d74d2",
    "secret sync's identity, on the vault: reads what there is",
    _page("Security"),
    Source("Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/secretsync/enable-secretsync.bicep",
           "header, 3", _READ),
)  # fmt: skip
STORAGE_BLOB_DATA_CONTRIBUTOR = Role(
    "Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "the schema registry's identity, on its container: writes schemas",
    _page("Storage"),
    Source(f"{_CLI}/resources/schema_registries.py", "STORAGE_BLOB_DATA_CONTRIBUTOR_ROLE_ID", _READ),
)  # fmt: skip
DEVICE_REGISTRY_ADMINISTRATOR = Role(
    "Azure Device Registry Administrator", "12675fd7-7f59-493f-9201-f7944860a2f1",
    "the AIO extension's identity, on the schema registry",
    _page("Internet of Things"),
    Source("github.com/Azure/azure-iot-ops-cli-extension/pull/882", "description: replaces Contributor", _READ),
)  # fmt: skip
ARC_ONBOARDING = Role(
    "Kubernetes Cluster - Azure Arc Onboarding", "34e09817-6cbe-4d01-b1a2-e0eac5743d41",
    "the node's identity, on the resource group: connects the cluster",
    _page("Containers"),
    Source(f"{_EDGE_AI}/100-cncf-cluster/bicep/modules/arc-onboarding-role-assignment.bicep", "line 22", _READ),
)  # fmt: skip
ARC_KUBERNETES_VIEWER = Role(
    "Azure Arc Kubernetes Viewer", "63f0a09d-1495-4db4-a681-037d84835eb4",
    "the admin group, on the connected cluster: reaches it through the Arc proxy",
    _page("Containers"),
    Source(f"{_EDGE_AI}/110-iot-ops/bicep/modules/deploy-arc-k8s-role-assignments.bicep", "line 30", _READ),
)  # fmt: skip
ARC_CLUSTER_USER = Role(
    "Azure Arc Enabled Kubernetes Cluster User Role", "00493d72-78f6-4148-b6c5-d3ce8e4799dd",
    "the admin and the operator group, on the connected cluster: get the credentials of the Arc proxy",
    _page("Containers"),
    Source(f"{_EDGE_AI}/110-iot-ops/bicep/modules/deploy-arc-k8s-role-assignments.bicep", "line 45", _READ),
)  # fmt: skip

NAMES = {role.guid: role.name for role in list(globals().values()) if isinstance(role, Role)}
"""GUID -> name."""
