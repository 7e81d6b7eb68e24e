"""Runs without any failure: where each case starts from, and what it has to end with.

The program runs twice, with two settings; its registrations are replayed for each case (`rehearsal.engine.Recording`).
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arm.shapes import is_arm
from graph.urns import name_of, type_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Faults
from rehearsal.azure.world import World
from rehearsal.cluster import gate
from rehearsal.engine import Engine, Options, Recording, State
from rehearsal.modelled_azure import make_surroundings
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file
from settings.stand_ins import STAND_INS, with_stand_ins

SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"])
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

    def open_azure(self, **options: Any) -> World:
        """Return an Azure of this moment."""
        world = World(SURROUNDINGS, gate=gate.judge, **options)
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(self.azure)
            file.flush()
            world.load(Path(file.name))
        return world


@dataclass(frozen=True)
class Baseline:
    """What the undisturbed runs registered, called, and ended with."""

    stack: str
    program: Recording
    changed: Recording
    """The program with other settings, so that what can be updated is."""
    empty: Snapshot
    deployed: Snapshot
    updated: Snapshot
    destroyed: Snapshot
    types: Mapping[str, str]
    """Logical name -> ARM type token."""
    calls: Mapping[str, frozenset[str]]
    """Create, update or delete -> logical names of the resources it is done to."""
    related: frozenset[tuple[str, str]]
    """Logical names of which the second depends on the first, or has the same parent."""


@cache
def find_baseline(program: Path, stack: str) -> Baseline:
    """Run the program.

    Raises:
        SettingsError: the settings cannot be used.
    """
    config, _ = with_stand_ins(stack_file.read(program, stack))
    faults, state, calls = Faults(), State(), dict[str, frozenset[str]]()
    world = World(SURROUNDINGS, clock=ManualClock(), gate=gate.judge, faults=faults)
    empty = take_snapshot(state.export(), world)

    def run(operation: str, settings: Mapping[str, Any]) -> tuple[Recording, Snapshot]:
        recording = Recording()
        faults.seen.clear()
        providers = all_providers(AzureProvider(world))
        engine = Engine(program, stack, settings, providers, state, Options(recording=recording))
        result = engine.destroy() if operation == "delete" else engine.up()
        assert result.succeeded, result.summary()
        calls[operation] = frozenset(name for done, name in faults.seen if done == operation)
        # What a peering says of itself changes when its other half comes: all is compared after a refresh.
        assert engine.refresh().succeeded
        return recording, take_snapshot(state.export(), world)

    first, deployed = run("create", config)
    of_arm = [resource for resource in state.resources if is_arm(resource.type)]
    types = {name_of(resource.urn): resource.type for resource in of_arm}
    related = {
        (name_of(needed), name_of(each.urn))
        for each in of_arm
        for needed in each.dependencies
        if is_arm(type_of(needed))
    } | {
        (name_of(one.urn), name_of(other.urn))
        for one in of_arm
        for other in of_arm
        if one.parent == other.parent and one.urn < other.urn
    }
    changed, updated = run("update", change_settings(config))
    types |= {name_of(each.urn): each.type for each in state.resources if is_arm(each.type)}
    _, destroyed = run("delete", config)
    return Baseline(stack, first, changed, empty, deployed, updated, destroyed, types, calls, frozenset(related))


def change_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return other settings, which update what can be updated: tags, sizes of VMs, ports."""
    changed = copy.deepcopy(dict(config))
    settings = changed[stack_file.SETTINGS_KEY]
    settings["tags"] = {**(settings.get("tags") or {}), "sweep": "changed"}
    for cluster in settings["clusters"].values():
        cluster["node"] = {**(cluster.get("node") or {}), "vm_size": "Standard_D32s_v6"}
        if cluster.get("listener"):
            cluster["listener"] = {**cluster["listener"], "port": 28999}
    for link in settings.get("links") or []:
        for topic in link.get("topics") or []:
            topic["from"] = f"{topic['from']}/changed"
    return changed


def take_snapshot(state: Mapping[str, Any], world: World) -> Snapshot:
    """Return what is there now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "azure.json"
        world.save(file)
        azure = file.read_text(encoding="utf-8")
    entries = {entry.id: (entry.token, entry.inputs, entry.outputs, entry.state) for entry in world.entries()}
    return Snapshot(state, azure, comparable_state(state["deployment"]), entries, world.names_kept())


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
    owned = {resource.get("id", "").lower() for resource in here.resources.values()}
    for arm_id, (token, *_) in here.entries.items():
        if arm_id.lower() not in owned and not token.endswith(":ConnectedCluster"):
            yield f"orphan in Azure: {arm_id}"
