"""Certificates by the days that they have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph.graph import Graph
from graph.inputs import text_at


@dataclass(frozen=True)
class Certificate:
    """One certificate, as the stack's output `certificates` publishes it."""

    name: str
    subject: str
    issuer: str
    not_after: datetime | None
    """None: known after the deployment."""
    sha256: str
    days_left: int | None
    """Whole days; negative once it has expired."""
    state: str
    """valid | renew | expired | unknown."""


def list_certificates(
    published: Mapping[str, Mapping[str, Any]], windows: Mapping[str, timedelta], now: datetime
) -> Sequence[Certificate]:
    """Return them, nearest expiry first; inside its window the next `up` issues a certificate anew."""
    found = [_read(name, one, windows, now) for name, one in published.items()]
    return sorted(found, key=lambda one: (one.not_after is None, one.not_after or now, one.name))


def read_renewal_windows(graph: Graph) -> dict[str, timedelta]:
    """Return subject -> how long before its end a certificate is renewed; roots are replaced by a new generation."""
    windows = {}
    for certificate in graph.of_type("tls:index/locallySignedCert:LocallySignedCert"):
        inputs = certificate.plain_inputs
        for urn in certificate.property_dependencies.get("certRequestPem", ()):
            subject = f"CN={text_at(graph.resources[urn].plain_inputs, 'subject.commonName')}"
            windows[subject] = timedelta(hours=inputs.get("earlyRenewalHours") or 0)
    return windows


def _read(name: str, one: Mapping[str, Any], windows: Mapping[str, timedelta], now: datetime) -> Certificate:
    not_after = _parse_time(one.get("not_after"))
    left = not_after - now if not_after else None
    subject = str(one.get("subject") or "")
    return Certificate(
        name,
        subject,
        str(one.get("issuer") or ""),
        not_after,
        str(one.get("sha256") or ""),
        left.days if left is not None else None,
        _find_state(left, windows.get(subject, timedelta())),
    )


def _find_state(left: timedelta | None, window: timedelta) -> str:
    if left is None:
        return "unknown"
    if left <= timedelta(0):
        return "expired"
    return "renew" if left <= window else "valid"


def _parse_time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:  # a marker for what is not known
        return None
