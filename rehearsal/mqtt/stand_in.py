"""Stand in for one port of AIO's broker while what is deployed for it changes: Mosquitto, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from rehearsal.mqtt.mosquitto import Broker, BrokerFailedError, Place, make_place, run_broker
from rehearsal.mqtt.observer import Observer, observe
from rehearsal.mqtt.translate import PortPlan
from rehearsal.mqtt.wire import LostError, Message


@dataclass
class StandIn:
    """A port that stays where it is, with a broker behind it or none.

    Whatever changes, the broker ends and another one takes over, with its sessions. AIO likewise disconnects every
    client when a policy changes (howto-configure-authorization, "Update authorization"), and rolls its pods for other
    changes. Nobody is refused by that: who connects in between waits, as nothing of ours sends meanwhile.
    """

    _place: Place
    _running: ExitStack = field(default_factory=ExitStack)
    _plan: PortPlan | None = None
    _observer: Observer | None = None
    broker: Broker | None = None
    """None: no frontend runs."""
    why_down: str = "it has never run"
    _arrived: list[Message] = field(default_factory=list)

    def load(self, plan: PortPlan) -> None:
        """Run with this plan from now on."""
        if self.broker and plan == self._plan:
            return
        self.stop("")
        try:
            self.broker = self._running.enter_context(run_broker(plan, self._place))
            self._observer = self._running.enter_context(observe(self.broker))
        except (BrokerFailedError, LostError) as error:
            self.stop(str(error))
        self._plan = plan

    def restart(self) -> None:
        """End the broker, and let another one take over with the same plan."""
        plan = self._plan
        if self.broker and plan:
            self.stop("")
            self.load(plan)

    def stop(self, why: str) -> None:
        """Let no broker run; what it has taken before has arrived."""
        self._collect()
        self._running.close()
        self.broker, self._observer, self.why_down = None, None, why

    def take_messages(self) -> list[Message]:
        """Return everything that has arrived since the last call."""
        self._collect()
        arrived, self._arrived = self._arrived, []
        return arrived

    def _collect(self) -> None:
        if self._observer:
            with suppress(LostError):  # it was killed: what it had not passed on is lost
                self._arrived += self._observer.take_messages()


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Give a port with nothing behind it yet."""
    with make_place() as place:
        port = StandIn(place)
        try:
            yield port
        finally:
            port.stop("it is over")
