"""What a rehearsal prints at its end: causes with their places; after a failure never that nothing was found."""

from __future__ import annotations

import dataclasses

import pytest

from automation.commands import findings
from automation.commands.rehearsal_summary import print_summary
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.engine import ChosenEngine
from automation.deployment.failure import Failure, failures_of
from automation.deployment.open_stack import load
from automation.deployment.operations import EngineResult
from automation.deployment.rehearsal import Deployed, Rehearsal
from graph.urns import STACK_TYPE
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


def test_what_failed_in_a_second_rehearsal_is_not_called_no_changes(
    good: Judgement, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _after(good, Failure("urn:pulumi:dev::edge-stamps::t::site-node", "no such size", None))
    assert run.deployed
    print_summary(dataclasses.replace(run, deployed=dataclasses.replace(run.deployed, is_first=False)))
    said = capsys.readouterr().out
    assert ": no change came to its end since the last rehearsal.\n" in said
    assert "no changes" not in said


def test_a_resource_that_failed_is_told_before_what_the_program_misses_then() -> None:
    resource = "urn:pulumi:dev::edge-stamps::t::site-connect-arc"
    program = {"": "the program failed", f"urn:pulumi:dev::edge-stamps::{STACK_TYPE}::x": "it, too"}
    found = failures_of(EngineResult("up", failures={**program, resource: "refused"}))
    assert [one.name for one in found] == ["site-connect-arc", *["the program or the engine"] * 2]


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
