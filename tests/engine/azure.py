"""The modelled Azure as lifecycle tests see it, whichever engine deploys into it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from arm.shapes import shape_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entry
from rehearsal.azure.faults import Fault
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.azure.world import World
from rehearsal.cluster.build import build_views
from rehearsal.cluster.model import ClusterView
from rehearsal.modelled_azure import make_surroundings
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from settings.outside import NOTHING_OUTSIDE, Outside
from settings.stand_ins import STAND_INS

SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])


_NODES = {
    "site": ("/virtualMachines/vm-myorga-", "/Microsoft.HybridCompute/machines/site-", "/connectedClusters/site-1/"),
    "enterprise": ("/virtualMachines/vm-myorgb-",),
}


def is_on(cluster: str, arm_id: str) -> bool:
    """Whether it is a Run Command of the cluster's node."""
    return any(node in arm_id for node in _NODES[cluster])


class Scripts(ScriptRunner):
    """Runs scripts, counts their runs, and lets some fail for a reason outside of them."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: Counter[str] = Counter()
        self.failing: Counter[str] = Counter()
        """Script -> how many of its next runs fail on the node of cluster `site`."""

    def __call__(self, look: OpenState, command: Entry) -> ScriptRun:
        self.ran[command.id] += 1
        if self.failing[command.name] and is_on("site", command.id):
            self.failing[command.name] -= 1
            text = command.inputs["source"]["script"].replace("\nlock ", '\nfail "the network is down."\nlock ', 1)
            command = replace(command, inputs={**command.inputs, "source": {"script": text}})
        return super().__call__(look, command)


class Azure:
    """A world of its own, empty at first."""

    def __init__(
        self,
        machines: Mapping[str, str] | None = None,
        outside: Outside = NOTHING_OUTSIDE,
        bare_machines: Collection[str] = (),
    ) -> None:
        """`machines`: those that are somebody else's, by id, with their address; `bare_machines`: not Arc-enabled.

        `outside`: as `Settings.outside`.
        """
        self.clock = ManualClock()
        self.when_written: Callable[[str], None] = lambda _: None
        """Called with the ARM id while a write is in flight, after Azure has taken it."""
        self._scripts = Scripts()
        self._machines, self._outside = machines or {}, outside
        self._world = World(
            replace(
                SURROUNDINGS,
                machines=self._machines,
                bare_machines=bare_machines,
                routes=outside.routes,
                proxies=outside.proxies,
                images=outside.images,
            ),
            clock=self.clock,
            on_write=lambda arm_id: self.when_written(arm_id),
            run_script=self._scripts,
        )
        self.provider = AzureProvider(self._world)

    def ids(self) -> set[str]:
        """What exists."""
        return {entry.id for entry in self._world.entries()}

    def views(self) -> list[ClusterView]:
        """Every cluster as what is deployed makes it."""
        return build_views(self._world.entries(), self._world.is_effective, routes=self._world.surroundings.routes)

    def seen(self) -> dict[str, Any]:
        """What exists, with all that Azure knows of it."""
        return {entry.id: (entry.token, entry.inputs, entry.outputs, entry.state) for entry in self._world.entries()}

    def delete_behind_the_stack(self, ending: str) -> None:
        """Delete the one resource whose id ends so."""
        (arm_id,) = (arm_id for arm_id in self.ids() if arm_id.endswith(ending))
        self._world.delete(arm_id)

    def lose(self, ending: str, folder: Path) -> None:
        """Forget the one resource whose id ends so with all that is below it, without asking who uses it."""
        file = folder / "lost.json"
        self._world.save(file)
        world = json.loads(file.read_text(encoding="utf-8"))
        (key,) = (key for key in world["entries"] if key.endswith(ending.lower()))
        world["entries"] = {
            one: entry for one, entry in world["entries"].items() if not f"{one}/".startswith(f"{key}/")
        }
        file.write_text(json.dumps(world), encoding="utf-8")
        self._world.load(file)

    def put_behind_the_stack(self, token: str, inputs: Mapping[str, Any], **changed: Any) -> None:
        """Let somebody else write a resource."""
        shape, inputs = shape_of(token), {**inputs, **changed}
        self._world.put(shape, shape.path(inputs, SURROUNDINGS.subscription_id), inputs)

    def tags(self, ending: str) -> Any:
        """The tags of the one resource whose id ends so."""
        (tags,) = (entry[1].get("tags") for arm_id, entry in self.seen().items() if arm_id.endswith(ending))
        return tags

    def order(self, name: str, kind: str, operation: str = "create") -> None:
        """Let the next such operation on the resource of this logical name fail so."""
        self._world.faults.order(Fault(name, operation, kind))

    def fail_scripts(self, script: str, times: int) -> None:
        """Let the next runs of this script fail on the node of cluster `site`."""
        self._scripts.failing[script] = times

    def runs(self, cluster: str) -> dict[str, int]:
        """How often each script of the cluster has run."""
        ran = self._scripts.ran.items()
        return {arm_id.rpartition("/")[2]: times for arm_id, times in ran if is_on(cluster, arm_id)}

    def copy(self, folder: Path) -> Azure:
        """Another Azure in which the same exists."""
        other, file = Azure(self._machines, self._outside), folder / "azure.json"
        self._world.save(file)
        other._world.load(file)
        return other
