"""What is relied on from outside: type tokens, logical names, outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from arm.values import redact, reveal
from graph.graph import Graph
from tests.conftest import PROGRAM, THREE_SITES, TWO_BROKERS, TWO_CLUSTERS

Recorded = Callable[..., Graph]

TYPE_TOKENS = {
    "ClusterStamp": "edge-stamps:cluster_stamp:ClusterStamp",
    "VNetPeering": "edge-stamps:vnet_peering:VNetPeering",
    "PkiChain": "edge-stamps:pki_chain:PkiChain",
    "KeyVaultPublisher": "edge-stamps:key_vault_publisher:KeyVaultPublisher",
    "MqttConfiguration": "edge-stamps:mqtt_configuration:MqttConfiguration",
    "Generations": "edge-stamps:generations:Generations",
    "LinkProbes": "edge-stamps:link_probes:LinkProbes",
}


def test_components_have_the_type_tokens_that_urns_are_made_of(recorded: Recorded) -> None:
    components = {
        resource.type
        for resource in recorded(TWO_CLUSTERS).resources.values()
        if not resource.custom and not resource.type.startswith("pulumi:")
    }

    assert components == set(TYPE_TOKENS.values())


def test_every_component_class_is_in_the_contract() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (PROGRAM / "components").rglob("*.py")]
    classes = {name for text in texts for name in re.findall(r"class (\w+)\(pulumi\.ComponentResource\)", text)}

    assert classes == set(TYPE_TOKENS)


@pytest.mark.parametrize("settings", [TWO_CLUSTERS, THREE_SITES, TWO_BROKERS])
def test_outputs_satisfy_their_schema(settings: dict[str, Any], recorded: Recorded) -> None:
    schema = json.loads((PROGRAM / "docs" / "outputs.schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(reveal(recorded(settings).outputs))


def test_the_schema_refuses_an_output_that_is_not_in_the_contract(recorded: Recorded) -> None:
    schema = json.loads((PROGRAM / "docs" / "outputs.schema.json").read_text(encoding="utf-8"))
    outputs = reveal(recorded(TWO_CLUSTERS).outputs)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**outputs, "private_key": "x"})


def test_outputs_hold_no_secret(recorded: Recorded) -> None:
    outputs = recorded(TWO_CLUSTERS).outputs

    assert redact(outputs) == reveal(outputs)


def test_the_proxy_command_is_complete_and_has_its_own_port(recorded: Recorded) -> None:
    commands = reveal(recorded(THREE_SITES).outputs)["arc_proxy_commands"]

    assert commands["lyon"].startswith(
        "az connectedk8s proxy -n arck-myorgl-dev-001 -g rg-myorgl-dev-001 --subscription "
    )
    ports = [command.rsplit(" --port ", 1)[1] for command in commands.values()]
    assert len(set(ports)) == len(ports) == 4


def test_the_broker_is_named_by_its_dns_name_when_it_has_one(recorded: Recorded) -> None:
    endpoints = reveal(recorded(THREE_SITES).outputs)["broker_endpoints"]

    assert endpoints["enterprise"]["url"] == "mqtts://mqtt.example.com:28883"
    assert endpoints["enterprise"]["address"] == "10.20.1.10", "where the name has to lead"


def test_each_component_registers_its_outputs_once(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    components = sorted(urn for urn, resource in graph.resources.items() if not resource.custom)

    assert sorted(graph.register_outputs_calls) == components


def test_every_resource_belongs_to_a_component_or_is_a_provider(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    orphans = [
        resource.name
        for resource in graph.resources.values()
        if resource.custom and "::pulumi:pulumi:Stack::" in resource.parent and ":providers:" not in resource.type
    ]

    assert orphans == []


def test_logical_names_are_unique_and_so_lead_to_one_resource(recorded: Recorded) -> None:
    for settings in (TWO_CLUSTERS, THREE_SITES, TWO_BROKERS):
        names = [resource.name for resource in recorded(settings).resources.values()]
        assert sorted({name for name in names if names.count(name) > 1}) == []
