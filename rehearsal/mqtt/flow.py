"""Send over a link while what is deployed changes, as a dataflow does: at least once, and forgetting nothing."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from itertools import islice

from rehearsal.mqtt.client import ClientPlan, Flow, tls_context
from rehearsal.mqtt.delivery import build_message
from rehearsal.mqtt.mosquitto import Broker
from rehearsal.mqtt.stand_in import StandIn
from rehearsal.mqtt.wire import ClosedPortError, Connection, DeniedError, DistrustError, LostError, Message

_AT_ONCE = 100
"""How many messages a sender that has waited offers in one go."""


@dataclass
class Sender:
    """One dataflow: persistent session, QoS as deployed; what is not acknowledged is sent again.

    It connects with what it has loaded. A session at Mosquitto holds nothing for a publisher, so that what is sent
    again is sent as new: as with AIO's own at-least-once, the other end may see it twice.
    """

    name: str
    """Of the dataflow."""
    plan: ClientPlan | None = None
    """None: it does not run."""
    why_down: str = "it has never run"
    sent: int = 0
    _open: dict[int, None] = field(default_factory=dict)
    """Numbers of what is not acknowledged, in order."""
    _connection: Connection | None = None

    def load(self, plan: ClientPlan | None, why_down: str = "") -> None:
        """Run with this plan from now on; what is the same leaves the connection alone."""
        if plan != self.plan:
            self.disconnect()
        self.plan, self.why_down = plan, why_down

    def take(self, messages: int) -> None:
        """Take so many messages from the site's own broker."""
        for _ in range(messages):
            self.sent += 1
            self._open[self.sent] = None

    def pass_on(self, port: StandIn | None, where: str) -> str:
        """Offer what is not acknowledged; return how that was refused, empty if it was not.

        Args:
            port: what is at the broker's address.
            where: the address.
        """
        if self.plan is None:
            return f"the dataflow does not run: {self.why_down}"
        if port is None:
            return f"no listener is at {where}"
        if port.broker is None:
            return f"no frontend of the broker runs: {port.why_down}"
        if self._connection and not self._offer(self.plan):
            return ""
        # Only now it is known whether somebody is refused: an old connection ends with the broker that it was to.
        return self._connect(self.plan, port.broker) or self._offer(self.plan)

    def _connect(self, plan: ClientPlan, broker: Broker) -> str:
        """Return how the connection was refused."""
        mark = broker.log_length()
        try:
            tls = tls_context(plan, plan.credentials, broker.folder)
            self._connection = Connection(broker.port, plan.options(self._flow(plan).client_id, tls)).open()
        except ssl.SSLError as error:
            return f"the certificates are unusable: {error.reason}"
        except DistrustError as error:
            return f"the client refuses the broker: {error}"
        except DeniedError as error:
            return f"CONNACK: {error}"
        except ClosedPortError:
            return ""  # between one broker and the next; what is open waits for the next slice
        except LostError as error:
            return f"TLS: {broker.find_tls_error(mark) or error}"
        return ""

    def _offer(self, plan: ClientPlan) -> str:
        """Send what is open, and forget what is acknowledged; return how something was refused."""
        at_once = 1  # Mosquitto 2.0.11 ends the connection with a refusal, whose reason is lost if more is under way
        while self._open and self._connection:
            numbers, at_once = list(islice(self._open, at_once)), _AT_ONCE
            answers, lost = self._connection.offer([self._build(plan, number) for number in numbers])
            refused = [answer for answer in answers if answer is not None and answer.is_failure]
            for number, answer in zip(numbers, answers, strict=True):
                if answer is not None and not answer.is_failure:
                    self._acknowledge(number)
            if refused or lost:
                self.disconnect()
                return f"PUBACK: {refused[0]}" if refused else f"the broker ends the connection: {lost}"
        return ""

    def _acknowledge(self, number: int) -> None:
        del self._open[number]

    def _build(self, plan: ClientPlan, number: int) -> Message:
        flow = self._flow(plan)
        sources = flow.concrete_sources
        return build_message(plan, flow, number, sources[number % len(sources)])

    def _flow(self, plan: ClientPlan) -> Flow:
        return next(flow for flow in plan.flows if flow.name == self.name)

    def disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
