"""Protected resources: nothing is begun that would end at one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.graph import Graph
from graph.urns import name_of


class ProtectedError(Exception):
    """Nothing is deleted, as something is protected; the text says what."""

    def __init__(self, stack: str, names: Sequence[str]) -> None:
        super().__init__(f"Nothing is deleted, because of stack {stack} these resources are protected:\n{_list(names)}")


class ProtectedLossError(Exception):
    """The program lacks what is protected; the text says what."""

    def __init__(self, stack: str, urns: Sequence[str]) -> None:
        self.urns = urns
        names = _list([name_of(urn) for urn in urns])
        super().__init__(
            f"Nothing is changed: the program no longer has these resources of stack {stack}, and they are"
            f" protected:\n{names}"
        )


def _list(names: Sequence[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


def find_protected(deployment: Mapping[str, Any]) -> list[str]:
    """Return the URNs of all that the state has as protected."""
    return [one["urn"] for one in deployment.get("resources") or [] if one.get("protect") and not one.get("delete")]


def refuse_loss(stack: str, deployment: Mapping[str, Any], wanted: Graph) -> None:
    """Refuse a program without a resource that is protected: an engine finds that when others are deleted already.

    Raises:
        ProtectedLossError: it lacks one.
    """
    former = {alias for one in wanted.resources.values() for alias in one.options.aliases}
    lost = [urn for urn in find_protected(deployment) if urn not in wanted.resources and urn not in former]
    if lost:
        raise ProtectedLossError(stack, lost)
