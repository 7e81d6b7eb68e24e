"""Runs without any failure: where each case starts from, and what it has to end with.

The program runs once for each phase of a stack's life; its registrations are replayed for each case
(`rehearsal.engine.Recording`).
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arm.shapes import is_arm
from automation.sweep.later_program import LaterProgram
from graph.urns import name_of, type_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Faults
from rehearsal.azure.world import Surroundings, World
from rehearsal.engine import Engine, Options, Recording, ResourceState, State
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file
from settings.stand_ins import STAND_INS, with_stand_ins

SURROUNDINGS = Surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"], role_spread_seconds=500)
"""Roles and identities are known late in it, as in Azure. There some of a role's ten minutes
(learn.microsoft.com/azure/role-based-access-control/troubleshooting) pass while a VM is made; here none does, and the
scripts wait for ten minutes."""
_KEY = stack_file.SETTINGS_KEY
_FURTHER = "sweep-site"
_DIFFERENT_EACH_RUN = ("tls:", "random:", "pulumi:")
"""Types whose outputs, ids or keys are other ones in each run."""


@dataclass(frozen=True)
class Snapshot:
    """Stack and Azure at one moment."""

    state: Mapping[str, Any]
    """As `pulumi stack export` gives it."""
    azure: str
    resources: Mapping[str, Any]
    """What two runs have in common of the stack, by URN."""
    entries: Mapping[str, Any]
    """The same of Azure, by id."""
    names_kept: frozenset[str]
    """Soft-deleted."""

    @property
    def connected(self) -> dict[str, Mapping[str, Any]]:
        """Connected clusters, by id: the body that a script has given them."""
        found = self.entries.items()
        return {arm_id: inputs for arm_id, (token, inputs, *_) in found if token.endswith(":ConnectedCluster")}

    def open_azure(self, surroundings: Surroundings = SURROUNDINGS, **options: Any) -> World:
        """Return an Azure of this moment; `options` are those of a `World`."""
        world = World(surroundings, **options)
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(self.azure)
            file.flush()
            world.load(Path(file.name))
        return world


@dataclass(frozen=True)
class Phase:
    """An undisturbed run of the deployer: with what it begins, what it does, with what it ends."""

    program: Recording
    start: Snapshot
    end: Snapshot
    calls: Mapping[str, frozenset[str]]
    """Create, update or delete -> logical names of the resources it is done to."""


@dataclass(frozen=True)
class Baseline:
    """What the undisturbed runs registered, called, and ended with; each begins where the one before has ended."""

    stack: str
    phases: Mapping[str, Phase]
    types: Mapping[str, str]
    """Logical name -> ARM type token."""
    related: frozenset[tuple[str, str]]
    """Logical names of which the second depends on the first, or has the same parent."""


@cache
def find_baseline(program: Path, stack: str) -> Baseline:
    """Run the program.

    Raises:
        SettingsError: the settings cannot be used.
    """
    config, _ = with_stand_ins(stack_file.read(program, stack))
    faults, state = Faults(), State()
    world = World(SURROUNDINGS, clock=ManualClock(), run_script=ScriptRunner(), faults=faults)
    phases, types, related = dict[str, Phase](), dict[str, str](), set[tuple[str, str]]()
    start = take_snapshot(state.export(), world)
    for name, settings in _list_settings(config):
        recording = Recording() if name == "create" else LaterProgram()
        faults.seen.clear()
        engine = Engine(
            program, stack, settings, all_providers(AzureProvider(world)), state, Options(recording=recording)
        )
        result = engine.destroy() if name == "destroy" else engine.up()
        assert result.succeeded, result.summary()
        calls = {
            kind: frozenset(one for done, one in faults.seen if done == kind) for kind in ("create", "update", "delete")
        }
        # What a peering says of itself changes when its other half comes: all is compared after a refresh.
        assert engine.refresh().succeeded
        end = take_snapshot(state.export(), world)
        phases[name], start = Phase(recording, start, end, calls), end
        of_arm = [resource for resource in state.resources if is_arm(resource.type)]
        types |= {name_of(resource.urn): resource.type for resource in of_arm}
        related |= _find_related(of_arm)
    return Baseline(stack, phases, types, frozenset(related))


def _list_settings(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name of each phase and its settings: a further site comes, its link goes, then it goes."""
    changed = change_settings(config)
    grown, unlinked = copy.deepcopy(changed), copy.deepcopy(changed)
    broker = next(iter(changed[_KEY]["links"]))["to"]
    for settings in (grown[_KEY], unlinked[_KEY]):
        settings["clusters"][_FURTHER] = {"code": "swp", "address_space": "10.199.0.0/16"}
    grown[_KEY]["links"].append({"from": _FURTHER, "to": broker})
    yield "create", change_settings(config, only_protection=True)
    yield "update", changed
    yield "add a site", grown
    yield "remove a link", unlinked
    yield "remove a site", changed
    yield "destroy", changed


