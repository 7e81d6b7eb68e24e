"""A project whose one stack is served by the stand-in for the CLI, with a provider that lives in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from rehearsal.engine import OfflineCommand
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.engine.memory import PACKAGE, MemoryProvider

STACK = "test"


class Project:
    """`program` is what the next operation runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = MemoryProvider()
        self.program: Callable[[], object] = lambda: None
        self.runs = 0
        """How often the program was run."""
        folder.joinpath("Pulumi.yaml").write_text("name: edge-stamps\nruntime: python\n", encoding="utf-8")
        self.with_settings(STACK)

    def with_settings(self, stack: str) -> None:
        settings = {**TWO_CLUSTERS, "prefix": stack}
        text = yaml.safe_dump({"config": {"edge-stamps:settings": settings}})
        self.folder.joinpath(f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")

    @property
    def command(self) -> OfflineCommand:
        return OfflineCommand(providers={PACKAGE: self.world}, program=self._run)

    @property
    def workspace(self) -> auto.LocalWorkspace:
        return auto.LocalWorkspace(work_dir=str(self.folder), pulumi_command=self.command)

    def stack(self) -> auto.Stack:
        """The stack, made if there is none."""
        return auto.Stack.create_or_select(STACK, self.workspace)

    def made(self, program: Callable[[], object]) -> auto.Stack:
        """The stack with this program deployed."""
        self.program = program
        stack = self.stack()
        stack.up()
        return stack

    def kept(self, name: str) -> Path:
        """What lasts of the stack."""
        return self.folder / ".rehearsal" / STACK / name

    def lock(self, **content: Any) -> Path:
        """Put a lock there, as another run would have."""
        file = self.kept("locks") / "other.json"
        file.parent.mkdir(exist_ok=True)
        known = {"pid": 4321, "username": "alice", "hostname": "laptop", "timestamp": "2026-11-24T15:00:00Z"}
        file.write_text(json.dumps(known | content), encoding="utf-8")
        return file

    def _run(self) -> object:
        self.runs += 1
        return self.program()
