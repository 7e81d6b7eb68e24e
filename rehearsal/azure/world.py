"""A model of Azure at the level of ARM: GET, PUT and DELETE by resource id, remembered from one deployment to the next.

It refuses what Azure refuses (`refusals`), does what Azure does beside (`effects`), and fails where a fault is
ordered (`faults`). Every method may be called from several threads.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from arm import ids
from arm.shapes import Shape
from arm.types import ResourceType
from arm.types.keyvault import SECRET
from arm.types.kubernetesconfiguration import EXTENSION
from rehearsal.azure.actions import begin_action
from rehearsal.azure.clock import Clock, SteadyClock, SystemClock
from rehearsal.azure.effects import after_put, remove, tell_connectivity
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError, OperationFailedError
from rehearsal.azure.existing import add_existing
from rehearsal.azure.faults import Faults, Kind
from rehearsal.azure.journal import Journal
from rehearsal.azure.refusals import DELETE, PUT, access, refuse
from rehearsal.azure.refusals.existence import not_found
from rehearsal.azure.scripts import RunScript, ScriptRun, finish, run_nothing, take, unfinished
from rehearsal.azure.state import AzureState, Call, Surroundings

__all__ = ["Entry", "Surroundings", "World"]


class World:
    """Azure, as far as this project uses it.

    `on_write` is called with the ARM id while a write is in flight, outside the lock: what a test does in there happens
    at the same time as that write. With a `path`, every change is kept there before the caller is told of it, so that
    a process that is killed loses nothing; `load` brings it back, `compact` writes it in one piece.
    `run_script` runs the scripts of Run Commands, also outside the lock. What is read is a copy, unless it is `shared`:
    copying is most of the time that reading takes, and whoever shares must change nothing.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        clock: Clock | None = None,
        faults: Faults | None = None,
        on_write: Callable[[str], None] = lambda _: None,
        path: Path | None = None,
        run_script: RunScript = run_nothing,
    ) -> None:
        self._journal = Journal(path) if path else None
        self.surroundings = surroundings
        self.faults = faults or Faults()
        self._on_write = on_write
        self._clock = SteadyClock(clock or SystemClock())
        self._state = add_existing(AzureState(surroundings, self._clock))
        self._run_script = run_script
        self._busy: set[str] = set()
        self._lock = threading.RLock()

    def get(self, arm_id: str, label: str = "", *, shared: bool = False) -> Entry:
        """Return the resource. `label` is its logical name, by which faults are ordered."""
        with self._settled() as state:
            self._fail_early("get", arm_id, label)
            entry = state.find(arm_id)
            if entry is None:
                raise not_found(arm_id)
            return entry if shared else copy.deepcopy(entry)

    def find(self, arm_id: str, *, shared: bool = False) -> Entry | None:
        """Return the resource, for an onlooker: no fault hits, None if it is not there."""
        with self._settled() as state:
            entry = state.find(arm_id)
            return entry if shared else copy.deepcopy(entry)

    def entries(self, row: ResourceType | None = None, below: str = "", *, shared: bool = False) -> list[Entry]:
        """Return everything that exists, or only that of one type, or at an id and below it; by id."""
        with self._settled() as state:
            found = state.entries.values() if row is None else state.of_type(row)
            found = sorted((e for e in found if not below or ids.is_below(e.id, below)), key=lambda e: ids.key(e.id))
            return found if shared else copy.deepcopy(found)

    def names_kept(self) -> frozenset[str]:
        """Return the keys of what is soft-deleted."""
        with self._settled() as state:
            return frozenset(state.soft_deleted)

    def children(self, arm_id: str) -> list[Entry]:
        """Return everything below the resource."""
        return [entry for entry in self.entries(below=arm_id) if ids.key(entry.id) != ids.key(arm_id)]

    def put(
        self, shape: Shape, arm_id: str, inputs: Mapping[str, Any], *, update: bool = False, label: str = ""
    ) -> Entry:
        """Create or replace a resource; ARM knows no difference, `update` is for the orders of faults.

        Raises:
            OperationFailedError: accepted, then failed: it exists in state Failed.
            ConnectionCutError: it exists, maybe Creating or Updating for a while, but nobody was told.
            ArmError: refused, nothing has changed.
        """
        with self._settled() as state:
            fault = self._fail_early("update" if update else "create", arm_id, label)
            call = Call(PUT, arm_id, inputs, shape, state.find(arm_id))
            refuse(state, call)
            entry = state.write(shape, arm_id, copy.deepcopy(dict(inputs)))
            failure = fault.error(arm_id) if fault else None
            fails = isinstance(failure, OperationFailedError)
            if not fails:
                after_put(state, call, entry)
            runs_script, told = take(state, call, accepted=not fails)
            runs_on = fault is not None and fault.runs
            word = "Creating" if call.is_new else "Updating"
            failure = failure if runs_on else told or failure
            if fails or runs_script:
                state.say(arm_id, "Failed" if fails else word)
            elif runs_on:
                state.run_on(arm_id, word)
            written = state.entries[ids.key(arm_id)]
            self._accept(arm_id)
        try:
            if runs_script:
                written, script_failure = self._run(written, run_on_as=word if runs_on else "")
                failure = failure if runs_on else script_failure or failure
        finally:
            self._finish(arm_id)
        if failure:
            raise failure
        return copy.deepcopy(written)

    def _run(self, command: Entry, run_on_as: str = "") -> tuple[Entry, ArmError | None]:
        """Run the script of a Run Command; return the command as it then is, and the failure.

        Args:
            command: accepted.
            run_on_as: the state in which the command stays for a while, as nobody is told how the script ended.
        """
        run = self._run_script(self._looking, command)
        with self._settled() as state:
            if state.find(command.id) is None:
                return command, ArmError(404, "ResourceNotFound", f"{command.id} was deleted while its script ran.")
            failure = finish(state, command.id, run)
            if run_on_as:
                state.run_on(command.id, run_on_as)
            self._keep()
            return state.entries[ids.key(command.id)], failure

    def run_action(self, node_id: str, script: str) -> ScriptRun:
        """Run a script on a machine that runs, at once; no resource tells of it afterwards.

        Raises:
            ArmError: as `begin_action`.
        """
        with self._settled() as state:
            command = begin_action(state, node_id, script, self._busy)
        try:
            return self._run_script(self._looking, command)
        finally:
            self._busy.remove(ids.key(node_id))

    def run_here(self, begin: Callable[[AzureState], Entry]) -> ScriptRun:
        """Run a script on the machine that deploys; no resource tells of it. `begin` gives it, or refuses."""
        with self._settled() as state:
            command = begin(state)
        run = self._run_script(self._looking, command)
        with self._settled():
            self._keep()
        return run

    def now(self) -> float:
        """Return the time by this Azure's clock, in seconds since 1970."""
        return self._clock.now()

    def delete(self, arm_id: str, label: str = "", *, force: bool = False) -> None:
        """Delete a resource with everything below it, and wait until it is gone.

        Args:
            arm_id: of the resource.
            label: its logical name, by which faults are ordered.
            force: an extension goes in Azure alone; others are not deleted in another way by it.

        Raises:
            ArmError: 404 if it does not exist; as for `put` else.
        """
        with self._settled() as state:
            fault = self._fail_early("delete", arm_id, label)
            old = state.find(arm_id)
            if old is None:
                raise not_found(arm_id)
            refuse(state, Call(DELETE, arm_id, {}, None, old, is_forced=force and old.row is EXTENSION))
            failure = fault.error(arm_id) if fault else None
            if isinstance(failure, OperationFailedError):
                state.say(arm_id, "Failed")
            else:
                remove(state, arm_id)
            self._accept(arm_id)
        self._finish(arm_id)
        if failure:
            raise failure

    def delete_secret_as_data(self, arm_id: str) -> None:
        """Delete a vault secret on the vault's data plane, where ARM's own rights count for nothing."""
        with self._settled() as state:
            access.require_data_rights(state, arm_id)
            remove(state, arm_id)
            self._keep()

    def purge(self, arm_id: str) -> None:
        """Give the name of a deleted vault or vault secret free at once."""
        with self._settled() as state:
            record = state.blocked(arm_id)
            if record is None:
                raise ArmError(404, "DeletedVaultNotFound", f"The specified deleted vault '{arm_id}' does not exist.")
            deleted = record.entries[0]
            vault = state.find(ids.parent_of(arm_id)) if deleted.row is SECRET else deleted
            if vault and ids.at(vault.outputs, "properties.enablePurgeProtection"):
                raise ArmError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
            del state.soft_deleted[ids.key(arm_id)]
            self._keep()

    def set_power(self, vm_id: str, *, running: bool) -> None:
        """Start or stop a VM."""
        with self._settled() as state:
            vm = state.find(vm_id)
            if vm is None:
                raise not_found(vm_id)
            booted = {"boots": vm.facts.get("boots", 0) + 1} if running else {}
            state.change(vm, facts={**vm.facts, "stopped": not running, **booted})
            tell_connectivity(state)
            self._keep()

    def is_effective(self, scope: str, role_guid: str, principal_id: str) -> bool:
        """Return whether a role assignment exists at the scope or above it and has spread."""
        with self._settled() as state:
            return access.is_effective(state, scope, role_guid, principal_id)

    def compact(self) -> None:
        """Write everything in one piece, if this process has changed anything that is kept."""
        with self._settled() as state:
            if self._journal and self._journal.file.has_appended:
                self._journal.compact(state)

    def save(self, path: Path) -> None:
        """Write everything to a file that only its owner can read: it holds secrets."""
        with self._settled() as state:
            Journal(path).compact(state)

    def load(self, path: Path) -> None:
        """Take what is kept there in the place of what is here."""
        with self._lock:
            Journal(path).load(self._state)
            add_existing(self._state)
            self._clock.go_on_from(self._state.latest)  # it was set back since, or waited in virtual time
            left = unfinished(self._state)
        for command in left:  # Azure has gone on with what a process began that was killed
            self._run(command)

    @contextmanager
    def _looking(self) -> Iterator[AzureState]:
        """Yield the state as the clock says, locked; what changes is saved with the next write."""
        with self._lock:
            self._state.settle()
            yield self._state

    @contextmanager
    def _settled(self) -> Iterator[AzureState]:
        """Yield the state as the clock says, locked; what is told of it afterwards, a loss of power leaves."""
        with self._lock:
            self._state.settle()
            yield self._state
        if self._journal:
            self._journal.file.sync()

    def _keep(self) -> None:
        """Save a change, before anybody is told of it."""
        if self._journal:
            self._journal.keep(self._state)

    def _fail_early(self, operation: str, arm_id: str, label: str) -> Kind | None:
        fault = self.faults.take(operation, arm_id, label, self._state.clock.now())
        if fault and not fault.after:
            raise fault.error(arm_id)
        return fault

    def _accept(self, arm_id: str) -> None:
        """Save a write, in flight; whoever asked is told after `_finish`."""
        self._keep()
        self._state.in_flight.append(arm_id)

    def _finish(self, arm_id: str) -> None:
        try:
            self._on_write(arm_id)
        finally:
            with self._lock:
                self._state.in_flight.remove(arm_id)
