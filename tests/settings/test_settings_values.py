"""Rules of single values: what is refused, where it is said to be, and why."""

from __future__ import annotations

from typing import Any

import pytest

from settings import NOTHING, TENANT_KEYS, SettingsError, load
from tests.settings.samples import Problems

ZERO = "00000000-0000-0000-0000-000000000000"

REFUSED = [
    ("prefix", "MyOrg", "lower-case"),
    ("prefix", "my--org", "single dashes"),
    ("prefix", "myorg-", "no dash last"),
    ("prefix", "1org", "a letter first"),
    ("prefix", "", "lower-case"),
    ("environment", True, "short word"),
    ("instance", 1, "as text"),
    ("instance", "00_1", "lower-case letters and digits"),
    ("location", "mars", "regions that Azure IoT Operations supports: eastus"),
    ("location", "uksouth", "regions that Azure IoT Operations supports"),
    ("release", "2609", "2512, 2602, 2603"),
    ("release", 2608, "as text"),
    ("profile", "staging", "dev, prod"),
    ("subscription_id", "not-a-guid", "a GUID"),
    ("subscription_id", "{11111111-aaaa-4aaa-8aaa-111111111111}", "a GUID"),
    *((key, ZERO, "placeholder") for key in TENANT_KEYS[:4]),
    ("custom_locations_object_id", "bc313c14-388c-4e7d-a58e-70017303ee3b", "application id of Custom Locations"),
    ("custom_locations_object_id", "BC313C14-388C-4E7D-A58E-70017303EE3B", "application id of Custom Locations"),
    ("custom_locations_object_id", "319f651f-7ddb-4fc6-9857-7aef9250bd05", "K8 Bridge"),
    ("ssh_public_key", "~/.ssh/id_ed25519.pub", "OpenSSH public key"),
    ("ssh_public_key", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", "OpenSSH"),
    ("tags", ["a"], "a map of texts"),
    ("tags", {"cost/center": "1"}, "without < > %"),
    ("tags", {"": "1"}, "1 to 128"),
    ("tags", {"n" * 129: "1"}, "1 to 128"),
    ("tags", {"name": "v" * 257}, "up to 256"),
    ("tags", {f"t{n}": "" for n in range(51)}, "there are 51"),
    ("tags", {"Owner": "a", "owner": "b"}, "differ in more than case"),
    ("tags", {"azure-thing": "a"}, "Azure keeps those"),
    ("clusters", {}, "at least one"),
    ("clusters", ["site"], "at least one"),
    ("links", None, "[] for none"),
    ("links", {"from": "site"}, "a list of links"),
    ("clusters.site.code", "abcd", "1 to 3"),
    ("clusters.site.code", "1a", "a letter first"),
    ("clusters.site.code", "A", "lower-case"),
    ("clusters.site.hosting", "aks", "planned but not supported yet"),
    ("clusters.site.hosting", "vm", "azure-vm"),
    ("clusters.site.location", "mars", "regions"),
    ("clusters.site.address_space", "10.1.0.0", "CIDR"),
    ("clusters.site.address_space", "10.1.0.0/33", "CIDR"),
    ("clusters.site.address_space", "10.1.0.256/24", "CIDR"),
    ("clusters.site.address_space", 10, "CIDR"),
    ("clusters.site.address_space", "fd00::/64", "CIDR"),
    ("clusters.site.address_space", "10.1.0.7/16", "without host bits; that would be 10.1.0.0/16"),
    ("clusters.site.address_space", "10.42.7.0/24", "10.42.0.0/16 to the pods of K3s"),
    ("clusters.site.address_space", "10.43.0.0/16", "10.43.0.0/16 to the services of K3s"),
    ("clusters.site.address_space", "10.0.0.0/8", "10.42.0.0/16 to the pods"),
    ("clusters.site.address_space", "169.254.1.0/24", "link-local"),
    ("clusters.site.address_space", "168.63.129.0/24", "Azure's platform services"),
    ("clusters.site.address_space", "224.0.0.0/24", "multicast"),
    ("clusters.site.address_space", "127.0.0.0/24", "loopback"),
    ("clusters.site.address_space", "8.8.8.0/24", "a private network"),
    ("clusters.site.address_space", "172.32.0.0/16", "a private network"),
    ("clusters.site.address_space", "192.168.0.0/30", "/8 to /29"),
    ("clusters.site.node.vm_size", "Standard_B2s", "amd64, at least 4 vCPU and 16 GiB"),
    ("clusters.site.node.vm_size", "Standard_D8ps_v6", "amd64"),
    ("clusters.site.node.zone", "4", "1, 2 or 3"),
    ("clusters.site.node.zone", 1, "the text"),
    ("clusters.site.node.os_disk_gib", 29, "from 30 to 4095"),
    ("clusters.site.node.os_disk_gib", "128", "a whole number"),
    ("clusters.site.node.os_disk_sku", "UltraSSD_LRS", "Premium_LRS"),
    *(
        ("clusters.site.node.image", f"/subscriptions/{'a' * 36}/resourceGroups/i/providers/{rest}", "a version of")
        for rest in (
            "Microsoft.Compute/images/k3s-node",  # a managed image: no trusted launch
            "Microsoft.Compute/galleries/g/images/k3s-node",
            "Microsoft.Compute/galleries/g/images/k3s-node/versions/latest",
            "Microsoft.Compute/disks/k3s-node",
        )
    ),
    ("clusters.site.node.image", "/CommunityGalleries/g/Images/k3s-node/Versions/1.0.0", "a version of"),
    ("clusters.site.node.address", "10.1.1", "an IPv4 address"),
    ("clusters.site.broker.memory_profile", "low", "in this case"),
    ("clusters.site.broker.frontend_replicas", 0, "from 1 to 16"),
    ("clusters.site.broker.frontend_workers", 17, "from 1 to 16"),
    ("clusters.site.broker.backend_partitions", 17, "from 1 to 16"),
    ("clusters.site.broker.backend_workers", 2.0, "from 1 to 16"),
    ("clusters.site.broker.backend_redundancy_factor", 1, "from 2 to 5"),
    ("clusters.site.broker.backend_redundancy_factor", 6, "from 2 to 5"),
    ("clusters.site.broker.persistence_gib", 0, "at least 1"),
    *(("clusters.site.broker.max_session_hours", hours, "from 1 to 8760") for hours in (0, 8761)),
    ("clusters.site.broker.max_message_hours", 0, "from 1 to 8760"),
    *(("clusters.site.broker.max_packet_mib", size, "1 to 256") for size in (0, 257)),
    *(("clusters.site.broker.max_receive_messages", most, "from 100 to 65535") for most in (99, 65536)),
    *(("clusters.site.broker.max_keep_alive_seconds", most, "from 60 to 65535") for most in (59, 65536)),
    ("clusters.site.broker.max_queue_messages", 0, "1 to 2147483647"),
    ("links[0].topics", [{"from": "a", "to": "b", "shared": "yes"}], "true or false"),
    ("clusters.enterprise.listener.port", 0, "1 to 65535"),
    ("clusters.enterprise.listener.port", 65536, "1 to 65535"),
    ("clusters.enterprise.listener.port", "28883", "a whole number"),
    ("clusters.enterprise.listener.port", True, "a whole number"),
    *(("clusters.enterprise.listener.port", port, f"{port} belongs to") for port in (22, 80, 443, 1883, 6443, 8472)),
    *(("clusters.enterprise.listener.port", port, f"{port} belongs to") for port in (10250, 10259, 18883)),
    *(("clusters.enterprise.listener.port", port, "30000-32767") for port in (30000, 32767)),
    ("clusters.enterprise.listener.generation", 0, "from 1"),
    *(
        ("clusters.enterprise.listener.dns_name", name, "full DNS name")
        for name in ("broker", "a..b", "-a.example.com", "Broker.example.com", "*.example.com", "10.2.1.10", "a.b.", "")
    ),
    ("clusters.enterprise.listener.dns_name", f"{'a' * 64}.com", "full DNS name"),
    ("clusters.enterprise.listener.dns_name", f"{'abcdefg.' * 32}com", "full DNS name"),
    ("links[0].topics", [], "a list of pairs"),
    ("links[0].topics", "input", "a list of pairs"),
    *(
        ("links[0].topics", [{"from": topic, "to": "x"}], text)
        for topic, text in (("", "empty"), ("$SYS/x", "start with $"), ("a/#/b", "# stands alone"), ("a#", "# stands"))
    ),
    ("links[0].topics", [{"from": "a+/b", "to": "x"}], "+ stands alone"),
    ("links[0].topics", [{"from": "a\0b", "to": "x"}], "control character"),
    ("links[0].topics", [{"from": "ä" * 32768, "to": "x"}], "65535 bytes"),
    *(
        ("links[0].topics", [{"from": "x", "to": topic}], "without + # $ { }")
        for topic in ("a/+", "a/#", "a+b", "a/$topic", "a/{principal.clientId}")
    ),
    ("links[0].client_id_prefix", "", "1 to 64"),
    ("links[0].client_id_prefix", "site 1", "1 to 64"),
    ("links[0].client_ids", ["site.*"], "a list of client ids"),
    ("links[0].client_ids", [], "a list of client ids"),
    ("links[0].generation", 10000, "from 1 to 9999"),
    ("pki.root_days", 0, "1 to 36500"),
    ("pki.leaf_days", "90", "a whole number"),
]


@pytest.mark.parametrize(("path", "value", "text"), REFUSED)
def test_refused_with_place_reason_and_example(problems: Problems, path: str, value: Any, text: str) -> None:
    (problem,) = problems({path: value})
    assert problem.where.startswith(path)
    assert text in problem.expected
    assert problem.example


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("prefix", "my-org"),
        ("clusters.site.address_space", "172.31.0.0/16"),
        ("clusters.site.address_space", "10.44.0.0/16"),
        ("clusters.site.address_space", "10.128.0.0/9"),
        ("clusters.enterprise.listener.port", 8883),
        ("clusters.enterprise.listener.port", 29999),
        ("clusters.enterprise.listener.port", 32768),
        ("clusters.enterprise.listener.dns_name", "mqtt-1.factory.example.com"),
        ("links[0].topics", [{"from": "#", "to": "x"}]),
        ("links[0].topics", [{"from": "a/+/b/#", "to": "x"}]),
        ("links[0].topics", [{"from": "+", "to": "a.b"}]),
        ("tags", {"n" * 128: "v" * 256}),
        ("custom_locations_object_id", "AAAAAAAA-0000-4000-8000-000000000000"),
        ("clusters.site.node.vm_size", "Standard_E4ads_v5"),
    ],
)
def test_accepted_at_the_edge_of_a_rule(problems: Problems, path: str, value: Any) -> None:
    assert problems({path: value}) == []


