"""Examples that fit this stack: a code and a network that no cluster has, an address that the cluster does have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import chain
from string import ascii_lowercase

from settings.addressing import LARGEST_PREFIX_LENGTH, SMALLEST_PREFIX_LENGTH, is_free, next_free
from settings.errors import Problem
from settings.schema import ClusterInput, StackInput
from settings.sizing import AIO_WITHOUT_BROKER_GIB, broker_memory_gib, nearest_vm_size

_PREFIX_LENGTH = 16
"""Of the networks in the committed stacks."""
_NONE_FREE = "none is free: give another cluster a smaller network"


def fitting(problems: Iterable[Problem], stack: StackInput, broken: Collection[str]) -> Iterator[Problem]:
    """The problems, with examples that are free, and free beside those of the other problems too.

    `stack` is completed; `broken` are the paths whose values in it are defaults or stand-ins.
    """
    codes = {c.code for name, c in stack.clusters.items() if f"clusters.{name}.code" not in broken}
    networks = [c.address_space for name, c in stack.clusters.items() if f"clusters.{name}.address_space" not in broken]
    proposed: dict[str, str] = {}
    for problem in problems:
        name, _, key = problem.where.removeprefix("clusters.").partition(".")
        cluster = stack.clusters.get(name) if problem.where.startswith("clusters.") else None
        if cluster and problem.where not in proposed:
            if key == "code":
                example = _code(codes)
                codes.add(example)
            elif key == "address_space":
                network = _network(networks, problem)
                example = str(network or _NONE_FREE)
                networks += [network] if network else []
            else:
                example = _of_cluster(cluster, key, problem) if problem.where in broken else ""
            proposed[problem.where] = example
        yield replace(problem, example=proposed.get(problem.where) or problem.example)


def _of_cluster(cluster: ClusterInput, key: str, problem: Problem) -> str:
    """What follows from the rest of the cluster; empty where nothing does."""
    if key == "subnet":
        return str(cluster.subnet)
    if key == "node.address":
        return str(cluster.node.address)
    if key == "node.vm_size":
        needed = broker_memory_gib(cluster.broker) + AIO_WITHOUT_BROKER_GIB
        return nearest_vm_size(str(problem.given), needed) or cluster.node.vm_size
    return ""


def _code(taken: Collection[str]) -> str:
    letters = ascii_lowercase[2:]  # a and b are those of site and enterprise
    return next(code for code in chain(letters, (f"c{number}" for number in range(100))) if code not in taken)


def _network(taken: list[IPv4Network], problem: Problem) -> IPv4Network | None:
    """The one that was meant, if it is free; else one as large, or the largest that is free."""
    named = _named(problem.given) or _named(problem.example)
    if named and is_free(named, taken):
        return named
    wanted = named.prefixlen if named else _PREFIX_LENGTH
    smallest = min(max(wanted, SMALLEST_PREFIX_LENGTH), LARGEST_PREFIX_LENGTH)
    found = (next_free(taken, length) for length in range(smallest, LARGEST_PREFIX_LENGTH + 1))
    return next((network for network in found if network), None)


def _named(text: object) -> IPv4Network | None:
    """The network around an address; of the usual size where the text names none."""
    address, _, length = str(text).partition("/")
    for size in (length or _PREFIX_LENGTH, _PREFIX_LENGTH):
        with suppress(ValueError):
            return IPv4Network(f"{address}/{size}", strict=False)
    return None
