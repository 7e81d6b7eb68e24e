"""What an operation of a deployer did, over all runs of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.deployment.failure import Failure, failures_of
from automation.deployment.operations import EngineResult
from graph.property_diff import Difference


@dataclass
class DeploymentResult:
    """What happened, over all runs of the engine."""

    changes: dict[str, str] = field(default_factory=dict)
    """URN -> what was done to it at last."""
    differences: dict[str, list[Difference]] = field(default_factory=dict)
    """URN -> what of it was changed at last."""
    notes: list[str] = field(default_factory=list)
    """What was settled or waited for, in words."""
    failures: list[Failure] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 0

    @property
    def ok(self) -> bool:
        return not self.failures

    def take(self, outcome: EngineResult) -> None:
        """Add what a run of the engine did; what failed before and does no more is forgotten."""
        self.changes |= outcome.changes
        self.differences |= outcome.differences
        self.failures = failures_of(outcome)
        self.outputs = outcome.outputs
