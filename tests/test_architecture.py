"""Which part may know which: the order of the floors, and no circle between the rooms on them.

An import counts wherever it stands: at the top, inside a function, under `TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "settings": frozenset(),
    "nodes": frozenset(),
    "arm": frozenset(),
    "components": frozenset({"settings", "nodes", "arm"}),
    "__main__": frozenset({"settings", "nodes", "arm", "components"}),
    "graph": frozenset({"settings", "nodes", "arm"}),
    "rules": frozenset({"settings", "nodes", "arm", "graph"}),
    "rehearsal": frozenset({"settings", "nodes", "arm", "graph", "rules"}),
    "automation": frozenset({"settings", "nodes", "arm", "graph", "rules", "rehearsal"}),
}
"""Floor -> the floors that it may import beside itself. What is deployed knows nothing of what judges it."""

TABLES = frozenset({"settings/schema.py"})
"""Modules that may be longer than `LONGEST` lines: one row after another."""
LONGEST = 300


@dataclass(frozen=True)
class Import:
    """One import of a module of ours, and where it stands."""

    file: str
    line: int
    target: str
    """Dotted, with the imported name where that may be a module: `rules.lookup.View`."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.target}"

    @property
    def source(self) -> str:
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def list_files(root: Path) -> list[Path]:
    """Return all modules of the project but its tests."""
    return sorted([root / "__main__.py", *(file for floor in MAY_IMPORT for file in (root / floor).rglob("*.py"))])


def list_imports(root: Path) -> Iterator[Import]:
    """Yield every import of a module of ours."""
    for file in list_files(root):
        name = file.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for target in list_targets(node, Import(name, 0, "").source, is_package=file.name == "__init__.py"):
                if floor_of(target) in MAY_IMPORT:
                    yield Import(name, getattr(node, "lineno", 0), target)


def list_targets(node: ast.AST, module: str, *, is_package: bool) -> list[str]:
    """Return what a statement imports; relative imports are resolved from the module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    up = module.split(".")[: (1 if is_package else 0) - node.level or None] if node.level else []
    return [".".join([*up, *([node.module] if node.module else []), alias.name]) for alias in node.names]


def floor_of(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str, root: Path) -> str:
    """Return the folder of the second level, else the module that lies loose on its floor, else the floor."""
    floor, *rest = module.split(".")
    beside = root / floor / rest[0] if rest else root / floor
    return f"{floor}/{rest[0]}" if rest and (beside.is_dir() or beside.with_suffix(".py").exists()) else floor


def find_against_the_order(imports: Iterable[Import]) -> list[str]:
    return [
        f"{one}: {source} may import only {', '.join(sorted(MAY_IMPORT[source])) or 'nothing of ours'}"
        for one in imports
        if (source := floor_of(one.source)) != (target := floor_of(one.target)) and target not in MAY_IMPORT[source]
    ]


def find_circle(imports: Iterable[Import], root: Path) -> list[str]:
    """Return the imports that close a circle of rooms; none where there is no circle."""
    between: dict[tuple[str, str], Import] = {}
    for one in imports:
        pair = room_of(one.source, root), room_of(one.target, root)
        # A floor's own `__init__` offers what lies on it: to import from it is no circle with all of it.
        if pair[0] != pair[1] and floor_of(one.source) not in pair:
            between.setdefault(pair, one)
    order = TopologicalSorter[str]()
    for source, target in between:
        order.add(source, target)
    try:
        order.prepare()
    except CycleError as error:
        circle = error.args[1]  # each is imported by the next one
        return [
            f"{between[source, target]}: {source} may not import {target}, which itself needs {source}"
            for target, source in pairwise(circle)
        ]
    return []


def test_imports_keep_to_the_order_of_the_floors() -> None:
    found = find_against_the_order(list_imports(ROOT))
    assert not found, "\n".join(found)


def test_no_circle_between_rooms() -> None:
    found = find_circle(list_imports(ROOT), ROOT)
    assert not found, "\n".join(found)


JUDGES = ("rules", "rehearsal")
TABLES_OF_THE_PROGRAM = ("settings.roles", "settings.well_known", "settings.releases")


def find_borrowed_facts(root: Path) -> list[str]:
    """Return where the judge takes a fact from the program's tables: an import, or the release of the settings."""
    found = [
        f"{one}: the judge has its own facts, in rules/facts"
        for one in list_imports(root)
        if floor_of(one.source) in JUDGES and f"{one.target}.".startswith(tuple(f"{t}." for t in TABLES_OF_THE_PROGRAM))
    ]
    for file in (file for floor in JUDGES for file in (root / floor).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "name"}
        for node in ast.walk(tree):
            if _is_release_of_settings(node) and id(node) not in names:
                where = f"{file.relative_to(root).as_posix()}:{node.lineno}"
                found.append(f"{where} reads more than the name of the settings' release: see rules/facts/releases.py")
    return found


