"""What keys of deployed stacks are like: another kind replaces every one that is in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules.facts.fact import Fact, Source

KEY: Fact[Mapping[str, str]] = Fact(
    {"algorithm": "ECDSA", "ecdsaCurve": "P256"},
    Source("docs/decisions/0005-elliptic-curves.md", "the decision", date(2026, 11, 27), primary=False),
)
"""Inputs of every key: AIO takes one algorithm for a chain, and prescribes none."""
