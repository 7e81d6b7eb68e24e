"""Checks of Key Vaults and of the secrets in them. No value of a secret is ever asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from arm import ids
from arm.types.keyvault import SECRET, VAULT
from automation.certificates.published import find_subject, window_of
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import at
from graph.tls_values import SIGNED
from settings.signing_requests import find_outside_windows

_PROTECTION = ("enableSoftDelete", "enablePurgeProtection", "softDeleteRetentionInDays")


def check_protection(look: Look) -> Iterator[Problem]:
    """Check that what is deleted can be brought back."""
    for subject, body in look.seen(VAULT):
        if (seen := at(body, "properties.enableSoftDelete")) is not True:
            yield Problem(subject.label, f"enableSoftDelete is {show(seen)}", "true")
        yield from look.compare(subject, body, *(f"properties.{name}" for name in _PROTECTION[1:]))


def check_access(look: Look) -> Iterator[Problem]:
    """Check that roles decide who reads the vault, in this tenant, from where the settings say."""
    for subject, body in look.seen(VAULT):
        yield from look.compare(subject, body, "properties", without=_PROTECTION)


def check_enabled(look: Look) -> Iterator[Problem]:
    """Check that secret sync can read each secret."""
    for subject, body in look.seen(SECRET):
        if (seen := at(body, "properties.attributes.enabled")) is not True:
            yield Problem(subject.label, f"attributes.enabled is {show(seen)}", "true")


def check_valid(look: Look) -> Iterator[Problem]:
    """Check that no secret has ended, or is not valid yet."""
    for subject, body in look.seen(SECRET):
        ends, begins = at(body, "properties.attributes.exp"), at(body, "properties.attributes.nbf")
        now = look.now.timestamp()
        if isinstance(ends, int) and ends <= now:
            yield Problem(subject.label, f"it has ended on {_day(ends)}", "a later end")
        if isinstance(begins, int) and begins > now:
            yield Problem(subject.label, f"it is not valid before {_day(begins)}", "valid now")


def check_days_left(look: Look) -> Iterator[Problem]:
    """Check that none should have been renewed by now. Where a vault says no end, the certificate alone knows it."""
    windows = find_windows(look)
    for subject, body in look.seen(SECRET):
        ends, window = at(body, "properties.attributes.exp"), windows.get(ids.name_of(subject.id), timedelta())
        left = timedelta(seconds=ends - look.now.timestamp()) if isinstance(ends, int) else window
        if timedelta() < left < window:
            yield describe_end(subject.label, "it", left, window)


def find_windows(look: Look) -> dict[str, timedelta]:
    """Return vault secret -> how long before its end `up` makes it anew: the first that does so of what it holds."""
    graph, outside = look.expectation.view.graph, find_outside_windows(look.expectation.view.settings)
    resources, found = graph.resources, {}
    for subject in look.subjects(SECRET):
        held = subject.resource.property_dependencies.get("properties", ()) if subject.resource else ()
        windows = [window_of(resources[urn]) for urn in held if resources[urn].type == SIGNED]
        windows += [outside[one] for urn in held if (one := find_subject(graph, resources[urn])) in outside]
        found[ids.name_of(subject.id)] = min(windows, default=timedelta())
    return found


def describe_end(where: str, what: str, left: timedelta, window: timedelta) -> Problem:
    """Return what is told of one that should have been renewed by now, or has ended."""
    ends = f"ends in {left / timedelta(days=1):.0f} days" if left > timedelta() else "has ended"
    return Problem(where, f"{what} {ends}", f"renewed {window.days} days before its end" if window else "a later end")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
