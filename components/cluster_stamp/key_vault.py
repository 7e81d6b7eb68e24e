"""The cluster's Key Vault: it holds only what this cluster syncs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from components.context import StampContext
from components.role_assignments import assign_role
from settings import roles


@dataclass(frozen=True)
class ClusterKeyVault:
    """The vault, and who reads it."""

    vault: keyvault.Vault
    reader_roles: list[pulumi.Resource]
    """Rights that secret sync needs before it can read."""


def create_key_vault(context: StampContext, reader: managedidentity.UserAssignedIdentity) -> ClusterKeyVault:
    """Create the vault, readable by secret sync alone and writable by nobody but ARM."""
    protection = context.settings.protection
    vault = keyvault.Vault(
        context.logical_name("key-vault"),
        resource_group_name=context.group.name,
        vault_name=context.names.key_vault,
        location=context.cluster.location,
        tags=context.tags,
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=context.settings.tenant.tenant_id,
            sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=protection.soft_delete_days,
            # Azure refuses `false`: the property is either on for good or absent.
            enable_purge_protection=True if protection.purge_protection else None,
            public_network_access="Enabled",
        ),
        opts=context.options(protect=protection.protect),
    )
    # Vault scope is enough: nobody else's secrets are in this vault.
    reader_roles: list[pulumi.Resource] = [
        assign_role(context, thing, role_guid, scope=vault.id, principal_id=reader.principal_id)
        for thing, role_guid in (
            ("secret-sync-secrets-user-role", roles.KEY_VAULT_SECRETS_USER.guid),
            ("secret-sync-reader-role", roles.KEY_VAULT_READER.guid),
        )
    ]
    return ClusterKeyVault(vault, reader_roles)
