"""What the checks read, and the tools that they may ask."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.doctor.requests import Request
from automation.doctor.tools import Tools
from settings import Settings, SettingsError, stack_file
from settings.loaded_stack import LoadedStack


@dataclass(frozen=True)
class Context:
    """One stack of one project on this machine."""

    program: Path
    stack: str
    tools: Tools
    read: LoadedStack | SettingsError
    """The stack, with stand-ins for what its file lacks, or why it cannot be used."""
    evaluated: Future[Sequence[Request]]
    """The requests that the program would send to Azure Resource Manager; the program runs meanwhile."""

    @property
    def settings(self) -> Settings:
        """Return the settings; only for checks that need the check `settings`."""
        assert isinstance(self.read, LoadedStack)
        return self.read.settings

    @property
    def requests(self) -> Sequence[Request]:
        """Return what the program would send; only for checks that need the check `program`."""
        return self.evaluated.result()

    @property
    def file(self) -> str:
        """Return the name of the stack's file."""
        return f"Pulumi.{stack_file.plain_name(self.stack)}.yaml"

    def tenant_value(self, key: str) -> str:
        """Return a tenant's value of the stack file; empty if the file lacks it."""
        if isinstance(self.read, SettingsError) or key in self.read.stand_ins:
            return ""
        return str(getattr(self.read.settings.tenant, key))

    def account(self) -> dict[str, Any]:
        """Return the subscription and the user that `az` works with.

        Raises:
            NoAnswerError: nobody is logged in.
        """
        found: dict[str, Any] = self.tools.az("account", "show")
        return found

    def subscription_id(self) -> str:
        """Return the stack's subscription; az's own if the stack file does not say."""
        return self.tenant_value("subscription_id") or str(self.account()["id"])
