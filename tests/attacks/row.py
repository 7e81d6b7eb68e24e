"""One attack or fault: what is done, what must decide it, and the honest twin that succeeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.attacks.lab import Lab

Decider = Literal["settings", "chain", "model", "broker"]
"""The rules of the settings; a verifier of certificates; the model of Azure, of a cluster or of AIO's policy; Mosquitto
with what was deployed."""
Attempt = Callable[[Lab], str]
"""Returns why it was refused or reported; empty if it went through."""


@dataclass(frozen=True)
class Row:
    """One line of the matrix."""

    case: str
    """One of `cases.CASES`."""
    who: str
    """What the attacker does, or what goes wrong; unique."""
    decider: Decider
    attack: Attempt
    refused: str
    """Words of the refusal."""
    twin: Attempt
    """The same done legitimately."""
