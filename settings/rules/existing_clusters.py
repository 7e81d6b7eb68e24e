"""Rules of clusters that are there before the stack."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from settings.errors import NOTHING, Problem
from settings.fields import find_about
from settings.hosting import WITHOUT_EFFECT
from settings.rules.hosting import is_elsewhere
from settings.schema import ClusterSection, ConnectedClusterSection, StackSection

_ID = "connected_cluster.resource_id"
_FIND = find_about(ConnectedClusterSection.model_fields["resource_id"]).hint
_EXAMPLE = "/subscriptions/<id>/resourceGroups/rg-plant/providers/Microsoft.Kubernetes/connectedClusters/plant-1"


def _existing(stack: StackSection) -> dict[str, ClusterSection]:
    return {name: one for name, one in stack.clusters.items() if _ID not in WITHOUT_EFFECT[one.hosting]}


def cluster_is_named(stack: StackSection) -> Iterator[Problem]:
    """Report an existing cluster that is not said, or whose address is not: nothing here can find it out."""
    for name, cluster in _existing(stack).items():
        where = f"clusters.{name}"
        if cluster.connected_cluster.resource_id is None:
            expected = f"the id of a cluster that Azure Arc knows, as {where}.hosting is {cluster.hosting}"
            yield Problem(f"{where}.{_ID}", NOTHING, expected, _EXAMPLE, _FIND)
        if cluster.node.address is None:
            expected = "the address at which other clusters reach its brokers; certificates and firewalls name it"
            yield Problem(f"{where}.node.address", NOTHING, expected, "192.168.10.20")


def clusters_are_of_the_subscription(stack: StackSection) -> Iterator[Problem]:
    """Report a cluster of another subscription: the stack's provider reaches one."""
    for name, cluster in _existing(stack).items():
        if is_elsewhere(stack, given := cluster.connected_cluster.resource_id or ""):
            expected = f"a cluster of subscription_id ({stack.subscription_id})"
            yield Problem(f"clusters.{name}.{_ID}", given, expected, _EXAMPLE, _FIND)


def clusters_have_names_of_their_own(stack: StackSection) -> Iterator[Problem]:
    """Report a connected cluster that two are to be, or whose name another one has: reports tell them apart by it."""
    named = {name: one.connected_cluster.resource_id or "" for name, one in _existing(stack).items()}
    for (first, one), (second, other) in combinations(named.items(), 2):
        if one and one.lower() == other.lower():
            expected = f"another cluster than clusters.{first} is: a cluster has one Azure IoT Operations"
            yield Problem(f"clusters.{second}.{_ID}", other, expected, _EXAMPLE, _FIND)
        elif one and other and one.lower().rsplit("/", 1)[1] == other.lower().rsplit("/", 1)[1]:
            expected = f"a cluster of another name than that of clusters.{first}, by which both are told apart"
            yield Problem(f"clusters.{second}.{_ID}", other, expected, _EXAMPLE, _FIND)


def context_is_of_a_file(stack: StackSection) -> Iterator[Problem]:
    """Report a context without the kubeconfig that has it."""
    for name, cluster in _existing(stack).items():
        given = cluster.connected_cluster
        if given.context is not None and given.kubeconfig is None:
            where = f"clusters.{name}.connected_cluster"
            yield Problem(f"{where}.context", given.context, f"{where}.kubeconfig beside it", "null")
