"""Examples that fit this stack: a code and a network that no cluster has, an address that the cluster does have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import chain
from string import ascii_lowercase

from settings.addressing import LARGEST_PREFIX_LENGTH, next_free
from settings.errors import Problem
from settings.schema import StackInput

_PREFIX_LENGTH = 16
"""Of the networks in the committed stacks."""


def fitting(problems: Iterable[Problem], stack: StackInput, broken: Collection[str]) -> Iterator[Problem]:
    """The problems, with examples that are free, and free beside those of the other problems too.

    `stack` is completed; `broken` are the paths whose values in it are defaults or stand-ins.
    """
    codes = {cluster.code for cluster in stack.clusters.values()}
    networks = [cluster.address_space for cluster in stack.clusters.values()]
    proposed = {path: example for path, example in _computed(stack) if path in broken}
    for problem in problems:
        where = problem.where
        if re.fullmatch(r"clusters\..+\.code", where) and where not in proposed:
            proposed[where] = _code(codes)
            codes.add(proposed[where])
        elif re.fullmatch(r"clusters\..+\.address_space", where) and where not in proposed:
            network = _network(networks, problem.given)
            proposed[where] = str(network or "none is free: give another cluster a smaller network")
            networks += [network] if network else []
        yield replace(problem, example=proposed.get(where, problem.example))


def _computed(stack: StackInput) -> Iterator[tuple[str, str]]:
    """What follows from a cluster's address space, unless the stack file says otherwise."""
    for name, cluster in stack.clusters.items():
        yield f"clusters.{name}.subnet", str(cluster.subnet)
        yield f"clusters.{name}.node.address", str(cluster.node.address)


def _code(taken: Collection[str]) -> str:
    letters = ascii_lowercase[2:]  # a and b are those of site and enterprise
    return next(code for code in chain(letters, (f"c{number}" for number in range(100))) if code not in taken)


def _network(taken: list[IPv4Network], given: object) -> IPv4Network | None:
    """As large as the given one, or the largest that is still free."""
    try:
        wanted = IPv4Network(str(given), strict=False).prefixlen
    except ValueError:
        wanted = _PREFIX_LENGTH
    found = (next_free(taken, length) for length in range(max(wanted, 8), LARGEST_PREFIX_LENGTH + 1))
    return next((network for network in found if network), None)
