"""What the served Azure accepts and refuses, as it goes over the wire."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rehearsal.arm_rest import certificate, serve, server
from rehearsal.azure.world import World
from tests.arm.examples import GROUP, SUBSCRIPTION
from tests.rehearsal.arm_rest.clients import Client
from tests.rehearsal.arm_rest.plain import call, connect
from tests.rehearsal.azure.samples import Azure

_SUB = f"/subscriptions/{SUBSCRIPTION}"
_GROUPS = f"{_SUB}/resourceGroups?api-version=2024-03-01"
_NETWORKS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"
_VERSION = "?api-version=2024-05-01"


@pytest.fixture
def azure() -> Azure:
    """A group with a network and a machine's network card."""
    azure = Azure()
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic")
    return azure


@pytest.fixture
def client(azure: Azure, client_of: Callable[[World], Client]) -> Client:
    return client_of(azure.world)


def test_without_a_token_it_says_where_to_get_one(client: Client) -> None:
    reply = call(client, _GROUPS, token="")
    assert (reply.status, reply.code) == (401, "AuthenticationFailed")
    assert "'Authorization' header is missing" in reply.message
    assert reply.headers["www-authenticate"].startswith('Bearer authorization_uri="https://login.microsoftonline.com/')


def test_another_token_is_refused(client: Client) -> None:
    for token in ("x", client.served.token[:-1], client.served.token.upper()):
        reply = call(client, _GROUPS, token=token)
        assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")
        assert "www-authenticate" in reply.headers
        assert token not in reply.message


def test_a_token_has_an_end(azure: Azure, tmp_path: Path) -> None:
    with serve(azure.world, hours=0.0001) as served:
        client = Client(served, tmp_path / "ca.pem", SUBSCRIPTION)
        client.certificate.write_text(served.certificate, encoding="utf-8")
        time.sleep(0.4)
        assert call(client, _GROUPS).code == "ExpiredAuthenticationToken"


def test_who_knows_the_token_gets_it_as_from_a_managed_identity(client: Client) -> None:
    path = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com/"
    for header in ({}, {"X-IDENTITY-HEADER": "x"}):
        assert call(client, path, token="", **header).status == 401
    reply = call(client, path, token="", **{"X-IDENTITY-HEADER": client.served.token})
    assert (reply.body["access_token"], reply.body["token_type"]) == (client.served.token, "Bearer")
    assert 0 < int(reply.body["expires_on"]) - time.time() <= server.HOURS * 3600


def test_where_the_endpoints_are_needs_no_token_and_tells_none(client: Client) -> None:
    reply = call(client, "/metadata/endpoints?api-version=2022-09-01", token="")
    assert reply.body["resourceManager"] == client.served.address
    assert client.served.token not in str(reply.body)
    assert call(client, "/metadata/endpoints/x?api-version=2022-09-01", token="").status == 401


def test_the_token_is_not_in_what_is_printed_of_a_server(client: Client) -> None:
    assert client.served.token not in repr(client.served)


def test_a_version_is_required(client: Client) -> None:
    for path in (f"{_SUB}/resourceGroups", GROUP, _NETWORKS, f"{_NETWORKS}/vnet", f"{_SUB}/providers"):
        reply = call(client, path)
        assert (reply.status, reply.code) == (400, "MissingApiVersionParameter"), path


@pytest.mark.parametrize("version", ["2024-05-02", "2014-01-01", "2999-01-01", "latest", "2024-5-1"])
def test_a_version_that_a_provider_never_had_is_refused(client: Client, version: str) -> None:
    reply = call(client, f"{_NETWORKS}/vnet?api-version={version}")
    assert (reply.status, reply.code) == (400, "NoRegisteredProviderFound")
    assert f"API version '{version}' for type 'virtualNetworks'" in reply.message
    assert "2024-05-01, " in reply.message


@pytest.mark.parametrize("path", [f"{_SUB}/resourceGroups", GROUP, f"{_SUB}/resources", "/subscriptions", "/tenants"])
def test_a_version_that_arm_itself_never_had_is_refused(client: Client, path: str) -> None:
    reply = call(client, f"{path}?api-version=2024-05-02")
    assert (reply.status, reply.code) == (400, "InvalidApiVersionParameter")
    assert "2024-03-01" in reply.message


