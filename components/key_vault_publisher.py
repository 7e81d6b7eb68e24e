"""Publishing of one cluster's keys and certificates into its own Key Vault, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import pulumi
from pulumi_azure_native import keyvault

from components.authorities import Certificate
from components.cluster_stamp import ClusterStamp
from components.pki_chain import PkiChain
from settings.model import Cluster
from settings.naming import client_ca_config_map
from settings.rotation import Live

Published = tuple[pulumi.Output[str], Certificate]
"""A value, PEM, and the certificate that it is or belongs to."""


@dataclass(frozen=True)
class KeyVaultPublisherArgs:
    """The cluster whose vault it is, and what goes into it."""

    stamp: ClusterStamp
    values: Mapping[str, Published]
    """By name of the vault secret."""


class KeyVaultPublisher(pulumi.ComponentResource):
    """The vault secrets of one cluster. Waits for its vault and the certificates.

    Written through ARM, so the deployer needs no rights on the vault's data. Names carry the generation, so a value
    is never overwritten by another key's: secret sync reads certificate and key one by one, and would see half a pair.
    """

    secrets: dict[str, keyvault.Secret]

    def __init__(self, name: str, args: KeyVaultPublisherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:key_vault_publisher:KeyVaultPublisher", name, None, opts)
        stamp = args.stamp
        self.secrets = {
            secret_name: keyvault.Secret(
                f"{stamp.cluster.name}-vault-{secret_name}",
                resource_group_name=stamp.resource_group.name,
                vault_name=stamp.vault.name,
                secret_name=secret_name,
                properties=keyvault.SecretPropertiesArgs(
                    value=pulumi.Output.secret(value),
                    content_type="application/x-pem-file",
                    # Azure tells of what is about to end; it hands out all the same what has ended or not begun
                    # (https://learn.microsoft.com/azure/key-vault/secrets/about-secrets).
                    attributes=keyvault.SecretAttributesArgs(
                        enabled=True,
                        not_before=certificate.not_before.apply(to_seconds),
                        expires=certificate.not_after.apply(to_seconds),
                    ),
                ),
                tags=stamp.settings.tags_of(stamp.cluster),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # Deleting one needs rights on the vault's data, which the deployer does not have; ARM cannot.
                    retain_on_delete=True,
                    deleted_with=stamp.vault,
                    replace_with=[stamp.vault],
                ),
            )
            for secret_name, (value, certificate) in sorted(args.values.items(), key=itemgetter(0))
        }
        self.register_outputs({"secrets": sorted(self.secrets)})


def to_seconds(moment: str) -> int:
    """Return the seconds since 1970 of a moment in RFC 3339, as Key Vault has it."""
    return int(datetime.fromisoformat(moment).timestamp())


def select_secrets(live: Live, cluster: Cluster, pki: PkiChain) -> dict[str, Published]:
    """Return what this cluster syncs: its broker's live pairs, and those of each link that starts here."""
    values: dict[str, Published] = {}
    for listener in live.listeners(cluster.name):
        leaf = pki.servers[cluster.name, listener.generation]
        values[listener.certificate_secret] = leaf.chain_pem, leaf.certificate
        values[listener.key_secret] = leaf.certificate.key_pem, leaf.certificate
    for link in live.settings.links_from(cluster.name):
        for one in live.links_as(link):
            leaf = pki.clients[link.name, one.generation]
            values[one.certificate_secret] = leaf.chain_pem, leaf.certificate
            values[one.key_secret] = leaf.certificate.key_pem, leaf.certificate
            values[one.intermediate_secret] = leaf.authority.above_pem, leaf.authority.intermediate
    return values


def select_trust_bundles(live: Live, cluster: Cluster, pki: PkiChain) -> dict[str, pulumi.Output[str]]:
    """Return the live roots that this cluster's AIO may be told to trust, each in a ConfigMap of its own.

    Those of clients at a broker, those of the brokers where a link starts.
    """
    bundles: dict[str, pulumi.Output[str]] = {}
    if cluster.listener:
        bundles = {client_ca_config_map(number): one.root.pem for number, one in pki.client_authorities.items()}
    for link in live.settings.links_from(cluster.name):
        for listener in live.listeners(link.broker):
            root = pki.servers[link.broker, listener.generation].authority.root
            bundles[listener.server_ca_config_map] = root.pem
    return bundles