def change_settings(config: Mapping[str, Any], *, only_protection: bool = False) -> dict[str, Any]:
    """Return other settings, which update what settings can update: tags, sizes of VMs, ports, dataflows.

    Nothing is protected, as it could not be removed then.
    """
    changed = copy.deepcopy(dict(config))
    settings = changed[_KEY]
    protection = settings["protection"] = {**(settings.get("protection") or {}), "protect": False}
    protection.setdefault("dataflow_disk_persistence", False)
    if only_protection:
        return changed
    protection["dataflow_disk_persistence"] = not protection["dataflow_disk_persistence"]
    settings["tags"] = {**(settings.get("tags") or {}), "sweep": "changed"}
    for cluster in settings["clusters"].values():
        cluster["node"] = {**(cluster.get("node") or {}), "vm_size": "Standard_D32s_v6"}
        if cluster.get("listener"):
            cluster["listener"] = {**cluster["listener"], "port": 28999}
    return changed


def _find_related(resources: Sequence[ResourceState]) -> set[tuple[str, str]]:
    depends = {
        (name_of(needed), name_of(each.urn))
        for each in resources
        for needed in each.dependencies
        if is_arm(type_of(needed))
    }
    return depends | {
        (name_of(one.urn), name_of(other.urn))
        for one in resources
        for other in resources
        if one.parent == other.parent and one.urn < other.urn
    }


def take_snapshot(state: Mapping[str, Any], world: World) -> Snapshot:
    """Return what is there now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "azure.json"
        world.save(file)
        azure = file.read_text(encoding="utf-8")
    entries = {entry.id: (entry.token, entry.inputs, entry.outputs, entry.state) for entry in world.entries()}
    resources = comparable_state(state["deployment"])
    drawn = {
        each["outputs"]["hex"]: each["urn"]
        for each in state["deployment"].get("resources") or []
        if "hex" in (each.get("outputs") or {})
    }
    return Snapshot(state, azure, _undrawn(resources, drawn), _undrawn(entries, drawn), world.names_kept())


def _undrawn(found: Mapping[str, Any], drawn: Mapping[str, str]) -> dict[str, Any]:
    """Return it with the name of each random id in the place of its value: scripts that ran again have another one."""
    text = json.dumps(found)
    for value, urn in drawn.items():
        text = text.replace(value, urn)
    undrawn: dict[str, Any] = json.loads(text)
    return undrawn


def comparable_state(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two runs have in common: resources by URN, without what each run makes anew."""
    return {each["urn"]: _comparable(each) for each in deployment.get("resources") or []}


def _comparable(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource without what each run makes anew."""
    kept = {key: value for key, value in resource.items() if key not in ("created", "modified", "sourcePosition")}
    kept["provider"] = resource.get("provider", "").rpartition("::")[0]
    for key in ("dependencies", "replaceWith"):
        kept[key] = sorted(resource.get(key) or [])
    if resource["type"].startswith(_DIFFERENT_EACH_RUN):
        kept = {key: value for key, value in kept.items() if key not in ("id", "outputs")}
    return kept


def find_differences(expected: Snapshot, here: Snapshot) -> Iterator[str]:
    """Yield what two moments differ in, and what exists here that nobody owns."""
    for where, baseline, found in (
        ("stack", expected.resources, here.resources),
        ("Azure", expected.entries, here.entries),
        ("soft-deleted", dict.fromkeys(expected.names_kept), dict.fromkeys(here.names_kept)),
    ):
        for key in sorted({*baseline, *found}):
            if key not in found or key not in baseline or baseline[key] != found[key]:
                what = "missing" if key not in found else "unexpected" if key not in baseline else "different"
                yield f"{where}: {what}: {key}"
    yield from (f"orphan in Azure: {arm_id}" for arm_id in sorted(_orphans(here) - _orphans(expected)))


def _orphans(snapshot: Snapshot) -> set[str]:
    """Return what exists and the stack does not own; a removed link leaves its vault secrets, for good (docs)."""
    owned = {resource.get("id", "").lower() for resource in snapshot.resources.values()}
    return {
        arm_id
        for arm_id, (token, *_) in snapshot.entries.items()
        if arm_id.lower() not in owned and not token.endswith(":ConnectedCluster")
    }
