"""Create, update and leave alone; what the program and the state get to see."""

from __future__ import annotations

import pulumi
import pytest

from arm.values import UNKNOWN, Secret
from rehearsal.providers import ProviderError
from tests.rehearsal.engine.memory import Bench, Group, Thing, errors, ops, options, outcomes


def chain() -> None:
    first = Thing("first", name="one")
    second = Thing("second", name="two", of=first.handle)
    pulumi.export("handle", second.handle)


def test_a_first_up_creates_everything_in_the_order_of_dependencies() -> None:
    bench = Bench()
    result = bench.up(chain)
    assert bench.world.calls == [("create", "first"), ("create", "second")]
    assert outcomes(result) == {"first": "create", "second": "create"}
    assert result.outputs == {"handle": "handle-2"}
    assert bench.resource("second").inputs["of"] == "handle-1"
    assert bench.resource("second").property_dependencies["of"] == [bench.resource("first").urn]


def test_a_second_preview_and_a_second_up_are_empty() -> None:
    bench = Bench().made(chain)
    before = [resource.as_json() for resource in bench.state.resources]
    assert bench.preview(chain).changes == {}
    assert bench.up(chain).changes == {}
    assert bench.world.calls == []
    assert [resource.as_json() for resource in bench.state.resources] == before


def test_a_preview_changes_neither_the_world_nor_the_state() -> None:
    bench = Bench().made(chain)
    before = bench.state.resources
    bench.world.calls.clear()
    result = bench.preview(lambda: Thing("first", name="another"))
    assert outcomes(result) == {"first": "replace", "second": "delete"}
    assert bench.world.calls == []
    assert bench.state.resources is before
    assert not any(resource.delete or resource.pending_replacement for resource in before)


def test_what_is_not_created_yet_is_unknown_in_a_preview() -> None:
    seen: list[str] = []

    def program() -> None:
        thing = Thing("thing", name="one")
        thing.handle.apply(seen.append)
        pulumi.export("handle", thing.handle)

    bench = Bench()
    assert bench.preview(program).outputs == {"handle": UNKNOWN}
    assert seen == []
    bench.made(program)
    assert seen == ["handle-1"]


def test_a_changed_input_updates_in_place_and_names_it() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", size=1))
    preview = bench.preview(lambda: Thing("thing", name="one", size=2))
    result = bench.up(lambda: Thing("thing", name="one", size=2))
    assert outcomes(preview) == outcomes(result) == {"thing": "update"}
    assert bench.world.calls == [("update", "thing")]
    assert result.diff(bench.resource("thing").urn).changed == ["size"]
    assert "update " in result.summary()
    assert "(size)" in result.summary()


def test_the_providers_defaults_are_kept_in_the_inputs() -> None:
    bench = Bench().made(lambda: Thing("thing", "Painted", name="one"))
    assert bench.resource("thing").inputs["colour"] == "grey"
    assert bench.preview(lambda: Thing("thing", "Painted", name="one")).changes == {}


def test_the_provider_sees_plain_values_and_the_state_keeps_the_marks() -> None:
    def program() -> None:
        key = pulumi.Output.secret("hush")
        thing = Thing("thing", name="one", key=key, deep={"key": key})
        pulumi.export("key", thing.handle.apply(lambda _: "x"))

    bench = Bench().made(program)
    assert bench.world.seen == [{"name": "one", "key": "hush", "deep": {"key": "hush"}}]
    for values in (bench.resource("thing").inputs, bench.resource("thing").outputs):
        assert values["key"] == Secret("hush")
        assert values["deep"] == {"key": Secret("hush")}
    assert bench.preview(program).changes == {}


def test_additional_secret_outputs_are_marked_also_in_a_preview_and_later() -> None:
    def plain() -> None:
        pulumi.export("handle", Thing("thing", name="one").handle)

    def secret() -> None:
        thing = Thing("thing", name="one", opts=options(additional_secret_outputs=["handle"]))
        pulumi.export("handle", thing.handle)

    assert Bench().preview(secret).outputs == {"handle": Secret(UNKNOWN)}
    bench = Bench().made(plain)
    result = bench.up(secret)
    assert outcomes(result) == {}
    assert result.outputs == {"handle": Secret("handle-1")}
    assert bench.resource("thing").outputs["handle"] == Secret("handle-1")


def test_ignored_changes_keep_the_old_value_also_inside_an_input() -> None:
    def program(size: int, owner: str) -> None:
        ignored = options(ignore_changes=["size", "tags.owner", 'tags["a-b"]', "rules[*].text"])
        Thing(
            "thing", name="one", size=size, tags={"owner": owner, "a-b": owner}, rules=[{"text": owner}], opts=ignored
        )

    bench = Bench().made(lambda: program(1, "me"))
    assert bench.up(lambda: program(2, "you")).changes == {}
    assert bench.resource("thing").inputs["size"] == 1
    assert bench.resource("thing").inputs["tags"] == {"owner": "me", "a-b": "me"}
    assert bench.resource("thing").inputs["rules"] == [{"text": "me"}]


