"""Let the scripts of a deployment meet what a rehearsal does not have by itself: a script that swallows it is found.

Each distinct script runs once more, on a scratch node from which nothing reaches Azure, where it has to fail, or has to
clear away what somebody left.
"""

from __future__ import annotations

import copy
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE
from graph.inputs import parameters, text_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import ScriptRun
from rehearsal.cluster.model import ClusterView, Symptom
from rehearsal.node import programs
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import ScriptClock
from rehearsal.node.files import FIRST_BOOT, Files
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.run import Run
from rehearsal.node.tools import TOOLS
from rehearsal.node.tools.downloads import INSTALLER_TOOL
from rules.facts.node import MICROSOFT_KEY

RULE = "CLUSTER-38"
_LABEL = "edge-stamps/object-set"
_AT_ONCE = 2
_PACE = 200
"""A drill that waits in vain waits by few polls."""
_OWN_KEY, _OTHER_KEY = (f"Stand-in of the key {key}\n" for key in (MICROSOFT_KEY.value, "0" * 40))


@dataclass(frozen=True)
class Scene:
    """A scratch node: what is on it, what its tools do otherwise, and what the script is given."""

    facts: Mapping[str, Any]
    files: Files
    given: Mapping[str, str]
    tools: Mapping[str, Tool]


@dataclass(frozen=True)
class Drill:
    """What is otherwise than in a rehearsal."""

    what: str
    """Ends the sentence `succeeds although …`."""
    scripts: frozenset[str]
    set_up: Callable[[Scene], Scene]
    find_fault: Callable[[ScriptRun, Machine], str]
    """What is wrong with how it ended; empty if nothing is."""


def run_drills(entries: Iterable[Entry]) -> list[Symptom]:
    """Return what the scripts of these Run Commands have let pass."""
    if programs.find_refusal():
        return []  # then no script has run, and each has said so
    known = list(entries)
    by_id = {ids.key(entry.id): entry for entry in known}
    scripts: dict[str, Entry] = {}
    for entry in known:
        if entry.row in BY_SCRIPT_TYPE and entry.state == "Succeeded":
            scripts.setdefault(entry.name + hashlib.sha256(_text(entry).encode()).hexdigest(), entry)
    planned = [
        (drill, command, by_id[ids.key(ids.parent_of(command.id))])
        for command in scripts.values()
        for drill in DRILLS
        if command.name in drill.scripts
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda one: (*one, _run(*one)), planned)
    return [
        Symptom(RULE, vm.name, f"Run Command {command.name}", f"{fault} although {drill.what}", _remedy(command))
        for drill, command, vm, fault in found
        if fault
    ]


def _text(command: Entry) -> str:
    return text_at(command.inputs, "source.script")


def _remedy(command: Entry) -> str:
    return f"let nodes/{command.name}.sh fail there, or do its work: nothing else would tell"


def _run(drill: Drill, command: Entry, vm: Entry) -> str:
    facts, files = vm.facts.get("machine", {}), vm.facts.get("files", FIRST_BOOT)
    scene = drill.set_up(Scene(copy.deepcopy(facts), files, parameters(command.inputs), TOOLS))
    with tempfile.TemporaryDirectory(prefix="es-") as name:
        folder = Path(name)
        (folder / "run").mkdir()
        machine = Machine.in_folder(folder, vm.id, _Nothing(), dict(scene.facts), scene.files)
        body = {
            "source": {"script": _text(command)},
            "parameters": [{"name": name, "value": value} for name, value in scene.given.items()],
        }
        run = Run(machine, body, folder / "run", ScriptClock(0, patience=0, pace=_PACE), tools=scene.tools).end()
    return drill.find_fault(run, machine)


