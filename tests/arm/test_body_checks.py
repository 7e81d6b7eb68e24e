"""What Azure would refuse, and how it is said."""

from __future__ import annotations

import copy
import re
import time
from typing import Any

import pytest

from arm.hosting import EXISTING
from arm.schema.table import Node, Table, load
from arm.shapes import shape_of, tokens
from arm.values import UNKNOWN
from tests.arm.examples import INPUTS
from tests.conftest import PROGRAM

GOLDEN = PROGRAM / "tests" / "golden"
TYPE = r"\bazure-native\w*:\w+:\w+"

AIO = "azure-native_iotoperations_v20260701:iotoperations:"


def findings(token: str, **changes: Any) -> list[str]:
    """Of the example with changes; a name with double underscores is a path: properties__memoryProfile."""
    token = token if token in INPUTS else f"azure-native:{token}"
    inputs = copy.deepcopy(INPUTS[token])
    for name, value in changes.items():
        *parents, last = name.split("__")
        target: Any = inputs
        for parent in parents:
            target = target[int(parent)] if isinstance(target, list) else target[parent]
        if value is None:
            target.pop(last)
        else:
            target[last] = value
    return [str(finding) for finding in shape_of(token).check(inputs)]


@pytest.mark.parametrize("token", INPUTS)
def test_the_examples_are_right(token: str) -> None:
    assert findings(token) == []


def test_every_type_has_an_example_here_or_is_deployed_by_an_example_stack() -> None:
    deployed = {token for file in GOLDEN.glob("*.yaml") for token in re.findall(TYPE, file.read_text(encoding="utf-8"))}
    named = {token.split(":", 1)[1] for token in (*INPUTS, *deployed)}
    sent = [token for token in tokens() if shape_of(token).type not in EXISTING]
    assert {token.split(":", 1)[1] for token in sent} - named == set(), (
        "make golden if a stack deploys it, else add it to INPUTS in tests/arm/examples.py"
    )


def test_an_unknown_property_is_answered_with_the_nearest() -> None:
    assert findings("network:Subnet", adressPrefix="10.0.0.0/24") == [
        "adressPrefix: unknown property; did you mean 'addressPrefix'?"
    ]


def test_an_unknown_property_is_found_at_every_depth() -> None:
    changes = {"properties__authenticationMethods__0__x509Settings__trustedClientCaCrt": "x"}
    (finding,) = findings(AIO + "BrokerAuthentication", **changes)
    assert finding.startswith("properties.authenticationMethods[0].x509Settings.trustedClientCaCrt: unknown property;")
    assert finding.endswith("did you mean 'trustedClientCaCert'?")


def test_an_unknown_property_of_a_lifted_object_names_lifted_properties_too() -> None:
    assert findings("network:NetworkSecurityGroup", securityRules__0__acces="Allow") == [
        "properties.securityRules[0].acces: unknown property; did you mean 'access'?"
    ]


def test_a_property_given_above_properties_is_sent_to_its_place() -> None:
    assert findings(AIO + "Broker", memoryProfile="Low") == [
        "memoryProfile: unknown property; it belongs below properties"
    ]


def test_properties_given_to_a_class_that_lifts_them_are_refused() -> None:
    assert findings("network:Subnet", properties={"addressPrefix": "10.0.0.0/24"})[-1] == (
        "properties: unknown input; its members are inputs of their own"
    )


def test_a_wrong_enum_lists_the_values_and_the_nearest() -> None:
    (finding,) = findings(AIO + "BrokerListener", properties__serviceType="Loadbalancer")
    assert finding == (
        "properties.serviceType: 'Loadbalancer' is not one of the possible values: "
        "'ClusterIp', 'LoadBalancer', 'NodePort' (did you mean 'LoadBalancer'?)"
    )
    (finding,) = findings(AIO + "Broker", properties__memoryProfile="medium")
    assert finding.endswith("'Tiny', 'Low', 'Medium', 'High' (did you mean 'Medium'?)")


def test_a_missing_property_is_named() -> None:
    assert findings("managedidentity:FederatedIdentityCredential", issuer=None) == [
        "properties.issuer: missing, but required"
    ]
    assert findings("azure-native_deviceregistry_v20260401:deviceregistry:SchemaRegistry", namespace=None) == [
        "properties.namespace: missing, but required"
    ]


def test_missing_properties_are_named_when_all_are_missing() -> None:
    assert findings(AIO + "BrokerListener", properties=None) == ["properties.ports: missing, but required"]


def test_a_value_out_of_range_says_the_range() -> None:
    assert findings(AIO + "Broker", properties__cardinality__frontend__replicas=17.0) == [
        "properties.cardinality.frontend.replicas: 17 is out of range: 1 to 16"
    ]


