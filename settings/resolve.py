"""From checked, completed input to the `Settings` that components are given: names composed, units converted."""

from __future__ import annotations

from collections.abc import Mapping

from settings.cluster_names import ClusterNames, cluster_names, node_names
from settings.errors import TableError
from settings.external_ca import External
from settings.hosts import ExistingCluster, FurtherNode, Network, Proxy
from settings.machines import Machine, Ssh, SshOverArc
from settings.model import (
    Authorities,
    Cluster,
    Link,
    Listener,
    Peering,
    Settings,
    Tenant,
    Topic,
)
from settings.naming import (
    admin_username,
    arc_proxy_port,
    authority_names,
    count_generation,
    dataflow_names,
    link_names,
    listener_names,
    server_authority_names,
    server_ca_config_map,
)
from settings.proxies import NEVER
from settings.releases import RELEASES
from settings.schema import (
    TENANT_KEYS,
    ClusterSection,
    ConnectedClusterSection,
    FurtherMachineSection,
    LinkSection,
    MachineSection,
    SshOverArcSection,
    SshSection,
    StackSection,
)
from settings.well_known import CLIENT_ID_WILDCARD, PROBE_CLIENT

_COMPLETED = "`defaults.completed` has filled it in"


def resolved(stack: StackSection, values: Mapping[str, object], origins: Mapping[str, str]) -> Settings:
    """Return the settings for the components; `stack` has passed every rule.

    Raises:
        TableError: the default release has no row.
    """
    if stack.release not in RELEASES:  # what a stack file says has been checked
        known = ", ".join(RELEASES)
        raise TableError(
            f"settings/releases.py: DEFAULT_RELEASE is {stack.release!r}; expected a row of RELEASES: {known}. Mend it"
        )
    links = [_link(link, stack) for link in stack.links]
    return Settings(
        prefix=stack.prefix,
        environment=stack.environment,
        instance=stack.instance,
        location=stack.location,
        profile=stack.profile,
        release=RELEASES[stack.release],
        tenant=Tenant(**{key: getattr(stack, key) for key in TENANT_KEYS}),
        admin_users=tuple(stack.admin_user_object_ids),
        operator_group=stack.operator_group_object_id,
        custom_roles=stack.custom_roles,
        tags=stack.tags,
        clusters={name: _cluster(name, cluster, stack) for name, cluster in stack.clusters.items()},
        links={link.name: link for link in links},
        peerings=_peerings(stack),
        pki=stack.pki,
        authorities=Authorities(**authority_names(stack, stack.pki.generation)),
        external=External(),
        postponed={},
        protection=stack.protection,
        values=values,
        origins=origins,
    )


def _cluster(name: str, cluster: ClusterSection, stack: StackSection) -> Cluster:
    assert cluster.location and cluster.network and cluster.node.address, _COMPLETED
    space, subnet = cluster.address_space, cluster.subnet
    is_broker = any(link.broker == name for link in stack.links)
    existing = _existing(cluster.connected_cluster)
    names = cluster_names(
        stack.prefix, cluster.code, stack.environment, stack.instance, existing.name if existing else ""
    )
    return Cluster(
        name=name,
        code=cluster.code,
        hosting=cluster.hosting,
        location=cluster.location,
        tags=cluster.tags,
        names=names,
        address=cluster.node.address,
        network=Network(space, subnet) if space and subnet else None,
        joined=cluster.network,
        machine=_machine(cluster.machine),
        existing=existing,
        node=None if existing else cluster.node,
        nodes=_nodes(cluster, names),
        proxy=_proxy(name, cluster, stack),
        admin_username=admin_username(stack.prefix, cluster.code),
        broker=cluster.broker,
        listener=_listener(name, cluster, stack) if is_broker else None,
        arc_proxy_port=arc_proxy_port(cluster.code),
    )


def _nodes(cluster: ClusterSection, names: ClusterNames) -> tuple[FurtherNode, ...]:
    found = []
    for one in cluster.nodes:
        assert one.address and one.vm_size, _COMPLETED
        node = cluster.node.model_copy(update={"vm_size": one.vm_size, "zone": one.zone, "address": one.address})
        own = node_names(names, one.name)
        found.append(FurtherNode(one.name, own, one.address, _machine(one.machine), node))
    return tuple(found)