def _is_release_of_settings(node: ast.AST) -> TypeGuard[ast.Attribute]:
    if not isinstance(node, ast.Attribute) or node.attr != "release":
        return False
    owner = node.value
    return (owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")) == "settings"


def test_the_judge_takes_no_fact_from_the_program() -> None:
    found = find_borrowed_facts(ROOT)
    assert not found, "\n".join(found)


def test_facts_know_nothing_of_ours() -> None:
    found = [
        str(one)
        for one in list_imports(ROOT)
        if one.source.startswith("rules.facts") and not one.target.startswith("rules.facts.")
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from settings import roles", "rules/x.py:1 imports settings.roles"),
        ("def f():\n    from settings.releases import RELEASES", "rules/x.py:2 imports settings.releases.RELEASES"),
        ("import settings.well_known", "rules/x.py:1 imports settings.well_known"),
        ("def f(view):\n    return view.settings.release.aio_version", "rules/x.py:2 reads more than the name"),
        ("def f(settings):\n    release = settings.release", "rules/x.py:2 reads more than the name"),
    ],
)
def test_a_borrowed_fact_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    _write(tmp_path, {"rules/x.py": text})
    (found,) = find_borrowed_facts(tmp_path)
    assert words in found


def test_the_name_of_the_release_may_be_read(tmp_path: Path) -> None:
    _write(tmp_path, {"rules/x.py": "def f(view):\n    return view.settings.release.name"})
    assert not find_borrowed_facts(tmp_path)


def test_modules_are_short() -> None:
    long = {file.relative_to(ROOT).as_posix(): _count_lines(file) for file in list_files(ROOT)}
    long = {name: lines for name, lines in long.items() if lines > LONGEST}
    assert set(long) <= TABLES, f"more than {LONGEST} lines, and no table: {long}. Give each concern a module"
    assert set(long) == TABLES, f"no longer more than {LONGEST} lines: {sorted(TABLES - set(long))}. Take it off TABLES"


def _count_lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "components/x.py",
            "import graph.graph",
            "components/x.py:1 imports graph.graph: components may",
        ),
        ("settings/x.py", "def f():\n    from rules import judge", "settings/x.py:2 imports rules.judge: settings may"),
        (
            "graph/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rehearsal.azure import World",
            "graph/x.py:3 imports rehearsal.azure.World: graph may import only arm, nodes, settings",
        ),
        ("__main__.py", "import automation", "__main__.py:1 imports automation: __main__ may import only"),
    ],
)
def test_an_import_against_the_order_is_told_with_its_line(tmp_path: Path, file: str, text: str, words: str) -> None:
    _write(tmp_path, {file: text})
    (found,) = find_against_the_order(list_imports(tmp_path))
    assert words in found


@pytest.mark.parametrize("back", ["from rehearsal.azure import b", "from ..azure import b", "import rehearsal.azure.b"])
def test_a_circle_of_rooms_is_told_with_its_lines(tmp_path: Path, back: str) -> None:
    _write(
        tmp_path,
        {
            "rehearsal/azure/b.py": "from rehearsal.mqtt import c",
            "rehearsal/mqtt/c.py": "def f():\n    from rehearsal.cluster import a",
            "rehearsal/cluster/a.py": back,
        },
    )
    told = "\n".join(find_circle(list_imports(tmp_path), tmp_path))
    for line in ("rehearsal/azure/b.py:1", "rehearsal/mqtt/c.py:2", "rehearsal/cluster/a.py:1"):
        assert line in told


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in {"__main__.py": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
