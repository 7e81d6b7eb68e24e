"""What a URN says."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"


def name_of(urn: str) -> str:
    """Return the logical name."""
    return urn.rpartition("::")[2]


def is_resource(urn: str) -> bool:
    """Tell whether the URN is of something outside the engine: no component, no provider, not the stack."""
    type_ = urn.split("::")[2].rpartition("$")[2]
    return not type_.startswith(("edge-stamps:", "pulumi:"))
