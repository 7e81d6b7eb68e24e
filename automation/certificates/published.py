"""Certificates by the days that they have left, as the stack's output has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph.graph import Graph, Resource
from graph.inputs import text_at
from graph.tls_values import SIGNED


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
    return {find_subject(graph, one): window_of(one) for one in graph.of_type(SIGNED)}


def window_of_roots(windows: Iterable[timedelta]) -> timedelta:
    """Return how long before its end a root is to be replaced: what it still signs would outlive it."""
    return max(windows, default=timedelta())


def window_of(certificate: Resource) -> timedelta:
    """Return how long before its end a certificate is renewed; none of a root."""
    hours = certificate.plain_inputs.get("earlyRenewalHours")
    return timedelta(hours=hours if isinstance(hours, int | float) else 0)


def find_subject(graph: Graph, certificate: Resource) -> str:
    """Return the subject, which a signed certificate has from its request."""
    request = find_request(graph, certificate)
    return f"CN={text_at((request or certificate).plain_inputs, 'subject.commonName')}"


def find_request(graph: Graph, certificate: Resource) -> Resource | None:
    """Return what a certificate was asked for with; a root was not."""
    urns = certificate.property_dependencies.get("certRequestPem", ())
    return next((graph.resources[urn] for urn in urns if urn in graph.resources), None)


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
