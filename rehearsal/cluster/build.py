"""The clusters that the modelled Azure has, computed from its entries and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from arm.types.iotoperations import (
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    DATAFLOW_ENDPOINT,
    INSTANCE,
)
from arm.types.kubernetes import CONNECTED_CLUSTER
from rehearsal.azure.state import Entry
from rehearsal.cluster import broker, dataflows
from rehearsal.cluster.broker import Around
from rehearsal.cluster.deployed import Deployed, IsEffective
from rehearsal.cluster.model import ClusterView, Problem, Secret
from rehearsal.cluster.network import links_are_reachable
from rehearsal.cluster.node_state import facts_of
from rehearsal.cluster.placement import Reached, kind_and_name, reached
from rehearsal.cluster.sync import synced
from rehearsal.cluster.trust import trusted


def views(
    entries: Iterable[Entry],
    is_effective: IsEffective,
    *,
    at: datetime | None = None,
    unmanaged: Mapping[str, Sequence[Secret]] | None = None,
) -> list[ClusterView]:
    """Every connected cluster, by name.

    Args:
        entries: what exists in Azure.
        is_effective: `World.is_effective`, as roles take their time.
        at: the moment at which certificates are judged, now if left out. Real time, not the world's clock, because
            certificates are really issued.
        unmanaged: cluster -> Secrets that somebody made by hand.
    """
    deployed = Deployed(entries, is_effective, at or datetime.now(UTC))
    clusters = sorted(deployed.of_type(CONNECTED_CLUSTER), key=lambda cluster: cluster.name)
    found = [view_of(deployed, cluster, (unmanaged or {}).get(cluster.name, ())) for cluster in clusters]
    across = [dataflows.client_ids_are_unique(found), links_are_reachable(deployed, found)]
    return [
        replace(view, problems=[*view.problems, *(one for more in across for one in more.get(view.name, []))])
        for view in found
    ]


def view_of(deployed: Deployed, cluster: Entry, unmanaged: Sequence[Secret] = ()) -> ClusterView:
    """One cluster, without what only a look at the others shows."""
    facts = facts_of(deployed, cluster)
    if not facts.answers:
        return _nothing(cluster, facts.problems)
    here = reached(deployed, cluster, facts)
    secrets = synced(deployed, cluster, facts, here, {secret.name: secret for secret in unmanaged})
    trust = trusted(cluster, facts, here)
    around = Around(cluster, here, secrets.secrets, trust.config_maps, deployed.at)
    return ClusterView(
        name=cluster.name,
        addresses=facts.addresses,
        secrets=secrets.secrets,
        config_maps=trust.config_maps,
        listeners=around.properties(BROKER_LISTENER),
        authentications=around.properties(BROKER_AUTHENTICATION),
        authorizations=around.properties(BROKER_AUTHORIZATION),
        endpoints=around.properties(DATAFLOW_ENDPOINT),
        dataflows=dataflows.dataflows_of(around),
        frontends_up=broker.frontends_up(around),
        problems=[
            *facts.problems,
            *here.problems,
            *_forms(cluster, here),
            *secrets.problems,
            *trust.problems,
            *broker.problems(around),
            *dataflows.problems(around, facts.addresses),
        ],
        conditions=secrets.conditions,
    )


def _nothing(cluster: Entry, problems: Sequence[Problem]) -> ClusterView:
    return ClusterView(
        name=cluster.name,
        addresses=(),
        secrets={},
        config_maps={},
        listeners={},
        authentications={},
        authorizations={},
        endpoints={},
        dataflows={},
        frontends_up=False,
        problems=problems,
    )


def _forms(cluster: Entry, here: Reached) -> Iterator[Problem]:
    """What ARM would have refused (WORLD-03): AIO's operator would not read it either."""
    for child in here.children:
        if child.row.module == INSTANCE.module:
            for finding in child.shape.check(child.inputs):
                yield Problem("CLUSTER-27", cluster.name, kind_and_name(child), str(finding), "correct it")
