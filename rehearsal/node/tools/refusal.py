"""How a stand-in says no: in the words and with the exit code of the tool that it stands for."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import wraps

from rehearsal.cluster import traces
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine, Tool

NOT_FOUND = 127
"""What bash answers for a command that is not there."""


class RefusalError(Exception):
    """A tool's refusal.

    `is_unknown`: the tool, or the model of it, has no such command, option or thing. A script that passes over that may
    do on a real node what no rehearsal has seen.
    """

    def __init__(self, code: int, text: str, stdout: str = "", *, is_unknown: bool = False, took: float = 0) -> None:
        super().__init__(text)
        self.code, self.text, self.stdout, self.is_unknown, self.took = code, text, stdout, is_unknown, took


def answering(behaviour: Callable[[ToolCall, Machine], str | Reply]) -> Tool:
    """Make a tool of a function that returns what goes to stdout, or raises a `RefusalError`."""

    @wraps(behaviour)
    def tool(call: ToolCall, machine: Machine) -> Reply:
        try:
            answer = behaviour(call, machine)
        except RefusalError as refusal:
            text = refusal.text if refusal.text.endswith("\n") or not refusal.text else f"{refusal.text}\n"
            if refusal.is_unknown:
                note_call(call)
                text = (
                    f"not in the model of {call.tool}; where the real one takes it, extend rehearsal/node/tools\n{text}"
                )
            return Reply(refusal.code, refusal.stdout, text, refusal.took)
        return answer if isinstance(answer, Reply) else Reply(stdout=answer)

    return tool


def note_call(call: ToolCall) -> None:
    """Remember a call that neither the tool nor the model of it knows."""
    call.traces.append((traces.CALLS, shlex.join([call.tool, *call.arguments])))


def missing(tool: str) -> RefusalError:
    """Return what bash says of a command that is not installed."""
    return RefusalError(NOT_FOUND, f"bash: {tool}: command not found")
