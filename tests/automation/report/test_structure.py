"""The page stands alone, says to every reader what it says to the eye, and lets nothing of a run act in it."""

from __future__ import annotations

import base64
import hashlib
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from automation.deployment.rehearsal import Rehearsal
from automation.report import render_preview, render_rehearsal
from rules import Finding
from tests.automation.report.conftest import HOSTILE, NOW, Rehearsed, deployment_failed, judged, messages_failed
from tests.automation.report.document import Element, parse
from tests.conftest import PROGRAM


@pytest.fixture(scope="module", params=["rehearsal", "findings", "failed deployment", "failed messages", "preview"])
def page(request: pytest.FixtureRequest, rehearsed: Rehearsed) -> Element:
    """Each kind of page."""
    run = rehearsed.run
    if request.param == "preview":
        evaluation = run.judgement.evaluation
        return parse(render_preview(evaluation, None, NOW))
    if request.param == "findings":
        found = [Finding("NET-01", "site-virtual-network", "something"), Finding("MQTT-01", "x", "something else")]
        run = Rehearsal(replace(run.judgement, findings=found), run.engine)
    elif request.param == "failed deployment":
        run = deployment_failed(run)
    elif request.param == "failed messages":
        run = messages_failed(run)
    return parse(render_rehearsal(run, NOW))


def test_nothing_is_fetched(page: Element) -> None:
    leading = [
        value for one in page.all() for name, value in one.attributes.items() if name in ("href", "src", "action")
    ]
    assert leading
    assert [value for value in leading if not value.startswith("#")] == []
    assert list(page.all("link")) == []
    assert re.findall(r"url\(|@import", page.one("style").text) == []


def test_the_policy_admits_the_style_and_the_script_of_the_page_alone(page: Element) -> None:
    policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes).attributes["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind in ("style", "script"):
        texts = [one.text for one in page.all(kind)]
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
        assert rules[f"{kind}-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)
    inline = [name for one in page.all() for name in one.attributes if name == "style" or name.startswith("on")]
    assert inline == [], "the policy does not admit these"


def test_ids_are_unique_and_references_lead_somewhere(page: Element) -> None:
    ids = Counter(one.attributes["id"] for one in page.all() if "id" in one.attributes)
    assert [id_ for id_, count in ids.items() if count > 1] == []
    wanted = {one.attributes["href"].removeprefix("#") for one in page.all("a")}
    wanted |= {
        one.attributes[name] for name in ("aria-labelledby", "for") for one in page.all() if name in one.attributes
    }
    assert wanted - set(ids) == set()


def test_every_section_has_a_heading_and_a_place_in_the_navigation(page: Element) -> None:
    sections = [one.attributes["id"] for one in page.one("main").all("section")]
    assert [one.attributes["href"] for one in page.one("nav").all("a")] == [f"#{section}" for section in sections]
    assert sections == [
        "verdict", "topology", "timeline", "resources", "rules", "certificates", "messages", "access",
    ]  # fmt: skip
    for section in page.one("main").all("section"):
        assert page.by_id(section.attributes["aria-labelledby"]).tag in ("h1", "h2")


def test_headings_are_in_order(page: Element) -> None:
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [(before, after) for before, after in pairwise(levels) if after > before + 1] == []


def test_tables_say_what_they_are(page: Element) -> None:
    for table in page.all("table"):
        assert table.one("caption").words
        assert all(head.attributes.get("scope") in ("col", "row") for head in table.all("th"))
        assert all(list(row.all("th")) for row in table.all("tr")), "each row has a head"


def test_what_scrolls_is_reached_by_the_keyboard_and_has_a_name(page: Element) -> None:
    scrolling = [*page.all("div", "scroll"), *page.all("pre")]
    assert scrolling
    for one in scrolling:
        assert (one.attributes["tabindex"], one.attributes["role"]) == ("0", "group")
        assert one.attributes["aria-label"]
    assert all(table.inside("div", "scroll") for table in page.all("table"))


def test_pictures_have_a_text_or_are_hidden_from_readers(page: Element) -> None:
    for svg in page.all("svg"):
        hidden = svg.attributes.get("aria-hidden") == "true" or any(
            around.attributes.get("aria-hidden") == "true" for around in _around(svg)
        )
        assert hidden or (svg.attributes.get("role") == "img" and svg.attributes.get("aria-label"))


def _around(element: Element) -> list[Element]:
    return [element.parent, *_around(element.parent)] if element.parent else []


def test_the_head_says_language_title_and_width(page: Element) -> None:
    assert page.one("html").attributes["lang"] == "en"
    assert "stack dev" in page.one("title").text
    named = {one.attributes.get("name"): one.attributes.get("content") for one in page.all("meta")}
    assert named["viewport"] == "width=device-width, initial-scale=1"
    assert named["color-scheme"] == "light dark"


def test_the_filter_appears_only_with_its_script(page: Element) -> None:
    assert "hidden" in page.by_id("filter").attributes


def test_hostile_texts_stay_texts(changed: Rehearsal) -> None:
    graph = changed.judgement.deployment
    graph.named("site-resource-group").inputs["tags"] = {HOSTILE: HOSTILE}
    settings = graph.named("site-to-enterprise-endpoint").inputs["properties"]["mqttSettings"]
    settings["host"] = HOSTILE
    operations = graph.named("site-to-enterprise-input").inputs["properties"]["operations"]
    operations[0]["sourceSettings"]["dataSources"] = [HOSTILE]
    graph.outputs["certificates"]["client-root"]["subject"] = HOSTILE
    found = judged(changed)
    for run in (found, deployment_failed(changed, HOSTILE), messages_failed(changed, HOSTILE)):
        page = parse(render_rehearsal(run, NOW))
        assert {one.tag for one in page.all()} & {"img", "iframe", "object"} == set()
        assert HOSTILE in page.by_id("topology").text
        assert len(list(page.all("script"))) == len(list(page.all("style"))) == 1
    assert HOSTILE in parse(render_rehearsal(found, NOW)).by_id("certificates").text
    assert (
        HOSTILE.replace("`", "")
        in parse(render_rehearsal(deployment_failed(changed, HOSTILE), NOW)).by_id("verdict").text
    )


def test_the_same_run_at_the_same_time_makes_the_same_page(rehearsed: Rehearsed, html: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.write_bytes(pickle.dumps((rehearsed.run, NOW)))
    load = "import pickle, sys; run, now = pickle.load(open(sys.argv[1], 'rb'))"
    code = f"{load}; from automation.report import render_rehearsal; sys.stdout.write(render_rehearsal(run, now))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(run)],
            cwd=PROGRAM, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == html
