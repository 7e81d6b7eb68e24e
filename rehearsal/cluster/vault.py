"""Answer secret sync as Entra and Key Vault do: a token or not, a value or not, in their words."""

from __future__ import annotations

from dataclasses import dataclass

from arm import ids
from arm.types.keyvault import VAULT
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL, USER_ASSIGNED_IDENTITY
from graph.inputs import at, list_at, map_at, shorten, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.inventory import Inventory, is_ready
from rules.facts import entra, roles


class RefusedError(Exception):
    """Why there is no token, no value or no Secret; `reason` is that of the SecretSync's condition."""

    def __init__(self, rule: str, text: str, remedy: str, reason: str = "ProviderError") -> None:
        super().__init__(text)
        self.rule, self.text, self.remedy, self.reason = rule, text, remedy, reason


@dataclass(frozen=True)
class ServiceAccount:
    """Who signs in: a service account, with tokens of its cluster's issuer."""

    issuer: str
    namespace: str
    name: str

    @property
    def subject(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"


@dataclass(frozen=True)
class Reader:
    """An identity that has a token for the vault."""

    identity: Entry
    vault: Entry


def sign_in(inventory: Inventory, account: ServiceAccount, provider_class: Entry) -> Reader:
    """Exchange the service account's token for one of the identity, and open the vault with it.

    The tenant of a token is that of the class: the modelled directory has one tenant.

    Raises:
        RefusedError: Entra or Key Vault refuses.
    """
    client_id = text_at(provider_class.inputs, "clientId")
    tenant, vault_name = text_at(provider_class.inputs, "tenantId"), text_at(provider_class.inputs, "keyvaultName")
    identity = next(
        (one for one in inventory.of_type(USER_ASSIGNED_IDENTITY) if one.outputs.get("clientId") == client_id), None
    )
    if identity is None or not is_ready(identity):
        message = f"AADSTS700016: Application with identifier '{client_id}' was not found in the directory '{tenant}'."
        raise RefusedError("CLUSTER-09", message, "give the class the client id of the identity for secret sync")
    _check_federation(inventory, account, identity)
    return _open_vault(inventory, identity, tenant, vault_name)


def _check_federation(inventory: Inventory, account: ServiceAccount, identity: Entry) -> None:
    """Entra compares issuer, subject and audience exactly, in this order."""
    left = [one for one in inventory.below(FEDERATED_IDENTITY_CREDENTIAL, identity.id) if is_ready(one)]
    if not left:
        message = (
            f"AADSTS70025: The client '{text_at(identity.outputs, 'clientId')}'({identity.name}) has no configured"
        )
        remedy = f"add a federated credential for issuer {account.issuer} and subject {account.subject}"
        raise RefusedError("CLUSTER-09", f"{message} federated identity credentials.", remedy)
    for code, what, presented in (
        ("AADSTS700211", "issuer", account.issuer),
        ("AADSTS700213", "subject", account.subject),
        ("AADSTS700212", "audience", entra.TOKEN_EXCHANGE_AUDIENCE.value),
    ):
        before = left
        left = [one for one in before if presented in _read_trusted(one, what)]
        if not left:
            message = (
                f"{code}: No matching federated identity record found for presented assertion {what} '{presented}'."
                " Check your federated identity credential Subject, Audience and Issuer against the presented"
                " assertion."
            )
            given = " or ".join(sorted({value for one in before for value in _read_trusted(one, what)}))
            remedy = f"set the {what} of {identity.name}'s federated credential to {presented}; it is {given}"
            raise RefusedError("CLUSTER-09", message, remedy)


def _read_trusted(credential: Entry, what: str) -> list[str]:
    given = list_at(credential.inputs, "audiences") if what == "audience" else [text_at(credential.inputs, what)]
    return [str(one) for one in given]


def _open_vault(inventory: Inventory, identity: Entry, tenant: str, name: str) -> Reader:
    vault = next((one for one in inventory.of_type(VAULT) if one.name.lower() == name.lower()), None)
    if vault is None:
        message = f"dial tcp: lookup {name}.vault.azure.net: no such host"
        raise RefusedError("CLUSTER-10", message, "give the class the name of the cluster's own vault")
    if text_at(vault.inputs, "properties.tenantId").lower() != tenant.lower():
        expected = f"https://sts.windows.net/{text_at(vault.inputs, 'properties.tenantId')}/"
        message = f"AKV10032: Invalid issuer. Expected one of {expected}, found https://sts.windows.net/{tenant}/."
        raise RefusedError("CLUSTER-10", message, "give the provider class and the vault the same tenant")
    if text_at(vault.inputs, "properties.publicNetworkAccess") == "Disabled":
        message = (
            "Public network access is disabled and request is not from a trusted service nor via an approved private"
            " link. (ForbiddenByConnection)"
        )
        raise RefusedError(
            "CLUSTER-10", message, f"enable public network access of {vault.name}: no private link is here"
        )
    if text_at(vault.inputs, "properties.networkAcls.defaultAction") == "Deny":
        message = "Client address is not authorized and caller is not a trusted service. (ForbiddenByFirewall)"
        raise RefusedError("CLUSTER-10", message, f"let the cluster's NAT address through the firewall of {vault.name}")
    return Reader(identity, vault)


def read_secret(inventory: Inventory, reader: Reader, name: str, version: str = "") -> str:
    """Return the value of a vault secret.

    Raises:
        RefusedError: Key Vault refuses it.
    """
    secret_id = f"{reader.vault.id}/secrets/{name}"
    _check_access(inventory, reader, secret_id)
    secret = inventory.find_ready(secret_id)
    if secret is None or version not in ("", ids.name_of(text_at(secret.outputs, "properties.secretUriWithVersion"))):
        requested = f"{name}/{version}" if version else name
        message = f"SecretNotFound: A secret with (name/id) {requested} was not found in this key vault."
        raise RefusedError(
            "CLUSTER-12", message, f"publish {name} in {reader.vault.name}, or correct the class's objects"
        )
    if at(secret.inputs, "properties.attributes.enabled") is False:
        message = f"SecretDisabled: Operation get is not allowed on a disabled secret. ({name})"
        raise RefusedError("CLUSTER-12", message, f"enable {name} in {reader.vault.name}")
    return text_at(secret.inputs, "properties.value")


def _check_access(inventory: Inventory, reader: Reader, secret_id: str) -> None:
    identity, vault = reader.identity, reader.vault
    principal, client = text_at(identity.outputs, "principalId"), text_at(identity.outputs, "clientId")
    if at(vault.inputs, "properties.enableRbacAuthorization") is not True:
        message = (
            f"AccessDenied: The user, group or application 'appid={client};oid={principal}' does not have secrets get"
            f" permission on key vault '{vault.name}'."
        )
        raise RefusedError("CLUSTER-11", message, "set enableRbacAuthorization to true: no role counts without it")
    role = roles.KEY_VAULT_SECRETS_USER
    if inventory.is_effective(secret_id, role.guid, principal):
        return
    message = (
        f"ForbiddenByRbac: Caller is not authorized to perform action on resource. Caller: appid={client};"
        f"oid={principal} Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action' Resource: '{shorten(secret_id)}'"
        " Assignment: (not found) DecisionReason: 'DeniedWithNoValidRBAC'"
    )
    remedy = f"assign {role.name} on {vault.name} to principal {principal}; a new assignment takes up to 10 minutes"
    raise RefusedError("CLUSTER-11", message, remedy)


def find_date_fault(inventory: Inventory, reader: Reader, name: str) -> str:
    """Return what is wrong with the dates of a vault secret, which Key Vault hands out all the same; else empty."""
    secret = inventory.find_ready(f"{reader.vault.id}/secrets/{name}")
    attributes = map_at(secret.inputs, "properties.attributes") if secret else {}
    now = inventory.at.timestamp()
    expires, starts = attributes.get("expires"), attributes.get("notBefore")
    if isinstance(expires, int) and expires <= now:
        return f"vault secret {name} has expired"
    if isinstance(starts, int) and starts > now:
        return f"vault secret {name} is not to be used yet"
    return ""
