"""What the settings have to refuse, because Azure, K3s or AIO would: each mistake is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.facts import entra, node
from rules.lookup import Hits, View
from rules.program_tables import LEAST
from settings import SettingsError, load

_LEARN = "learn.microsoft.com/azure"
_IOT = f"{_LEARN}/iot-operations"
_ADDRESSES = f"{_LEARN}/virtual-network/virtual-networks-faq"
_PORTS = "docs.k3s.io/installation/requirements, networking"
_CERTIFICATES = "RFC 5280, section 6.1: a chain is valid while all of it is"
_TOPICS = "OASIS MQTT 5.0, section 4.7"
_OF_MEMORY: Mapping[str, Any] = {"max_packet_mib": None}


@dataclass(frozen=True)
class Refused:
    """Settings that cannot work."""

    where: str
    """The setting that is to be named."""
    why: str
    source: str
    settings: Mapping[str, Any]


def _site(**values: Any) -> dict[str, Any]:
    return {"clusters": {"site": values, "enterprise": {}}}


def _port(port: int, whose: str, source: str = _PORTS) -> Refused:
    clusters = {"clusters": {"site": {}, "enterprise": {"listener": {"port": port}}}}
    return Refused("clusters.enterprise.listener.port", f"{port} is taken by {whose}", source, clusters)


def _topics(where: str, why: str, source: str, *pairs: tuple[str, str]) -> Refused:
    topics = [{"from": one, "to": other} for one, other in pairs]
    return Refused(where, why, source, {"links": [{"from": "site", "to": "enterprise", "topics": topics}]})


def _facts() -> Sequence[Refused]:
    networks = (node.K3S_POD_NETWORK, node.K3S_SERVICE_NETWORK)
    applications = (entra.CUSTOM_LOCATIONS_APPLICATION, entra.K8_BRIDGE_APPLICATION)
    return [
        *(
            Refused("clusters.site.address_space", f"K3s has {fact.value}", str(fact.source),
                    _site(address_space=str(network)))
            for fact in networks
            for network in (fact.value, fact.value.supernet())
        ),
        *(
            Refused("custom_locations_object_id", f"{fact.value} is the id of an application", str(fact.source),
                    {"custom_locations_object_id": fact.value})
            for fact in applications
        ),
    ]  # fmt: skip


REFUSED: Sequence[Refused] = (
    *_facts(),
    Refused("location", "francecentral has no Azure IoT Operations", f"{_IOT}/overview-support, Supported regions",
            {"location": "francecentral"}),
    Refused("clusters.site.node.zone", "westus has no availability zones", f"{_LEARN}/reliability/regions-list",
            {"location": "westus", **_site(node={"zone": "1"})}),
    Refused("clusters.site.location", "westus has no zone-redundant storage", f"{_LEARN}/reliability/regions-list",
            {"location": "westus", "protection": {"storage_sku": "Standard_ZRS"}}),
    _port(22, "SSH"),
    _port(443, "Traefik", "docs.k3s.io/networking/networking-services"),
    _port(6443, "K3s' API server"),
    _port(8472, "K3s' network of pods (VXLAN)"),
    _port(10250, "the kubelet"),
    _port(65536, "nobody, as TCP does not have it", "RFC 9293, section 3.1"),
    _port(18883, "AIO's default listener", f"{_IOT}/manage-mqtt-broker/howto-configure-brokerlistener"),
    *(_port(one, "Services of type NodePort", "kubernetes.io/docs/concepts/services-networking/service, NodePort")
      for one in (30000, 32767)),
    *(Refused("clusters.site.node.address", f"Azure keeps {one} for itself", _ADDRESSES, _site(node={"address": one}))
      for one in ("10.1.1.0", "10.1.1.1", "10.1.1.2", "10.1.1.3", "10.1.1.255")),
    Refused("clusters.site.node.address", "it is not in the subnet", _ADDRESSES, _site(node={"address": "10.1.2.10"})),
    Refused("clusters.site.subnet", "Azure's smallest subnet is a /29", _ADDRESSES, _site(subnet="10.1.1.0/30")),
    Refused("clusters.site.subnet", "it is not in the address space", _ADDRESSES, _site(subnet="10.9.1.0/24")),
    Refused("clusters.enterprise.address_space", "peered networks may not overlap",
            f"{_LEARN}/virtual-network/virtual-network-manage-peering",
            {"clusters": {"site": {}, "enterprise": {"address_space": "10.1.128.0/17"}}}),
    *(Refused("protection.soft_delete_days", "Azure takes 7 to 90 days",
              f"{_LEARN}/key-vault/general/soft-delete-overview", {"protection": {"soft_delete_days": one}})
      for one in (6, 91)),
    *(Refused("clusters.site.broker.backend_redundancy_factor", "AIO takes 2 to 5",
              f"{_IOT}/manage-mqtt-broker/howto-configure-availability-scale",
              _site(broker={"backend_redundancy_factor": one})) for one in (1, 6)),
    Refused("clusters.site.broker", "a broker of this profile needs more memory than the node has",
            f"{_IOT}/manage-mqtt-broker/howto-configure-availability-scale", _site(broker={"memory_profile": "High"})),
    Refused("clusters.site.broker.persistence_gib", "each backend pod has a volume of its own",
            f"{_IOT}/manage-mqtt-broker/howto-broker-persistence", _site(broker={"persistence_gib": 60})),
    Refused("clusters.site.node.vm_size", "AIO has no images for Arm processors",
            f"{_IOT}/deploy-iot-ops/overview-deploy", _site(node={"vm_size": "Standard_D8ps_v6"})),
    Refused("clusters.site.node.os_disk_gib", "Ubuntu's image has 30 GiB", "Canonical's images in Azure's marketplace",
            _site(node={"os_disk_gib": 29})),
    *(Refused("clusters.site.node.k3s_version", why, f"{_IOT}/deploy-iot-ops/overview-deploy, Supported environments",
              _site(node={"k3s_version": one}))
      for one, why in (("v1.30.14+k3s2", "AIO was validated from K3s 1.31.1"), ("v1.36.0+k3s1", "nobody has tried it"),
                       ("v1.33.4", "K3s has no such release"))),
    Refused("clusters.site.broker.frontend_workers", "AIO takes 1 to 16",
            f"{_IOT}/manage-mqtt-broker/howto-configure-availability-scale", _site(broker={"frontend_workers": 17})),
    Refused("clusters.site.address_space", "it is no private network", "RFC 1918", _site(address_space="8.8.0.0/16")),
    Refused("clusters.site.code", "a proxy's port is made of it, and differs only if codes begin with a letter",
            "docs/settings.md", _site(code="1")),
    Refused("pki.generation", "generations count from 1", "docs/settings.md", {"pki": {"generation": 0}}),
    Refused("prefix", "names of storage accounts are of small letters",
            f"{_LEARN}/azure-resource-manager/management/resource-name-rules", {"prefix": "Probe"}),
    Refused("clusters.site.node.vm_size", "AIO asks for 4 cores and 16 GiB", f"{_IOT}/deploy-iot-ops/overview-deploy",
            _site(node={"vm_size": "Standard_D2s_v6"})),
    Refused("prefix", "a vault's name would have 25 characters",
            f"{_LEARN}/azure-resource-manager/management/resource-name-rules", {"prefix": "a" * 13}),
    Refused("clusters.enterprise.code", "both clusters would have the same names", "names are made of codes",
            {"clusters": {"site": {"code": "x"}, "enterprise": {"code": "x"}}}),
    Refused("pki.leaf_days", "a leaf would outlive its intermediate", _CERTIFICATES, {"pki": {"leaf_days": 1825}}),
    Refused("pki.intermediate_days", "an intermediate would outlive its root", _CERTIFICATES,
            {"pki": {"intermediate_days": 3650}}),
    Refused("pki.early_renewal_days", "one missed run would end every link", "cert-manager.io/docs/usage/certificate",
            {"pki": {"early_renewal_days": 91}}),
    Refused("pki.early_renewal_days", "every run would renew", "registry.terraform.io/providers/hashicorp/tls",
            {"pki": {"early_renewal_days": 365}}),
    _topics("links[0].topics[0].to", "the topic is the broker's own", _TOPICS, ("a", "$SYS/x")),
    _topics("links[0].topics[0].from", "the topic is the broker's own", _TOPICS, ("$SYS/#", "x")),
    _topics("links[0].topics[0].to", "nobody publishes to a wildcard", _TOPICS, ("a", "b/#")),
    _topics("links[0].topics[1]", "every message would arrive twice", "one dataflow per pair", ("a", "b"), ("a", "b")),
    _topics("links[0].topics[70]", "a profile takes 70 dataflows", f"{_IOT}/connect-to-cloud/overview-dataflow",
            *((f"in/{index}", f"site/{index}") for index in range(71))),
    Refused("links[1].topics[0]", "a message would go round for ever", "the second link sends what the first brought",
            {"links": [{"from": "site", "to": "enterprise", "topics": [{"from": "a", "to": "b"}]},
                       {"from": "enterprise", "to": "site", "topics": [{"from": "b", "to": "a"}]}]}),
    *(
        Refused("links[1].client_id_prefix", "two clients of one id throw each other out",
                "OASIS MQTT 5.0, section 3.1.4",
                {"clusters": {"site": {}, "enterprise": {}, "third": {"code": "c", "address_space": "10.3.0.0/16"}},
                 "links": [{"from": "site", "to": "enterprise", "client_id_prefix": "x-"},
                           {"from": "third", "to": "enterprise", "client_id_prefix": beginning}]})
        for beginning in ("x-", "x")
    ),
    *(Refused("links[1].topics[0]", "nobody could tell which of two sites has sent", "a broker tells the topic alone",
              {"clusters": {"site": {}, "enterprise": {}, "third": {"code": "c", "address_space": "10.3.0.0/16"}},
               "links": [{"from": "site", "to": "enterprise", "topics": [{"from": "a", "to": "x", "shared": first}]},
                         {"from": "third", "to": "enterprise", "topics": [{"from": "b", "to": "x"}]}]})
      for first in (False, True)),
    *(Refused("clusters.site.broker.max_packet_mib", why, f"{_IOT}/reference/mqtt-support, Maximum packet size",
              {"clusters": {"site": {"broker": site}, "enterprise": {"broker": enterprise}}})
      for why, site, enterprise in (
          ("a packet that only the sender takes stops the link", {"max_packet_mib": 3}, {"max_packet_mib": 2}),
          ("the smaller memory profile takes smaller packets", _OF_MEMORY, {**_OF_MEMORY, "memory_profile": "Tiny"}),
          ("the memory profile takes 16 MiB", {"max_packet_mib": 17}, {**_OF_MEMORY, "memory_profile": "Medium"}))),
    *(Refused(f"clusters.site.broker.{key}", "the queue of an outage would end before it",
              f"{_IOT}/deployment-plan/deployment-planning-mqtt-options",
              {**_site(broker={key: 23}), "protection": {"outage_hours": 24}})
      for key in ("max_session_hours", "max_message_hours")),
    *(Refused(f"clusters.site.broker.{key}", "a dataflow asks for more", f"{_IOT}/connect-to-cloud/"
              "howto-configure-mqtt-endpoint", _site(broker={key: most}))
      for key, most in (("max_session_hours", 0), ("max_receive_messages", 99), ("max_keep_alive_seconds", 59))),
    Refused("links[0].client_ids", "AIO begins a client id with the prefix",
            f"{_IOT}/connect-to-cloud/howto-configure-mqtt-endpoint",
            {"links": [{"from": "site", "to": "enterprise", "client_ids": ["other.to-enterprise-input"]}]}),
    Refused("links[0].to", "a link joins two clusters", "a broker has its own messages already",
            {"links": [{"from": "site", "to": "site"}]}),
    Refused("admin_group_object_id", "the id of the tenant is no group's", "they name different things",
            {"admin_group_object_id": LEAST["tenant_id"]}),
)  # fmt: skip
"""Every mistake that is tried."""


@dataclass(frozen=True)
class Accepted:
    """Settings that do work."""

    what: str
    source: str
    settings: Mapping[str, Any]


_WITH_ZONES = (
    "eastus", "eastus2", "southcentralus", "westus2", "westus3", "westeurope", "northeurope", "germanywestcentral",
)  # fmt: skip
ACCEPTED: Sequence[Accepted] = (
    *(Accepted(f"{one}, with its zones", f"{_IOT}/overview-support; {_LEARN}/reliability/regions-list",
               {"location": one, **_site(node={"zone": "3"}), "protection": {"storage_sku": "Standard_ZRS"}})
      for one in _WITH_ZONES),
    Accepted("westus, without zones", f"{_IOT}/overview-support, Supported regions", {"location": "westus"}),
    *(Accepted(f"K3s {one}", f"{_IOT}/deploy-iot-ops/overview-deploy, Supported environments",
               _site(node={"k3s_version": one})) for one in ("v1.31.1+k3s1", "v1.33.4+k3s1")),
    *(Accepted(f"nodes of size {one}", f"{_IOT}/deploy-iot-ops/overview-deploy", _site(node={"vm_size": one}))
      for one in ("Standard_D8s_v5", "Standard_D16as_v6", "Standard_E4ads_v5", "Standard_E32ds_v6")),
    *(Accepted(f"a listener on port {one}", _PORTS,
               {"clusters": {"site": {}, "enterprise": {"listener": {"port": one}}}}) for one in (8883, 28883, 65535)),
    *(Accepted(f"the private network {one}", "RFC 1918", _site(address_space=one))
      for one in ("10.200.0.0/16", "172.20.0.0/16", "192.168.8.0/22")),
    *(Accepted(f"{one} copies of each message", f"{_IOT}/manage-mqtt-broker/howto-configure-availability-scale",
               _site(broker={"backend_redundancy_factor": one})) for one in (2, 3)),
    *(Accepted(f"vaults that keep deleted keys for {one} days", f"{_LEARN}/key-vault/general/soft-delete-overview",
               {"protection": {"soft_delete_days": one}}) for one in (7, 90)),
    Accepted("a link back", "messages on other topics do not go round",
             {"links": [{"from": "site", "to": "enterprise"}, {"from": "enterprise", "to": "site"}]}),
)  # fmt: skip
"""What a stack file may well say."""


def possible_is_accepted(_: View) -> Hits:
    """Require that the settings accept what works."""
    for one in ACCEPTED:
        try:
            load({**LEAST, **one.settings})
        except SettingsError as error:
            first = error.problems[0]
            message = f"the settings refuse {one.what}, which works: expected {first.expected}. Source: {one.source}"
            yield first.where, message


def forbidden_is_refused(_: View) -> Hits:
    """Require that the settings refuse each mistake of the table, at the setting that is wrong."""
    for mistake in REFUSED:
        try:
            load({**LEAST, **mistake.settings})
        except SettingsError as error:
            if any(problem.where == mistake.where for problem in error.problems):
                continue
        message = f"the settings accept what cannot work: {mistake.why}; expected a refusal. Source: {mistake.source}"
        yield mistake.where, message
