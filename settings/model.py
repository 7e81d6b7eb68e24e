"""The resolved settings: what the components are given, every default filled in and every name composed.

Nothing here computes: `settings.load` builds these values, once, before any resource exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from settings.cluster_names import ClusterNames
from settings.external_ca import External
from settings.hosts import ExistingCluster, FurtherNode, Network, Proxy
from settings.machines import Machine
from settings.outside import Outside
from settings.releases import Release
from settings.schema import BrokerSection, MaintenanceSection, NodeSection, PkiSection, ProtectionSection


def find_own_generation(generation: int, authority: int) -> int:
    """Return a generation as its setting has it, which `naming.count_generation` has added to the authorities'."""
    return generation - authority + 1


@dataclass(frozen=True)
class Tenant:
    """What only the tenant knows; required for a deployment, stand-ins in a rehearsal."""

    subscription_id: str
    tenant_id: str
    custom_locations_object_id: str
    """Object id of the Custom Locations service principal in this tenant (not its application id)."""
    admin_group_object_id: str
    """Entra group whose members reach the clusters through Arc and are cluster-admin there: they read every key."""
    ssh_public_key: str


@dataclass(frozen=True)
class Listener:
    """The LoadBalancer listener of a broker cluster, which links connect to."""

    name: str
    service_name: str
    authentication_name: str
    authorization_name: str
    port: int
    host: str
    """What clients connect to: the DNS name when set, else the node's static address."""
    dns_names: tuple[str, ...]
    ip_addresses: tuple[IPv4Address, ...]
    """With `dns_names`: the subject alternative names of the server certificate."""
    generation: int
    """Of the whole chain: it rises with the listener's own and with that of the authorities."""
    authority: int
    """Generation of the authorities that it was made under."""
    revoked_generation: int
    """Whatever has this own generation, or a lower one, is taken away at once; 0 for none."""
    root_name: str
    """Common name of the root that sites trust here, and nowhere else."""
    intermediate_name: str
    common_name: str
    secret_name: str
    """Kubernetes Secret (kubernetes.io/tls) of this generation."""
    certificate_secret: str
    """Key Vault secret: leaf and intermediate, PEM."""
    key_secret: str
    """Key Vault secret: private key, PEM."""
    client_ca_config_map: str
    """trust-manager Bundle, and so ConfigMap, with the client root."""
    server_ca_config_map: str
    """The same on a site, with the root of this listener."""

    @property
    def own_generation(self) -> int:
        """Return the generation as its setting has it."""
        return find_own_generation(self.generation, self.authority)


@dataclass(frozen=True)
class Cluster:
    """One stamp: a cluster with everything it owns."""

    name: str
    code: str
    hosting: str
    """The kind of host: a key of `arm.hosting.KINDS`."""
    location: str
    tags: Mapping[str, str]
    """Its own ones."""
    names: ClusterNames
    address: IPv4Address
    """Static address of the first node, and of its broker."""
    network: Network | None
    """None: its host has no VNet of the stack."""
    joined: str
    """`peered` with the networks of its links, or `none`: that is not the stack's to do."""
    machine: Machine | None
    """None: its host is no machine that was there before."""
    existing: ExistingCluster | None
    """None: the stack connects the cluster."""
    node: NodeSection | None
    """The first. None: the stack sets up no node."""
    nodes: tuple[FurtherNode, ...]
    """The others."""
    proxy: Proxy | None
    """None: the node reaches the internet by itself."""
    broker: BrokerSection
    listener: Listener | None
    """Set exactly when a link ends here."""
    admin_username: str
    """Of a machine that the stack makes."""
    arc_proxy_port: int
    """Local port of this cluster's Arc proxy: its own, so that several run side by side."""

    @property
    def image(self) -> str | None:
        """Return the id of the image that its node starts from; None: not one that was prepared."""
        return self.node.image if self.node else None

    @property
    def maintenance(self) -> MaintenanceSection | None:
        """Return the window in which its nodes are patched; None: they have none."""
        return self.node.maintenance if self.node and self.node.maintenance.start else None

    @property
    def arc_resource_group(self) -> str:
        """Return the resource group of the connected cluster."""
        return self.existing.resource_group if self.existing else self.names.resource_group

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """Return the addresses of its nodes, that of the first in front."""
        return (self.address, *(one.address for one in self.nodes))

    @property
    def egress(self) -> tuple[IPv4Network, ...]:
        """Return where connections of this cluster come from, as others see it."""
        return (self.network.subnet,) if self.network else tuple(map(IPv4Network, self.addresses))


