"""All cases of the rules."""

from __future__ import annotations

from tests.rehearsal.azure.cases import CASES

__all__ = ["CASES"]
