"""The command about certificates."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from automation.commands import options
from automation.commands.options import LIVE
from automation.commands.result import CommandResult
from automation.commands.run import run_on_stack
from automation.commands.stack import Target
from automation.deployment.engine import EngineChoice


class Action(StrEnum):
    """What to do with certificates."""

    LIST = "list"
    REQUESTS = "requests"
    RETIRE = "retire"


def add_certificates(app: typer.Typer, find_program: Callable[[], Path]) -> None:
    """Add the command to the others."""

    @app.command(rich_help_panel=LIVE)
    def certificates(
        action: Annotated[
            Action,
            typer.Argument(
                metavar="ACTION",
                help="list; requests: write what an external CA is to sign; retire: old keys that still work.",
            ),
        ] = Action.LIST,
        stack: options.Stack = "dev",
        within: options.Within = 0,
        offline: options.Offline = False,
        engine: options.Engine = EngineChoice.AUTO,
        as_json: options.Json = False,
        junit: options.JUnit = None,
        ics: options.Ics = None,
        out: Annotated[
            Path | None,
            typer.Option(
                "--out", metavar="FOLDER", file_okay=False, help="Where requests go, if not beside the signed chains."
            ),
        ] = None,
    ) -> None:
        """Say how long each certificate lasts, where it is used, and what the next `up` makes of it.

        From the stack's state and its settings; Azure is not asked. Due is what is inside its renewal window or has
        ended, and a root that what it signs would outlive. Exits 1 when something is due, or when its end is not known.
        With `requests`, write the signing requests of a stack with an external CA (pki.external_ca); with `retire`, say
        which old keys still work beside new ones, for whom they wait, and what takes them away at once.
        """
        from automation.commands.certificate_requests import write_requests
        from automation.commands.certificates import Files, list_stack
        from automation.commands.retire import list_waiting

        def act(target: Target) -> CommandResult:
            if action is Action.REQUESTS:
                return write_requests(target, out)
            if action is Action.RETIRE:
                return list_waiting(target)
            return list_stack(target, within, Files(junit, ics))

        run_on_stack("certificates", find_program(), stack, act, offline=offline, as_json=as_json, engine=engine)
