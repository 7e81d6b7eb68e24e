"""The rules that a deployment was judged by, and what each has found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.cluster.rules import CLUSTER_RULES
from rules import PREVIEW_RULES, RULES, Finding


@dataclass(frozen=True)
class Checked:
    """One rule."""

    id: str
    title: str
    source: str
    findings: int


@dataclass(frozen=True)
class Rules:
    """The section."""

    checked: Sequence[Checked]
    findings: Sequence[Finding]
    of_clusters: int
    of_azure: int


def rules(findings: Sequence[Finding]) -> Rules:
    """The section."""
    counts = Counter(finding.rule for finding in findings)
    checked = [Checked(rule.id, rule.title, rule.source, counts[rule.id]) for rule in RULES]
    checked += [Checked(rule, title, "Pulumi", counts[rule]) for rule, title, _ in PREVIEW_RULES]
    return Rules(checked, findings, len(CLUSTER_RULES), len(WORLD_RULES))
