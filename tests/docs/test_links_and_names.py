"""Everything that a page points at is there: files, headings, tests, rules."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.cluster.rules import CLUSTER_RULES
from rules import PREVIEW_RULES, RULES
from tests.conftest import PROGRAM
from tests.docs.pages import PAGES, Page, read

_MADE_BY_COMMANDS = re.compile(r"^(\.rehearsal|\.runs|\.venv|\.pulumi)(/|$)|^smoke-<stack>\.json$")
"""Paths that are not in the repository: a command makes them."""
_PATH = re.compile(r"^[\w.<>*-]+(/[\w.<>*-]*)*$")
_OF_A_NODE = ("etc", "run", "usr", "var")
_MACHINE_PATH = re.compile(r"(?<![\w.~/])/(home|root|Users|work|tmp|opt)/\w+")
_RULE = re.compile(r"\b([A-Z]+)-\d\d\b")


def broken_links(page: Page) -> list[str]:
    """Relative links that lead nowhere, or to a heading that is not there."""
    broken = []
    for link in page.links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = unquote(link).partition("#")
        file = (page.path.parent / target).resolve() if target else page.path
        if not file.exists() or (anchor and anchor not in read(file).anchors):
            broken.append(link)
    return broken


def missing_paths(page: Page) -> list[str]:
    """Texts in backticks that look like a path of the repository and are none."""
    return [span for span in page.spans if _names_a_path(span) and not _exists(span)]


def _names_a_path(span: str) -> bool:
    if not _PATH.match(span) or _MADE_BY_COMMANDS.match(span):
        return False
    first = span.partition("/")[0]
    if first in _OF_A_NODE:
        return False
    in_folder = "/" in span and first in _folders()
    return in_folder or bool(re.search(r"^(?!report|graph|mqtt-client).+\.(py|md|yaml|sh|toml|txt)$", span))


def _exists(span: str) -> bool:
    pattern = re.sub(r"<[^>]*>", "*", span).rstrip("/")
    places = (PROGRAM, PROGRAM / "docs", PROGRAM / "nodes")
    return any(next(place.glob(pattern), None) is not None for place in places)


@cache
def _folders() -> frozenset[str]:
    return frozenset(path.name for path in PROGRAM.iterdir() if path.is_dir() and not path.name.startswith("."))


def unknown_tests(page: Page) -> list[str]:
    """Tests that a page names and that are not there."""
    return [span for span in page.spans if re.fullmatch(r"test_\w+", span) and span not in _tests()]


@cache
def _tests() -> frozenset[str]:
    files = (PROGRAM / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.M))


def unknown_rules(page: Page) -> list[str]:
    """Ids of rules that no table has."""
    found = {match[0] for match in _RULE.finditer(page.prose) if match[1] in _rule_families()}
    return sorted(found - _rules())


@cache
def _rules() -> frozenset[str]:
    return frozenset(
        [
            *(rule.id for rule in RULES),
            *(rule.id for rule in PREVIEW_RULES),
            *(rule.id for rule in CLUSTER_RULES),
            *(rule.id for rule in WORLD_RULES),
        ]
    )


@cache
def _rule_families() -> frozenset[str]:
    return frozenset(rule_id.rpartition("-")[0] for rule_id in _rules())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_paths_tests_and_rules_are_there(page: Page) -> None:
    wrong = {
        "links": broken_links(page),
        "paths": missing_paths(page),
        "tests": unknown_tests(page),
        "rules": unknown_rules(page),
    }

    assert not any(wrong.values()), wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_knows_a_machine_or_is_cut_off(page: Page) -> None:
    cut_off = [line for line in page.text.splitlines() if line.rstrip().endswith("…")]

    assert (_MACHINE_PATH.findall(page.text), cut_off) == ([], [])


def test_every_page_is_reached_from_the_readme() -> None:
    reached, to_read = set(), [PROGRAM / "README.md"]
    while to_read:
        page = read(to_read.pop())
        if page.path in reached:
            continue
        reached.add(page.path)
        links = [(page.path.parent / link.partition("#")[0]).resolve() for link in page.links]
        spans = [PROGRAM / span for span in page.spans if span.startswith("docs/")]
        to_read += [path for path in (*links, *spans) if path.suffix == ".md" and path.is_file()]
        to_read += [file for path in spans if path.is_dir() for file in path.glob("*.md")]

    assert {page.name for page in PAGES if page.path not in reached} == set()


def _written(tmp_path: Path, text: str) -> Page:
    (tmp_path / "other.md").write_text("# Other page: a `name`, really\n", encoding="utf-8")
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    return read(tmp_path / "page.md")


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    page = _written(
        tmp_path,
        "[a](other.md) [b](other.md#other-page-a-name-really) [c](https://x.org/y) `[d](gone.md)`\n"
        "[e](gone.md) [f](other.md#gone) [g](#gone)\n```\n[h](gone.md)\n```\n",
    )

    assert broken_links(page) == ["gone.md", "other.md#gone", "#gone"]


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    page = _written(
        tmp_path,
        "`settings/schema.py` `nodes/*.sh` `components/` `Pulumi.<name>.yaml` `.rehearsal/` `site/output` `lib.sh`\n"
        "`settings/scheme.py` `nodes/*.ps1` `Pulumi.staging.yaml` `components/cluster_stamps/`\n",
    )

    expected = ["settings/scheme.py", "nodes/*.ps1", "Pulumi.staging.yaml", "components/cluster_stamps/"]
    assert missing_paths(page) == expected


def test_a_test_or_rule_that_is_not_there_is_told(tmp_path: Path) -> None:
    page = _written(
        tmp_path, "`test_no_cluster_waits_for_another_one` `test_nothing` SEC-01 SEC-99 CLUSTER-01 UTF-08\n"
    )

    assert (unknown_tests(page), unknown_rules(page)) == (["test_nothing"], ["SEC-99"])


@pytest.mark.parametrize(("text", "found"), [("in /home/me/x", True), ("/work/main", True), ("~/.ssh/id", False)])
def test_a_path_of_a_machine_is_noticed(text: str, found: bool) -> None:
    assert bool(_MACHINE_PATH.search(text)) == found
