"""Stack files that cannot be read: one sentence with its place, in no time, and a bad neighbour does not matter."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Problem, SettingsError, stack_file
from tests.conftest import PROGRAM

GOOD = (PROGRAM / "Pulumi.dev.yaml").read_text(encoding="utf-8")
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def _make_loop(file: Path) -> None:
    file.symlink_to(file.name)


UNREADABLE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "folder": (Path.mkdir, "Pulumi.bad.yaml", "a folder"),
    "broken link": (lambda file: file.symlink_to("nowhere"), "Pulumi.bad.yaml", "No such file"),
    "link loop": (_make_loop, "Pulumi.bad.yaml", "symbolic links"),
    "UTF-16": (lambda file: file.write_bytes(GOOD.encode("utf-16")), "Pulumi.bad.yaml:1", "save the file as UTF-8"),
    "Latin-1": (
        lambda file: file.write_bytes(GOOD.replace("myorg", "m\xfcorg").encode("latin-1")),
        "Pulumi.bad.yaml:5",
        "save the file as UTF-8",
    ),
    "binary": (lambda file: file.write_bytes(bytes(range(256))), "Pulumi.bad.yaml:2", "save the file as UTF-8"),
    "alias bomb": (lambda file: file.write_text(BOMB + GOOD), "Pulumi.bad.yaml:5", "those of aliases counted"),
    "anchor loop": (
        lambda file: file.write_text(GOOD.replace("    clusters:", "    tags: &t\n      x: *t\n    clusters:", 1)),
        "Pulumi.bad.yaml:17",
        "an alias of something else than what it stands in (*t)",
    ),
    "date that is none": (
        lambda file: file.write_text(GOOD.replace("myorg", "2026-13-45")),
        "Pulumi.bad.yaml",
        "a text in quotes",
    ),
    "number that is none": (
        lambda file: file.write_text(GOOD.replace("myorg", "0x_")),
        "Pulumi.bad.yaml",
        "a text in quotes",
    ),
    "brackets": (
        lambda file: file.write_text(GOOD.replace("myorg", "[" * 5000 + "]" * 5000)),
        "Pulumi.bad.yaml:5",
        "at most 50 maps and lists in each other",
    ),
}


def problem_of(folder: Path, stack: str) -> Problem:
    with pytest.raises(SettingsError) as error:
        stack_file.read(folder, stack)
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize("kind", UNREADABLE)
def test_it_is_told_in_one_sentence_with_its_place_and_at_once(kind: str, tmp_path: Path) -> None:
    make, where, said = UNREADABLE[kind]
    make(tmp_path / "Pulumi.bad.yaml")
    began = time.monotonic()
    problem = problem_of(tmp_path, "bad")
    assert time.monotonic() - began < 2
    assert problem.where == where
    assert said in f"{problem.given} {problem.expected}"
    assert "Traceback" not in str(problem)
    assert "recursion" not in str(problem)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_beside_a_good_file_it_does_not_matter(kind: str, tmp_path: Path) -> None:
    UNREADABLE[kind][0](tmp_path / "Pulumi.bad.yaml")
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD, encoding="utf-8")
    assert stack_file.SETTINGS_KEY in stack_file.read(tmp_path, "dev")


def test_encrypted_values_are_one_problem_that_names_them_all(tmp_path: Path) -> None:
    text = GOOD.replace("prefix: myorg", "prefix:\n      secure: v1:abc").replace(
        "port: 28883", "port:\n            secure: v1:xyz"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    problem = problem_of(tmp_path, "dev")
    assert "no setting is a secret" in problem.expected
    assert "clusters.enterprise.listener.port, prefix" in problem.hint
    assert "v1:" not in str(problem)
