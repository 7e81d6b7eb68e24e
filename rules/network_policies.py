"""NetworkPolicies that a script applies: those that the settings want, and no opening beside the settings' own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from graph.inputs import decode_parameter, list_at, text_at
from rules.facts import aio, node
from rules.lookup import Hits, View
from rules.pod_traffic import End, isolates, lets_through
from settings.model import Cluster

AIO_POD = End("a pod of IoT Operations", aio.NAMESPACE.value)
"""AIO documents no labels of its pods; so only a selector that asks for none is known to choose one."""


def find_balancer(service: str) -> End:
    """Return the pods of ServiceLB that open a Service of AIO's namespace on the node."""
    labels = {node.SERVICE_LB_NAME.value: service, node.SERVICE_LB_OF_NAMESPACE.value: aio.NAMESPACE.value}
    return End(f"ServiceLB of {service}", node.SERVICE_LB_NAMESPACE.value, labels)


def pods_are_isolated(view: View) -> Hits:
    """Require of each cluster what its setting says: no policy at all, or one that lets in whom it has to, alone."""
    for name, cluster in view.settings.clusters.items():
        for command in view.commands(name, "apply-objects"):
            objects = decode_parameter(view.parameters(command).get("OBJECTS", ""))
            policies = [one for one in objects if text_at(one, "kind") == "NetworkPolicy"]
            wanted = cluster.node is not None and cluster.node.network_policies
            problems = _check(policies, cluster, _find_sites(view, name)) if wanted else _refuse(policies)
            yield from ((command.name, f"OBJECTS: {problem}") for problem in problems)


def _refuse(policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in policies:
        yield f"NetworkPolicy {text_at(one, 'metadata.name')}; expected none, as network_policies is false"


def _find_sites(view: View, cluster: str) -> list[IPv4Network]:
    """Return where the links to a cluster come from."""
    sites = [view.clusters[link.client] for link in view.settings.links_to(cluster)]
    networks = ([one.network.subnet] if one.network else map(IPv4Network, one.addresses) for one in sites)
    return list(dict.fromkeys(network for each in networks for network in each))


def _check(policies: Sequence[Mapping[str, Any]], cluster: Cluster, sites: Sequence[IPv4Network]) -> Iterator[str]:
    balancers = [find_balancer(cluster.listener.service_name)] if cluster.listener else []
    port = cluster.listener.port if cluster.listener else aio.BROKER_PORT.value
    if not isolates(policies, AIO_POD, "Ingress"):
        yield "no NetworkPolicy isolates all of AIO's pods; expected one, as network_policies is true"
    if isolates(policies, AIO_POD, "Egress"):
        yield "a NetworkPolicy isolates AIO's pods on their way out; nobody knows all that they have to reach"
    for source in (AIO_POD, *balancers, *(End(f"the site {one}", address=str(one[-2])) for one in sites)):
        if not lets_through(policies, source, AIO_POD, port):
            yield f"no NetworkPolicy lets {source.what} to port {port} of AIO's pods"
    for one in policies:
        yield from (
            f"NetworkPolicy {text_at(one, 'metadata.name')}: {what}" for what in _find_surplus(one, balancers, sites)
        )


def _find_surplus(policy: Mapping[str, Any], balancers: Sequence[End], sites: Sequence[IPv4Network]) -> Iterator[str]:
    """Yield each opening that no setting asks for."""
    blocks = [{"ipBlock": {"cidr": str(site)}} for site in sites]
    expected = [{"podSelector": {}}, *map(_select, balancers), *blocks]
    for rule in list_at(policy, "spec.ingress"):
        sources = list_at(rule, "from") or ["everybody"]
        for source in sources:
            if source not in expected:
                yield f"lets in {source}; expected {expected} alone"
    if (namespace := text_at(policy, "metadata.namespace")) != aio.NAMESPACE.value:
        yield f"it is in the namespace {namespace!r}; expected {aio.NAMESPACE.value!r}"


def _select(pod: End) -> Mapping[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pod.namespace}},
        "podSelector": {"matchLabels": dict(pod.labels)},
    }
