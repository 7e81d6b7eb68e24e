"""API versions of what carries AIO on a cluster, the same in every release: what AIO's own command line asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 26)


def _constant(name: str) -> Source:
    return Source("Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration/common.py", name, _READ)


CUSTOM_LOCATIONS = Fact("2021-08-31-preview", _constant("CUSTOM_LOCATIONS_API_VERSION"))
EXTENSIONS = Fact("2023-05-01", _constant("CLUSTER_EXTENSIONS_API_VERSION"))
SECRET_SYNC = Fact("2024-08-21-preview", _constant("SECRET_SYNC_API_VERSION"))
MANAGED_IDENTITIES = Fact("2023-01-31", _constant("MANAGED_IDENTITY_API_VERSION"))
ROLE_ASSIGNMENTS = Fact("2022-04-01", _constant("ROLE_ASSIGNMENT_API_VERSION"))

BY_ARM_TYPE: Mapping[str, Fact[str]] = {
    "Microsoft.ExtendedLocation/customLocations": CUSTOM_LOCATIONS,
    "Microsoft.KubernetesConfiguration/extensions": EXTENSIONS,
    "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses": SECRET_SYNC,
    "Microsoft.SecretSyncController/secretSyncs": SECRET_SYNC,
    "Microsoft.ManagedIdentity/userAssignedIdentities": MANAGED_IDENTITIES,
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": MANAGED_IDENTITIES,
    "Microsoft.Authorization/roleAssignments": ROLE_ASSIGNMENTS,
}
