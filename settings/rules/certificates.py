"""Rules of the lives of certificates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from settings.errors import Problem
from settings.rules.finding import Finding
from settings.schema import StackInput


def shorter_than_its_issuer(stack: StackInput) -> Iterator[Finding]:
    """A certificate that outlives its issuer fails when the issuer ends, at a date that nobody watches."""
    pki = stack.pki
    lives = {"root_days": pki.root_days, "intermediate_days": pki.intermediate_days, "leaf_days": pki.leaf_days}
    for issuer, issued in pairwise(lives):
        if lives[issued] > lives[issuer]:
            where, against = f"pki.{issued}", f"pki.{issuer}"
            expected = f"at most as long as {against} ({lives[issuer]} days): the issuer has to live as long"
            yield Finding(Problem(where, lives[issued], expected, str(lives[issuer])), (where, against))


def renewal_within_life(stack: StackInput) -> Iterator[Finding]:
    """A renewal as early as the whole life would replace the certificate in every run."""
    early, leaf = stack.pki.early_renewal_days, stack.pki.leaf_days
    if early >= leaf:
        expected = f"fewer days than pki.leaf_days ({leaf}); else every run renews"
        example = str(max(leaf // 4, 1)) if leaf > 1 else "leaf_days: 90"
        uses = ("pki.early_renewal_days", "pki.leaf_days")
        yield Finding(Problem("pki.early_renewal_days", early, expected, example), uses)