@pytest.mark.parametrize("version", ["2018-11-01", "2024-05-01", "2025-07-01"])
def test_every_published_version_is_answered(client: Client, version: str) -> None:
    assert call(client, f"{_NETWORKS}/vnet?api-version={version}").body["name"] == "vnet"


def test_what_is_not_there_is_told_in_arms_words(client: Client) -> None:
    other = GROUP.replace("/rg", "/other")
    for path, code in (
        (f"{_NETWORKS}/other{_VERSION}", "ResourceNotFound"),
        (f"{other}?api-version=2024-03-01", "ResourceGroupNotFound"),
        (f"{other}/resources?api-version=2024-03-01", "ResourceGroupNotFound"),
        (f"{_NETWORKS.replace(GROUP, other)}{_VERSION}", "ResourceGroupNotFound"),
        (f"{_NETWORKS}/other/subnets{_VERSION}", "ParentResourceNotFound"),
        ("/subscriptions/22222222-0000-0000-0000-000000000001?api-version=2022-12-01", "SubscriptionNotFound"),
    ):
        reply = call(client, path)
        assert (reply.status, reply.code) == (404, code), path


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{GROUP}/providers/Microsoft.Web/sites", "resource type Microsoft.Web/sites"),
        ("/providers/Microsoft.Management/managementGroups", "outside a subscription"),
        (f"{_SUB}/tagNames", "tagNames"),
        ("/", "outside a subscription"),
    ],
)
def test_what_only_azure_knows_is_told_as_that(client: Client, path: str, words: str) -> None:
    reply = call(client, f"{path}?api-version=2024-03-01")
    assert (reply.status, reply.code) == (501, "NotModelled")
    assert words in reply.message


def test_a_body_in_a_version_without_a_table_is_not_guessed(client: Client) -> None:
    reply = call(client, f"{_NETWORKS}/vnet?api-version=2025-07-01", "PUT", body={"location": "eastus2"})
    assert (reply.status, reply.code) == (501, "NotModelled")
    assert "2024-05-01" in reply.message


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{_NETWORKS}/vnet{_VERSION}"),
        ("POST", f"{_NETWORKS}/vnet{_VERSION}"),
        ("PUT", f"{_NETWORKS}{_VERSION}"),
        ("DELETE", _GROUPS),
        ("DELETE", f"{_SUB}?api-version=2022-12-01"),
    ],
)
def test_a_method_that_is_not_there_is_refused(client: Client, azure: Azure, method: str, path: str) -> None:
    before = azure.world.entries()
    reply = call(client, path, method, body={})
    assert (reply.status, reply.code) == (405, "MethodNotAllowed")
    assert azure.world.entries() == before


def test_existence_is_asked_without_a_body(client: Client) -> None:
    assert call(client, f"{GROUP}?api-version=2024-03-01", "HEAD").status == 204
    assert call(client, f"{GROUP}x?api-version=2024-03-01", "HEAD").status == 404
    assert call(client, f"{_NETWORKS}/vnet{_VERSION}", "HEAD").status == 204


def test_ids_are_the_same_in_any_case(client: Client) -> None:
    path = f"{_NETWORKS}/VNET".lower().replace("/providers/", "/Providers/")
    assert call(client, f"{path}?API-Version=2024-05-01").body["id"] == f"{_NETWORKS}/vnet"


def test_a_body_that_is_no_json_is_refused(client: Client) -> None:
    for body in ("{", "[]", ""):
        reply = call(client, f"{_NETWORKS}/vnet{_VERSION}", "PUT", body=body)
        assert (reply.status, reply.code) == (400, "InvalidRequestContent")


