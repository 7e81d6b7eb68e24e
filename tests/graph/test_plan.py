"""Changes as people read them: by cluster and concern, what is lost first and marked, names whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from pulumi.automation.events import DiffKind, OpType, PropertyDiff, StepEventMetadata, StepEventStateMetadata
from pulumi.runtime.rpc import UNKNOWN

from automation.commands.print_changes import print_changes
from graph.graph import Graph, Options, Resource
from graph.plan import Heading, changes_of, find_headings, graph_of_state
from graph.property_diff import Difference, differences
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from graph.urns import name_of
from tests.automation.deployment.test_progress import urn
from tests.conftest import TWO_CLUSTERS

LONG = "a-name-that-is-longer-than-any-line-could-ever-hope-to-be-" * 4
SECRET = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "[secret]"}


UNKNOWN_PRINCIPAL = Difference("principalId", '"a"', "[unknown]", replaces=True)
OTHER_SIZE = Difference("size", "1", "2", replaces=True)


def printed(
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    where: dict[str, Heading],
    why: dict[str, list[Difference]] | None = None,
) -> str:
    print_changes(changes_of(changes, why or {}, where, None))
    return capsys.readouterr().out


def test_what_is_replaced_or_deleted_comes_first_and_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(
        capsys,
        {
            urn("new"): "create",
            urn("old"): "delete",
            urn("node"): "replace",
            urn("k3s"): "replace",
            urn("tag"): "update",
        },
        {
            urn("k3s"): Heading("berlin", "nodes"),
            urn("new"): Heading("berlin", "network"),
            urn("old"): Heading("lyon", "network"),
            urn("node"): Heading("berlin", "nodes"),
            urn("tag"): Heading("lyon", "network"),
        },
        {urn("node"): [OTHER_SIZE]},
    )
    assert text == (
        "\nReplaced or deleted:\n"
        "  berlin\n    nodes\n      ! +- replace node\n          size: 1 -> 2 (replaces)\n"
        "  lyon\n    network\n      ! - delete old\n"
        "\nReplaced with them:\n"
        "  berlin\n    nodes\n      ! +- replace k3s\n"
        "\nCreated or updated:\n"
        "  berlin\n    network\n      + create new\n"
        "  lyon\n    network\n      ~ update tag\n"
    )


def test_a_change_says_which_properties_and_what_makes_it_a_replacement(capsys: pytest.CaptureFixture[str]) -> None:
    why = [Difference("zones[0]", '"1"', '"2"', replaces=True), Difference("tags.a", "", '"b"', replaces=False)]
    print_changes(changes_of({urn("node"): "replace"}, {urn("node"): why}, {}, None))
    text = capsys.readouterr().out
    assert '          zones[0]: "1" -> "2" (replaces)\n          tags.a: not set -> "b"\n' in text


def wanted(**needs: Mapping[str, Sequence[str]]) -> Graph:
    """By name: property -> names of what it is computed from; `replace_with` -> names; `other` -> names."""
    resources = {}
    for name, by_key in needs.items():
        properties = {key: [urn(one) for one in names] for key, names in by_key.items() if key != "replace_with"}
        resources[urn(name)] = Resource(
            urn(name), "", name, "", True, {}, {},
            dependencies=[one for urns in properties.values() for one in urns],
            property_dependencies=properties,
            options=Options(replace_with=[urn(one) for one in by_key.get("replace_with", ())]),
        )  # fmt: skip
    return Graph("p", "test", False, "", resources, {})


def certain(changes: dict[str, str], why: dict[str, list[Difference]], graph: Graph | None) -> set[str]:
    return {name_of(one.urn) for one in changes_of(changes, why, {}, graph) if one.is_certain}


def test_what_is_replaced_only_because_something_is_unknown_is_no_certain_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = {urn("identity"): "update", urn("role"): "replace", urn("follower"): "replace"}
    graph = wanted(identity={}, role={"principalId": ["identity"]}, follower={"replace_with": ["role"], "x": ["role"]})
    print_changes(changes_of(changes, {urn("role"): [UNKNOWN_PRINCIPAL]}, {}, graph))
    text = capsys.readouterr().out
    assert "\nPerhaps replaced: only if " in text
    assert "      ? +- replace role\n" in text
    assert "      ? +- replace follower\n" in text
    assert "!" not in text


@pytest.mark.parametrize("kind", ["replace", "create"])
def test_what_comes_from_something_that_is_certainly_another_one_is_certain(kind: str) -> None:
    """As leaves whose root is replaced: two steps away, and unknown all the same."""
    changes = {urn("root"): kind, urn("intermediate"): "replace", urn("leaf"): "replace", urn("role"): "replace"}
    graph = wanted(
        root={},
        identity={},
        intermediate={"principalId": ["root"]},
        leaf={"principalId": ["intermediate"]},
        role={"principalId": ["identity"]},
    )
    why = {urn(name): [UNKNOWN_PRINCIPAL] for name in ("intermediate", "leaf", "role")}
    if kind == "replace":
        why[urn("root")] = [OTHER_SIZE]
    assert certain(changes, why, graph) == {"root", "intermediate", "leaf"}


def test_what_follows_a_certain_replacement_or_has_no_reason_is_certain() -> None:
    names = ("node", "of-node", "of-both", "role", "of-role", "of-nothing")
    changes = dict.fromkeys(map(urn, names), "replace")
    why = {urn("node"): [OTHER_SIZE, UNKNOWN_PRINCIPAL], urn("role"): [UNKNOWN_PRINCIPAL]}
    graph = wanted(
        **{
            "identity": {},
            "node": {},
            "role": {"principalId": ["identity"]},
            "of-node": {"replace_with": ["node"]},
            "of-both": {"replace_with": ["node", "role"]},
            "of-role": {"replace_with": ["role"]},
            "of-nothing": {},
        }
    )
    assert certain(changes, why, graph) == {"node", "of-node", "of-both", "of-nothing"}
    assert certain(changes, why, None) == set(names)


def test_a_reason_that_is_no_property_s_is_certain() -> None:
    """As after `pulumi state taint`."""
    metadata = StepEventMetadata(op=OpType.REPLACE, urn="", type="", provider="", keys=["id", "replaceWith"])
    assert [(one.path, one.replaces, one.is_known) for one in differences(metadata)] == [("id", True, True)]


def test_names_are_never_cut_and_what_is_shared_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    changes = {urn(f"{LONG}{number}"): "create" for number in range(3)} | {urn("key"): "create"}
    where = {name: Heading("zurich", "network") for name in changes if name != urn("key")}
    text = printed(capsys, changes, where)
    assert all(f"{LONG}{number}" in text for number in range(3))
    assert text.index("  zurich\n") < text.index("  shared\n")


def test_components_and_providers_are_no_changes_of_resources() -> None:
    component = urn("stamp", "edge-stamps:cluster_stamp:ClusterStamp")
    assert [one.urn for one in changes_of({component: "create", urn("a"): "create"}, {}, {}, None)] == [urn("a")]


def test_a_state_says_the_same_of_each_resource_as_the_program(recorded: Callable[..., Graph]) -> None:
    graph = recorded(TWO_CLUSTERS)
    state = {
        "resources": [
            {"urn": one.urn, "type": one.type, "parent": one.parent, "custom": one.custom, "inputs": one.plain_inputs}
            for one in graph.resources.values()
        ]
    }
    from_program = find_headings(graph)
    assert find_headings(graph_of_state("test", state)) == from_program
    assert {where.cluster for where in from_program.values()} == {"site", "enterprise", "shared"}
    assert Heading("site", "nodes") in from_program.values()


def test_a_state_says_what_resources_hold_and_what_the_stack_publishes() -> None:
    cert, stack = urn("cert", "tls:index/selfSignedCert:SelfSignedCert"), urn("s", "pulumi:pulumi:Stack")
    state = {
        "resources": [
            {"urn": stack, "type": "pulumi:pulumi:Stack", "outputs": {"certificates": {"a": 1}}},
            {"urn": cert, "type": "t", "outputs": {"certPem": "new"}, "propertyDependencies": {"key": ["k"]}},
            {"urn": cert, "type": "t", "outputs": {"certPem": "old"}, "delete": True},
        ]
    }
    graph = graph_of_state("test", state)
    assert graph.outputs == {"certificates": {"a": 1}}
    assert graph.resources[cert].outputs == {"certPem": "new"}  # the other one is only to be deleted yet
    assert graph.resources[cert].property_dependencies == {"key": ["k"]}


def step(old: object, new: object, **kinds: PropertyDiff) -> StepEventMetadata:
    def state(inputs: object) -> StepEventStateMetadata:
        assert isinstance(inputs, dict)
        return StepEventStateMetadata(
            type="", urn="", id="", parent="", provider="", inputs=inputs, outputs={"seen": inputs.get("here")}
        )

    return StepEventMetadata(
        op=OpType.UPDATE, urn="", type="", provider="", old=state(old), new=state(new), detailed_diff=kinds
    )


def diff(kind: DiffKind, *, of_inputs: bool = True) -> PropertyDiff:
    return PropertyDiff(diff_kind=kind, input_diff=of_inputs)


def test_values_come_from_where_they_are() -> None:
    found = differences(
        step(
            {"here": {"list": [1, 2]}, "gone": True},
            {"here": {"list": [1, 3]}, "added": "x"},
            **{
                "here.list[1]": diff(DiffKind.UPDATE),
                "gone": diff(DiffKind.DELETE),
                "added": diff(DiffKind.ADD_REPLACE),
            },
        )
    )
    assert [(one.path, one.before, one.after, one.replaces) for one in found] == [
        ("added", "", '"x"', True),
        ("gone", "true", "", False),
        ("here.list[1]", "2", "3", False),
    ]


def test_what_azure_has_changed_is_read_from_the_outputs() -> None:
    kinds = {"seen": diff(DiffKind.UPDATE, of_inputs=False), "replaceWith": diff(DiffKind.UPDATE)}
    (found,) = differences(step({"here": 1}, {"here": 2}, **kinds))
    assert (found.before, found.after) == ("1", "2")


def test_secrets_and_unknowns_are_marked_also_on_the_way() -> None:
    old = {"secret": SECRET, "later": "a"}
    new = {"secret": SECRET, "later": UNKNOWN}
    found = differences(step(old, new, **{"secret.inner[0]": diff(DiffKind.UPDATE), "later": diff(DiffKind.UPDATE)}))
    assert [(one.before, one.after) for one in found] == [('"a"', "[unknown]"), ('"[secret]"', '"[secret]"')]


def test_of_long_values_the_place_is_shown_where_they_part() -> None:
    (found,) = differences(step({"script": "x" * 500}, {"script": "x" * 300 + "y"}, script=diff(DiffKind.UPDATE)))
    assert found.before == f"...{'x' * 60}... (502 characters)"
    assert found.after == f'...{"x" * 30}y" (303 characters)'


@pytest.mark.parametrize("path", ['tags.a"b', "tags.a[b", "tags[", 'tags["a"b"]'])
def test_a_path_that_cannot_be_read_loses_no_reason(path: str) -> None:
    """azure-native does not quote the names of tags."""
    found = differences(
        step({"here": 1}, {"here": 2}, **{path: diff(DiffKind.UPDATE), "here": diff(DiffKind.UPDATE_REPLACE)})
    )
    assert [(one.path, one.before, one.after, one.replaces) for one in sorted(found, key=lambda one: one.replaces)] == [
        (path, "", "", False),
        ("here", "1", "2", True),
    ]
