"""Secret sync through ARM: which vault secrets become which Kubernetes Secret of the AIO namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import yaml
from pulumi_azure_native import secretsynccontroller

from components.cluster_stamp import ClusterStamp
from settings import well_known


@dataclass(frozen=True)
class SyncedSecret:
    """One Kubernetes Secret and where its keys come from."""

    name: str
    type: str
    """`kubernetes.io/tls` or `Opaque`."""
    keys: Mapping[str, str]
    """Key of the Secret -> vault secret."""


def sync_secrets(
    stamp: ClusterStamp,
    secrets: Sequence[SyncedSecret],
    *,
    published: Mapping[str, pulumi.Resource],
    parent: pulumi.Resource,
) -> list[secretsynccontroller.SecretSync]:
    """Create for each Secret a provider class with its vault secrets, and a SecretSync.

    A class of its own, of the Secret's name: one generation comes and goes without a change of what another is made of.
    Waits for the vault secrets and for what lets the controller read them. ARM's `Succeeded` still does not mean that
    a Secret is there: the controller works after ARM has answered, so the gate looks.
    """
    return [_sync_secret(stamp, secret, published, parent) for secret in secrets]


def _sync_secret(
    stamp: ClusterStamp, secret: SyncedSecret, published: Mapping[str, pulumi.Resource], parent: pulumi.Resource
) -> secretsynccontroller.SecretSync:
    cluster, sources = stamp.cluster, sorted(secret.keys.values())
    needed = [one for name, one in published.items() if name in sources]
    place = secretsynccontroller.AzureResourceManagerCommonTypesExtendedLocationArgs(
        name=stamp.custom_location.id, type="CustomLocation"
    )
    provider_class = secretsynccontroller.AzureKeyVaultSecretProviderClass(
        f"{cluster.name}-{secret.name}-provider-class",
        resource_group_name=stamp.resource_group.name,
        azure_key_vault_secret_provider_class_name=stamp.bind_to_custom_location(secret.name),
        location=cluster.location,
        tags=stamp.settings.tags_of(stamp.cluster),
        extended_location=place,
        client_id=stamp.secret_sync_identity.client_id,
        keyvault_name=stamp.vault.name,
        tenant_id=stamp.settings.tenant.tenant_id,
        objects=list_objects(sources),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[*needed, *stamp.secret_sync_ready]),
    )
    return secretsynccontroller.SecretSync(
        f"{cluster.name}-{secret.name}",
        resource_group_name=stamp.resource_group.name,
        secret_sync_name=stamp.bind_to_custom_location(secret.name),
        location=cluster.location,
        tags=stamp.settings.tags_of(stamp.cluster),
        extended_location=place,
        secret_provider_class_name=provider_class.name,
        service_account_name=well_known.SECRET_SYNC_SERVICE_ACCOUNT,
        kubernetes_secret_type=secret.type,
        object_secret_mapping=[
            secretsynccontroller.KubernetesSecretObjectMappingArgs(source_path=source, target_key=key)
            for key, source in sorted(secret.keys.items())
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def list_objects(vault_secrets: Sequence[str]) -> str:
    """Return the class's `objects`: YAML whose list items are themselves YAML texts.

    Source: https://learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension.
    """
    items = [yaml.safe_dump({"objectName": name, "objectType": "secret"}, sort_keys=True) for name in vault_secrets]
    return yaml.safe_dump({"array": items}, sort_keys=True)
