"""pulumi-random: the same characters in every rehearsal, so that graphs can be compared."""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from arm.values import UNKNOWN

RANDOM_ID, RANDOM_STRING = "random:index/randomId:RandomId", "random:index/randomString:RandomString"
RANDOM_PASSWORD, RANDOM_UUID = "random:index/randomPassword:RandomPassword", "random:index/randomUuid:RandomUuid"
KNOWN = (RANDOM_ID, RANDOM_STRING, RANDOM_PASSWORD, RANDOM_UUID)
KNOWN_NAMES = ", ".join(one.rpartition(":")[2] for one in KNOWN)
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


def create(type_name: str, seed: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and outputs of a random resource, derived from the seed.

    Raises:
        LookupError: it is none of `KNOWN`.
    """
    digest = hashlib.sha512(seed.encode()).digest()
    if type_name == "RandomId":
        return _create_id(digest[: int(inputs["byteLength"])], inputs)
    if type_name == "RandomUuid":
        result = str(UUID(bytes=digest[:16], version=4))
        return result, {**inputs, "result": result}
    if type_name not in ("RandomString", "RandomPassword"):
        raise LookupError(f"random has no answer for {type_name}; known: {KNOWN_NAMES}")
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
    result = "".join(alphabet[byte % len(alphabet)] for byte in digest[: int(inputs["length"])])
    if type_name == "RandomPassword":  # resource_password.go: its id is no secret
        return "none", {**inputs, "result": result, "bcryptHash": hashlib.sha256(result.encode()).hexdigest()}
    return result, {**inputs, "result": result}


def preview(type_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs, and what is drawn unknown."""
    of_id = _create_id(b"", inputs)[1].keys() - inputs.keys() if type_name == "RandomId" else ()
    drawn = of_id or (("bcryptHash", "result") if type_name == "RandomPassword" else ("result",))
    return {**inputs, **dict.fromkeys(sorted(drawn), UNKNOWN)}


def _create_id(drawn: bytes, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """hashicorp/terraform-provider-random, internal/provider/resource_id.go."""
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(drawn).decode(),
        "b64Url": url,
        "dec": str(int.from_bytes(drawn)),
        "hex": drawn.hex(),
    }
    return url, {**inputs, **{form: f"{inputs.get('prefix') or ''}{text}" for form, text in forms.items()}}
