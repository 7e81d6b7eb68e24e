"""Let the engine do one step at a time, and look in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from graph.urns import name_of
from rehearsal.engine import Step
from rehearsal.rotation.result import Moment

Order = Literal["first", "last"]
_GATHER_SECONDS = 0.004
"""In which others come that the last step has made possible."""
_SECONDS = 60.0
_CALLED = {"create-replacement": "replace", "delete-replaced": "delete"}


class KilledError(Exception):
    """The engine was killed where it was ordered."""


class Turnstile:
    """Called by the engine's threads. Each waits until it is its turn, and does its step alone.

    Steps that do not wait for each other may come in any order on Azure; which of those that are ready goes first is
    chosen here, so that two orders are tried that differ wherever they can.
    """

    def __init__(self, look: Callable[[Moment], None], order: Order, number: int, last: int | None) -> None:
        """Look after each step that changes something.

        Args:
            look: told which step it was.
            order: who of those that are ready goes first: who was ready first, or who was ready last.
            number: of the last step so far.
            last: number of the step after which the engine is killed.
        """
        self._look, self._order = look, order
        self.steps: list[Moment] = []
        self._number, self._last = number, last
        self._turn = threading.Condition()
        self._waiting: list[int] = []
        self._is_busy = False
        self._failure: BaseException | None = None

    def __call__(self, stage: str, step: Step, what: str) -> None:
        """Wait for the turn before a step, and look after it."""
        if stage == "begun":
            self._enter()
            return
        try:
            if stage == "done" and what not in ("same", "replace"):
                self._number += 1
                self.steps.append(Moment(self._number, f"{_CALLED.get(what, what)} {name_of(step.urn)}"))
                self._look(self.steps[-1])
            if self._number == self._last:
                self._failure = KilledError(f"after step {self._number}")
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._turn:
            ticket = threading.get_ident()
            self._waiting.append(ticket)
            if not self._turn.wait_for(lambda: self._is_turn_of(ticket), _SECONDS):
                raise TimeoutError(f"a step has waited {_SECONDS:.0f} s for others")
            self._waiting.remove(ticket)
            if self._failure:
                raise self._failure
            self._is_busy = True

    def _is_turn_of(self, ticket: int) -> bool:
        next_one = self._waiting[0 if self._order == "first" else -1]
        return self._failure is not None or (not self._is_busy and next_one == ticket)

    def _leave(self) -> None:
        if self._order == "last":
            time.sleep(_GATHER_SECONDS)
        with self._turn:
            self._is_busy = False
            self._turn.notify_all()
