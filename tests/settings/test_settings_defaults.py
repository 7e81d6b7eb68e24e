"""What the two-cluster default resolves to, and where each value comes from."""

from __future__ import annotations

from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from settings import Listener, Network, Settings, load
from tests.settings.samples import Change, Problems


def listener_of(settings: Settings, cluster: str = "enterprise") -> Listener:
    listener = settings.clusters[cluster].listener
    assert listener
    return listener


@pytest.fixture
def settings(minimal: dict[str, Any]) -> Settings:
    return load(minimal)


def test_prefix_environment_location_and_tenant_are_enough(settings: Settings) -> None:
    assert list(settings.clusters) == ["site", "enterprise"]
    assert list(settings.links) == ["site-to-enterprise"]
    assert settings.instance == "001"
    assert settings.release.name == "2608"
    assert settings.profile == "dev"
    assert settings.tags == {}


def test_address_plan_is_the_references(settings: Settings) -> None:
    site, enterprise = settings.clusters["site"], settings.clusters["enterprise"]
    assert site.network == Network(IPv4Network("10.1.0.0/16"), IPv4Network("10.1.1.0/24"))
    assert site.address == IPv4Address("10.1.1.10")
    assert enterprise.network == Network(IPv4Network("10.2.0.0/16"), IPv4Network("10.2.1.0/24"))


def test_clusters_take_codes_location_and_their_own_proxy_port(settings: Settings) -> None:
    site, enterprise = settings.clusters.values()
    assert (site.code, enterprise.code) == ("a", "b")
    assert (site.location, enterprise.location) == ("eastus2", "eastus2")
    assert (site.arc_proxy_port, enterprise.arc_proxy_port) == (10010, 10011)
    assert site.node
    assert site.admin_username == "myorga"


def test_node_and_broker_come_from_the_profile(settings: Settings) -> None:
    site = settings.clusters["site"]
    assert site.node
    assert (site.node.vm_size, site.node.zone) == ("Standard_D8s_v6", None)
    assert (site.broker.memory_profile, site.broker.persistence_gib) == ("Low", None)


def test_only_the_end_of_a_link_has_a_listener(settings: Settings) -> None:
    assert settings.clusters["site"].listener is None
    listener = listener_of(settings)
    assert (listener.port, listener.host, listener.dns_names) == (28883, "10.2.1.10", ())
    assert listener.ip_addresses == (IPv4Address("10.2.1.10"),)
    assert listener.common_name == "enterprise-broker-g1"
    assert (listener.secret_name, listener.client_ca_config_map) == ("broker-tls-cert-g1", "client-ca-g1")
    assert (listener.certificate_secret, listener.key_secret) == ("server-leaf-crt-g1", "server-leaf-key-g1")


def test_default_link_forwards_input_to_a_topic_of_its_own(settings: Settings) -> None:
    link = settings.links["site-to-enterprise"]
    (topic,) = link.topics
    assert (topic.source, topic.destination) == ("input", "site/output")
    assert topic.dataflow_name == "to-enterprise-input"
    assert (link.client_id_prefix, link.client_ids) == ("site.", ("site.*",))
    assert link.common_name == "site-to-enterprise-g1"
    assert (link.endpoint_name, link.secret_name) == ("mqtt-enterprise", "client-secret-enterprise-g1")
    assert link.server_ca_config_map == "server-ca-enterprise-g1"


def test_two_linked_clusters_are_peered_once(settings: Settings, change: Change) -> None:
    (peering,) = settings.peerings
    assert (peering.first, peering.second) == ("enterprise", "site")
    assert (peering.first_to_second_name, peering.second_to_first_name) == ("peer-b-to-a", "peer-a-to-b")
    both_ways = [{"from": "site", "to": "enterprise"}, {"from": "enterprise", "to": "site"}]
    assert len(load(change({"links": both_ways})).peerings) == 1


def test_certificates_live_as_long_as_the_profile_says(settings: Settings) -> None:
    pki = settings.pki
    assert (pki.root_hours, pki.intermediate_hours) == (87600, 43800)
    assert (pki.leaf_hours, pki.early_renewal_hours) == (24 * 365, 24 * 92)
    assert pki.intermediate_early_renewal_hours == 24 * (365 + 92)
    listener = listener_of(settings)
    names = {*asdict(settings.authorities).values(), listener.root_name, listener.intermediate_name}
    assert len(names) == 4
    assert "myorgb-dev-server-root-g1" in names


def test_dns_name_becomes_the_host_and_stays_beside_the_address(change: Change) -> None:
    listener = listener_of(load(change({"clusters.enterprise.listener.dns_name": "broker.example.com"})))
    assert listener.host == "broker.example.com"
    assert listener.dns_names == ("broker.example.com",)
    assert listener.ip_addresses == (IPv4Address("10.2.1.10"),)


