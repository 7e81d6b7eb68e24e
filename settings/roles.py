"""Built-in roles that the stack assigns (learn.microsoft.com/azure/role-based-access-control/built-in-roles)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """A built-in role: its display name, and the GUID that is the same in every tenant."""

    name: str
    guid: str


KEY_VAULT_SECRETS_USER = Role("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6")
KEY_VAULT_READER = Role("Key Vault Reader", "21090545-7ca7-4776-b22c-e363652d74d2")
STORAGE_BLOB_DATA_CONTRIBUTOR = Role("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe")
DEVICE_REGISTRY_ADMINISTRATOR = Role("Azure Device Registry Administrator", "12675fd7-7f59-493f-9201-f7944860a2f1")
ARC_ONBOARDING = Role("Kubernetes Cluster - Azure Arc Onboarding", "34e09817-6cbe-4d01-b1a2-e0eac5743d41")
ARC_KUBERNETES_VIEWER = Role("Azure Arc Kubernetes Viewer", "63f0a09d-1495-4db4-a681-037d84835eb4")
ARC_CLUSTER_USER = Role("Azure Arc Enabled Kubernetes Cluster User Role", "00493d72-78f6-4148-b6c5-d3ce8e4799dd")
