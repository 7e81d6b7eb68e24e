"""A model of Azure at the level of ARM: GET, PUT and DELETE by resource id, remembered from one deployment to the next.

It refuses what Azure refuses (`world_rules`), does what Azure does beside (`world_effects`), and fails where a fault is
ordered (`faults`). Every method may be called from several threads.
"""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rehearsal.azure import arm, world_access
from rehearsal.azure.arm import ArmError, OperationFailedError
from rehearsal.azure.clock import Clock, SystemClock
from rehearsal.azure.faults import Faults, Kind
from rehearsal.azure.shapes import Shape
from rehearsal.azure.world_effects import after_put, remove
from rehearsal.azure.world_existence import not_found
from rehearsal.azure.world_rules import DELETE, PUT, refuse
from rehearsal.azure.world_state import Call, Entry, SoftDeleted, State, Surroundings

__all__ = ["Entry", "Surroundings", "World"]


class World:
    """Azure, as far as this project uses it.

    `on_write` is called with the ARM id while a write is in flight, outside the lock: what a test does in there happens
    at the same time as that write.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        clock: Clock | None = None,
        faults: Faults | None = None,
        on_write: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.surroundings = surroundings
        self.faults = faults or Faults()
        self._on_write = on_write
        self._state = State(surroundings, clock or SystemClock())
        self._lock = threading.RLock()

    def get(self, arm_id: str, label: str = "") -> Entry:
        """The resource. `label` is its logical name, by which faults are ordered."""
        with self._lock:
            self._fail_early("get", arm_id, label)
            entry = self._state.find(arm_id)
            if entry is None:
                raise not_found(arm_id)
            return copy.deepcopy(entry)

    def find(self, arm_id: str) -> Entry | None:
        """The resource, for an onlooker: no fault hits, None if it is not there."""
        with self._lock:
            return copy.deepcopy(self._state.find(arm_id))

    def entries(self) -> list[Entry]:
        """Everything that exists, by id."""
        with self._lock:
            return [copy.deepcopy(entry) for _, entry in sorted(self._state.entries.items())]

    def children(self, arm_id: str) -> list[Entry]:
        """Everything below the resource."""
        return [entry for entry in self.entries() if arm.is_below(entry.id, arm_id) and not _same(entry, arm_id)]

    def put(
        self, shape: Shape, arm_id: str, inputs: Mapping[str, Any], *, update: bool = False, label: str = ""
    ) -> Entry:
        """Create or replace a resource; ARM knows no difference, `update` is for the orders of faults.

        Raises:
            OperationFailedError: accepted, then failed: it exists in state Failed.
            ConnectionCutError: it exists, but nobody was told.
            ArmError: refused, nothing has changed.
        """
        with self._lock:
            fault = self._fail_early("update" if update else "create", arm_id, label)
            call = Call(PUT, arm_id, inputs, shape, self._state.find(arm_id))
            refuse(self._state, call)
            entry = self._state.write(shape, arm_id, copy.deepcopy(dict(inputs)))
            failure = fault.error(arm_id) if fault else None
            if not isinstance(failure, OperationFailedError):
                try:
                    after_put(self._state, call, entry)
                except OperationFailedError as failed:
                    failure = failed
            if isinstance(failure, OperationFailedError):
                _mark_failed(entry)
            self._state.in_flight.append(arm_id)
        self._finish(arm_id)
        if failure:
            raise failure
        with self._lock:
            return copy.deepcopy(entry)

    def delete(self, arm_id: str, label: str = "") -> None:
        """Delete a resource with everything below it, and wait until it is gone.

        Raises:
            ArmError: 404 if it does not exist; as for `put` else.
        """
        with self._lock:
            fault = self._fail_early("delete", arm_id, label)
            old = self._state.find(arm_id)
            if old is None:
                raise not_found(arm_id)
            refuse(self._state, Call(DELETE, arm_id, {}, None, old))
            failure = fault.error(arm_id) if fault else None
            if isinstance(failure, OperationFailedError):
                _mark_failed(old)
            else:
                remove(self._state, arm_id)
            self._state.in_flight.append(arm_id)
        self._finish(arm_id)
        if failure:
            raise failure

    def delete_secret_as_data(self, arm_id: str) -> None:
        """Delete a vault secret on the vault's data plane, where ARM's own rights count for nothing."""
        with self._lock:
            if self._state.find(arm_id) is None:
                raise ArmError(404, "SecretNotFound", f"A secret with name {arm.name_of(arm_id)} was not found.")
            if not self.surroundings.deployer_has_data_rights:
                message = (
                    "Caller is not authorized to perform action on resource. If role assignments, deny assignments or"
                    " role definitions were changed recently, please observe propagation time. Action:"
                    f" 'Microsoft.KeyVault/vaults/secrets/delete'. Resource: {arm_id}"
                )
                raise ArmError(403, "ForbiddenByRbac", message)
            remove(self._state, arm_id)

    def purge(self, arm_id: str) -> None:
        """Give the name of a deleted vault or vault secret free at once."""
        with self._lock:
            record = self._state.blocked(arm_id)
            if record is None:
                raise ArmError(404, "DeletedVaultNotFound", f"The specified deleted vault '{arm_id}' does not exist.")
            deleted = record.entries[0]
            vault = self._state.find(arm.parent_of(arm_id)) if deleted.type == world_access.SECRET else deleted
            if vault and arm.at(vault.outputs, "properties.enablePurgeProtection"):
                raise ArmError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
            del self._state.soft_deleted[arm.key(arm_id)]

    def set_power(self, vm_id: str, *, running: bool) -> None:
        """Start or stop a VM."""
        with self._lock:
            vm = self._state.find(vm_id)
            if vm is None:
                raise not_found(vm_id)
            vm.facts["stopped"] = not running

    def is_effective(self, scope: str, role_guid: str, principal_id: str) -> bool:
        """Whether a role assignment exists at the scope or above it and has spread."""
        with self._lock:
            return world_access.is_effective(self._state, scope, role_guid, principal_id)

    def save(self, path: Path) -> None:
        """Write everything to a file that only its owner can read: it holds secrets."""
        with self._lock:
            document = {
                "entries": [entry.__getstate__() for entry in self._state.entries.values()],
                "soft_deleted": {
                    key: {"entries": [entry.__getstate__() for entry in record.entries], "purged_at": record.purged_at}
                    for key, record in self._state.soft_deleted.items()
                },
                "births": self._state.births,
            }
        temporary = path.with_name(f"{path.name}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Take what `save` wrote in the place of what is here."""
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = [Entry(**fields) for fields in document["entries"]]
        with self._lock:
            self._state.entries = {arm.key(entry.id): entry for entry in entries}
            self._state.soft_deleted = {
                key: SoftDeleted([Entry(**fields) for fields in record["entries"]], record["purged_at"])
                for key, record in document["soft_deleted"].items()
            }
            self._state.births = document["births"]

    def _fail_early(self, operation: str, arm_id: str, label: str) -> Kind | None:
        fault = self.faults.take(operation, arm_id, label)
        if fault and not fault.after:
            raise fault.error(arm_id)
        return fault

    def _finish(self, arm_id: str) -> None:
        try:
            self._on_write(arm_id)
        finally:
            with self._lock:
                self._state.in_flight.remove(arm_id)


def _same(entry: Entry, arm_id: str) -> bool:
    return arm.key(entry.id) == arm.key(arm_id)


def _mark_failed(entry: Entry) -> None:
    entry.state = "Failed"
    for place in (entry.outputs, entry.outputs.get("properties")):
        if isinstance(place, dict) and "provisioningState" in place:
            place["provisioningState"] = "Failed"
