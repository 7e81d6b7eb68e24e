"""What to do next. Offline nothing is advised that would act on the real stack of the same name."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from automation.deployment.engine import ENGINE_VARIABLE
from automation.deployment.find_remedy import find_remedy
from automation.deployment.placeholders import fill_in

_GO_ON = ("up", "refresh", "destroy", "rehearse")
COMMAND = ".venv/bin/python -m automation"
"""How the command is run where `make setup` has installed it."""


def command(name: str, stack: str, *, offline: bool = False, engine: str = "") -> str:
    """Return a command line to copy; `engine` is what `--engine` was given, if it was."""
    return f"{COMMAND} {name} --stack {stack}{' --offline' * offline}{f' --engine {engine}' if engine else ''}"


def start_from_nothing(stack: str, *, engine: str = "") -> str:
    """Return the command line that forgets what rehearsals have deployed."""
    return f"{f'{ENGINE_VARIABLE}={engine} ' if engine else ''}make rehearse-clean STACK={stack}"


def make_record(host: str, address: str) -> str:
    """Return which DNS record nobody makes: a name that leads nowhere stops every message, and nothing else says so."""
    return f"DNS record that the stack does not make: {host} -> {address}"


def when_locked(stack: str, files: Sequence[Path], *, offline: bool) -> str:
    """Another run holds the stack."""
    if not offline:
        return (
            f"wait until it has ended. Once you are sure that it has: pulumi cancel --stack {stack}, then the same"
            " command again; what it left half done is settled then"
        )
    named = " ".join(shlex.quote(str(file)) for file in files)
    return "wait until it has ended" + (f". Once you are sure that it has: rm {named}" if named else "")


def when_protected(stack: str, *, offline: bool, engine: str = "") -> str:
    """Something protected would be deleted."""
    if offline:
        return f"{start_from_nothing(stack, engine=engine)}, which takes the protection away first"
    return f"if they really shall go, pulumi state unprotect --all --stack {stack}, then the same command again"


def when_lost(urns: Sequence[str], stack: str, *, offline: bool) -> str:
    """Something protected is in the program no more."""
    return f"put back what makes them, or say their former names as `aliases`. {_go(urns, stack, offline=offline)}"


def when_replaced(urns: Sequence[str], stack: str, *, offline: bool) -> str:
    """Something protected would be made anew."""
    return f"put back what these inputs were. {_go(urns, stack, offline=offline)}"


def _go(urns: Sequence[str], stack: str, *, offline: bool) -> str:
    if offline:  # no CLI reaches the state of a rehearsal
        return (
            f"If they really shall go: set `protection: {{protect: false}}` in Pulumi.{stack}.yaml and run up with the"
            " program as it was, then change it and run up again; at last take the setting out"
        )
    named = " ".join(f"'{urn}'" for urn in urns)
    return f"If they really shall go: pulumi state unprotect --stack {stack} {named}, then the same command again"


def when_failed(text: str, stack: str, *, offline: bool) -> str:
    """Return the next step after the command itself failed; none when offline, where its own advice stands."""
    return "" if offline else fill_in(find_remedy(text), message=text, urn="", stack=stack)


def when_interrupted(command: str) -> str:
    """Ctrl-C, by command."""
    goes_on = "; it goes on from where it was" if command in _GO_ON else ""
    return f"run the same command again{goes_on}"
