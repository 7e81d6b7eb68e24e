"""One message over each topic of a link, and one that its broker has to refuse: sent and taken by scripts on nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from automation.verify.azure import Azure, Unseen, UnseenError, ask_at_once, see
from automation.verify.expected import Expectation
from automation.verify.inside import PROBE, describe_links, encode, find_script, read_error, run_script
from rules.facts.aio import NAMESPACE
from settings.model import Link

_SCRIPT = "exchange-messages"
_WAIT_SECONDS = 180
"""Azure may begin with the sender's script a minute later than with the receiver's."""
_IN_PLACE_OF = {"+": "edge-stamps", "#": "edge-stamps"}
"""Of a wildcard, in the topic of a message."""


@dataclass(frozen=True)
class Message:
    """One on its way."""

    link: Link
    source: str
    destination: str
    id: str


@dataclass(frozen=True)
class Exchange:
    """How the messages of one link have fared."""

    taken: Mapping[str, int]
    """Topics at both ends -> reason code of the site's own broker (OASIS MQTT 5.0, 2.4); from 128 on, a refusal."""
    seconds: Mapping[str, float]
    """Topics at both ends -> from sending to being seen at the other end, by the clocks of both nodes."""
    refusal: int | str
    """Reason code for a message on a topic that is none of the link's; -1: hung up; a text: why there is none."""


@dataclass(frozen=True)
class Exchanger:
    """Runs the scripts; one client at each broker, whose name nobody else has."""

    azure: Azure
    expectation: Expectation
    bodies: Mapping[str, Any]
    """As in `Evidence`."""
    messages: Sequence[Message]
    client: str

    def subscribe(self, cluster: str) -> Any:
        """Begin a session at the receiving broker."""
        topics = {one.destination for one in self.messages if one.link.broker == cluster}
        return self._run(cluster, "subscribe", [{"topic": topic} for topic in sorted(topics)])

    def publish(self, cluster: str) -> Any:
        """Send what begins here, and what is to be refused."""
        own = [one for one in self.messages if one.link.client == cluster]
        links, probe = {one.link.name for one in own}, find_script(self.expectation, cluster, PROBE)
        known = describe_links(probe, self.bodies[probe.id]) if probe else ()
        tried = [{**one, "forbidden": f"{self.client}/forbidden"} for one in known if one["name"] in links]
        return self._run(cluster, "publish", [{"topic": one.source, "id": one.id} for one in own], encode(tried))

    def collect(self, cluster: str) -> Any:
        """Wait for what ends here."""
        here = [one for one in self.messages if one.link.broker == cluster]
        return self._run(cluster, "collect", [{"topic": one.destination, "id": one.id} for one in here])

    def _run(self, cluster: str, role: str, messages: Sequence[Mapping[str, str]], links: str = "") -> Any:
        """Return the fact line.

        Raises:
            UnseenError: there is none.
        """
        if self.expectation.view.settings.clusters[cluster].existing:
            raise UnseenError(
                f"{cluster} was there before the stack: no node of it is known, to send from and to look at"
            )
        node = self.expectation.nodes.get(cluster)
        if node is None or (node.id in self.bodies and self.bodies[node.id] is None):
            raise UnseenError(f"the node of {cluster} is not there")
        # Another client sends: it would end the session that waits at the same broker.
        client = f"{self.client}-{cluster}-{'to' if role == 'publish' else 'from'}"
        given = {"ROLE": role, "NAMESPACE": NAMESPACE.value, "CLIENT_ID": client}
        given |= {"MESSAGES": encode(messages), "LINKS": links, "WAIT_SECONDS": str(_WAIT_SECONDS)}
        answer = run_script(self.azure, node, _SCRIPT, given)
        if not answer.stdout.startswith("{"):
            raise UnseenError(f"cluster {cluster}: {read_error(answer)}")
        return json.loads(answer.stdout)


def send_messages(
    azure: Azure, expectation: Expectation, bodies: Mapping[str, Any], links: Sequence[str]
) -> Mapping[str, Exchange | Unseen]:
    """Send one over each topic of these links, all at once, and return link -> how it went."""
    chosen = [expectation.view.settings.links[name] for name in links]
    messages = [_write(link, topic.source, topic.destination) for link in chosen for topic in link.topics]
    exchanger = Exchanger(azure, expectation, bodies, messages, f"edge-stamps-{uuid4().hex[:12]}")
    brokers, sites = sorted({one.broker for one in chosen}), sorted({one.client for one in chosen})
    with ask_at_once(azure, max(1, len(brokers) + len(sites))) as pool:
        begun = dict(zip(brokers, pool.map(partial(see, exchanger.subscribe), brokers), strict=True))
        ready = [name for name in brokers if not isinstance(begun[name], Unseen)]
        # A node runs one script at a time: what sends as well receives afterwards, as its session waits for it.
        early, late = [name for name in ready if name not in sites], [name for name in ready if name in sites]
        seen = pool.map(partial(see, exchanger.collect), early)
        by_site = dict(zip(sites, pool.map(partial(see, exchanger.publish), sites), strict=True))
        seen_late = pool.map(partial(see, exchanger.collect), late)
        by_broker = begun | dict(zip(early, seen, strict=True)) | dict(zip(late, seen_late, strict=True))

    def judge(link: Link) -> Exchange | Unseen:
        return _judge(link, messages, by_site[link.client], by_broker[link.broker])

    return {one.name: see(judge, one) for one in chosen}


def _write(link: Link, source: str, destination: str) -> Message:
    levels = [_IN_PLACE_OF.get(level, level) for level in source.split("/")]
    return Message(link, "/".join(levels), destination, uuid4().hex[:12])


def _name(message: Message) -> str:
    return f"{message.source} -> {message.destination}"


def _judge(link: Link, messages: Sequence[Message], sent: Any, seen: Any) -> Exchange | Unseen:
    for answer in (sent, seen):
        if isinstance(answer, Unseen):
            return answer
    own = [one for one in messages if one.link is link]
    taken = {_name(one): sent["sent"][one.id] for one in own}
    arrived = {_name(one): seen["arrived"][one.id] for one in own if one.id in seen["arrived"]}
    return Exchange(
        {topic: code for topic, (code, _) in taken.items()},
        {topic: at - taken[topic][1] for topic, at in arrived.items()},
        sent["refused"].get(link.name, "the probe in Azure does not know it"),
    )
