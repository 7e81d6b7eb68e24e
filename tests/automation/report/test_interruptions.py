"""The page of a preview says when messages of each link would stand still."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.interruptions import Interruptions
from automation.report import render_preview
from rules.interruptions import Interruption
from tests.automation.report.conftest import HOSTILE, NOW, Recorded, evaluation
from tests.automation.report.document import Element, parse, rows, table
from tests.conftest import TWO_CLUSTERS

Render = Callable[[Interruptions | None], Element]


@pytest.fixture
def render(recorded: Recorded) -> Render:
    """The page of a preview that foresees this."""
    seen = evaluation(recorded(TWO_CLUSTERS), TWO_CLUSTERS)
    return lambda found: parse(render_preview(seen, DeploymentResult(), NOW, interruptions=found))


def test_each_link_tells_when_it_would_stand_still_for_how_long_and_why(render: Render) -> None:
    found = {
        "mill-to-enterprise": [
            Interruption("mill-to-enterprise", 65, 200, "the port differs"),
            Interruption("mill-to-enterprise", 600, None, "to-enterprise-input is taken away"),
        ],
        "site-to-enterprise": [],
    }
    page = render(found)
    shown = table(page.by_id("messages"), "When messages")
    assert rows(shown) == [
        ["mill-to-enterprise", "1 min 5 s", "3 min 20 s", "2 min 15 s", "the port differs"],
        ["mill-to-enterprise", "10 min 0 s", "for good", "to-enterprise-input is taken away"],
        ["site-to-enterprise", "no interruption"],
    ]
    assert "Links interrupted1" in page.by_id("verdict").words


def test_what_a_reason_says_is_text(render: Render) -> None:
    page = render({HOSTILE: [Interruption(HOSTILE, 0, 60, HOSTILE.rstrip("`"))]})
    assert rows(table(page, "When messages"))[0] == [HOSTILE, "0 min 0 s", "1 min 0 s", "1 min 0 s", HOSTILE[:-1]]
    assert not list(page.all("img"))


@pytest.mark.parametrize(
    ("found", "words"),
    [({}, "No link is deployed yet that could be interrupted."), (None, "What up does to messages is not known.")],
)
def test_where_no_link_is_deployed_or_nobody_can_say_it_says_that(
    found: Interruptions | None, words: str, render: Render
) -> None:
    page = render(found)
    assert words in page.by_id("messages").words
    assert "no interruption" not in page.by_id("messages").words
    assert "interrupted" not in page.by_id("verdict").words
