"""What the page shows, section by section: computed from a run, then handed to the templates as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arm.values import UNKNOWN_MARKER, redact
from automation.certificates.published import Certificate, list_certificates, read_renewal_windows
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.interruptions import Interruptions
from automation.deployment.rehearsal import Rehearsal
from automation.report.resources import Resources, list_resources
from automation.report.timeline import Timeline, build_timeline
from automation.report.topology import Topology, read_topology
from automation.report.verdict import Trouble, find_failures, find_troubles
from graph.evaluate_stack import Evaluation
from graph.schedule import schedule
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.result import Proof
from rules import Finding


@dataclass(frozen=True)
class Page:
    """Everything on the page. What is None has not come about; the page says why."""

    kind: str
    """rehearsal | preview"""
    offline: bool
    stack: str
    release: str
    rendered: datetime
    ok: bool
    troubles: Sequence[Trouble]
    stand_ins: Sequence[str]
    topology: Topology
    timeline: Timeline
    resources: Resources
    findings: Sequence[Finding] | None
    certificates: Sequence[Certificate]
    certificates_are_issued: bool
    """Whether they are those of a deployment, or of this evaluation only."""
    has_report: bool
    """Whether the engine's report is part of it."""
    interruptions: Interruptions | None
    """What `up` would do to messages; None: nobody can say."""
    proof: Proof | None
    views: Sequence[ClusterView]
    names: Mapping[str, str]
    """Name in Arc -> name in the settings."""
    arc_proxy_commands: Mapping[str, str]
    broker_endpoints: Mapping[str, Mapping[str, Any]]

    @property
    def title(self) -> str:
        return "Rehearsal" if self.kind == "rehearsal" else "Offline preview" if self.offline else "Preview"

    @property
    def interrupted(self) -> int:
        """How many links would stand still for a while or for good."""
        return sum(map(bool, (self.interruptions or {}).values()))

    @property
    def deployed(self) -> bool:
        """Whether a deployment into the modelled Azure succeeded."""
        return self.kind == "rehearsal" and self.has_report and self.certificates_are_issued


def build_page(
    evaluation: Evaluation,
    report: DeploymentResult | None,
    now: datetime,
    *,
    offline: bool = True,
    run: Rehearsal | None = None,
    interruptions: Interruptions | None = None,
) -> Page:
    """Return the page of a rehearsal, however far it came; without one, of what the engine's preview says, if any."""
    is_issued = bool(report and report.ok) if run else bool(report and report.outputs)
    outputs = report.outputs if report and is_issued else None
    graph, settings, verification = evaluation.graph, evaluation.settings, run.verification if run else None
    known = outputs or redact(graph.outputs)
    topology = read_topology(graph, settings)
    clusters = [cluster.name for cluster in topology.clusters]
    return Page(
        kind="rehearsal" if run else "preview",
        offline=offline,
        stack=graph.stack,
        release=settings.release.name,
        rendered=now,
        ok=run.ok if run else report is None or report.ok,
        troubles=find_troubles(run) if run else find_failures(report, graph.stack),
        stand_ins=evaluation.stack.stand_ins,
        topology=topology,
        timeline=build_timeline(graph, schedule(graph), clusters),
        resources=list_resources(graph, clusters, report),
        findings=run.judgement.findings if run else None,
        certificates=list_certificates(_read(known, "certificates"), read_renewal_windows(graph), now),
        certificates_are_issued=is_issued,
        has_report=report is not None,
        interruptions=interruptions,
        proof=verification.proof if verification else None,
        views=verification.clusters if verification else (),
        names={cluster.names.connected_cluster: name for name, cluster in settings.clusters.items()},
        arc_proxy_commands=_read(known, "arc_proxy_commands"),
        broker_endpoints=_read(known, "broker_endpoints"),
    )


def _read(outputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an output by its keys, sorted; empty for what is not known yet."""
    found = outputs.get(name)
    return {key: _to_plain(found[key]) for key in sorted(found)} if isinstance(found, Mapping) else {}


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    return "" if value in (None, UNKNOWN_MARKER) else value
