"""The modelled Azure as a file, which only its owner can read: it holds secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from arm import ids
from rehearsal.azure.state import Entry, SoftDeleted, State


def save(state: State, path: Path) -> None:
    """Put a new file in the place of the old one: whoever reads finds one or the other, whole."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_text(state))
    temporary.replace(path)


def load(state: State, path: Path) -> None:
    """Take what `save` wrote in the place of what is here."""
    document = json.loads(path.read_text(encoding="utf-8"))
    entries = [Entry(**fields) for fields in document["entries"]]
    soft_deleted = {
        key: SoftDeleted([Entry(**fields) for fields in record["entries"]], record["purged_at"])
        for key, record in document["soft_deleted"].items()
    }
    state.entries = {ids.key(entry.id): entry for entry in entries}
    state.soft_deleted, state.births = soft_deleted, document["births"]
    state.running = document.get("running", {})  # a file of an older rehearsal has none


def _text(state: State) -> str:
    """JSON, put together by hand: the text of an entry is made once, and most entries have one already."""
    soft_deleted = ",\n".join(
        f'{json.dumps(key)}: {{"purged_at": {json.dumps(record.purged_at)}, "entries": {_list(record.entries)}}}'
        for key, record in state.soft_deleted.items()
    )
    parts = {
        "entries": _list(state.entries.values()),
        "soft_deleted": f"{{{soft_deleted}}}",
        "births": json.dumps(state.births),
        "running": json.dumps(state.running),
    }
    return "{" + ",\n".join(f'"{name}": {text}' for name, text in parts.items()) + "}\n"


def _list(entries: Iterable[Entry]) -> str:
    return "[" + ",\n".join(entry.text for entry in entries) + "]"
