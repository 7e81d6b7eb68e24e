"""Refusals of vaults, identities and role assignments."""

from __future__ import annotations

from collections.abc import Iterator

from arm import ids
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.keyvault import SECRET, VAULT
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL, USER_ASSIGNED_IDENTITY
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import AzureState, Call


def vault_name_is_free(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse the name of a deleted vault until it is purged; until then it can only be recovered."""
    if call.row is not VAULT or not call.is_new:
        return
    recovers = ids.at(call.inputs, "properties.createMode") == "recover"
    if state.blocked(call.arm_id) and not recovers:
        message = (
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing"
            " key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft"
            " delete."
        )
        yield ArmError(409, "ConflictError", message)
    elif recovers and not state.blocked(call.arm_id):
        message = f"The specified deleted vault '{call.name}' was not found."
        yield ArmError(404, "DeletedVaultNotFound", message)


def purge_protection_stays(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Purge protection is switched on for ever; false is never accepted."""
    if call.row is VAULT and ids.at(call.inputs, "properties.enablePurgeProtection") is False:
        message = (
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is'
            " an irreversible action."
        )
        yield ArmError(400, "BadRequest", message)


def secret_name_is_free(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse the name of a deleted secret until it is purged."""
    if call.row is SECRET and state.blocked(call.arm_id):
        message = (
            f"Secret {call.name} is currently in a deleted but recoverable state, and its name cannot be reused; in"
            " this state, the secret can only be recovered or purged."
        )
        yield ArmError(409, "ObjectIsDeletedButRecoverable", message)


def secret_is_not_deleted(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to delete a vault secret; only the vault's data plane can."""
    if call.row is SECRET:
        message = "The operation 'delete' on resource type 'vaults/secrets' is disallowed."
        yield ArmError(400, "DisallowedResourceOperation", message)


def role_is_new(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a second assignment for one scope, role and principal."""
    if call.row is not ROLE_ASSIGNMENT or not call.is_new:
        return
    triple = _triple(call.arm_id, call.inputs)
    for other in state.of_type(ROLE_ASSIGNMENT):
        if _triple(other.id, other.inputs) == triple:
            conflicting = other.name.replace("-", "")
            message = f"The role assignment already exists. The ID of the conflicting role assignment is {conflicting}."
            yield ArmError(409, "RoleAssignmentExists", message)


def _triple(arm_id: str, inputs: object) -> tuple[str, str, str]:
    role, principal = ids.at(inputs, "roleDefinitionId"), ids.at(inputs, "principalId")
    return ids.key(ids.parent_of(arm_id)), ids.name_of(str(role)).lower(), str(principal).lower()


def role_name_is_free(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse the GUID that names a role assignment at a second scope."""
    if call.row is not ROLE_ASSIGNMENT or not call.is_new:
        return
    if any(other.name.lower() == call.name.lower() for other in state.of_type(ROLE_ASSIGNMENT)):
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        yield ArmError(400, "RoleAssignmentUpdateNotPermitted", message)


def principal_is_known(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a principal that was just created, unless the assignment says what kind it is."""
    if call.row is not ROLE_ASSIGNMENT or call.inputs.get("principalType"):
        return
    age = state.clock.now() - state.surroundings.principal_spread_seconds
    principal = call.inputs.get("principalId")
    if any(entry.created_at > age and principal in _principals(entry) for entry in state.entries.values()):
        message = (
            f"Principal {principal} does not exist in the directory {state.surroundings.tenant_id}. Check that you have"
            " the correct principal ID. If you are creating this principal and then immediately assigning a role, this"
            " error might be related to a replication delay. In this case, set the role assignment principalType"
            " property to a value, such as ServicePrincipal, User, or Group."
        )
        yield ArmError(400, "PrincipalNotFound", message)


def _principals(entry: Entry) -> tuple[object, object]:
    own = entry.outputs.get("principalId") if entry.row is USER_ASSIGNED_IDENTITY else None
    return own, ids.at(entry.outputs, "identity.principalId")


def is_effective(state: AzureState, scope: str, role_guid: str, principal_id: str, within: float = 0) -> bool:
    """Return whether the principal has the role at the scope or above it, long enough for all of Azure to know.

    Args:
        within: seconds that somebody is going to wait for it.
    """
    return any(
        ids.name_of(role).lower() == role_guid.lower() for role in find_roles(state, scope, principal_id, within)
    )


def find_roles(state: AzureState, scope: str, principal_id: str, within: float = 0) -> list[str]:
    """Return the ids of the role definitions that the principal has at the scope or above it, long enough for Azure.

    Args:
        scope: anywhere if it is empty.
        within: seconds that somebody is going to wait for it.
    """
    age = state.clock.now() + within - state.surroundings.role_spread_seconds
    wanted = principal_id.lower()
    return [
        str(role.inputs.get("roleDefinitionId"))
        for role in state.of_type(ROLE_ASSIGNMENT)
        if str(role.inputs.get("principalId")).lower() == wanted  # first: a large stack has hundreds
        and (not scope or ids.is_below(scope, ids.parent_of(role.id)))
        and role.created_at <= age
    ]


def credential_is_unique(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse issuer and subject that another credential of the identity has."""
    expected = (call.inputs.get("issuer"), call.inputs.get("subject"))
    if call.row is FEDERATED_IDENTITY_CREDENTIAL and expected in [
        (other.inputs.get("issuer"), other.inputs.get("subject")) for other in state.siblings(call)
    ]:
        message = "Issuer and subject combination already exists for this Managed Identity."
        yield ArmError(409, "Conflict", message)


def require_data_rights(state: AzureState, arm_id: str) -> None:
    """Refuse to touch a vault secret as data.

    Raises:
        ArmError: it is not there, or the deployer may not.
    """
    if state.find(arm_id) is None:
        raise ArmError(404, "SecretNotFound", f"A secret with name {ids.name_of(arm_id)} was not found.")
    if not state.surroundings.deployer_has_data_rights:
        message = (
            "Caller is not authorized to perform action on resource. If role assignments, deny assignments or role"
            " definitions were changed recently, please observe propagation time. Action:"
            f" 'Microsoft.KeyVault/vaults/secrets/delete'. Resource: {arm_id}"
        )
        raise ArmError(403, "ForbiddenByRbac", message)
