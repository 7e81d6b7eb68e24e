"""What a rehearsal prints at its end: causes with their places; after a failure never that nothing was found."""

from __future__ import annotations

import dataclasses

import pytest

from automation.commands import findings
from automation.commands.rehearsal_summary import print_summary
from automation.deployment.deployer import DeploymentResult
from automation.deployment.engine import ChosenEngine
from automation.deployment.failure import Failure
from automation.deployment.open_stack import load
from automation.deployment.rehearsal import Deployed, Rehearsal
from rules import judge
from rules.judgement import Judgement, judge_stack
from tests.conftest import PROGRAM


@pytest.fixture(scope="module")
def good() -> Judgement:
    found = judge_stack(load(PROGRAM, "dev", offline=True))
    assert not found.findings
    return found


def _after(judgement: Judgement, *failures: Failure) -> Rehearsal:
    up = DeploymentResult(failures=list(failures))
    return Rehearsal(judgement, ChosenEngine(), Deployed(up, None, {}, is_first=True))


def test_a_failed_deployment_is_not_said_to_be_without_findings(
    good: Judgement, capsys: pytest.CaptureFixture[str]
) -> None:
    print_summary(_after(good, Failure("urn:pulumi:dev::edge-stamps::t::site-node", "no such size", None)))
    said = capsys.readouterr().out
    assert "FAILED site-node: no such size" in said
    assert "no findings" not in said
    assert said.rstrip().splitlines()[-1].startswith("The rehearsal failed: 1 problem above")


def test_findings_are_printed_by_cause_with_file_and_line(good: Judgement, capsys: pytest.CaptureFixture[str]) -> None:
    graph = dataclasses.replace(good.deployment, resources=dict(good.deployment.resources))
    for name in ("site-storage-account", "enterprise-storage-account"):
        old = graph.named(name)
        graph.resources[old.urn] = dataclasses.replace(old, inputs={**old.inputs, "isHnsEnabled": False})
    broken = dataclasses.replace(good, deployment=graph, findings=judge(graph, good.stack.settings))
    findings.print_findings(broken)
    said = capsys.readouterr().out
    assert "2 findings by 1 of" in said and "1 cause." in said
    assert "HARD-01 enterprise-storage-account (components/cluster_stamp/registries.py:" in said
    assert "The same at site-storage-account." in said
    assert [one["where"] for one in findings.problems_of(broken.causes)] == ["enterprise-storage-account"]
