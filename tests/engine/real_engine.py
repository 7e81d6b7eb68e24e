"""The real engine: `pulumi` from PATH, on a copy of the project, with our providers attached.

Nothing outside the folder it is given is read or written but the program's own interpreter: file:// backend, own
PULUMI_HOME, no plugin is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from rehearsal.providers import ResourceProvider
from rehearsal.providers.serve import VARIABLE, serving
from rehearsal.stand_ins import with_stand_ins
from settings.stack_file import SETTINGS_KEY
from tests.conftest import PROGRAM
from tests.engine.interface import Result, name_of

NOT_RUN = "pulumi is not on PATH: the real engine was not exercised"
STACK_TYPE = "::pulumi:pulumi:Stack::"
_PROGRAM_PARTS = ("Pulumi.yaml", "__main__.py", "requirements.txt", "components", "settings", "nodes")
_SECONDS = 120
"""The longest that one command may take; the slowest takes 10 s on two cores."""
_OPERATIONS = {
    "create": "create", "update": "update", "delete": "delete", "replace": "replace",
    "create-replacement": "replace", "delete-replaced": "replace",
}  # fmt: skip
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class CommandFailedError(AssertionError):
    """The command failed; with all that it printed."""


def find_pulumi() -> Path | None:
    """The CLI, if it is on PATH with the language host beside it."""
    found = shutil.which("pulumi")
    if found is None or not (Path(found).parent / "pulumi-language-python").exists():
        return None
    return Path(found)


def engine_version(pulumi: Path) -> str:
    """What the CLI says of itself; a build from source says nothing."""
    done = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    return done.stdout.strip() or "no version (a build from source)"


def copy_project(folder: Path, stack: str) -> None:
    """The program with a stack file in which stand-ins are filled in, run by the interpreter in use."""
    folder.mkdir(parents=True)
    for part in _PROGRAM_PARTS:
        source = PROGRAM / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    project["runtime"]["options"] = {"toolchain": "pip", "virtualenv": sys.prefix}
    _write(folder / "Pulumi.yaml", project)
    stack_file = yaml.safe_load((PROGRAM / f"Pulumi.{stack}.yaml").read_text())
    config, _ = with_stand_ins(stack_file["config"])
    _write(folder / f"Pulumi.{stack}.yaml", stack_file | {"config": config})


class RealEngine:
    """An `Engine` that runs the CLI in `folder`."""

    def __init__(self, folder: Path, providers: Mapping[str, ResourceProvider], stack: str) -> None:
        self.project = folder / "project"
        self._folder, self._providers, self._stack = folder, providers, stack

    @classmethod
    def new(cls, folder: Path, providers: Mapping[str, ResourceProvider], stack: str) -> Self:
        engine = cls(folder, providers, stack)
        copy_project(engine.project, stack)
        (folder / "state").mkdir()
        engine._text_of("stack", "init", stack)
        return engine

    def copy(self, folder: Path, providers: Mapping[str, ResourceProvider]) -> Self:
        shutil.copytree(self._folder, folder)
        return type(self)(folder, providers, self._stack)

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self._stack_file()["config"][SETTINGS_KEY]
        return settings

    @settings.setter
    def settings(self, settings: dict[str, Any]) -> None:
        stack_file = self._stack_file()  # `stack init` has put the salt of the passphrase into it
        stack_file["config"][SETTINGS_KEY] = settings
        _write(self._stack_path, stack_file)

    def preview(self) -> Result:
        return self._run("preview")

    def up(self, *, replace: Sequence[str] = (), may_fail: bool = False) -> Result:
        options = [part for urn in replace for part in ("--replace", urn)]
        if may_fail:
            options.append("--continue-on-error")
        return self._run("up", "--yes", "--skip-preview", *options, may_fail=may_fail)

    def refresh(self) -> Result:
        return self._run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Result:
        return self._run("destroy", "--yes", "--skip-preview")

    def export(self) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self._text_of("stack", "export", "--stack", self._stack))
        return exported

    def _run(self, command: str, *options: str, may_fail: bool = False) -> Result:
        events = self._folder / "events.json"
        events.unlink(missing_ok=True)
        arguments = ("--stack", self._stack, "--parallel", "64", "--suppress-outputs", "--event-log", str(events))
        with serving(self._providers) as attached:
            done = self._pulumi(command, *arguments, *options, attached=attached)
        if not events.exists():
            raise CommandFailedError(f"pulumi {command} did not start:\n{done.stdout}\n{done.stderr}")
        result = result_of([json.loads(line) for line in events.read_text().splitlines()], done.stdout)
        if done.returncode and not may_fail:
            told = "\n".join(f"{name_of(urn)}: {message}" for urn, message in result.failures.items())
            raise CommandFailedError(
                f"pulumi {command} {' '.join(options)} failed:\n{told or done.stdout + done.stderr}"
            )
        return result

    def _text_of(self, *arguments: str) -> str:
        done = self._pulumi(*arguments)
        if done.returncode:
            raise CommandFailedError(f"pulumi {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _pulumi(self, *arguments: str, attached: str = "") -> subprocess.CompletedProcess[str]:
        """Run the CLI; on a time-out it ends with everything that it has started."""
        pulumi = find_pulumi()
        assert pulumi is not None, NOT_RUN
        process = subprocess.Popen(
            [pulumi, "--non-interactive", "--color", "never", *arguments],
            cwd=self.project, env=self._environment(attached), text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            output, errors = process.communicate(timeout=_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def _environment(self, attached: str) -> dict[str, str]:
        """Ours without whatever it says of another Pulumi project, or of Azure."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ARM_", "AZURE_"))
        }
        return inherited | {
            "PULUMI_HOME": str(self._folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self._folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # without it there is no --event-log
            "NO_PROXY": "127.0.0.1,localhost",
            VARIABLE: attached,
        }

    @property
    def _stack_path(self) -> Path:
        return self.project / f"Pulumi.{self._stack}.yaml"

    def _stack_file(self) -> dict[str, Any]:
        document: dict[str, Any] = yaml.safe_load(self._stack_path.read_text())
        return document


def result_of(events: Sequence[Mapping[str, Any]], text: str) -> Result:
    """The result in the engine's event log (sdk/go/common/apitype/events.go)."""
    operations: dict[str, str] = {}
    failures: dict[str, str] = {}
    outputs: Mapping[str, Any] = {}
    for event in events:
        told, done = event.get("diagnosticEvent", {}), event.get("resOutputsEvent")
        if told.get("severity") == "error" and STACK_TYPE not in told.get("urn", STACK_TYPE):
            failures[told["urn"]] = told["message"].strip()
        if done is None:
            continue
        step = done["metadata"]
        if STACK_TYPE in step["urn"]:
            outputs = (step["new"] or {}).get("outputs", {})
        elif step["op"] in _OPERATIONS:
            operations[step["urn"]] = _OPERATIONS[step["op"]]
    return Result(operations, _known(outputs), failures, text)


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return None if value == _UNKNOWN else value


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False))
