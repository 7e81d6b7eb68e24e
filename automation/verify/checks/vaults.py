"""Checks of Key Vaults and of the secrets in them. No value of a secret is ever asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from arm.types.keyvault import SECRET, VAULT
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import at

DAYS_LEFT = 30
"""A secret that ends earlier is told."""
_DAY = 24 * 60 * 60
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
    """Check that no secret ends within a month. Where a vault says no end, the certificate alone knows it."""
    for subject, body in look.seen(SECRET):
        ends = at(body, "properties.attributes.exp")
        days = (ends - look.now.timestamp()) / _DAY if isinstance(ends, int) else DAYS_LEFT
        if 0 < days < DAYS_LEFT:
            yield Problem(subject.label, f"it ends in {days:.0f} days", f"at least {DAYS_LEFT}")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
