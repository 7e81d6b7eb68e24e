"""Checks of the Arc extensions that AIO consists of."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.kubernetesconfiguration import EXTENSION
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import at, list_at, text_at

_SETTINGS = "properties.configurationSettings"


def check_versions(look: Look) -> Iterator[Problem]:
    """Check that every extension runs in the version that belongs to the release."""
    versions = look.release.versions
    for subject, body in look.seen(EXTENSION):
        expected = versions.get(text_at(body, "properties.extensionType").lower(), "")
        for name in ("version", "currentVersion"):
            if (seen := text_at(body, f"properties.{name}")) != expected:
                yield Problem(subject.label, f"{name} is {show(seen or None)}", expected or "no such extension")


def check_auto_upgrade(look: Look) -> Iterator[Problem]:
    """Check that Azure upgrades no extension unasked: the three of a release belong together."""
    for subject, body in look.seen(EXTENSION):
        if (seen := at(body, "properties.autoUpgradeMinorVersion")) is not False:
            yield Problem(subject.label, f"autoUpgradeMinorVersion is {show(seen)}", "false")
        yield from look.compare(subject, body, "properties.releaseTrain")


def check_statuses(look: Look) -> Iterator[Problem]:
    """Check that no extension complains.

    Source of the fields: azure-mgmt-kubernetesconfiguration-extensions 1.0.0, ExtensionStatus.
    """
    for subject, body in look.seen(EXTENSION):
        for status in list_at(body, "properties.statuses"):
            if (level := text_at(status, "level")) not in ("Information", ""):
                words = text_at(status, "message") or text_at(status, "displayStatus")
                yield Problem(subject.label, f"{level} {text_at(status, 'code')}: {show(words)}", "no complaint")
        if message := text_at(body, "properties.errorInfo.message"):
            yield Problem(subject.label, f"errorInfo: {show(message)}", "no error")


def check_settings(look: Look) -> Iterator[Problem]:
    """Check that nobody has changed, removed or added a setting; namespace, identity and type too."""
    for subject, body in look.seen(EXTENSION):
        yield from look.compare(subject, body, _SETTINGS, exact=True)
        yield from look.compare(subject, body, "properties.extensionType", "properties.scope", "identity.type")
