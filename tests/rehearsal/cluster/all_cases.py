"""All cases of the rules."""

from __future__ import annotations

from tests.rehearsal.cluster import cases_broker, cases_members, cases_network, cases_node, cases_reach, cases_sync  # noqa: F401 - they register their cases
from tests.rehearsal.cluster.cases import CASES

__all__ = ["CASES"]
