"""Names that have to be GUIDs, derived from what they name: the same in every run, so nothing is replaced."""

from __future__ import annotations

from uuid import UUID, uuid5

_EDGE_STAMPS = UUID("5a1d0c4e-3b0f-5d0e-9c58-6f7b1f0c2e61")
"""Our namespace for uuid5; changing it would re-create every role assignment."""


def assignment_name(*parts: str) -> str:
    """Name of a role assignment, from strings known before deployment (scope's name, principal's name, role's GUID)."""
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return str(uuid5(_EDGE_STAMPS, "".join(f"{len(part)}:{part}" for part in parts)))