def test_a_path_that_cannot_be_ignored_is_told() -> None:
    def program(*rules: str) -> None:
        Thing("thing", name="one", rules=list(rules), opts=options(ignore_changes=["rules[1]"]))

    bench = Bench().made(lambda: program("a"))
    result = bench.up(lambda: program("a", "b"))
    assert outcomes(result) == {"thing": "update"}
    assert "cannot ignore changes" in result.diagnostics[0].message


def test_options_that_change_alone_reach_the_state() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one"))
    assert bench.up(lambda: Thing("thing", name="one", opts=options(retain_on_delete=True))).changes == {}
    assert bench.resource("thing").retain_on_delete


def test_a_component_is_kept_with_its_children_and_outputs() -> None:
    def program() -> None:
        group = Group("group", options(parent=Group("outer")))
        Thing("thing", name="one", opts=options(parent=group))
        group.register_outputs({"count": 1})

    bench = Bench().made(program)
    assert bench.resource("group").outputs == {"count": 1}
    assert bench.resource("thing").parent == bench.resource("group").urn
    assert "::memory:index:Group$memory:index:Group$memory:index:Thing::" in bench.resource("thing").urn
    assert bench.preview(program).changes == {}


def test_a_child_inherits_what_the_engine_hands_down() -> None:
    def program() -> None:
        keeper = Thing("keeper", name="k")
        group = Group("group", options(protect=True, retain_on_delete=True, deleted_with=keeper))
        Thing("thing", name="one", opts=options(parent=group))

    bench = Bench().made(program)
    thing = bench.resource("thing")
    assert (thing.protect, thing.retain_on_delete, thing.deleted_with) == (True, True, bench.resource("keeper").urn)


def test_a_default_provider_is_part_of_the_state_as_with_the_engine() -> None:
    bench = Bench().made(lambda: Thing("thing", name="one", opts=options(version="1.2.3")))
    provider = bench.resource("default_1_2_3")
    assert provider.urn == "urn:pulumi:dev::edge-stamps::pulumi:providers:memory::default_1_2_3"
    assert provider.inputs == {"version": "1.2.3", "__internal": {}}
    assert bench.resource("thing").provider == f"{provider.urn}::{provider.id}"


def test_another_configuration_of_a_provider_updates_it_and_nothing_else() -> None:
    def program(region: str) -> None:
        provider = pulumi.ProviderResource("memory", "mine", {"region": region})
        Thing("thing", name="one", opts=options(provider=provider))

    bench = Bench().made(lambda: program("east"))
    before = bench.resource("mine").id
    assert outcomes(bench.up(lambda: program("west"))) == {"mine": "update"}
    assert bench.resource("mine").id == before
    assert bench.resource("mine").outputs == {"region": "west"}


def test_an_invoke_reaches_the_provider_and_one_that_waits_is_unknown_in_a_preview() -> None:
    def program() -> None:
        thing = Thing("thing", name="one")
        found = pulumi.runtime.invoke_output(
            "memory:index:getThing", {"id": "thing-1"}, pulumi.InvokeOutputOptions(depends_on=[thing])
        )
        pulumi.export("found", found.apply(lambda values: values["handle"]))

    bench = Bench()
    assert bench.preview(program).outputs == {"found": UNKNOWN}
    assert bench.up(program).outputs == {"found": "handle-1"}


def test_an_invoke_of_what_does_not_exist_fails_the_program() -> None:
    def program() -> None:
        pulumi.runtime.invoke("memory:index:getThing", {"id": "gone"})

    result = Bench().preview(program)
    assert isinstance(result.error, ProviderError)
    assert "404 gone" in errors(result)


def test_a_resource_of_a_package_without_provider_is_refused() -> None:
    def program() -> None:
        pulumi.CustomResource("other:index:Thing", "thing")

    assert "no provider is attached for 'other'; attached: memory" in errors(Bench().up(program))


def test_two_resources_of_one_urn_are_refused() -> None:
    def program() -> None:
        Thing("thing", name="one")
        Thing("thing", name="two")

    with pytest.raises(ValueError, match="two resources have the URN"):
        Bench().up(program)


def test_independent_resources_are_worked_on_at_once_and_one_after_another_if_asked() -> None:
    def program() -> None:
        for number in range(5):
            Thing(f"thing-{number}", name=str(number))

    for parallel in (1, 8):
        bench = Bench(parallel=parallel).made(program)
        assert sorted(bench.world.calls) == [("create", f"thing-{number}") for number in range(5)]
    assert ops(bench.preview(program)) == []
