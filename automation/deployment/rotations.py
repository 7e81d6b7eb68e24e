"""Rotations of keys that a stack's state shows: what is still live beside what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.signing import describe_waiting, read_outputs
from settings.high_water import AUTHORITIES, Generation, broker_key, link_key
from settings.stack_state import State, parse_deployment
from settings.stagger import MOST_AT_ONCE

_OTHERS = f"others have gone over, of which a cluster takes {MOST_AT_ONCE} at once"


def run_until_settled(
    read_state: Callable[[], Mapping[str, Any]],
    result: DeploymentResult,
    run: Callable[[], None],
    say: Callable[[str], None],
    sign: Callable[[Mapping[str, Any]], bool],
) -> list[str]:
    """Run, and again while a rotation is under way and the run before has got it further; after a failure, if new keys
    were seen in use for the first time.

    Returns what stays live, and what waits for an external CA.

    Args:
        sign: has what waits for an external CA signed, and says whether there was something.
    """
    before, seen = State(), parse_deployment(read_state()).deployed.settled
    run()
    if result.ok and sign(read_state()):
        say("A stand-in for the external CA has signed: the next run takes that ...")
        run()
    while (now := parse_deployment(read_state())).goes_on(before):
        # A site that is away holds up no other: what has followed goes on, also where something has failed.
        if not result.ok and now.deployed.settled <= seen:
            break
        say(f"{_tell_next_run(now)} ...")
        run()
        before, seen = now, now.deployed.settled
    return [*describe_rotations(read_state()), *describe_waiting(read_state())]


def _tell_next_run(state: State) -> str:
    if state.rotating:
        return "The new keys are in use: the next run takes the old ones away"
    if state.postponed:
        return "The new keys are in use: the next run gives new ones to the next links"
    return "The next run deletes the roots of what was taken away"


def describe_rotations(deployment: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has an old generation live, or a new one not yet, and what it waits for."""
    state = parse_deployment(deployment)
    for owner, mark in state.rotating.items():
        *old, wanted = mark.live
        stays = "generation" if len(old) == 1 else "generations"
        yield (
            f"{owner}: {stays} {', '.join(map(str, old))} beside {wanted}, until every site that uses it is seen to use"
            f" {wanted}"
        )
    for owner, number in state.postponed.items():
        yield f"{owner}: generation {number} follows once {_OTHERS}"
    for owner, number in state.overdue:
        yield f"{owner}: generation {number} still works, which the next up takes away"
    for owner, mark in state.leaving.items():
        yield f"{owner}: the root of generation {', '.join(map(str, mark.leaving))} is deleted by the next up"


def announce_rotations(deployment: Mapping[str, Any], outputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a change of a generation does to messages, and what is revoked in vain.

    Args:
        deployment: the stack's state before it.
        outputs: the stack's outputs with it.
    """
    wanted = _read_generations(outputs)
    for owner, mark in sorted(parse_deployment(deployment).marks.items()):
        one = wanted.get(owner, {}) if owner != AUTHORITIES else {}
        live, later = [*_read_live(one)], int(one.get("postponed") or 0)
        if not mark.live or not live:
            continue
        now, then = mark.live[-1], live[-1]
        if later:
            yield f"{owner}: generation {later} follows without interruption, once {_OTHERS}"
        elif now.number not in [each.number for each in live]:
            yield (
                f"{owner}: generation {now} is revoked. Messages that depend on it stand still until both ends have"
                f" {then}, some minutes"
            )
        elif now.number != then.number:
            yield (
                f"{owner}: generation {now} to {then} without interruption; {now.number} goes once {then.number} is"
                " seen in use"
            )
    yield from _find_vain_revocations(deployment, outputs)


def _find_vain_revocations(deployment: Mapping[str, Any], outputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield each `revoked_generation` that has risen and takes nothing away: the number was meant to be another one."""
    marks = parse_deployment(deployment).marks
    before = _read_generations(read_outputs(deployment))
    for owner, wanted in _read_generations(outputs).items():
        concerned = marks.values() if owner == AUTHORITIES else [marks[owner]] if owner in marks else []
        live = {one.authority if owner == AUTHORITIES else one.own for mark in concerned for one in mark.live}
        revoked = int(wanted["revoked"])
        if live and int(before.get(owner, {"revoked": 0})["revoked"]) < revoked < min(live):
            yield (
                f"{owner}: revoked_generation {revoked} takes nothing away: in use is generation"
                f" {', '.join(map(str, sorted(live)))}. If its key is stolen: generation: {max(live) + 1},"
                f" revoked_generation: {max(live)}"
            )


def _read_live(wanted: Mapping[str, Any]) -> Iterator[Generation]:
    """Yield what an entry of the output says is live."""
    for one in wanted.get("counted") or ():
        yield Generation(int(one["number"]), int(one["pki"]))


def _read_generations(outputs: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the stack output `generations` by owner, as marks have it."""
    generations = outputs.get("generations") or {}
    return {
        **({AUTHORITIES: generations["authorities"]} if "authorities" in generations else {}),
        **{broker_key(name): one for name, one in (generations.get("brokers") or {}).items()},
        **{link_key(name): one for name, one in (generations.get("links") or {}).items()},
    }