def test_a_wrong_type_is_named() -> None:
    assert findings(AIO + "BrokerListener", properties__ports__0__port="8883") == [
        "properties.ports[0].port: expected an integer, got a string"
    ]
    assert findings("network:NatGateway", idleTimeoutInMinutes=4.5) == [
        "properties.idleTimeoutInMinutes: expected an integer, got a number"
    ]
    assert findings(AIO + "BrokerListener", properties__ports={}) == [
        "properties.ports: expected an array, got an object"
    ]
    assert findings("storage:StorageAccount", isHnsEnabled="true") == [
        "properties.isHnsEnabled: expected a boolean, got a string"
    ]


def test_a_pattern_is_shown() -> None:
    (finding,) = findings("keyvault:Vault", properties__tenantId="contoso")
    assert finding.startswith("properties.tenantId: 'contoso' does not match ^[0-9a-fA-F]{8}")


def test_lengths_are_judged() -> None:
    operation = {"properties__operations__0__name": "x" * 65}
    assert findings(AIO + "Dataflow", **operation) == [
        "properties.operations[0].name: has 65 characters, expected at most 64"
    ]
    assert findings(AIO + "Dataflow", properties__operations__1__destinationSettings__dataDestination="") == [
        "properties.operations[1].destinationSettings.dataDestination: has 0 characters, expected at least 1"
    ]


def test_a_map_s_values_are_judged() -> None:
    assert findings("kubernetesconfiguration:Extension", configurationSettings={"a": 1}) == [
        "properties.configurationSettings.a: expected a string, got an integer"
    ]


def test_path_parameters_must_be_there() -> None:
    (finding,) = findings("network:Subnet", virtualNetworkName=None)
    assert finding.startswith("virtualNetworkName: missing, but a part of the path /subscriptions/{subscriptionId}/")
    assert findings("network:Subnet", virtualNetworkName="a/b") == [
        "virtualNetworkName: 'a/b' is one part of a path, so it cannot contain '/'"
    ]


def test_the_resource_s_own_name_follows_its_rules() -> None:
    assert findings("keyvault:Vault", vaultName="kv_site") == [
        "vaultName: 'kv_site' does not match ^[a-zA-Z0-9-]{3,24}$"
    ]
    assert findings(AIO + "Broker", brokerName="ab") == ["brokerName: has 2 characters, expected 3 to 63"]
    (finding,) = findings("authorization:RoleAssignment", roleAssignmentName="reader")
    assert "does not match" in finding


def test_settings_must_be_those_of_the_method() -> None:
    method = {"properties__authenticationMethods__0__method": "Custom"}
    assert findings(AIO + "BrokerAuthentication", **method) == [
        "properties.authenticationMethods[0].x509Settings: is for method 'X509', but method is 'Custom'",
        "properties.authenticationMethods[0].customSettings: missing, but required for method 'Custom'",
    ]


def test_settings_with_nothing_required_may_be_left_out() -> None:
    assert findings(AIO + "BrokerAuthentication", properties__authenticationMethods=[{"method": "X509"}]) == []


def test_settings_must_be_those_of_the_endpoint_type() -> None:
    assert findings(AIO + "DataflowEndpoint", properties__endpointType="Kafka") == [
        "properties.mqttSettings: is for endpointType 'Mqtt', but endpointType is 'Kafka'",
        "properties.kafkaSettings: missing, but required for endpointType 'Kafka'",
    ]


def test_settings_must_be_those_of_the_operation() -> None:
    assert findings(AIO + "Dataflow", properties__operations__0__operationType="Destination") == [
        "properties.operations[0].sourceSettings: is for operationType 'Source', but operationType is 'Destination'",
        "properties.operations[0].destinationSettings: missing, but required for operationType 'Destination'",
    ]


def test_custom_persistence_needs_its_settings_and_all_does_not() -> None:
    assert findings(AIO + "Broker", properties__persistence__retain__mode="Custom") == [
        "properties.persistence.retain.retainSettings: missing, but required"
    ]
    retain = {"mode": "All", "retainSettings": {}}
    (finding,) = findings(AIO + "Broker", properties__persistence__retain=retain)
    assert finding.startswith("properties.persistence.retain.retainSettings: unknown property")