@dataclass(frozen=True)
class Topic:
    """One dataflow of a link: messages on `source` (client cluster) go to `destination` (broker cluster)."""

    source: str
    destination: str
    dataflow_name: str
    payload: str
    """`any`, or `json` where nothing else passes."""
    shared: bool
    """Whether other links may publish the destination too."""


@dataclass(frozen=True)
class Link:
    """Messages from the client cluster to the broker cluster, over MQTT with mutual TLS."""

    name: str
    client: str
    broker: str
    via: str
    """`peering`, or `routed` by routes that are not the stack's."""
    topics: tuple[Topic, ...]
    client_id_prefix: str
    client_ids: tuple[str, ...]
    """What its dataflows may connect as: the ids that the settings name, else all that begin with the prefix (`*`)."""
    probe_client_id: str
    """What tries it: an id that no dataflow has, whose session it would end."""
    generation: int
    """It rises with the link's own and with that of the authorities."""
    authority: int
    """Generation of the client authority that signs its certificate."""
    revoked_generation: int
    """Whatever has this own generation, or a lower one, is taken away at once; 0 for none."""
    common_name: str
    """Of the client certificate, whose subject has nothing else: by it the broker knows the link."""
    endpoint_name: str
    secret_name: str
    certificate_secret: str
    key_secret: str
    intermediate_secret: str
    server_ca_config_map: str

    @property
    def own_generation(self) -> int:
        """Return the generation as its setting has it."""
        return find_own_generation(self.generation, self.authority)


@dataclass(frozen=True)
class Peering:
    """Two VNets that a link connects, peered in both directions; `first` < `second`."""

    first: str
    second: str
    first_to_second_name: str
    second_to_first_name: str


@dataclass(frozen=True)
class Authorities:
    """Common names of the authority that signs links; each listener has its own."""

    client_root: str
    client_intermediate: str


@dataclass(frozen=True)
class Settings:
    """Everything that one stack deploys."""

    prefix: str
    environment: str
    instance: str
    location: str
    profile: str
    release: Release
    tenant: Tenant
    admin_users: tuple[str, ...]
    """Object ids of administrators whom clusters know by name, not by their group alone."""
    operator_group: str | None
    """Entra group whose members look at the clusters through Arc and restart pods there: they read no key."""
    custom_roles: bool
    """Whether nodes may delete the connected cluster of their predecessor."""
    tags: Mapping[str, str]
    clusters: Mapping[str, Cluster]
    links: Mapping[str, Link]
    peerings: tuple[Peering, ...]
    pki: PkiSection
    authorities: Authorities
    external: External
    postponed: Mapping[str, int]
    """Owner (as of marks) -> generation that it takes in a later deployment, once others have gone over."""
    protection: ProtectionSection
    values: Mapping[str, object]
    """Dotted path of every setting in effect -> its value as a stack file would write it."""
    origins: Mapping[str, str]
    """The same paths -> `default`, `profile <name>` or `stack file`."""

    @property
    def machines(self) -> dict[str, str]:
        """Return the id of each machine or connected cluster that is there before the stack -> its address."""
        first = [(one.machine or one.existing, one.address) for one in self.clusters.values()]
        further = [(node.machine, node.address) for one in self.clusters.values() for node in one.nodes]
        return {found.resource_id: str(address) for found, address in (*first, *further) if found}

    @property
    def bare_machines(self) -> frozenset[str]:
        """Return the ids of those machines that Azure Arc does not know before the first deployment."""
        machines = (one.machine for one in self.clusters.values())
        return frozenset(one.resource_id for one in machines if one and one.ssh)

    def tags_of(self, cluster: Cluster) -> Mapping[str, str]:
        """Return the tags of everything that belongs to a cluster."""
        return {**self.tags, **cluster.tags}

    @property
    def outside(self) -> Outside:
        """Return what the stack relies on and does not make."""
        routed = [link for link in self.links.values() if link.via == "routed"]
        ends = [(self.clusters[link.client], self.clusters[link.broker]) for link in routed]
        return Outside(
            routes=frozenset(
                (str(address), str(broker.address)) for client, broker in ends for address in client.addresses
            ),
            proxies={
                str(address): (one.proxy.http, one.proxy.https)
                for one in self.clusters.values()
                if one.proxy
                for address in one.addresses
            },
            images=frozenset((one.image, one.location) for one in self.clusters.values() if one.image),
        )

    def links_from(self, cluster: str) -> list[Link]:
        return [link for link in self.links.values() if link.client == cluster]

    def links_to(self, cluster: str) -> list[Link]:
        return [link for link in self.links.values() if link.broker == cluster]

    def listener_of(self, link: Link) -> Listener:
        """Return the listener that a link connects to; every cluster where a link ends has one."""
        listener = self.clusters[link.broker].listener
        assert listener is not None, link.broker
        return listener
