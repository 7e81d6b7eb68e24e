"""What the rules have found: the same words and keys whichever command has asked them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from automation.commands.result import FAILED, CommandResult, problem
from automation.console import pluralize, say
from rules import PREVIEW_RULES, RULES, Finding
from rules.causes import Cause
from rules.judgement import Judgement

COUNT = len(RULES) + len(PREVIEW_RULES)
NEXT = "fix the program or the settings, then run the command again; docs/rules.md explains the rules"


def result_of(judgement: Judgement) -> CommandResult:
    """Return how a command ends that stops at findings, before anything is created."""
    found = judgement.findings
    return CommandResult(
        FAILED,
        "not-run",
        show=lambda: print_findings(judgement),
        problems=problems_of(judgement.causes),
        next=NEXT,
        own=as_document(found),
    )


def print_findings(judgement: Judgement) -> None:
    """Print every cause, with its findings counted."""
    found, causes = judgement.findings, judgement.causes
    rules = len({finding.rule for finding in found})
    counted = f"{pluralize(len(found), 'finding')} by {rules} of {COUNT} rules"
    say(f"Stack {judgement.deployment.stack}: {counted}, {pluralize(len(causes), 'cause')}.")
    for cause in causes:
        lines = cause.message.replace("\n", "\n    ")
        say(f"\n  {cause.finding.rule} {cause.finding.where}\n    {lines}")


def problems_of(causes: Sequence[Cause]) -> list[dict[str, str]]:
    """Return what is to be mended as entries of the document's `problems`."""
    return [
        problem("finding", one.finding.resource, f"{one.finding.rule}: {' '.join(one.message.splitlines())}")
        for one in causes
    ]


def as_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the keys of the command's document that are about rules."""
    return {"rules": COUNT, "findings": [asdict(one) for one in findings]}
