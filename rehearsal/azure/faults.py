"""Faults to order: what goes wrong on Azure without anybody's mistake, by resource and operation."""

from __future__ import annotations

import fnmatch
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from rehearsal.azure.errors import ArmError, ConnectionCutError, OperationFailedError

OPERATIONS = ("get", "create", "update", "delete")


@dataclass(frozen=True)
class Kind:
    """One way to fail."""

    title: str
    status: int
    code: str
    message: str
    retry_after: int | None = None
    written: Literal["no", "failed", "yes", "goes on"] = "no"
    """What becomes of the write: nothing, accepted and then failed, done, or still going on when the caller is told."""
    lasts: float = 0
    """Seconds from the first call on in which all of them fail; 0: as often as it is ordered."""

    @property
    def after(self) -> bool:
        """Return whether the write is accepted."""
        return self.written != "no"

    @property
    def runs(self) -> bool:
        """Return whether the write goes on when the caller is told."""
        return self.written == "goes on"

    def error(self, arm_id: str) -> ArmError:
        """Return what the caller is told."""
        message = self.message.format(id=arm_id)
        if not self.after:
            return ArmError(self.status, self.code, message, self.retry_after)
        error = OperationFailedError if self.written == "failed" else ConnectionCutError
        return error(self.status, self.code, message)


_TOKEN_ENDED = (
    "The access token expiry UTC time '3/19/2023 8:55:46 AM' is earlier than current UTC time '3/19/2023 8:59:27 AM'."
)
# Texts as Azure writes them (pulumi/pulumi-azure-native#903, #1450, #3720 and
# learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors).
KINDS: dict[str, Kind] = {
    "bad-request": Kind("Refused", 400, "BadRequest", "The request for {id} is invalid."),
    "forbidden": Kind(
        "A role has not spread yet", 403, "AuthorizationFailed",
        "The client does not have authorization to perform action over scope '{id}' or the scope is invalid. If access"
        " was recently granted, please refresh your credentials.",
    ),
    "not-found": Kind(
        "What was just created is not visible yet", 404, "ResourceNotFound",
        "The Resource '{id}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    "conflict": Kind(
        "Something else is going on", 409, "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress. Resource: {id}",
    ),
    "throttled": Kind(
        "Too many requests", 429, "TooManyRequests",
        "The request was throttled. Resource: {id}", retry_after=17,
    ),
    "server-error": Kind("Azure's own fault", 500, "InternalServerError", "An error occurred. Resource: {id}"),
    "accepted-then-failed": Kind(
        "Accepted, then failed", 200, "InternalExecutionError",
        "An internal execution error occurred. Please retry later. Resource: {id}", written="failed",
    ),
    "connection-cut": Kind(
        "Done, but the connection is cut", 0, "",
        '"https://management.azure.com{id}": read: connection reset by peer', written="yes",
    ),
    "cut-while-running": Kind(
        "Accepted, and the connection is cut while it still runs", 0, "",
        '"https://management.azure.com{id}": read: connection reset by peer', written="goes on",
    ),
    "role-spreading": Kind(
        "A role on a vault spreads for a while", 403, "ForbiddenByRbac",
        "Caller is not authorized to perform action on resource. If role assignments, deny assignments or role"
        " definitions were changed recently, please observe propagation time. Resource: {id}", lasts=540,
    ),
    # The text as in hashicorp/terraform-provider-azurerm#20867, where a long-running operation outlives its token.
    "token-ended": Kind(
        "The token ends, and the next run has another", 401, "ExpiredAuthenticationToken", _TOKEN_ENDED,
    ),
    "token-ended-while-running": Kind(
        "Accepted, and the token ends while it still runs", 401, "ExpiredAuthenticationToken", _TOKEN_ENDED,
        written="goes on",
    ),
    # A client takes another token 5 minutes before the old one ends, by its own clock (azure-sdk-for-go,
    # sdk/internal/temporal/resource.go). How long the clock is behind is an estimate.
    "token-ended-by-skew": Kind(
        "The machine's clock is behind, and takes an ended token for a good one, until it is set right", 401,
        "ExpiredAuthenticationToken", _TOKEN_ENDED, lasts=150,
    ),
}  # fmt: skip


def can_hit(kind: str, operation: str) -> bool:
    """Return whether the operation can fail so: a get writes nothing, and no delete goes on in this model."""
    return not (KINDS[kind].after and operation == "get") and not (KINDS[kind].runs and operation == "delete")


@dataclass(frozen=True)
class Fault:
    """An order: the next `times` such operations on such a resource fail so.

    `target` is a logical name or an ARM id, with `*` for anything; azure-native's own retries have then been in vain.
    """

    target: str
    operation: str
    kind: str
    times: int = 1

    def __post_init__(self) -> None:
        order = f"{self.target}:{self.operation}:{self.kind}"
        if self.operation not in OPERATIONS or self.kind not in KINDS:
            raise ValueError(
                f"{order}: expected an operation of {', '.join(OPERATIONS)} and a kind of {', '.join(KINDS)}"
            )
        if self.times < 1:
            raise ValueError(f"{order}: expected at least one time")
        if not can_hit(self.kind, self.operation):
            raise ValueError(f"{order}: nothing is written by a get, and no delete goes on here; expected another kind")

    def fits(self, *names: str) -> bool:
        """Return whether one of these names is meant."""
        return any(fnmatch.fnmatchcase(name.lower(), self.target.lower()) for name in names if name)


class Faults:
    """The orders that are still open."""

    def __init__(self, *orders: Fault) -> None:
        self._open = list(orders)
        self._until: list[tuple[Fault, float]] = []
        """What has begun and lasts -> when it is over."""
        self._taken: Counter[tuple[str, str, str]] = Counter()
        self.seen: set[tuple[str, str]] = set()
        """Operations so far, each with the logical name of its resource."""
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._open.append(fault)

    def take(self, operation: str, arm_id: str, label: str, now: float = 0) -> Kind | None:
        """Return the fault that hits this operation, which uses it up once."""
        with self._lock:
            self.seen.add((operation, label))
            lasting = [fault for fault, end in self._until if now < end]
            if hit := _find(lasting, operation, arm_id, label):
                return KINDS[hit.kind]
            fault = _find(self._open, operation, arm_id, label)
            if fault is None:
                return None
            self._taken[fault.target, fault.operation, fault.kind] += 1
            index = self._open.index(fault)
            self._open[index : index + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
            self._until.append((fault, now + KINDS[fault.kind].lasts))
            return KINDS[fault.kind]

    def count(self, order: Fault) -> int:
        """Return how often the order has come true."""
        with self._lock:
            return self._taken[order.target, order.operation, order.kind]

    @property
    def open(self) -> list[Fault]:
        """Orders that have not come true yet."""
        with self._lock:
            return list(self._open)


def _find(faults: list[Fault], operation: str, *names: str) -> Fault | None:
    return next((fault for fault in faults if fault.operation == operation and fault.fits(*names)), None)