def _proxy(name: str, cluster: ClusterSection, stack: StackSection) -> Proxy | None:
    """Return the proxy with all that goes past it: what no node asks one for, its own network, and its brokers."""
    proxy = cluster.node.proxy
    own = [cluster.subnet] if cluster.subnet else [cluster.node.address, *(one.address for one in cluster.nodes)]
    if not (proxy.http and proxy.https):
        return None
    brokers = [stack.clusters[link.broker] for link in stack.links if link.client == name]
    hosts = [host for one in brokers for host in (one.node.address, one.listener.dns_name) if host]
    return Proxy(proxy.http, proxy.https, tuple(dict.fromkeys(map(str, (*proxy.no_proxy, *NEVER, *own, *hosts)))))


def _machine(machine: MachineSection | FurtherMachineSection) -> Machine | None:
    """Return a machine; one of a further node is Arc-enabled already, and nobody gets there by way of Azure."""
    if machine.resource_id is None:
        return None
    group, name = machine.resource_id.split("/")[4::4]
    ssh, over_arc = (
        (_ssh(machine.ssh), machine.ssh_over_arc)
        if isinstance(machine, MachineSection)
        else (None, SshOverArcSection())
    )
    return Machine(
        resource_id=machine.resource_id,
        resource_group=group,
        name=name,
        ssh=ssh,
        ssh_over_arc=SshOverArc(over_arc.user, over_arc.port) if over_arc.user else None,
    )


def _ssh(ssh: SshSection) -> Ssh | None:
    if ssh.host is None:
        return None
    assert ssh.host_key, "a rule asks for it"
    return Ssh(ssh.host, ssh.port, ssh.user, ssh.host_key)


def _existing(cluster: ConnectedClusterSection) -> ExistingCluster | None:
    """Return the cluster with its id as Azure writes it, whatever case the settings have."""
    if cluster.resource_id is None:
        return None
    _, _, subscription, _, group, _, _, _, name = cluster.resource_id.split("/")
    place = f"/subscriptions/{subscription.lower()}/resourceGroups/{group}"
    arm_id = f"{place}/providers/Microsoft.Kubernetes/connectedClusters/{name}"
    return ExistingCluster(arm_id, group, name, cluster.kubeconfig, cluster.context)


def _listener(name: str, cluster: ClusterSection, stack: StackSection) -> Listener:
    assert cluster.node.address, _COMPLETED
    listener, authority = cluster.listener, stack.pki.generation
    generation = count_generation(listener.generation, authority)
    return Listener(
        port=listener.port,
        host=listener.dns_name or str(cluster.node.address),
        dns_names=(listener.dns_name,) if listener.dns_name else (),
        ip_addresses=(cluster.node.address,),
        generation=generation,
        authority=authority,
        revoked_generation=listener.revoked_generation,
        **server_authority_names(stack, cluster.code, generation),
        **listener_names(stack, name, generation, authority),
    )


def _link(link: LinkSection, stack: StackSection) -> Link:
    assert link.topics and link.via and link.client_id_prefix, _COMPLETED
    authority, broker = stack.pki.generation, stack.clusters[link.broker].listener
    generation = count_generation(link.generation, authority)
    pairs = [(topic.source, topic.destination) for topic in link.topics]
    names = dataflow_names(link.broker, pairs)
    return Link(
        client=link.client,
        broker=link.broker,
        via=link.via,
        topics=tuple(
            Topic(topic.source, topic.destination, name, topic.payload, topic.shared)
            for topic, name in zip(link.topics, names, strict=True)
        ),
        client_id_prefix=link.client_id_prefix,
        client_ids=tuple(link.client_ids or [f"{link.client_id_prefix}{CLIENT_ID_WILDCARD}"]),
        probe_client_id=f"{link.client_id_prefix}{PROBE_CLIENT}",
        generation=generation,
        authority=authority,
        revoked_generation=link.revoked_generation,
        server_ca_config_map=server_ca_config_map(link.broker, count_generation(broker.generation, authority)),
        **link_names(stack, link.client, link.broker, generation),
    )


def _peerings(stack: StackSection) -> tuple[Peering, ...]:
    """Return one peering per two clusters that links peer, whichever way the links between them go."""
    pairs = sorted({tuple(sorted((link.client, link.broker))) for link in stack.links if link.via == "peering"})
    code = {name: cluster.code for name, cluster in stack.clusters.items()}
    return tuple(
        Peering(first, second, f"peer-{code[first]}-to-{code[second]}", f"peer-{code[second]}-to-{code[first]}")
        for first, second in pairs
    )
