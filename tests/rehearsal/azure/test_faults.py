"""Each fault happens as ordered, where it is ordered, as often as it is ordered."""

from __future__ import annotations

import pytest

from rehearsal.azure.errors import ArmError, ConnectionCutError, OperationFailedError
from rehearsal.azure.faults import KINDS, Fault
from tests.rehearsal.azure.samples import Azure, arm_id, refusal

BEFORE = [name for name, kind in KINDS.items() if not (kind.after or kind.lasts)]
STATUS = {
    "bad-request": 400,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "throttled": 429,
    "server-error": 500,
    "accepted-then-failed": 200,
    "connection-cut": 0,
    "cut-while-running": 0,
    "role-spreading": 403,
    "token-ended": 401,
    "token-ended-while-running": 401,
    "token-ended-by-skew": 401,
}


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    azure.put("group")
    return azure


def test_every_kind_is_known_here() -> None:
    assert {name: kind.status for name, kind in KINDS.items()} == STATUS


@pytest.mark.parametrize("kind", BEFORE)
def test_a_refused_create_leaves_nothing_and_the_next_one_succeeds(azure: Azure, kind: str) -> None:
    azure.order("vnet", "create", kind)
    with pytest.raises(ArmError) as caught:
        azure.put("vnet")
    assert caught.value.status == STATUS[kind]
    assert azure.find("vnet") is None
    assert azure.put("vnet").state == "Succeeded"


@pytest.mark.parametrize("kind", BEFORE)
def test_a_refused_delete_leaves_the_resource(azure: Azure, kind: str) -> None:
    azure.put("vnet")
    azure.order("vnet", "delete", kind)
    with pytest.raises(ArmError):
        azure.delete("vnet")
    assert azure.entry("vnet").state == "Succeeded"


def test_a_throttled_call_says_when_to_come_back(azure: Azure) -> None:
    azure.order("vnet", "create", "throttled")
    with pytest.raises(ArmError) as caught:
        azure.put("vnet")
    assert caught.value.retry_after == 17


def test_what_lasts_fails_every_call_until_its_time_is_over(azure: Azure) -> None:
    azure.order("vnet", "create", "role-spreading")
    assert [refusal(azure.put, "vnet") for _ in range(2)] == ["ForbiddenByRbac"] * 2
    azure.clock.advance(KINDS["role-spreading"].lasts)
    assert not refusal(azure.put, "vnet")


def test_a_write_outlives_its_token(azure: Azure) -> None:
    azure.order("vnet", "create", "token-ended-while-running")
    assert refusal(azure.put, "vnet") == "ExpiredAuthenticationToken"
    assert azure.entry("vnet").state == "Creating"


def test_accepted_then_failed_leaves_a_failed_resource_that_an_update_mends(azure: Azure) -> None:
    azure.order("vnet", "create", "accepted-then-failed")
    with pytest.raises(OperationFailedError):
        azure.put("vnet")
    failed = azure.entry("vnet")
    assert (failed.state, failed.outputs["provisioningState"]) == ("Failed", "Failed")
    mended = azure.put("vnet", update=True)
    assert (mended.state, mended.outputs["provisioningState"]) == ("Succeeded", "Succeeded")


def test_a_script_that_failed_has_made_nothing(azure: Azure) -> None:
    azure.deploy_until("vm")
    azure.order("connect", "create", "accepted-then-failed")
    assert refusal(azure.put, "connect") == "InternalExecutionError"
    assert not [entry for entry in azure.world.entries() if entry.name == "arck"]


def test_a_delete_that_fails_later_leaves_a_failed_resource(azure: Azure) -> None:
    azure.put("vnet")
    azure.order("vnet", "delete", "accepted-then-failed")
    with pytest.raises(OperationFailedError):
        azure.delete("vnet")
    assert azure.entry("vnet").state == "Failed"


def test_a_cut_connection_comes_after_the_write(azure: Azure) -> None:
    azure.order("vnet", "create", "connection-cut")
    azure.order("vnet", "delete", "connection-cut")
    with pytest.raises(ConnectionCutError, match="connection reset by peer"):
        azure.put("vnet")
    assert azure.entry("vnet").state == "Succeeded"
    with pytest.raises(ConnectionCutError):
        azure.delete("vnet")
    assert azure.find("vnet") is None


def test_a_resource_may_be_invisible_for_a_while(azure: Azure) -> None:
    azure.put("vnet")
    azure.order(arm_id("vnet"), "get", "not-found", times=2)
    assert [refusal(azure.world.get, arm_id("vnet")) for _ in range(3)] == ["ResourceNotFound", "ResourceNotFound", ""]


def test_an_order_is_for_one_operation_and_one_resource(azure: Azure) -> None:
    azure.order("vnet", "update", "server-error")
    assert not refusal(azure.put, "vnet")
    assert not refusal(azure.put, "vnet-b", update=True)
    assert refusal(azure.put, "vnet", update=True) == "InternalServerError"
    assert not refusal(azure.put, "vnet", update=True)


def test_an_order_may_be_by_pattern_of_the_id(azure: Azure) -> None:
    azure.order("*/VIRTUALNETWORKS/*", "create", "conflict")
    assert refusal(azure.put, "vnet") == "AnotherOperationInProgress"
    assert azure.faults.open == []


def test_orders_that_did_not_come_true_are_known(azure: Azure) -> None:
    azure.order("vnet", "create", "conflict", times=3)
    refusal(azure.put, "vnet")
    assert azure.faults.open == [Fault("vnet", "create", "conflict", 2)]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("creates", "conflict"), ("create", "crash"), ("get", "connection-cut"), ("delete", "cut-while-running")],
)
def test_an_order_that_cannot_happen_is_refused(operation: str, kind: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Fault("vnet", operation, kind)
