"""Serves the modelled Azure of a rehearsed stack, for whatever talks to Azure Resource Manager (docs/serve.md)."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from automation.commands import next_steps
from automation.commands.result import CommandResult, refuse
from automation.console import pluralize, say
from automation.deployment.engine import EngineChoice, choose_engine
from automation.deployment.open_stack import load
from automation.deployment.serving import copy_rehearsed, serve_world
from rehearsal.arm_rest import HOURS, Served


def serve_stack(program: Path, stack: str, choice: EngineChoice, others: Mapping[str, object]) -> CommandResult:
    """Serve until SIGINT or SIGTERM; `others` are the options that have no sense beside.

    Raises:
        UnusableError: what earlier rehearsals have kept cannot be used.
    """
    if given := [name for name, value in others.items() if value]:
        text = f"it serves what is rehearsed and does nothing else, so that it goes without {', '.join(given)}"
        return refuse("usage", "--serve", text, next_steps.command("rehearse --serve", stack, engine=choice.flag))
    loaded, engine = load(program, stack, offline=True), choose_engine(choice)
    azure = copy_rehearsed(loaded, engine)
    if azure is None:
        text = f"nothing of stack {stack} is rehearsed with {engine} yet"
        return refuse("stack", stack, text, next_steps.command("rehearse", stack, engine=choice.flag))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with serve_world(azure, loaded) as (served, folder):
        resources = pluralize(len(azure.entries()), "resource")
        _print_how_to(served, folder, f"/subscriptions/{azure.surroundings.subscription_id}", stack, resources)
        ended.wait(HOURS * 3600)
    return CommandResult(show=lambda: say("Served no longer; the token and all that was written are forgotten."))


def _print_how_to(served: Served, folder: Path, subscription: str, stack: str, resources: str) -> None:
    """Print how to reach it; the token stands in files only."""
    names = ("token", "header", "ca.pem", "az")
    token, header, certificate, login = (shlex.quote(str(folder / name)) for name in names)
    url = f"{served.address}{subscription}/resources?api-version=2025-04-01"
    for line in (
        f"The modelled Azure of stack {stack}, {resources}: {served.address}",
        f"A copy, on this machine only, for {HOURS} hours at most. Ctrl-C ends it.",
        f"Token (only you can read it): {token}",
        f"Certificate to trust: {certificate}",
        "",
        "With curl:",
        f"  curl --cacert {certificate} -H @{header} '{url}'",
        "With az, in a shell of its own, as the login is for this run:",
        f"  export AZURE_CONFIG_DIR={login} REQUESTS_CA_BUNDLE={certificate}",
        f'  export IDENTITY_ENDPOINT={served.address}/msi/token IDENTITY_HEADER="$(cat {token})"',
        f"  az cloud register --name rehearsal --endpoint-resource-manager {served.address}",
        "  az cloud set --name rehearsal && az login --identity",
        "  az resource list --output table",
    ):
        say(line)
    sys.stdout.flush()
