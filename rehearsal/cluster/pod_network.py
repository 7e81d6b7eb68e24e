"""Judge what the NetworkPolicies that were really applied keep from AIO's pods. K3s enforces them by kube-router.

docs.k3s.io/networking/networking-services, "Network Policy Controller". What comes from a pod's own node passes
whatever they say, so webhooks and probes do (kubernetes/api, networking/v1/types.go, NetworkPolicySpec.ingress;
cloudnativelabs/kube-router, pkg/controllers/netpol: `--src-type LOCAL -j ACCEPT`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arm.types.iotoperations import BROKER_LISTENER
from graph.inputs import text_at
from rehearsal.cluster.broker import AioNamespace, list_ports
from rehearsal.cluster.links import DeployedLink, find_balanced_services
from rehearsal.cluster.model import Symptom
from rules.facts import aio as facts
from rules.network_policies import AIO_POD, find_balancer
from rules.pod_traffic import End, lets_through

_DNS = End("the DNS of the cluster", "kube-system", {"k8s-app": "kube-dns"})
"""kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution, label of its pods."""
_AZURE = End("Azure", address="192.0.2.1")
"""Any public address: this one is nobody's (RFC 5737)."""
_KIND = ("networking.k8s.io/v1", "NetworkPolicy")


def find_policies(objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the NetworkPolicies among the objects of a cluster."""
    return [one for one in objects if (text_at(one, "apiVersion"), text_at(one, "kind")) == _KIND]


def find_obstacles(link: DeployedLink, site: str, broker: str) -> Iterator[tuple[str, str]]:
    """Yield (what, remedy) where a policy at one of its ends does not let a link through.

    K3s forwards what arrives at a Service's address with the site's own, and all else by pods that masquerade
    (docs.k3s.io/networking/networking-services; k3s-io/klipper-lb, entry): both ways have to be open, since only a node
    can say which one is gone. A frontend is taken to listen on the port of its listener.

    Args:
        site: address of the node where the link begins.
        broker: that of the node where it ends.
    """
    if link.broker is None:
        return
    outside = End(f"the node {broker}", address=broker)
    hops = [(link.site, AIO_POD, outside), (link.broker, End(f"the node {site}", address=site), AIO_POD)]
    for service in find_balanced_services(link.broker, link.port):
        balancer = find_balancer(service)
        hops += [
            (link.broker, End(f"the node {site}", address=site), balancer),
            (link.broker, balancer, AIO_POD),
        ]
    for view, source, target in hops:
        if not lets_through(view.network_policies, source, target, link.port):
            what = f"no NetworkPolicy of {view.name} lets {source.what} to port {link.port} of {target.what}"
            yield what, "let it through there, or delete the policies that isolate these pods"


def find_problems(aio: AioNamespace) -> Iterator[Symptom]:
    """Yield what of AIO's own traffic the policies keep from where it goes; all are open among AIO's pods."""
    policies = find_policies(aio.objects)
    listeners = aio.properties(BROKER_LISTENER).values()
    ports = {facts.BROKER_PORT.value, *(int(one.get("port", 0)) for each in listeners for one in list_ports(each))}
    wanted = [
        *((AIO_POD, port, "TCP") for port in sorted(ports)),
        *((_DNS, 53, protocol) for protocol in ("UDP", "TCP")),
        (_AZURE, 443, "TCP"),
    ]
    for target, port, protocol in wanted:
        if not lets_through(policies, AIO_POD, target, port, protocol):
            what = f"no NetworkPolicy lets {AIO_POD.what} to port {port}/{protocol} of {target.what}"
            remedy = "let it through, or delete the policies that isolate these pods"
            yield aio.problem("CLUSTER-44", f"namespace {facts.NAMESPACE.value}", what, remedy)
