"""What a client reads of a resource, sent back as it is, is the resource again: for every resource of the stacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arm.shapes import shape_of
from graph.graph import Graph
from tests.arm.examples import INPUTS, SUBSCRIPTION
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS


@pytest.mark.parametrize(
    "settings", [TWO_CLUSTERS, THREE_SITES, TWO_BROKERS], ids=["two", "three-sites", "two-brokers"]
)
def test_a_body_read_and_sent_back_is_the_same(recorded: Callable[..., Graph], settings: dict[str, Any]) -> None:
    resources = [one for one in recorded(settings).resources.values() if one.is_arm]
    for one in resources:
        shape = shape_of(one.type)
        sent = shape.body(one.plain_inputs)
        assert shape.body(shape.inputs(one.id, sent)) == sent, one.id
        answer = shape.answer(one.plain_outputs)
        assert not shape.check(shape.inputs(one.id, answer)), one.id
    assert len(resources) > 50


@pytest.mark.parametrize("token", INPUTS)
def test_the_inputs_of_every_type_survive_the_way_through_arm(token: str) -> None:
    shape = shape_of(token)
    arm_id = shape.path(INPUTS[token], SUBSCRIPTION)
    inputs = shape.inputs(arm_id, shape.body(INPUTS[token]))
    assert shape.path(inputs, SUBSCRIPTION) == arm_id
    assert shape.body(inputs) == shape.body(INPUTS[token])
    assert not shape.check(inputs)


def _answer(token: str, **changes: Any) -> dict[str, Any]:
    shape, inputs = shape_of(f"azure-native:{token}"), {**INPUTS[f"azure-native:{token}"], **changes}
    _, outputs = shape.outputs(inputs, preview=False, subscription_id=SUBSCRIPTION)
    return shape.answer(outputs)


def test_what_azure_computes_is_among_the_properties() -> None:
    answer = _answer("network:NetworkInterface")
    assert answer.keys() == {"id", "name", "type", "location", "properties"}
    assert answer["properties"]["provisioningState"] == "Succeeded"
    assert answer["properties"]["ipConfigurations"][0].keys() == {"id", "name", "properties"}


def test_a_role_definition_has_two_types() -> None:
    answer = _answer("authorization:RoleDefinition", roleType="CustomRole")
    assert answer["type"] == "Microsoft.Authorization/roleDefinitions"
    assert answer["properties"]["type"] == "CustomRole"


def test_a_role_assignment_says_its_scope() -> None:
    answer = _answer("authorization:RoleAssignment")
    assert answer["properties"]["scope"] == answer["id"].split("/providers/Microsoft.Authorization/")[0]


def test_no_secret_value_is_answered() -> None:
    assert "value" not in _answer("keyvault:Secret")["properties"]
