"""What the settings lead a cluster to contain: the one place that the rules of a closed world read.

Whatever lacks is a finding, and so is a type that stands nowhere here. A new part of a stamp is added here.
Who needs which role is in `rules/identities.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arm.hosting import BY_SCRIPT_TYPE, KINDS
from arm.types import ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT, ROLE_DEFINITION
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.hybridconnectivity import ENDPOINT, SERVICE_CONFIGURATION
from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    CONNECTOR_TEMPLATE,
    DATAFLOW,
    DATAFLOW_ENDPOINT,
    DATAFLOW_PROFILE,
    INSTANCE,
    REGISTRY_ENDPOINT,
)
from arm.types.keyvault import SECRET, VAULT
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT, MAINTENANCE_CONFIGURATION
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL, USER_ASSIGNED_IDENTITY
from arm.types.network import VIRTUAL_NETWORK_PEERING
from arm.types.resources import RESOURCE_GROUP
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from arm.types.storage import BLOB_CONTAINER, STORAGE_ACCOUNT
from rules.facts.extensions import AIO, CERT_MANAGER, SECRET_STORE
from settings.model import Cluster, Listener, Settings

_ONE_EACH = (
    RESOURCE_GROUP, VAULT, STORAGE_ACCOUNT, BLOB_CONTAINER, SCHEMA_REGISTRY, DEVICE_REGISTRY_NAMESPACE, CUSTOM_LOCATION,
    INSTANCE, BROKER, DATAFLOW_PROFILE, REGISTRY_ENDPOINT,
)  # fmt: skip
PROBE = "probe-links"
"""The Run Command that tries the links."""
PROBE_CLIENT = "probe"
"""Follows a link's prefix in the client id with which it does, and which no dataflow of AIO's can have."""
JUDGED_EACH = frozenset({
    ROLE_ASSIGNMENT, ROLE_DEFINITION, USER_ASSIGNED_IDENTITY, FEDERATED_IDENTITY_CREDENTIAL, VIRTUAL_NETWORK_PEERING,
    CONNECTED_CLUSTER, EXTENSION, *BY_SCRIPT_TYPE, BROKER_LISTENER, BROKER_AUTHENTICATION, BROKER_AUTHORIZATION,
    CONNECTOR_TEMPLATE, DATAFLOW, DATAFLOW_ENDPOINT, SECRET, SECRET_PROVIDER_CLASS, SECRET_SYNC,
})  # fmt: skip
"""Types whose number depends on links, releases or gates: each is judged by rules of its own."""


@dataclass(frozen=True)
class ExpectedCluster:
    """What one cluster is to contain."""

    resources: Mapping[ResourceType, int]
    """How many of a type; of other types only those in `JUDGED_EACH` may be there."""
    extensions: tuple[str, ...]
    """Types of Arc extensions; each once, and no further ones."""
    scripts: tuple[str, ...]
    """Run Commands that run once each; gates come beside, where something is waited for."""
    joins: int
    """How many nodes join the first: a script on each."""
    peers: frozenset[str]
    """Clusters whose networks this one's is peered with."""
    listener: Listener | None
    """The one listener that is reached from outside; None: nothing may reach the broker."""
    clients: tuple[str, ...]
    """Clusters that may reach the listener."""


def _find_options(cluster: Cluster) -> Mapping[ResourceType, int]:
    """Return how many of a type a cluster has where its settings ask for them."""
    over_arc = cluster.machine and cluster.machine.ssh_over_arc
    found = {ENDPOINT: 1, SERVICE_CONFIGURATION: 1} if over_arc else {}
    if cluster.maintenance:
        found |= {MAINTENANCE_CONFIGURATION: 1, CONFIGURATION_ASSIGNMENT: 1 + len(cluster.nodes)}
    return found


def expected_of(settings: Settings) -> Mapping[str, ExpectedCluster]:
    """Return what every cluster is to contain, by its name."""
    links = settings.links.values()
    ends = [(link.client, link.broker) for link in links]
    pairs = [(link.client, link.broker) for link in links if link.via == "peering"]
    return {
        name: ExpectedCluster(
            resources={
                **dict.fromkeys((*_ONE_EACH, *KINDS[cluster.hosting].resources), 1),
                **_find_options(cluster),
                **dict.fromkeys(KINDS[cluster.hosting].per_node, 1 + len(cluster.nodes)),
            },
            extensions=(CERT_MANAGER.type, SECRET_STORE.type, AIO.type),
            scripts=(*KINDS[cluster.hosting].scripts, PROBE),
            joins=len(cluster.nodes),
            peers=frozenset(one for pair in pairs if name in pair for one in pair if one != name),
            listener=cluster.listener,
            clients=tuple(client for client, broker in ends if broker == name),
        )
        for name, cluster in settings.clusters.items()
    }  # fmt: skip
