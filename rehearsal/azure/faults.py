"""Faults to order: what goes wrong on Azure without anybody's mistake, by resource and operation."""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass, replace

from rehearsal.azure.errors import ArmError, ConnectionCutError, OperationFailedError

OPERATIONS = ("get", "create", "update", "delete")


@dataclass(frozen=True)
class Kind:
    """One way to fail. `after` says that the write is accepted, `runs` that it goes on when the caller is told."""

    title: str
    status: int
    code: str
    message: str
    retry_after: int | None = None
    after: bool = False
    runs: bool = False

    def error(self, arm_id: str) -> ArmError:
        """Return what the caller is told."""
        message = self.message.format(id=arm_id)
        if not self.after:
            return ArmError(self.status, self.code, message, self.retry_after)
        return (OperationFailedError if self.status else ConnectionCutError)(self.status, self.code, message)


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
        "An internal execution error occurred. Please retry later. Resource: {id}", after=True,
    ),
    "connection-cut": Kind(
        "Done, but the connection is cut", 0, "",
        '"https://management.azure.com{id}": read: connection reset by peer', after=True,
    ),
    "cut-while-running": Kind(
        "Accepted, and the connection is cut while it still runs", 0, "",
        '"https://management.azure.com{id}": read: connection reset by peer', after=True, runs=True,
    ),
}  # fmt: skip


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
        if KINDS[self.kind].after and self.operation == "get":
            raise ValueError(f"{order}: nothing is written by a get; expected another kind")
        if KINDS[self.kind].runs and self.operation == "delete":
            raise ValueError(f"{order}: only a create or update goes on here; expected another kind")


class Faults:
    """The orders that are still open."""

    def __init__(self, *orders: Fault) -> None:
        self._open = list(orders)
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._open.append(fault)

    def take(self, operation: str, arm_id: str, label: str) -> Kind | None:
        """Return the fault that hits this operation, which uses it up once."""
        with self._lock:
            for index, fault in enumerate(self._open):
                if fault.operation == operation and _fits(fault.target, arm_id, label):
                    self._open[index : index + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    return KINDS[fault.kind]
        return None

    @property
    def open(self) -> list[Fault]:
        """Orders that have not come true yet."""
        with self._lock:
            return list(self._open)


def _fits(target: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), target.lower()) for name in names if name)
