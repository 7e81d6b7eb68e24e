"""Hold one link of a stack: its senders, what was refused, and what was at its two ends when it last sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.bodies import UnmappedError
from rehearsal.mqtt.client import ClientPlan, read_client
from rehearsal.mqtt.flow import Sender
from rehearsal.mqtt.translate import PortPlan, read_ports
from rehearsal.rotation.result import Refusal

_Found = TypeVar("_Found")


class Reader(Generic[_Found]):
    """Reads something of a view, and once only: most views stay as they are from one step to the next."""

    def __init__(self, read: Callable[[ClusterView], _Found]) -> None:
        self._read = read
        self._last: tuple[ClusterView, _Found] | None = None

    def __call__(self, view: ClusterView) -> _Found:
        if self._last is None or self._last[0] is not view:
            self._last = view, self._read(view)
        return self._last[1]


def read_broker(view: ClusterView) -> tuple[Mapping[int, PortPlan], str]:
    """Return the plan of each port, and why there is none."""
    try:
        return {plan.port: plan for plan in read_ports(view)}, ""
    except UnmappedError as error:
        return {}, str(error)


def read_site(endpoint: str, view: ClusterView) -> tuple[ClientPlan | None, str]:
    """Return the plan of a link's client, or why there is none."""
    try:
        return read_client(view, endpoint), ""
    except UnmappedError as error:
        return None, str(error)


@dataclass
class Link:
    """A link from one cluster's dataflows to another's broker."""

    cluster: str
    endpoint: str
    senders: Mapping[str, Sender]
    """By dataflow."""
    address: str
    read: Reader[tuple[ClientPlan | None, str]]
    refusals: list[Refusal] = field(default_factory=list)
    is_deployed: bool = True
    sent_between: Sequence[object] = ()
    """What was at its two ends when all was acknowledged; empty where something was refused."""

    @property
    def name(self) -> str:
        return f"{self.cluster}/{self.endpoint}"