@pytest.mark.parametrize("key", ["prefix", "environment", "location", *TENANT_KEYS])
def test_missing_required_key_is_named(minimal: dict[str, Any], key: str) -> None:
    del minimal[key]
    with pytest.raises(SettingsError) as error:
        load(minimal)
    assert [(problem.where, problem.given) for problem in error.value.problems] == [(key, NOTHING)]


def test_missing_tenant_values_come_with_the_command_that_finds_them() -> None:
    with pytest.raises(SettingsError) as error:
        load({"prefix": "myorg", "environment": "dev", "location": "eastus2"})
    hints = {problem.where: problem.hint for problem in error.value.problems}
    assert tuple(hints) == TENANT_KEYS
    assert (
        "az ad sp show --id bc313c14-388c-4e7d-a58e-70017303ee3b --query id -o tsv"
        in hints["custom_locations_object_id"]
    )
    assert all("find it with: " in hint for hint in hints.values())


def test_an_ill_formed_environment_is_refused(problems: Problems) -> None:
    (problem,) = problems({"environment": "dev-1", "profile": "dev"})
    assert (problem.where, problem.given) == ("environment", "dev-1")


def test_a_cluster_of_another_name_needs_code_and_address_space(problems: Problems) -> None:
    found = problems({"clusters.plant": {}})
    assert [problem.where for problem in found] == ["clusters.plant.code", "clusters.plant.address_space"]


