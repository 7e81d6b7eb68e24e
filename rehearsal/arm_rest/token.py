"""The bearer token of one server: made for it, good for its lifetime, compared in constant time."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import Any

from rehearsal.arm_rest.exchange import Answer, Request
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import Surroundings

IDENTITY_PATH = "/msi/token"


class BearerToken:
    """A token with an end. Its text stands in no log and no message.

    It has the form of a JSON Web Token, as az reads the tenant off it; nobody has signed it, and only the whole text
    counts.
    """

    def __init__(self, around: Surroundings, seconds: float) -> None:
        self.ends_at = time.time() + seconds
        claims = {"aud": "https://management.azure.com/", "tid": around.tenant_id, "exp": int(self.ends_at)}
        self.text = ".".join([_part({"typ": "JWT", "alg": "RS256"}), _part(claims), secrets.token_urlsafe(32)])

    def check(self, header: str | None) -> None:
        """Check the header `Authorization`. Texts: hashicorp/terraform-provider-azurerm#3612, #20867.

        Raises:
            ArmError: 401, with Azure's reason.
        """
        scheme, _, given = (header or "").partition(" ")
        if not header:
            raise _unauthorized("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        if scheme.lower() != "bearer" or not self._is(given):
            raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
        if time.time() > self.ends_at:
            raise _unauthorized("ExpiredAuthenticationToken", "The access token expiry UTC time is over.")

    def give(self, request: Request, secret: str | None) -> Answer:
        """Answer as the endpoint of a managed identity, to whoever knows the token already: so az and clients log in.

        Protocol: learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

        Raises:
            ArmError: 401, it is not known.
        """
        if not self._is(secret or ""):
            raise _unauthorized("InvalidAuthenticationToken", "The header 'X-IDENTITY-HEADER' is not the token.")
        body = {
            "access_token": self.text,
            "expires_on": str(int(self.ends_at)),
            "resource": request.query.get("resource", ""),
            "token_type": "Bearer",
        }
        return Answer(200, body)

    def _is(self, given: str) -> bool:
        return hmac.compare_digest(given.strip().encode(), self.text.encode())


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _unauthorized(code: str, message: str) -> ArmError:
    return ArmError(401, code, message)
