"""Change a deployed stack on the offline engine, with messages between all its steps.

deployed = deploy(settings)
result = deployed.change({**settings, ...})
print(result.table())
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arm.hosting import BY_NODE_TYPE, NODE_ID
from arm.types.kubernetes import CONNECTED_CLUSTER
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entry
from rehearsal.azure.world import World
from rehearsal.cluster.build import build_views
from rehearsal.cluster.model import ClusterView
from rehearsal.engine import Engine, Options, State
from rehearsal.engine import Result as EngineResult
from rehearsal.modelled_azure import make_surroundings
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from rehearsal.rotation.reload import MODELS
from rehearsal.rotation.result import Moment, Result
from rehearsal.rotation.traffic import Traffic, traffic
from rehearsal.rotation.turnstile import KilledError, Order, Turnstile
from settings import stack_file
from settings.stand_ins import STAND_INS, with_stand_ins

PROGRAM = Path(__file__).resolve().parents[2]
_SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])
_SETTLE = 12
"""Slices after the last step: more than the longest lag of a model."""

Settings = Mapping[str, Any]
"""What stands below `edge-stamps:settings` in a stack file."""
AfterStep = Callable[[Traffic, Moment], None]
"""What somebody does to the clusters after a step."""


class NotDeployedError(Exception):
    """The stack cannot be deployed as it is to be before the change."""


@dataclass
class Deployed:
    """A stack, and the modelled Azure that it is in."""

    program: Path
    stack: str
    _world: World
    _state: State
    _seen: tuple[list[Entry], list[ClusterView]] | None = field(default=None, repr=False)

    def change(
        self,
        settings: Settings,
        *,
        reload: str = "at once",
        order: Order = "first",
        kill_after: int | None = None,
        offline: str = "",
        after_step: AfterStep = lambda *_: None,
    ) -> Result:
        """Return what the change to these settings costs; this deployment stays as it is.

        Args:
            settings: the new ones.
            reload: name of one of `MODELS`.
            order: which of two steps goes first that do not wait for each other.
            kill_after: number of a step (of `Result.steps`) after which the engine is killed, to be run once more.
            offline: connected cluster that cannot be reached while the engine runs for the first time.
            after_step: called after each step, e.g. to restart pods (`Traffic.restart`).
        """
        return self._copy()._change(settings, reload, order, kill_after, offline, after_step)

    def _change(
        self, settings: Settings, reload: str, order: Order, kill_after: int | None, offline: str, after_step: AfterStep
    ) -> Result:
        steps: list[Moment] = []
        with traffic(MODELS[reload]) as flow:

            def look(after: Moment) -> None:
                after_step(flow, after)
                flow.see(self._views(), after)

            def up(last: int | None = None) -> list[str]:
                turnstile = Turnstile(look, order, len(steps), last)
                try:
                    return _errors(self._engine(settings, Options(observe=turnstile, continue_on_error=True)).up())
                except KilledError:
                    return []
                finally:
                    steps.extend(turnstile.steps)

            look(Moment(0, "nothing yet"))
            failures = None
            if offline:
                self._cut_off(flow, offline)
                up()
                self._bring_back(flow, offline)
                look(Moment(len(steps), f"{offline} is back"))
            elif kill_after is not None:
                up(kill_after)
                look(Moment(len(steps), "the engine was killed"))
            failures = up()
            for _ in range(_SETTLE):
                look(Moment(len(steps), "the end"))
            return Result(reload, [*flow.results()], flow.symptoms, steps, failures)

    def _cut_off(self, flow: Traffic, cluster: str) -> None:
        """Let operations on a cluster fail while what runs there goes on: its node has lost its way to Azure.

        The modelled Azure knows a node that is stopped, and answers for its cluster alike.
        """
        flow.offline.add(cluster)
        self._world.set_power(self._find_node(cluster), running=False)

    def _bring_back(self, flow: Traffic, cluster: str) -> None:
        self._world.set_power(self._find_node(cluster), running=True)
        flow.offline.remove(cluster)

    def _find_node(self, cluster: str) -> str:
        (node,) = (one.facts["node"] for one in self._world.entries(CONNECTED_CLUSTER) if one.name == cluster)
        machines = (one for row in BY_NODE_TYPE for one in self._world.entries(row, shared=True))
        return next(one.id for one in machines if one.outputs.get(NODE_ID) == node)

    def _views(self) -> list[ClusterView]:
        """Return the clusters; the same ones as long as nothing in Azure has changed."""
        entries = self._world.entries(shared=True)
        if self._seen is None or any(map(_is_other, entries, self._seen[0])) or len(entries) != len(self._seen[0]):
            self._seen = entries, build_views(entries, self._world.is_effective)
        return self._seen[1]

    def _engine(self, settings: Settings, options: Options) -> Engine:
        config, _ = with_stand_ins({stack_file.SETTINGS_KEY: dict(settings)})
        providers = all_providers(AzureProvider(self._world))
        return Engine(self.program, self.stack, config, providers, self._state, options)

    def _copy(self) -> Deployed:
        world = _new_world()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "azure.json"
            self._world.save(file)
            world.load(file)
        return Deployed(self.program, self.stack, world, State.from_export(self._state.export()))


def deploy(settings: Settings, *, program: Path = PROGRAM, stack: str = "dev") -> Deployed:
    """Deploy a program into a modelled Azure of its own.

    Raises:
        NotDeployedError: it failed.
    """
    deployed = Deployed(program, stack, _new_world(), State())
    if errors := _errors(deployed._engine(settings, Options()).up()):
        raise NotDeployedError("; ".join(errors))
    return deployed


def run_change(before: Settings, after: Settings, **options: Any) -> Result:
    """Deploy the one, and return what the change to the other costs; options as for `Deployed.change`."""
    return deploy(before).change(after, **options)


def _new_world() -> World:
    return World(_SURROUNDINGS, clock=ManualClock(), run_script=ScriptRunner())


def _errors(result: EngineResult) -> list[str]:
    found = [str(one) for one in result.diagnostics if one.severity == "error"]
    return found or ([str(result.error)] if result.error else [])


def _is_other(one: Entry, other: Entry) -> bool:
    return one is not other
