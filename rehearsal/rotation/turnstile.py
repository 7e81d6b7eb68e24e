"""Let the engine do one step at a time, and look in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from graph.urns import name_of
from rehearsal.engine import Step
from rehearsal.rotation.result import Moment

_QUIET_SECONDS = 0.04
"""After which nobody else comes before the next step is done."""
_LOOK_SECONDS = 0.01
_SECONDS = 60.0
_CALLED = {"create-replacement": "replace", "delete-replaced": "delete"}


class KilledError(Exception):
    """The engine was killed where it was ordered."""


@dataclass(eq=False)
class _Waiting:
    """A step whose turn has not come."""

    is_held: bool


class Turnstile:
    """Called by the engine's threads. Each waits until it is its turn, and does its step alone.

    Steps that do not wait for each other may come in any order on Azure. Here they come as they are ready, but for
    those that are held: they come when there is nothing else to do, so that everything which does not wait for them is
    seen without them.
    """

    def __init__(self, look: Callable[[Moment], None], hold: str, number: int, last: int | None) -> None:
        """Look after each step that changes something.

        Args:
            look: told which step it was.
            hold: how the logical names of those begin that are held, e.g. all of a cluster; empty for none.
            number: of the last step so far.
            last: number of the step after which the engine is killed.
        """
        self._look, self._hold = look, hold
        self.steps: list[Moment] = []
        self.changed: set[str] = set()
        """URNs of what those steps were about."""
        self._number, self._last = number, last
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._is_busy = False
        self._moved = 0.0
        """When somebody came or left last."""
        self._failure: BaseException | None = None

    def __call__(self, stage: str, step: Step, what: str) -> None:
        """Wait for the turn before a step, and look after it."""
        if stage == "begun":
            self._enter(_Waiting(bool(self._hold) and what != "same" and name_of(step.urn).startswith(self._hold)))
            return
        try:
            if stage == "done" and what not in ("same", "replace"):
                self._number += 1
                self.steps.append(Moment(self._number, f"{_CALLED.get(what, what)} {name_of(step.urn)}"))
                self.changed.add(step.urn)
                self._look(self.steps[-1])
                if self._number == self._last:
                    self._failure = KilledError(f"after step {self._number}")
        except BaseException as error:
            self._failure = error
            raise
        finally:
            with self._turn:
                self._is_busy = False
                self._move()

    def _enter(self, own: _Waiting) -> None:
        with self._turn:
            self._waiting.append(own)
            self._move()
            while not self._is_turn_of(own):
                if time.monotonic() - self._moved > _SECONDS:
                    raise TimeoutError(f"a step has waited for others, and for {_SECONDS:.0f} s none came or left")
                self._turn.wait(_LOOK_SECONDS if own.is_held else _SECONDS)
            self._waiting.remove(own)
            if self._failure:
                raise self._failure
            self._is_busy = True

    def _is_turn_of(self, own: _Waiting) -> bool:
        if self._failure:
            return True
        others = [one for one in self._waiting if not one.is_held]
        is_quiet = time.monotonic() - self._moved > _QUIET_SECONDS
        may_go = not others and is_quiet if own.is_held else True
        return not self._is_busy and may_go and (others or self._waiting)[0] is own

    def _move(self) -> None:
        self._moved = time.monotonic()
        self._turn.notify_all()
