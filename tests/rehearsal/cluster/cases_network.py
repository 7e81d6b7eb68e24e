"""The way of a link's packets from node to node."""

from __future__ import annotations

from typing import Any

from settings.well_known import AIO_NAMESPACE
from tests.rehearsal.cluster.cases import breaks
from tests.rehearsal.cluster.cases_reach import ENTERPRISE_VM, SITE_VM
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench

LINK = "DataflowEndpoint mqtt-enterprise"
PEERING = "virtualNetworkPeerings/peer-a-to-b"
GROUP, SITE_GROUP = "nsg-myorgb-dev-001", "nsg-myorga-dev-001"


@breaks("CLUSTER-29", SITE, LINK, "there is no peering of vnet-myorga-dev-001 to vnet-myorgb-dev-001")
def half_of_the_peering_is_missing(bench: Bench) -> None:
    bench.remove(PEERING)


@breaks("CLUSTER-29", SITE, LINK, "the peering of vnet-myorga-dev-001 to vnet-myorgb-dev-001 is Disconnected")
def peering_is_disconnected(bench: Bench) -> None:
    bench.set(PEERING, "peeringState", "Disconnected", where="outputs")


@breaks("CLUSTER-29", SITE, LINK, "lets nobody in")
def peering_lets_nobody_in(bench: Bench) -> None:
    bench.set(PEERING, "allowVirtualNetworkAccess", False)


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001 keeps 10.1.1.10 from")
def security_group_allows_another_port(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.0.destinationPortRange", "8883")


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001")
def security_group_allows_another_source(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.0.sourceAddressPrefix", "10.9.1.0/24")


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001")
def an_earlier_rule_denies(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.2.priority", 50)


@breaks("CLUSTER-29", SITE, LINK, "rule Nothing of security group nsg-myorga-dev-001 keeps 10.1.1.10 from")
def security_group_of_the_site_lets_nothing_out(bench: Bench) -> None:
    rule = {
        "name": "Nothing", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "Tcp",
        "sourceAddressPrefixes": ["10.1.0.0/16"], "destinationAddressPrefix": "VirtualNetwork",
        "destinationPortRanges": ["1-1023", "28000-29000"],
    }  # fmt: skip
    bench.set(SITE_GROUP, "securityRules", [rule])


PODS = f"namespace {AIO_NAMESPACE}"
AMONG_EACH_OTHER: dict[str, Any] = {"from": [{"podSelector": {}}]}


def apply_policy(bench: Bench, vm: str, namespace: str = AIO_NAMESPACE, **spec: Any) -> None:
    """Apply one more NetworkPolicy, which selects every pod of its namespace, as the stack's script would."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "policy", "namespace": namespace},
        "spec": {"podSelector": {}, **spec},
    }
    bench.objects(f"{vm}/runCommands/apply-objects", lambda objects: objects.append(policy))


def from_service_lb(service: str) -> dict[str, Any]:
    """Return who comes from ServiceLB: labels of its pods on a K3s, `kubectl -n kube-system get pods --show-labels`."""
    labels = {
        "svccontroller.k3s.cattle.io/svcname": service,
        "svccontroller.k3s.cattle.io/svcnamespace": "azure-iot-operations",
    }
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": labels},
    }


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {ENTERPRISE} lets ServiceLB of aio-broker-loadbalancer to port 28883",
)
def nobody_from_outside_is_let_in(bench: Bench) -> None:
    apply_policy(bench, ENTERPRISE_VM, ingress=[AMONG_EACH_OTHER])


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {ENTERPRISE} lets ServiceLB of aio-broker-loadbalancer to port 28883",
)
def the_site_is_let_in_by_its_address_which_service_lb_hides(bench: Bench) -> None:
    site = {"from": [{"ipBlock": {"cidr": "10.1.1.0/24"}}]}
    apply_policy(bench, ENTERPRISE_VM, ingress=[AMONG_EACH_OTHER, site])


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {ENTERPRISE} lets ServiceLB of aio-broker-loadbalancer to port 28883",
)
def another_service_is_let_in(bench: Bench) -> None:
    apply_policy(bench, ENTERPRISE_VM, ingress=[AMONG_EACH_OTHER, {"from": [from_service_lb("aio-broker")]}])


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {ENTERPRISE} lets ServiceLB of aio-broker-loadbalancer to port 28883",
)
def another_port_is_let_in(bench: Bench) -> None:
    rule = {"from": [from_service_lb("aio-broker-loadbalancer")], "ports": [{"port": 8883}]}
    apply_policy(bench, ENTERPRISE_VM, ingress=[AMONG_EACH_OTHER, rule])


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {ENTERPRISE} lets the node 10.1.1.10 to port 28883 of ServiceLB",
    then=(("CLUSTER-44", ENTERPRISE, PODS),),
)
def service_lb_itself_is_isolated(bench: Bench) -> None:
    apply_policy(bench, ENTERPRISE_VM, "kube-system", ingress=[AMONG_EACH_OTHER])


@breaks(
    "CLUSTER-29",
    SITE,
    LINK,
    f"no NetworkPolicy of {SITE} lets a pod of IoT Operations to port 28883 of the node 10.2.1.10",
)
def the_site_lets_nothing_out_but_to_azure(bench: Bench) -> None:
    inside: dict[str, Any] = {"to": [{"podSelector": {}}]}
    names = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]}
    azure = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}
    apply_policy(bench, SITE_VM, policyTypes=["Egress"], egress=[inside, names, azure])


@breaks("CLUSTER-44", SITE, PODS, "to port 18883/TCP of a pod of IoT Operations")
def pods_do_not_reach_each_other(bench: Bench) -> None:
    apply_policy(bench, SITE_VM, policyTypes=["Ingress"])


@breaks("CLUSTER-44", SITE, PODS, "to port 53/UDP of the DNS of the cluster")
def pods_ask_for_no_names(bench: Bench) -> None:
    addresses = {"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    apply_policy(bench, SITE_VM, policyTypes=["Egress"], egress=[addresses])


@breaks("CLUSTER-44", SITE, PODS, "to port 443/TCP of Azure")
def pods_do_not_reach_azure(bench: Bench) -> None:
    own = {"to": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]}
    apply_policy(bench, SITE_VM, policyTypes=["Egress"], egress=[own])
