"""The generated pages of docs/: a template each, filled with tables of the code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from arm.types.compute import VIRTUAL_MACHINE
from automation.deployment.deployer import MOST_RUNS
from automation.deployment.error_catalog import REMEDIES, TRANSIENTS
from automation.verify.checklists import CHECKLISTS
from automation.verify.checks import CHECKS
from automation.verify.inside import LOGGED, MOST_PAGES_OF_LOGS
from automation.verify.verification import COMMANDS, PLACES, WAYS
from rehearsal.azure.faults import KINDS
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.azure.refusals.quotas import QUOTAS
from rehearsal.cluster.rules import CLUSTER_RULES
from rehearsal.node.tools.apt import UPGRADE_SECONDS
from rehearsal.node.tools.host import BOOT_SECONDS
from rehearsal.node.tools.k3s import SETTLING_SECONDS
from rehearsal.node.tools.sources import ANSWERS, SOURCES
from rules import PREVIEW_RULES, RULES
from settings.rules import RULES as SETTINGS_RULES

DOCS = Path(__file__).parents[2] / "docs"
_TEMPLATES = Environment(  # noqa: S701 the pages are Markdown
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **tables: object) -> str:
    """Return the page."""
    return _TEMPLATES.get_template(template).render(tables)


def render_rules() -> str:
    """Return docs/rules.md."""
    return render(
        "rules.md",
        settings_rules=SETTINGS_RULES,
        rules=RULES,
        preview_rules=PREVIEW_RULES,
        world_rules=WORLD_RULES,
        cluster_rules=CLUSTER_RULES,
    )


def render_cluster() -> str:
    """Return docs/cluster.md."""
    return render("cluster.md", rules=CLUSTER_RULES)


def render_node() -> str:
    """Return docs/node.md."""
    seconds = {"boot": BOOT_SECONDS, "upgrade": UPGRADE_SECONDS, "settling": SETTLING_SECONDS}
    return render("node.md", answers=ANSWERS, sources=SOURCES, **seconds)


def render_world() -> str:
    """Return docs/world.md."""
    faults = [{"name": name, "kind": kind} for name, kind in KINDS.items()]
    return render("world.md", rules=WORLD_RULES, faults=faults, quotas=QUOTAS.values())


def render_errors() -> str:
    """Return docs/errors.md."""
    return render("errors.md", most_runs=MOST_RUNS, transients=TRANSIENTS, remedies=REMEDIES)


def render_verify() -> str:
    """Return docs/verify.md."""
    words = {word: f"`{word}`" for word in COMMANDS}
    places = {word: f"<{word.replace('_', ' ')}>" for word in (*PLACES, "node")}
    ways = {word: way.format_map(places) for word, way in WAYS[VIRTUAL_MACHINE].items()}
    remedies = {check.id: check.remedy.format_map(words | places | ways).replace("\n", ", ") for check in CHECKS}
    return render(
        "verify.md", checks=CHECKS, remedies=remedies, checklists=CHECKLISTS,
        logged=LOGGED, log_pages=MOST_PAGES_OF_LOGS,
    )  # fmt: skip


def write_or_check(pages: Mapping[str, Callable[[], str]], arguments: Sequence[str] | None, docs: Path = DOCS) -> int:
    """Write the pages (by file name), or return 1 and name those that are not current."""
    parser = argparse.ArgumentParser(description=write_or_check.__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the pages")
    action.add_argument("--check", action="store_true", help="exit with 1 if a page is not current")
    if parser.parse_args(arguments).write:
        for name, page in pages.items():
            (docs / name).write_text(page(), encoding="utf-8")
        return 0
    files = {docs / name: page for name, page in pages.items()}
    old = [file.name for file, page in files.items() if not file.exists() or file.read_text("utf-8") != page()]
    sys.stderr.writelines(f"docs/{name} is not what its tables say. Next: make docs\n" for name in old)
    return 1 if old else 0
