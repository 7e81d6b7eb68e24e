"""What Azure would refuse about one resource, looking at nothing else."""

from __future__ import annotations

from arm.shapes import UnknownTypeError, shape_of
from rules.lookup import Hits, View


def unknown_types(view: View) -> bool:
    """Whether a resource is of a type, or of an API version, that nothing is known of."""
    return any(not resource.is_arm for resource in view.arm)


def shape(view: View) -> Hits:
    """Every body has the form that its API version asks for: names, types, enums, lengths, required properties."""
    for resource in view.arm:
        try:
            known = shape_of(resource.type)
        except UnknownTypeError as error:
            yield resource.name, f"{error} Expected: an API version that the release has."
            continue
        for finding in known.check(view.inputs(resource)):
            yield resource.name, f"{finding} ({known.arm_type} in {known.api_version})"
