"""What is asked of Azure: resources by id, lists, and what a node says. What is written goes with its question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from arm.hosting import HostKind

_Given = TypeVar("_Given")
_Seen = TypeVar("_Seen")
Body = Mapping[str, Any]
"""A resource as Azure Resource Manager answers it."""


@dataclass(frozen=True)
class Unseen:
    """No answer, and why: whoever wanted it knows nothing."""

    reason: str


@dataclass(frozen=True)
class ScriptAnswer:
    """What a script has printed on a node, and when it ran: seconds since 1970 by Azure's clock."""

    stdout: str
    stderr: str
    after: float
    before: float


class UnseenError(Exception):
    """Azure did not answer what it was asked."""


MALFORMED = (ValueError, LookupError, TypeError, AttributeError)
"""What reading an answer raises that has another form than its documentation says."""


def not_understood(error: Exception) -> UnseenError:
    """Return what is told of such an answer."""
    return UnseenError(f"an answer that is not understood: {type(error).__name__} {error}")


def see(ask: Callable[[_Given], _Seen], given: _Given) -> _Seen | Unseen:
    """Return what is answered, or why nothing is."""
    try:
        return ask(given)
    except UnseenError as error:
        return Unseen(str(error))
    except MALFORMED as error:
        return Unseen(str(not_understood(error)))


class UnreachableError(UnseenError):
    """Nobody answers at all, or nobody is logged in: there is no use in asking on."""


class Azure(Protocol):
    """A source of answers. Its methods may be called from several threads, and each ends within a bounded time."""

    def get(self, arm_id: str, api_version: str, expand: str = "") -> Body | None:
        """Return a resource with what `$expand` asks for; None if there is none.

        Raises:
            UnseenError: no answer, or a refusal.
        """

    def list_group(self, group: str) -> Sequence[Body]:
        """Return what Azure Resource Manager lists in a resource group: no children, no properties.

        Raises:
            UnseenError: as `get`; also where there is no such group.
        """

    def list_below(self, path: str, api_version: str) -> Sequence[Body] | None:
        """Return the resources of a collection, e.g. `<broker>/listeners`; None if its parent is not there.

        Raises:
            UnseenError: as `get`.
        """

    def run_script(self, node_id: str, kind: HostKind, api_version: str, script: str) -> ScriptAnswer:
        """Run a script on a node, as root, and wait for its end; whether it has failed, it has to say itself.

        Where Azure knows no node, it runs on this machine, and `node_id` is that of the connected cluster.

        Raises:
            UnseenError: as `get`; also where the node does not run, or another script does.
        """

    def stop(self) -> None:
        """Answer nothing more, and wait for nothing more: whoever asks has given up."""


@contextmanager
def ask_at_once(azure: Azure, most: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads to ask from; Ctrl-C ends them, each after what it has begun is taken back."""
    with ThreadPoolExecutor(most) as pool:
        try:
            yield pool
        except BaseException:
            azure.stop()
            raise
