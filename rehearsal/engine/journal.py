"""What the state is at every moment of an operation (pulumi/pulumi, pkg/backend/journal)."""

from __future__ import annotations

import threading

from rehearsal.engine.state import Operation, PendingOperation, ResourceState, State


class Journal:
    """Merges what an operation has made with what it has not touched yet, and keeps it before and after each call.

    Used by several threads. A preview works on copies and keeps nothing.
    """

    def __init__(self, state: State, *, preview: bool) -> None:
        self._state = state
        self._preview = preview
        self._lock = threading.RLock()
        self.base = [resource.copy() for resource in state.resources]
        """What was there at the start, each after its dependencies. Replaced by a refresh only."""
        self._keys = {resource: key for key, resource in enumerate(self.base)}
        """Resource -> what it is called in the lines that are kept."""
        self._done: set[ResourceState] = set()
        self._new: list[ResourceState] = []
        # A create that was cut off stays noted until somebody has looked; the rest a refresh or another try settles.
        self._pending = [item for item in state.pending_operations if item.type == "creating"]
        self._is_kept = not preview and state.path is not None
        if self._is_kept:
            self.finish()  # lines count the resources of the file

    def begin(self, resource: ResourceState, operation: Operation) -> None:
        """Note a call to a provider before it is made, until `put`, `drop` or `failed`; a kill leaves the note.

        Synced, with all lines before it; the end of a call comes to the disk with the next begin or with `finish`.
        """
        with self._lock:
            pending = PendingOperation(resource, operation)
            self._pending.append(pending)
            self._keep(begin=f"[{self._key(resource)}, {pending.text()}]")
        if self._is_kept:
            self._state.sync()

    def failed(self, resource: ResourceState) -> None:
        """Note that the call changed nothing."""
        with self._lock:
            self._keep(end=self._end(resource))

    def put(self, new: ResourceState, old: ResourceState | None, *, ends: bool = True) -> None:
        """Note a resource that was created, updated or is the same, in the place of `old`; `ends` ends its call."""
        with self._lock:
            self._new.append(new)
            self._keep(put=new, drop=old, end=self._end(new) if ends else None)

    def drop(self, old: ResourceState) -> None:
        """Note that a resource was deleted; one that a replacement is to follow stays, marked as such."""
        with self._lock:
            if old.pending_replacement:
                self._keep(put=old, end=self._end(old))
            else:
                self._keep(drop=old, end=self._end(old))

    def changed(self, resource: ResourceState) -> None:
        """Note that a resource in the state has other fields than before."""
        with self._lock:
            self._keep(put=resource)

    def _end(self, resource: ResourceState) -> int:
        self._pending = [item for item in self._pending if item.resource is not resource]
        return self._key(resource)

    def _key(self, resource: ResourceState) -> int:
        return self._keys.setdefault(resource, len(self._keys))

    def _keep(
        self,
        *,
        put: ResourceState | None = None,
        drop: ResourceState | None = None,
        begin: str = "",
        end: int | None = None,
    ) -> None:
        """Keep one line of what has changed; `State.load` puts them together."""
        if drop is not None:
            self._done.add(drop)
        if not self._is_kept:
            return
        parts = {
            "put": f"[{self._key(put)}, {put.text()}]" if put is not None else "",
            "drop": str(self._key(drop)) if drop is not None else "",
            "begin": begin,
            "end": str(end) if end is not None else "",
        }
        line = ", ".join(f'"{name}": {text}' for name, text in parts.items() if text)
        self._state.append(f"{{{line}}}")

    def _merge(self) -> None:
        self._state.resources = [item for item in (*self._new, *self.base) if item not in self._done]
        self._state.pending_operations = list(self._pending)

    def finish(self) -> None:
        """Write the state in one piece, as it is at the end of the operation or where it was stopped."""
        if not self._preview:
            with self._lock:
                self._merge()
                self._state.save()

    def rebuild(self, resources: list[ResourceState]) -> None:
        """Start from what a refresh has read anew, before anything else happens."""
        self.base = resources
        self._keys = {resource: key for key, resource in enumerate(resources)}
        self.finish()
