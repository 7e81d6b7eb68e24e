"""The proxy of a node: what is refused, what follows, and what is never sent to it."""

from __future__ import annotations

from typing import Any

import pytest

from settings import SettingsError, load
from settings.egress import list_egress
from settings.hosts import Proxy
from settings.proxies import NEVER, is_past_proxy
from tests.conftest import THREE_SITES, resolve
from tests.settings.samples import MINIMAL, Problems, with_changes
from tests.settings.test_settings_rules import only

PROXY = "clusters.site.node.proxy"
URL = "http://proxy.example.com:3128"


def find_proxy(section: dict[str, Any], settings: dict[str, Any] = THREE_SITES) -> Proxy:
    clusters = {**settings["clusters"], "lyon": {**settings["clusters"]["lyon"], "node": {"proxy": section}}}
    found = resolve({**settings, "clusters": clusters}).clusters["lyon"].proxy
    assert found
    return found


@pytest.mark.parametrize("value", [
    "proxy.example.com:3128", "http://proxy.example.com", "http://proxy.example.com:3128/", "socks5://proxy:1080",
    "http://proxy.example.com:70000", "http://proxy.example.com:0", "http://PROXY:3128", "http://a b:3128", "", 3128,
    "http://proxy.example.com:3128\nX: y",
])  # fmt: skip
@pytest.mark.parametrize("key", ["http", "https"])
def test_what_is_no_url_of_a_proxy(problems: Problems, key: str, value: object) -> None:
    problem = only(problems({f"{PROXY}.{key}": value}), f"{PROXY}.{key}", "http://<host>:<port>")
    assert problems({f"{PROXY}.{key}": problem.example}) == []


@pytest.mark.parametrize("key", ["http", "https"])
def test_a_password_in_the_url_is_refused_with_the_reason_and_never_shown(key: str) -> None:
    settings = with_changes(MINIMAL, {f"{PROXY}.{key}": "http://plant:hunter2@proxy.example.com:3128"})
    with pytest.raises(SettingsError, match="may read the node's Run Commands") as refused:
        load(settings)
    assert "hunter2" not in str(refused.value)
    assert all("hunter2" not in repr(problem) for problem in refused.value.problems)


def test_a_proxy_that_has_a_certificate_is_refused_with_the_reason(problems: Problems) -> None:
    problem = only(problems({f"{PROXY}.https": "https://proxy.example.com:3128"}), f"{PROXY}.https")
    assert "does not support proxies that require a trusted certificate" in problem.hint


@pytest.mark.parametrize("key", ["ca", "cert", "ca_certificate"])
def test_a_certificate_of_a_proxy_is_refused_with_the_reason(problems: Problems, key: str) -> None:
    found = problems({f"{PROXY}.https": URL, f"{PROXY}.{key}": "-----BEGIN CERTIFICATE-----"})
    problem = only(found, f"{PROXY}.{key}", "http, https, no_proxy")
    assert "those that open TLS (learn.microsoft.com" in problem.hint


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "169.254.169.254", "10.42.7.7", "10.43.0.1"])
def test_a_proxy_where_no_pod_would_find_it(problems: Problems, host: str) -> None:
    only(problems({f"{PROXY}.https": f"http://{host}:3128"}), f"{PROXY}.https", "outside", "which is for")


@pytest.mark.parametrize("item", ["", "*", "http://plant.example.com", "a,b", "a b", "10.0.0.1/8", "10.0.0.0/33", 7])
def test_what_is_no_exception(problems: Problems, item: object) -> None:
    (problem,) = problems({f"{PROXY}.https": URL, f"{PROXY}.no_proxy": [item]})
    assert problem.where.startswith(f"{PROXY}.no_proxy")


def test_exceptions_without_a_proxy(problems: Problems) -> None:
    problem = only(problems({f"{PROXY}.no_proxy": [".example.com"]}), f"{PROXY}.https")
    assert problems({f"{PROXY}.no_proxy": [".example.com"], problem.where: problem.example}) == []


@pytest.mark.parametrize("key", ["http", "https"])
def test_one_proxy_is_for_both(key: str) -> None:
    assert (find_proxy({key: URL}).http, find_proxy({key: URL}).https) == (URL, URL)


def test_two_proxies_are_not_mixed_up() -> None:
    other = "http://10.9.0.9:8080"
    assert (find_proxy({"http": other, "https": URL}).http, find_proxy({"http": other, "https": URL}).https) == (
        other, URL,
    )  # fmt: skip


def test_what_is_inside_is_never_asked_of_it() -> None:
    given = find_proxy({"https": URL, "no_proxy": [".plant.example.com", "localhost"]}).no_proxy
    assert given[:2] == (".plant.example.com", "localhost")
    assert {*NEVER, "10.12.1.0/24", "10.20.1.10", "mqtt.example.com"} < {*given}
    assert len({*given}) == len(given)


@pytest.mark.parametrize(("host", "is_past"), [
    ("a.plant.example.com", True), ("plant.example.com", True), ("xplant.example.com", False), ("10.1.2.3", True),
    ("11.1.2.3", False), ("aio-broker.azure-iot-operations.svc", True), ("svc", True), ("mcr.microsoft.com", False),
])  # fmt: skip
def test_who_is_past_it(host: str, is_past: bool) -> None:
    assert is_past_proxy(host, [".plant.example.com", "10.0.0.0/8", ".svc"]) is is_past


def test_a_firewall_lets_the_node_out_to_its_proxy_and_the_proxy_to_the_rest() -> None:
    node = {"proxy": {"https": URL, "no_proxy": [".blob.core.windows.net"]}}
    clusters = {**THREE_SITES["clusters"], "lyon": {**THREE_SITES["clusters"]["lyon"], "node": node}}
    settings = resolve({**THREE_SITES, "clusters": clusters})
    rows = list_egress(settings, settings.clusters["lyon"])
    assert {f"{row.host}:{row.port}" for row in rows if not row.through} == {
        "proxy.example.com:3128", "mqtt.example.com:28883", "*.blob.core.windows.net:443", "169.254.169.254:80",
        "168.63.129.16:53", "168.63.129.16:80", "168.63.129.16:32526",
    }  # fmt: skip
    assert {row.through for row in rows} == {None, "proxy.example.com:3128"}
    assert "mcr.microsoft.com" in {row.host for row in rows if row.through}
    assert not any(row.through for row in list_egress(settings, settings.clusters["porto"]))
