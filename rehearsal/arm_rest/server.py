"""The HTTP server: the standard library's, for a handful of clients on this machine. No other is among the locks.

It listens on 127.0.0.1 only. Bounded: connections, time to wait on one of them, size of a body, and how long it runs.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from rehearsal.arm_rest.certificate import HOST, make_context
from rehearsal.arm_rest.exchange import Answer, Request, answer_of
from rehearsal.arm_rest.service import ArmService
from rehearsal.arm_rest.subscriptions import METADATA_PATH, metadata
from rehearsal.arm_rest.token import IDENTITY_PATH, BearerToken
from rehearsal.azure.errors import ArmError, ConnectionCutError
from rehearsal.azure.world import World

_CONNECTIONS = 64
"""At once; further ones wait, and are closed when none has ended meanwhile."""
_SECONDS_FOR_A_PLACE = 5.0
_SECONDS_OF_SILENCE = 30.0
_MOST_BYTES = 4 * 1024 * 1024
"""Of a body, as Azure Resource Manager's own limit."""
HOURS = 8
PAGE_SIZE = 100


@dataclass(frozen=True)
class Served:
    """How to reach a server while it runs."""

    address: str
    certificate: str
    """PEM, for the client to trust."""
    token: str = field(repr=False)


@contextmanager
def serve(world: World, *, hours: float = HOURS, page_size: int = PAGE_SIZE, port: int = 0) -> Iterator[Served]:
    """Serve a world as Azure Resource Manager; the token is good for these hours. Port 0 is a free one.

    Raises:
        OSError: the port is taken.
    """
    lifetime = timedelta(hours=hours)
    context, certificate = make_context(lifetime)
    token = BearerToken(world.surroundings, lifetime.total_seconds())
    server = _Server(ArmService(world, page_size), token, context, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="arm-rest", daemon=True)
    thread.start()
    try:
        yield Served(server.address, certificate, token.text)
    finally:
        server.end()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = _CONNECTIONS

    def __init__(self, service: ArmService, token: BearerToken, context: ssl.SSLContext, port: int) -> None:
        self.service, self.token, self._context = service, token, context
        self._places = threading.BoundedSemaphore(_CONNECTIONS)
        self._open: set[Any] = set()
        super().__init__((HOST, port), _Handler)
        self.address = f"https://{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind, without asking anybody for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def get_request(self) -> tuple[Any, Any]:
        """Accept; the handshake is left to the connection's own thread, so that nobody holds up the others."""
        connection, client = self.socket.accept()
        connection.settimeout(_SECONDS_OF_SILENCE)
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), client

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(timeout=_SECONDS_FOR_A_PLACE):
            self.shutdown_request(request)
            return
        self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone or spoken no TLS; all else is a mistake of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Stop listening and close every connection."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            _cut(connection)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait for the client's ACK, 40 ms
    server_version, sys_version = "edge-stamps-rehearsal", ""

    def _serve(self) -> None:
        try:
            answer = self._answer()
        except ConnectionCutError:
            self.close_connection = True
            _cut(self.connection)
            return
        except ArmError as error:
            answer = answer_of(error)
        except Exception:  # a mistake of ours, and told as one
            traceback.print_exc()
            answer = answer_of(ArmError(500, "InternalServerError", "The rehearsal's Azure has made a mistake."))
        self._send(answer)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do_PATCH = _serve  # noqa: N815 the names are http.server's

    def _answer(self) -> Answer:
        content = self._read()  # first: what is left in the connection would be taken for the next request
        try:
            url = urlsplit(self.path)
        except ValueError as error:
            raise ArmError(400, "BadRequest", f"The address is invalid: {error}.") from error
        query = {name.lower(): value for name, value in parse_qsl(url.query, keep_blank_values=True)}
        request = Request(self.command, unquote(url.path).rstrip("/"), query, self.server.address)
        if request.path == METADATA_PATH and request.method == "GET":
            return Answer(200, metadata(request.base))
        if request.path == IDENTITY_PATH:
            return self.server.token.give(request, self.headers.get("X-IDENTITY-HEADER"))
        self.server.token.check(self.headers.get("Authorization"))
        return self.server.service.answer(replace(request, body=_parse(content)))

    def _read(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not re.fullmatch(r"[0-9]{1,10}", length):
            self.close_connection = True
            raise ArmError(411, "LengthRequired", "The header 'Content-Length' is missing.")
        if int(length) > _MOST_BYTES:
            self.close_connection = True
            raise ArmError(413, "RequestEntityTooLarge", f"The request is larger than {_MOST_BYTES} bytes.")
        return self.rfile.read(int(length))

    def _send(self, answer: Answer) -> None:
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status == 401:
            authority = f"https://login.microsoftonline.com/{self.server.service.tenant_id}"
            self.send_header("WWW-Authenticate", f'Bearer authorization_uri="{authority}", error="invalid_token"')
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("x-ms-request-id", str(uuid4()))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time for the header `Date`, by the served Azure's own clock."""
        return super().date_time_string(self.server.service.now() if timestamp is None else timestamp)

    def log_message(self, *_: Any) -> None:
        """Log nothing: an address may name what is nobody else's business."""


def _parse(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        message = f"The request content was invalid and could not be deserialized: '{error}'."
        raise ArmError(400, "InvalidRequestContent", message) from error


def _cut(connection: Any) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which another thread may be reading
    except OSError:
        return  # it has gone by itself
