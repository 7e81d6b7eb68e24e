"""A request to Azure Resource Manager and its answer, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.azure.errors import ArmError


@dataclass(frozen=True)
class Request:
    """What is asked. `base` is the address under which the client reaches us, without a slash at its end."""

    method: str
    path: str
    """Decoded, with no slash at its end."""
    query: Mapping[str, str]
    """By name in small letters."""
    base: str
    body: Any = None

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")

    def expands(self, what: str) -> bool:
        """Return whether more than usual is asked for."""
        wanted = self.query.get("$expand", "").lower().split(",")
        return what.lower() in map(str.strip, wanted)


@dataclass(frozen=True)
class Answer:
    """What is answered; None is no body at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_of(error: ArmError) -> Answer:
    """Return the answer that is a refusal."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return Answer(error.status, {"error": {"code": error.code, "message": error.message}}, headers)


def not_modelled(what: str) -> ArmError:
    """Return our own error: Azure would have an answer, the model has none."""
    message = f"The rehearsal's Azure does not model {what}. docs/serve.md lists what it answers."
    return ArmError(501, "NotModelled", message)


def method_not_allowed(request: Request) -> ArmError:
    """Return Azure's answer to a method that a resource does not have."""
    return ArmError(405, "MethodNotAllowed", f"The requested resource does not support http method '{request.method}'.")
