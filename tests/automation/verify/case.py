"""One cause, and the checks that it makes red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.automation.verify.living import Living


@dataclass(frozen=True)
class Case:
    """One cause."""

    check: str
    where: str
    cause: str
    break_it: Callable[[Living], object]
    followers: frozenset[str] = frozenset()
    """Checks that are red by the same cause, at the same place; elsewhere it is `id place`."""
    stack: str = "dev"

    @property
    def red(self) -> set[tuple[str, str]]:
        """(check, place) of all that is red."""
        places = (one.partition(" ") for one in (self.check, *self.followers))
        return {(id_, place or self.where) for id_, _, place in places}
