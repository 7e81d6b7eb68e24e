"""A preview must say what the deployment does."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from arm.values import UNKNOWN
from graph.graph import Graph
from rules import compare
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench


@pytest.mark.parametrize("settings", [TWO_CLUSTERS, TWO_BROKERS], ids=["two clusters", "two brokers"])
def test_the_program_does_what_its_preview_says(settings: dict[str, object], recorded: Callable[..., Graph]) -> None:
    preview, deployment = recorded(settings, preview=True), recorded(settings)
    assert compare(preview, deployment) == []
    assert any(value is UNKNOWN for one in preview.resources.values() for value in one.inputs.values())


@pytest.fixture
def preview(recorded: Callable[..., Graph]) -> Graph:
    return recorded(TWO_CLUSTERS, preview=True)


def test_a_resource_that_appears(preview: Graph, two: Workbench) -> None:
    two.copy("site-subnet", "site-subnet-2")
    (finding,) = compare(preview, two.graph)
    assert (finding.rule, finding.resource) == ("PREVIEW-01", "site-subnet-2")
    assert "missing in the preview" in finding.message


def test_a_resource_that_vanishes(preview: Graph, two: Workbench) -> None:
    two.remove("site-subnet")
    assert [(one.rule, one.resource) for one in compare(preview, two.graph)] == [("PREVIEW-01", "site-subnet")]


def test_another_parent(preview: Graph, two: Workbench) -> None:
    two.get("site-subnet").parent = two.get("enterprise").urn
    (finding,) = compare(preview, two.graph)
    assert "site in the preview, enterprise in the deployment" in finding.message


def test_another_value(preview: Graph, two: Workbench) -> None:
    two.set("site-subnet", "addressPrefix", "10.1.2.0/24")
    (finding,) = compare(preview, two.graph)
    assert (finding.rule, finding.resource) == ("PREVIEW-02", "site-subnet")
    assert "'10.1.1.0/24' in the preview, '10.1.2.0/24'" in finding.message


def test_a_value_that_appears_inside(preview: Graph, two: Workbench) -> None:
    two.set("site-node", "osProfile.linuxConfiguration.more", True)
    (finding,) = compare(preview, two.graph)
    assert "osProfile.linuxConfiguration.more: None in the preview, True" in finding.message


def test_what_was_unknown_may_be_anything(preview: Graph, two: Workbench) -> None:
    two.set("site-connect-arc", "parameters.2.value", "anything")
    assert compare(preview, two.graph) == []


def test_a_preview_of_a_preview_is_itself(preview: Graph) -> None:
    assert compare(preview, copy.deepcopy(preview)) == []
    assert resolve(TWO_CLUSTERS).links
