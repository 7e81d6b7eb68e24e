"""Deployed stacks for lifecycle tests, by engine: `pytest tests/engine --engine offline|pulumi`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.providers.serve import all_providers
from tests.engine.azure import Azure
from tests.engine.interface import Engine, Result
from tests.engine.offline_engine import OfflineEngine
from tests.engine.real_engine import NOT_RUN, RealEngine, engine_version, find_pulumi

STACK = "dev"
ENGINES: dict[str, type[Engine]] = {"offline": OfflineEngine, "pulumi": RealEngine}
"""By the option `--engine`; without it, both."""


@dataclass
class Deployment:
    """An engine and the Azure that it deploys into."""

    engine: Engine
    azure: Azure


@dataclass
class FirstUp(Deployment):
    """A stack from nothing: what the preview said and what `up` did."""

    preview: Result
    result: Result


def pytest_report_header() -> str:
    pulumi = find_pulumi()
    return f"pulumi: {engine_version(pulumi)}, {pulumi}" if pulumi else NOT_RUN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.get_verbosity() < 0:  # then there is no header
        terminalreporter.write_line(pytest_report_header())


@pytest.fixture(scope="session", params=ENGINES)
def engine_type(request: pytest.FixtureRequest) -> type[Engine]:
    name: str = request.param
    chosen = request.config.getoption("--engine")
    if chosen and name != chosen:
        pytest.skip(f"--engine {chosen}: not run on the {name} engine")
    if name == "pulumi" and find_pulumi() is None:
        pytest.skip(NOT_RUN)
    return ENGINES[name]


@pytest.fixture(scope="session")
def first_up(engine_type: type[Engine], tmp_path_factory: pytest.TempPathFactory) -> FirstUp:
    """Previewed and deployed once for all tests of a process; do not change it."""
    azure = Azure()
    engine = engine_type.new(tmp_path_factory.mktemp("first-up"), all_providers(azure.provider), STACK)
    preview = engine.preview()
    assert not azure.ids(), "a preview has created something"
    return FirstUp(engine, azure, preview, engine.up())


@pytest.fixture
def deployed(first_up: FirstUp, tmp_path: Path) -> Deployment:
    """The stack as the first `up` left it, the test's own."""
    azure = first_up.azure.copy(tmp_path)
    return Deployment(first_up.engine.copy(tmp_path / "engine", all_providers(azure.provider)), azure)
