"""Replacements: which, in which order, and who follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rehearsal.engine import Op
from rehearsal.providers import ProviderError
from tests.rehearsal.engine.memory import Bench, Thing, errors, ops, options, outcomes

CREATED: Op = "create-replacement"
DELETED: Op = "delete-replaced"


def tree(name: str) -> None:
    """`child` is replaced with its parent, `reader` is updated, `waiter` only waits."""
    root = Thing("root", name=name)
    child = Thing("child", name=root.handle)
    Thing("grandchild", name=child.handle)
    Thing("reader", name="reader", of=root.handle)
    Thing("waiter", name="waiter", opts=options(depends_on=[root]))


def test_delete_before_replace_deletes_dependents_then_the_old_and_creates_after() -> None:
    bench = Bench().made(lambda: tree("one"))
    result = bench.up(lambda: tree("two"))
    done = ops(result, DELETED, CREATED)
    assert done[:4] == [(DELETED, "grandchild"), (DELETED, "child"), (DELETED, "root"), (CREATED, "root")]
    assert done[4:] == [(CREATED, "child"), (CREATED, "grandchild")]
    assert outcomes(result) == {"root": "replace", "child": "replace", "grandchild": "replace", "reader": "update"}
    assert result.diff(bench.resource("root").urn).replaces == ["name"]
    assert len(bench.world.objects) == len(bench.names) == 5
    assert bench.preview(lambda: tree("two")).changes == {}


def test_create_before_delete_keeps_the_old_ones_until_everything_else_is_done() -> None:
    bench = Bench()
    bench.world.delete_before_replace = False
    bench.made(lambda: tree("one"))
    result = bench.up(lambda: tree("two"))
    assert [name for op, name in ops(result) if op == DELETED] == ["grandchild", "child", "root"]
    assert [op for op, _ in ops(result)][-3:] == [DELETED] * 3
    assert bench.world.calls[0] == ("create", "root")
    assert len(bench.world.objects) == len(bench.state.resources) - 2 == 5


@pytest.mark.parametrize(("option", "first"), [(True, DELETED), (False, CREATED)])
def test_the_option_overrules_the_provider(option: bool, first: str) -> None:
    def program(name: str) -> None:
        Thing("thing", name=name, opts=options(delete_before_replace=option))

    bench = Bench()
    bench.world.delete_before_replace = not option
    bench.made(lambda: program("one"))
    assert ops(bench.up(lambda: program("two")))[0] == (first, "thing")


def test_replace_on_changes_replaces_what_the_provider_would_update() -> None:
    def program(size: int) -> None:
        Thing("thing", name="one", size=size, opts=options(replace_on_changes=["size"]))

    bench = Bench().made(lambda: program(1))
    result = bench.up(lambda: program(2))
    assert outcomes(result) == {"thing": "replace"}
    assert result.diff(bench.resource("thing").urn).detailed == {"size": "update_replace"}


def follower(name: str, follow: str) -> None:
    root = Thing("root", name=name)
    Thing("follower", name="same", opts=options(**{follow: [root] if follow == "replace_with" else root}))


@pytest.mark.parametrize("first", [True, False])
def test_replace_with_follows_a_replacement_without_any_changed_input(first: bool) -> None:
    bench = Bench()
    bench.world.delete_before_replace = first
    bench.made(lambda: follower("one", "replace_with"))
    result = bench.up(lambda: follower("two", "replace_with"))
    assert outcomes(result) == {"root": "replace", "follower": "replace"}
    assert sorted(bench.world.calls) == [
        ("create", "follower"),
        ("create", "root"),
        ("delete", "follower"),
        ("delete", "root"),
    ]
    assert bench.preview(lambda: follower("two", "replace_with")).changes == {}


def test_replace_with_does_not_follow_an_update() -> None:
    def program(size: int) -> None:
        root = Thing("root", name="one", size=size)
        Thing("follower", name="same", opts=options(replace_with=[root]))

    bench = Bench().made(lambda: program(1))
    assert outcomes(bench.up(lambda: program(2))) == {"root": "update"}


def test_deleted_with_follows_a_replacement_and_is_not_deleted_on_its_own() -> None:
    bench = Bench().made(lambda: follower("one", "deleted_with"))
    result = bench.up(lambda: follower("two", "deleted_with"))
    assert outcomes(result) == {"root": "replace", "follower": "replace"}
    assert bench.world.calls == [("delete", "root"), ("create", "root"), ("create", "follower")]


def test_deleted_with_is_not_deleted_on_its_own_when_both_go() -> None:
    bench = Bench().made(lambda: follower("one", "deleted_with"))
    result = bench.up(lambda: None)
    assert outcomes(result) == {"root": "delete", "follower": "delete"}
    assert bench.world.calls == [("delete", "root")]


def test_deleted_with_is_deleted_when_it_goes_alone() -> None:
    bench = Bench().made(lambda: follower("one", "deleted_with"))
    assert outcomes(bench.up(lambda: Thing("root", name="one"))) == {"follower": "delete"}
    assert bench.world.calls == [("delete", "follower")]


def kept(name: str) -> None:
    Thing("thing", name=name, opts=options(protect=True))


def test_a_protected_resource_is_not_replaced_and_nothing_is_begun() -> None:
    bench = Bench().made(lambda: kept("one"))
    result = bench.up(lambda: kept("two"))
    assert outcomes(result) == {"thing": "failed"}
    assert "unable to replace resource" in errors(result)
    assert bench.world.calls == []


def test_a_preview_shows_the_refused_replacement_and_goes_on() -> None:
    def program(name: str) -> None:
        kept(name)
        Thing("other", name=name)

    bench = Bench().made(lambda: program("one"))
    result = bench.preview(lambda: program("two"))
    assert not result.succeeded
    assert outcomes(result) == {"thing": "replace", "other": "replace"}


def test_unprotecting_and_replacing_is_one_step() -> None:
    bench = Bench().made(lambda: kept("one"))
    assert outcomes(bench.up(lambda: Thing("thing", name="two"))) == {"thing": "replace"}


def test_a_protected_dependent_refuses_the_whole_replacement() -> None:
    def program(name: str) -> None:
        root = Thing("root", name=name)
        Thing("child", name=root.handle, opts=options(protect=True))

    bench = Bench().made(lambda: program("one"))
    result = bench.up(lambda: program("two"))
    assert "as part of replacing" in errors(result)
    assert bench.world.calls == []


def test_a_retained_resource_is_replaced_without_deleting_the_old_one() -> None:
    def program(name: str) -> None:
        Thing("thing", name=name, opts=options(retain_on_delete=True))

    bench = Bench().made(lambda: program("one"))
    assert outcomes(bench.up(lambda: program("two"))) == {"thing": "replace"}
    assert bench.world.calls == [("create", "thing")]
    assert set(bench.world.objects) == {"thing-1", "thing-2"}


@pytest.mark.parametrize("dependent", [True, False])
def test_a_replacement_that_fails_after_the_delete_is_taken_up_again(dependent: bool) -> None:
    """The state remembers what was deleted and is still to be created."""

    def program(name: str) -> None:
        root = Thing("root", name=name)
        if dependent:
            Thing("child", name=root.handle)

    def again() -> None:
        program("two")

    bench = Bench().made(lambda: program("one"))
    bench.world.fail("create", "child" if dependent else "root")
    assert not bench.up(again).succeeded
    assert bench.resource("child" if dependent else "root").pending_replacement
    result = bench.up(again)
    assert result.succeeded
    assert bench.world.calls == [("create", "child" if dependent else "root")]
    assert not any(resource.pending_replacement for resource in bench.state.resources)
    assert bench.preview(again).changes == {}


def test_what_was_deleted_for_a_replacement_is_not_deleted_again_when_that_has_failed() -> None:
    """step_generator.go of the real engine passes over a dependent with PendingReplacement."""
    bench = Bench().made(lambda: tree("one"))
    bench.world.fail("create", "root")
    assert not bench.up(lambda: tree("two")).succeeded
    assert bench.resource("child").pending_replacement
    result = bench.up(lambda: tree("two"))
    assert result.succeeded
    assert [name for operation, name in bench.world.calls if operation == "delete"] == []
    assert bench.preview(lambda: tree("two")).changes == {}


def test_what_was_deleted_for_a_replacement_and_is_not_registered_any_more_leaves_the_state() -> None:
    bench = Bench().made(lambda: tree("one"))
    result = bench.up(lambda: Thing("root", name="two"))
    assert outcomes(result) == {
        "root": "replace", "child": "delete", "grandchild": "delete", "reader": "delete", "waiter": "delete",
    }  # fmt: skip
    assert bench.names == {"root"}
    assert len(bench.world.objects) == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_failed_delete_of_a_replaced_resource_is_tried_again(first: bool) -> None:
    def program(name: str) -> Callable[[], object]:
        return lambda: Thing("thing", name=name)

    bench = Bench()
    bench.world.delete_before_replace = first
    bench.made(program("one"))
    bench.world.fail("delete", "thing", ProviderError("409 still in use"))
    assert "409 still in use" in errors(bench.up(program("two")))
    assert bench.up(program("two")).succeeded
    assert len(bench.world.objects) == 1
    assert bench.names == {"thing"}
