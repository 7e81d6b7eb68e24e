"""`destroy`; with `--cluster-is-gone` it does without clusters that are gone, and names what is left of them.

So does `refresh`, for a cluster whose machine was set up anew: the next `up` makes all that was on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from arm import ids
from automation.commands.asked_azure import copy_model, open_azure, refuse_unknown
from automation.commands.result import FAILED, INTERRUPTED, OK, CommandResult, problem, refuse
from automation.commands.run import confirm, print_differences, run
from automation.commands.stack import Target, deployer_of, load_target, operate
from automation.console import progress
from automation.deployment.engine import EngineChoice
from automation.deployment.gone_clusters import AWAY, GoneClusters, find_status
from automation.deployment.operations import Operation
from automation.verify.azure import UnseenError
from automation.verify.resource_manager import Limits, ResourceManager
from settings.high_water import find_highest_signed
from settings.naming import stack_tag
from settings.stack_state import parse_deployment

OPTION = "--cluster-is-gone"
_LIMITS = Limits(request=180, whole=3600)
"""A DELETE that the cluster has to answer hangs: it is not waited for much longer than others take."""


def run_destroy(
    program: Path, stack: str, gone: Sequence[str], *, offline: bool, engine: EngineChoice, as_json: bool, yes: bool
) -> None:
    """Run the command; `gone` are clusters that are said to be."""

    def act() -> CommandResult:
        target = load_target(program, stack, offline=offline, engine=engine)
        print_differences(target)
        if refusal := _refuse_living(target, gone, "destroy"):
            return refusal
        if not (offline or yes):
            where = target.loaded.settings.tenant.subscription_id
            also = f", and {', '.join(gone)} in Azure alone, without its node" if gone else ""
            confirm(f"Delete everything that stack {stack} has deployed in subscription {where}{also}?")
        return destroy(target, gone)

    run("destroy", stack, act, offline=offline, as_json=as_json, engine=engine)


def run_refresh(
    program: Path, stack: str, gone: Sequence[str], *, offline: bool, engine: EngineChoice, as_json: bool, yes: bool
) -> None:
    """Run `refresh` after what is on clusters that are gone was deleted in Azure."""

    def act() -> CommandResult:
        target = load_target(program, stack, offline=offline, engine=engine)
        if refusal := _refuse_living(target, gone, "refresh"):
            return refusal
        if not (offline or yes):
            where = target.loaded.settings.tenant.subscription_id
            confirm(f"Delete in subscription {where} what is on {', '.join(gone)}, in Azure alone, without its node?")
        return _do_without(target, gone, "refresh")

    run("refresh", stack, act, offline=offline, as_json=as_json, engine=engine)


def destroy(target: Target, gone: Sequence[str]) -> CommandResult:
    """Delete everything; what is on these clusters without them."""
    signed = find_highest_signed(parse_deployment(deployer_of(target).deployment()).marks)
    done = _do_without(target, gone, "destroy") if gone else operate(target, "destroy")[0]
    return replace(done, next=_begin_above(target, signed)) if signed and done.exit_code == OK else done


def _begin_above(target: Target, signed: int) -> str:
    """Return with what a new stack of the same name begins: an external CA goes on vouching for this one's keys."""
    name = stack_tag(target.loaded.settings)
    return (
        f"a new stack {name} begins with pki.generation: {signed + 1} or more, as what your CA has signed for the keys"
        f" of generations 1 to {signed} is good until it ends"
    )


def _do_without(target: Target, gone: Sequence[str], operation: Operation) -> CommandResult:
    kept = [one.existing.resource_id for one in target.loaded.settings.clusters.values() if one.existing]
    target.gone = GoneClusters(list(_find_ids(target, gone).values()), lambda: _open_to_write(target), progress, kept)
    return _conclude(target.gone, operate(target, operation)[0])


def _refuse_living(target: Target, names: Sequence[str], command: Operation) -> CommandResult | None:
    """Refuse a name that no cluster has, and a cluster that Azure is in touch with.

    Raises:
        UnusableError: what earlier rehearsals have kept cannot be used.
    """
    if refusal := refuse_unknown(target, OPTION, names, target.loaded.settings.clusters, command):
        return refusal
    world = copy_model(target) if target.offline and names else None
    if not names or (target.offline and world is None):
        return None  # nobody asked for it, or nothing is deployed
    with open_azure(target, world) as azure:
        for name, arm_id in _find_ids(target, names).items():
            try:
                status = find_status(azure, arm_id)
            except UnseenError as error:
                text = f"nobody knows whether cluster {name} is gone, as Azure does not say it: {error}"
                return refuse("stack", OPTION, text, "az login, or wait until Azure answers, then the same again")
            if status not in AWAY:
                text = (
                    f"cluster {name} is not gone: {ids.name_of(arm_id)} is {status}, says Azure; expected Offline. One"
                    " whose node has just died is Connected for some minutes more"
                )
                step = f"wait, then the same again; where its node lives, without {OPTION}"
                return refuse("usage", OPTION, text, step)
    return None


def _conclude(gone: GoneClusters, done: CommandResult) -> CommandResult:
    """Return how `destroy` ended, with what it could not delete and Azure still has."""
    if done.exit_code == INTERRUPTED or not (left := gone.find_still_there()):
        return done
    problems = [
        problem("resource", one.id, f"{one.id} could not be deleted: {one.refusal}", _delete_by_hand(one.id))
        for one in left
    ]
    named = "\n".join(f"  {one['message']}" for one in problems)
    return replace(
        done,
        exit_code=FAILED,
        outcome="failed",
        error="\n".join(filter(None, [done.error, f"Still in Azure, and to be deleted by hand:\n{named}"])),
        problems=[*done.problems, *problems],
        next=done.next or f"delete by hand what is named: {_delete_by_hand('<id>')}",
    )


def _delete_by_hand(arm_id: str) -> str:
    return f"az resource delete --ids {arm_id}"


def _find_ids(target: Target, names: Sequence[str]) -> Mapping[str, str]:
    """Return the id of each one's connected cluster."""
    settings = target.loaded.settings
    own = {name: settings.clusters[name] for name in names}
    return {
        name: ids.connected_by({
            "SUBSCRIPTION_ID": settings.tenant.subscription_id,
            "RESOURCE_GROUP": one.arc_resource_group,
            "CLUSTER_NAME": one.names.connected_cluster,
        })
        for name, one in own.items()
    }  # fmt: skip


@contextmanager
def _open_to_write(target: Target) -> Iterator[ResourceManager]:
    """Give Azure, or its model itself: what is deleted is to be gone when the engine comes."""
    if not target.offline:
        with open_azure(target, None, _LIMITS) as azure:
            yield azure
        return
    # Loaded only here: in earnest nothing is taken of requirements-dev.txt.
    from automation.deployment.rehearsal import open_rehearsed

    world = open_rehearsed(target.loaded, target.engine, faults=target.faults)
    try:
        with open_azure(target, world, _LIMITS) as azure:
            yield azure
    finally:
        world.compact()