def test_a_word_out_of_a_few_is_shown_the_nearest(problems: Problems) -> None:
    (problem,) = problems({"pki.external_ca": "leafs"})
    assert (problem.example, problem.hint) == ("leaves", "the nearest is leaves")
    (problem,) = problems({"pki.external_ca": "vault"})
    assert "nearest" not in problem.hint


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("prefx", "prefix"),
        ("clusters.site.adress_space", "address_space"),
        ("clusters.site.node.vmsize", "vm_size"),
        ("clusters.site.broker.memory-profile", "memory_profile"),
        ("clusters.enterprise.listener.prot", "port"),
        ("links[0].form", "from"),
        ("pki.leaf_day", "leaf_days"),
    ],
)
def test_unknown_key_names_the_nearest(problems: Problems, path: str, near: str) -> None:
    (problem,) = problems({path: "x"})
    assert problem.where == path
    assert f"the nearest is {near}" in problem.expected
    assert problem.example.startswith(f"{near}: ")


def test_unknown_key_without_a_near_one_lists_all(problems: Problems) -> None:
    (problem,) = problems({"clusters.site.node.xyzzy": 1})
    keys = "vm_size, zone, os_disk_gib, os_disk_sku, encryption_at_host, image, k3s_version, k3s_sha256, "
    keys += "proxy, maintenance, network_policies, address"
    assert keys in problem.expected


