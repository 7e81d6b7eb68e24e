"""What is said, named and waited for stays what deployed stacks have: the rules over it bite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from arm.values import Secret
from graph.graph import Graph
from rules import bodies, judge
from rules.bodies import kind_of, read_table
from settings import naming
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS
from tests.rules.conftest import PROD
from tests.rules.workbench import Mistake, Workbench

MISTAKES = (
    Mistake(
        "vault secret that begins later",
        "PKI-09",
        lambda two: two.set(
            "site-vault-site-to-enterprise-client-leaf-crt-g1", "properties.attributes.notBefore", 4102444800
        ),
        (
            "client-leaf-crt-g1",
            "properties.attributes.notBefore: 4102444800; expected 1",
            "when its certificate begins",
        ),
    ),
    Mistake(
        "vault secret that has ended",
        "PKI-09",
        lambda two: two.set("site-vault-site-to-enterprise-client-leaf-key-g1", "properties.attributes.expires", 1),
        ("client-leaf-key-g1", "properties.attributes.expires: 1; expected 1", "when its certificate ends"),
    ),
    Mistake(
        "state store for everybody",
        "SHAPE-02",
        lambda two: two.set(
            "enterprise-link-authorization", "properties.authorizationPolicies.rules.0.stateStoreResources", []
        ),
        ("enterprise-link-authorization", "rules[0].stateStoreResources"),
    ),
    Mistake(
        "root that renews itself",
        "SHAPE-02",
        lambda two: two.set("enterprise-server-root-g1", "earlyRenewalHours", 100),
        ("enterprise-server-root-g1", "earlyRenewalHours"),
    ),
    Mistake(
        "default endpoint that says more than AIO's",
        "REF-07",
        lambda two: two.set("site-local-endpoint", "properties.mqttSettings.qos", 0),
        ("site-local-endpoint", "qos is 0, expected none"),
    ),
    Mistake(
        "objects in another set",
        "OBJ-01",
        lambda two: two.parameter("site-apply-objects", "OBJECT_SET", "objects"),
        ("site-apply-objects", "'objects'", "'cluster'"),
    ),
    Mistake(
        "outbound rule",
        "NET-02",
        lambda two: two.set("site-network-security-group", "securityRules.0.direction", "Outbound"),
        ("site-network-security-group", "is Outbound"),
    ),
    Mistake(
        "wait for nothing that is needed",
        "EDGE-09",
        lambda two: two.depend("site-nat-public-ip", "site-network-security-group"),
        ("site-nat-public-ip", "waits for site-network-security-group"),
    ),
    Mistake(
        "extension that waits for one that it does not need",
        "EDGE-09",
        lambda two: two.depend("site-aio-extension", "site-secret-store-extension"),
        ("site-aio-extension", "site-secret-store-extension"),
    ),
    Mistake(
        "certificate that does not change any more",
        "LIFE-06",
        lambda two: two.options("enterprise-server-root-g1", ignore_changes=["validityPeriodHours"]),
        ("enterprise-server-root-g1", "validityPeriodHours"),
    ),
    Mistake(
        "hours for minutes",
        "LIFE-05",
        lambda two: two.options("site-aio-instance", custom_timeouts={"create": "60h"}),
        ("site-aio-instance", "custom_timeouts.create: 60h", "unit"),
    ),
    Mistake(
        "output that is kept from view",
        "SEC-05",
        lambda two: two.options("site-setup-k3s", additional_secret_outputs=["instanceView"]),
        ("site-setup-k3s", "instanceView"),
    ),
    Mistake(
        "input that is kept from view",
        "SEC-05",
        lambda two: two.set("site-key-vault", "location", Secret("eastus2")),
        ("site-key-vault", "location"),
    ),
    Mistake(
        "cloud of another kind",
        "REL-02",
        lambda two: two.set("azure", "environment", "usgovernment"),
        ("azure", "usgovernment"),
    ),
    Mistake(
        "another curve",
        "PKI-10",
        lambda two: two.set("enterprise-server-root-key-g1", "ecdsaCurve", "P384"),
        ("enterprise-server-root-key-g1", "P384", "P256"),
    ),
    Mistake(
        "root made from its key in the old format",
        "PKI-10",
        lambda two: two.set(
            "enterprise-server-root-g1",
            "privateKeyPem",
            Secret(two.get("enterprise-server-root-key-g1").plain_outputs["privateKeyPem"]),
        ),
        ("enterprise-server-root-g1", "privateKeyPem: begins with -----BEGIN EC PRIVATE KEY"),
    ),
    Mistake(
        "attribute that no rule asks for",
        "MQTT-04",
        lambda two: two.set(
            "enterprise-link-authentication",
            "properties.authenticationMethods.0.x509Settings.authorizationAttributes.site-to-enterprise-g1.attributes.x",
            "y",
        ),
        ("enterprise-link-authorization", "'x': 'y'"),
    ),
    Mistake(
        "output that nobody has asked for",
        "OUT-01",
        lambda two: two.graph.outputs.update(debug="c0ffee"),
        ("stack output debug is no part of the contract",),
    ),
    Mistake(
        "release without its versions",
        "OUT-01",
        lambda two: two.graph.outputs.update(release={"name": "2608", "x": "c0ffee"}),
        ("stack output release: aio, cert_manager", "x is missing, or no part"),
    ),
    Mistake(
        "certificate of another name in the outputs",
        "OUT-01",
        lambda two: two.graph.outputs["certificates"].update(
            root=two.graph.outputs["certificates"].pop("broker/enterprise/root")
        ),
        ("certificates.broker/enterprise/root lacks its entry",),
    ),
    Mistake(
        "alias of nothing",
        "LIFE-08",
        lambda two: two.options("site-key-vault", aliases=[two.get("site-key-vault").urn + "-old"]),
        ("site-key-vault", "site-key-vault-old"),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


def _rename(bench: Workbench, name: str, change: Callable[[str], str]) -> None:
    """Give the resource another URN; those that wait for it, and its children, keep to it."""
    one = bench.get(name)
    urn = change(one.urn)
    del bench.graph.resources[one.urn]
    for other in bench.graph.resources.values():
        other.dependencies = [urn if each == one.urn else each for each in other.dependencies]
    one.urn, one.name = urn, urn.rpartition("::")[2]
    bench.graph.resources[urn] = one


def test_a_renamed_resource_is_found_with_its_old_name(two: Workbench) -> None:
    _rename(two, "site-storage-account-suffix", lambda urn: urn.replace("-storage-account-suffix", "-suffix"))
    (found,) = two.findings()
    assert (found.rule, found.resource) == ("LIFE-08", "site-suffix")
    assert "name: 'site-suffix'; deployed stacks have 'site-storage-account-suffix'" in found.message


def test_a_resource_under_another_component_is_found(two: Workbench) -> None:
    _rename(two, "site-storage-account-suffix", lambda urn: urn.replace("edge-stamps:cluster_stamp:ClusterStamp$", ""))
    (found,) = [one for one in two.findings() if one.rule == "LIFE-08"]
    assert "parent: ''; deployed stacks have 'edge-stamps:cluster_stamp:ClusterStamp'" in found.message


def test_a_renamed_resource_with_an_alias_of_its_old_name_is_none(two: Workbench) -> None:
    old = two.get("site-storage-account-suffix").urn
    _rename(two, "site-storage-account-suffix", lambda urn: urn.replace("-storage-account-suffix", "-suffix"))
    two.options("site-suffix", aliases=[old])
    assert two.findings() == []


def test_the_table_of_inputs_has_none_that_no_stack_says(recorded: Callable[..., Graph]) -> None:
    said: dict[str, set[str]] = {}
    zoned = {**PROD, "clusters": _ZONED, "links": _JSON_ALONE, "pki": {"algorithm": "rsa"}}
    for settings in (TWO_CLUSTERS, TWO_BROKERS, PROD, zoned, _ON_A_MACHINE, _SEVERAL_NODES):
        for one in recorded(settings).resources.values():
            said.setdefault(kind_of(one.type), set()).update(_paths(one.plain_inputs))
    judged_elsewhere = "principals."  # MQTT-04 says what is wrong with other kinds of principal
    never = {kind: set(_paths(known)) - said[kind] for kind, known in read_table().items()}
    assert {kind: {one for one in paths if judged_elsewhere not in one} for kind, paths in never.items() if paths} == (
        {"iotoperations:BrokerAuthorization": set()}
    )


_NODE = {
    "image": "/subscriptions/1ace5000-0000-4000-8000-000000000006/resourceGroups/i/providers/Microsoft.Compute"
    "/galleries/edge/images/k3s-node/versions/1.0.0",
    "maintenance": {"start": "2027-01-02 02:00"},
}
_SEVERAL_NODES = {**TWO_CLUSTERS, "clusters": {"site": {"node": _NODE, "nodes": [{"name": "two"}]}, "enterprise": {}}}
_ON_A_MACHINE = {
    **TWO_CLUSTERS,
    "clusters": {
        "site": {
            "hosting": "arc-machine",
            "machine": {
                "resource_id": f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant/providers"
                "/Microsoft.HybridCompute/machines/site-1",
                "ssh_over_arc": {"user": "plant"},
            },
            "node": {"address": "192.168.10.20", "maintenance": {"start": "2027-01-02 02:00"}},
            "nodes": [
                {
                    "name": "two",
                    "machine": {
                        "resource_id": f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant"
                        "/providers/Microsoft.HybridCompute/machines/site-2"
                    },
                    "address": "192.168.10.22",
                }
            ],
        },
        "enterprise": {},
    },
}
_LIMITS = {"max_message_hours": 96, "max_receive_messages": 100, "max_queue_messages": 1000}
_ZONED = {
    "site": {"node": {"zone": "1"}, "broker": _LIMITS},
    "enterprise": {"listener": {"dns_name": "mqtt.example.com"}},
}


_JSON_ALONE = [
    {"from": "site", "to": "enterprise", "topics": [{"from": "input", "to": "site/output", "payload": "json"}]}
]


def _paths(value: Any, where: str = "") -> Iterator[str]:
    if where:
        yield where
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, where)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{where}.{name}".removeprefix("."))


@pytest.mark.parametrize(
    ("function", "name"),
    [("stack_tag", "tag of resource groups"), ("dataflow_names", "dataflow from input to x"), ("link_name", "name")],
)
def test_a_name_of_another_form_is_found(
    function: str, name: str, two: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = getattr(naming, function)

    def other(*given: Any) -> Any:
        found = real(*given)
        return [f"x{one}" for one in found] if isinstance(found, list) else f"x{found}"

    for module in ("settings.naming", "settings.resolve", "rules.name_forms"):
        monkeypatch.setattr(f"{module}.{function}", other, raising=False)
    assert name in [one.resource for one in judge(two.graph, two.settings) if one.rule == "FACT-06"]


def test_a_type_of_which_nobody_says_what_it_may_say_is_found(two: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {kind: line for kind, line in read_table().items() if kind != "iotoperations:Broker"}
    monkeypatch.setattr(bodies, "_read_known", lambda: known)
    found = two.findings()
    assert {(one.rule, one.resource) for one in found} <= {
        ("SHAPE-02", "site-broker"),
        ("SHAPE-02", "enterprise-broker"),
    }
    assert "rules/facts/bodies.yaml has no line for iotoperations:Broker." in str(found[0])
