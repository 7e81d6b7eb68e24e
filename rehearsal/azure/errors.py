"""Errors as ARM answers them."""

from __future__ import annotations

from arm.types.resource_type import Refusal


class ArmError(Exception):
    """ARM's refusal. Nothing has changed, unless a subclass says otherwise."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(status, code, message, retry_after)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    def __str__(self) -> str:
        """Return azure-native's text (provider/pkg/azure/client_azcore.go, PulumiAzcoreResponseError)."""
        return f'Status={self.status} Code="{self.code}" Message="{self.message}"'


class OperationFailedError(ArmError):
    """The call was accepted and the long-running operation failed later: the resource exists in state Failed."""


class ConnectionCutError(ArmError):
    """The write was accepted, but how it ended was never told; without a status nothing was."""

    def __str__(self) -> str:
        return super().__str__() if self.status else self.message


def refused(refusal: Refusal, **words: object) -> ArmError:
    """Return the error of a refusal, with these words in its message."""
    return ArmError(refusal.status, refusal.code, refusal.message.format(**words))
