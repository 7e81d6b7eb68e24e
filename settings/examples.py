"""Examples that fit this stack: a code and a network that no cluster has, an address that the cluster does have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import chain
from string import ascii_lowercase
from typing import Any

from pydantic import ValidationError

from settings.addressing import (
    LARGEST_PREFIX_LENGTH,
    SMALLEST_PREFIX_LENGTH,
    default_node_address,
    default_subnet,
    is_free,
    next_free,
)
from settings.broker_capacity import AIO_WITHOUT_BROKER_GIB, broker_memory_gib
from settings.defaults import WELL_KNOWN_CLUSTERS
from settings.errors import Problem
from settings.profiles import PROFILES
from settings.schema import BrokerSection
from settings.vm_sizes import nearest_vm_size

_PREFIX_LENGTH = 16
"""Of the networks in the committed stacks."""
_NONE_FREE = "none is free: give another cluster a smaller network"


def fit_examples(problems: Iterable[Problem], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Return the problems, with examples that are free, and free beside those of the other problems too.

    Args:
        raw: the settings as far as they are there; what is broken in them is passed over.
    """
    problems, clusters = list(problems), _clusters(raw)
    broken = {problem.where for problem in problems if not problem.rule}
    codes = {str(one.get("code")) for name, one in clusters.items() if f"clusters.{name}.code" not in broken}
    sound = [one for name, one in clusters.items() if f"clusters.{name}.address_space" not in broken]
    networks = [network for one in sound if (network := _network_of(one))]
    usual_size = str(PROFILES.get(str(raw.get("profile")), PROFILES["dev"])["node"]["vm_size"])
    proposed: dict[str, str] = {}
    for problem in problems:
        name, _, key = problem.where.removeprefix("clusters.").partition(".")
        if problem.where.startswith("clusters.") and problem.where not in proposed:
            example = ""
            if key == "code":
                example = _code(codes)
                codes.add(example)
            elif key == "address_space":
                network = _network(networks, problem)
                example = str(network or _NONE_FREE)
                networks += [network] if network else []
            elif not problem.rule:  # rules make their own
                example = _of_cluster(clusters.get(name, {}), key, problem, usual_size)
            proposed[problem.where] = example
        yield replace(problem, example=proposed.get(problem.where) or problem.example)


def _clusters(raw: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    given = raw.get("clusters", WELL_KNOWN_CLUSTERS)
    named = given if isinstance(given, Mapping) else {}
    return {
        str(name): {**WELL_KNOWN_CLUSTERS.get(str(name), {}), **(one if isinstance(one, Mapping) else {})}
        for name, one in named.items()
    }


def _network_of(cluster: Mapping[str, Any]) -> IPv4Network | None:
    with suppress(ValueError):
        return IPv4Network(str(cluster.get("address_space")))
    return None


def _of_cluster(cluster: Mapping[str, Any], key: str, problem: Problem, usual_size: str) -> str:
    """Return what follows from the rest of the cluster; empty where nothing does."""
    space = _network_of(cluster)
    if key == "node.vm_size":
        return nearest_vm_size(str(problem.given), _memory_gib(cluster)) or usual_size
    if space and key == "subnet":
        return str(default_subnet(space))
    if space and key == "node.address":
        return str(default_node_address(default_subnet(space)))
    return ""


def _memory_gib(cluster: Mapping[str, Any]) -> float:
    """Return what the node's size has to offer, as far as the broker's settings say."""
    with suppress(ValidationError):
        return broker_memory_gib(BrokerSection.model_validate(cluster.get("broker"))) + AIO_WITHOUT_BROKER_GIB
    return AIO_WITHOUT_BROKER_GIB


def _code(taken: Collection[str]) -> str:
    letters = ascii_lowercase[2:]  # a and b are those of site and enterprise
    return next(code for code in chain(letters, (f"c{number}" for number in range(100))) if code not in taken)


def _network(taken: list[IPv4Network], problem: Problem) -> IPv4Network | None:
    """Return the one that was meant, if it is free; else one as large, or the largest that is free."""
    named = _named(problem.given) or _named(problem.example)
    if named and is_free(named, taken):
        return named
    expected = named.prefixlen if named else _PREFIX_LENGTH
    smallest = min(max(expected, SMALLEST_PREFIX_LENGTH), LARGEST_PREFIX_LENGTH)
    found = (next_free(taken, length) for length in range(smallest, LARGEST_PREFIX_LENGTH + 1))
    return next((network for network in found if network), None)


def _named(text: object) -> IPv4Network | None:
    """Return the network around an address; of the usual size where the text names none."""
    address, _, length = str(text).partition("/")
    for size in (length or _PREFIX_LENGTH, _PREFIX_LENGTH):
        with suppress(ValueError):
            return IPv4Network(f"{address}/{size}", strict=False)
    return None
