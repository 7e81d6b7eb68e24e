"""What a killed run leaves behind is settled before anything else: its lock, and what it was doing."""

from __future__ import annotations

import getpass
import itertools
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from automation.deployment import deployer as deploy
from automation.deployment.deployer import Deployer
from automation.deployment.protection import ProtectedError
from automation.deployment.stack_lock import LockedError
from automation.deployment.workspace import import_state
from graph.urns import name_of
from rehearsal.azure.faults import Fault
from rehearsal.engine.state import Operation
from tests.automation.network import ARM_IDS, DEAD_PID, STACK, Site, network

ALL = set(ARM_IDS)
ME, HERE = getpass.getuser(), socket.gethostname()
OTHERS: dict[str, dict[str, Any]] = {
    "a process that is alive": {"username": ME, "hostname": HERE, "pid": os.getppid()},
    "another machine": {"username": ME, "hostname": f"not-{HERE}", "pid": 4321},
    "another user": {"username": f"not-{ME}", "hostname": HERE, "pid": 4321},
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def changes(report: Any) -> dict[str, str]:
    return {name_of(urn): change for urn, change in report.changes.items()}


@pytest.mark.parametrize("operation", ["up", "refresh", "destroy"])
def test_the_lock_of_a_run_of_ours_that_has_ended_is_taken_away_and_told(operation: str, site: Site) -> None:
    site.made()
    site.note_a_run()
    file = site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    deployer = site.deployer()
    report = getattr(deployer, operation)()

    assert report.ok
    told = f"the lock of a run that has ended is taken away ({ME}@{HERE}, process {DEAD_PID}, since 2026-11-24T15:00"
    assert [note for note in report.notes if note.startswith(told)] == report.notes
    assert report.notes == [line for line in site.said if line in report.notes]
    assert not file.exists()
    assert site.exists() == (set() if operation == "destroy" else ALL)


@pytest.mark.parametrize("operation", ["up", "refresh", "destroy", "unprotect"])
@pytest.mark.parametrize("whose", OTHERS)
def test_the_lock_of_anybody_else_is_respected_and_nothing_changes(whose: str, operation: str, site: Site) -> None:
    site.program = lambda: network(protect=operation == "unprotect")
    site.made()
    site.program = lambda: network(tags={"a": "b"})
    before = site.backend.state(STACK).export()["deployment"]["resources"]
    site.note_a_run()
    file = site.lock(**OTHERS[whose])
    with pytest.raises(LockedError) as refusal:
        getattr(site.deployer(), operation)()

    told, by = str(refusal.value), OTHERS[whose]
    assert told.startswith(f"Stack {STACK} is locked by another run:\n  {by['username']}@{by['hostname']}, process")
    assert str(file) in told
    assert file.exists()
    assert site.backend.state(STACK).export()["deployment"]["resources"] == before
    assert site.exists() == ALL


def test_one_lock_of_somebody_else_is_enough_to_be_refused(site: Site) -> None:
    site.made()
    dead = site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    dead.rename(dead.with_name("dead.json"))
    alive = site.lock(**OTHERS["another machine"])
    with pytest.raises(LockedError, match=f"not-{HERE}"):
        site.deployer().up()
    assert alive.exists()
    assert dead.with_name("dead.json").exists()


def test_a_lock_that_is_there_again_is_respected(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.made()
    site.note_a_run()
    site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    monkeypatch.setattr(auto.Stack, "cancel", lambda _: site.lock(**OTHERS["another machine"]))
    with pytest.raises(LockedError, match=f"not-{HERE}"):
        site.deployer().up()


def test_a_preview_needs_no_lock_and_settles_nothing(site: Site) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    site.lock(**OTHERS["another machine"])
    report = site.deployer().preview()
    assert changes(report) == {"nsg": "create"}
    assert len(site.backend.state(STACK).pending_operations) == 1


def test_a_run_that_is_at_work_keeps_its_pending_create(site: Site) -> None:
    """Such a state is that of every run that has not ended; importing over it would lose what it does."""
    site.made()
    site.interrupt("nsg", "creating")
    site.lock(**OTHERS["a process that is alive"])
    with pytest.raises(LockedError):
        site.deployer().up()
    assert len(site.backend.state(STACK).pending_operations) == 1


@pytest.mark.parametrize("name", ["group", "vnet", "nsg"])
def test_a_create_that_was_cut_off_and_done_is_adopted(name: str, site: Site) -> None:
    site.made()
    site.interrupt(name, "creating")
    deployer = site.deployer()
    report = deployer.up()

    assert report.ok
    assert report.notes == [f"{name}: its create was cut off after Azure had taken it; it is in the stack now"]
    assert site.exists() == site.in_stack() == ALL
    # What was cut off may have been half done: it is written once more, and no more than once.
    assert changes(report) == {name: "update"}
    assert deployer.up().changes == {}


def test_a_create_that_was_cut_off_and_never_done_is_done_anew(site: Site) -> None:
    name = "nsg"
    site.made()
    site.interrupt(name, "creating")
    site.world.delete(ARM_IDS[name])
    report = site.deployer().up()

    assert report.ok
    assert report.notes == [f"{name}: its create was cut off and Azure does not have it; nothing is left of it"]
    assert changes(report) == {name: "create"}
    assert site.exists() == site.in_stack() == ALL


@pytest.mark.parametrize("operation", ["updating", "deleting"])
def test_what_else_was_cut_off_is_named_and_done_by_the_next_up(operation: Operation, site: Site) -> None:
    site.made()
    site.interrupt("nsg", operation, keep=True)
    if operation == "deleting":
        site.world.delete(ARM_IDS["nsg"])
    report = site.deployer().up()

    assert report.notes == [f"nsg: cut off while {operation}; the next up does it"]
    assert changes(report) == ({"nsg": "create"} if operation == "deleting" else {})
    assert site.exists() == site.in_stack() == ALL


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_refresh_and_destroy_settle_as_well(operation: str, site: Site) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    deployer = site.deployer()
    assert getattr(deployer, operation)().ok
    assert site.exists() == site.in_stack() == (ALL if operation == "refresh" else set())
    assert len(site.world.entries()) == len(site.exists())


def test_a_kill_with_lock_and_pending_create_is_one_up_away_from_done(site: Site) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    site.note_a_run()
    site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    report = site.deployer().up()

    assert report.ok
    assert [note.partition(":")[0].partition(" (")[0] for note in report.notes] == [
        "the lock of a run that has ended is taken away", "nsg",
    ]  # fmt: skip
    assert site.exists() == site.in_stack() == ALL


def test_a_refused_import_leaves_no_state_with_keys_in_the_temporary_folder(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.made()
    site.lock(**OTHERS["another machine"])
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(LockedError):
        site.deployer().unprotect()
    assert list(folder.iterdir()) == []
    assert tempfile.gettempdir() == str(folder)


def test_what_cannot_be_read_for_a_while_is_asked_for_again(site: Site) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    report = site.deployer(Fault("nsg", "get", "throttled")).up()

    assert report.ok
    assert site.waits == [60]
    assert report.notes[-1] == "nsg: its create was cut off after Azure had taken it; it is in the stack now"
    assert site.exists() == site.in_stack() == ALL


def test_what_cannot_be_read_at_all_stays_in_doubt(site: Site) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    report = site.deployer(Fault("nsg", "get", "bad-request", times=9)).up()

    assert [failure.name for failure in report.failures] == ["nsg"]
    assert report.notes == []
    again = site.deployer().up()
    assert again.notes == ["nsg: its create was cut off after Azure had taken it; it is in the stack now"]
    assert site.exists() == site.in_stack() == ALL


@pytest.mark.parametrize("moment", sorted({*range(14)} - {2}))
def test_an_interrupt_at_any_moment_loses_nothing(moment: int, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a create whose answer never arrived, and one that Azure has accepted and not finished.

    Moments are before and after each step, but for the one before it is noted that no answer has arrived.
    """
    began = itertools.count()

    def interrupted(call: Callable[..., Any]) -> Callable[..., Any]:
        def before_and_after(*given: Any, **named: Any) -> Any:
            _interrupt_at(moment, began)
            try:
                return call(*given, **named)
            finally:
                _interrupt_at(moment, began)

        return before_and_after

    deployer = site.deployer(Fault("vnet", "create", "connection-cut"), Fault("nsg", "create", "accepted-then-failed"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        for where, name in (
            *((auto.Stack, "up"), (auto.Stack, "preview_refresh")),
            *((deploy, "import_state"), (deployer, "sleep")),
        ):
            patch.setattr(where, name, interrupted(getattr(where, name)))
        deployer.up()
    assert site.deployer().up().ok
    assert site.exists() == site.in_stack() == ALL
    assert not [item.urn for item in site.backend.state(STACK).resources if item.init_errors]


def _interrupt_at(moment: int, began: Iterator[int]) -> None:
    if next(began) == moment:
        raise KeyboardInterrupt


def test_a_delete_that_was_cut_off_is_looked_for_again_when_the_look_was_interrupted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.made()
    site.interrupt("nsg", "deleting", keep=True)
    site.world.delete(ARM_IDS["nsg"])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Deployer, "_look", lambda *_: signal.raise_signal(signal.SIGINT))
        site.deployer().up()
    assert changes(site.deployer().up()) == {"nsg": "create"}
    assert site.exists() == site.in_stack() == ALL


def test_what_is_in_doubt_stays_so_when_protection_is_given_up(site: Site) -> None:
    """An import forgets what is pending."""
    site.made()
    site.interrupt("nsg", "creating")
    deployer = site.deployer()
    deployer.unprotect()
    report = deployer.up()
    assert report.notes == ["nsg: its create was cut off after Azure had taken it; it is in the stack now"]
    assert site.exists() == site.in_stack() == ALL


def test_a_look_that_finds_nothing_at_all_does_not_empty_the_stack(site: Site) -> None:
    """Another login, or one that has lost its rights, gets a 404 for everything."""
    site.made()
    before = {item.urn for item in site.backend.state(STACK).resources}
    site.interrupt("nsg", "creating")
    site.deployer(*(Fault(name, "get", "not-found") for name in ARM_IDS)).up()
    assert {item.urn for item in site.backend.state(STACK).resources} == before


def test_a_lock_of_a_run_that_nobody_here_has_noted_is_respected(site: Site) -> None:
    site.made()
    site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    with pytest.raises(LockedError):
        site.deployer().up()


def test_a_lock_that_comes_while_settling_is_respected_in_words(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    imports = []

    def import_late(*arguments: Any) -> None:
        imports.append(arguments)
        if len(imports) == 2:
            site.lock(**OTHERS["another machine"])
        import_state(*arguments)

    monkeypatch.setattr("automation.deployment.deployer.import_state", import_late)
    with pytest.raises(LockedError, match=f"not-{HERE}"):
        site.deployer().up()


def test_two_runs_in_one_folder_do_not_take_each_other_s_lock_away(site: Site) -> None:
    site.made()
    with site.runs.record_run(), pytest.raises(LockedError):
        site.deployer().up()


def test_a_run_that_ends_in_order_leaves_no_note(site: Site) -> None:
    site.made()
    assert site.runs.file.read_text(encoding="utf-8") == "{}"


def test_a_note_of_another_boot_counts_for_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.made()
    site.note_a_run()
    site.lock(username=ME, hostname=HERE, pid=DEAD_PID)
    monkeypatch.setattr("automation.deployment.run_journal._machine", lambda: "another boot")
    with pytest.raises(LockedError):
        site.deployer().up()


def test_what_becomes_protected_by_settling_is_protected_from_destroy(site: Site) -> None:
    site.program = lambda: network(protect=True)
    site.made()
    site.interrupt("nsg", "creating")
    with pytest.raises(ProtectedError, match="nsg"):
        site.deployer().destroy()
    assert site.exists() == ALL


def test_a_state_that_changes_while_it_is_settled_is_left_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.made()
    site.interrupt("nsg", "creating")
    deployer = site.deployer()
    before = deployer._state()
    states = [before, before, (3, {})]
    monkeypatch.setattr(Deployer, "_state", lambda _: states.pop(0))
    with pytest.raises(LockedError, match="is locked by another run"):
        deployer.up()
    assert len(site.backend.state(STACK).pending_operations) == 1
