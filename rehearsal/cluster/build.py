"""Compute the clusters that the modelled Azure has, from its entries and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    DATAFLOW_ENDPOINT,
    INSTANCE,
)
from arm.types.kubernetes import CONNECTED_CLUSTER
from rehearsal.azure.entries import Entry
from rehearsal.cluster import broker, dataflows, pod_network
from rehearsal.cluster.broker import AioNamespace
from rehearsal.cluster.inventory import Answers, Inventory, IsEffective, Routes
from rehearsal.cluster.model import ClusterView, Secret, Symptom
from rehearsal.cluster.network import find_unreachable_links
from rehearsal.cluster.node_state import read_node_state
from rehearsal.cluster.placement import Placement, describe, find_placement
from rehearsal.cluster.sync import sync_secrets
from rehearsal.cluster.trust import deliver_bundles

Seen = dict[str, tuple[ClusterView, Answers]]
"""By the id of the connected cluster: how it was, and what it was made of."""


def build_views(
    entries: Iterable[Entry],
    is_effective: IsEffective,
    *,
    at: datetime | None = None,
    unmanaged: Mapping[str, Sequence[Secret]] | None = None,
    seen: Seen | None = None,
    routes: Routes = (),
) -> list[ClusterView]:
    """Return every connected cluster, by name.

    Args:
        entries: what exists in Azure.
        is_effective: `World.is_effective`, as roles take their time.
        at: the moment at which certificates are judged, now if left out. Real time, not the world's clock, because
            certificates are really issued.
        unmanaged: cluster -> Secrets that somebody made by hand.
        seen: what an earlier call has left there: a cluster is built anew only where something that it is made of has
            changed; that time has passed is no such change. Without it the time of a change of many clusters, looked
            at step by step, grows with their square.
        routes: addresses between which packets find their way without a peering.
    """
    inventory = Inventory(entries, is_effective, at or datetime.now(UTC), routes)
    clusters = sorted(inventory.of_type(CONNECTED_CLUSTER), key=lambda cluster: cluster.name)
    if seen is not None:
        _keep(inventory, clusters, seen)
    found = [build_view(inventory, cluster, (unmanaged or {}).get(cluster.name, ())) for cluster in clusters]
    between = [dataflows.find_duplicate_client_ids(found), find_unreachable_links(inventory, found)]
    return [
        replace(view, problems=[*view.problems, *(one for more in between for one in more.get(view.name, []))])
        for view in found
    ]


def _keep(inventory: Inventory, clusters: Sequence[Entry], seen: Seen) -> None:
    """Give the inventory the views of these clusters; `seen` afterwards holds what it has given."""
    before = dict(seen)
    seen.clear()
    for cluster in clusters:
        view, answers = before.get(cluster.id, (None, {}))
        if view is None or not inventory.answers(answers):
            listening, answers = inventory.listen()
            listening.find(cluster.id)
            view = _build(listening, cluster, ())
        seen[cluster.id] = view, answers
        inventory.views[cluster.id] = view


def build_view(inventory: Inventory, cluster: Entry, unmanaged: Sequence[Secret] = ()) -> ClusterView:
    """Return one cluster, without what only a comparison with others shows."""
    if unmanaged:
        return _build(inventory, cluster, unmanaged)
    if cluster.id not in inventory.views:
        inventory.views[cluster.id] = _build(inventory, cluster, ())
    return inventory.views[cluster.id]


def _build(inventory: Inventory, cluster: Entry, unmanaged: Sequence[Secret]) -> ClusterView:
    node = read_node_state(inventory, cluster)
    if not node.is_reachable:
        return ClusterView(cluster.name, problems=node.problems)
    placement = find_placement(inventory, cluster, node)
    secrets = sync_secrets(inventory, cluster, node, placement, {secret.name: secret for secret in unmanaged})
    config_maps, trust_problems = deliver_bundles(cluster, node, placement)
    aio = AioNamespace(cluster, placement, secrets.secrets, config_maps, node.objects, inventory.at)
    return ClusterView(
        name=cluster.name,
        addresses=node.addresses,
        secrets=secrets.secrets,
        config_maps=config_maps,
        brokers=aio.properties(BROKER),
        listeners=aio.properties(BROKER_LISTENER),
        authentications=aio.properties(BROKER_AUTHENTICATION),
        authorizations=aio.properties(BROKER_AUTHORIZATION),
        endpoints=aio.properties(DATAFLOW_ENDPOINT),
        dataflows=dataflows.read_dataflows(aio),
        frontends_up=broker.are_frontends_up(aio),
        taken_ports=broker.find_taken_ports(node.objects),
        network_policies=pod_network.find_policies(node.objects),
        problems=[
            *node.problems,
            *placement.problems,
            *_check_forms(cluster, placement),
            *secrets.problems,
            *trust_problems,
            *broker.find_problems(aio),
            *dataflows.find_problems(aio, node.addresses),
            *pod_network.find_problems(aio),
        ],
        conditions=secrets.conditions,
    )


def _check_forms(cluster: Entry, placement: Placement) -> Iterator[Symptom]:
    """Yield what ARM would have refused (WORLD-03): AIO's operator would not read it either."""
    for child in placement.children:
        if child.row.module == INSTANCE.module:
            for finding in child.shape.check(child.inputs):
                yield Symptom("CLUSTER-27", cluster.name, describe(child), str(finding), "correct it")
