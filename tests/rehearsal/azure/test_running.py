"""A write whose connection is cut goes on: Creating or Updating for a while, then Succeeded by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.azure.clock import ManualClock
from rehearsal.azure.errors import ArmError, ConnectionCutError
from rehearsal.azure.world import Surroundings, World
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.cases import leave_running
from tests.rehearsal.azure.samples import Azure, arm_id, inputs_of, refusal, shape


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    azure.put("group")
    return azure


def states(azure: Azure, name: str) -> tuple[str, str]:
    """That of the entry and the one that a GET shows."""
    entry = azure.world.get(arm_id(name))
    outputs = entry.outputs
    return entry.state, outputs.get("provisioningState") or outputs["properties"]["provisioningState"]


def test_the_caller_is_told_that_the_connection_was_cut(azure: Azure) -> None:
    azure.order("vnet", "create", "cut-while-running")
    with pytest.raises(ConnectionCutError, match="connection reset by peer"):
        azure.put("vnet")


@pytest.mark.parametrize("name", ["vnet", "vault"])
def test_a_create_goes_on_and_then_has_succeeded(azure: Azure, name: str) -> None:
    leave_running(azure, name)
    azure.clock.advance(119)
    assert states(azure, name) == ("Creating", "Creating")
    azure.clock.advance(1)
    assert states(azure, name) == ("Succeeded", "Succeeded")


def test_an_update_goes_on_with_the_new_body(azure: Azure) -> None:
    azure.put("vnet")
    azure.order("vnet", "update", "cut-while-running")
    assert refusal(azure.put, "vnet", update=True, tags={"a": "b"}) == ""  # a cut connection has no code
    assert states(azure, "vnet") == ("Updating", "Updating")
    assert azure.entry("vnet").inputs["tags"] == {"a": "b"}


def test_how_long_it_goes_on_is_a_matter_of_the_surroundings() -> None:
    azure = Azure(running_seconds=0)
    leave_running(azure, "group")
    assert azure.put("vnet").state == "Succeeded"


def test_a_clock_that_is_set_back_meanwhile_makes_nothing_go_on_for_ever(azure: Azure) -> None:
    leave_running(azure, "vnet")
    azure.clock.advance(100)
    assert states(azure, "vnet") == ("Creating", "Creating")
    azure.clock.advance(-1_000_000)
    assert states(azure, "vnet") == ("Creating", "Creating")
    azure.clock.advance(20)
    assert states(azure, "vnet") == ("Succeeded", "Succeeded")


def test_a_clock_that_is_set_forward_meanwhile_ends_it_early(azure: Azure) -> None:
    leave_running(azure, "vnet")
    azure.clock.advance(1_000_000)
    assert states(azure, "vnet") == ("Succeeded", "Succeeded")


def test_a_clock_that_was_set_back_between_two_processes_makes_nothing_go_on_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "azure.json"
    first = Azure(path=file)
    first.put("group")
    leave_running(first, "vnet")
    clock = ManualClock(-1_000_000)
    second = World(Surroundings(SUBSCRIPTION), clock, path=file)
    second.load(file)
    assert second.get(arm_id("vnet")).state == "Creating"
    clock.advance(120)
    assert second.get(arm_id("vnet")).state == "Succeeded"


def test_onlookers_see_that_it_is_done(azure: Azure) -> None:
    leave_running(azure, "vnet")
    assert [entry.state for entry in azure.world.entries()] == ["Succeeded", "Creating"]
    azure.clock.advance(120)
    assert [entry.state for entry in azure.world.entries()] == ["Succeeded", "Succeeded"]


def test_what_is_done_may_be_written_and_deleted_again(azure: Azure) -> None:
    azure.deploy("nsg", "public-ip", "nat")
    leave_running(azure, "vnet")
    assert refusal(azure.put, "subnet") == "AnotherOperationInProgress"
    azure.clock.advance(120)
    azure.put("vnet", update=True)
    azure.put("subnet")
    azure.delete("vnet")


def test_the_refusal_of_a_peering_says_what_the_other_network_is_doing(azure: Azure) -> None:
    azure.put("vnet")
    leave_running(azure, "vnet-b")
    with pytest.raises(ArmError, match="Resource is in Creating state"):
        azure.put("peering")


def test_what_is_beside_it_is_free(azure: Azure) -> None:
    leave_running(azure, "vault")
    assert not refusal(azure.put, "storage")
    assert not refusal(azure.put, "vault", vaultName="kv-2")


def test_what_goes_with_its_resource_group_does_not_come_back(azure: Azure) -> None:
    leave_running(azure, "vnet")
    azure.delete("group")
    azure.put("group")
    assert azure.put("vnet").state == "Succeeded"
    azure.clock.advance(120)
    assert states(azure, "vnet") == ("Succeeded", "Succeeded")


def test_a_world_that_was_saved_before_writes_could_run_on_is_read(azure: Azure, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    azure.world.save(path)
    document = json.loads(path.read_text())
    del document["running"]
    path.write_text(json.dumps(document))
    azure.world.load(path)
    assert azure.entry("group").state == "Succeeded"


def test_a_saved_world_goes_on_where_it_was(azure: Azure, tmp_path: Path) -> None:
    leave_running(azure, "vault")
    azure.clock.advance(100)
    azure.world.save(tmp_path / "world.json")
    other = World(Surroundings(SUBSCRIPTION), azure.clock)
    other.load(tmp_path / "world.json")
    call = shape("vault"), arm_id("vault"), inputs_of("vault")
    assert refusal(other.put, *call) == "RequestConflict"
    azure.clock.advance(20)
    assert other.get(arm_id("vault")).state == "Succeeded"
    assert not refusal(other.put, *call)
