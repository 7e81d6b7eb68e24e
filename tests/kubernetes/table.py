"""One row of docs/kubernetes.md: what a test has seen on the real API server, and what the model said."""

from __future__ import annotations

from dataclasses import dataclass, field

SUCCEEDS, NOT_MODELLED = "succeeds", "not modelled"


@dataclass
class Row:
    """Texts of a test's marker; both are excerpts of what was really said."""

    real: str
    model: str
    is_checked: bool = field(default=False, init=False)

    def check(self, real: str, model: str) -> None:
        """Compare with what the script and the model have said, where nothing means success."""
        assert self.model != NOT_MODELLED
        assert self.real in (real or SUCCEEDS), real
        assert self.model in (model or SUCCEEDS), model
        self.is_checked = True

    def check_real_side(self, real: str) -> None:
        """Compare what is so on the real API server alone, as the model knows nothing of the kind."""
        assert self.model == NOT_MODELLED
        assert self.real in (real or SUCCEEDS), real
        self.is_checked = True
