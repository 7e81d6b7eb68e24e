"""A small network, deployed into a modelled Azure that lasts, by `Deployer` and the stand-in for the CLI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi import automation as auto

from automation.deployment.deployer import Deployer
from automation.deployment.operations import EngineResult
from automation.deployment.run_journal import RunJournal
from automation.deployment.workspace import select_stack
from graph.urns import name_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.world import Surroundings, World
from rehearsal.engine import Backend, OfflineCommand, PendingOperation
from rehearsal.engine.state import Operation
from rehearsal.modelled_azure import make_surroundings, open_azure
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS, leave_note_of_a_killed_run

STACK = "test"
DEAD_PID = 2**22 + 1
"""Above what Linux gives out: an id that was used might be given to another process or thread while a test runs."""
SUBSCRIPTION = STAND_INS["subscription_id"]
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-test"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
ARM_IDS = {
    "group": GROUP,
    "vnet": f"{NETWORK}/virtualNetworks/vnet-test",
    "subnet": f"{NETWORK}/virtualNetworks/vnet-test/subnets/subnet-test",
    "nsg": f"{NETWORK}/networkSecurityGroups/nsg-test",
}
TYPES = {
    "group": "azure-native:resources:ResourceGroup",
    "vnet": "azure-native:network:VirtualNetwork",
    "subnet": "azure-native:network:Subnet",
    "nsg": "azure-native:network:NetworkSecurityGroup",
}
URNS = {name: f"urn:pulumi:test::edge-stamps::{token}::{name}" for name, token in TYPES.items()}


def network(protect: bool = False, tags: dict[str, str] | None = None) -> None:
    """`subnet` needs `vnet` needs `group`; `nsg` needs `group` alone."""

    def resource(name: str, inputs: dict[str, Any], needed: list[pulumi.Resource]) -> pulumi.CustomResource:
        options = pulumi.ResourceOptions(depends_on=needed, protect=protect)
        return pulumi.CustomResource(TYPES[name], name, inputs, options)

    group = resource("group", {"resourceGroupName": "rg-test", "location": "eastus2"}, [])
    here = {"resourceGroupName": "rg-test", "location": "eastus2"}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    vnet = resource("vnet", {**here, "virtualNetworkName": "vnet-test", "addressSpace": space, "tags": tags}, [group])
    in_vnet = {"resourceGroupName": "rg-test", "virtualNetworkName": "vnet-test"}
    resource("subnet", {**in_vnet, "subnetName": "subnet-test", "addressPrefix": "10.0.0.0/24"}, [vnet])
    resource("nsg", {**here, "networkSecurityGroupName": "nsg-test"}, [group])
    pulumi.export("vnet", vnet.id)


def delete_in_rehearsed(project: Path, stack: str, ending: str) -> None:
    """Delete, in the Azure that the offline engine keeps of a stack, the one resource whose id ends so."""
    surroundings = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])
    azure = open_azure(project / ".rehearsal" / stack / "azure.json", surroundings)
    (arm_id,) = (one.id for one in azure.entries() if one.id.endswith(ending))
    azure.delete(arm_id)


class Site:
    """A project with one stack; `program` is what the next operation runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(1_800_000_000)
        self.waits: list[float] = []
        self.said: list[str] = []
        self.faults = Faults()
        self.program: Callable[[], object] = network
        folder.joinpath("Pulumi.yaml").write_text("name: edge-stamps\nruntime: python\n", encoding="utf-8")
        settings = {**TWO_CLUSTERS, **STAND_INS}
        document = yaml.safe_dump({"config": {"edge-stamps:settings": settings}})
        folder.joinpath(f"Pulumi.{STACK}.yaml").write_text(document, encoding="utf-8")

    def deployer(
        self, *faults: Fault, progress: Callable[[str, str, EngineResult], None] = lambda *_: None
    ) -> Deployer:
        """As `python -m automation up --offline` makes one; the waits are taken down."""
        self.faults = Faults(*faults)
        command = OfflineCommand(faults=self.faults, clock=self.clock, program=lambda: self.program())
        stack = select_stack(self.folder, STACK, command)
        return Deployer(stack, SUBSCRIPTION, self.runs, say=self.said.append, progress=progress, sleep=self._sleep)

    @property
    def runs(self) -> RunJournal:
        """What this machine has noted of the stack's runs."""
        return RunJournal(self.folder / "run.json")

    def note_a_run(self) -> None:
        """Leave the note of a run that was killed, and had begun before every lock of these tests."""
        leave_note_of_a_killed_run(self.runs, "2026-11-24T14:00:00Z")

    def made(self) -> auto.Stack:
        """The stack, deployed without any trouble."""
        deployer = self.deployer()
        assert deployer.up().ok
        return deployer.stack

    @property
    def world(self) -> World:
        """Azure, as it was kept."""
        return self.backend.world(STACK, Surroundings(SUBSCRIPTION), clock=self.clock)

    @property
    def backend(self) -> Backend:
        return Backend(self.folder)

    def exists(self) -> set[str]:
        """Names of the network's resources in Azure that are ready."""
        ready = {entry.id for entry in self.world.entries() if entry.state == "Succeeded"}
        return {name for name, arm_id in ARM_IDS.items() if arm_id in ready}

    def in_stack(self) -> set[str]:
        """Names of the network's resources in the state."""
        found = {name_of(item.urn) for item in self.backend.state(STACK).resources}
        assert not self.backend.state(STACK).pending_operations
        return found & ARM_IDS.keys()

    def interrupt(self, name: str, operation: Operation, *, keep: bool = False) -> None:
        """Let the state look as after a kill during this; without `keep` a create's resource is not in it yet."""
        state = self.backend.state(STACK)
        (resource,) = (each for each in state.resources if name_of(each.urn) == name)
        if not keep:
            state.resources.remove(resource)
            resource.change(id="", outputs={})
        state.pending_operations = [PendingOperation(resource, operation)]
        state.save()

    def lock(self, **content: Any) -> Path:
        """Put a lock there, as another run would have."""
        file = self.backend.folder(STACK) / "locks" / "other.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"timestamp": "2026-11-24T15:00:00Z", **content}), encoding="utf-8")
        return file

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)
