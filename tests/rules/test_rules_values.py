"""Values that follow from settings, and values that are always the same: each wrong one is found where it stands."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from arm.shapes import shape_of
from graph.graph import Graph
from rules.hardening import FIXED, fixed_values
from rules.lookup import Hits, View
from rules.requested import REQUESTED, values
from rules.tables import Fixed, Requested, read
from settings.stand_ins import STAND_INS
from tests.conftest import resolve
from tests.rules.conftest import PROD
from tests.rules.workbench import Mistake, Workbench

_WRONG = "something else"
_TOPIC = {"from": "input", "to": "site/output", "payload": "json"}
_WINDOW = {"node": {"maintenance": {"start": "2027-01-02 02:00"}}}
_MACHINE = {
    "code": "m",
    "hosting": "arc-machine",
    "machine": {
        "resource_id": (
            "/subscriptions/{subscription_id}/resourceGroups/plant/providers/Microsoft.HybridCompute/machines/mill"
        ).format_map(STAND_INS),
        "ssh_over_arc": {"user": "plant"},
    },
    "node": {"address": "192.168.10.20"},
}
_JSON_ALONE: dict[str, Any] = {
    **PROD,
    "clusters": {"site": _WINDOW, "enterprise": {}, "mill": _MACHINE},
    "links": [{"from": "site", "to": "enterprise", "topics": [_TOPIC]}],
}


@pytest.fixture
def prod(recorded: Callable[..., Graph]) -> Workbench:
    """In production, with the one kind of dataflow that has a transformation, a window, and SSH over Arc."""
    return Workbench(copy.deepcopy(recorded(_JSON_ALONE)), resolve(_JSON_ALONE))


def _set(inputs: Any, path: str, value: Any) -> None:
    """Put a value at a dotted path, whatever is there."""
    head, _, rest = path.partition(".")
    for key in range(len(inputs)) if head == "*" else (head,):
        if not rest:
            inputs[key] = value
        elif head == "*" or isinstance(inputs.get(key), dict | list):
            _set(inputs[key], rest, value)
        elif "*" not in rest:
            inputs[key] = {}
            _set(inputs[key], rest, value)


def _carrier(bench: Workbench, row: Fixed | Requested) -> Any:
    """Return the inputs of a resource that has what the path leads through."""
    parent = row.path.rpartition(".*")[0]
    for resource in bench.graph.of_type(row.type):
        if not parent or any(found for _, found in read(resource.plain_inputs, parent)):
            return resource
    raise AssertionError(f"no {row.type.arm_type} has {parent}")


def _bites(bench: Workbench, row: Fixed | Requested, rule: Callable[[View], Hits], *said: str) -> None:
    resource = _carrier(bench, row)
    _set(resource.inputs, row.path, _WRONG)
    found = list(rule(View(bench.graph, bench.settings)))
    where = re.escape(row.path).replace(r"\.\*", r"\[\d+\]")
    assert {name for name, message in found if re.match(f"{where}: ", message)} == {resource.name}, found
    assert all(word in found[0][1] for word in said), found


@pytest.mark.parametrize("row", [row for row in FIXED if row.values], ids=lambda row: f"{row.type.name}.{row.path}")
def test_another_value_than_the_fixed_one_is_found(row: Fixed, prod: Workbench) -> None:
    _bites(prod, row, fixed_values, row.why, row.source)


@pytest.mark.parametrize("row", [row for row in FIXED if not row.values], ids=lambda row: f"{row.type.name}.{row.path}")
def test_a_missing_value_is_found(row: Fixed, prod: Workbench) -> None:
    resource = _carrier(prod, row)
    _set(resource.inputs, row.path, None)
    assert f"{row.path}: missing" in "".join(text for _, text in fixed_values(View(prod.graph, prod.settings)))


@pytest.mark.parametrize("row", REQUESTED, ids=lambda row: f"{row.type.name}.{row.path}")
def test_another_value_than_the_requested_one_is_found(row: Requested, prod: Workbench) -> None:
    _bites(prod, row, values, "the settings ask for", row.setting)


@pytest.mark.parametrize("row", [*FIXED, *REQUESTED], ids=lambda row: f"{row.type.name}.{row.path}")
def test_every_path_of_the_tables_is_an_input_that_azure_takes(row: Fixed | Requested) -> None:
    token = row.type.token(row.type.versions[-1])
    # An input `type` is behind the output of that name, which tells the ARM type.
    assert row.path == "type" or shape_of(token).is_input([step for step in row.path.split(".") if step != "*"])


MISTAKES = (
    Mistake(
        "tag that does not arrive",
        "ASK-04",
        lambda prod: prod.set("site-node", "tags", {"owner": "nobody"}),
        ("site-node", "tags.owner"),
    ),
    Mistake(
        "resource group of no stack",
        "ASK-04",
        lambda prod: prod.drop("site-resource-group", "tags.edge-stamps-stack"),
        ("site-resource-group", "tags.edge-stamps-stack"),
    ),
    Mistake(
        "disk of another name",
        "ASK-05",
        lambda prod: prod.set("site-node", "storageProfile.osDisk.name", "disk"),
        ("site-node", "storageProfile.osDisk.name", "'disk'", "'osdisk-myorga-aio-prod-001-0'"),
    ),
    Mistake(
        "listener of another name",
        "ASK-05",
        lambda prod: prod.set("enterprise-link-listener", "properties.serviceName", "broker"),
        ("enterprise-link-listener", "properties.serviceName", "aio-broker-loadbalancer"),
    ),
    Mistake(
        "default listener of another name",
        "REF-07",
        lambda prod: prod.set("site-default-listener", "listenerName", "standard"),
        ("site-aio-instance", "listeners 'default'"),
    ),
    Mistake(
        "network of another name",
        "ASK-05",
        lambda prod: prod.set("site-nat-gateway", "natGatewayName", "nat"),
        ("site-nat-gateway", "natGatewayName", "'nat-myorga-prod-001'", "settings/cluster_names.py"),
        also=("REF-01", "OUT-01"),
    ),
    Mistake(
        "custom role for the whole subscription",
        "HARD-02",
        lambda prod: prod.set("site-arc-disconnect-role", "assignableScopes", ["/subscriptions/x"]),
        ("site-arc-disconnect-role", "assignableScopes", "rg-myorga-prod-001"),
    ),
    Mistake(
        "custom role with data actions",
        "HARD-02",
        lambda prod: prod.set("site-arc-disconnect-role", "permissions.0.dataActions", ["*"]),
        ("site-arc-disconnect-role", "dataActions"),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_mistake_is_found(mistake: Mistake, prod: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(prod)
    reported(prod, mistake.rule, *mistake.said, also=mistake.also)
