"""A type that has no row in arm/types/ is a finding that says what to add; nothing else stops or is left out."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from arm.types import BY_ARM_TYPE
from automation.deployment.deployment_result import DeploymentResult
from automation.report import render_preview
from automation.report.topology import read_topology
from graph.evaluate_stack import Evaluation, evaluate_stack
from graph.graph import as_json
from graph.schedule import schedule
from rules import judge
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM

_EXTRA = """
import pulumi_azure_native.servicebus as servicebus
pulumi.export("bus", servicebus.Namespace("bus", resource_group_name="rg-bus", namespace_name="sbns-bus").id)
pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "map", {"data": {}})
"""


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The program with a type that nothing is known of, and a package that has no stand-in."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "__main__.py").write_text((PROGRAM / "__main__.py").read_text(encoding="utf-8") + _EXTRA)
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(PROGRAM / name, folder)
    return evaluate_stack(load_stack(folder, "dev", stand_ins=True), preview=False)


def test_is_found_with_the_row_to_add_and_its_file(evaluation: Evaluation) -> None:
    texts = {
        one.resource: one.message for one in judge(evaluation.graph, evaluation.settings) if one.rule == "SHAPE-01"
    }
    assert 'add to arm/types/servicebus.py: ResourceType("servicebus", "Namespace",' in texts["bus"]
    assert "no stand-in for provider kubernetes" in texts["map"]
    assert texts.keys() == {"bus", "map"}


def test_everything_else_is_judged(evaluation: Evaluation) -> None:
    graph = evaluation.graph
    listener = graph.named("enterprise-link-listener")
    before = listener.inputs["properties"]["ports"][0].pop("authenticationRef")
    try:
        rules = {(one.rule, one.resource) for one in judge(graph, evaluation.settings)}
    finally:
        listener.inputs["properties"]["ports"][0]["authenticationRef"] = before
    assert ("MQTT-02", "enterprise-link-listener") in rules


def test_graph_schedule_drawing_and_report_go_on(evaluation: Evaluation) -> None:
    graph = evaluation.graph
    assert "arm" not in next(one for one in as_json(graph)["resources"] if one["name"] == "bus")
    assert schedule(graph).steps[graph.named("bus").urn].finish >= 0
    assert len(read_topology(graph, evaluation.settings).clusters) == 2
    assert "sbns-bus" in render_preview(evaluation, DeploymentResult(), datetime.now(UTC))


def test_a_namespace_of_service_bus_is_not_one_of_the_device_registry(evaluation: Evaluation) -> None:
    found = evaluation.graph.of_type(BY_ARM_TYPE["Microsoft.DeviceRegistry/namespaces"])
    assert "bus" not in {one.name for one in found}
