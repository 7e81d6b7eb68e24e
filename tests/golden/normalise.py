"""A recorded graph as text that is the same in every run: keys, certificates and times become what they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import yaml
from cryptography import x509

from graph.graph import Graph, as_json

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_REQUEST = re.compile(r"-----BEGIN CERTIFICATE REQUEST-----.+?-----END CERTIFICATE REQUEST-----\n?", re.DOTALL)
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\n?", re.DOTALL)
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
_ENCODED_PARAMETERS = ("OBJECTS", "EXPECTED", "LINKS")


def as_text(graph: Graph) -> str:
    """Sorted YAML: one block a resource, with what ARM receives, what it waits for, and its options."""
    document = as_json(graph)
    resources = [_resource(resource) for resource in document["resources"]]
    return yaml.safe_dump(
        {"resources": resources, "outputs": _normal(document["outputs"])}, sort_keys=True, width=120, allow_unicode=True
    )


def _resource(resource: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in resource["options"].items() if value not in ("", [], {}, None, False)}
    given.pop("package", None)
    block: dict[str, Any] = {
        "urn": _short(resource["urn"]),
        "parent": _short(resource["parent"]),
        "waits for": sorted(_short(urn) for urn in resource["dependencies"]),
        "by property": {
            key: sorted(_short(urn) for urn in urns) for key, urns in resource["propertyDependencies"].items() if urns
        },
        "options": {
            key: [_short(item) for item in value] if isinstance(value, list) else _short(value)
            for key, value in given.items()
        },
        "secrets": resource["secretPaths"],
    }
    if "arm" in resource:
        block["arm"] = _normal(resource["arm"])
    else:
        block["inputs"] = _normal(resource["inputs"])
    return {key: value for key, value in block.items() if value}


def _short(value: Any) -> Any:
    """A URN without stack and project: type and name."""
    return "::".join(value.split("::")[2:]) if isinstance(value, str) and value.startswith("urn:pulumi:") else value


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("name") in _ENCODED_PARAMETERS:
            decoded = json.loads(base64.b64decode(value["value"]))
            return {"name": value["name"], "value (decoded)": _normal(decoded)}
        if set(value) == {"script"}:
            return {"script": f"<sha256 {hashlib.sha256(value['script'].encode()).hexdigest()[:16]}>"}
        return {key: "<time>" if key in ("exp", "nbf") else _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if not isinstance(value, str):
        return value
    if _SHA256.match(value):
        return "<sha256>"
    if _TIME.match(value):
        return "<time>"
    value = _CERTIFICATE.sub(lambda match: _certificate(match[0]), value)
    return _PUBLIC_KEY.sub("<public key>", _REQUEST.sub("<certificate request>", value))


def _certificate(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    days = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    return f"<certificate {certificate.subject.rfc4514_string()} by {certificate.issuer.rfc4514_string()}, {days} days>"