def test_a_body_that_is_too_large_is_refused_unread(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MOST_BYTES", 100)
    reply = call(client, f"{_NETWORKS}/vnet{_VERSION}", "PUT", body=" " * 101)
    assert reply.status == 413
    assert reply.headers["connection"] == "close"


def test_a_body_of_unknown_length_is_refused(client: Client) -> None:
    connection = connect(client)
    connection.putrequest("PUT", f"{_NETWORKS}/vnet{_VERSION}")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()  # no body: it is refused unread, and sending one would race with that
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 411


def test_one_connection_carries_many_requests(client: Client) -> None:
    connection = connect(client)
    for _ in range(3):
        connection.request("GET", _GROUPS, headers={"Authorization": f"Bearer {client.served.token}"})
        assert b"rg" in connection.getresponse().read()
    connection.close()


def test_an_ordered_failure_reaches_the_client(client: Client, azure: Azure) -> None:
    azure.order(f"{_NETWORKS}/vnet", "get", "throttled")
    reply = call(client, f"{_NETWORKS}/vnet{_VERSION}")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (429, "TooManyRequests", "17")
    assert call(client, f"{_NETWORKS}/vnet{_VERSION}").status == 200


def test_a_cut_connection_gets_no_answer(client: Client, azure: Azure) -> None:
    azure.order(f"{_NETWORKS}/new", "create", "connection-cut")
    with pytest.raises(OSError):
        body = {"location": "eastus2", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}
        call(client, f"{_NETWORKS}/new{_VERSION}", "PUT", body=body)
    assert azure.world.find(f"{_NETWORKS}/new")


def test_nothing_is_served_without_tls_or_to_others(client: Client) -> None:
    port = urlsplit(client.served.address).port
    with socket.create_connection(("127.0.0.1", int(port or 0)), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in plain.recv(100)
    with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection(("127.0.0.1", int(port or 0))) as other:
        ssl.create_default_context().wrap_socket(other, server_hostname="127.0.0.1")
    assert certificate.HOST == "127.0.0.1"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", int(port or 0)), timeout=10):
        pass


def test_a_silent_client_holds_up_nobody(client: Client) -> None:
    port = urlsplit(client.served.address).port
    with socket.create_connection(("127.0.0.1", int(port or 0)), timeout=10):
        assert call(client, _GROUPS).status == 200


def test_connections_are_bounded(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_CONNECTIONS", 2)
    monkeypatch.setattr(server, "_SECONDS_FOR_A_PLACE", 0.05)
    with serve(azure.world) as served:
        client = Client(served, tmp_path / "ca.pem", SUBSCRIPTION)
        client.certificate.write_text(served.certificate, encoding="utf-8")
        with _silent(client), _silent(client), pytest.raises(OSError):
            call(client, _GROUPS)
        for _ in range(100):  # the two are let go when their threads have seen the end
            with contextlib.suppress(OSError):
                assert call(client, _GROUPS).status == 200
                return
            time.sleep(0.05)
        pytest.fail("no place was given back")


@contextlib.contextmanager
def _silent(client: Client) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", int(urlsplit(client.served.address).port or 0)), timeout=10) as held:
        time.sleep(0.1)  # it is accepted
        yield
        held.shutdown(socket.SHUT_RDWR)


def test_nothing_is_left_of_a_server(azure: Azure, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with serve(azure.world) as served:
        client = Client(served, tmp_path / "ca.pem", SUBSCRIPTION)
        client.certificate.write_text(served.certificate, encoding="utf-8")
        connection = connect(client)
        connection.request("GET", _GROUPS, headers={"Authorization": f"Bearer {served.token}"})
        assert connection.getresponse().status == 200
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(urlsplit(served.address).port or 0)), timeout=5)
    connection.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "\u0663", "1_0"])
def test_a_length_that_is_none_is_refused(length: str, client: Client) -> None:
    connection = connect(client)
    connection.putrequest("PUT", _GROUPS)
    connection.putheader("Content-Length", length.encode())
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 411


def test_a_body_without_end_in_its_depth_is_refused(client: Client) -> None:
    reply = call(client, f"{_NETWORKS}/deep{_VERSION}", "PUT", body="[" * 200_000)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")


def test_an_address_that_is_none_is_refused(client: Client) -> None:
    connection = connect(client)
    connection.putrequest("GET", "https://[x", skip_host=True)  # as http.client would not take it apart either
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 400


def test_a_filter_is_bounded(client: Client) -> None:
    reply = call(client, f"{_SUB}/resources?api-version=2025-04-01&$filter={'(' * 3000}")
    assert (reply.status, reply.code) == (400, "InvalidFilterInQueryString")
