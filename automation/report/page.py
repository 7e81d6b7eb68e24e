"""What the page shows, section by section: computed from a run, then handed to the templates as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arm.values import UNKNOWN_MARKER, redact
from automation.commands.rehearse import Run
from automation.deployment.deployer import Report
from automation.report.certificates import Certificate, certificates, renewal_windows
from automation.report.messages import Messages, messages
from automation.report.resources import Resources, resources
from automation.report.rules import Rules, rules
from automation.report.timeline import Timeline, timeline
from automation.report.topology import Topology, read_topology
from automation.report.verdict import Trouble, of_report, of_run
from graph.evaluate_stack import Evaluation
from graph.graph import Graph
from graph.schedule import schedule
from settings import Settings


@dataclass(frozen=True)
class Page:
    """Everything on the page. Sections that are None have not come about; the page says why."""

    kind: str
    """rehearsal | preview"""
    stack: str
    release: str
    rendered: datetime
    ok: bool
    troubles: Sequence[Trouble]
    stand_ins: Sequence[str]
    topology: Topology
    timeline: Timeline
    resources: Resources
    rules: Rules | None
    """None for a preview: nothing was judged."""
    certificates: Sequence[Certificate]
    certificates_are_issued: bool
    """Whether they are those of a deployment, or of this evaluation only."""
    deployed: bool
    """Whether a deployment into the modelled Azure went through."""
    asked_of_engine: bool
    """Whether the engine's preview is part of it."""
    messages: Messages | None
    arc_proxy_commands: Mapping[str, str]
    broker_endpoints: Mapping[str, Mapping[str, Any]]


def page_of_run(run: Run, now: datetime) -> Page:
    """The page of a rehearsal, however far it came."""
    result, deployed = run.rehearsal, run.deployed
    up = deployed.up if deployed else None
    outputs = up.outputs if up and up.ok and up.outputs else redact(result.deployment.outputs)
    return _page(
        "rehearsal", result.deployment, result.settings, outputs, now,
        ok=run.ok,
        troubles=of_run(run),
        stand_ins=result.stand_ins,
        report=up,
        rules=rules(result.findings),
        is_issued=bool(up and up.ok),
        messages=messages(run.traffic, result.settings) if run.traffic else None,
    )  # fmt: skip


def page_of_preview(evaluation: Evaluation, report: Report | None, now: datetime) -> Page:
    """The page before a deployment: the graph, and what the engine says if it was asked."""
    outputs = report.outputs if report and report.outputs else redact(evaluation.graph.outputs)
    return _page(
        "preview", evaluation.graph, evaluation.settings, outputs, now,
        ok=report is None or report.ok,
        troubles=of_report(report, evaluation.graph.stack) if report else [],
        stand_ins=evaluation.stand_ins,
        report=report,
        rules=None,
        is_issued=bool(report and report.outputs),
        messages=None,
    )  # fmt: skip


def _page(
    kind: str,
    graph: Graph,
    settings: Settings,
    outputs: Mapping[str, Any],
    now: datetime,
    *,
    ok: bool,
    troubles: Sequence[Trouble],
    stand_ins: Sequence[str],
    report: Report | None,
    rules: Rules | None,
    is_issued: bool,
    messages: Messages | None,
) -> Page:
    topology = read_topology(graph, settings)
    clusters = [cluster.name for cluster in topology.clusters]
    return Page(
        kind=kind,
        stack=graph.stack,
        release=settings.release.name,
        rendered=now,
        ok=ok,
        troubles=troubles,
        stand_ins=stand_ins,
        topology=topology,
        timeline=timeline(graph, schedule(graph), clusters),
        resources=resources(graph, clusters, report),
        rules=rules,
        certificates=certificates(_known(outputs, "certificates"), renewal_windows(graph), now),
        certificates_are_issued=is_issued,
        deployed=kind == "rehearsal" and report is not None and report.ok,
        asked_of_engine=report is not None,
        messages=messages,
        arc_proxy_commands=_known(outputs, "arc_proxy_commands"),
        broker_endpoints=_known(outputs, "broker_endpoints"),
    )


def _known(outputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An output by its keys, sorted; empty for what is not known yet."""
    found = outputs.get(name)
    if not isinstance(found, Mapping):
        return {}
    return {key: _plain(found[key]) for key in sorted(found)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return "" if value in (None, UNKNOWN_MARKER) else value
