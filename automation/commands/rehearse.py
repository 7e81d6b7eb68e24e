"""A rehearsal as a user runs it: judged first, then deployed into a modelled Azure that lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.deployment.deployer import Report
from automation.deployment.open_stack import deployer, elsewhere
from graph.plan import Where, graph_of_state, wheres
from graph.urns import name_of
from rehearsal.engine.cli.backend import Backend
from rehearsal.mqtt.install import find_mosquitto
from rehearsal.rehearse import Rehearsal, rehearse
from rehearsal.verify.messages import Traffic, try_traffic
from settings import Settings, stack_file

MESSAGES = 200
"""Over each link."""


@dataclass(frozen=True)
class Deployed:
    """What `preview`, `up` and another `preview` of the rehearsed stack said."""

    preview: Report
    up: Report
    again: Report | None
    """None where `up` has failed."""
    where: Mapping[str, Where]
    """URN -> where it belongs, of what was there before too."""

    @property
    def problems(self) -> list[str]:
        """What went wrong, one text each."""
        failed = [f"{failure.name}: {failure.message}" for failure in (*self.preview.failures, *self.up.failures)]
        if self.again is None:
            return failed
        failed += [f"{failure.name}: {failure.message}" for failure in self.again.failures]
        changes = sorted(self.again.changes.items())
        return failed + [f"a second preview is not empty: {change} {name_of(urn)}" for urn, change in changes]


@dataclass(frozen=True)
class Run:
    """A rehearsal, and the deployment that follows where nothing was found."""

    rehearsal: Rehearsal
    deployed: Deployed | None = None
    """None where something was found."""
    traffic: Traffic | None = None
    """None where the deployment failed."""

    @property
    def ok(self) -> bool:
        return bool(self.deployed and not self.deployed.problems and self.traffic and not self.traffic.problems)


def rehearse_and_deploy(
    program: Path, stack: str, *, messages: int = MESSAGES, tell: Callable[[str], None] = lambda _: None
) -> Run:
    """Check and judge the stack; then preview, up, a second preview, which has to be empty, and messages.

    Raises:
        SettingsError: the settings cannot be used.
        MosquittoMissingError: messages are wanted, and there is no broker to send them to.
        CommandError: what earlier rehearsals have kept cannot be used.
        LockedError: another rehearsal of this stack is at work.
    """
    if messages:
        find_mosquitto()  # before the time is spent
    tell(f"[1/5] {stack}: settings, program, rules ...")
    result = rehearse(program, stack)
    if result.findings:
        return Run(result)
    stack_of = deployer(program, stack, result.settings, offline=True)
    if elsewhere(stack_of.deployment(), result.settings):
        tell("subscription_id is another one than at the last rehearsal: what that one deployed is forgotten.")
        destroy(program, stack, result.settings)
        stack_of = deployer(program, stack, result.settings, offline=True)
    where = wheres(graph_of_state(stack, stack_of.deployment())) | wheres(result.deployment)
    tell("[2/5] Preview ...")
    preview = stack_of.preview()
    tell("[3/5] Up, into the modelled Azure ...")
    up = stack_of.up() if preview.ok else preview
    tell("[4/5] A second preview, which has to be empty ...")
    deployed = Deployed(preview, up, stack_of.preview() if up.ok else None, where)
    if not up.ok:
        return Run(result, deployed)
    tell(f"[5/5] {f'{messages} messages over each link' if messages else 'What the clusters hold; no messages'} ...")
    return Run(result, deployed, try_traffic(program, stack, result.settings, messages=messages))


def destroy(program: Path, stack: str, settings: Settings) -> Report:
    """Destroy what rehearsals have deployed, protected resources too, and forget their Azure with its deleted vaults.

    Raises:
        CommandError, LockedError: as `rehearse_and_deploy`.
    """
    if stack_file.plain_name(stack) not in Backend(program).stacks():
        return Report()
    stack_of = deployer(program, stack, settings, offline=True)
    stack_of.unprotect()
    report = stack_of.destroy()
    if report.ok:
        stack_of.stack.workspace.remove_stack(stack)
    return report
