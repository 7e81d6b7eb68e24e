"""The offline engine, on a copy of the project, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from unittest import mock

import pytest
import yaml

import rehearsal.engine as offline
from rehearsal.providers import ResourceProvider
from rehearsal.values import UNKNOWN, reveal
from settings.stack_file import SETTINGS_KEY
from tests.engine.interface import Result
from tests.engine.real_engine import STACK_TYPE, copy_project

_CHANGES = ("create", "update", "replace", "delete")


class OfflineEngine:
    """An `Engine` whose state is a file in `folder`. Of the copy it takes the stack file and the node scripts."""

    def __init__(self, folder: Path, providers: Mapping[str, ResourceProvider], stack: str) -> None:
        self.project = folder / "project"
        self._folder, self._providers, self._stack = folder, providers, stack

    @classmethod
    def new(cls, folder: Path, providers: Mapping[str, ResourceProvider], stack: str) -> Self:
        engine = cls(folder, providers, stack)
        copy_project(engine.project, stack)
        return engine

    def copy(self, folder: Path, providers: Mapping[str, ResourceProvider]) -> Self:
        shutil.copytree(self._folder, folder)
        return type(self)(folder, providers, self._stack)

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self._config[SETTINGS_KEY]
        return settings

    @settings.setter
    def settings(self, settings: dict[str, Any]) -> None:
        self._stack_path.write_text(yaml.safe_dump({"config": {SETTINGS_KEY: settings}}), encoding="utf-8")

    def preview(self) -> Result:
        return self._run(lambda engine: engine.preview())

    def up(self, *, replace: Sequence[str] = (), may_fail: bool = False) -> Result:
        if replace:
            pytest.skip("the offline engine does not replace on demand: this case runs on the real engine only")
        return self._run(lambda engine: engine.up(), may_fail=may_fail)

    def refresh(self) -> Result:
        return self._run(lambda engine: engine.refresh())

    def destroy(self) -> Result:
        return self._run(lambda engine: engine.destroy())

    def export(self) -> dict[str, Any]:
        return self._state().export()

    def _run(self, operation: Callable[[offline.Engine], offline.Result], *, may_fail: bool = False) -> Result:
        options = offline.Options(continue_on_error=may_fail)
        engine = offline.Engine(self.project, self._stack, self._config, self._providers, self._state(), options)
        with mock.patch("nodes._DIRECTORY", self.project / "nodes"):
            result = operation(engine)
        failures = {item.urn: item.message for item in result.diagnostics if item.severity == "error" and item.urn}
        assert result.succeeded or may_fail, result.summary()
        return Result(
            operations={
                urn: outcome for urn, outcome in result.changes.items() if outcome in _CHANGES and STACK_TYPE not in urn
            },
            outputs=_unknown_as_none(reveal(result.outputs)),
            failures=failures,
            text=result.summary(),
        )

    def _state(self) -> offline.State:
        return offline.State.load(self._folder / "state.json")

    @property
    def _stack_path(self) -> Path:
        return self.project / f"Pulumi.{self._stack}.yaml"

    @property
    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load(self._stack_path.read_text(encoding="utf-8"))["config"]
        return config


def _unknown_as_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unknown_as_none(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unknown_as_none(item) for item in value]
    return None if value is UNKNOWN else value
