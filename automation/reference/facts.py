"""The page about the judge's facts: each with its source, the place in it, and the date."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from automation.reference.pages import render
from rules import facts
from rules.facts.children import Child, children_of
from rules.facts.extensions import Extension
from rules.facts.fact import Fact
from rules.facts.releases import RELEASES
from rules.facts.roles import Role

Row = Fact[object] | Role | Extension


def list_facts() -> dict[str, Row]:
    """Return every fact that stands by itself, by module and name; one that several modules import is told once."""
    found: set[int] = set()
    rows: dict[str, Row] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(facts.__path__)):
        for name, value in vars(importlib.import_module(f"rules.facts.{module}")).items():
            if isinstance(value, Fact | Role | Extension) and id(value) not in found:
                found.add(id(value))
                rows[f"{module}.{name}"] = value
    return rows


def render_facts() -> str:
    """Return docs/facts.md."""
    rows = {name: (_describe(row), row.source) for name, row in list_facts().items()}
    return render("facts.md", facts=rows, releases=RELEASES.values(), children=_list_children())


def _list_children() -> list[tuple[Child, str]]:
    """Return every child with the releases that create it."""
    releases: dict[tuple[str, str], list[str]] = {}
    children = {}
    for release in RELEASES.values():
        for child in children_of(release):
            children[child.arm_type, child.name] = child
            releases.setdefault((child.arm_type, child.name), []).append(release.name)
    return [
        (child, "all" if len(found := releases[key]) == len(RELEASES) else ", ".join(found))
        for key, child in children.items()
    ]


def _describe(row: Row) -> str:
    if isinstance(row, Role):
        return f"`{row.guid}`: {row.name}, for {row.needed}"
    if isinstance(row, Extension):
        return f"`{row.type}`, {len(row.settings)} settings"
    if isinstance(row.value, frozenset):
        return ", ".join(f"`{one}`" for one in sorted(row.value))
    value = _join(row.value) if isinstance(row.value, Mapping) else row.value
    return f"`{value}`"


def _join(parts: Mapping[str, object]) -> str:
    """Return an image as its parts are written, `publisher:offer:sku:version`, and limits by name."""
    if all(isinstance(part, str) for part in parts.values()):
        return ":".join(map(str, parts.values()))
    return ", ".join(f"{name} {part}" for name, part in parts.items())
