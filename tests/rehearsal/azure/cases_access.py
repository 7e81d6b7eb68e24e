"""What the rules of vaults, identities and role assignments refuse."""

from __future__ import annotations

from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.cases import bites
from tests.rehearsal.azure.samples import Azure, arm_id, refusal


@bites("WORLD-14", "ConflictError")
def vault_under_the_name_of_a_deleted_one(azure: Azure) -> str:
    azure.deploy("group", "vault")
    azure.delete("vault")
    return refusal(azure.put, "vault")


@bites("WORLD-14", "DeletedVaultNotFound")
def recovery_of_a_vault_that_was_never_deleted(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", properties__createMode="recover")


@bites("WORLD-15", "BadRequest")
def purge_protection_switched_off(azure: Azure) -> str:
    azure.put("group")
    azure.put("vault", properties__enablePurgeProtection=True)
    return refusal(azure.put, "vault", properties__enablePurgeProtection=False)


@bites("WORLD-16", "ObjectIsDeletedButRecoverable")
def secret_under_the_name_of_a_deleted_one(azure: Azure) -> str:
    azure.deploy("group", "vault", "secret")
    azure.world.delete_secret_as_data(arm_id("secret"))
    return refusal(azure.put, "secret")


@bites("WORLD-17", "DisallowedResourceOperation")
def secret_deleted_through_arm(azure: Azure) -> str:
    azure.deploy("group", "vault", "secret")
    return refusal(azure.delete, "secret")


@bites("WORLD-18", "RoleAssignmentExists")
def same_role_under_another_name(azure: Azure) -> str:
    azure.deploy("group", "role")
    return refusal(azure.put, "role", roleAssignmentName=SUBSCRIPTION)


@bites("WORLD-19", "RoleAssignmentUpdateNotPermitted")
def role_name_used_at_another_scope(azure: Azure) -> str:
    azure.deploy("group", "vnet", "role")
    return refusal(azure.put, "role", scope=arm_id("vnet"))


@bites("WORLD-20", "PrincipalNotFound")
def role_for_a_fresh_identity_without_principal_type(azure: Azure) -> str:
    azure.deploy("group", "identity")
    principal = azure.entry("identity").outputs["principalId"]
    return refusal(azure.put, "role", principalId=principal, principalType=None)


@bites("WORLD-22", "Conflict")
def same_subject_twice(azure: Azure) -> str:
    azure.deploy("group", "identity", "credential")
    return refusal(azure.put, "credential", federatedIdentityCredentialResourceName="second")
