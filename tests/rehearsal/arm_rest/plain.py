"""HTTP without any client's help: what exactly goes over the wire."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.rehearsal.arm_rest.clients import Client


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    """By name in small letters."""
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def connect(client: Client) -> http.client.HTTPSConnection:
    url = urlsplit(client.served.address)
    context = ssl.create_default_context(cafile=str(client.certificate))
    return http.client.HTTPSConnection(str(url.hostname), url.port, timeout=20, context=context)


def call(
    client: Client, path: str, method: str = "GET", *, token: str | None = None, body: Any = None, **headers: str
) -> Reply:
    """One request on a connection of its own, with the server's token unless another one is given."""
    sent = {**headers}
    if token != "":
        sent["Authorization"] = f"Bearer {token or client.served.token}"
    connection = connect(client)
    try:
        text = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        connection.request(method, path, body=text, headers=sent)
        response = connection.getresponse()
        content = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, found, json.loads(content) if content else None)
    finally:
        connection.close()
