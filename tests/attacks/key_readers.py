"""Who can read which private key of a recorded deployment: by vault and role, by secret sync, and anywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from arm.values import leaves, reveal
from graph import pem
from graph.graph import Graph, Resource
from graph.inputs import list_at, text_at

DATA_ROLES = {
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
}
"""Those that read values of secrets (learn.microsoft.com/azure/role-based-access-control/built-in-roles/security)."""
_VAULT_SECRET = "azure-native:keyvault:Secret"
_VAULT = "azure-native:keyvault:Vault"
_ROLE = "azure-native:authorization:RoleAssignment"
_ROLE_DEFINITION = "azure-native:authorization:RoleDefinition"
_IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
_CLASS = "azure-native:secretsynccontroller:AzureKeyVaultSecretProviderClass"
_SYNC = "azure-native:secretsynccontroller:SecretSync"


@dataclass(frozen=True)
class Readers:
    """Of one key."""

    vaults: tuple[str, ...] = ()
    """Resource groups of the vaults that hold it; one twice where it is there twice."""
    principals: frozenset[str] = frozenset()
    """Names of the identities that may read one of these vaults; another principal by its id."""
    secrets: tuple[str, ...] = ()
    """Resource groups of the clusters on which a Secret gets it."""


@dataclass(frozen=True)
class Keys:
    """What there is of keys at one moment."""

    readers: Mapping[str, Readers]
    """By the common name of the certificate that the key belongs to."""
    authorities: frozenset[str]
    """Common names of CAs."""
    elsewhere: tuple[str, ...]
    """Where a private key stands that is neither tls's own nor a value of a vault, or stands in clear."""


def find_keys(graph: Graph) -> Keys:
    """Read it from the deployment alone."""
    resources = list(graph.resources.values())
    names, authorities = dict[bytes, str](), set[str]()
    for one in resources:
        for certificate in _certificates(one):
            name = pem.subject(certificate.subject).removeprefix("CN=")
            names[pem.key_of(certificate)] = name
            authorities |= {name} if pem.is_ca(certificate) else set()
    private = {pem.key_of_private(text) for one in resources for text, _, _ in _private_keys(one)} - {None}
    assert private == set(names), "each certificate has its key here, and each key a certificate"
    readers = {name: _find_readers(resources, key) for key, name in names.items()}
    return Keys(readers, frozenset(authorities), tuple(_find_elsewhere(graph)))


def _certificates(resource: Resource) -> list[Any]:
    if not resource.type.startswith("tls:"):
        return []
    return pem.certificates(text_at(reveal(resource.outputs), "certPem"))


def _private_keys(resource: Resource) -> Iterator[tuple[str, str, bool]]:
    """Yield each private key of a resource's values, where it stands, and whether it is marked secret."""
    for where, value, is_secret in leaves({"inputs": resource.inputs, "outputs": resource.outputs}):
        if isinstance(value, str) and pem.PRIVATE_KEY.search(value):
            yield value, where, is_secret


def _find_readers(resources: list[Resource], key: bytes) -> Readers:
    vaults, principals, secrets = list[str](), set[str](), list[str]()
    for held in _of_type(resources, _VAULT_SECRET):
        inputs = reveal(held.inputs)
        if pem.key_of_private(text_at(inputs, "properties.value")) == key:
            vault, name = text_at(inputs, "vaultName"), text_at(inputs, "secretName")
            vaults.append(text_at(inputs, "resourceGroupName"))
            principals |= set(_list_principals(resources, vault))
            secrets += _list_syncs(resources, vault, name)
    return Readers(tuple(vaults), frozenset(principals), tuple(secrets))


def _list_principals(resources: list[Resource], vault_name: str) -> Iterator[str]:
    """Yield who has a role for the vault's data, at the vault or above it."""
    (vault,) = (one for one in _of_type(resources, _VAULT) if text_at(one.inputs, "vaultName") == vault_name)
    assert vault.inputs["properties"]["enableRbacAuthorization"] is True
    assert not list_at(vault.inputs, "properties.accessPolicies")
    assert not any(
        permission.get("dataActions")
        for one in _of_type(resources, _ROLE_DEFINITION)
        for permission in one.inputs["permissions"]
    )
    owners = {
        reveal(one.outputs)["principalId"]: text_at(one.inputs, "resourceName")
        for one in _of_type(resources, _IDENTITY)
    }
    for role in _of_type(resources, _ROLE):
        inputs = reveal(role.inputs)
        reaches = f"{vault.id}/".lower().startswith(f"{text_at(inputs, 'scope')}/".lower())
        if reaches and text_at(inputs, "roleDefinitionId").rpartition("/")[2] in DATA_ROLES:
            yield owners.get(inputs["principalId"], inputs["principalId"])


def _list_syncs(resources: list[Resource], vault: str, name: str) -> Iterator[str]:
    """Yield the resource group of each SecretSync whose class lists the vault's secret, and that takes it."""
    for sync in _of_type(resources, _SYNC):
        group = text_at(sync.inputs, "resourceGroupName")
        for one in _of_type(resources, _CLASS):
            is_its = (
                text_at(one.inputs, "azureKeyVaultSecretProviderClassName"),
                text_at(one.inputs, "resourceGroupName"),
            ) == (text_at(sync.inputs, "secretProviderClassName"), group)
            sources = [text_at(pair, "sourcePath") for pair in list_at(sync.inputs, "objectSecretMapping")]
            listed = yaml.safe_load(text_at(one.inputs, "objects") or "array: []")["array"]
            objects = [yaml.safe_load(item)["objectName"] for item in listed]
            if is_its and text_at(one.inputs, "keyvaultName") == vault and name in objects and name in sources:
                yield group


def _find_elsewhere(graph: Graph) -> Iterator[str]:
    for one in graph.resources.values():
        for _, where, is_secret in _private_keys(one):
            is_kept = one.type.startswith("tls:") or (one.type == _VAULT_SECRET and where.endswith("properties.value"))
            if not (is_kept and is_secret):
                yield f"{one.name}: {where}"
    for where, value, _ in leaves(reveal(graph.outputs)):
        if pem.PRIVATE_KEY.search(str(value)):
            yield f"stack output {where}"


def _of_type(resources: list[Resource], kind: str) -> list[Resource]:
    return [one for one in resources if one.type == kind]
