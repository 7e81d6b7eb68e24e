"""Deployed stacks for lifecycle tests, by engine: `pytest tests/engine --engine offline|pulumi`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automation.deployment.operations import EngineResult
from graph.urns import name_of
from rehearsal.providers.serve import all_providers
from tests.engine.azure import Azure
from tests.engine.engine import Kind, StackUnderTest, engine_version

STACK = "dev"
ENGINES: tuple[Kind, ...] = ("offline", "pulumi")


@dataclass
class Deployment:
    """A stack and the Azure that it is deployed into."""

    stack: StackUnderTest
    azure: Azure

    def resource(self, name: str) -> dict[str, Any]:
        """The one resource of this logical name, as the state has it."""
        (found,) = (each for each in self.stack.export()["resources"] if name_of(each["urn"]) == name)
        return dict(found)

    def urn(self, name: str) -> str:
        """The URN of the one resource of this logical name."""
        return str(self.resource(name)["urn"])


@dataclass
class FirstUp(Deployment):
    """A stack from nothing: what the preview said and what `up` did."""

    preview: EngineResult
    result: EngineResult


def pytest_report_header() -> str:
    pulumi = shutil.which("pulumi")
    return f"pulumi: {engine_version(pulumi)}, {pulumi}" if pulumi else "pulumi: none, so the real engine is not tried"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.get_verbosity() < 0:  # then there is no header
        terminalreporter.write_line(pytest_report_header())


@pytest.fixture(scope="session", autouse=True)
def _no_foreign_settings() -> Iterator[None]:
    """Whatever the environment says of another Pulumi project, or of Azure, is not ours."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PULUMI_", "ARM_", "AZURE_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Kind:
    """Which engine runs the test; both without the option `--engine`."""
    kind: Kind = request.param
    chosen = request.config.getoption("--engine")
    if chosen and kind != chosen:
        pytest.skip(f"--engine {chosen}: not run on the {kind} engine")
    if kind == "pulumi":
        request.getfixturevalue("pulumi")
    return kind


@pytest.fixture(autouse=True)
def _only_where_it_can_run(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("only")
    if marker and request.getfixturevalue("engine") != marker.args[0]:
        pytest.skip(f"only on the {marker.args[0]} engine: {marker.kwargs['reason']}")


@pytest.fixture(scope="session")
def first_up(engine: Kind, tmp_path_factory: pytest.TempPathFactory) -> FirstUp:
    """Previewed and deployed once for all tests of a process; do not change it."""
    azure = Azure()
    stack = StackUnderTest.new(engine, tmp_path_factory.mktemp("first-up"), all_providers(azure.provider), STACK)
    preview = stack.preview()
    assert not azure.ids(), "a preview has created something"
    return FirstUp(stack, azure, preview, stack.up())


@pytest.fixture(scope="session")
def alone_up(engine: Kind, tmp_path_factory: pytest.TempPathFactory) -> FirstUp:
    """As `first_up`, of one cluster without links, which takes less than half as long; do not change it."""
    azure = Azure()
    folder = tmp_path_factory.mktemp("alone-up")
    stack = _leave_alone(StackUnderTest.new(engine, folder, all_providers(azure.provider), STACK))
    return FirstUp(stack, azure, stack.preview(), stack.up())


def _leave_alone(stack: StackUnderTest) -> StackUnderTest:
    """Take away every cluster but the site, and the links."""
    settings = stack.settings
    stack.settings = {**settings, "clusters": {"site": settings["clusters"]["site"]}, "links": []}
    return stack


@pytest.fixture
def deployed(first_up: FirstUp, tmp_path: Path) -> Deployment:
    """The stack as the first `up` left it, the test's own."""
    azure = first_up.azure.copy(tmp_path)
    return Deployment(first_up.stack.copy(tmp_path / "stack", all_providers(azure.provider)), azure)


@pytest.fixture(scope="session")
def protected_up(engine: Kind, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The stack `prod`, whose vaults, networks, nodes and keys are protected; do not change it."""
    azure = Azure()
    folder = tmp_path_factory.mktemp("protected")
    stack = StackUnderTest.new(engine, folder, all_providers(azure.provider), "prod")
    stack.up()
    return Deployment(stack, azure)


@pytest.fixture
def protected(protected_up: Deployment, tmp_path: Path) -> Deployment:
    """The protected stack, the test's own."""
    azure = protected_up.azure.copy(tmp_path)
    return Deployment(protected_up.stack.copy(tmp_path / "stack", all_providers(azure.provider)), azure)


@pytest.fixture
def fresh(engine: Kind, tmp_path: Path) -> Deployment:
    """The stack before its first `up`, the test's own."""
    azure = Azure()
    return Deployment(StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK), azure)


@pytest.fixture
def alone(engine: Kind, tmp_path: Path) -> Deployment:
    """One cluster without links, before its first `up`; the test's own."""
    azure = Azure()
    return Deployment(
        _leave_alone(StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK)), azure
    )
