"""The offline engine: what it is, what it refuses and how it is compared with the real one is in README.md.

Everybody outside imports this package and none of its modules.
"""

from rehearsal.engine.cli.backend import Backend
from rehearsal.engine.cli.command import OfflineCommand
from rehearsal.engine.engine import Engine, Options
from rehearsal.engine.recording import Recording
from rehearsal.engine.result import Diagnostic, Op, Outcome, Result, Step, UnsupportedError
from rehearsal.engine.state import PendingOperation, ResourceState, State, StateError

__all__ = [
    "Backend",
    "Diagnostic",
    "Engine",
    "OfflineCommand",
    "Op",
    "Options",
    "Outcome",
    "PendingOperation",
    "Recording",
    "ResourceState",
    "Result",
    "State",
    "StateError",
    "Step",
    "UnsupportedError",
]
