"""What the settings want of the traffic, beside what the clusters hold: nothing may be missing, and nothing too much.

The message proof judges what is deployed by itself. Without this comparison a link that was lost would be proven by no
message at all, and a right that nobody asked for would be proven along with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph import pem
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.bodies import UnmappedError
from rehearsal.mqtt.client import ClientPlan, read_client
from rehearsal.mqtt.translate import PortPlan, read_ports
from settings import Settings
from settings.model import Cluster

Facts = dict[str, object]
"""What a fact is called in words -> the fact, to be compared."""


@dataclass(frozen=True)
class Roots:
    """The authorities that are to be trusted, PEM."""

    client: str
    servers: Mapping[str, str]
    """By broker cluster."""


def differences(settings: Settings, clusters: Sequence[ClusterView], roots: Roots) -> list[str]:
    """Where what is deployed is not what the settings want, one text each."""
    views = {view.name: view for view in clusters}
    expected = {cluster.names.connected_cluster for cluster in settings.clusters.values()}
    found = [f"{name}: no such cluster is wanted" for name in views.keys() - expected]
    for cluster in settings.clusters.values():
        view = views.get(cluster.names.connected_cluster)
        if view is None:
            found.append(f"{cluster.names.connected_cluster}: this cluster is not there")
        else:
            found += _compared(view, _wanted(settings, cluster, roots))
    return found


def _wanted(settings: Settings, cluster: Cluster, roots: Roots) -> Facts:
    facts: Facts = {}
    for link in settings.links_from(cluster.name):
        broker = settings.listener_of(link)
        facts[f"endpoint {link.endpoint_name}"] = f"{broker.host}:{broker.port}"
        facts[f"client ids of endpoint {link.endpoint_name}"] = link.client_id_prefix
        facts[f"trust of endpoint {link.endpoint_name}"] = _fingerprints(roots.servers[link.broker])
        for topic in link.topics:
            facts[f"dataflow {topic.dataflow_name}"] = ((topic.source,), topic.destination)
    if cluster.listener:
        facts[f"port {cluster.listener.port}"] = {
            f"CN={link.common_name}": (tuple(sorted({topic.destination for topic in link.topics})), ())
            for link in settings.links_to(cluster.name)
        }
        facts[f"trust of port {cluster.listener.port}"] = _fingerprints(roots.client)
    return facts


def _deployed(view: ClusterView) -> Iterator[tuple[str, object]]:
    for port in read_ports(view):
        yield f"port {port.port}", _rights(port)
        yield f"trust of port {port.port}", _fingerprints(port.client_ca_pem or "")
    for name, endpoint in view.endpoints.items():
        if endpoint.get("hostType") == "CustomMqtt":
            yield from _client(read_client(view, name))


def _client(plan: ClientPlan) -> Iterator[tuple[str, object]]:
    yield f"endpoint {plan.endpoint}", f"{plan.host}:{plan.port}"
    yield f"client ids of endpoint {plan.endpoint}", plan.client_id_prefix
    yield f"trust of endpoint {plan.endpoint}", _fingerprints(plan.trust_pem)
    for flow in plan.flows:
        yield f"dataflow {flow.name}", (flow.sources, flow.destination)


def _rights(port: PortPlan) -> object:
    if port.grants is None:
        return "everything, for whoever connects"
    return {who: (tuple(sorted(may.publish)), tuple(sorted(may.subscribe))) for who, may in port.grants.items()}


def _compared(view: ClusterView, expected: Facts) -> Iterator[str]:
    try:
        facts = list(_deployed(view))
    except UnmappedError as error:
        yield f"{view.name}: {error}"
        return
    names = [name for name, _ in facts]
    twice = sorted({name for name in names if names.count(name) > 1})
    yield from (f"{view.name}: {name} is there twice" for name in twice)
    deployed: Mapping[str, object] = dict(facts)
    # A dataflow that no endpoint of a link sends by is in no client's plan.
    others = view.dataflows.keys() - {name.removeprefix("dataflow ") for name in deployed}
    yield from (f"{view.name}: dataflow {name} is not wanted" for name in sorted(others))
    for name in sorted({*expected, *deployed}):
        if name not in deployed:
            yield f"{view.name}: {name} is wanted and not there"
        elif name not in expected:
            yield f"{view.name}: {name} is not wanted"
        elif expected[name] != deployed[name]:
            yield f"{view.name}: {name} is {_said(deployed[name])}; wanted: {_said(expected[name])}"


def _said(fact: object) -> str:
    return ", ".join(sorted(fact)) if isinstance(fact, frozenset) else str(fact)


def _fingerprints(text: str) -> frozenset[str]:
    """SHA-256 of each certificate: AIO trusts every one of them."""
    return frozenset(pem.sha256(one)[:16] for one in pem.certificates(text))
