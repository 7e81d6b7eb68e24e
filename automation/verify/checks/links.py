"""Checks of what makes a link: the endpoint and the dataflows of the cluster that sends."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.iotoperations import DATAFLOW, DATAFLOW_ENDPOINT
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import text_at

_MODE = "mode"


def check_endpoint(look: Look) -> Iterator[Problem]:
    """Check that the endpoint leads to the other broker, with the link's certificate, and trusts one authority."""
    for subject, body in look.seen(DATAFLOW_ENDPOINT):
        yield from look.compare(subject, body, "properties")


def check_dataflows(look: Look) -> Iterator[Problem]:
    """Check that each dataflow takes its topic to its destination."""
    for subject, body in look.seen(DATAFLOW):
        yield from look.compare(subject, body, "properties", without=(_MODE,))


def check_enabled(look: Look) -> Iterator[Problem]:
    """Check that no dataflow is switched off."""
    for subject, body in look.seen(DATAFLOW):
        if (seen := text_at(body, f"properties.{_MODE}")) != "Enabled":
            yield Problem(subject.label, f"{_MODE} is {show(seen or None)}", "Enabled")
