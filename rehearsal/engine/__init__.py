"""The offline engine: runs the unchanged program without a CLI and keeps a state, against providers in this process.

It follows the real engine's rules for a program like ours (pulumi/pulumi at 3.260, pkg/resource/deploy; the file is
named in each module) and refuses by name what it does not do: `UnsupportedError`.
"""

from rehearsal.engine.engine import Engine, Options
from rehearsal.engine.recording import Recording
from rehearsal.engine.result import Diagnostic, Op, Outcome, Result, Step, UnsupportedError
from rehearsal.engine.state import PendingOperation, ResourceState, State, StateError

__all__ = [
    "Diagnostic",
    "Engine",
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
