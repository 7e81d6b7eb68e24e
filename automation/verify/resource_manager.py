"""Azure Resource Manager, asked with Microsoft's own SDK: Azure itself, or the served copy of a rehearsed stack."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.exceptions import ARMErrorFormat
from azure.mgmt.resource.resources import ResourceManagementClient

from arm.hosting import HostKind
from automation.verify.azure import MALFORMED, Body, ScriptAnswer, UnreachableError, UnseenError, not_understood
from automation.verify.here import RunHere, run_nowhere
from automation.verify.machine_commands import MachineCommands

_ADDRESS = "https://management.azure.com"
_SCOPE = f"{_ADDRESS}/.default"
_LONGEST_REASON = 400
_MOST_PAGES = 100
_CONFLICT = 409
_POLL_SECONDS, _LONGEST_POLL_SECONDS = 5, 30
_PRINTED = re.compile(r"\[stdout\]\n(.*?)\n?\[stderr\]\n?(.*)", re.DOTALL)
"""In the message of an action Run Command (Azure/azure-cli#32286)."""


@dataclass(frozen=True)
class Login:
    """Who asks, and whom."""

    credential: TokenCredential
    address: str = _ADDRESS
    certificate: Path | None = None
    """What the server's certificate is to be trusted by; None: as this machine does."""


@dataclass(frozen=True)
class Limits:
    """Seconds: to connect, between two bytes, for one request with its further tries, and for the whole run.

    `busy`: to wait for a node on which another script runs.
    """

    connect: float = 10
    read: float = 20
    request: float = 60
    whole: float = 600
    busy: float = 120
    retries: int = 5
    """Azure asks for one, a second later, where a large stack is read faster than it allows."""


def log_in() -> Login:
    """Return whoever is logged in on this machine: environment, workload or managed identity, `az login`."""
    from azure.identity import DefaultAzureCredential

    logging.getLogger("azure").addHandler(logging.NullHandler())  # what it warns of is in our results
    return Login(DefaultAzureCredential(exclude_interactive_browser_credential=True, process_timeout=30))


class _FixedToken:
    """A credential that has its token already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self._text, int(time.time()) + 3600)


def log_in_to_served(address: str, folder: Path) -> Login:
    """Return the login to a served copy, whose token and certificate lie in the folder."""
    return Login(_FixedToken((folder / "token").read_text(encoding="utf-8")), address, folder / "ca.pem")


class _OnlyThere(SansIOHTTPPolicy[Any, Any]):
    """Keeps our token where it belongs: what Azure answers names the next page and where an operation tells its end."""

    def __init__(self, address: str) -> None:
        self._place = urlsplit(address)[:2]

    def on_request(self, request: PipelineRequest[Any]) -> None:
        place = urlsplit(request.http_request.url)
        if place[:2] != self._place:
            raise UnseenError(f"what follows is elsewhere, where no token of ours is sent: {place.netloc}")


class ResourceManager:
    """The one implementation of `Azure`, which can write and delete as well.

    A client for each thread: its transport is not safe for several.
    """

    def __init__(
        self,
        login: Login,
        subscription_id: str,
        limits: Limits = Limits(),
        now: Callable[[], float] = time.monotonic,
        run_here: RunHere = run_nowhere,
    ) -> None:
        """Ask on behalf of this login; `run_here` runs scripts for clusters that were there before the stack."""
        self._login, self._subscription_id, self._limits, self._now = login, subscription_id, limits, now
        self._ends_at = now() + limits.whole
        self._own = threading.local()
        self._machine_commands, self._run_here = MachineCommands(self), run_here

    def get(self, arm_id: str, api_version: str, expand: str = "") -> Body | None:
        parameters = {"$expand": expand} if expand else {}
        with self._asked():
            try:
                found = self._client.resources.get_by_id(arm_id, api_version=api_version, params=parameters)
            except ResourceNotFoundError:
                return None
            return found.as_dict()

    def list_group(self, group: str) -> Sequence[Body]:
        with self._asked():
            return [one.as_dict() for one in self._client.resources.list_by_resource_group(group)]

    def list_below(self, path: str, api_version: str) -> Sequence[Body] | None:
        with self._asked():
            try:
                return list(self._pages(self._url(path, api_version)))
            except ResourceNotFoundError:
                return None

    def run_script(self, node_id: str, kind: HostKind, api_version: str, script: str) -> ScriptAnswer:
        if kind.node_type is None:
            return self._run_here(node_id, script)
        if not kind.script_action:
            return self._machine_commands.run_script(node_id, script)
        url = self._url(f"{node_id}/{kind.script_action}", api_version)
        body = {"commandId": "RunShellScript", "script": script.splitlines()}
        with self._asked():
            began = self._post(url, body)
            ended = self._await_end(began)
            (said,) = ended.json()["value"]
            found = _PRINTED.search(said["message"])
            if not found:
                raise UnseenError(f"the script has told nothing: {said['message'][-_LONGEST_REASON:]}")
            return ScriptAnswer(found[1], found[2], _read_date(began), _read_date(ended))

    def exchange(self, method: str, arm_id: str, api_version: str, body: Body | None = None) -> tuple[Body, float]:
        """Send one request; return what is answered, and when by Azure's clock. No part of `Azure`.

        Raises:
            UnseenError: as `get`, also for what is not there.
        """
        with self._asked():
            answer = self._send(HttpRequest(method, self._url(arm_id, api_version), json=body))
            return answer.json(), _read_date(answer)

    def stop(self) -> None:
        self._ends_at = float("-inf")

    def _url(self, path: str, api_version: str) -> str:
        return f"{self._login.address}{path}?{urlencode({'api-version': api_version})}"

    def _await_end(self, answer: HttpResponse) -> HttpResponse:
        """Return the last answer of a long-running operation (azure-resource-manager-rpc, async-api-reference)."""
        url = ""
        while answer.status_code == 202:
            if self._now() > self._ends_at:
                raise UnseenError(f"no end after {self._limits.whole:.0f} s")
            url = answer.headers.get("Location", url)
            time.sleep(min(float(answer.headers.get("Retry-After", _POLL_SECONDS)), _LONGEST_POLL_SECONDS))
            answer = self._send(HttpRequest("GET", url))
        return answer

    def _post(self, url: str, body: Mapping[str, Any]) -> HttpResponse:
        """Send an action, again while another one is going on: Azure may say so of one that has just ended.

        Azure/azure-cli#19137
        """
        give_up = self._now() + self._limits.busy
        while True:
            answer = self._client.send_request(HttpRequest("POST", url, json=body))
            if answer.status_code != _CONFLICT or self._now() >= give_up or "in progress" not in answer.text():
                return self._check(answer)
            time.sleep(_POLL_SECONDS)

    def _send(self, request: HttpRequest) -> HttpResponse:
        return self._check(self._client.send_request(request))

    def _check(self, answer: HttpResponse) -> HttpResponse:
        if answer.status_code >= 400:
            raise HttpResponseError(response=answer, error_format=ARMErrorFormat)
        return answer

    def delete(self, arm_id: str, api_version: str, *, force: bool = False, awaited: bool = True) -> None:
        """Delete a resource, and wait until it is gone; one that is not there is gone. No part of `Azure`.

        Args:
            arm_id: of the resource.
            api_version: as its type has it.
            force: an extension goes in Azure alone, its cluster is not asked (Azure/azure-rest-api-specs,
                Extensions_Delete).
            awaited: else Azure has only to take the order, which is given also when the time for the whole run is over.

        Raises:
            UnseenError: refused, or not gone when the time for one request was over.
        """
        parameters = {"forceDelete": "true"} if force else {}
        with self._asked(even_late=not awaited):
            try:
                deleting = self._client.resources.begin_delete_by_id(
                    arm_id, api_version=api_version, params=parameters, polling=awaited
                )
                deleting.wait(self._limits.request)
            except ResourceNotFoundError:
                return
            if not deleting.done():
                raise UnseenError(f"it was not gone after {self._limits.request:.0f} s")

    def _pages(self, url: str) -> Iterator[Body]:
        """Yield the elements of a list that the SDK has no method for, page by page."""
        for _ in range(_MOST_PAGES):
            answer = self._client.send_request(HttpRequest("GET", url))
            if answer.status_code == 404:
                raise ResourceNotFoundError(response=answer)
            answer.raise_for_status()
            page = answer.json()
            yield from page["value"]
            url = page.get("nextLink") or ""
            if not url:
                return
        raise UnseenError(f"the list has more than {_MOST_PAGES} pages")

    @property
    def _client(self) -> ResourceManagementClient:
        client: ResourceManagementClient | None = getattr(self._own, "client", None)
        if client is None:
            limits = self._limits
            client = ResourceManagementClient(
                self._login.credential,
                self._subscription_id,
                base_url=self._login.address,
                credential_scopes=[_SCOPE],
                connection_verify=str(self._login.certificate) if self._login.certificate else True,
                connection_timeout=limits.connect,
                read_timeout=limits.read,
                timeout=limits.request,
                retry_total=limits.retries,
                retry_backoff_max=10,
                per_call_policies=[_OnlyThere(self._login.address)],
                # To a copy served on this machine no proxy leads, and to look for one is a tenth of a read.
                use_env_settings=self._login.certificate is None,
            )
            self._own.client = client
        return client

    @contextmanager
    def _asked(self, *, even_late: bool = False) -> Iterator[None]:
        """Turn whatever keeps Azure from answering into `UnseenError`."""
        if self._now() > self._ends_at and not even_late:
            raise UnseenError(f"not asked: {self._limits.whole:.0f} s were over")
        try:
            yield
        except (ClientAuthenticationError, ServiceRequestError) as error:
            raise UnreachableError(_describe(error)) from error
        except AzureError as error:
            raise UnseenError(_describe(error)) from error
        except MALFORMED as error:
            raise not_understood(error) from error


def _read_date(answer: HttpResponse) -> float:
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


def _describe(error: AzureError) -> str:
    """Return status, code and message on one line."""
    status = getattr(error, "status_code", None)
    text = " ".join(str(error.message or error).split())
    return f"{f'{status}: ' if status else ''}{text}"[:_LONGEST_REASON]
