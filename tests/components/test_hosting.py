"""The seam: who knows what a cluster stands on, and where a kind of host is registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from arm.hosting import BY_NODE_TYPE, BY_SCRIPT_TYPE, KINDS
from components import hosting
from graph.graph import Graph
from settings.fields import Hosting
from tests.conftest import PROGRAM, TWO_CLUSTERS, resolve

Recorded = Callable[..., Graph]

WHAT_A_HOST_IS_MADE_OF = re.compile(
    r"VirtualMachine|virtualMachines|VIRTUAL_MACHINE|arm\.types\.(?:compute|hybridcompute)|RUN_COMMAND"
    r"|\bvirtual machines?\b|\bVMs?\b|\baz vm\b|\bvm_\w+|import .*\bcompute\b"
)


KINDS_OF_HOST = {PROGRAM / "components/hosting", PROGRAM / "rules/hosting"}
# Tables of settings or of types by name, and what judges the files and facts of the one kind of node that runs scripts.
TABLES_BY_NAME = {
    PROGRAM / "rules" / file for file in ("written.py", "refusals.py", "facts/defaults.py", "facts/state_names.py")
}
JUDGE_NODES = {*(PROGRAM / "rehearsal/cluster").glob("node_*.py")}


def files_that_ask_the_host() -> Iterator[Path]:
    yield PROGRAM / "__main__.py"
    for room in ("components", "rules", "rehearsal/cluster", "automation/report"):
        for file in (PROGRAM / room).rglob("*"):
            if file.suffix in (".py", ".html") and not (KINDS_OF_HOST | TABLES_BY_NAME | JUDGE_NODES) & {
                file,
                *file.parents,
            }:
                yield file


def test_nobody_but_the_kinds_of_host_knows_what_one_is_made_of() -> None:
    files = list(files_that_ask_the_host())
    lines = {
        f"{file.relative_to(PROGRAM)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if WHAT_A_HOST_IS_MADE_OF.search(line)
    }

    assert len(files) > 60
    assert lines == set()


@pytest.mark.parametrize("kind", sorted({*KINDS, *hosting._CREATE}))
def test_a_kind_of_host_is_described_and_created_and_can_be_set(kind: str) -> None:
    assert kind in KINDS, f"arm/hosting.py does not describe {kind}"
    assert kind in hosting._CREATE, f"components/hosting/__init__.py does not create {kind}"
    try:
        TypeAdapter(Hosting).validate_python(kind)
    except ValidationError:
        pytest.fail(f"settings/fields.py does not accept the hosting {kind}")


def test_kinds_are_told_apart_by_their_machine_and_by_what_runs_scripts() -> None:
    assert list(BY_NODE_TYPE.values()) == [kind for kind in KINDS.values() if kind.node_type]
    assert list(BY_SCRIPT_TYPE.values()) == [kind for kind in KINDS.values() if kind.script_type]


def test_a_host_adds_the_outputs_that_its_description_promises(recorded: Recorded) -> None:
    outputs: dict[str, Any] = recorded(TWO_CLUSTERS).outputs
    settings = resolve(TWO_CLUSTERS)

    for name, cluster in settings.clusters.items():
        own = {"hosting", "resource_group", "arc_connected_cluster", "aio_instance", "key_vault"}
        assert set(outputs["clusters"][name]) - own == KINDS[cluster.hosting].outputs
