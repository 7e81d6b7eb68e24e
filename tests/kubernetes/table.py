"""One row of docs/kubernetes.md: what a test has seen on the real API server, and what the model said."""

from __future__ import annotations

from dataclasses import dataclass, field

SUCCEEDS = "succeeds"


@dataclass
class Row:
    """Texts of a test's marker; both are excerpts of what was really said."""

    real: str
    model: str
    is_checked: bool = field(default=False, init=False)

    def check(self, real: str, model: str) -> None:
        """Compare with what the script and the model have said, where nothing means success."""
        assert self.real in (real or SUCCEEDS), real
        assert self.model in (model or SUCCEEDS), model
        self.is_checked = True
