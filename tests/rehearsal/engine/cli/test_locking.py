"""Of two runs at the same moment at most one goes on."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from pulumi import automation as auto

from automation.deployment.stack_lock import Lock, find_locks
from rehearsal.appended_file import replace_file
from rehearsal.engine.cli import backend
from rehearsal.engine.cli.backend import Backend, BackendError
from tests.rehearsal.engine.cli.project import STACK, Project
from tests.rehearsal.engine.memory import Thing

ROUNDS, RUNS = 20, 6

WRITING: dict[str, Callable[[auto.Stack], object]] = {
    "up": lambda stack: stack.up(),
    "refresh": lambda stack: stack.refresh(),
    "destroy": lambda stack: stack.destroy(),
    "import": lambda stack: stack.import_stack(auto.Deployment(3, {})),
    "remove": lambda stack: stack.workspace.remove_stack(STACK, force=True),
}
READING: dict[str, Callable[[auto.Stack], object]] = {
    "preview": lambda stack: stack.preview(),
    "preview of destroy": lambda stack: stack.preview_destroy(),
    "export": lambda stack: stack.export_stack(),
    "outputs": lambda stack: stack.outputs(),
    "history": lambda stack: stack.history(),
}


def thing() -> None:
    Thing("thing", name="one")


@pytest.mark.parametrize("command", WRITING)
def test_a_locked_stack_is_not_written_and_the_holder_is_named_as_the_cli_does(command: str, project: Project) -> None:
    stack = project.made(thing)
    before, calls = project.kept("state.json").read_text(), list(project.world.calls)
    file = project.lock()
    with pytest.raises(auto.ConcurrentUpdateError) as refusal:
        WRITING[command](stack)

    told = str(refusal.value)
    assert "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or" in told
    assert f"\n  file://{file}: created by alice@laptop (pid 4321) at 2026-11-24T15:00:00Z" in told
    assert project.kept("state.json").read_text() == before
    assert project.world.calls == calls
    assert list(project.kept("locks").iterdir()) == [file]
    assert len(stack.history()) == 1


@pytest.mark.parametrize("command", READING)
def test_a_locked_stack_can_be_looked_at(command: str, project: Project) -> None:
    stack = project.made(thing)
    file = project.lock()
    READING[command](stack)
    assert list(project.kept("locks").iterdir()) == [file]


def test_a_lock_below_a_folder_with_a_space_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "my project"
    folder.mkdir()
    project = Project(folder)
    stack = project.stack()
    project.lock()
    with pytest.raises(auto.ConcurrentUpdateError) as refusal:
        stack.refresh()
    (lock,) = find_locks(str(refusal.value))
    assert (lock.user, lock.host, lock.pid, lock.at) == ("alice", "laptop", 4321, "2026-11-24T15:00:00Z")
    assert lock.where.endswith("/my%20project/.rehearsal/test/locks/other.json")


def test_a_user_without_a_name_holds_the_lock_by_number(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    stack, told = project.stack(), list[Lock]()

    def program() -> None:
        with pytest.raises(auto.ConcurrentUpdateError) as refusal:
            stack.refresh()
        told.extend(find_locks(str(refusal.value)))

    project.program = program
    stack.up()
    assert [(lock.user, lock.pid, lock.is_left_over) for lock in told] == [(str(os.getuid()), os.getpid(), False)]


def test_cancel_takes_the_lock_away(project: Project) -> None:
    stack = project.made(thing)
    project.lock()
    stack.cancel()
    assert list(project.kept("locks").iterdir()) == []
    assert stack.refresh().summary.result == "succeeded"


def test_a_run_holds_the_lock_while_its_program_runs_and_gives_it_back(project: Project) -> None:
    stack = project.made(thing)
    told = []

    def program() -> None:
        thing()
        with pytest.raises(auto.ConcurrentUpdateError) as refusal:
            stack.refresh()
        told.append(str(refusal.value))

    project.program = program
    stack.up()
    assert [lock.pid for lock in find_locks(told[0])] == [os.getpid()]
    assert list(project.kept("locks").iterdir()) == []


def test_a_run_that_fails_gives_the_lock_back(project: Project) -> None:
    stack = project.made(thing)

    def broken() -> None:
        raise ValueError("no such cluster")

    project.program = broken
    with pytest.raises(auto.CommandError, match="the program failed: no such cluster"):
        stack.up()
    assert list(project.kept("locks").iterdir()) == []


def test_a_run_that_comes_in_before_our_lock_is_written_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looked first and then wrote would go on beside it."""
    ours, other = Backend(tmp_path), ExitStack()
    ours.create(STACK)

    def late(file: Path, text: str) -> None:
        monkeypatch.undo()
        other.enter_context(Backend(tmp_path).locked(STACK))
        replace_file(file, text)

    monkeypatch.setattr(backend, "replace_file", late)
    with other, pytest.raises(BackendError, match="locked by 1 lock"), ours.locked(STACK):
        pass


def test_of_runs_at_the_same_moment_at_most_one_goes_on(tmp_path: Path) -> None:
    stacks = Backend(tmp_path)
    stacks.create(STACK)
    together, guard = threading.Barrier(RUNS), threading.Lock()
    inside, most, wrong, entered = [0], [0], list[BaseException](), [0]

    def run() -> None:
        for _ in range(ROUNDS):
            together.wait()
            try:
                with stacks.locked(STACK):
                    with guard:
                        inside[0] += 1
                        entered[0] += 1
                        most[0] = max(most[0], inside[0])
                    with guard:
                        inside[0] -= 1
            except BackendError as refused:
                if "the stack is currently locked by" not in str(refused):
                    wrong.append(refused)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=run) for _ in range(RUNS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert most[0] <= 1
    assert list((stacks.folder(STACK) / "locks").iterdir()) == []
    with stacks.locked(STACK):
        assert len(list((stacks.folder(STACK) / "locks").iterdir())) == 1
