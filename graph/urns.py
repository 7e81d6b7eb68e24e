"""What a URN says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pulumi.runtime.settings import get_project, get_stack

STACK_TYPE = "pulumi:pulumi:Stack"


def compose_urn(parent: str, type_token: str, name: str, *, project: str = "", stack: str = "") -> str:
    """Return the URN as the engine composes it: the types of all parents, without the stack's."""
    above = "" if not parent or f"::{STACK_TYPE}::" in parent else parent.split("::")[2] + "$"
    return f"urn:pulumi:{stack or get_stack()}::{project or get_project()}::{above}{type_token}::{name}"


def expand_aliases(urn: str, parent: str, aliases: Iterable[Any], of_parent: Iterable[str]) -> list[str]:
    """Return the URNs that the resource may have had: by its own aliases, and by those of its parent.

    As the engine does (pulumi/pulumi, pkg/resource/deploy/step_generator.go, generateAliases).

    Args:
        aliases: as the program registers them.
        of_parent: what this function has returned for the parent.
    """
    own = [alias.urn or _expand(urn, parent, alias.spec) for alias in aliases]
    moved = [_move(one, parent, former) for former in of_parent for one in (urn, *own)]
    return list(dict.fromkeys([*own, *moved]))


def _expand(urn: str, parent: str, spec: Any) -> str:
    above = "" if spec.noParent else spec.parentUrn or parent
    return compose_urn(
        above, spec.type or type_of(urn), spec.name or name_of(urn), project=spec.project, stack=spec.stack
    )


def _move(urn: str, parent: str, former: str) -> str:
    """Return the URN under the parent's former one; a name that begins with the parent's follows it."""
    name = name_of(urn)
    if name.startswith(name_of(parent)):
        name = name_of(former) + name.removeprefix(name_of(parent))
    return compose_urn(former, type_of(urn), name)


def name_of(urn: str) -> str:
    """Return the logical name."""
    return urn.rpartition("::")[2]


def type_of(urn: str) -> str:
    """Return the type token, without those of the parents."""
    return urn.split("::")[2].rpartition("$")[2]


def is_resource(urn: str) -> bool:
    """Tell whether the URN is of something outside the engine: no component, no provider, not the stack."""
    return not type_of(urn).startswith(("edge-stamps:", "pulumi:"))
