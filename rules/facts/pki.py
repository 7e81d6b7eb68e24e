"""What keys of deployed stacks are like: another kind replaces every one that is in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules.facts.fact import Fact, Source

KEYS: Fact[Mapping[str, Mapping[str, object]]] = Fact(
    {"ecdsa": {"algorithm": "ECDSA", "ecdsaCurve": "P256"}, "rsa": {"algorithm": "RSA", "rsaBits": 3072}},
    Source("docs/decisions/0005-elliptic-curves.md", "the decision", date(2026, 11, 28), primary=False),
)
"""`pki.algorithm` -> inputs of every key: AIO takes one algorithm for a chain, and prescribes none."""
