"""Rules of the lives of certificates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from settings.errors import Problem
from settings.schema import StackSection


def shorter_than_its_issuer(stack: StackSection) -> Iterator[Problem]:
    """Report a certificate that outlives its issuer: it fails when the issuer ends, at a date that nobody watches.

    Certificates are renewed while their issuer goes on, so it has to outlive a life that begins as late as possible:
    an intermediate is renewed one leaf's life before its own end, and the root is not renewed.
    """
    pki = stack.pki
    lives = {"root_days": pki.root_days, "intermediate_days": pki.intermediate_days, "leaf_days": pki.leaf_days}
    for issuer, issued in pairwise(lives):
        longest = lives[issuer] - pki.early_renewal_days - 1
        if lives[issued] > longest:
            where, against = f"pki.{issued}", f"pki.{issuer}"
            expected = f"at most {longest} days: {against} ({lives[issuer]} days) less early_renewal_days"
            yield Problem(where, lives[issued], expected, str(max(longest, 1)))


def renewal_within_life(stack: StackSection) -> Iterator[Problem]:
    """Report a renewal as early as the whole life, or so late that one missed run ends a link.

    A quarter is the least that leaves time for a run that fails; cert-manager takes a third
    (https://cert-manager.io/docs/usage/certificate/, renewBefore).
    """
    early, leaf = stack.pki.early_renewal_days, stack.pki.leaf_days
    if early * 4 < leaf:
        least = -(-leaf // 4)
        expected = (
            f"{least} days or more, a quarter of pki.leaf_days ({leaf}): time for an up that fails or is forgotten"
        )
        yield Problem("pki.early_renewal_days", early, expected, str(least))
    if early >= leaf:
        expected = f"fewer days than pki.leaf_days ({leaf}); else every run renews"
        example = str(max(leaf // 4, 1)) if leaf > 1 else "leaf_days: 90"
        yield Problem("pki.early_renewal_days", early, expected, example)


def revoked_is_replaced(stack: StackSection) -> Iterator[Problem]:
    """Report a generation that is both wanted and taken away."""
    owners = {
        "pki": (stack.pki.generation, stack.pki.revoked_generation),
        **{
            f"clusters.{name}.listener": (cluster.listener.generation, cluster.listener.revoked_generation)
            for name, cluster in stack.clusters.items()
        },
        **{f"links[{index}]": (one.generation, one.revoked_generation) for index, one in enumerate(stack.links)},
    }
    for where, (wanted, revoked) in owners.items():
        if revoked >= wanted:
            expected = (
                f"more than {where}.revoked_generation ({revoked}), which takes the keys of that generation and before"
                " away: here goes the one that replaces them"
            )
            yield Problem(f"{where}.generation", wanted, expected, str(revoked + 1))
