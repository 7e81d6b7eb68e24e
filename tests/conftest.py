"""Options and fixtures of all tests."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from automation import cli
from automation.deployment.engine import ENGINE_VARIABLE, EngineChoice
from automation.deployment.run_journal import RunJournal
from graph.evaluate_stack import evaluate_config
from graph.graph import Graph
from rules import judgement
from settings import Settings, load, stack_file
from settings.stand_ins import with_stand_ins
from tests.real_tools import need, offer_built_tools

PROGRAM = Path(__file__).resolve().parent.parent

_SLOW = (PROGRAM / "tests" / "engine", PROGRAM / "tests" / "kubernetes")
"""Tests of real parts."""

TWO_CLUSTERS: dict[str, Any] = {"prefix": "myorg", "environment": "dev", "location": "eastus2"}
"""The least that a user writes."""

THREE_SITES: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {
        "berlin": {"code": "b", "address_space": "10.11.0.0/16"},
        "lyon": {"code": "l", "address_space": "10.12.0.0/16"},
        "porto": {"code": "p", "address_space": "10.13.0.0/16"},
        "enterprise": {"code": "e", "address_space": "10.20.0.0/16", "listener": {"dns_name": "mqtt.example.com"}},
    },
    "links": [{"from": site, "to": "enterprise"} for site in ("berlin", "lyon", "porto")],
}
"""Three sites into one enterprise."""

TWO_BROKERS: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {
        "site": {},
        "enterprise": {},
        "archive": {"code": "c", "address_space": "10.3.0.0/16", "listener": {"port": 28884}},
        "lone": {"code": "d", "address_space": "10.4.0.0/16"},
    },
    "links": [
        {"from": "site", "to": "enterprise", "topics": [{"from": "a/+", "to": "x"}, {"from": "b", "to": "y"}]},
        {"from": "site", "to": "archive", "generation": 2},
        {"from": "enterprise", "to": "archive"},
    ],
}
"""A site with two brokers, a broker that is a client too, and a cluster without any link."""


RUN_IN = (
    "import sys; from pathlib import Path; from automation import cli; cli.PROGRAM = Path(sys.argv.pop(1)); cli.app()"
)
"""Runs `python -m automation` for the project in the folder that is the first argument."""


def leave_note_of_a_killed_run(runs: RunJournal, began: str) -> None:
    """As if a run that began at this moment had been killed."""
    with mock.patch("automation.deployment.run_journal._now", lambda: began), runs.record_run():
        written = runs.file.read_text(encoding="utf-8")
    runs.file.write_text(written, encoding="utf-8")


def ask_no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `preview` and `up` work on a small program of a test, which is no whole stack."""
    monkeypatch.setattr(judgement, "judge", lambda *_: [])
    monkeypatch.setattr(judgement, "compare", lambda *_: [])


def take_dev_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let commands work in a folder with the program and without a stack, and ask no rules; return the file of dev."""
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(PROGRAM / name, folder)
    ask_no_rules(monkeypatch)
    monkeypatch.setattr(cli, "PROGRAM", folder)
    return (PROGRAM / "Pulumi.dev.yaml").read_text(encoding="utf-8")


def pytest_configure() -> None:
    """Run commands on the offline engine, whatever CLI is on PATH; who wants another one says so."""
    offer_built_tools()
    os.environ[ENGINE_VARIABLE] = EngineChoice.OFFLINE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes: left for the end, one process would wait for another."""
    items.sort(key=lambda item: not any(map(item.path.is_relative_to, _SLOW)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write the golden graphs anew")
    parser.addoption(
        "--questions", type=int, default=1000, help="how many random ones Mosquitto and the policy oracle are asked"
    )
    parser.addoption("--engine", choices=("offline", "pulumi"), help="which engine runs tests/engine; both if absent")


@pytest.fixture(scope="session")
def pulumi() -> Path:
    """The Pulumi CLI, for what runs on the real engine."""
    return need("pulumi", "pulumi")


def resolve(settings: dict[str, Any]) -> Settings:
    """These settings with stand-ins for the tenant's values."""
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: copy.deepcopy(settings)})
    return load(config[stack_file.SETTINGS_KEY])


def evaluate(settings: dict[str, Any], *, preview: bool = False, stack: str = "test") -> Graph:
    """The real program's graph for these settings."""
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: copy.deepcopy(settings)})
    return evaluate_config(PROGRAM, stack, config, resolve(settings), preview=preview)


@pytest.fixture(scope="session")
def recorded() -> Callable[..., Graph]:
    """Graphs by settings, each evaluated once; do not change what you get."""
    graphs: dict[tuple[str, bool], Graph] = {}

    def graph(settings: dict[str, Any], *, preview: bool = False) -> Graph:
        key = (repr(settings), preview)
        if key not in graphs:
            graphs[key] = evaluate(settings, preview=preview)
        return graphs[key]

    return graph
