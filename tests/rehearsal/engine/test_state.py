"""The state is what `pulumi stack export` writes, for its owner's eyes only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pulumi
import pytest

from arm.values import Secret
from rehearsal.engine import State, StateError
from tests.rehearsal.engine.memory import Bench, Thing, options

SIGNATURE = "4dabf18193072939515e22adb298388d"


def program() -> None:
    first = Thing("first", name="one", key=pulumi.Output.secret({"deep": 1}))
    Thing(
        "second",
        name="two",
        of=first.handle,
        opts=options(
            protect=True,
            retain_on_delete=True,
            deleted_with=first,
            replace_with=[first],
            ignore_changes=["size"],
            replace_on_changes=["name"],
            additional_secret_outputs=["handle"],
            custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="90s"),
        ),
    )


def test_an_exported_resource_has_the_engines_field_names() -> None:
    bench = Bench().made(program)
    document = bench.state.export()
    assert sorted(document["deployment"]) == ["manifest", "pending_operations", "resources"]
    first, second = (item for item in document["deployment"]["resources"] if item["type"] == "memory:index:Thing")
    assert second == {
        "urn": second["urn"],
        "custom": True,
        "id": "second-2",
        "type": "memory:index:Thing",
        "inputs": {"name": "two", "of": "handle-1"},
        "outputs": {
            "name": "two",
            "of": "handle-1",
            "handle": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"handle-2"'},
        },
        "parent": "urn:pulumi:dev::edge-stamps::pulumi:pulumi:Stack::edge-stamps-dev",
        "protect": True,
        "dependencies": [first["urn"]],
        "provider": second["provider"],
        "propertyDependencies": {"name": [], "of": [first["urn"]]},
        "additionalSecretOutputs": ["handle"],
        "customTimeouts": {"create": 5400, "delete": 90},
        "retainOnDelete": True,
        "deletedWith": first["urn"],
        "replaceWith": [first["urn"]],
        "ignoreChanges": ["size"],
        "replaceOnChanges": ["name"],
        "created": second["created"],
        "modified": second["modified"],
    }
    assert first["inputs"]["key"]["plaintext"] == '{"deep": 1}'


def test_resources_come_after_what_they_depend_on() -> None:
    bench = Bench().made(program)
    position = {resource.urn: index for index, resource in enumerate(bench.state.resources)}
    for resource in bench.state.resources:
        for urn in (*resource.dependencies, *filter(None, [resource.parent, resource.provider_urn])):
            assert position[urn] < position[resource.urn]


def test_an_export_is_imported_as_it_was() -> None:
    bench = Bench().made(program)
    document = bench.state.export()
    again = State.from_export(json.loads(json.dumps(document)))
    assert again.export()["deployment"]["resources"] == document["deployment"]["resources"]
    assert again.resources[-1].outputs == bench.state.resources[-1].outputs
    bench.state = again
    assert bench.preview(program).changes == {}


def test_what_a_real_engine_wrote_besides_is_kept() -> None:
    document = Bench().made(program).state.export()
    document["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": "v1:x"}}
    document["deployment"]["resources"][0]["sourcePosition"] = "project:///__main__.py#1"
    again = State.from_export(document).export()
    assert again["deployment"]["secrets_providers"]["type"] == "passphrase"
    assert again["deployment"]["resources"][0]["sourcePosition"] == "project:///__main__.py#1"


def test_the_file_is_the_owners_and_a_later_run_continues_from_it(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "state.json"
    bench = Bench()
    bench.state = State.load(path)
    bench.made(program)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["state.json"]
    bench.state = State.load(path)
    assert bench.resource("first").inputs["key"] == Secret({"deep": 1})
    assert bench.preview(program).changes == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}, "--show-secrets"),
        ({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "x"}, "asset"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(values: dict[str, str], message: str) -> None:
    document = Bench().made(program).state.export()
    document["deployment"]["resources"][-1]["inputs"]["name"] = values
    with pytest.raises(StateError, match=message):
        State.from_export(document)


def test_the_version_is_4_only_where_the_engine_writes_4() -> None:
    plain = Bench().made(lambda: Thing("thing", name="one")).state.export()
    assert (plain["version"], plain.get("features")) == (3, None)
    following = Bench().made(program).state.export()
    assert (following["version"], following["features"]) == (4, ["replaceWith"])


@pytest.mark.parametrize(
    ("header", "message"), [({"version": 2}, "version 2"), ({"version": 4, "features": ["views"]}, "views")]
)
def test_another_version_of_the_format_is_refused(header: dict[str, object], message: str) -> None:
    with pytest.raises(StateError, match=message):
        State.from_export({**header, "deployment": {}})


def test_the_summary_is_the_same_for_the_same_result() -> None:
    summaries = {Bench().up(program).summary() for _ in range(5)}
    assert len(summaries) == 1
    assert summaries.pop().endswith("4 create")
