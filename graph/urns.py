"""What a URN says."""

from __future__ import annotations

from pulumi.runtime.settings import get_project, get_stack

STACK_TYPE = "pulumi:pulumi:Stack"


def compose_urn(parent: str, type_token: str, name: str) -> str:
    """Return the URN as the engine composes it: the types of all parents, without the stack's."""
    above = "" if not parent or f"::{STACK_TYPE}::" in parent else parent.split("::")[2] + "$"
    return f"urn:pulumi:{get_stack()}::{get_project()}::{above}{type_token}::{name}"


def name_of(urn: str) -> str:
    """Return the logical name."""
    return urn.rpartition("::")[2]


def type_of(urn: str) -> str:
    """Return the type token, without those of the parents."""
    return urn.split("::")[2].rpartition("$")[2]


def is_resource(urn: str) -> bool:
    """Tell whether the URN is of something outside the engine: no component, no provider, not the stack."""
    return not type_of(urn).startswith(("edge-stamps:", "pulumi:"))
