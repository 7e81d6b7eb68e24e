"""What the settings lead a cluster to contain: the one place that the rules of a closed world read.

Whatever is deployed beyond it is a finding, and so is whatever lacks. A new part of a stamp is added here.
Who needs which role is in `needs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arm.hosting import KINDS
from arm.types import ResourceType
from arm.types.deviceregistry import NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import BROKER, DATAFLOW_PROFILE, INSTANCE
from arm.types.keyvault import VAULT
from arm.types.resources import RESOURCE_GROUP
from arm.types.storage import STORAGE_ACCOUNT
from settings.model import Listener, Settings

_ONE_EACH = (
    RESOURCE_GROUP, VAULT, STORAGE_ACCOUNT, SCHEMA_REGISTRY, NAMESPACE, CUSTOM_LOCATION, INSTANCE, BROKER,
    DATAFLOW_PROFILE,
)  # fmt: skip


@dataclass(frozen=True)
class ExpectedExtension:
    """An Arc extension, as the release has it."""

    version: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class ExpectedCluster:
    """What one cluster is to contain."""

    resources: Mapping[ResourceType, int]
    """How many of a type; types that are not named are judged by rules of their own."""
    extensions: Mapping[str, ExpectedExtension]
    """By extension type; each once, and no further ones."""
    scripts: tuple[str, ...]
    """Run Commands that run once each; gates come beside, where something is waited for."""
    peers: frozenset[str]
    """Clusters whose networks this one's is peered with."""
    listener: Listener | None
    """The one listener that is reached from outside; None: nothing may reach the broker."""
    clients: tuple[str, ...]
    """Clusters that may reach the listener."""


def expected_of(settings: Settings) -> Mapping[str, ExpectedCluster]:
    """Return what every cluster is to contain, by its name."""
    links, release = settings.links.values(), settings.release
    extensions = {
        "microsoft.certmanagement": ExpectedExtension(release.cert_manager_version, release.cert_manager_settings),
        "microsoft.azure.secretstore": ExpectedExtension(release.secret_store_version, {}),
        "microsoft.iotoperations": ExpectedExtension(release.aio_version, release.aio_settings),
    }
    ends = [(link.client, link.broker) for link in links]
    pairs = [pair for pair in ends if all(settings.clusters[name].network for name in pair)]
    return {
        name: ExpectedCluster(
            resources=dict.fromkeys((*_ONE_EACH, *KINDS[cluster.hosting].resources), 1),
            extensions=extensions,
            scripts=KINDS[cluster.hosting].scripts,
            peers=frozenset(one for pair in pairs if name in pair for one in pair if one != name),
            listener=cluster.listener,
            clients=tuple(client for client, broker in ends if broker == name),
        )
        for name, cluster in settings.clusters.items()
    }  # fmt: skip
