"""A drill: a node on which something is otherwise than in a rehearsal, and what a script has to do there.

Set-ups change a `Scene`; judgements look at an `Outcome` and return what is wrong with it, or nothing.
"""

from __future__ import annotations

import base64
import copy
import json
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import ScriptRun
from rehearsal.node.calls import FOR_EVER, Reply, ToolCall
from rehearsal.node.files import Files, after_first_boot
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.tools import TOOLS

_PATIENCE = 60
"""Seconds."""


@dataclass(frozen=True)
class Scene:
    """A node as the deployment has left it, in an Azure as the deployment has left it; set-ups change it."""

    facts: Mapping[str, Any]
    files: Files
    given: Mapping[str, str]
    """The script's parameters."""
    entries: Mapping[str, Entry]
    """What is in Azure, by key."""
    tenant_id: str
    tools: Mapping[str, Tool] = field(default_factory=lambda: TOOLS)
    proxies: tuple[str, str] | None = None
    """The proxies that are the node's only way out, for http and for https."""
    is_new: bool = False
    """Whether the script's own Run Command was just made: then roles spread for as long as in the deployment."""


@dataclass(frozen=True)
class Outcome:
    """How the script ended."""

    run: ScriptRun
    machine: Machine
    calls: Sequence[str]
    """Command lines of tools, in order."""
    seconds: float
    """How long it took, by its own clock."""
    before: Files
    after: Files

    def has_called(self, words: str) -> bool:
        """Return whether a command line begins so."""
        return any(call.startswith(words) for call in self.calls)


SetUp = Callable[[Scene], Scene]
Judgement = Callable[[Outcome], str]


@dataclass(frozen=True)
class Drill:
    """What is otherwise, and what the script has to do then."""

    what: str
    """Ends the sentence `succeeds although …`."""
    set_up: SetUp
    find_fault: Judgement
    lock: str = ""
    """Name of a lock that another run holds; a parameter in braces is filled in."""


def on_an_empty_node(scene: Scene) -> Scene:
    """Set up a node that was just made."""
    return replace(scene, facts={}, files=after_first_boot("0" * 31 + "1"), is_new=True)


def given_nothing(scene: Scene) -> Scene:
    """Set up the same, without parameters."""
    return replace(on_an_empty_node(scene), given={})


def as_it_is(scene: Scene) -> Scene:
    """Change nothing: the script has run here before."""
    return scene


def with_fact(value: Any, *path: str) -> SetUp:
    """Let the node remember something else."""

    def set_up(scene: Scene) -> Scene:
        facts = copy.deepcopy(dict(scene.facts))
        place = facts
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
        return replace(scene, facts=facts)

    return set_up


def listing(parameter: str, change: Callable[[list[Any]], None]) -> SetUp:
    """Change the list that a parameter of the script holds."""

    def set_up(scene: Scene) -> Scene:
        listed = json.loads(base64.b64decode(scene.given[parameter]))
        change(listed)
        return replace(scene, given={**scene.given, parameter: base64.b64encode(json.dumps(listed).encode()).decode()})

    return set_up


def with_file(name: str, text: str | None) -> SetUp:
    """Put a file on the node; None takes it away."""

    def set_up(scene: Scene) -> Scene:
        kept = {path: file for path, file in scene.files.items() if path != name}
        return replace(scene, files=kept if text is None else {**kept, name: ["644", text]})

    return set_up


def answering(tool: str, words: str, reply: Reply, times: int = 10**6) -> SetUp:
    """Let a tool answer so where its command line has these words, so many times."""

    def change(_: Reply, call: ToolCall) -> Reply | None:
        return reply if has_words(call, words) else None

    return changing(tool, change, times)


def altering(tool: str, words: str, alter: Callable[[Any], None]) -> SetUp:
    """Change the JSON that a tool prints where its command line has these words."""

    def change(reply: Reply, call: ToolCall) -> Reply | None:
        if not has_words(call, words) or not reply.stdout.strip():
            return None
        document = json.loads(reply.stdout)
        alter(document)
        return replace(reply, stdout=json.dumps(document))

    return changing(tool, change)


def changing(tool: str, change: Callable[[Reply, ToolCall], Reply | None], times: int = 10**6) -> SetUp:
    """Let a tool answer something else where `change` returns it, so many times."""

    def set_up(scene: Scene) -> Scene:
        own, left = scene.tools[tool], [times]

        def answer(call: ToolCall, machine: Machine) -> Reply:
            reply = own(call, machine)
            changed = change(reply, call) if left[0] else None
            left[0] -= changed is not None
            return changed or reply

        return replace(scene, tools={**scene.tools, tool: answer})

    return set_up


