"""With a path the world is saved before anybody is told of a change."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from arm.shapes import shape_of
from arm.types import BY_ARM_TYPE
from rehearsal.azure.world import Surroundings, World
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.all_cases import CASES
from tests.rehearsal.azure.cases import Case
from tests.rehearsal.azure.samples import Azure, arm_id, refusal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "world.json"


def saved(azure: Azure, path: Path) -> World:
    """What a new process would find."""
    world = World(Surroundings(SUBSCRIPTION, deployer_has_data_rights=True), azure.clock)
    world.load(path)
    return world


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.rule != "WORLD-01"], ids=lambda one: one.scenario.__name__
)
def test_what_is_saved_is_what_is_there(case: Case, path: Path) -> None:
    azure, _ = case.play(path)
    assert saved(azure, path).entries() == azure.world.entries()
    azure.world.compact()
    assert saved(azure, path).entries() == azure.world.entries()


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.rule != "WORLD-01"], ids=lambda one: one.scenario.__name__
)
def test_entries_are_found_by_type_after_every_change_and_after_a_load(case: Case, path: Path) -> None:
    azure, _ = case.play(path)
    for world in (azure.world, saved(azure, path)):
        entries = world._state.entries
        for row in BY_ARM_TYPE.values():
            assert entries.of_type(row) == [entry for entry in entries.values() if shape_of(entry.token).type is row]


@pytest.mark.parametrize("name", ["vnet", "peering-b"])
def test_a_write_is_saved_while_it_is_in_flight(path: Path, name: str) -> None:
    azure = Azure(path)
    azure.deploy("group", *(["vnet", "vnet-b", "peering"] if name == "peering-b" else []))
    found: list[Any] = []
    azure.at_the_same_time.append(("", lambda: found.append(saved(azure, path).entries())))
    azure.put(name)
    assert found == [azure.world.entries()]


@pytest.mark.parametrize("kind", ["accepted-then-failed", "connection-cut", "cut-while-running"])
def test_a_write_that_ends_badly_is_saved(path: Path, kind: str) -> None:
    azure = Azure(path)
    azure.put("group")
    azure.order("vnet", "create", kind)
    with pytest.raises(Exception, match="vnet"):
        azure.put("vnet")
    assert saved(azure, path).get(arm_id("vnet")) == azure.entry("vnet")


def test_deletes_are_saved(path: Path) -> None:
    azure = Azure(path, deployer_has_data_rights=True)
    azure.deploy("group", "vault", "secret", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("vnet")
    azure.world.delete_secret_as_data(arm_id("secret"))
    after = saved(azure, path)
    assert after.entries() == azure.world.entries()
    assert after.get(arm_id("peering-b")).outputs["peeringState"] == "Disconnected"
    after.purge(arm_id("secret"))


def test_a_purge_is_saved(path: Path) -> None:
    azure = Azure(path)
    azure.deploy("group", "vault")
    azure.delete("vault")
    azure.world.purge(arm_id("vault"))
    assert refusal(saved(azure, path).purge, arm_id("vault")) == "DeletedVaultNotFound"


def test_a_vault_that_comes_back_is_saved_with_its_age_and_protection(path: Path) -> None:
    azure = Azure(path)
    azure.put("group")
    azure.put("vault", properties__enablePurgeProtection=True)
    azure.put("secret")
    azure.delete("vault")
    azure.clock.advance(10)
    azure.put("vault", properties__createMode="recover")
    azure.put("vault", update=True)
    assert saved(azure, path).entries() == azure.world.entries()
    assert azure.entry("vault").created_at == azure.clock.now() - 10


def test_power_is_saved(path: Path) -> None:
    azure = Azure(path)
    azure.deploy_until("vm")
    azure.world.set_power(arm_id("vm"), running=False)
    assert saved(azure, path).get(arm_id("vm")).facts == {"stopped": True}


def test_a_refused_call_saves_nothing(path: Path) -> None:
    assert refusal(Azure(path).put, "vnet") == "ResourceGroupNotFound"
    assert not path.exists()


def test_only_the_owner_can_read_it_and_nothing_else_is_left(path: Path) -> None:
    azure = Azure(path)
    azure.deploy("group", "vnet", "vault")
    kept = list(path.parent.iterdir())
    assert {stat.S_IMODE(one.stat().st_mode) for one in kept} == {0o600}
    assert len(kept) == 2
    azure.world.compact()
    assert list(path.parent.iterdir()) == [path]


def test_a_change_that_was_cut_off_anywhere_is_as_if_it_had_not_been_made(path: Path) -> None:
    azure = Azure(path)
    azure.deploy("group", "vault", "vnet")
    before, changes = saved(azure, path).entries(), path.with_name(f"{path.name}.changes")
    size = changes.stat().st_size
    azure.put("nsg")
    whole, after = changes.read_bytes(), azure.world.entries()
    for length in range(size, len(whole)):
        changes.write_bytes(whole[:length])
        assert saved(azure, path).entries() == before
    changes.write_bytes(whole)
    assert saved(azure, path).entries() == after


def test_what_follows_a_change_that_was_cut_off_is_kept(path: Path) -> None:
    azure = Azure(path)
    azure.deploy("group", "vault", "vnet")
    changes = path.with_name(f"{path.name}.changes")
    changes.write_bytes(changes.read_bytes()[:-5])
    again = Azure(path)
    again.world.load(path)
    again.put("nsg")
    assert saved(azure, path).entries() == again.world.entries()


def test_what_is_written_grows_with_the_change_and_not_with_what_is_there(path: Path) -> None:
    azure = Azure(path)
    azure.deploy("group", "vault", "vnet")
    changes, sizes = path.with_name(f"{path.name}.changes"), []
    for number in range(30):
        size = changes.stat().st_size
        azure.put("secret", secretName=f"secret-{number:02}")
        sizes.append(changes.stat().st_size - size)
    assert max(sizes) - min(sizes) < 10


def test_who_only_looks_takes_nothing_away_from_who_writes(path: Path) -> None:
    azure = Azure(path)
    azure.put("group")
    looking = World(Surroundings(SUBSCRIPTION), azure.clock, path=path)
    looking.load(path)
    azure.put("vnet")
    looking.compact()
    azure.put("vnet-b")
    assert saved(azure, path).entries() == azure.world.entries()


def test_a_second_writer_is_noticed(path: Path) -> None:
    azure = Azure(path)
    azure.put("group")
    azure.put("vnet")
    World(Surroundings(SUBSCRIPTION), azure.clock).save(path)
    with pytest.raises(RuntimeError, match="is written by another process too"):
        azure.put("vnet-b")
