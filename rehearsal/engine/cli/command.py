"""Serves the command lines of the Automation API with the offline engine, against a modelled Azure that lasts.

One thin layer: arguments in, JSON or a summary out, errors in the CLI's words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from arm.values import SECRET_MARKER, reveal, secret_paths
from graph.urns import STACK_TYPE
from rehearsal.azure.clock import Clock
from rehearsal.azure.faults import Faults
from rehearsal.engine.cli.arguments import Arguments, parse
from rehearsal.engine.cli.backend import Backend, BackendError
from rehearsal.engine.cli.events import stream_events
from rehearsal.engine.engine import Engine, Options, Program
from rehearsal.engine.recording import Recording
from rehearsal.engine.result import Result, UnsupportedError
from rehearsal.engine.state import State, StateError
from rehearsal.modelled_azure import make_surroundings
from rehearsal.providers import ResourceProvider
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import SettingsError, stack_file
from settings.loaded_stack import LoadedStack, load_stack
from settings.stand_ins import with_stand_ins

Output = Callable[[str], Any]
Providers = Mapping[str, ResourceProvider]

_FAILED = 1
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_LIKE = VersionInfo(3, 260, 0)
"""The CLI whose command lines these are; the Automation API streams events to it by gRPC."""


@dataclass(frozen=True)
class _Context:
    """What a command works on."""

    backend: Backend
    project: Path
    arguments: Arguments
    text: str = field(default="", repr=False)
    """Standard input."""

    @property
    def stack(self) -> str:
        return self.arguments.stack


class OfflineCommand(PulumiCommand):
    """A `PulumiCommand` that needs no CLI. Give it to `LocalWorkspaceOptions(pulumi_command=…)`."""

    def __init__(
        self,
        providers: Providers | None = None,
        faults: Faults | None = None,
        clock: Clock | None = None,
        program: Program | None = None,
        loaded: LoadedStack | None = None,
        *,
        replays: bool = False,
    ) -> None:
        """Take over from the CLI.

        Args:
            providers: attached in the place of a modelled Azure that lasts; `faults` and `clock` are the latter's.
            program: run in the place of the project's own.
            loaded: a stack that is loaded already, and not read again.
            replays: a preview after an `up` takes what that has registered instead of running the program again. It
                shows what the providers make of it; that the program says the same twice, rules PREVIEW-01 and -02 do.
        """
        self.command = "the offline engine"
        self.version = _LIKE
        self._providers = providers
        self._faults = faults
        self._clock = clock
        self._program = program
        self._loaded = loaded
        self._replays = replays
        self._recording: Recording | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Output | None = None,
        on_error: Output | None = None,
    ) -> CommandResult:
        """Run a command.

        Raises:
            CommandError: as with the CLI; its subclasses tell an unknown stack and a lock.
        """
        del additional_env  # there is no process to hand it to
        result = self._result(args, Path(cwd))
        _tell(result.stdout, on_output)
        _tell(result.stderr, on_error)
        if result.code:
            raise create_command_error(result)
        return result

    def run_with_input(self, args: list[str], cwd: str, text: str) -> CommandResult:
        """Run a command that reads its standard input; the result tells a failure."""
        return self._result(args, Path(cwd), text)

    def _result(self, args: list[str], project: Path, text: str = "") -> CommandResult:
        try:
            arguments = parse(args)
            context = _Context(Backend(project), project, arguments, text)
            if arguments.command in _OPERATIONS:
                return self._operate(context)
            return CommandResult(_COMMANDS[arguments.command](context) or "", "", 0)
        except (BackendError, StateError) as error:
            return CommandResult("", str(error), _FAILED)
        except (UnsupportedError, SettingsError) as error:
            return CommandResult("", f"error: {error}", _FAILED)

    def _operate(self, context: _Context) -> CommandResult:
        """Preview, up, refresh or destroy; a failed one has done and kept what it could."""
        arguments, begun = context.arguments, datetime.now(UTC)
        previews = arguments.command == ("preview",) or arguments.has("--preview-only")
        stack = self._load(context)
        # As with the CLI's own backends, a preview needs no lock.
        with nullcontext() if previews else context.backend.locked(context.stack), ExitStack() as at_the_end:
            state = context.backend.state(context.stack)
            replace = arguments.flags.get("--replace", [])
            _refuse_unknown(replace, state)
            providers = self._providers
            if not providers:
                tenant = stack.settings.tenant
                surroundings = make_surroundings(
                    tenant.subscription_id, tenant.tenant_id, stack.settings.machines, stack.settings.outside
                )
                world = context.backend.world(context.stack, surroundings, faults=self._faults, clock=self._clock)
                at_the_end.callback(world.compact)
                providers = all_providers(AzureProvider(world))
            with stream_events(arguments.value("--event-log"), planning=previews) as stream:
                takes_down = Recording() if self._replays and arguments.command == ("up",) else None
                options = Options(
                    parallel=int(arguments.value("--parallel", "64")),
                    continue_on_error=arguments.has("--continue-on-error"),
                    replace=replace,
                    observe=stream.step,
                    tell=stream.tell,
                    recording=takes_down,
                )
                program = self._recording if previews and self._recording else self._program or context.project
                engine = Engine(program, context.stack, stack.config, providers, state, options)
                result = _OPERATIONS[arguments.command](engine, previews)
                stream.end(result, state)
            if not previews:
                context.backend.remember(context.stack, _entry(context, stack.config, result, begun))
        self._recording = takes_down if result.succeeded else None
        failed = not result.succeeded or (arguments.has("--expect-no-changes") and bool(result.changes))
        message = f"error: {arguments.command[0]} failed" if failed else ""
        return CommandResult(result.summary(), message, _FAILED if failed else 0)

    def _load(self, context: _Context) -> LoadedStack:
        loaded = self._loaded
        if loaded and (loaded.folder, loaded.name) == (context.project, context.stack):
            return loaded
        return load_stack(context.project, context.stack, stand_ins=True)


def _tell(text: str, callback: Output | None) -> None:
    if callback is not None:
        for line in text.splitlines():
            callback(line)


_OPERATIONS: Mapping[tuple[str, ...], Callable[[Engine, bool], Result]] = {
    ("preview",): lambda engine, _: engine.preview(),
    ("up",): lambda engine, _: engine.up(),
    ("refresh",): lambda engine, previews: engine.refresh(preview=previews),
    ("destroy",): lambda engine, previews: engine.destroy(preview=previews),
}


def _refuse_unknown(urns: list[str], state: State) -> None:
    known = {resource.urn for resource in state.resources}
    for urn in urns:
        if urn not in known:
            raise BackendError(f"error: Replace target '{urn}' could not be found in the stack.")


def _entry(context: _Context, config: Mapping[str, Any], result: Result, begun: datetime) -> dict[str, Any]:
    """One line of the history."""
    outcomes = list(result.outcomes.values())
    return {
        "kind": "update" if result.operation == "up" else result.operation,
        "startTime": begun.strftime(_TIME),
        "endTime": datetime.now(UTC).strftime(_TIME),
        "message": context.arguments.value("--message"),
        "environment": {},
        "config": _as_config(config),
        "result": "succeeded" if result.succeeded else "failed",
        "resourceChanges": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
    }


def _as_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {"value": value if isinstance(value, str) else json.dumps(value), "secret": False}
        for key, value in config.items()
    }


def _config(context: _Context) -> str:
    config, _ = with_stand_ins(stack_file.read(context.project, context.stack))
    return json.dumps(_as_config(config))


def _select(context: _Context) -> None:
    """Refuse a stack that is missing or cannot be read, before anything else is tried with it."""
    context.backend.state(context.stack)


def _import(context: _Context) -> None:
    """From the file, or from the standard input."""
    file = context.arguments.value("--file")
    context.backend.import_state(context.stack, Path(file).read_text(encoding="utf-8") if file else context.text)


def _output(context: _Context) -> str:
    """Without `--show-secrets` an output that holds a secret anywhere is hidden whole, as by the CLI."""
    resources = context.backend.state(context.stack).resources
    outputs: dict[str, Any] = next((item.outputs for item in resources if item.type == STACK_TYPE), {})
    if not context.arguments.has("--show-secrets"):
        outputs = {name: SECRET_MARKER if list(secret_paths(value)) else value for name, value in outputs.items()}
    return json.dumps(reveal(outputs), default=lambda _: None)  # unknown after a failed `up`


def _history(context: _Context) -> str:
    context.backend.select(context.stack)
    entries = context.backend.history(context.stack)
    size = int(context.arguments.value("--page-size", "0"))
    if size:
        first = size * (int(context.arguments.value("--page", "1")) - 1)
        entries = entries[first : first + size]
    return json.dumps(entries)


_COMMANDS: Mapping[tuple[str, ...], Callable[[_Context], str | None]] = {
    ("config",): _config,
    ("cancel",): lambda context: context.backend.cancel(context.stack),
    ("stack", "init"): lambda context: context.backend.create(context.stack),
    ("stack", "select"): _select,
    ("stack", "ls"): lambda context: json.dumps(
        [{"name": stack, "current": False} for stack in context.backend.stacks()]
    ),
    ("stack", "rm"): lambda context: context.backend.remove(context.stack, force=context.arguments.has("--force")),
    ("stack", "export"): lambda context: json.dumps(context.backend.state(context.stack).export()),
    ("stack", "import"): _import,
    ("stack", "output"): _output,
    ("stack", "history"): _history,
}
