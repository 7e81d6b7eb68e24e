"""Ordered faults that have not come true, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rehearsal.azure.faults import Fault, Faults


def describe_unmet(faults: Faults, names: Iterable[str]) -> Iterator[str]:
    """Yield each order that is still open after an operation.

    Args:
        names: logical names and ARM ids of all that the stack has or wants.
    """
    names = sorted(set(names))
    for order in faults.open:
        yield f"Fault {order.target}:{order.operation}:{order.kind} was {_tell(order, faults.count(order), names)}."


def _tell(order: Fault, taken: int, names: Iterable[str]) -> str:
    if taken:
        return f"triggered {taken} of {taken + order.times} times: there was no further {order.operation}"
    if found := next((name for name in names if order.fits(name)), ""):
        return f"never triggered: {found} matches, but there was no {order.operation} of it"
    return "never triggered: no resource matches"
