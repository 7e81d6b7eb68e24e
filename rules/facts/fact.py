"""A fact and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Source:
    """Where a fact was read."""

    where: str
    """Public address, or owner/repository and file."""
    place: str
    """Section, variable or line in it."""
    read: date
    primary: bool = True
    """False: no primary source was to be had; `place` says what stands for it."""

    def __str__(self) -> str:
        return f"{self.where}, {self.place} (read {self.read})"


@dataclass(frozen=True)
class Fact(Generic[Value]):
    """One value that somebody else decides."""

    value: Value
    source: Source
