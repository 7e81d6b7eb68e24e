"""All cases of the rules."""

from __future__ import annotations

from tests.unit.world import (  # noqa: F401 - they register their cases
    cases_access,
    cases_clusters,
    cases_existence,
    cases_network,
    cases_quotas,
)
from tests.unit.world.cases import CASES

__all__ = ["CASES"]
