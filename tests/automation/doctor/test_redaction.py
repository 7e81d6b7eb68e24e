"""What is handed on for help has no secrets in it, also where a log was cut within one, and keeps what is none."""

from __future__ import annotations

import pytest

from automation.doctor.scrubbing import REMOVED, redact, redact_document

_LINES = [f"MHcCAQEEI{letter}kQ8Z1x+ab/Cd0123456789ABCDEFabcdefghijklmnopqrstuvwxyz0" for letter in "JKL"]
_PEM = "\n".join(["-----BEGIN EC PRIVATE KEY-----", *_LINES, "AwEHoUQD==", "-----END EC PRIVATE KEY-----"])
_ID = (
    "/subscriptions/5ab5c21e-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Storage/"
    "storageAccounts/stmyorga001x7k2q9abcdefABCDEF/blobServices/default/containers/schemas"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a {_PEM} b", f"a {REMOVED} b"),
        (f"a {_PEM[:80]}", f"a {REMOVED}"),
        (f"{_PEM[120:]} b", f"{REMOVED} b"),
        (f"a\n{_LINES[1]}\nb", f"a\n{REMOVED}\nb"),
        ("an eyJhbGciOiJSUzI1 b", f"an {REMOVED} b"),
        ("bearer abcd.efgh-ijkl b", f"{REMOVED} b"),
        ("client_secret: 'a b', c", f"client_secret: {REMOVED}, c"),
        (r"{\"token\":\"ab\"}", rf"{{\"token\":\{REMOVED}}}"),
        ("https://a:b@host/p?code=1 c", "https://host/p c"),
        ("AccountName=n;AccountKey=a;x b", f"{REMOVED} b"),
        ("sv=2024-11-04&sig=ab%2Fc b", f"{REMOVED} b"),
    ],
)
def test_a_secret_goes_and_what_is_around_it_stays(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        _ID,
        f"{_ID}: 403",
        "providers Microsoft.KubernetesConfiguration/extensions/Platform0123456789Platform",
        "Pod azure-iot-operations/aio-broker-backend-1-1: mcr.microsoft.com/a:1.2@sha256:" + "0123456789abcdef" * 4,
        "secret client-secret-enterprise-g1 is not there, and no token either",
        "10.2.1.10:8883 does not answer",
        "secretName=aio-broker-tls",
    ],
)
def test_names_addresses_and_fingerprints_stay(text: str) -> None:
    assert redact(text) == text


def test_in_a_document_keys_tell_too() -> None:
    document = {
        "id": _ID,
        "protectedParameters": [{"name": "a", "value": "b"}],
        "parameters": [{"name": "API_KEY", "value": "short"}, {"name": "NAMESPACE", "value": "aio"}],
        "properties": {"adminPassword": "short", "customData": "short", "secretRef": "name", "port": 8883, "token": ""},
        "items": [{"kind": "Secret", "data": {"a": "short"}}, {"kind": "ConfigMap", "data": {"a": "open"}}],
    }
    assert redact_document(document) == {
        "id": _ID,
        "protectedParameters": REMOVED,
        "parameters": [{"name": "API_KEY", "value": REMOVED}, {"name": "NAMESPACE", "value": "aio"}],
        "properties": {
            "adminPassword": REMOVED, "customData": REMOVED, "secretRef": "name", "port": 8883, "token": "",
        },
        "items": [{"kind": "Secret", "data": REMOVED}, {"kind": "ConfigMap", "data": {"a": "open"}}],
    }  # fmt: skip