def test_a_profile_name_as_environment_chooses_it_and_another_word_needs_a_profile(
    change: Change, problems: Problems
) -> None:
    assert load(change({"environment": "prod"})).profile == "prod"
    assert load(change({"environment": "test", "profile": "prod"})).profile == "prod"
    (problem,) = problems({"environment": "test"})
    assert problem.where == "profile"
    assert "dev, prod" in problem.expected


def test_links_may_be_none(change: Change) -> None:
    settings = load(change({"links": []}))
    assert settings.links == {}
    assert settings.peerings == ()
    assert settings.clusters["enterprise"].listener is None


def test_one_cluster_of_another_name_states_code_and_address_space(change: Change) -> None:
    settings = load(change({"clusters": {"plant": {"code": "p1", "address_space": "192.168.0.0/24"}}}))
    assert settings.links == {}
    assert settings.clusters["plant"].network == Network(*[IPv4Network("192.168.0.0/24")] * 2)


@pytest.mark.parametrize(
    ("space", "subnet", "address"),
    [
        ("10.9.0.0/16", "10.9.1.0/24", "10.9.1.10"),
        ("10.9.0.0/23", "10.9.1.0/24", "10.9.1.10"),
        ("10.9.0.0/24", "10.9.0.0/24", "10.9.0.10"),
        ("10.9.0.0/28", "10.9.0.0/28", "10.9.0.10"),
        ("10.9.0.0/29", "10.9.0.0/29", "10.9.0.4"),
    ],
)
def test_subnet_and_node_follow_from_the_address_space(change: Change, space: str, subnet: str, address: str) -> None:
    site = load(change({"clusters.site.address_space": space})).clusters["site"]
    assert site.network
    assert (str(site.network.subnet), str(site.address)) == (subnet, address)


def test_region_is_taken_by_its_display_name_too(change: Change) -> None:
    assert load(change({"location": "East US 2"})).location == "eastus2"


def test_empty_sections_keep_the_defaults(change: Change) -> None:
    settings = load(change({"clusters": {"site": None, "enterprise": {"node": None, "listener": None}}}))
    node = settings.clusters["enterprise"].node
    assert node and node.vm_size == "Standard_D8s_v6"


def test_null_switches_off_what_the_profile_sets(change: Change) -> None:
    changes = {"environment": "prod", "clusters.site.node.zone": None, "clusters.site.broker.persistence_gib": None}
    site = load(change(changes)).clusters["site"]
    assert site.node
    assert (site.node.zone, site.broker.persistence_gib) == (None, None)


def test_origins_name_every_setting_in_effect(change: Change) -> None:
    origins = load(change({"clusters.site.node.vm_size": "Standard_D16s_v6", "pki.root_days": 4000})).origins
    assert origins["prefix"] == origins["clusters.site.node.vm_size"] == origins["pki.root_days"] == "stack file"
    assert origins["clusters.enterprise.node.vm_size"] == origins["pki.leaf_days"] == "profile dev"
    assert origins["clusters.site.node.zone"] == "profile dev"
    defaults = ["instance", "release", "profile", "tags", "clusters.site.code", "clusters.site.subnet", "links[0].from"]
    defaults += ["clusters.site.location", "clusters.site.node.address", "links[0].topics[0].to", "pki.generation"]
    assert {origins[path] for path in defaults} == {"default"}
    assert origins["clusters.enterprise.listener.port"] == "default"
    assert not any(path.startswith("clusters.site.listener") for path in origins), "site has none"


def test_values_are_those_of_the_origins_as_a_file_would_write_them(settings: Settings) -> None:
    values = settings.values
    assert values.keys() == settings.origins.keys()
    assert values["clusters.site.node.address"] == "10.1.1.10"
    assert (values["clusters.site.node.zone"], values["clusters.site.node.os_disk_gib"]) == (None, 128)
    assert (values["links[0].to"], values["links[0].topics[0].from"]) == ("enterprise", "input")


def test_generations_appear_in_every_name_with_key_material(change: Change) -> None:
    settings = load(
        change({"links[0].generation": 7, "clusters.enterprise.listener.generation": 8, "pki.generation": 9})
    )
    link, listener = settings.links["site-to-enterprise"], listener_of(settings)
    named = (link.common_name, link.secret_name, link.certificate_secret, link.key_secret, link.intermediate_secret)
    assert all(name.endswith("-g15") for name in named), "its own and that of the authorities, less one"
    of_the_broker = (
        listener.secret_name, listener.certificate_secret, listener.key_secret, listener.common_name,
        listener.root_name, listener.intermediate_name, listener.server_ca_config_map, link.server_ca_config_map,
    )  # fmt: skip
    assert all(name.endswith("-g16") for name in of_the_broker)
    authorities = (
        listener.client_ca_config_map, settings.authorities.client_root, settings.authorities.client_intermediate,
    )  # fmt: skip
    assert all(name.endswith("-g9") for name in authorities)
    assert link.endpoint_name == "mqtt-enterprise", "dataflows refer to it, so it must not change"
