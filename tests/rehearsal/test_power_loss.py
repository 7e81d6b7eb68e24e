"""Whenever power is lost, state and modelled Azure still fit: nothing exists that the state has not at least begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from arm.shapes import is_arm, shape_of
from arm.types.kubernetes import CONNECTED_CLUSTER
from automation.sweep.baseline import find_baseline
from rehearsal import appended_file
from rehearsal.azure.world import World
from rehearsal.engine import Engine, Recording, State
from rehearsal.modelled_azure import make_surroundings
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM
from tests.rehearsal.disk import Disk, Found

CALLS = 40
"""Registrations of the stack dev that are played: providers, groups, network, the first of the rest."""
SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])


def lose_power(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """Deploy, deploy less, destroy; what may be found on the disk after a loss of power at each moment."""
    calls = find_baseline(PROGRAM, "dev").phases["create"].program.calls  # first: it writes files of its own
    disk = Disk()
    monkeypatch.setattr(appended_file, "os", disk)
    state = State(path=folder / "state.json")
    state.save()
    world = World(SURROUNDINGS, path=folder / "azure.json", run_script=ScriptRunner())
    for count in (CALLS, CALLS - 10, 0):
        program = Recording(calls[:count])
        engine = Engine(program, "dev", {}, all_providers(AzureProvider(world)), state)
        result = engine.up() if count else engine.destroy()
        assert result.succeeded, result.summary()
        world.compact()
    return disk.found


def find_misfits(found: Found, folder: Path) -> list[str]:
    """What does not fit after a restart: in Azure and not in the state, or the other way round."""
    for file in folder.iterdir():
        file.unlink()
    for path, content in found.items():
        (folder / Path(path).name).write_bytes(content)
    state, world = State.load(folder / "state.json"), World(SURROUNDINGS, run_script=ScriptRunner())
    if (folder / "azure.json").exists():
        world.load(folder / "azure.json")
    begun = {
        shape_of(each.resource.type).path(each.resource.inputs, SURROUNDINGS.subscription_id).lower(): each.type
        for each in state.pending_operations
        if is_arm(each.resource.type)
    }
    done = {each.id.lower() for each in state.resources if is_arm(each.type)}
    there = {entry.id.lower() for entry in world.entries() if entry.row is not CONNECTED_CLUSTER}
    lost = {one for one in done - there if begun.get(one) != "deleting"}
    return [f"orphan: {one}" for one in there - done - begun.keys()] + [f"lost: {one}" for one in lost]


def is_wrong(found: Found, folder: Path) -> bool:
    try:
        return bool(find_misfits(found, folder))
    except ValueError:
        return True  # cut off, so that it cannot be read at all


def test_state_and_azure_fit_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    moments = lose_power(tmp_path / "before", monkeypatch)
    assert len(moments) > 2 * CALLS
    assert {text for found in moments for text in find_misfits(found, tmp_path / "after")} == set()


@pytest.mark.parametrize("sync", ["fsync", "_sync_folder"])
def test_a_missing_sync_is_noticed(sync: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    monkeypatch.setattr(Disk if sync == "fsync" else appended_file, sync, lambda *_: None)
    moments = lose_power(tmp_path / "before", monkeypatch)
    assert any(is_wrong(found, tmp_path / "after") for found in moments)
