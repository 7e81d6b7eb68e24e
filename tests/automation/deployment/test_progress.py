"""What has become of each resource, how far an operation is, and how long it may still take."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from automation.deployment.operations import EngineResult, Stage
from automation.deployment.progress import Expected, Tracker, count_outcomes, expectations_of
from graph.evaluate_stack import evaluate_stack
from graph.graph import Graph
from graph.schedule import schedule
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM, TWO_CLUSTERS


def urn(name: str, type_: str = "azure-native:network:VirtualNetwork") -> str:
    return f"urn:pulumi:test::edge-stamps::{type_}::{name}"


A, B, C, D = (urn(name) for name in "abcd")
CHAIN = {A: Expected(60), B: Expected(300, [A]), C: Expected(10, [A]), D: Expected(100, [B, C])}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tracker(clock: Clock, **options: object) -> Tracker:
    return Tracker(CHAIN, now=clock, **options)  # type: ignore[arg-type]


def tell(tracker: Tracker, *steps: tuple[Stage, str]) -> None:
    for stage, of in steps:
        outcome = EngineResult("up", changes={of: "create"} if stage == "done" else {})
        tracker(stage, of, outcome)


def test_every_resource_has_an_outcome_when_a_run_has_failed(clock: Clock) -> None:
    run = tracker(clock)
    tell(run, ("same", A), ("begun", B), ("failed", B), ("begun", C), ("done", C))
    assert run.outcomes() == {A: "skipped", B: "failed", C: "succeeded", D: "not-run"}
    assert run.changes == {C: "create"}


def test_what_was_begun_and_never_ended_is_unknown_and_the_rest_cancelled(clock: Clock) -> None:
    run = tracker(clock)
    tell(run, ("begun", A), ("done", A), ("begun", B))
    assert run.outcomes(interrupted=True) == {A: "succeeded", B: "unknown", C: "cancelled", D: "cancelled"}


def test_what_was_made_in_a_first_run_is_no_skip_in_the_second(clock: Clock) -> None:
    run = tracker(clock)
    tell(run, ("begun", A), ("done", A), ("begun", B), ("failed", B), ("same", A), ("begun", B), ("done", B))
    assert (run.outcomes()[A], run.outcomes()[B], run.done) == ("succeeded", "succeeded", 2)


def test_time_left_is_the_longest_chain_of_what_is_not_done(clock: Clock) -> None:
    run = tracker(clock)
    assert run.seconds_left == 460
    tell(run, ("begun", A), ("done", A), ("begun", B), ("begun", C))
    assert run.seconds_left == 400
    clock.seconds = 250
    assert run.seconds_left == 150
    assert list(run.at_work.items()) == [(B, 250), (C, 250)]


def test_what_takes_longer_than_estimated_leaves_the_rest(clock: Clock) -> None:
    run = tracker(clock)
    tell(run, ("begun", A), ("done", A), ("begun", B))
    clock.seconds = 1000
    assert run.seconds_left == 110  # c and then d; b is overdue


def test_what_exists_takes_no_time_unless_something_is_done_to_it(clock: Clock) -> None:
    run = tracker(clock, existing=[A, B])
    assert run.seconds_left == 110
    tell(run, ("begun", B))
    assert run.seconds_left == 400


def test_what_is_deleted_and_not_made_again_has_not_succeeded(clock: Clock) -> None:
    run = tracker(clock, existing=[A, B, C, D])
    run("gone", D, EngineResult("up"))
    tell(run, ("begun", B), ("failed", B))
    assert run.outcomes() == {A: "not-run", B: "failed", C: "not-run", D: "not-run"}
    assert run.changes == {D: "delete"}
    assert run.seconds_left == 100
    tell(run, ("begun", D))
    run("done", D, EngineResult("up", changes={D: "replace"}))
    assert (run.outcomes()[D], run.changes) == ("succeeded", {D: "replace"})


def test_how_long_each_step_took_is_kept(clock: Clock) -> None:
    run = tracker(clock)
    tell(run, ("begun", A))
    clock.seconds = 7
    tell(run, ("done", A))
    assert run.took == {A: 7}


def test_components_and_providers_are_not_counted(clock: Clock) -> None:
    run = Tracker({urn("stamp", "edge-stamps:cluster_stamp:ClusterStamp"): Expected(0), A: Expected(1)}, now=clock)
    tell(run, ("begun", urn("default", "pulumi:providers:azure-native")))
    assert run.urns == [A]


def test_what_nobody_expected_is_counted_when_it_is_met(clock: Clock) -> None:
    run = Tracker(now=clock)
    tell(run, ("begun", A), ("done", A))
    assert (run.urns, run.done, run.outcomes()) == ([A], 1, {A: "succeeded"})


def test_outcomes_are_counted_in_their_order() -> None:
    outcomes: Mapping[str, str] = {A: "not-run", B: "failed", C: "not-run"}
    assert list(count_outcomes(outcomes).items()) == [("failed", 1), ("not-run", 2)]


def test_the_whole_program_takes_as_long_as_its_schedule(clock: Clock, recorded: Callable[..., Graph]) -> None:
    graph = recorded(TWO_CLUSTERS)
    run = Tracker(expectations_of(graph), now=clock)
    assert run.seconds_left == schedule(graph).seconds > 600
    of_the_engine = {urn for urn, one in graph.resources.items() if not one.custom or one.type.startswith("pulumi:")}
    assert set(run.urns) == graph.resources.keys() - of_the_engine  # stack, components and providers take no time


def test_a_stack_of_an_organization_has_the_urns_of_the_engine() -> None:
    graph = evaluate_stack(load_stack(PROGRAM, "acme/edge-stamps/dev", stand_ins=True), preview=False).graph
    assert all(urn.startswith("urn:pulumi:dev::") for urn in graph.resources)
