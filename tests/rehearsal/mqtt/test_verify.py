"""The second opinion on chains refuses what a lenient verifier might let pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509

from rehearsal.mqtt.authority import CLIENT, SERVER, Authority, build_leaf, common_name, new_key, to_pem
from rehearsal.mqtt.verify import verify_client, verify_server

_ROOT = Authority.root("root", path_length=1)
_TRUST = to_pem([_ROOT.certificate])
_INTERMEDIATE = _ROOT.intermediate("intermediate")
_HOSTS = [x509.DNSName("broker.example.com"), x509.IPAddress(ip_address("10.2.1.10"))]


def _server(authority: Authority = _INTERMEDIATE, **options: object) -> str:
    given = {"uses": (SERVER,), "hosts": _HOSTS, **options}
    return to_pem(authority.sign(build_leaf(common_name("broker"), new_key(), **given)))  # type: ignore[arg-type]


def _client(authority: Authority = _INTERMEDIATE, **options: object) -> str:
    return to_pem(authority.sign(build_leaf(common_name("site"), new_key(), **options)))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["broker.example.com", "10.2.1.10"])
def test_a_good_server_is_accepted_for_its_hosts(host: str) -> None:
    assert verify_server(_server(), _TRUST, host) == ""


@pytest.mark.parametrize("host", ["other.example.com", "10.2.1.11"])
def test_a_server_is_refused_for_another_host(host: str) -> None:
    assert "no matching subjectAltName" in verify_server(_server(), _TRUST, host)


def test_an_address_among_the_names_is_no_address() -> None:
    chain = _server(hosts=[x509.DNSName("broker.example.com")])

    assert "no matching subjectAltName" in verify_server(chain, _TRUST, "10.2.1.10")


@pytest.mark.parametrize(("uses", "why"), [((), "missing required extension"), ((CLIENT,), "key usage lacks")])
def test_a_server_needs_the_use_for_servers(uses: tuple[x509.ObjectIdentifier, ...], why: str) -> None:
    assert why in verify_server(_server(uses=uses), _TRUST, "10.2.1.10")


def test_a_good_client_is_accepted() -> None:
    assert verify_client(_client(), _TRUST) == ""


@pytest.mark.parametrize(("uses", "why"), [((), "missing required extension"), ((SERVER,), "key usage lacks")])
def test_a_client_needs_the_use_for_clients(uses: tuple[x509.ObjectIdentifier, ...], why: str) -> None:
    assert why in verify_client(_client(uses=uses), _TRUST)


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)])
def test_time_counts(days: tuple[int, int]) -> None:
    assert "not valid at validation time" in verify_client(_client(days=days), _TRUST)
    assert "not valid at validation time" in verify_server(_server(days=days), _TRUST, "10.2.1.10")


def test_a_later_time_can_be_asked_for() -> None:
    assert "valid" in verify_client(_client(), _TRUST, datetime.now(UTC) + timedelta(days=31))


def test_no_more_authorities_than_the_root_allows() -> None:
    below = _INTERMEDIATE.intermediate("one too many")

    assert "path length" in verify_client(_client(below), _TRUST)
    assert "path length" in verify_server(_server(below), _TRUST, "10.2.1.10")


def test_the_intermediate_must_come_along() -> None:
    leaf_alone = _client().split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"

    assert "candidates exhausted" in verify_client(leaf_alone, _TRUST)


def test_an_intermediate_may_be_the_anchor() -> None:
    assert verify_client(_client(), to_pem([_INTERMEDIATE.certificate])) == ""


def test_another_root_with_the_same_name_is_another_root() -> None:
    assert "signature" in verify_client(_client(), to_pem([Authority.root("root", path_length=1).certificate]))


@pytest.mark.parametrize("chain", ["", "no PEM"])
def test_no_certificate_is_refused(chain: str) -> None:
    assert verify_client(chain, _TRUST) == "there is no certificate"


def test_an_authority_is_no_client() -> None:
    assert "cA must not be asserted" in verify_client(to_pem([_INTERMEDIATE.certificate]), _TRUST)
