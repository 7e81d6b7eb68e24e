"""What the state is at every moment of an operation (pulumi/pulumi, pkg/backend/snapshot.go)."""

from __future__ import annotations

import threading

from rehearsal.engine.state import Operation, PendingOperation, ResourceState, State


class Journal:
    """Merges what an operation has made with what it has not touched yet, and writes it before and after each call.

    Used by several threads. A preview works on copies and writes nothing.
    """

    def __init__(self, state: State, *, preview: bool) -> None:
        self._state = state
        self._preview = preview
        self._lock = threading.RLock()
        self.base = [resource.copy() for resource in state.resources]
        """What was there at the start, each after its dependencies. Replaced by a refresh only."""
        self._done: set[ResourceState] = set()
        self._new: list[ResourceState] = []
        # A create that was cut off stays noted until somebody has looked; the rest a refresh or another try settles.
        self._pending = [item for item in state.pending_operations if item.type == "creating"]

    def begin(self, resource: ResourceState, operation: Operation) -> None:
        """A provider is about to be called. Until `put`, `drop` or `failed` the note stays, also through a kill."""
        with self._lock:
            self._pending.append(PendingOperation(resource, operation))
            self.write()

    def failed(self, resource: ResourceState) -> None:
        """The call changed nothing."""
        with self._lock:
            self._end(resource)
            self.write()

    def _end(self, resource: ResourceState) -> None:
        self._pending = [item for item in self._pending if item.resource is not resource]

    def same(self, old: ResourceState, new: ResourceState) -> None:
        with self._lock:
            self._done.add(old)
            self._new.append(new)
            if old.text() != new.text():
                self.write()

    def put(self, new: ResourceState, old: ResourceState | None) -> None:
        """A resource was created or updated; `old` is what it takes the place of."""
        with self._lock:
            self._end(new)
            if old is not None:
                self._done.add(old)
            self._new.append(new)
            self.write()

    def drop(self, old: ResourceState) -> None:
        """A resource was deleted; one that a replacement is to follow stays with a note."""
        with self._lock:
            self._end(old)
            if not old.pending_replacement:
                self._done.add(old)
            self.write()

    def write(self) -> None:
        """The state as it is now."""
        if self._preview:
            return
        with self._lock:
            self._state.resources = [item for item in (*self._new, *self.base) if item not in self._done]
            self._state.pending_operations = list(self._pending)
            self._state.save()

    def rebuild(self, resources: list[ResourceState]) -> None:
        """A refresh has read everything anew; nothing else has happened yet."""
        self.base = resources
        self.write()
