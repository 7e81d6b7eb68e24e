"""What is kept of an operation at every moment, in lines beside the state's file."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine import Engine, Options, State
from rehearsal.engine.journal import Journal
from tests.rehearsal.engine.memory import Bench, Thing


def program(size: int = 1, *, more: bool = True) -> None:
    """Two things that do not change, one that does, and one that may go."""
    Thing("start", name="start")
    Thing("middle", name="middle", size=size)
    if more:
        Thing("end", name="end")


def exported(state: State) -> Any:
    """The resources, and which operations are open: what they have made of theirs is kept when they end."""
    document = state.export()["deployment"]
    return document["resources"], sorted(
        (one["resource"]["urn"], one["type"]) for one in document["pending_operations"]
    )


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[tuple[Any, Any]]]:
    """A file, and at each line that was kept: the state in memory, and that in the file."""
    path, moments = tmp_path / "state.json", list[tuple[Any, Any]]()
    keep = Journal._keep

    def watched(self: Journal, **changes: Any) -> None:
        with self._lock:
            keep(self, **changes)
            if self._is_kept:
                self._merge()
                moments.append((copy.deepcopy(exported(self._state)), exported(State.load(path))))

    monkeypatch.setattr(Journal, "_keep", watched)
    return path, moments


def test_at_every_moment_the_file_says_what_the_memory_says(kept: tuple[Path, list[tuple[Any, Any]]]) -> None:
    path, moments = kept
    bench = Bench()
    for size, more in ((1, True), (1, True), (2, True), (2, False)):
        state = State.load(path)
        engine = Engine(partial(program, size, more=more), "dev", {}, {"memory": bench.world}, state, Options())
        assert engine.up().succeeded
    assert len(moments) > 20
    for memory, file in moments:
        assert file == memory


def test_a_line_that_was_cut_off_anywhere_is_as_if_it_had_not_been_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    bench = Bench().made(program)
    State(bench.state.resources, path=path).save()
    journal = Journal(State.load(path), preview=False)
    journal.put(journal.base[0].copy(), journal.base[0], ends=False)
    changes = path.with_name("state.json.changes")
    before, size = exported(State.load(path)), changes.stat().st_size
    journal.begin(journal.base[1], "updating")
    whole, after = changes.read_bytes(), exported(State.load(path))
    assert before != after
    for length in range(size, len(whole)):
        changes.write_bytes(whole[:length])
        assert exported(State.load(path)) == before


def test_an_operation_leaves_one_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    bench = Bench()
    engine = Engine(program, "dev", {}, {"memory": bench.world}, State(path=path), Options())
    assert engine.up().succeeded
    assert list(tmp_path.iterdir()) == [path]
