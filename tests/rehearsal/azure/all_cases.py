"""All cases of the rules."""

from __future__ import annotations

from tests.rehearsal.azure import (  # noqa: F401 - they register their cases
    cases_access,
    cases_clusters,
    cases_existence,
    cases_network,
    cases_quotas,
)
from tests.rehearsal.azure.cases import CASES

__all__ = ["CASES"]
