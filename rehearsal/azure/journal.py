"""The modelled Azure as a file, which only its owner can read: it holds secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rehearsal.appended_file import AppendedFile
from rehearsal.azure.entries import Entry, Table
from rehearsal.azure.state import AzureState, SoftDeleted


class Journal:
    """Keeps every change of a state."""

    def __init__(self, path: Path) -> None:
        self.file = AppendedFile(path)

    def keep(self, state: AzureState) -> None:
        """Append what has changed since the last call."""
        changed = {name: _changes(getattr(state, name), text) for name, text in _TEXTS.items()}
        line = ", ".join(f"{json.dumps(name)}: {{{', '.join(rows)}}}" for name, rows in changed.items() if rows)
        if line:
            self.file.append(f"{{{line}}}", lambda: _text(state))

    def compact(self, state: AzureState) -> None:
        """Write everything, in the place of all changes."""
        self.file.replace(_text(state))

    def load(self, state: AzureState) -> None:
        """Take what is kept in the place of what is here.

        Raises:
            LookupError: a resource is of a type that has no row any more.
        """
        text, changes = self.file.read()
        for name in _TEXTS:
            setattr(state, name, type(getattr(state, name))())
        for document in map(json.loads, [text, *changes]):
            for name, rows in document.items():
                table: Table[Any] = getattr(state, name)
                for key, value in rows.items():
                    if value is not None:
                        table[key] = _VALUES.get(name, lambda value: value)(value)
                    elif key in table:
                        del table[key]
        for name in _TEXTS:
            getattr(state, name).changed.clear()


def _soft_deleted(record: SoftDeleted) -> str:
    entries = ", ".join(entry.text for entry in record.entries)
    return f'{{"purged_at": {json.dumps(record.purged_at)}, "entries": [{entries}]}}'


_TEXTS: dict[str, Callable[[Any], str]] = {
    "entries": lambda entry: entry.text,
    "soft_deleted": _soft_deleted,
    "births": json.dumps,
    "running": json.dumps,
}
"""Table of the state -> how one of its values is written; the text of an entry is made once."""
_VALUES: dict[str, Callable[[Any], Any]] = {
    "entries": lambda fields: Entry(**fields),
    "soft_deleted": lambda record: SoftDeleted([Entry(**fields) for fields in record["entries"]], record["purged_at"]),
}


def _changes(table: Table[Any], text: Callable[[Any], str]) -> list[str]:
    """Return `key: value` of what has changed, with null for what is gone, and begin anew."""
    rows = _rows(table, text, table.changed)
    table.changed.clear()
    return rows


def _rows(table: Table[Any], text: Callable[[Any], str], keys: Iterable[str]) -> list[str]:
    return [f"{json.dumps(key)}: {text(table[key]) if key in table else 'null'}" for key in keys]


def _text(state: AzureState) -> str:
    tables = (
        f"{json.dumps(name)}: {{" + ",\n".join(_rows(getattr(state, name), text, getattr(state, name))) + "}"
        for name, text in _TEXTS.items()
    )
    return "{" + ",\n".join(tables) + "}\n"