def test_a_union_is_judged_by_the_variant_that_was_chosen() -> None:
    authentication = {"properties__authentication": {"method": "ArtifactPullSecret", "artifactPullSecretSettings": {}}}
    assert findings(AIO + "RegistryEndpoint", **authentication) == [
        "properties.authentication.artifactPullSecretSettings.secretRef: missing, but required"
    ]
    authentication = {"properties__authentication": {"method": "Anonymous", "artifactPullSecretSettings": {}}}
    assert findings(AIO + "RegistryEndpoint", **authentication) == [
        "properties.authentication.anonymousSettings: missing, but required",
        "properties.authentication.artifactPullSecretSettings: unknown property; known are: anonymousSettings, method",
    ]


def test_a_union_without_its_discriminator_asks_for_it() -> None:
    (finding,) = findings(AIO + "RegistryEndpoint", properties__authentication={"anonymousSettings": {}})
    assert finding.startswith(
        "properties.authentication.method: missing, but required: 'Anonymous', 'ArtifactPullSecret'"
    )


def test_a_union_with_a_wrong_discriminator_lists_the_right_ones() -> None:
    (finding,) = findings(AIO + "RegistryEndpoint", properties__authentication__method="anonymous")
    assert finding.startswith("properties.authentication.method: 'anonymous' is not one of")
    assert finding.endswith("(did you mean 'Anonymous'?)")


@pytest.mark.parametrize("token", INPUTS)
def test_unknown_is_accepted_for_every_value(token: str) -> None:
    def unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: unknown(item) for key, item in value.items()}
        return [unknown(item) for item in value] if isinstance(value, list) else UNKNOWN

    assert shape_of(token).check(unknown(INPUTS[token])) == []
    assert shape_of(token).check(dict.fromkeys(INPUTS[token], UNKNOWN)) == []


def test_a_property_of_a_newer_version_is_refused_by_the_older() -> None:
    handling = {"properties__highPriorityMessagesBackpressureHandling": "Reject"}
    assert findings(AIO + "Broker", **handling) == []
    newer = {**INPUTS[AIO + "Broker"], "properties": {"highPriorityMessagesBackpressureHandling": "Reject"}}
    older = shape_of("azure-native_iotoperations_v20251001:iotoperations:Broker").check(newer)
    assert [finding.where for finding in older] == ["properties.highPriorityMessagesBackpressureHandling"]
    assert older[0].message.startswith("unknown property")


def test_sizes_of_machines_are_not_limited_to_those_of_the_schema() -> None:
    assert findings("compute:VirtualMachine", hardwareProfile__vmSize="Standard_D8s_v6") == []


@pytest.mark.parametrize("token", tokens())
def test_immutable_properties_exist_in_the_body(token: str) -> None:
    shape = shape_of(token)
    for path in shape.immutable:
        node: Node = shape.table.body
        for name in path.split("."):
            node = _member(shape.table, node, name)


def _member(table: Table, node: Node, name: str) -> Node:
    return table.members(table.resolve(node), {})[name]


def test_location_is_immutable_wherever_there_is_one() -> None:
    assert "location" in shape_of("azure-native:network:VirtualNetwork").immutable
    assert "location" not in shape_of("azure-native:network:Subnet").immutable
    assert shape_of(AIO + "Broker").immutable == (
        "extendedLocation",
        "properties.advanced",
        "properties.cardinality",
        "properties.diskBackedMessageBuffer",
        "properties.generateResourceLimits",
        "properties.memoryProfile",
    )


def test_checking_is_fast() -> None:
    """About 200 resources take some 10 ms; a generous bound."""
    started = time.perf_counter()
    for _ in range(6):
        for token, inputs in INPUTS.items():
            shape_of(token).check(inputs)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("token", "change", "where"),
    [
        ("azure-native:network:NatGateway", {"idleTimeoutInMinutes": 999}, "properties.idleTimeoutInMinutes"),
        ("azure-native:network:PublicIPAddress", {"idleTimeoutInMinutes": 3}, "properties.idleTimeoutInMinutes"),
    ],
)
def test_limits_that_microsoft_tells_in_words_are_kept(token: str, change: dict[str, Any], where: str) -> None:
    (finding,) = shape_of(token).check({**INPUTS[token], **change})

    assert finding.where == where


def test_a_priority_out_of_range_is_found() -> None:
    token = "azure-native:network:NetworkSecurityGroup"
    rule = {"name": "a", "direction": "Inbound", "access": "Deny", "protocol": "*", "priority": 4097}

    found = [finding.where for finding in shape_of(token).check({**INPUTS[token], "securityRules": [rule]})]
    assert found == ["properties.securityRules[0].properties.priority"]


def test_a_row_without_its_table_says_how_to_make_it() -> None:
    with pytest.raises(LookupError, match=r"Microsoft\.EventHub\.namespaces@2099-01-01\.json is not .*make_tables"):
        load("Microsoft.EventHub/namespaces", "2099-01-01")
