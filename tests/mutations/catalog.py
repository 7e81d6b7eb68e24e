"""The mistakes: one YAML file per category beside this module, each mistake one replacement of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Mutation:
    """One mistake."""

    id: str
    category: str
    what: str
    """What is wrong then, as a reviewer would say it."""
    file: str
    find: str
    """Stands exactly once in the file."""
    replace: str
    escapes: str = ""
    """Why no rehearsal can see it; empty where one has to."""

    def apply(self, project: Path) -> None:
        """Make the mistake in a copy of the project.

        Raises:
            ValueError: the text to replace does not stand there exactly once.
        """
        file = project / self.file
        text = file.read_text(encoding="utf-8")
        if text.count(self.find) != 1:
            raise ValueError(f"{self.id}: {self.find!r} stands {text.count(self.find)} times in {self.file}")
        mode = file.stat().st_mode
        file.unlink()  # it may be a link to the original
        file.write_text(text.replace(self.find, self.replace), encoding="utf-8")
        file.chmod(mode)


def load_mutations() -> list[Mutation]:
    """Return all mistakes, by category."""
    return list(_read())


def _read() -> Iterator[Mutation]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield Mutation(category=file.stem, **row)
