"""Stacks for lifecycle tests: one copy of the project each, driven by the Automation API with either engine.

Nothing outside the folder it is given is written: file:// backend, own PULUMI_HOME, no plugin is downloaded.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import yaml
from pulumi import automation as auto

from automation.deployment.deployer import Deployer
from automation.deployment.operations import EngineResult, Operation, run
from automation.deployment.run_journal import RunJournal
from automation.deployment.workspace import find_cli
from rehearsal.engine import OfflineCommand
from rehearsal.providers import ResourceProvider
from rehearsal.providers.serve import VARIABLE, serve
from settings import stack_file
from settings.stack_file import SETTINGS_KEY
from settings.stand_ins import STAND_INS, with_stand_ins
from tests.conftest import PROGRAM
from tests.engine.key_service import PROVIDER, serve_keys

Kind = Literal["offline", "pulumi"]

_PROGRAM_PARTS = ("Pulumi.yaml", "__main__.py", "requirements.txt", "components", "settings", "nodes")


_cli = cache(find_cli)


def has_language_host(pulumi: str) -> bool:
    """Whether the CLI can run a Python program by itself; else the program runs inline, in this process."""
    return Path(pulumi).with_name("pulumi-language-python").exists()


def engine_version(pulumi: str) -> str:
    """What the CLI says of itself; a build from source says what it was built with."""
    done = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() or "no version (a build from source)"


@dataclass
class StackUnderTest:
    """One stack; tests change the copy's files and settings between runs."""

    kind: Kind
    folder: Path
    providers: Mapping[str, ResourceProvider]
    """By plugin."""
    name: str
    checkpoints: bool = False
    """Whether the real engine writes its state after each resource, and not when it ends (#10668 of pulumi/pulumi)."""

    @classmethod
    def new(cls, kind: Kind, folder: Path, providers: Mapping[str, ResourceProvider], name: str) -> StackUnderTest:
        """A stack that was never deployed; `folder` is its own."""
        stack = cls(kind, folder, providers, name)
        _copy_project(stack.project, name)
        (folder / "state").mkdir()
        auto.Stack.create(name, stack._workspace(""))
        return stack

    def copy(self, folder: Path, providers: Mapping[str, ResourceProvider]) -> StackUnderTest:
        """Another one, with this one's program and state."""
        shutil.copytree(self.folder, folder)
        return StackUnderTest(self.kind, folder, providers, self.name)

    @property
    def runs(self) -> RunJournal:
        """What this machine has noted of the stack's runs."""
        return RunJournal(self.folder / "run.json")

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def settings(self) -> dict[str, Any]:
        """The stack's settings, to be changed and written back."""
        settings: dict[str, Any] = self._stack_file()["config"][SETTINGS_KEY]
        return settings

    @settings.setter
    def settings(self, settings: dict[str, Any]) -> None:
        document = self._stack_file()  # `stack init` has put the salt of the passphrase into it
        document["config"][SETTINGS_KEY] = settings
        _write(self._stack_path, document)

    def preview(self) -> EngineResult:
        return self.run("preview")

    def up(self, *, replace: Sequence[str] = (), may_fail: bool = False) -> EngineResult:
        return self.run("up", replace=replace, may_fail=may_fail)

    def refresh(self) -> EngineResult:
        return self.run("refresh")

    def destroy(self, *, may_fail: bool = False) -> EngineResult:
        return self.run("destroy", may_fail=may_fail)

    def run(self, operation: Operation, *, replace: Sequence[str] = (), may_fail: bool = False) -> EngineResult:
        """One operation; a failure fails the test unless it is asked for."""
        with self.opened() as stack:
            outcome = run(stack, operation, replace=replace)
        assert outcome.ok or may_fail, outcome.failures
        return outcome

    @contextmanager
    def deployer(self, **options: Any) -> Iterator[Deployer]:
        """What `python -m automation up` runs."""
        with self.opened() as stack:
            yield Deployer(stack, STAND_INS["subscription_id"], self.runs, **options)

    @contextmanager
    def opened(self) -> Iterator[auto.Stack]:
        """The stack, with the providers attached while the context lasts."""
        scripts = self.project / "nodes"
        attached = nullcontext("") if self.kind == "offline" else serve(self.providers)
        with mock.patch("nodes._DIRECTORY", scripts), attached as address:
            yield auto.Stack.select(self.name, self._workspace(address))

    def export(self) -> dict[str, Any]:
        """The state in the format of `pulumi stack export --show-secrets`."""
        deployment = auto.Stack.select(self.name, self._workspace("")).export_stack().deployment
        return dict(deployment or {})

    def stored(self) -> str:
        """The text of the state as the engine keeps it on disk."""
        if self.kind == "offline":
            return (self.project / ".rehearsal" / self.name / "state.json").read_text(encoding="utf-8")
        (file,) = (self.folder / "state" / ".pulumi" / "stacks" / "edge-stamps").glob(f"{self.name}.json")
        return file.read_text(encoding="utf-8")

    def _workspace(self, attached: str) -> auto.LocalWorkspace:
        command = OfflineCommand(self.providers) if self.kind == "offline" else _cli()
        environment = {
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_SKIP_CHECKPOINTS": str(not self.checkpoints).lower(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            VARIABLE: attached,
        }
        if self.kind == "pulumi":
            environment |= serve_keys()
        inline = not isinstance(command, OfflineCommand) and not has_language_host(command.command)
        return auto.LocalWorkspace(
            program=self._run_program if inline else None,
            work_dir=str(self.project),
            pulumi_home=str(self.folder / "home"),
            pulumi_command=command,
            env_vars=environment,
            secrets_provider=None if self.kind == "offline" else PROVIDER,
        )

    def _run_program(self) -> None:
        runpy.run_path(str(self.project), run_name="__main__")

    @property
    def _stack_path(self) -> Path:
        return self.project / f"Pulumi.{self.name}.yaml"

    def _stack_file(self) -> dict[str, Any]:
        document: dict[str, Any] = yaml.safe_load(self._stack_path.read_text(encoding="utf-8"))
        return document


def _copy_project(folder: Path, stack: str) -> None:
    """The program with a stack file in which stand-ins are filled in, run by the interpreter in use."""
    folder.mkdir(parents=True)
    for part in _PROGRAM_PARTS:
        source = PROGRAM / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    project["runtime"]["options"] = {"toolchain": "pip", "virtualenv": sys.prefix}
    _write(folder / "Pulumi.yaml", project)
    document = yaml.safe_load(stack_file.path(PROGRAM, stack).read_text(encoding="utf-8"))
    config, _ = with_stand_ins(document["config"])
    _write(folder / f"Pulumi.{stack}.yaml", document | {"config": config})


def _write(path: Path, document: Mapping[str, Any]) -> None:
    # As JSON, which is YAML in which every text has quotes: PyYAML leaves them off 0815, and Go reads a number then.
    path.write_text(json.dumps(dict(document), indent=2), encoding="utf-8")
