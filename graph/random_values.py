"""pulumi-random: the same characters in every rehearsal, so that graphs can be compared."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping
from typing import Any

from arm.values import UNKNOWN

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


def create(type_name: str, urn: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and outputs of a random resource, derived from its URN.

    Raises:
        LookupError: only RandomString is answered for.
    """
    if type_name != "RandomString":
        raise LookupError(f"random has no answer for {type_name}; known: RandomString")
    alphabet = "".join(
        characters
        for option, characters in (
            ("lower", string.ascii_lowercase),
            ("upper", string.ascii_uppercase),
            ("numeric", string.digits),
            ("special", _SPECIAL),
        )
        if inputs.get(option, True)
    )
    digest = hashlib.sha512(urn.encode()).digest()
    result = "".join(alphabet[byte % len(alphabet)] for byte in digest[: int(inputs["length"])])
    return result, {**inputs, "result": result}


def preview(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs, and the characters unknown."""
    return {**inputs, "result": UNKNOWN}
