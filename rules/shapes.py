"""What Azure would refuse about one resource, looking at nothing else."""

from __future__ import annotations

from arm.shapes import UnknownTypeError, is_arm, shape_of
from graph.graph import Resource
from rules.lookup import Hits, View


def shape(view: View) -> Hits:
    """Every type has a row, and every body the form that its API version asks for."""
    for resource in view.resources:
        if not resource.has_row:
            yield resource.name, _no_row(resource)
    for resource in view.arm:
        known = shape_of(resource.type)
        for finding in known.check(view.inputs(resource)):
            yield resource.name, f"{finding} ({known.arm_type} in {known.api_version})"


def _no_row(resource: Resource) -> str:
    """Say which row lacks, and where it goes."""
    if not is_arm(resource.type):
        package = resource.type.split(":")[0]
        return f"type {resource.type}: the rehearsal has no stand-in for provider {package}; nothing of it is judged"
    try:
        shape_of(resource.type)
    except UnknownTypeError as error:
        return f"{error}. Nothing of it is judged"
    raise AssertionError(f"{resource.type} has a row")
