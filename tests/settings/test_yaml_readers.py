"""A value without quotes is read alike by Python and by Pulumi's CLI, or refused."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from settings import SettingsError, stack_file
from settings.yaml_readers import find_read_differently
from tests.conftest import PROGRAM

DIFFERENT = {
    "0815": "a text here and a number for Pulumi",
    "+0815_1": "a text here and a number for Pulumi",
    "09": "a text here and a number for Pulumi",
    "1e3": "a text here and a number for Pulumi",
    "1.5E3": "a text here and a number for Pulumi",
    "0o17": "a text here and a number for Pulumi",
    "0X1F": "a text here and a number for Pulumi",
    "yes": "a truth value here and a text for Pulumi",
    "Off": "a truth value here and a text for Pulumi",
    "12:30": "a number here and a text for Pulumi",
    "1:30.5": "a number here and a text for Pulumi",
}
ALIKE = [
    "0815a",
    "010",
    "12",
    "+12",
    "1_000",
    "08.5",
    "-1.5e+3",
    "true",
    "False",
    "y",
    "~",
    "_1",
    "0x",
    "a:b",
    "10.1.0.0/16",
]


@pytest.mark.parametrize(("value", "readings"), DIFFERENT.items())
def test_what_is_read_differently_is_refused_with_both_readings(value: str, readings: str) -> None:
    problem = find_read_differently(f"tags:\n  costCenter: {value}\n", "Pulumi.dev.yaml")
    assert problem
    assert problem.where == "Pulumi.dev.yaml:2"
    assert problem.expected.endswith(f"without quotes {value} is {readings}")


@pytest.mark.parametrize(
    "text", ["a: '0815'", 'a: "yes"', "a: !!str 0815", "a: |\n  0815", *(f"a: {each}" for each in ALIKE)]
)
def test_what_is_read_alike_passes(text: str) -> None:
    assert find_read_differently(f"{text}\n", "Pulumi.dev.yaml") is None


def test_keys_and_items_of_lists_are_looked_at_too() -> None:
    assert find_read_differently("{0815: a}\n", "f")
    assert find_read_differently("- [a, 0815]\n", "f")


def test_a_tag_without_quotes_is_refused_where_the_stack_file_is_read(tmp_path: Path) -> None:
    text = (PROGRAM / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text(text.replace("prefix:", "tags: {costCenter: 0815}\n    prefix:", 1))
    with pytest.raises(SettingsError, match=r'example: +"0815"'):
        stack_file.read(tmp_path, "dev")


def test_the_real_cli_reads_as_is_said_here(pulumi: Path, tmp_path: Path) -> None:
    values = [*DIFFERENT, *ALIKE]
    (tmp_path / "Pulumi.yaml").write_text("name: edge-stamps\nruntime: python\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def run(*arguments: str) -> str:
        command = [str(pulumi), "--non-interactive", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    run("stack", "init", "dev")
    lines = "".join(f"    k{number}: {value}\n" for number, value in enumerate(values))
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config:\n  edge-stamps:settings:\n{lines}")
    theirs = json.loads(run("config", "get", "edge-stamps:settings", "--stack", "dev"))
    ours = yaml.safe_load(f"config:\n{lines}")["config"]
    differ = [value for key, value in zip(ours, values, strict=True) if ours[key] != theirs[key]]
    assert differ == [*DIFFERENT]
