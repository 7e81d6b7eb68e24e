"""Each tool that a script calls fails, always and with exit code 1: so does the script, but where it says otherwise."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from arm import ids
from graph.inputs import list_at, text_at
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entries, Entry
from rehearsal.azure.scripts import ScriptRun
from rehearsal.azure.state import AzureState
from rehearsal.node.azure_link import AzureLink
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import ScriptClock
from rehearsal.node.files import after_first_boot
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.run import Run
from rehearsal.node.tools import TOOLS
from tests.rehearsal.cluster.cases_reach import SITE_VM
from tests.rehearsal.cluster.deployments import SITE, SURROUNDINGS, deployed

Kind = tuple[str, ...]
_VERBS = ("get", "wait", "delete", "apply")
BY_DESIGN: Mapping[tuple[str, Kind], str] = {
    ("setup-k3s", ("az", "extension", "show")): "no version is read, so the extension is added anew",
    ("setup-k3s", ("dpkg-query",)): "no version is read, so the package is installed anew",
    ("setup-k3s", ("iptables", "-C")): "the rule is not there, so it is inserted",
    ("setup-k3s", ("k3s",)): "no version is read, so K3s is installed anew",
}
"""Script and what fails there -> why it goes on."""


@dataclass(frozen=True)
class Scene:
    """A node as one of the scripts meets it for the first time."""

    command: Entry
    vm: Entry
    entries: Mapping[str, Entry]
    facts: Mapping[str, Any]
    files: Mapping[str, list[str]]


def kind_of(call: ToolCall) -> Kind:
    """Return the tool and what it is called for."""
    words = [word for word in call.arguments if not word.startswith("-")]
    if call.tool == "az":
        return (call.tool, *words[: 2 if words[0] != "login" else 1])
    if call.tool == "kubectl":
        verb = next(word for word in words if word in _VERBS)
        return call.tool, verb, *([] if verb == "apply" else [words[words.index(verb) + 1]][:1])
    if call.tool == "iptables":
        return call.tool, next(word for word in call.arguments if word in ("-C", "-I"))
    if call.tool == "curl":
        return call.tool, words[-1].split("/")[2]
    if call.tool == "sysctl":
        return call.tool, call.arguments[0]
    return (call.tool, *words[:1]) if call.tool in ("systemctl", "apt-get", "apt-mark") else (call.tool,)


@cache
def scenes() -> dict[str, Scene]:
    """Return a scene for each script of stack dev's site."""
    entries = {ids.key(one.id): one for one in deployed("dev").world.entries()}
    vm = next(one for one in entries.values() if one.name == SITE_VM)
    facts, files = vm.facts["machine"], vm.facts["files"]
    unconnected = {key: one for key, one in entries.items() if not ids.is_below(one.id, _cluster(entries).id)}
    without_arc = {name: value for name, value in facts.items() if name not in ("arc", "az")}
    without_arc["az"] = {"extensions": facts["az"]["extensions"]}
    binding = next(one for one in list_at(facts, "objects") if text_at(one, "kind") == "ClusterRoleBinding")
    former = {**binding, "metadata": {**binding["metadata"], "name": "former"}}
    own = {name: text for name, text in files.items() if "custom-locations" not in name and "issuer" not in name}
    seen = {
        "setup-k3s": (entries, {}, after_first_boot("1" * 32)),
        "connect-arc": (unconnected, without_arc, own),
        "apply-objects": (entries, {**facts, "objects": [former]}, files),
        "await-secrets": (entries, facts, files),
        "probe-links": (entries, facts, files),
    }
    commands = {one.name: one for one in entries.values() if ids.is_below(one.id, vm.id) and one.name in seen}
    return {name: Scene(commands[name], vm, *scene) for name, scene in seen.items()}


def _cluster(entries: Mapping[str, Entry]) -> Entry:
    return next(one for one in entries.values() if one.name == SITE and one.id.endswith(f"/connectedClusters/{SITE}"))


def run(name: str, tools: Mapping[str, Tool]) -> ScriptRun:
    """Run a script in its scene, with these tools."""
    scene = scenes()[name]
    state = AzureState(SURROUNDINGS, ManualClock(1_000_000), entries=Entries(copy.deepcopy(dict(scene.entries))))

    @contextmanager
    def look() -> Iterator[AzureState]:
        yield state

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "run").mkdir()
        facts = copy.deepcopy(dict(scene.facts))
        machine = Machine.in_folder(folder, scene.vm.id, AzureLink(look, scene.vm), facts, scene.files)
        clock = ScriptClock(0, patience=0, pace=300)
        return Run(machine, scene.command.inputs, folder / "run", clock, tools=tools).end()


@cache
def kinds(name: str) -> tuple[Kind, ...]:
    """Return what a script calls when all is well."""
    found: dict[Kind, None] = {}

    def noting(tool: Tool) -> Tool:
        def note(call: ToolCall, machine: Machine) -> Reply:
            found[kind_of(call)] = None
            return tool(call, machine)

        return note

    ended = run(name, {tool: noting(behaviour) for tool, behaviour in TOOLS.items()})
    assert ended.exit_code == 0, ended
    return tuple(found)


@pytest.mark.parametrize("name", ["setup-k3s", "connect-arc", "apply-objects", "await-secrets", "probe-links"])
def test_a_script_fails_with_each_of_its_tools(name: str) -> None:
    swallowed = []
    for kind in kinds(name):

        def fail(call: ToolCall, machine: Machine, kind: Kind = kind) -> Reply:
            if kind_of(call) == kind:
                return Reply(1, stderr=f"{call.tool}: broken\n")
            return TOOLS[call.tool](call, machine)

        ended = run(name, dict.fromkeys(TOOLS, fail))
        if ended.exit_code == 0:
            swallowed.append(kind)
        else:
            assert "ERROR: " in ended.stderr, (kind, ended)
    assert swallowed == [kind for kind in kinds(name) if (name, kind) in BY_DESIGN]


def test_a_source_without_an_architecture_is_not_left() -> None:
    def fail(_: ToolCall, machine: Machine) -> Reply:
        assert not machine.files("etc/apt/sources.list.d", "*")
        return Reply(1, stderr="dpkg: broken\n")

    ended = run("setup-k3s", {**TOOLS, "dpkg": fail})
    assert ended.exit_code != 0
    assert "Unable to locate package" not in ended.stderr


def test_what_goes_on_by_design_is_called() -> None:
    assert {*BY_DESIGN} <= {(name, kind) for name in scenes() for kind in kinds(name)}
