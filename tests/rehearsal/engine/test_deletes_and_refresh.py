"""What leaves the program leaves the world; what left the world leaves the state."""

from __future__ import annotations

import pulumi

from arm.values import Secret
from tests.rehearsal.engine.memory import Bench, Group, Thing, errors, ops, options, outcomes


def stack() -> None:
    """Everything that a delete has to wait for: an input, a depends_on, a parent, a component, a provider."""
    base = Thing("base", name="base")
    provider = pulumi.ProviderResource("memory", "mine", {"region": base.handle})
    user = Thing("user", name="user", of=base.handle)
    Thing("waiter", name="waiter", opts=options(depends_on=[user]))
    group = Group("group")
    Thing("child", name="child", opts=options(parent=group))
    Thing("outsider", name="outsider", opts=options(depends_on=[group]))
    Thing("distant", name="distant", opts=options(provider=provider))


def nothing() -> None:
    pass


def assert_dependents_first(order: list[str]) -> None:
    """What does not wait for each other is deleted at the same time, in any order."""
    for later, sooner in (("base", "user"), ("user", "waiter"), ("group", "child"), ("child", "outsider"),
                          ("mine", "distant"), ("base", "mine")):  # fmt: skip
        assert order.index(sooner) < order.index(later), (sooner, later)


def test_what_is_not_registered_any_more_is_deleted_dependents_first() -> None:
    bench = Bench().made(stack)
    result = bench.up(nothing)
    order = [name for _, name in ops(result, "delete")]
    assert_dependents_first(order)
    assert bench.names == set()
    assert bench.world.objects == {}


def test_destroy_leaves_nothing_and_does_what_its_preview_said() -> None:
    bench = Bench().made(stack)
    preview = bench.engine(stack).destroy(preview=True)
    assert set(outcomes(preview).values()) == {"delete"}
    assert len(bench.names) == 8
    result = bench.engine(nothing).destroy()
    assert result.outcomes == preview.outcomes
    assert sorted(result.ops()) == sorted(preview.ops())
    assert_dependents_first([name for _, name in ops(result, "delete")])
    assert bench.state.resources == []
    assert bench.world.objects == {}
    assert outcomes(bench.preview(stack))["base"] == "create"


def test_destroy_with_a_protected_resource_deletes_nothing_and_names_each() -> None:
    def program() -> None:
        for name in ("a", "b", "c"):
            Thing(name, name=name, opts=options(protect=name != "c"))

    bench = Bench().made(program)
    bench.world.calls.clear()
    result = bench.engine(program).destroy()
    assert outcomes(result) == {"a": "failed", "b": "failed"}
    assert '::a" cannot be deleted' in errors(result)
    assert bench.world.calls == []
    assert bench.names == {"a", "b", "c"}


def test_up_refuses_to_delete_a_protected_resource_and_deletes_the_others() -> None:
    def program() -> None:
        base = Thing("base", name="base")
        Thing("kept", name="kept", of=base.handle, opts=options(protect=True))
        Thing("other", name="other")

    bench = Bench().made(program)
    result = bench.up(nothing)
    assert outcomes(result) == {"kept": "failed", "base": "skipped", "other": "delete"}
    assert "because it is protected" in errors(result)
    assert bench.names == {"kept", "base"}


def test_retain_on_delete_forgets_without_deleting() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", opts=options(retain_on_delete=True)))
    bench.world.calls.clear()
    assert bench.engine(nothing).destroy().succeeded
    assert bench.names == set()
    assert bench.world.calls == []
    assert set(bench.world.objects) == {"thing-1"}


def test_a_failed_delete_stops_and_the_next_destroy_finishes() -> None:
    bench = Bench().made(stack)
    bench.world.fail("delete", "user")
    assert outcomes(bench.engine(nothing).destroy())["user"] == "failed"
    assert {"base", "user"} <= bench.names
    assert bench.engine(nothing).destroy().succeeded
    assert bench.world.objects == {}


def chain() -> None:
    first = Thing("first", name="one", size=1)
    second = Thing("second", name="two", of=first.handle, opts=options(depends_on=[first], replace_with=[first]))
    Thing("third", name="three", opts=options(deleted_with=first, parent=second))


def test_refresh_of_an_unchanged_world_is_empty() -> None:
    bench = Bench().made(chain)
    before = bench.state.resources
    result = bench.engine(chain).refresh()
    assert result.succeeded
    assert result.changes == {}
    for old, new in zip(before, bench.state.resources, strict=True):
        assert new.as_json() | {"propertyDependencies": 0} == old.as_json() | {"propertyDependencies": 0}
    assert bench.preview(chain).changes == {}


def test_refresh_drops_what_is_gone_and_every_reference_to_it() -> None:
    bench = Bench().made(chain)
    del bench.world.objects[bench.resource("first").id]
    preview = bench.engine(chain).refresh(preview=True)
    assert "first" in bench.names
    result = bench.engine(chain).refresh()
    assert outcomes(preview) == outcomes(result) == {"first": "delete"}
    second, third = bench.resource("second"), bench.resource("third")
    assert (second.dependencies, second.property_dependencies, second.replace_with) == ([], {}, [])
    assert third.deleted_with == ""
    created = bench.up(chain)
    assert outcomes(created) == {"first": "create", "second": "update"}
    assert bench.preview(chain).changes == {}


def test_a_child_of_a_lost_parent_goes_to_the_parents_parent() -> None:
    bench = Bench().made(chain)
    del bench.world.objects[bench.resource("second").id]
    bench.engine(chain).refresh()
    assert bench.resource("third").parent.endswith("::edge-stamps-dev")


def test_refresh_takes_over_what_changed_and_up_changes_it_back() -> None:
    bench = Bench().made(chain)
    bench.world.objects[bench.resource("first").id]["size"] = 7
    result = bench.engine(chain).refresh()
    assert outcomes(result) == {"first": "update"}
    assert result.diff(bench.resource("first").urn).changed == ["size"]
    assert (bench.resource("first").inputs["size"], bench.resource("first").outputs["size"]) == (7, 7)
    assert outcomes(bench.up(chain)) == {"first": "update"}
    assert bench.resource("first").inputs["size"] == 1


def test_refresh_keeps_secret_marks() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", key=pulumi.Output.secret("hush")))
    before = bench.resource("thing")
    bench.engine(nothing).refresh()
    after = bench.resource("thing")
    assert (after.inputs, after.outputs, after.modified) == (before.inputs, before.outputs, before.modified)
    assert after.inputs["key"] == Secret("hush")


def test_a_read_that_fails_keeps_that_resource_and_refreshes_the_others() -> None:
    bench = Bench().made(chain)
    bench.world.objects[bench.resource("second").id]["of"] = "changed"
    bench.world.fail("read", "first")
    result = bench.engine(chain).refresh()
    assert outcomes(result) == {"first": "failed", "second": "update"}
    assert "Azure refuses to read first" in errors(result)
