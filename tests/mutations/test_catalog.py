"""The catalog of mistakes is whole: each still applies to the program of today, and leaves a program that can run."""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.mutations.catalog import Mutation, load_mutations
from tests.project_copy import PROGRAM

MUTATIONS = load_mutations()


def test_ids_are_unique() -> None:
    assert [name for name, times in Counter(one.id for one in MUTATIONS).items() if times > 1] == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.category}/{one.id}")
def test_a_mistake_applies_and_is_none_of_syntax(mutation: Mutation, tmp_path: Path) -> None:
    file = tmp_path / mutation.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((PROGRAM / mutation.file).read_bytes())
    mutation.apply(tmp_path)
    if file.suffix == ".py":
        ast.parse(file.read_text(encoding="utf-8"))
    elif file.suffix == ".sh":
        subprocess.run(["bash", "-n", str(file)], check=True, timeout=10)