def test_model_names_of_aliased_keys_are_unknown(problems: Problems) -> None:
    assert "links[0].client" in [problem.where for problem in problems({"links[0].client": "site"})]


@pytest.mark.parametrize("path", ["clusters.site", "clusters.site.node", "links[0]", "pki"])
@pytest.mark.parametrize("value", ["text", 5, ["list"]])
def test_something_else_where_a_map_belongs(problems: Problems, path: str, value: Any) -> None:
    (problem,) = problems({path: value})
    assert problem.where == path
    assert problem.expected.startswith("a map with keys out of ")


@pytest.mark.parametrize("name", ["Site", "a--b", "-a", "plant_1", "x" * 25])
def test_cluster_names_are_kubernetes_like(problems: Problems, name: str) -> None:
    found = problems({f"clusters.{name}": {"code": "c", "address_space": "10.3.0.0/16"}})
    assert [problem.where for problem in found] == [f"clusters.{name}"]
    assert "up to 24 lower-case letters" in found[0].expected


@pytest.mark.parametrize("clusters", [{1: {}}, {True: {"code": "c"}}, {None: None}])
def test_cluster_names_that_are_no_text(problems: Problems, clusters: object) -> None:
    assert any("lower-case letters" in problem.expected for problem in problems({"clusters": clusters}))


@pytest.mark.parametrize("data", [None, "text", 5, []])
def test_settings_that_are_no_map(data: object) -> None:
    with pytest.raises(SettingsError, match="edge-stamps:settings"):
        load(data)


@pytest.mark.parametrize(("value", "kind"), [(1, "number"), (True, "truth value")])
def test_yaml_pitfall_is_explained(problems: Problems, value: Any, kind: str) -> None:
    (problem,) = problems({"instance": value})
    assert kind in problem.hint
    assert "quotes" in problem.hint
    assert problem.example == "'001'"


def test_region_near_the_given_one_is_proposed(problems: Problems) -> None:
    (problem,) = problems({"location": "eastus22"})
    assert "did you mean eastus2?" in problem.hint


def test_a_private_key_is_never_repeated(problems: Problems) -> None:
    (problem,) = problems({"ssh_public_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n"})
    assert "c2VjcmV0" not in str(problem)
    assert "not shown" in str(problem)
