"""Long-running operations, as Azure Resource Manager lets clients wait for them.

The write is done before the first answer; a client sees it as running once and then as ended, so that it has to poll.
Protocol: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from rehearsal.arm_rest.exchange import Answer, Request
from rehearsal.azure.errors import ArmError

_KEPT = 1000
"""Older ones are forgotten."""
RETRY_SECONDS = 1


@dataclass
class _Operation:
    status: str
    error: ArmError | None
    body: object
    asked: int = 0


class Operations:
    """Those of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, _Operation] = OrderedDict()

    def start(
        self, request: Request, namespace: str, body: object, error: ArmError | None, *, has_run: bool = False
    ) -> Mapping[str, str]:
        """Return the headers that tell a client where to wait; `body` and `error` are how it ends.

        `has_run`: it has taken its time already, so that it is not seen as running.
        """
        name = str(uuid4())
        with self._lock:
            self._found[name] = _Operation("Failed" if error else "Succeeded", error, body, 1 if has_run else 0)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        place = "/".join(request.path.split("/")[:3])  # /subscriptions/{id}
        base = f"{request.base}{place}/providers/{namespace}/locations/global"
        return {
            "Azure-AsyncOperation": f"{base}/operationStatuses/{name}?api-version={request.api_version}",
            "Location": f"{base}/operationResults/{name}?api-version={request.api_version}",
            "Retry-After": "0" if has_run else str(RETRY_SECONDS),
        }

    def status(self, request: Request) -> Answer:
        """Answer the address of Azure-AsyncOperation: always 200, with the status in the body."""
        name, operation, is_running = self._ask(request)
        body = {"id": request.path, "name": name, "status": "InProgress" if is_running else operation.status}
        if is_running:
            return Answer(200, body, {"Retry-After": str(RETRY_SECONDS)})
        if operation.error:
            body["error"] = {"code": operation.error.code, "message": operation.error.message}  # type: ignore[assignment]
        return Answer(200, body)

    def result(self, request: Request) -> Answer:
        """Answer the address of Location: 202 while it runs, then what the call would have answered at once.

        Raises:
            ArmError: it has failed.
        """
        _, operation, is_running = self._ask(request)
        if is_running:
            return Answer(202, None, {"Location": _again(request), "Retry-After": str(RETRY_SECONDS)})
        if operation.error:
            raise ArmError(409, operation.error.code, operation.error.message)
        return Answer(200, operation.body) if operation.body else Answer(204)

    def _ask(self, request: Request) -> tuple[str, _Operation, bool]:
        name = request.path.rsplit("/", 1)[1]
        with self._lock:
            operation = self._found.get(name)
            if operation is None:
                raise ArmError(404, "OperationNotFound", f"The operation '{name}' was not found.")
            operation.asked += 1
            return name, operation, operation.asked == 1


def _again(request: Request) -> str:
    return f"{request.base}{request.path}?api-version={request.api_version}"
