"""What failed in an operation, and what mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from automation.deployment.error_catalog import Transient
from automation.deployment.find_remedy import find_remedy, find_transient
from automation.deployment.operations import EngineResult
from graph.urns import STACK_TYPE, name_of


@dataclass(frozen=True)
class Failure:
    """One resource that could not be brought to what the program says, or the program itself."""

    urn: str
    message: str
    transient: Transient | None

    @property
    def name(self) -> str:
        """The logical name; of what is no resource's failure, what failed."""
        return name_of(self.urn) if _is_resource(self.urn) else "the program or the engine"

    @property
    def may_exist(self) -> bool:
        """Whether the call may have been done, although it failed.

        azure-native looks before it creates: where that has failed, nothing was sent (client_azcore.go, `CanCreate`).
        """
        asked_only = re.search(r"cannot check existence|\bGET \W?https", self.message, re.I)
        return bool(self.transient and self.transient.exists and not asked_only)

    @property
    def remedy(self) -> str:
        """The next step; empty where the message has one itself."""
        if "Next: " in self.message:
            return ""
        if self.transient is None:
            return find_remedy(self.message, self.name)
        return f"{self.transient.title}. {find_remedy(self.message, self.name)}"


def failures_of(outcome: EngineResult) -> list[Failure]:
    """List what failed, each with its row in the table of transient errors, if it has one.

    Resources come first: what the program misses afterwards is a consequence.
    """
    return [
        Failure(urn, message, find_transient(message) if _is_resource(urn) else None)
        for urn, message in sorted(outcome.failures.items(), key=lambda one: (not _is_resource(one[0]), one[0]))
    ]


def _is_resource(urn: str) -> bool:
    return bool(urn) and STACK_TYPE not in urn
