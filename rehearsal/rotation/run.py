"""Change a deployed stack on the offline engine, with messages between all its steps.

deployed = deploy(settings)
result = deployed.change({**settings, ...})
print(result.table())
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from arm.hosting import BY_NODE_TYPE, NODE_ID
from arm.types.kubernetes import CONNECTED_CLUSTER
from graph.script_runs import list_runs
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entry
from rehearsal.azure.world import Surroundings, World
from rehearsal.cluster.build import Seen, build_views
from rehearsal.cluster.model import ClusterView
from rehearsal.engine import Engine, Options, State
from rehearsal.engine import Result as EngineResult
from rehearsal.modelled_azure import surroundings_of
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from rehearsal.rotation.duration import find_seconds
from rehearsal.rotation.reload import MODELS, Reload
from rehearsal.rotation.result import Moment, Result
from rehearsal.rotation.traffic import RATE, Traffic, traffic
from rehearsal.rotation.turnstile import KilledError, Turnstile
from settings import stack_file
from settings.stack_state import State as Shown
from settings.stack_state import parse_state
from settings.stand_ins import with_stand_ins

PROGRAM = Path(__file__).resolve().parents[2]
_SETTLE = 12
"""Slices after the last step: more than the longest lag of a model."""

Settings = Mapping[str, Any]
"""What stands below `edge-stamps:settings` in a stack file."""
Visit = Callable[[Traffic, Moment], None]
"""What somebody does on the clusters at a moment, e.g. `Traffic.restart`."""


class _Up(Protocol):
    """Runs the engine, to the end or until it is killed after a step; returns its errors."""

    def __call__(self, last: int | None = None) -> list[str]: ...


class NotDeployedError(Exception):
    """The stack cannot be deployed as it is to be before the change."""


class Deployed:
    """A stack, and the modelled Azure that it is in."""

    def __init__(self, program: Path, stack: str, surroundings: Surroundings) -> None:
        self._program, self._stack, self._state = program, stack, State()
        self._flow: Traffic | None = None
        self._world = World(
            surroundings,
            clock=ManualClock(),
            run_script=ScriptRunner(self._as_running, self._is_behind),
        )
        self._seen = list[Entry](), list[ClusterView]()
        self._built: Seen = {}

    def change(self, settings: Settings, **options: Any) -> Result:
        """Return what the change to these settings costs; this deployment stays as it is. Options as `change_here`."""
        return self.copy().change_here(settings, **options)

    def change_here(
        self,
        settings: Settings,
        *,
        reload: str = "at once",
        hold: str = "",
        kill_after: int | None = None,
        offline: str = "",
        after_step: Visit = lambda *_: None,
        mend: Visit | None = None,
        rate: float = RATE,
    ) -> Result:
        """Change this deployment, and return what that costs.

        Args:
            settings: the new ones.
            reload: name of one of `MODELS`.
            hold: beginning of the logical names of steps that come as late as they may, e.g. `enterprise`.
            kill_after: number of a step (of `Result.steps`) after which the engine is killed, to be run once more.
            offline: connected cluster that cannot be reached while the engine runs for the first time.
            after_step: called after each step, before the clusters are looked at, e.g. to restart pods.
            mend: called after a run that has failed, before the engine is run once more; left out, it is not.
            rate: messages a second that each dataflow sends; lower where there are many.
        """
        return self._change(_Change(settings, MODELS[reload], hold, kill_after, offline, after_step, mend, rate))

    def _change(self, change: _Change) -> Result:
        steps, seconds = list[Moment](), list[int]()
        with traffic(change.model, change.rate) as self._flow:
            flow = self._flow

            def look(after: Moment) -> None:
                change.after_step(flow, after)
                flow.see(self.views(), after)

            def up(last: int | None = None) -> list[str]:
                turnstile = Turnstile(look, change.hold, len(steps), last)
                try:
                    again = self._list_runs_that_failed()
                    options = Options(observe=turnstile, continue_on_error=True, replace=again)
                    return self._up(change.settings, options)
                except KilledError:
                    return []
                finally:
                    steps.extend(turnstile.steps)
                    seconds.append(find_seconds(self._state.resources, turnstile.changed))

            look(Moment(0, "nothing yet"))
            failures = self._go_all_the_way(change, flow, steps, look, up)
            for _ in range(_SETTLE):
                look(Moment(len(steps), "the end"))
            links, views = [*flow.results()], self.views()
            return Result(change.model.name, links, flow.symptoms, steps, failures, views, sum(seconds))

    def _go_all_the_way(
        self, change: _Change, flow: Traffic, steps: list[Moment], look: Callable[[Moment], None], up: _Up
    ) -> list[str]:
        """Run the engine as often as the change needs; return the errors of the last run."""
        if change.offline:
            self._cut_off(flow, change.offline)
            up()
            self._bring_back(flow, change.offline)
            look(Moment(len(steps), f"{change.offline} is back"))
        elif change.kill_after is not None:
            up(change.kill_after)
            look(Moment(len(steps), "the engine was killed"))
        before = Shown()
        failures = up()
        if failures and change.mend:
            change.mend(flow, Moment(len(steps), "the engine has failed"))
            failures = up()
        while not failures and (now := self._read_state()).goes_on(before):  # as `python -m automation up` goes on
            failures, before = up(), now
        return failures

    def _read_state(self) -> Shown:
        return parse_state({one.urn: one.outputs for one in self._state.resources})

    def _cut_off(self, flow: Traffic, cluster: str) -> None:
        """Let operations on a cluster fail while what runs there goes on: its node has lost its way to Azure.

        The modelled Azure knows a node that is stopped, and answers for its cluster alike.
        """
        flow.cut_off(cluster)
        self._world.set_power(self._find_node(cluster), running=False)

    def _bring_back(self, flow: Traffic, cluster: str) -> None:
        self._world.set_power(self._find_node(cluster), running=True)
        flow.bring_back(cluster)

    def _find_node(self, cluster: str) -> str:
        (found,) = (one for one in self._world.entries(CONNECTED_CLUSTER) if one.name == cluster)
        node = found.facts.get("node")
        if node is None:  # it was there before the stack
            return found.id
        machines = (one for row in BY_NODE_TYPE for one in self._world.entries(row, shared=True))
        return next(one.id for one in machines if one.outputs.get(NODE_ID) == node)

    def up(self, settings: Settings) -> list[str]:
        """Run the engine without messages, e.g. while a link is not there yet; return its errors."""
        return self._up(settings, Options())

    def deployment(self) -> Mapping[str, Any]:
        """Return the stack's state, as `pulumi stack export` gives it."""
        found: Mapping[str, Any] = self._state.export()["deployment"]
        return found

    def views(self) -> list[ClusterView]:
        """Return the clusters; the same ones as long as nothing in Azure has changed."""
        entries, before = self._world.entries(shared=True), self._seen[0]
        if len(entries) != len(before) or any(one is not other for one, other in zip(entries, before, strict=True)):
            self._seen = (
                entries,
                build_views(
                    entries, self._world.is_effective, seen=self._built, routes=self._world.surroundings.routes
                ),
            )
        return self._seen[1]

    def _as_running(self, deployed: ClusterView, elapsed: float) -> ClusterView:
        return self._flow.as_running(deployed, elapsed) if self._flow else deployed

    def _is_behind(self, deployed: ClusterView, elapsed: float) -> bool:
        return self._flow is not None and self._flow.is_behind(deployed, elapsed)

    def preview(self, settings: Settings) -> EngineResult:
        """Return what the engine would do for these settings."""
        return self._engine(settings, Options()).preview()

    def export(self) -> dict[str, Any]:
        """Return the stack's state as `pulumi stack export` does, secrets included."""
        return self._state.export()

    def _engine(self, settings: Settings, options: Options) -> Engine:
        config, _ = with_stand_ins({stack_file.SETTINGS_KEY: dict(settings)})
        providers = all_providers(AzureProvider(self._world))
        return Engine(self._program, self._stack, config, providers, self._state, options)

    def _up(self, settings: Settings, options: Options) -> list[str]:
        """Run the engine; return its errors."""
        result = self._engine(settings, options).up()
        found = [str(one) for one in result.diagnostics if one.severity == "error"]
        return found or ([str(result.error)] if result.error else [])

    def _list_runs_that_failed(self) -> list[str]:
        """Return what to replace so that scripts run again which have failed, as `python -m automation up` does.

        Azure runs no body of a Run Command twice (Azure/run-command-handler-linux, internal/cmds/cmds.go).
        """
        return [one.urn for one in list_runs(self.deployment()) if one.failed]

    def copy(self) -> Deployed:
        """Return the same stack in another Azure of the same content."""
        other = Deployed(self._program, self._stack, self._world.surroundings)
        other._state = State.from_export(self._state.export())
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "azure.json"
            self._world.save(file)
            other._world.load(file)
        return other


@dataclass(frozen=True)
class _Change:
    """The arguments of `Deployed.change`."""

    settings: Settings
    model: Reload
    hold: str
    kill_after: int | None
    offline: str
    after_step: Visit
    mend: Visit | None
    rate: float


def deploy(settings: Settings, *, program: Path = PROGRAM, stack: str = "dev") -> Deployed:
    """Deploy a program into a modelled Azure of its own.

    Raises:
        NotDeployedError: it failed.
    """
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: dict(settings)})
    loaded = stack_file.load(program, stack, config[stack_file.SETTINGS_KEY])
    deployed = Deployed(program, stack, surroundings_of(loaded))
    if errors := deployed.up(settings):
        raise NotDeployedError("; ".join(errors))
    return deployed


def run_change(before: Settings, after: Settings, **options: Any) -> Result:
    """Deploy the one, and return what the change to the other costs; options as for `Deployed.change`."""
    return deploy(before).change(after, **options)
