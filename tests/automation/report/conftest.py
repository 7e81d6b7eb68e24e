"""One rehearsal of stack dev, with messages, for all tests of a module; and pages of runs that went wrong."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.failure import Failure
from automation.deployment.rehearsal import Rehearsal, rehearse
from automation.report import render_rehearsal
from graph.evaluate_stack import Evaluation
from graph.graph import Graph
from rehearsal.cluster.model import Symptom
from rules import judge
from settings.loaded_stack import LoadedStack
from tests.automation.report.document import Element, parse
from tests.conftest import PROGRAM, resolve

NOW = datetime(2031, 4, 5, 6, 7, tzinfo=UTC)
HOSTILE = "</script></style><img src=x onerror=alert(1)>&amp;\"'`"


@dataclass(frozen=True)
class Rehearsed:
    """A run, and where its stack lasts."""

    run: Rehearsal
    folder: Path

    @property
    def graph(self) -> Graph:
        return self.run.judgement.deployment


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    folder = tmp_path_factory.mktemp("project")
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    run = rehearse(folder, "dev", messages=20)
    assert run.ok
    return Rehearsed(run, folder)


@pytest.fixture(scope="module")
def html(rehearsed: Rehearsed) -> str:
    return render_rehearsal(rehearsed.run, NOW)


@pytest.fixture(scope="module")
def document(html: str) -> Element:
    return parse(html)


@pytest.fixture
def changed(rehearsed: Rehearsed) -> Iterator[Rehearsal]:
    """The run with a graph of its own, to be changed before it is judged again."""
    yield replace(rehearsed.run, judgement=replace(rehearsed.run.judgement, deployment=copy.deepcopy(rehearsed.graph)))


def judged(run: Rehearsal) -> Rehearsal:
    """The run as a rehearsal leaves it that has findings."""
    result = run.judgement
    findings = judge(result.deployment, result.stack.settings)
    assert findings
    return Rehearsal(replace(result, findings=findings), run.engine)


def deployment_failed(run: Rehearsal, message: str = "Status=409 Code=Conflict") -> Rehearsal:
    """The run as it is where Azure has refused the site's node."""
    assert run.deployed
    node = run.judgement.deployment.named("site-node").urn
    up = DeploymentResult(changes={}, failures=[Failure(node, message, None)])
    return Rehearsal(run.judgement, run.engine, replace(run.deployed, up=up, second_preview=None))


def messages_failed(run: Rehearsal, what: str = "the Secret is not there") -> Rehearsal:
    """The run as it is where the site's cluster misses a Secret, so that nothing is delivered."""
    assert run.verification and run.verification.proof
    site, *others = run.verification.clusters
    problem = Symptom("CLUSTER-22", site.name, "DataflowEndpoint mqtt-enterprise", what, "Wait for secret sync")
    link = replace(run.verification.proof.links[0], problems=[str(problem)], delivery=None, cases=())
    proof = replace(run.verification.proof, links=[link])
    verification = replace(run.verification, clusters=[replace(site, problems=[problem]), *others], proof=proof)
    return replace(run, verification=verification)


def evaluation(graph: Graph, settings: dict[str, object]) -> Evaluation:
    return Evaluation(LoadedStack(PROGRAM, "test", {}, resolve(settings), ("tenant_id",)), graph)


Recorded = Callable[..., Graph]
