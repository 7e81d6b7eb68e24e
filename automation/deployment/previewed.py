"""The settings of the last preview: an `up` with others says so, as it does something else than was looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from settings import stack_file


@dataclass(frozen=True)
class Previewed:
    """Keeps digests, as values are nobody's business beside the stack file."""

    file: Path

    def keep(self, config: Mapping[str, Any]) -> None:
        """Note the settings of a preview; raise `OSError` where the folder cannot be written."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file.write_text(json.dumps(_digests(config)), encoding="utf-8")

    def find_changes(self, config: Mapping[str, Any]) -> Sequence[str]:
        """Return the settings that are other ones than at the preview; none where nothing was previewed since `up`."""
        try:
            before = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []  # none was kept, or it was cut off in the writing
        now = _digests(config)
        return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))

    def forget(self) -> None:
        """Drop the note: what was previewed is done."""
        with suppress(FileNotFoundError):
            self.file.unlink()


def _digests(config: Mapping[str, Any]) -> dict[str, str]:
    leaves = _leaves(config[stack_file.SETTINGS_KEY])
    return {path: sha256(json.dumps(value, default=str).encode()).hexdigest()[:16] for path, value in leaves}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting that is no map, with its path."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
