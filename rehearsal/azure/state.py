"""The state of the modelled Azure: what exists, what is soft-deleted, what is being written right now."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from arm import ids
from arm.shapes import Shape
from arm.types import BY_ARM_TYPE, ResourceType
from arm.types.resource_type import guid
from rehearsal.azure.clock import Clock
from rehearsal.azure.entries import Entries, Entry, Table
from rehearsal.azure.errors import ArmError
from settings.stand_ins import STAND_INS

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


@dataclass(frozen=True)
class Surroundings:
    """What is so before the first deployment, and does not change by one."""

    subscription_id: str
    tenant_id: str = ""
    """Left out: the stand-in that recorded graphs have."""
    machines: Mapping[str, str] = field(default_factory=dict)
    """Id of each Arc-enabled machine, or connected cluster, that is somebody else's -> its address."""
    machine_faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Id of one of the machines -> outputs by which Azure says that it is no sound one."""
    custom_locations_object_id: str = STAND_INS["custom_locations_object_id"]
    """For whom custom locations are enabled on those clusters."""
    routes: Collection[tuple[str, str]] = ()
    """Addresses between which packets find their way although no peering of the stack is there."""
    proxies: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Address of a node that reaches nothing else of the internet -> its proxies, for http and for https."""
    images: Collection[tuple[str, str]] = ()
    """Id of a version of a gallery's image that is somebody else's, and a region that it is replicated to."""
    taken_names: Mapping[str, Collection[str]] = field(default_factory=dict)
    """ARM type -> names that are somebody else's, of types whose names are global."""
    vcpu_quota: Mapping[str, int] = field(default_factory=dict)
    """Region -> limit of regional vCPUs; no limit where none is given."""
    family_quota: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Region -> VM family, e.g. standardDSv5Family -> limit of vCPUs; no limit where none is given."""
    quotas: Mapping[str, int] = field(default_factory=dict)
    """Name of a quota (`refusals.quotas`) -> this subscription's limit, where it is not the usual one."""
    nameless: Collection[str] = ()
    """Host names that nobody has made a DNS record for."""
    deployer_has_data_rights: bool = False
    """Whether the deployer may touch the data of vaults."""
    role_spread_seconds: float = 600
    """How long a new role takes to act (learn.microsoft.com/azure/role-based-access-control/troubleshooting)."""
    principal_spread_seconds: float = 60
    """How long a new identity is unknown to Azure's authorization, unless principalType is given."""
    running_seconds: float = 120
    """How long a write goes on after its connection was cut. An estimate: nothing is measured."""
    bare_machines: Collection[str] = ()
    """Ids of those machines that Azure Arc does not know before somebody enables them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenant_id", self.tenant_id or guid(f"tenant of {self.subscription_id}"))


@dataclass(frozen=True)
class Call:
    """A PUT or DELETE on its way; `old` is what is there now."""

    operation: str
    arm_id: str
    inputs: Mapping[str, Any]
    shape: Shape | None
    old: Entry | None
    is_forced: bool = False
    """A DELETE of an extension in Azure alone."""

    @property
    def type(self) -> str:
        return ids.type_of(self.arm_id)

    @property
    def name(self) -> str:
        return ids.name_of(self.arm_id)

    @property
    def row(self) -> ResourceType | None:
        return BY_ARM_TYPE.get(self.type)

    @property
    def is_new(self) -> bool:
        return self.old is None


@dataclass
class SoftDeleted:
    """A vault with its secrets, or one secret, until it is purged."""

    entries: list[Entry]
    purged_at: float


@dataclass
class AzureState:
    """Everything, with look-ups. The caller holds the world's lock."""

    surroundings: Surroundings
    clock: Clock
    entries: Entries = field(default_factory=Entries)
    soft_deleted: Table[SoftDeleted] = field(default_factory=Table)
    births: Table[int] = field(default_factory=Table)
    """How often each id was created: what is created again has other GUIDs."""
    in_flight: list[str] = field(default_factory=list)
    """Ids that are being written."""
    running: Table[float] = field(default_factory=Table)
    """Keys of what Azure goes on with although nobody waits for it -> when it is done, by the clock."""

    @property
    def busy(self) -> list[str]:
        """What is being written or still running."""
        return [*self.in_flight, *self.running]

    def find(self, arm_id: str) -> Entry | None:
        return self.entries.get(ids.key(arm_id))

    def of_type(self, row: ResourceType) -> list[Entry]:
        return self.entries.of_type(row)

    def siblings(self, call: Call) -> list[Entry]:
        """Return the others of the call's type below the same parent."""
        if call.row is None:
            return []
        key, parent = ids.key(call.arm_id), ids.key(ids.parent_of(call.arm_id))
        return [
            entry
            for entry in self.of_type(call.row)
            if ids.key(ids.parent_of(entry.id)) == parent and ids.key(entry.id) != key
        ]

    def below(self, arm_id: str) -> list[Entry]:
        """Return the resource and everything in its path, children first."""
        found = [entry for entry in self.entries.values() if ids.is_below(entry.id, arm_id)]
        return sorted(found, key=lambda entry: (-entry.id.count("/"), entry.id))

    def blocked(self, arm_id: str) -> SoftDeleted | None:
        """Return what is soft-deleted under this id and not purged yet."""
        found = self.soft_deleted.get(ids.key(arm_id))
        return found if found and self.clock.now() < found.purged_at else None

    def write(self, shape: Shape, arm_id: str, inputs: Mapping[str, Any]) -> Entry:
        """Create or replace the body of a resource."""
        old = self.find(arm_id)
        key = ids.key(arm_id)
        if old is None:
            self.births[key] = self.births.get(key, 0) + 1
        entry = Entry(
            id=old.id if old else arm_id,
            token=shape.token,
            inputs=dict(inputs),
            outputs=self._outputs(shape, arm_id, inputs),
            created_at=old.created_at if old else self.clock.now(),
            facts=old.facts if old else {},
        )
        self.entries[key] = entry
        return entry

    def change(self, entry: Entry, **fields: Any) -> Entry:
        """Put an entry with other fields in the place of this one."""
        changed = self.entries[ids.key(entry.id)] = replace(entry, **fields)
        return changed

    def say(self, arm_id: str, word: str) -> None:
        """Let a resource be Creating, Updating, Succeeded or Failed."""
        entry = self.entries[ids.key(arm_id)]
        outputs = dict(entry.outputs)
        if "provisioningState" in outputs:
            outputs["provisioningState"] = word
        below = outputs.get("properties")
        if isinstance(below, dict) and "provisioningState" in below:
            outputs["properties"] = {**below, "provisioningState": word}
        self.change(entry, outputs=outputs, state=word)

    def run_on(self, arm_id: str, word: str) -> None:
        """Let the write of a resource go on for a while."""
        self.say(arm_id, word)
        self.running[ids.key(arm_id)] = self.clock.now() + self.surroundings.running_seconds

    @property
    def latest(self) -> float:
        """The latest moment of which anything here tells."""
        begun = [done_at - self.surroundings.running_seconds for done_at in self.running.values()]
        return max([0.0, *begun, *(entry.created_at for entry in self.entries.values())])

    def settle(self) -> None:
        """End what has run long enough by now."""
        for key in [key for key, done_at in self.running.items() if done_at <= self.clock.now()]:
            del self.running[key]
            failed = self.entries[key].facts.get("run", {}).get("fails")
            self.say(key, "Failed" if failed else "Succeeded")

    def _outputs(self, shape: Shape, arm_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        around = self.surroundings
        _, outputs = shape.outputs(
            inputs, preview=False, subscription_id=around.subscription_id, tenant_id=around.tenant_id
        )
        given = {*_GUID.findall(json.dumps(inputs).lower()), *_GUID.findall(ids.key(arm_id)), around.tenant_id.lower()}
        outputs = {name: _reborn(value, given, self.births[ids.key(arm_id)]) for name, value in outputs.items()}
        assigned: Any = ids.at(outputs, "identity.userAssignedIdentities") or {}
        for identity_id, assigned_ids in assigned.items():
            if identity := self.find(identity_id):
                assigned_ids.update({name: identity.outputs[name] for name in ("clientId", "principalId")})
        return outputs


def _reborn(value: Any, given: Collection[str], birth: int) -> Any:
    """Return the GUIDs of a recorded graph for the first of its name; each later one has its own."""
    if birth == 1:
        return value
    if isinstance(value, dict):
        return {name: _reborn(item, given, birth) for name, item in value.items()}
    if isinstance(value, list):
        return [_reborn(item, given, birth) for item in value]
    if not isinstance(value, str):
        return value
    return _GUID.sub(lambda found: found[0] if found[0].lower() in given else guid(f"{found[0]}#{birth}"), value)


Check = Callable[[AzureState, Call], Iterator[ArmError]]
