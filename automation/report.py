"""What an operation did, for people and for machines."""

from __future__ import annotations

from collections import Counter
from typing import Any

from automation.console import say
from automation.deploy import Failure, Report
from automation.operations import name_of

DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
_MOST_CHANGES = 20


def report_as_document(report: Report, operation: str) -> dict[str, Any]:
    """What an operation did, as one JSON object."""
    return {
        "operation": operation,
        "ok": report.ok,
        "changes": report.changes,
        "notes": report.notes,
        "failures": [
            {
                "resource": failure.urn,
                "message": failure.message,
                "transient": failure.transient.id if failure.transient else None,
                "remedy": failure.remedy,
            }
            for failure in report.failures
        ],
        "outputs": report.outputs,
    }


def print_report(report: Report, operation: str, *, offline: bool) -> None:
    """Print what an operation did, or would do."""
    would = "would be " if operation == "preview" else ""
    counts = Counter(report.changes.values())
    told = ", ".join(f"{count} {would}{DONE[change]}" for change, count in sorted(counts.items()))
    say(told or "No changes.")
    if set(counts) - {"create", "delete"}:
        print_changes(report)
    for failure in report.failures:
        _print_failure(failure, offline=offline)
    if report.failures:
        say("\nNext: mend what is named above, then run the same command again; it goes on from here.")


def _print_failure(failure: Failure, *, offline: bool) -> None:
    say(f"\n  FAILED {failure.name}")
    say("    " + failure.message.strip().replace("\n", "\n    "))
    say(f"    -> {'In Azure: ' if offline else ''}{failure.remedy}")


def print_changes(report: Report) -> None:
    """One line a resource, and no more than a screen of them."""
    order = list(DONE)[::-1]  # what is dangerous first
    ordered = sorted(report.changes.items(), key=lambda item: (order.index(item[1]), item[0]))
    shown = [f"{change} {name_of(urn)}" for urn, change in ordered]
    for line in shown[:_MOST_CHANGES]:
        say(f"  {line}")
    if len(shown) > _MOST_CHANGES:
        say(f"  ... and {len(shown) - _MOST_CHANGES} more")
