"""Protected resources: nothing is begun that would end at one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arm.shapes import shape_of
from graph import tls_values
from graph.graph import Graph, Resource
from graph.inputs import at
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


class ProtectedReplacementError(Exception):
    """The program would replace what is protected; the text says what, and by which inputs."""

    def __init__(self, stack: str, changed: Mapping[str, Sequence[str]]) -> None:
        self.urns = list(changed)
        names = _list([f"{name_of(urn)}: {', '.join(inputs)}" for urn, inputs in changed.items()])
        super().__init__(
            f"Nothing is changed: what the program now says of these resources of stack {stack} cannot be changed in"
            f" place, so that they would be deleted and made anew, and they are protected:\n{names}"
        )


def _list(names: Sequence[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


def find_protected(deployment: Mapping[str, Any]) -> list[str]:
    """Return the URNs of all that the state has as protected."""
    return [one["urn"] for one in deployment.get("resources") or [] if one.get("protect") and not one.get("delete")]


def refuse_loss(stack: str, deployment: Mapping[str, Any], wanted: Graph) -> None:
    """Refuse a program that loses what is protected: an engine finds that when others are changed already.

    Raises:
        ProtectedLossError: it lacks one.
        ProtectedReplacementError: it would replace one.
    """
    former = {alias for one in wanted.resources.values() for alias in one.options.aliases}
    lost = [urn for urn in find_protected(deployment) if urn not in wanted.resources and urn not in former]
    if lost:
        raise ProtectedLossError(stack, lost)
    deployed = {one["urn"]: one.get("inputs") or {} for one in deployment.get("resources") or []}
    kept = [urn for urn in find_protected(deployment) if urn in wanted.resources]
    changed = {urn: list(_replacing(deployed[urn], wanted.resources[urn])) for urn in kept}
    if replaced := {urn: inputs for urn, inputs in changed.items() if inputs}:
        raise ProtectedReplacementError(stack, replaced)


def _replacing(deployed: Mapping[str, Any], wanted: Resource) -> Iterator[str]:
    """Yield each input whose change replaces, as far as the program knows it without other resources' outputs."""
    for path in _replaced_by(wanted):
        of_another = wanted.property_dependencies.get(path.partition(".")[0])
        given, old = at(wanted.inputs, path), at(deployed, path)
        ignored = any(f"{path}.".startswith(f"{one}.") for one in wanted.options.ignore_changes)
        if given != old and not of_another and not ignored:
            yield f"{path} was {old!r} and is {given!r}"


def _replaced_by(wanted: Resource) -> Sequence[str]:
    if wanted.is_arm:
        return shape_of(wanted.type).replaced_by
    return [name for name in wanted.inputs if name not in tls_values.IN_PLACE] if wanted.type.startswith("tls:") else []
