"""The hand-made rows and the tables against the SDK's own classes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping

import pytest

from arm.hosting import EXISTING
from arm.schema.table import Node
from arm.shapes import Shape, shape_of, tokens
from arm.types import BY_ARM_TYPE
from tests.arm.sdk_inputs import Kind, inputs_of, members, outputs_of

# Of what is there before the stack nothing is ever sent.
TYPED = [one for one in tokens() if one.startswith("azure-native:") and shape_of(one).type not in EXISTING]

# Inputs of the SDK that have no place in the request of the pinned API version, and why.
READ_ONLY = "Azure sets it; the SDK lists it where a type is used both ways"
NEWER = "of a later API version; the SDK shares nested types between versions"
ELSEWHERE = "lifted out of something other than `properties`; the program does not use it"
EXCEPTIONS = {
    "etag": READ_ONLY,
    "provisioningState": READ_ONLY,
    "resourceGuid": READ_ONLY,
    "delegations[].actions": READ_ONLY,
    "defaultSecurityRules": READ_ONLY,
    "resourceNavigationLinks": READ_ONLY,
    "serviceAssociationLinks": READ_ONLY,
    "serviceGateway": NEWER,
    "ipamPoolPrefixAllocations[].id": ELSEWHERE,
    "Subnet.name": "the same as subnetName, which the path carries",
    "Subnet.type": "the same as the ARM type, which the path carries",
    "VirtualNetworkPeering.name": "the same as virtualNetworkPeeringName, which the path carries",
    "VirtualNetworkPeering.type": "the same as the ARM type, which the path carries",
    "Extension.plan": "of Azure Marketplace; missing in Microsoft's schema; the program does not use it",
}


def _homeless(shape: Shape, node: Node, names: Mapping[str, Kind], path: str, seen: frozenset[type]) -> Iterator[str]:
    """Inputs, by path, that fit neither an object nor its `properties`, nor what is lifted out of those."""
    table = shape.table
    node = table.resolve(node)
    if node.get("open"):
        return
    known = table.members(node, {})
    lifted = table.members(table.resolve(known.get("properties", {})), {})
    lifted = {**table.members(table.resolve(lifted.get(shape.type.lifted, {})), {}), **lifted}
    for name, kind in names.items():
        here = f"{path}.{name}" if path else name
        arm_name = shape.type.renamed.get(here.replace("[]", "").removeprefix(_short(shape) + "."), name)
        target = known.get(arm_name, lifted.get(arm_name))
        if target is None:
            yield here
        else:
            yield from _inside(shape, table.resolve(target), kind, here, seen)


def _inside(shape: Shape, node: Node, kind: Kind | None, path: str, seen: frozenset[type]) -> Iterator[str]:
    if kind is None:
        return
    if kind.name == "object" and kind.of not in seen:
        yield from _homeless(shape, node, members(kind.of), path, seen | {kind.of})
    elif kind.name == "list":
        yield from _inside(shape, shape.table.resolve(node.get("items", {"open": True})), kind.of, path + "[]", seen)
    elif kind.name == "map":
        yield from _inside(shape, shape.table.resolve(node.get("additionalProperties", {})), kind.of, path, seen)


def _short(shape: Shape) -> str:
    return shape.token.rsplit(":", 1)[1]


def _excused(path: str) -> bool:
    return any(f".{path}".endswith(f".{name}") for name in EXCEPTIONS)


@pytest.mark.parametrize("token", TYPED)
def test_every_input_of_the_class_has_a_place_in_path_query_or_body(token: str) -> None:
    shape = shape_of(token)
    elsewhere = {*shape.type.path_parameters, *shape.type.query}
    names = {name: kind for name, kind in inputs_of(token).items() if name not in elsewhere}
    homeless = _homeless(shape, shape.table.body, names, _short(shape), frozenset())
    assert [path for path in homeless if not _excused(path)] == []


@pytest.mark.parametrize("token", TYPED)
def test_path_and_query_parameters_are_inputs_of_the_class(token: str) -> None:
    assert {*shape_of(token).type.path_parameters, *shape_of(token).type.query} <= inputs_of(token).keys()


@pytest.mark.parametrize("token", TYPED)
def test_whether_properties_are_lifted_is_as_the_class_has_it(token: str) -> None:
    assert shape_of(token).type.flattened == ("properties" not in inputs_of(token))


@pytest.mark.parametrize("token", TYPED)
def test_api_version_is_that_of_the_class(token: str) -> None:
    _, module, name = token.split(":")
    resource = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    assert f"Uses Azure REST API version {shape_of(token).api_version}." in inspect.getsource(resource)


@pytest.mark.parametrize("token", TYPED)
def test_computed_outputs_exist_in_the_class(token: str) -> None:
    shape = shape_of(token)
    computed = {path.split(".")[0] for path in shape.type.computed}
    outputs = outputs_of(token).keys()
    assert computed <= outputs
    assert ("provisioningState" in outputs) == ("provisioningState" in computed)


def test_every_type_has_its_computed_outputs_listed_or_none_to_list() -> None:
    without = {arm_type for arm_type, row in BY_ARM_TYPE.items() if not row.computed}
    assert without == {
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Authorization/roleDefinitions",
        "Microsoft.Maintenance/configurationAssignments",
        "Microsoft.Maintenance/maintenanceConfigurations",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        "Microsoft.Storage/storageAccounts/blobServices/containers",
    }
