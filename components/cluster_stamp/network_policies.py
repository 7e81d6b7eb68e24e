"""The NetworkPolicy of AIO's namespace: who may connect to its pods. K3s enforces it by kube-router.

Sources: https://kubernetes.io/docs/concepts/services-networking/network-policies,
https://docs.k3s.io/networking/networking-services and https://docs.k3s.io/security/hardening-guide (NetworkPolicies).
"""

from __future__ import annotations

from typing import Any

from components.context import StampContext
from settings import well_known
from settings.model import Listener

_NAME = "edge-stamps-ingress"


def isolate_pods(context: StampContext) -> list[dict[str, Any]]:
    """Return the policy, where the settings want one: nobody connects but those that it lists.

    * Pods of the namespace: Microsoft names no ports of AIO's parts, so all are open among them.
    * The node, without a word here: the API server's webhooks and the kubelet come from there, and "traffic is allowed
      to a pod if the traffic source is the pod's local node" (NetworkPolicySpec, kubernetes.io/docs/reference).
    * Where links come from.

    Outgoing connections stay open. AIO's connectors go to assets, and its parts to services of Azure, that have no
    fixed addresses (https://learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy).

    One object, so that no moment knows the refusal without its exceptions.
    """
    cluster = context.cluster
    if not (cluster.node and cluster.node.network_policies):
        return []
    sources = [{"podSelector": {}}, *_list_ways_of_links(context)]
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": _NAME, "namespace": well_known.AIO_NAMESPACE},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": sources}]},
        }
    ]


def _list_ways_of_links(context: StampContext) -> list[dict[str, Any]]:
    """Return where links come from, as a policy sees it: the sites, or ServiceLB in their place.

    Which of both, K3s decides: what arrives at the address of the Service is forwarded by kube-proxy, with the site's
    address; what is translated on its way goes through a pod of ServiceLB, which masquerades
    (https://docs.k3s.io/networking/networking-services, How ServiceLB Works; https://github.com/k3s-io/klipper-lb,
    entry). No port: which one of a frontend a Service leads to is documented nowhere.
    """
    cluster, settings = context.cluster, context.settings
    if cluster.listener is None:
        return []
    clients = [settings.clusters[link.client] for link in settings.links_to(cluster.name)]
    sites = dict.fromkeys(str(source) for client in clients for source in client.egress)
    return [_select_balancer(cluster.listener), *({"ipBlock": {"cidr": site}} for site in sites)]


def _select_balancer(listener: Listener) -> dict[str, Any]:
    """Return the pods of ServiceLB that open the listener's port on the node."""
    labels = {
        well_known.SERVICE_LB_NAME: listener.service_name,
        well_known.SERVICE_LB_OF_NAMESPACE: well_known.AIO_NAMESPACE,
    }
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": well_known.SERVICE_LB_NAMESPACE}},
        "podSelector": {"matchLabels": labels},
    }
