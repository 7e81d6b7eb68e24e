"""What is handed on for help has no secrets in it, also where a log was cut within one, and keeps what is none."""

from __future__ import annotations

import time

import pytest

from automation.scrubbing import REMOVED, redact, redact_document

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
        (r"{\"token\":\"ab\"}", rf"{{\"token\":{REMOVED}}}"),
        ("https://a:b@host/p?code=1 c", "https://host/p c"),
        ("AccountName=n;AccountKey=a;x b", f"{REMOVED} b"),
        ("sv=2024-11-04&sig=ab%2Fc b", f"{REMOVED} b"),
        ("sig=ab%2Fc b", f"{REMOVED} b"),
        ('a {"password": "Tr0ub d', f'a {{"password": {REMOVED}'),
        ("the token: 'Tr0ub d", f"the token: {REMOVED}"),
        (r'{"password":"ab\"rest","b":1}', f'{{"password":{REMOVED},"b":1}}'),
        (r"{\"token\":\"ab\\\"rest\",\"b\":1}", rf"{{\"token\":{REMOVED},\"b\":1}}"),
        ("Ocp-Apim-Subscription-Key: 0123456789abcdef0123456789abcdef b", f"Ocp-Apim-Subscription-Key: {REMOVED} b"),
        ("Cookie: a=b; c=d\ne", f"Cookie: {REMOVED}\ne"),
        ("Authorization: Token abc def\ne", f"Authorization: {REMOVED}\ne"),
        ("Authorization: ApiKey a:b", f"Authorization: {REMOVED}"),
        ("run --password 'a b' --user c", f"run --password {REMOVED} --user c"),
        ("mosquitto_pub -u a -P b -p 1883", f"mosquitto_pub -u a -P {REMOVED} -p 1883"),
        ('["--client-secret", "b", "c"]', f'["--client-secret", {REMOVED}, "c"]'),
        ("to user:p@ss/w@host:8883 b", "to host:8883 b"),
        ("dsn root:pw@tcp(db:3306)/aio", "dsn tcp(db:3306)/aio"),
        ('{"name":"DB_PASSWORD","value":"b","c":1}', f'{{"name":"DB_PASSWORD","value":{REMOVED},"c":1}}'),
        (f"a ghp_{'aB3' * 12} b", f"a {REMOVED} b"),
        ("a glpat-aB3-aB3_aB3aB3aB3aB3 b", f"a {REMOVED} b"),
        (f"a abC8Q~{'d.e-f_' * 6} b", f"a {REMOVED} b"),
        (f"a {'aB3-dE6_' * 5}aB3 b", f"a {REMOVED} b"),
    ],
)
def test_a_secret_goes_and_what_is_around_it_stays(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "name",
    [
        *("SECRET_KEY", "secretKey", "secretValue", "client_secret_value", "adminPasswords", "PASSWORD_1", "TOKENS"),
        *("mqtt.password.primary", "passphrase", "credential", "awsCredentials", "pass", "DB_PASS", "primaryKey"),
    ],
)
def test_a_name_that_says_secret_anywhere_hides_its_value(name: str) -> None:
    assert redact(f"{name}=short b") == f"{name}={REMOVED} b"
    assert redact(f'"{name}": "a b"') == f'"{name}": {REMOVED}'
    assert redact_document({name: "short"}) == {name: REMOVED}


@pytest.mark.parametrize(
    "name",
    [
        *("secretName", "secretRef", "tokenLifetime", "tokenAudience", "passwordFile", "secretProviderClass"),
        *("defaultSecretSyncClassRef", "credentialType", "secrets-store-csi-driver-abc12", "bypass", "keyVersion"),
    ],
)
def test_a_name_that_tells_of_a_secret_hides_nothing(name: str) -> None:
    assert redact(f"{name}: open") == f"{name}: open"
    assert redact_document({name: "open"}) == {name: "open"}


@pytest.mark.parametrize("piece", ["a", "a://", "a:", "token", "secret=", "-----BEGIN ", 'name":"', "--a", "eyJ", "a@"])
def test_long_texts_take_no_longer_than_their_length(piece: str) -> None:
    began = time.process_time()
    redact(piece * (400_000 // len(piece)))
    assert time.process_time() - began < 5, "seconds; what grows with the square of the length takes hours"


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
        "image docker.io/nginx:1.27@sha256:0a1b and nginx:1.27@sha256:0a1b",
        "Deployment-of-Iot-Operations-Instance-2026-and-its-Broker",
        "https://kv-a.vault.azure.net/secrets/password-g1: 404",
    ],
)
def test_names_addresses_and_fingerprints_stay(text: str) -> None:
    assert redact(text) == text


def test_in_a_document_keys_tell_too() -> None:
    document = {
        "id": _ID,
        "protectedParameters": [{"name": "a", "value": "b"}],
        "configurationProtectedSettings": {"a": "b"},
        "/subscriptions/1/vaults/v/secrets": ["open"],
        "parameters": [{"name": "API_KEY", "value": "short"}, {"name": "NAMESPACE", "value": "aio"}],
        "properties": {
            "adminPassword": "short",
            "customData": "short",
            "secretRef": "name",
            "port": 8883,
            "token": "",
            "allowSharedKeyAccess": False,
        },
        "items": [{"kind": "Secret", "data": {"a": "short"}}, {"kind": "ConfigMap", "data": {"a": "open"}}],
    }
    assert redact_document(document) == {
        "id": _ID,
        "protectedParameters": REMOVED,
        "configurationProtectedSettings": REMOVED,
        "/subscriptions/1/vaults/v/secrets": ["open"],
        "parameters": [{"name": "API_KEY", "value": REMOVED}, {"name": "NAMESPACE", "value": "aio"}],
        "properties": {
            "adminPassword": REMOVED, "customData": REMOVED, "secretRef": "name", "port": 8883, "token": "",
            "allowSharedKeyAccess": False,
        },
        "items": [{"kind": "Secret", "data": REMOVED}, {"kind": "ConfigMap", "data": {"a": "open"}}],
    }  # fmt: skip
