"""Sizes of Azure VM that AIO runs on (learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class VmSize:
    """What one size of Azure VM offers."""

    cpus: int
    memory_gib: int


# Family -> GiB per vCPU. AIO runs on x86-64 only and wants at least 4 vCPU and 16 GiB, so no B, F or `p` (Arm) sizes.
_FAMILIES = {"D": 4, "E": 8}
_FEATURES = ("s", "ds", "as", "ads")
_CPUS = (4, 8, 16, 32)
_GENERATIONS = ("v5", "v6")

VM_SIZES: Mapping[str, VmSize] = {
    f"Standard_{family}{cpus}{features}_{generation}": VmSize(cpus, cpus * gib_per_cpu)
    for generation in _GENERATIONS
    for family, gib_per_cpu in _FAMILIES.items()
    for features in _FEATURES
    for cpus in _CPUS
}

SIZES_IN_WORDS = "; ".join(
    f"{', '.join(words[:-1])} or {words[-1]}{unit}"
    for words, unit in (
        ([f"Standard_{family}" for family in _FAMILIES], ""),
        (list(map(str, _CPUS)), " vCPUs"),
        (_FEATURES, ""),
        (_GENERATIONS, ""),
    )
)
_SIZE = re.compile(r"(?:standard_)?([a-z])[a-z]*?(\d+)(?:-\d+)?([a-z]*)(?:_v(\d+))?", re.IGNORECASE)
"""Family, vCPUs, features, generation, as Azure names sizes (learn.microsoft.com, VM size naming)."""


def nearest_vm_size(name: str, memory_gib: float) -> str:
    """Return the smallest known size most like the given one that has the memory; empty for what is no size."""
    given = _SIZE.fullmatch(name)
    if not given:
        return ""
    letter, cpus, features, generation = given.groups()
    family = letter.upper() if letter.upper() in _FAMILIES else next(iter(_FAMILIES))
    expected = min(int(cpus), max(_CPUS))

    def distance(candidate: str) -> tuple[bool, bool, int, int]:
        known = _SIZE.fullmatch(candidate)
        assert known, candidate
        return (
            known[1] != family,
            known[3] != features.lower(),
            abs(int(known[4]) - int(generation or 99)),  # The newest for a name without one.
            int(known[2]),
        )

    enough = [name for name, size in VM_SIZES.items() if size.cpus >= expected and size.memory_gib >= memory_gib]
    return min(enough, key=distance, default="")
