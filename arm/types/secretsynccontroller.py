"""Microsoft.SecretSyncController."""

from __future__ import annotations

from arm.types.resource_type import Estimate, ResourceType

_VERSIONS = ("2024-08-21-preview",)
_REPLACED_BY = ("location", "extendedLocation")  # [spec]

SECRET_PROVIDER_CLASS = ResourceType(
    "secretsynccontroller",
    "AzureKeyVaultSecretProviderClass",
    _VERSIONS,
    "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses/{azureKeyVaultSecretProviderClassName}",
    Estimate("secret sync", 15),
    replaced_by=_REPLACED_BY,
)
SECRET_SYNC = ResourceType(
    "secretsynccontroller",
    "SecretSync",
    _VERSIONS,
    "Microsoft.SecretSyncController/secretSyncs/{secretSyncName}",
    Estimate("secret sync", 20),
    replaced_by=_REPLACED_BY,
)
