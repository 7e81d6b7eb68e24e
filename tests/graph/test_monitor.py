"""The recording monitor does what the engine does, and refuses by name what it cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pulumi
import pulumi_tls as tls
import pytest
from pulumi.output import Unknown
from pulumi.runtime import resource, rpc

from graph.evaluate_stack import ProgramError, evaluate_stack
from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.lighter_sdk import contains_unknowns
from graph.monitor import UnrecordableError
from graph.run_program import record
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM

UNKNOWN = Unknown()  # type: ignore[no-untyped-call]
HOLDS_ITSELF: list[object] = ["known"]
HOLDS_ITSELF.append(HOLDS_ITSELF)


def _record(program: Callable[[], object], *, preview: bool = False) -> Graph:
    provider = ShapeProvider("5ab5c21e-0000-4000-8000-000000000001")
    return record(program, "test", {}, provider=provider, preview=preview, subscription_id="")


class _Component(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:module:Component", name, None, opts)


def _key(name: str = "key", opts: pulumi.ResourceOptions | None = None, algorithm: str = "ECDSA") -> tls.PrivateKey:
    return tls.PrivateKey(name, algorithm=algorithm, opts=opts)


def test_urns_carry_the_types_of_all_parents() -> None:
    def program() -> None:
        inner = _Component("inner", pulumi.ResourceOptions(parent=_Component("outer")))
        _key(opts=pulumi.ResourceOptions(parent=inner))

    component = "test:module:Component"
    assert _record(program).named("key").urn == (
        f"urn:pulumi:test::edge-stamps::{component}${component}$tls:index/privateKey:PrivateKey::key"
    )


def test_a_failure_is_raised_once_and_leaves_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    def program() -> None:
        key = _key(algorithm="NOPE")
        pulumi.export("a", key.public_key_pem)
        pulumi.export("b", key.public_key_openssh)

    with pytest.raises(ValueError, match="algorithm 'NOPE'; expected RSA, ECDSA or ED25519"):
        _record(program)
    assert capfd.readouterr().err == ""


def test_two_resources_of_one_urn_are_refused() -> None:
    def program() -> None:
        _key()
        _key()

    with pytest.raises(ValueError, match="two resources have the URN"):
        _record(program)


def test_an_import_is_refused_by_name() -> None:
    with pytest.raises(UnrecordableError, match="key: a recording cannot import abc"):
        _record(lambda: _key(opts=pulumi.ResourceOptions(import_="abc")))


def test_what_the_program_logs_and_prints_is_kept_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def program() -> None:
        key = _key()
        key.private_key_pem.apply(pulumi.log.info)
        pulumi.log.error("about it", key)
        key.private_key_pem.apply(lambda _: sys.stdout.write("printed in parts\n"))
        sys.stderr.write("an error\n")

    said = [(one.how, one.text) for one in _record(program).said]
    assert any(how == "info" and "PRIVATE KEY" in text for how, text in said)
    assert {("error", "about it"), ("stdout", "printed in parts\n"), ("stderr", "an error\n")} <= {*said}
    told = capsys.readouterr()
    assert told.out == ""
    assert {*told.err.splitlines()} == {"printed in parts", "an error"}


def test_transforms_are_refused_instead_of_waited_for() -> None:
    options = pulumi.ResourceOptions(transforms=[lambda _: None])

    with pytest.raises(Exception, match="does not support transforms"):
        _record(lambda: _key(opts=options))


def test_a_secret_input_makes_its_output_secret() -> None:
    def program() -> None:
        key = _key()
        tls.CertRequest("request", private_key_pem=key.private_key_pem)

    assert repr(_record(program).named("request").outputs["privateKeyPem"]) == "[secret]"


def test_a_type_that_nobody_answers_for_is_recorded_as_it_is() -> None:
    thing = _record(lambda: pulumi.CustomResource("test:index:Thing", "thing", {"size": 1})).named("thing")
    assert (thing.plain_inputs, thing.has_row) == ({"size": 1}, False)  # SHAPE-01 reports it


def test_what_a_script_makes_is_not_there_before_the_script() -> None:
    def program() -> None:
        token = "azure-native_kubernetes_v20241201preview:kubernetes:getConnectedCluster"
        arguments = {"resourceGroupName": "rg", "clusterName": "arck"}
        pulumi.export("cluster", pulumi.runtime.invoke_output(token, arguments))

    for preview in (True, False):
        with pytest.raises(LookupError, match=r"connectedClusters/arck, which does not exist .* Azure answers 404"):
            _record(program, preview=preview)


def test_what_was_refused_is_told_with_the_line_that_registers_it(tmp_path: Path) -> None:
    lines = ["import pulumi_tls as tls", "", "tls.PrivateKey('key', algorithm='NOPE')"]
    (tmp_path / "__main__.py").write_text("\n".join(lines), encoding="utf-8")

    with pytest.raises(ProgramError, match=r"^__main__\.py:3: ValueError: .*'NOPE'"):
        evaluate_stack(replace(load_stack(PROGRAM, "dev", stand_ins=True), folder=tmp_path), preview=False)


def test_a_setting_that_is_not_there_is_told_with_the_file_of_its_class(tmp_path: Path) -> None:
    lines = [
        "from settings.loaded_stack import load_stack",
        "from pathlib import Path",
        f"PROGRAM = Path({str(PROGRAM)!r})",
    ]
    lines.append('load_stack(PROGRAM, "dev", stand_ins=True).settings.clusters["site"].names.event_hub')
    (tmp_path / "__main__.py").write_text("\n".join(lines), encoding="utf-8")

    with pytest.raises(ProgramError, match=r"__main__\.py:4: .*'event_hub' \(settings/cluster_names\.py\)$"):
        evaluate_stack(replace(load_stack(PROGRAM, "dev", stand_ins=True), folder=tmp_path), preview=False)


def test_a_mistake_of_the_program_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import pulumi\n\nraise KeyError('site')\n", encoding="utf-8")

    with pytest.raises(ProgramError, match=r"^__main__\.py:3: KeyError: 'site'"):
        evaluate_stack(replace(load_stack(PROGRAM, "dev", stand_ins=True), folder=tmp_path), preview=True)


def test_a_recording_lightens_the_sdk_and_leaves_it_as_it_was() -> None:
    before = resource._get_stack_trace, rpc.contains_unknowns
    seen = []

    class Key(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("test:module:Key", "key")
            seen.append((resource._get_stack_trace(), rpc.contains_unknowns))

    _record(Key)
    assert (resource._get_stack_trace, rpc.contains_unknowns) == before
    ((trace, asks_for_unknowns),) = seen
    (frame,) = trace.frames
    assert Path(frame.pc.uri) == Path(__file__)
    assert asks_for_unknowns is contains_unknowns


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", False),
        ({"a": {"b": [1, 2]}}, False),
        (HOLDS_ITSELF, False),
        (UNKNOWN, True),
        ({"a": [{"b": UNKNOWN}]}, True),
        ([HOLDS_ITSELF, UNKNOWN], True),
        ((UNKNOWN,), False),
    ],
)
def test_unknown_values_are_found_where_the_sdk_finds_them(value: object, *, expected: bool) -> None:
    assert rpc.contains_unknowns(value) is expected
    assert contains_unknowns(value) is expected


@pytest.mark.parametrize("code", ["0", "1", "'text'"])
def test_a_program_that_ends_itself_has_failed(tmp_path: Path, code: str) -> None:
    (tmp_path / "__main__.py").write_text(f"import sys\n\nsys.exit({code})\n", encoding="utf-8")

    with pytest.raises(ProgramError, match="the program ended itself, with exit code"):
        evaluate_stack(replace(load_stack(PROGRAM, "dev", stand_ins=True), folder=tmp_path), preview=True)


def test_aliases_are_all_the_urns_that_a_resource_may_have_had() -> None:
    begun, key, component = "urn:pulumi:test::edge-stamps::", "tls:index/privateKey:PrivateKey", "test:module:Component"

    def program() -> None:
        aliases: list[pulumi.Alias | str] = [
            pulumi.Alias(name="old"),
            pulumi.Alias(type_="a:b:C"),
            pulumi.Alias(parent=None),
            pulumi.Alias(name="far", parent=f"{begun}d:e:F::above"),
            f"{begun}{key}::written-out",
        ]
        _key("new", pulumi.ResourceOptions(parent=_Component("owner"), aliases=aliases))

    assert _record(program).named("new").options.aliases == [
        f"{begun}{component}${key}::old",
        f"{begun}{component}$a:b:C::new",
        f"{begun}{key}::new",
        f"{begun}d:e:F${key}::far",
        f"{begun}{key}::written-out",
    ]


def test_a_child_follows_the_aliases_of_its_parent() -> None:
    def program() -> None:
        parent = _Component("hub", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="site")]))
        _key("hub-key", pulumi.ResourceOptions(parent=parent))
        _key("other", pulumi.ResourceOptions(parent=parent, aliases=[pulumi.Alias(name="hub-old")]))

    graph = _record(program)
    begun = "urn:pulumi:test::edge-stamps::test:module:Component$tls:index/privateKey:PrivateKey::"
    assert graph.named("hub-key").options.aliases == [f"{begun}site-key"]
    assert graph.named("other").options.aliases == [f"{begun}hub-old", f"{begun}other", f"{begun}site-old"]
