"""A rehearsal as a user runs it: judged first, then deployed into a modelled Azure that lasts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.deployment.api_versions import refuse_other_versions
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.engine import ChosenEngine, EngineChoice, choose_engine
from automation.deployment.k3s_upgrades import refuse_skipped_minors
from automation.deployment.locate_rehearsal import locate_rehearsal, locate_stand_in, take_signed
from automation.deployment.modelled_cli import locate_azure, open_modelled_azure
from automation.deployment.open_stack import find_other_subscriptions, load, open_deployer
from automation.deployment.protection import refuse_loss
from automation.deployment.state_check import refuse_by_state
from graph.plan import Heading, find_headings, graph_of_state
from graph.run_program import without_garbage_collection
from graph.stand_in_ca import StandInCa
from graph.urns import name_of
from rehearsal.azure.world import World
from rehearsal.engine import Backend, State
from rehearsal.modelled_azure import make_surroundings
from rehearsal.mqtt.install import find_mosquitto
from rehearsal.node import confine
from rehearsal.verify.messages import Verification, verify_messages
from rules.judgement import Judgement, judge_stack
from settings.loaded_stack import LoadedStack

MESSAGES = 200
"""Over each link."""


@dataclass(frozen=True)
class Deployed:
    """What `up` of the rehearsed stack did, and what a preview after it says."""

    up: DeploymentResult
    second_preview: DeploymentResult | None
    """None where `up` has failed."""
    headings: Mapping[str, Heading]
    """URN -> where it belongs, of what was there before too."""
    is_first: bool
    """Nothing was there before."""

    @property
    def problems(self) -> list[str]:
        """What went wrong, one text each."""
        failed = [f"{failure.name}: {failure.message}" for failure in self.up.failures]
        if self.second_preview is None:
            return failed
        failed += [f"{failure.name}: {failure.message}" for failure in self.second_preview.failures]
        changes = sorted(self.second_preview.changes.items())
        return failed + [f"a second preview is not empty: {change} {name_of(urn)}" for urn, change in changes]


@dataclass(frozen=True)
class Rehearsal:
    """The program judged, and the deployment that follows where nothing was found."""

    judgement: Judgement
    engine: ChosenEngine
    deployed: Deployed | None = None
    """None where something was found."""
    verification: Verification | None = None
    """None where the deployment failed."""

    @property
    def ok(self) -> bool:
        return bool(
            self.deployed and not self.deployed.problems and self.verification and not self.verification.problems
        )


@without_garbage_collection()
def rehearse(
    program: Path,
    stack: str,
    *,
    messages: int = MESSAGES,
    choice: EngineChoice = EngineChoice.OFFLINE,
    tell: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Load and judge the stack; then up, a second preview, which has to be empty, and messages.

    The program runs three times: recorded as a preview, recorded as a deployment, and for `up`. The second preview
    takes what `up` has registered; whether the program says the same twice, rules have judged on the two recordings.
    The Pulumi CLI runs it once more, for the second preview.

    Raises:
        CliError: the CLI was chosen, and there is none.
        SettingsError: the settings cannot be used.
        RefusedByStateError: an earlier rehearsal has deployed what they lower.
        ProgramError: the program failed.
        MosquittoMissingError: messages are wanted, and there is no broker to send them to.
        CommandError: what earlier rehearsals have kept cannot be used.
        ApiVersionError: an earlier rehearsal has deployed a release of other API versions.
        ProtectedLossError: an earlier rehearsal has deployed what is protected, and the program has it no more.
        ProtectedReplacementError: likewise, and the program would replace it.
        LockedError: another rehearsal of this stack is at work.
    """
    if messages:
        find_mosquitto()  # before the time is spent
    engine = choose_engine(choice)
    tell(f"[1/4] {stack}: settings, program, rules ...")
    judgement = judge_stack(load(program, stack, offline=True))
    if judgement.findings:
        return Rehearsal(judgement, engine)
    loaded = judgement.stack
    operations = open_deployer(loaded, engine, offline=True, replays=True)
    before = operations.deployment()
    if find_other_subscriptions(before, loaded.settings):
        tell("subscription_id is another one than at the last rehearsal: what that one deployed is forgotten.")
        destroy(loaded, engine)
        operations = open_deployer(loaded, engine, offline=True, replays=True)
        before = operations.deployment()
    refuse_by_state(take_signed(loaded, engine), before)
    refuse_other_versions(stack, loaded.settings.release.name, before, judgement.deployment)
    refuse_loss(stack, before, judgement.deployment)
    refuse_skipped_minors(stack, before, judgement.deployment)
    headings = find_headings(graph_of_state(stack, before)) | find_headings(judgement.deployment)
    tell(engine.sentence)
    if warning := confine.find_warning():
        tell(warning)
    tell("[2/4] Up, into the modelled Azure ...")
    up = operations.up()
    tell("[3/4] A second preview, which has to be empty ...")
    deployed = Deployed(up, operations.preview() if up.ok else None, headings, is_first=not before.get("resources"))
    if not up.ok:
        return Rehearsal(judgement, engine, deployed)
    tell(f"[4/4] {f'{messages} messages over each link' if messages else 'What the clusters hold; no messages'} ...")
    state = State.from_export({"version": 3, "deployment": operations.deployment()})
    settings, azure = take_signed(loaded, engine).settings, open_rehearsed(loaded, engine)
    stand_in = StandInCa.open(settings.pki, locate_stand_in(loaded, engine)) if settings.pki.has_external_ca else None
    verification = verify_messages(settings, azure, state, messages=messages, external_ca=stand_in)
    return Rehearsal(judgement, engine, deployed, verification)


def open_rehearsed(stack: LoadedStack, engine: ChosenEngine, **options: Any) -> World:
    """Return the Azure that this engine has deployed the stack into; the options are those of a `World`."""
    tenant = stack.settings.tenant
    surroundings = make_surroundings(
        tenant.subscription_id, tenant.tenant_id, stack.settings.machines, stack.settings.outside
    )
    if engine.cli:
        return open_modelled_azure(locate_azure(stack), surroundings, **options)
    return Backend(stack.folder).world(stack.name, surroundings, **options)


def destroy(stack: LoadedStack, engine: ChosenEngine) -> DeploymentResult:
    """Destroy what rehearsals have deployed, protected resources too, and forget their Azure with its deleted vaults.

    Raises:
        CommandError, LockedError: as `rehearse`.
    """
    folder = locate_rehearsal(stack, engine)
    if not folder.exists():
        return DeploymentResult()
    operations = open_deployer(stack, engine, offline=True)
    operations.unprotect()
    result = operations.destroy()
    if result.ok and not engine.cli:
        operations.stack.workspace.remove_stack(stack.name)
    elif result.ok:
        shutil.rmtree(folder)
    return result
