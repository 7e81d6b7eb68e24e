"""What the rules have found: the same words and keys whichever command has asked them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from automation.commands.result import FAILED, CommandResult, problem
from automation.console import pluralize, say
from rules import PREVIEW_RULES, RULES, Finding
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
        problems=problems_of(found),
        next=NEXT,
        own=as_document(found),
    )


def print_findings(judgement: Judgement) -> None:
    """Print every finding."""
    found = judgement.findings
    rules = len({finding.rule for finding in found})
    say(f"Stack {judgement.deployment.stack}: {pluralize(len(found), 'finding')} by {rules} of {COUNT} rules.")
    for finding in found:
        say(f"\n  {finding.rule} {finding.resource}\n    {finding.message}")


def problems_of(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return the findings as entries of the document's `problems`."""
    return [problem("finding", each.resource, f"{each.rule}: {each.message}") for each in findings]


def as_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the keys of the command's document that are about rules."""
    return {"rules": COUNT, "findings": [asdict(one) for one in findings]}