def has_words(call: ToolCall, words: str) -> bool:
    """Return whether all of these words are in a command line."""
    return set(words.split()) <= set(call.arguments)


def hanging(tool: str) -> SetUp:
    """Let a tool never answer; kubectl and curl give up by themselves where they are told to."""

    def change(_: Reply, call: ToolCall) -> Reply:
        gives_up = any(word.startswith(("--request-timeout=", "--max-time")) for word in call.arguments)
        return Reply(1, stderr=f"{tool}: no answer\n", took=_PATIENCE if gives_up else FOR_EVER)

    return changing(tool, change)


def both(*set_ups: SetUp) -> SetUp:
    """Set up one after the other."""

    def set_up(scene: Scene) -> Scene:
        for each in set_ups:
            scene = each(scene)
        return scene

    return set_up


def must_fail(outcome: Outcome) -> str:
    """Demand a failure that is told."""
    run = outcome.run
    if run.exit_code == 0:
        return "succeeds"
    return (
        "" if "\nERROR: " in f"\n{run.stderr}" else f"fails without a line that begins with ERROR: ({last_line(run)})"
    )


def must_give_up(outcome: Outcome) -> str:
    """Demand a failure in time, whatever does not answer."""
    return must_fail(outcome) or ("waits for ever" if outcome.seconds >= FOR_EVER else "")


def must_fail_at_once(outcome: Outcome) -> str:
    """Demand a failure that nothing was waited for: waiting would not change what is wrong."""
    return must_fail(outcome) or ("waits for what waiting does not change" if outcome.seconds >= _PATIENCE else "")


def must_keep_locks_private(outcome: Outcome) -> str:
    """Demand success, and that nobody else on the node can hold the script's lock."""
    mode = stat.S_IMODE((outcome.machine.root / "run" / "edge-stamps").stat().st_mode)
    return must_succeed(outcome) or (f"leaves /run/edge-stamps with mode {mode:o}" if mode & 0o077 else "")


def must_fail_before(*words: str) -> Judgement:
    """Demand a failure before any of these command lines."""

    def find_fault(outcome: Outcome) -> str:
        done = [each for each in words if outcome.has_called(each)]
        return must_fail(outcome) or (f"goes on to `{done[0]}`" if done else "")

    return find_fault


def must_succeed(outcome: Outcome) -> str:
    """Demand success."""
    return f"fails ({last_line(outcome.run)})" if outcome.run.exit_code else ""


def must_do(*words: str) -> Judgement:
    """Demand success, and these command lines in this order."""

    def find_fault(outcome: Outcome) -> str:
        rest = iter(outcome.calls)
        missing = [each for each in words if not any(call.startswith(each) for call in rest)]
        return must_succeed(outcome) or (f"does not call `{missing[0]}`" if missing else "")

    return find_fault


def must_go_on_without_agent(*words: str) -> Judgement:
    """Demand success, and that each of these commands runs in a unit of its own, which no end of the agent ends."""

    def find_fault(outcome: Outcome) -> str:
        own = [call for call in outcome.calls if call.startswith("systemd-run ")]
        broken = [each for each in words if not any(each in call for call in own)]
        return must_succeed(outcome) or (f"lets `{broken[0]}` end with the agent" if broken else "")

    return find_fault


def must_leave(what: str, holds: Callable[[Machine], bool]) -> Judgement:
    """Demand success, after which something holds."""
    return lambda outcome: must_succeed(outcome) or ("" if holds(outcome.machine) else f"does not leave {what}")


def must_change_nothing(effects: Iterable[str]) -> Judgement:
    """Demand success without any of these command lines, and with every file of the node as before."""
    names = tuple(effects)

    def find_fault(outcome: Outcome) -> str:
        done = [each for each in names if outcome.has_called(each)]
        files = [
            name
            for name in sorted({*outcome.before, *outcome.after})
            if outcome.before.get(name) != outcome.after.get(name) and not name.startswith("run/edge-stamps/")
        ]
        return (
            must_succeed(outcome) or (f"calls `{done[0]}`" if done else "") or (f"changes /{files[0]}" if files else "")
        )

    return find_fault


def last_line(run: ScriptRun) -> str:
    """Return the end of what a script says."""
    return run.stderr.rstrip().rpartition("\n")[2][:200]
