"""States that a killed run has left, settled without any engine."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from automation.deployment.pending_creates import (
    UnsettledError,
    add_pending_creates,
    compare_with_look,
    describe,
    settle,
    sort_by_dependency,
)

SUBSCRIPTION = "5ab5c21e-0000-4000-8000-000000000001"
VNET_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
STACK = "urn:pulumi:dev::edge-stamps::pulumi:pulumi:Stack::edge-stamps-dev"
IN_THE_STATE_ONLY = (
    "tls:index/privateKey:PrivateKey", "random:index/randomUuid:RandomUuid", "pulumi:providers:azure-native",
)  # fmt: skip


def resource(name: str, type_: str = "azure-native:network:VirtualNetwork", **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::edge-stamps::{type_}::{name}"
    inputs = {"resourceGroupName": "rg", "virtualNetworkName": name, "location": "eastus2"}
    return {"urn": urn, "type": type_, "custom": True, "parent": STACK, "inputs": inputs, **more}


def state(*resources: Mapping[str, Any], pending: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """A deployment; `pending`: operation -> resource."""
    operations = [{"type": operation, "resource": item} for operation, item in (pending or {}).items()]
    return {"manifest": {}, "resources": [*resources], "pending_operations": operations, "metadata": {"kept": True}}


def urns(deployment: Mapping[str, Any]) -> list[str]:
    return [item["urn"] for item in deployment["resources"]]


def test_a_create_of_an_azure_resource_becomes_the_resource_with_the_id_that_it_must_have() -> None:
    vnet = resource("vnet", dependencies=["urn:a"], protect=True)
    settled = settle(state(pending={"creating": vnet}), SUBSCRIPTION)

    (found,) = settled.deployment["resources"]
    assert found["id"] == VNET_ID
    assert found["outputs"] == {}
    assert found["initErrors"] == ["the create was cut off"]
    assert {key: found[key] for key in vnet} == vnet
    assert settled.deployment["pending_operations"] == []
    assert settled.deployment["metadata"] == {"kept": True}
    assert (settled.doubtful, settled.forgotten, settled.interrupted) == ([vnet["urn"]], [], {})
    assert settled.is_changed


def test_a_create_of_a_parameterized_package_has_its_id_too() -> None:
    instance = resource("aio", "azure-native_iotoperations_v20260701:iotoperations:Instance")
    instance["inputs"] = {"resourceGroupName": "rg", "instanceName": "aio"}
    (found,) = settle(state(pending={"creating": instance}), SUBSCRIPTION).deployment["resources"]
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    assert found["id"] == f"{group}/providers/Microsoft.IoTOperations/instances/aio"


@pytest.mark.parametrize("type_", IN_THE_STATE_ONLY)
def test_a_create_of_what_lives_in_the_state_only_is_forgotten(type_: str) -> None:
    item = resource("thing", type_)
    settled = settle(state(pending={"creating": item}), SUBSCRIPTION)
    assert (settled.forgotten, settled.doubtful, settled.interrupted) == ([item["urn"]], [], {})
    assert settled.deployment["resources"] == settled.deployment["pending_operations"] == []
    assert settled.is_changed


@pytest.mark.parametrize("type_", ["kubernetes:core/v1:ConfigMap", "azure:core/resourceGroup:ResourceGroup"])
def test_a_create_of_an_unknown_package_is_an_error_with_the_next_step(type_: str) -> None:
    item = resource("thing", type_)
    with pytest.raises(UnsettledError, match="Next: look whether it exists, then `pulumi import` it or") as error:
        settle(state(pending={"creating": item}), SUBSCRIPTION)
    assert str(error.value).startswith(item["urn"])


def test_a_create_of_an_azure_type_that_nobody_knows_names_it() -> None:
    with pytest.raises(UnsettledError, match="Firewall::wall: its create was cut off, and its id"):
        settle(state(pending={"creating": resource("wall", "azure-native:network:Firewall")}), SUBSCRIPTION)


def test_what_was_deleted_to_be_replaced_gives_one_resource() -> None:
    old = resource("vnet", id="/old", pendingReplacement=True, outputs={"id": "/old"})
    child = resource("subnet", dependencies=[old["urn"]])
    settled = settle(state(old, child, pending={"creating": resource("vnet")}), SUBSCRIPTION)

    assert urns(settled.deployment) == [old["urn"], child["urn"]]
    new = settled.deployment["resources"][0]
    assert (new["id"], new.get("pendingReplacement")) == (VNET_ID, None)


def test_what_is_replaced_already_and_still_to_be_deleted_stays_beside_the_new_one() -> None:
    old = resource("vnet", id="/old", delete=True)
    settled = settle(state(old, pending={"creating": resource("vnet")}), SUBSCRIPTION)
    assert settled.doubtful == [old["urn"]]
    assert sorted(item["id"] for item in settled.deployment["resources"]) == ["/old", VNET_ID]


@pytest.mark.parametrize("operation", ["updating", "deleting", "reading"])
def test_what_else_was_being_done_is_named_and_the_resource_stays(operation: str) -> None:
    vnet = resource("vnet", id=VNET_ID)
    settled = settle(state(vnet, pending={operation: vnet}), SUBSCRIPTION)
    assert settled.interrupted == {vnet["urn"]: operation}
    (kept,) = settled.deployment["resources"]
    assert kept.get("initErrors", []) == (["the delete was cut off"] if operation == "deleting" else [])
    assert settled.deployment["pending_operations"] == []
    assert settled.is_changed
    again = settle(settled.deployment, SUBSCRIPTION).interrupted
    assert again == ({vnet["urn"]: operation} if operation == "deleting" else {}), "the look may be cut off"
    found = compare_with_look(settled, {vnet["urn"]: {}})
    assert describe(settled, found) == [f"vnet: cut off while {operation}; the next up does it"]
    assert found.deployment["resources"] == [vnet | {"initErrors": []}]


def test_what_was_being_deleted_and_is_gone_leaves_the_stack() -> None:
    vnet = resource("vnet", id=VNET_ID)
    settled = settle(state(vnet, pending={"deleting": vnet}), SUBSCRIPTION)
    assert compare_with_look(settled, {vnet["urn"]: None}).deployment["resources"] == []


def test_what_others_stand_on_stays_in_the_stack_to_be_made_anew() -> None:
    vnet, subnet = resource("vnet"), resource("subnet", id="/subnet", dependencies=[resource("vnet")["urn"]])
    settled = settle(state(subnet, pending={"creating": vnet}), SUBSCRIPTION)
    found = compare_with_look(settled, {vnet["urn"]: None, subnet["urn"]: {}})
    assert urns(found.deployment) == [vnet["urn"], subnet["urn"]]
    assert found.deployment["resources"][0]["initErrors"] == ["the create was cut off"]


def test_a_create_of_what_is_in_the_state_leaves_it_as_it_is() -> None:
    vnet = resource("vnet", id=VNET_ID, outputs={"name": "vnet"})
    settled = settle(state(vnet, pending={"creating": resource("vnet")}), SUBSCRIPTION)
    assert settled.deployment["resources"] == [vnet]
    assert settled.doubtful == []


def test_a_state_without_anything_pending_is_not_changed() -> None:
    assert not settle(state(resource("vnet", id=VNET_ID)), SUBSCRIPTION).is_changed
    assert not settle({}, SUBSCRIPTION).is_changed
    assert not settle({"resources": None, "pending_operations": None}, SUBSCRIPTION).is_changed


def test_what_was_cut_off_without_a_note_in_the_state_is_settled_unless_it_is_there() -> None:
    there, lost = resource("there", id="/there"), resource("vnet")
    settled = settle(add_pending_creates(state(there), [resource("there"), lost]), SUBSCRIPTION)
    assert (settled.doubtful, settled.interrupted) == ([lost["urn"]], {})
    assert [item["id"] for item in settled.deployment["resources"]] == ["/there", VNET_ID]


def test_what_is_given_is_not_changed() -> None:
    given = state(resource("other", dependencies=[resource("vnet")["urn"]]), pending={"creating": resource("vnet")})
    kept = copy.deepcopy(given)
    settled = settle(given, SUBSCRIPTION)
    for item in settled.deployment["resources"]:
        item["id"] = "/changed"
    assert given == kept


def test_an_adopted_resource_stands_before_what_depends_on_it() -> None:
    vnet, subnet = resource("vnet"), resource("subnet", dependencies=[resource("vnet")["urn"]])
    settled = settle(state(subnet, pending={"creating": vnet}), SUBSCRIPTION)
    assert urns(settled.deployment) == [vnet["urn"], subnet["urn"]]


def test_each_is_told_in_words() -> None:
    here, gone, key = resource("vnet"), resource("gone"), resource("key", IN_THE_STATE_ONLY[0])
    foreign = resource("foreign", inputs={"virtualNetworkName": "foreign", "tags": {"stack": "ours"}})
    settled = settle(add_pending_creates(state(), [here, gone, key, foreign]), SUBSCRIPTION)
    found = compare_with_look(settled, {here["urn"]: {}, foreign["urn"]: {}, gone["urn"]: None})
    assert describe(settled, found) == [
        "vnet: its create was cut off after Azure had taken it; it is in the stack now",
        "gone: its create was cut off and Azure does not have it; nothing is left of it",
        "foreign: its create was cut off, and what exists under its name is not this stack's; it is left alone",
        "key: its create was cut off; it leaves nothing behind",
    ]
    assert urns(found.deployment) == [here["urn"]]


def test_a_look_changes_nothing_but_what_was_in_doubt() -> None:
    """Another login sees nothing of a whole subscription: what a look says of the rest is not kept."""
    failed = resource("failed", id="/failed", initErrors=["it never became ready"])
    fine = resource("fine", id="/fine")
    settled = settle(add_pending_creates(state(failed, fine), [resource("vnet")]), SUBSCRIPTION)
    found = compare_with_look(settled, {resource("vnet")["urn"]: {"name": "vnet"}})

    assert found.gone == []
    assert {item["id"]: item.get("initErrors") for item in found.deployment["resources"]} == {
        "/failed": ["it never became ready"],
        "/fine": None,
        VNET_ID: ["the create was cut off"],
    }
    adopted = next(item for item in found.deployment["resources"] if item["id"] == VNET_ID)
    assert (adopted["inputs"], adopted["outputs"]) == (resource("vnet")["inputs"], {"name": "vnet"})


@pytest.mark.parametrize(
    ("sent", "has", "ours"),
    [
        ({"stack": "ours"}, {"stack": "ours", "policy": "added"}, True),
        ({"stack": "ours"}, {"stack": "theirs"}, False),
        ({"stack": "ours"}, None, False),
        ({}, None, True),
        (None, {"any": "thing"}, True),
    ],
)
def test_what_lacks_the_tags_that_were_sent_is_somebody_else_s(
    sent: dict[str, str] | None, has: dict[str, str] | None, ours: bool
) -> None:
    lost = resource("vnet", inputs={"virtualNetworkName": "vnet", "tags": sent})
    settled = settle(add_pending_creates(state(), [lost]), SUBSCRIPTION)
    found = compare_with_look(settled, {lost["urn"]: {"tags": has}})
    assert (found.there, found.foreign) == (([lost["urn"]], []) if ours else ([], [lost["urn"]]))


def test_a_replacement_that_was_cut_off_beside_its_predecessor_is_left_to_people() -> None:
    old, new = resource("vnet", id="/old"), resource("vnet")
    with pytest.raises(UnsettledError, match="Next: look whether the new one exists"):
        settle(state(old, pending={"creating": new}), SUBSCRIPTION)


def test_a_long_chain_is_no_deeper_than_python_can_go() -> None:
    chain = [resource("r0")] + [
        resource(f"r{number}", dependencies=[resource(f"r{number - 1}")["urn"]]) for number in range(1, 3000)
    ]
    assert [item["urn"] for item in sort_by_dependency(chain[::-1])] == [item["urn"] for item in chain]


NEEDS = ("parent", "provider", "deletedWith", "dependencies", "replaceWith", "propertyDependencies")


def needing(name: str, by: str, needed: list[str]) -> dict[str, Any]:
    """A resource that needs others in one of the ways in which a state says so."""
    values: dict[str, Any] = {
        "parent": needed[0],
        "provider": f"{needed[0]}::11111111-2222-4333-8444-555555555555",
        "deletedWith": needed[0],
        "propertyDependencies": {"empty": None, "name": needed},
    }
    return {"urn": name, by: values.get(by, needed)}


@pytest.mark.parametrize("by", NEEDS)
def test_every_way_to_need_another_counts(by: str) -> None:
    one = {"urn": "urn:a::b::c::one"}
    two = needing("urn:a::b::c::two", by, [one["urn"]])
    assert sort_by_dependency([two, one]) == [one, two]
    assert sort_by_dependency([one, two]) == [one, two]


def test_two_of_one_urn_stay_together_and_in_order() -> None:
    new, old, user = {"urn": "one", "id": "new"}, {"urn": "one", "delete": True}, needing("u", "parent", ["one"])
    assert sort_by_dependency([user, new, old]) == [new, old, user]


@pytest.mark.parametrize("seed", range(40))
def test_any_order_of_any_graph_is_mended_and_a_right_one_is_kept(seed: int) -> None:
    rng = random.Random(seed)
    names = [f"urn:a::b::c::{number}" for number in range(rng.randint(2, 40))]
    right: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        needed = rng.sample(names[:index], min(index, rng.randint(0, 4)))
        right.append(needing(name, rng.choice(NEEDS), needed) if needed else {"urn": name})
    shuffled = rng.sample(right, len(right))
    mended = sort_by_dependency(shuffled)

    place = {item["urn"]: index for index, item in enumerate(mended)}
    assert sorted(place) == sorted(names)
    assert all(place[needed] < place[item["urn"]] for item in mended for needed in needs(item))
    assert sort_by_dependency(right) == right
    assert sort_by_dependency(mended) == mended
    # Of two neighbours in what was given, the second comes first only because something needs it.
    for first, second in pairwise(shuffled):
        if place[second["urn"]] < place[first["urn"]]:
            moved = [item for item in shuffled[: shuffled.index(second)] if second["urn"] in all_needs(item, right)]
            assert moved


def needs(item: Mapping[str, Any]) -> set[str]:
    found = {item[key] for key in ("parent", "deletedWith") if key in item}
    found |= {item["provider"].rpartition("::")[0]} if "provider" in item else set()
    found |= {*item.get("dependencies", ()), *item.get("replaceWith", ())}
    return found | {*item.get("propertyDependencies", {}).get("name", ())}


def all_needs(item: Mapping[str, Any], items: list[dict[str, Any]]) -> set[str]:
    by_urn = {each["urn"]: each for each in items}
    found = needs(item)
    return found.union(*(all_needs(by_urn[urn], items) for urn in found))