class _Nothing:
    """An Azure in which there is nothing, and in which nothing is changed."""

    subscription_id = tenant_id = ""

    def find(self, _: str) -> Entry | None:
        return None

    def roles_of(self, _: str, __: str, ___: float) -> Sequence[str]:
        return ()

    def connect_cluster(self, arm_id: str, _: Mapping[str, Any]) -> Entry:
        raise ValueError(f"{arm_id}: nothing is connected in a drill")

    def delete(self, arm_id: str) -> None:
        raise ValueError(f"{arm_id}: nothing is deleted in a drill")

    def extensions(self) -> frozenset[str]:
        return frozenset({"microsoft.certmanagement", "microsoft.azure.secretstore"})

    def cluster_view(self, _: float) -> ClusterView | None:
        return None


def _must_fail(run: ScriptRun, _: Machine) -> str:
    if run.exit_code == 0:
        return "succeeds"
    told = run.stderr.rstrip().rpartition("\n")[2]
    return "" if "\nERROR: " in f"\n{run.stderr}" else f"fails without a line that begins with ERROR: ({told[:80]!r})"


def _without_parameters(scene: Scene) -> Scene:
    return replace(_on_an_empty_node(scene), given={})


def _on_an_empty_node(scene: Scene) -> Scene:
    return replace(scene, facts={}, files=FIRST_BOOT)


def _forge(url: str, old: str, new: str) -> Callable[[Scene], Scene]:
    """Return the set-up in which what comes from an address is changed on its way."""

    def set_up(scene: Scene) -> Scene:
        def curl(call: ToolCall, machine: Machine) -> Reply:
            reply = TOOLS["curl"](call, machine)
            if any(url in word for word in call.arguments) and "--output" in call.arguments:
                file = machine.path(call.arguments[call.arguments.index("--output") + 1])
                file.write_text(file.read_text().replace(old, new))
            return reply

        return replace(_on_an_empty_node(scene), tools={**TOOLS, "curl": curl})

    return set_up


def _upgrade_fails(scene: Scene) -> Scene:
    k3s = {**scene.facts.get("k3s", {}), "version": "v1.31.1+k3s1"}
    failing = Reply(1, stderr="[ERROR]  Download failed\n")
    tools = {**TOOLS, INSTALLER_TOOL: lambda _, __: failing}
    return replace(scene, facts={**scene.facts, "k3s": k3s}, tools=tools)


def _with_bindings(scene: Scene) -> Scene:
    labels = {_LABEL: scene.given.get("OBJECT_SET", "")}
    added = [_binding("edge-stamps-former", labels), _binding("of-somebody-else", {})]
    return replace(scene, facts={**scene.facts, "objects": [*scene.facts.get("objects", []), *added]})


def _binding(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": dict(labels), "uid": name, "generation": 1},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": name}],
    }


def _must_prune(run: ScriptRun, machine: Machine) -> str:
    left = {text_at(one, "metadata.name") for one in machine.facts.get("objects", [])}
    if run.exit_code:
        return f"fails ({run.stderr.rstrip().rpartition(chr(10))[2][:200]})"
    if "edge-stamps-former" in left:
        return "leaves a ClusterRoleBinding of its set that is no longer listed"
    return "" if "of-somebody-else" in left else "deletes a ClusterRoleBinding that is not of its set"


_ALL = frozenset({"setup-k3s", "connect-arc", "apply-objects", "await-secrets"})
_SETUP = frozenset({"setup-k3s"})
DRILLS = (
    Drill("it has no parameters", _ALL, _without_parameters, _must_fail),
    Drill("nothing was set up on the node", _ALL - _SETUP, _on_an_empty_node, _must_fail),
    Drill("K3s' installer was forged", _SETUP, _forge("/install.sh", "# Stand-in", "# Forged"), _must_fail),
    Drill("another key came with that of the packages", _SETUP, _forge("/keys/", _OWN_KEY, _OWN_KEY + _OTHER_KEY),
          _must_fail),
    Drill("K3s' installer failed, and an older K3s goes on", _SETUP, _upgrade_fails, _must_fail),
    Drill("a binding was left over, and another one is somebody else's", frozenset({"apply-objects"}), _with_bindings,
          _must_prune),
)  # fmt: skip
"""Every drill."""
