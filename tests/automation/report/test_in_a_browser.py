"""The page in Chromium: it fits a phone, asks nothing of the network, and works by keyboard and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import pytest

from automation.report import render_preview, render_rehearsal

pytest.importorskip("playwright", reason="playwright is not installed: make browser, and Chromium on PATH")
from playwright.sync_api import Browser, Page

from automation.report.browser import BrowserMissingError, chromium, find_chromium
from automation.report.screenshots import evaluate_fleet
from tests.automation.report.conftest import HOSTILE, NOW, Rehearsed, deployment_failed

KINDS = ("rehearsal", "failed", "fleet")
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def files(rehearsed: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each kind of page as a file; all are made before the browser starts, which brings an event loop of its own."""
    pages = {
        "rehearsal": render_rehearsal(rehearsed.run, NOW),
        "failed": render_rehearsal(deployment_failed(rehearsed.run, f"{HOSTILE} {'x' * 400}"), NOW),
        "fleet": render_preview(evaluate_fleet(7), None, NOW),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture(scope="module")
def browser(files: dict[str, Path]) -> Iterator[Browser]:
    assert files
    try:
        find_chromium()
    except BrowserMissingError as error:
        pytest.skip(str(error))
    with chromium() as running:
        yield running


@dataclass
class Opened:
    """A page in the browser, and what it did that it should not."""

    page: Page
    told: list[str]
    """Errors, and requests but that for the file itself."""


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Opener]:
    opener = Opener(browser, files)
    yield opener
    opener.close()


class Opener:
    """Opens pages, and closes them after the test."""

    def __init__(self, browser: Browser, files: dict[str, Path]) -> None:
        self._browser, self._files, self._pages = browser, files, list[Page]()

    def __call__(self, kind: str, width: int = 1280, scheme: Scheme = "light", *, script: bool = True) -> Opened:
        page = self._browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
        )
        self._pages.append(page)
        result = Opened(page, [])
        own = self._files[kind].as_uri()
        page.on("console", lambda message: result.told.append(message.text))
        page.on("pageerror", lambda error: result.told.append(str(error)))
        page.on("request", lambda request: None if request.url == own else result.told.append(request.url))
        page.goto(own)
        return result

    def close(self) -> None:
        for page in self._pages:
            page.close()


def open_all(page: Page) -> None:
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")


def violations(page: Page) -> list[tuple[str, str, str]]:
    """Rule, element and what is wrong, by axe-core with all of its rules."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [(one["id"], node["html"][:200], node["failureSummary"]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(kind: str, width: int, opened: Opener) -> None:
    page = opened(kind, width).page
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        open_all(page)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_for_and_nothing_goes_wrong(kind: str, opened: Opener) -> None:
    result = opened(kind)
    open_all(result.page)
    result.page.fill("#filter-text", "vault")
    result.page.wait_for_timeout(100)
    assert result.told == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["rehearsal", "failed"])
def test_axe_finds_no_violation(kind: str, scheme: Scheme, opened: Opener) -> None:
    page = opened(kind, 1280, scheme).page
    page.eval_on_selector_all("details:not(.resource)", "all => all.forEach(one => { one.open = true; })")
    page.eval_on_selector_all("details.resource:first-of-type", "all => all.forEach(one => { one.open = true; })")
    assert violations(page) == []


def test_axe_finds_no_violation_on_a_phone(opened: Opener) -> None:
    assert violations(opened("fleet", 390).page) == []


def test_the_filter_shows_what_fits_all_words_and_how_many(opened: Opener) -> None:
    page = opened("fleet").page
    page.fill("#filter-text", "SUBNET plant03")
    assert page.locator("details.resource:visible .resource-name").all_inner_texts() == ["plant03-subnet"]
    assert page.locator("#filter-count").inner_text() == "1 resource"
    counts = page.locator("details.place:visible > summary .note, details.concern:visible > summary .note")
    assert [text.split(" of ")[0] for text in counts.all_inner_texts()] == ["1", "1"], "of the groups, too"
    page.press("#filter-text", "Escape")
    assert page.locator("#filter-count").inner_text() == ""
    assert page.locator("details.place:visible").count() == 9
    assert page.locator("details.resource:visible").count() == 0, "folded again, as before"
    assert " of " not in page.locator("details.place > summary .note").first.inner_text()


def test_a_filter_that_nothing_fits_says_so(opened: Opener) -> None:
    page = opened("rehearsal").page
    page.fill("#filter-text", "no such thing")
    assert page.locator("#filter-count").inner_text() == "0 resources"
    assert page.locator("details.place:visible").count() == 0


def test_without_a_script_everything_is_there_but_the_filter(opened: Opener) -> None:
    page = opened("rehearsal", script=False).page
    assert not page.locator("#filter").is_visible()
    page.locator("details.concern > summary").first.click()
    page.locator("details.resource:visible > summary").first.click()
    assert page.locator("details.resource:visible pre").first.is_visible()


def test_the_keyboard_leads_past_the_navigation_and_into_a_resource(opened: Opener) -> None:
    page = opened("rehearsal").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "verdict"
    page.focus("#filter-text")
    for selector in ("details.place", "details.concern", "details.resource"):
        page.keyboard.press("Tab")
        assert page.evaluate("selector => document.activeElement.parentElement.matches(selector)", selector)
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus is seen"
        if not page.evaluate("document.activeElement.parentElement.open"):
            page.keyboard.press("Enter")
    assert page.locator("details.resource[open] pre").first.is_visible()


def test_a_reference_opens_what_it_leads_to(opened: Opener) -> None:
    page = opened("fleet").page
    page.fill("#filter-text", "plant03-network-interface")
    page.locator("details.resource:visible > summary").click()
    page.fill("#filter-text", "")
    page.eval_on_selector("details.place", "one => { one.open = false; }")
    target = page.locator("details.resource[open] dd a", has_text="plant03-subnet")
    link = target.get_attribute("href")
    page.goto(f"{page.url.split('#')[0]}{link}")
    assert page.locator(f"{link} > summary").is_visible(), "the clusters and concerns around it are opened"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_drawing_fits_the_width(width: int, opened: Opener) -> None:
    box = opened("rehearsal", width).page.locator(".drawing svg").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("kind", ["rehearsal", "fleet"])
def test_texts_of_the_drawing_lie_inside_their_boxes(kind: str, opened: Opener) -> None:
    page = opened(kind).page
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".drawing g")].flatMap((group) => {
          const box = group.querySelector(":scope > .box")?.getBoundingClientRect();
          const texts = box ? [...group.querySelectorAll(":scope > text")] : [];
          return texts.filter((one) => one.getBoundingClientRect().right > box.right).map((one) => one.textContent);
        })"""
    )
    assert outside == []


def test_colours_follow_the_reader(opened: Opener) -> None:
    grounds = [
        opened("rehearsal", scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(16, 21, 26)"]


def test_nothing_moves_for_who_wants_it_still(browser: Browser, files: dict[str, Path]) -> None:
    behaviours = []
    for motion in ("no-preference", "reduce"):
        page = browser.new_page(reduced_motion=motion)
        page.goto(files["rehearsal"].as_uri())
        behaviours.append(page.evaluate("getComputedStyle(document.documentElement).scrollBehavior"))
        page.close()
    assert behaviours == ["smooth", "auto"]
