"""What a failed step leaves behind, and how the next `up` goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest

from rehearsal.engine import Engine, Options, State
from tests.rehearsal.engine.memory import Bench, Group, Thing, errors, options, outcomes


def program() -> None:
    """`end` needs `middle` needs `start`; `other` needs nobody."""
    Thing("other", name="other")
    start = Thing("start", name="start")
    middle = Thing("middle", name="middle", of=start.handle)
    Thing("end", name="end", of=middle.handle)


def test_a_failure_stops_the_operation_and_the_next_up_resumes() -> None:
    bench = Bench(parallel=1)
    bench.world.fail("create", "middle")
    result = bench.up(program)
    assert not result.succeeded
    assert result.error is None
    assert "Azure refuses to create middle" in errors(result)
    assert result.outcomes[f"{'urn:pulumi:dev::edge-stamps::memory:index:Thing'}::middle"] == "failed"
    assert bench.names == {"other", "start"}
    result = bench.up(program)
    assert outcomes(result) == {"middle": "create", "end": "create"}
    assert bench.world.calls == [("create", "middle"), ("create", "end")]


def test_nothing_is_begun_and_nothing_deleted_after_a_failure() -> None:
    def sequel() -> None:
        first = Thing("first", name="first")
        Thing("second", name="second", opts=options(depends_on=[first]))

    bench = Bench().made(lambda: Thing("old", name="old"))
    bench.world.fail("create", "first")
    result = bench.up(sequel)
    assert bench.world.calls == []
    assert outcomes(result)["first"] == "failed"
    assert bench.names == {"old"}


def test_continue_on_error_does_what_does_not_depend_on_the_failure() -> None:
    bench = Bench(continue_on_error=True).made(lambda: Thing("old", name="old"))
    bench.world.fail("create", "start")
    result = bench.up(program)
    assert not result.succeeded
    assert outcomes(result) == {
        "start": "failed", "middle": "skipped", "end": "skipped", "other": "create", "old": "delete",
    }  # fmt: skip
    skipped = [item.message for item in result.diagnostics if item.severity == "info"]
    assert skipped[0] == "skipped because urn:pulumi:dev::edge-stamps::memory:index:Thing::start failed"
    assert outcomes(bench.up(program)) == {"start": "create", "middle": "create", "end": "create"}


def test_continue_on_error_skips_what_hangs_on_a_skipped_component() -> None:
    def grouped() -> None:
        start = Thing("start", name="start")
        group = Group("group", options(depends_on=[start]))
        Thing("child", name="child", opts=options(parent=group))
        group.register_outputs({"of": start.handle})

    bench = Bench(continue_on_error=True)
    bench.world.fail("create", "start")
    result = bench.up(grouped)
    assert outcomes(result) == {"start": "failed", "group": "skipped", "child": "skipped"}
    assert bench.up(grouped).succeeded
    assert bench.resource("group").outputs == {"of": "handle-2"}


def test_continue_on_error_keeps_what_failed_resources_depend_on() -> None:
    """The failed one keeps its old self, which may still use what the program has dropped."""

    def first() -> None:
        base = Thing("base", name="base")
        Thing("user", name="user", of=base.handle)
        Thing("lone", name="lone")

    bench = Bench(continue_on_error=True).made(first)
    bench.world.fail("update", "user")
    result = bench.up(lambda: Thing("user", name="user"))
    assert outcomes(result) == {"user": "failed", "base": "skipped", "lone": "delete"}
    assert bench.names == {"base", "user"}


def test_a_failed_update_keeps_the_old_state() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", size=1))
    bench.world.fail("update", "thing")
    assert not bench.up(lambda: Thing("thing", name="one", size=2)).succeeded
    assert bench.resource("thing").inputs["size"] == 1


def test_a_refused_check_ends_the_operation_even_with_continue_on_error() -> None:
    bench = Bench(continue_on_error=True)
    bench.world.fail("check", "start")
    result = bench.up(program)
    assert outcomes(result)["start"] == "failed"
    assert "end" not in bench.names


def test_accepted_then_failed_is_kept_counts_as_a_failure_and_is_updated_next_time() -> None:
    bench = Bench()
    bench.world.half_made("middle")
    result = bench.up(program)
    assert "it never became ready" in errors(result)
    assert bench.resource("middle").init_errors == ["it never became ready"]
    assert bench.resource("middle").id in bench.world.objects
    assert "end" not in bench.names
    result = bench.up(program)
    assert outcomes(result)["middle"] == "update"
    assert ("update", "middle") in bench.world.calls
    assert bench.resource("middle").init_errors == ()


def test_an_update_that_is_accepted_and_fails_keeps_the_old_inputs_and_is_updated_again() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", size=1))
    bench.world.half_made("thing", "update")
    assert not bench.up(lambda: Thing("thing", name="one", size=2)).succeeded
    assert (bench.resource("thing").inputs["size"], bench.resource("thing").outputs["size"]) == (1, 2)
    assert outcomes(bench.up(lambda: Thing("thing", name="one", size=2))) == {"thing": "update"}
    assert bench.preview(lambda: Thing("thing", name="one", size=2)).changes == {}


def test_what_the_program_raises_is_reported_and_nothing_is_deleted() -> None:
    def broken() -> None:
        raise pulumi.RunError("clusters.site.code: expected one letter")

    bench = Bench().made(program)
    result = bench.up(broken)
    assert isinstance(result.error, pulumi.RunError)
    assert "clusters.site.code: expected one letter" in errors(result)
    assert bench.names == {"other", "start", "middle", "end"}


def test_outputs_survive_a_failure() -> None:
    def exporting(size: int) -> None:
        thing = Thing("thing", name="one", size=size)
        pulumi.export("handle", thing.handle)

    bench = Bench().made(lambda: exporting(1))
    bench.world.fail("update", "thing")
    assert bench.up(lambda: exporting(2)).outputs == {"handle": "handle-1"}


def killed(path: Path) -> Bench:
    """A run that was killed while it created `middle`, and the state it left in its file."""
    bench = Bench()
    bench.state = State(path=path)
    bench.world.fail("create", "middle", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.up(program)
    bench.state = State.load(path)
    return bench


def test_a_kill_leaves_the_pending_operation_in_the_file(tmp_path: Path) -> None:
    bench = killed(tmp_path / "state.json")
    (pending,) = bench.state.pending_operations
    assert (pending.type, pending.resource.inputs["name"]) == ("creating", "middle")
    assert "start" in bench.names
    document = json.loads((tmp_path / "state.json").read_text())
    assert document["deployment"]["pending_operations"][0]["resource"]["urn"].endswith("::middle")


def test_up_refuses_after_a_kill_and_goes_on_when_told_to(tmp_path: Path) -> None:
    bench = killed(tmp_path / "state.json")
    result = bench.up(program)
    assert "interrupted while creating" in errors(result)
    assert bench.world.calls == []
    bench.options = Options(allow_pending_creates=True)
    result = bench.up(program)
    assert result.succeeded
    assert [item.severity for item in result.diagnostics] == ["warning"]
    assert {"middle", "end"} <= bench.names
    assert len(bench.state.pending_operations) == 1


def test_a_pending_update_only_warns_and_is_forgotten(tmp_path: Path) -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", size=1))
    bench.state.path = tmp_path / "state.json"
    bench.world.fail("update", "thing", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.up(lambda: Thing("thing", name="one", size=2))
    assert State.load(bench.state.path).pending_operations[0].type == "updating"
    result = bench.up(lambda: Thing("thing", name="one", size=2))
    assert result.succeeded
    assert bench.state.pending_operations == []


def test_every_call_is_in_the_file_before_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    bench = Bench(parallel=1)
    pending: list[list[str]] = []

    class Watching(type(bench.world)):  # type: ignore[misc]
        def _done(self, *arguments: object) -> object:
            pending.append([item.resource.inputs["name"] for item in State.load(path).pending_operations])
            return super()._done(*arguments)

    engine = Engine(program, "dev", {}, {"memory": Watching()}, State(path=path), Options(parallel=1))
    assert engine.up().succeeded
    assert sorted(name for names in pending for name in names) == ["end", "middle", "other", "start"]
    assert json.loads(path.read_text())["deployment"]["pending_operations"] == []
