"""Every error that ends a command, in words and without a traceback."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Mapping

from pulumi import RunError
from pulumi.automation import CommandError

from arm.schema.table import MissingTableError
from automation.commands import next_steps
from automation.commands.explain import UnknownPathError
from automation.commands.result import UNUSABLE, CommandResult, problem, refuse
from automation.deployment.api_versions import ApiVersionError
from automation.deployment.k3s_upgrades import K3sUpgradeError
from automation.deployment.open_stack import ExampleError
from automation.deployment.operations import reason
from automation.deployment.pending_creates import UnsettledError
from automation.deployment.protection import ProtectedError, ProtectedLossError, ProtectedReplacementError
from automation.deployment.script_runs import NoScriptsError
from automation.deployment.stack_lock import LockedError
from automation.deployment.state_check import RefusedByStateError
from automation.deployment.workspace import CliError, UnusableError
from graph.evaluate_stack import ProgramError
from graph.monitor import UnrecordableError
from graph.places import find_in_ground
from rehearsal.mqtt.install import MosquittoMissingError
from settings import TENANT_KEYS, Problem, SettingsError
from settings.errors import NOTHING, NamingError, TableError, as_yaml

_NOT_RUN = "not-run"


def result_of(error: Exception, command: str, stack: str, *, offline: bool, engine: str = "") -> CommandResult:
    """Return how the command ends on an error. Offline no command is advised that would act on a real stack."""
    if isinstance(error, SettingsError):
        return _of_settings(error, command, stack, offline=offline, engine=engine)
    if isinstance(error, MosquittoMissingError):
        return refuse("tool", "mosquitto", str(error), "install it, or add --without-messages")
    if isinstance(error, CliError):
        other = "choose --engine offline" if offline else "add --offline to deploy into the modelled Azure"
        text = f"{str(error).rstrip('.')}."
        return refuse("usage" if offline else "stack", stack, text, f"{error.remedy}, or {other}")
    if isinstance(error, OSError) and error.filename:
        text = f"{error.filename}: {error.strerror}."
        return refuse("file", str(error.filename), text, "make it readable and writable, or work in a copy")
    if not isinstance(error, tuple(_KINDS)):
        return _of_the_settings_code(error, stack) or _of_a_mistake(error)
    text, own_advice = _split(reason(error) if isinstance(error, CommandError) else str(error))
    if isinstance(error, ProgramError | RunError | UnrecordableError):
        text = f"The program failed: {text}"
    kind = next(kind for type_, kind in _KINDS.items() if isinstance(error, type_))
    advice = own_advice or _named(error, stack, offline=offline)
    return refuse(kind, stack, text, advice or _advice(kind, text, stack, offline=offline, engine=engine))


_KINDS: Mapping[type[Exception], str] = {
    ExampleError: "settings",
    UnknownPathError: "settings",
    LockedError: "lock",
    ProtectedError: "protection",
    ProtectedLossError: "protection",
    ProtectedReplacementError: "protection",
    ApiVersionError: "protection",
    K3sUpgradeError: "protection",
    ProgramError: "program",
    UnrecordableError: "program",
    MissingTableError: "program",
    NamingError: "program",
    TableError: "program",
    RunError: "program",
    CommandError: "command",
    UnusableError: "stack",
    UnsettledError: "stack",
    NoScriptsError: "usage",
}
"""Error -> the kind of problem in the document."""


def _named(error: Exception, stack: str, *, offline: bool) -> str:
    """Return the next step where it names what the error is about."""
    if isinstance(error, ProtectedLossError):
        return next_steps.when_lost(error.urns, stack, offline=offline)
    if isinstance(error, ProtectedReplacementError):
        return next_steps.when_replaced(error.urns, stack, offline=offline)
    return next_steps.when_locked(stack, error.files, offline=offline) if isinstance(error, LockedError) else ""


def _advice(kind: str, text: str, stack: str, *, offline: bool, engine: str) -> str:
    if kind == "protection":
        return next_steps.when_protected(stack, offline=offline, engine=engine)
    if kind == "command":
        return next_steps.when_failed(text, stack, offline=offline)
    return "fix the program, then run the command again" if kind == "program" else ""


def _of_the_settings_code(error: Exception, stack: str) -> CommandResult | None:
    """Return the ending where the settings' code failed, which is as much the user's as the program."""
    place = find_in_ground(error)
    text = f"The program failed: {place}: {type(error).__name__}: {error}"
    return refuse("program", stack, text, _advice("program", text, stack, offline=True, engine="")) if place else None


OWN_MISTAKE = "This is a mistake of the program, and not yours"
"""How the ending begins that names no mistake of anybody: the command itself broke down."""


def _of_a_mistake(error: Exception) -> CommandResult:
    with tempfile.NamedTemporaryFile(
        "w", prefix="edge-stamps-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        traceback.print_exception(error, file=file)
    what = f"{type(error).__name__}: {error}"
    text = f"{OWN_MISTAKE}: {what}\nThe traceback is in {file.name}."
    return refuse("program", "", text, "report it with that file; docs/commands.md says what the command should do")


def _of_settings(error: SettingsError, command: str, stack: str, *, offline: bool, engine: str) -> CommandResult:
    """Return every problem in the settings at once; what ran with stand-ins is checked with stand-ins too."""
    check = f"{next_steps.command('check', stack)} --rehearsal"
    unknown = next((each for each in error.problems if each.where == "stack"), None)
    tenant = [each for each in error.problems if each.where in TENANT_KEYS]
    if unknown:
        step = f"name a stack that has a file, as in {next_steps.command(command, unknown.example)}"
    elif isinstance(error, RefusedByStateError):
        again = _ask_again(command, stack, offline=offline, engine=engine)
        step = f"fix the problems above, then ask the stack's state again: {again}"
    elif command != "check":
        step = f"fix the problems above, then check again: {check if offline else check.removesuffix(' --rehearsal')}"
        if not offline and len(tenant) == len(error.problems):
            step += f"; without a tenant, in a modelled Azure: {next_steps.command(command, stack, offline=True)}"
    elif any(each.given != NOTHING for each in tenant):  # no stand-in takes the place of what the file says
        step = f"mend these, or take your tenant's values out of the file and check the rest: {check}"
    elif tenant:
        step = f"fill these in; to check without your tenant's values: {check}"
    else:
        step = ""
    problems = [_setting(each) for each in error.problems]
    return CommandResult(UNUSABLE, _NOT_RUN, error=str(error), problems=problems, next=step)


def _ask_again(command: str, stack: str, *, offline: bool, engine: str) -> str:
    """Return the command that looks at the stack's state and changes nothing, where there is one."""
    name = "preview" if command == "up" else command
    return next_steps.command(name, stack, offline=offline and name != "rehearse", engine=engine)


def _split(text: str) -> tuple[str, str]:
    """Split the text into the message and the next step that it names itself."""
    message, _, step = text.partition("Next: ")
    return message.strip().rstrip(".") + ("." if step else ""), step.strip()


def _setting(found: Problem) -> dict[str, str]:
    return problem(
        "setting",
        found.where,
        f"expected {found.expected}",
        at=found.at,
        given=as_yaml(found.given),
        expected=found.expected,
        example=found.example,
        hint=found.hint,
        rule=found.rule,
    )
