"""Rules of links and topics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from settings import topics
from settings.errors import Problem
from settings.fields import nearest
from settings.naming import dataflow_names, link_name
from settings.schema import StackSection

MOST_DATAFLOWS = 70
"""Per profile, one a cluster (learn.microsoft.com/azure/iot-operations/connect-to-cloud/overview-dataflow)."""


class Flow(NamedTuple):
    """One pair of topics of one link, with what follows from it."""

    link: str
    """Path of its link, as in `links[0]`."""
    where: str
    client: str
    broker: str
    source: str
    destination: str
    dataflow: str
    shared: bool

    @property
    def pair(self) -> dict[str, str]:
        return {"from": self.source, "to": self.destination}


def _flows(stack: StackSection) -> list[Flow]:
    flows = []
    for index, link in enumerate(stack.links):
        if link.client == link.broker:
            continue  # Refused by `two_ends`; everything else about it would only repeat that.
        pairs = [(topic.source, topic.destination) for topic in link.topics or []]
        names = dataflow_names(link.broker, pairs)
        for position, (topic, pair, name) in enumerate(zip(link.topics or [], pairs, names, strict=True)):
            path = f"links[{index}]"
            where = f"{path}.topics[{position}]"
            flows.append(Flow(path, where, link.client, link.broker, *pair, name, topic.shared))
    return flows


def known_clusters(stack: StackSection) -> Iterator[Problem]:
    """Report an end of a link that is no cluster of this stack."""
    for index, link in enumerate(stack.links):
        for key, name, other_end in (("from", link.client, link.broker), ("to", link.broker, link.client)):
            if name not in stack.clusters:
                others = [cluster for cluster in stack.clusters if cluster != other_end]
                near = nearest(name, others)
                expected = f"one of the clusters {', '.join(stack.clusters)}"
                hint = f"did you mean {near}?" if near else "or add a cluster of this name below clusters"
                where = f"links[{index}].{key}"
                yield Problem(where, name, expected, near or next(iter(others), "enterprise"), hint)


def two_ends(stack: StackSection) -> Iterator[Problem]:
    """Report a link from a cluster to itself."""
    for index, link in enumerate(stack.links):
        if link.client == link.broker:
            where = f"links[{index}].to"
            other = next((name for name in stack.clusters if name != link.client), "enterprise")
            yield Problem(where, link.broker, "another cluster than `from`", other)


def one_link_per_pair(stack: StackSection) -> Iterator[Problem]:
    """Report a second link in one direction: a pair has one certificate, one endpoint, many topics."""
    seen: dict[tuple[str, str], int] = {}
    for index, link in enumerate(stack.links):
        first = seen.setdefault((link.client, link.broker), index)
        if first != index:
            where = f"links[{index}]"
            pair = f"{{from: {link.client}, to: {link.broker}}}"
            expected = f"one link per pair of clusters; links[{first}] joins the same two"
            example = f"{pair[:-1]}, topics: [{{from: input, to: a/output}}, {{from: alarms, to: a/alarms}}]}}"
            yield Problem(where, {"from": link.client, "to": link.broker}, expected, example)


def unique_link_names(stack: StackSection) -> Iterator[Problem]:
    """Report `a` to `b-to-c` beside `a-to-b` to `c`: one name, one identity. Both ways round, as peerings go."""
    seen: dict[str, tuple[int, tuple[str, str]]] = {}
    for index, link in enumerate(stack.links):
        for ends in ((link.client, link.broker), (link.broker, link.client)):
            first, first_ends = seen.setdefault(link_name(*ends), (index, ends))
            if first_ends != ends:
                given = {"from": link.client, "to": link.broker}
                expected = f"clusters that make another name than {link_name(*ends)}, which links[{first}] has"
                yield Problem(f"links[{index}]", given, expected, "{from: lyon, to: hub}")
                break


def distinct_topics(stack: StackSection) -> Iterator[Problem]:
    """Report two dataflows with the same topics: they would send everything twice."""
    seen: dict[tuple[str, ...], str] = {}
    for flow in _flows(stack):
        first = seen.setdefault((flow.link, flow.source, flow.destination), flow.where)
        if first != flow.where:
            expected = f"another pair than {first}: its messages would arrive twice"
            yield Problem(flow.where, flow.pair, expected, "{from: alarms, to: site/alarms}")


def destinations_apart(stack: StackSection) -> Iterator[Problem]:
    """Report a topic of a broker that several links publish, unless each of them says that it is shared.

    A destination is one topic without wildcards, so that two of them are the same or apart.
    """
    same: dict[tuple[str, str], list[Flow]] = {}
    for flow in _flows(stack):
        same.setdefault((flow.broker, flow.destination), []).append(flow)
    for flow in _flows(stack):
        others = [one.where for one in same[flow.broker, flow.destination] if one.link != flow.link]
        if others and not flow.shared:
            more = f" and {len(others) - 1} more" if others[1:] else ""
            expected = (
                f"a topic of its own: {others[0]}{more} would publish {flow.destination} at {flow.broker} too, where"
                " nobody can tell who has sent it; or `shared: true` on each of them"
            )
            example = f"{{from: {flow.source}, to: {flow.client}/{flow.destination}}}"
            yield Problem(flow.where, flow.pair, expected, example)


def client_ids_apart(stack: StackSection) -> Iterator[Problem]:
    """Report a prefix that another client's ids of the same broker begin with: it could take that client's session.

    A broker ends the session of a client when another one connects with its id (OASIS MQTT 5.0, §3.1.4).
    """
    for index, link in enumerate(stack.links):
        prefix = str(link.client_id_prefix)
        for other_index, other in enumerate(stack.links):
            longer = str(other.client_id_prefix)
            is_second = prefix != longer or index > other_index
            if other.broker == link.broker and other.client != link.client and longer.startswith(prefix) and is_second:
                expected = (
                    f"a prefix that no other client id of {link.broker} begins with; those of links[{other_index}]"
                    f" begin with {longer}"
                )
                yield Problem(f"links[{index}].client_id_prefix", prefix, expected, f"{link.client}.")


def client_ids_have_the_prefix(stack: StackSection) -> Iterator[Problem]:
    """Report client ids that no dataflow of the link has: AIO begins each with the prefix."""
    for index, link in enumerate(stack.links):
        lacking = [one for one in link.client_ids or [] if not one.startswith(str(link.client_id_prefix))]
        if lacking:
            expected = f"client ids that begin with {link.client_id_prefix}; {', '.join(lacking)} does not"
            example = f"[{link.client_id_prefix}to-{link.broker}-input]"
            yield Problem(f"links[{index}].client_ids", link.client_ids, expected, example)


def few_enough_dataflows(stack: StackSection) -> Iterator[Problem]:
    """Report more dataflows than a profile takes; each cluster has one profile."""
    flows = _flows(stack)
    for client in dict.fromkeys(flow.client for flow in flows):
        own = [flow for flow in flows if flow.client == client]
        if len(own) > MOST_DATAFLOWS:
            expected = (
                f"at most {MOST_DATAFLOWS} pairs of topics from {client}, over all its links; these are {len(own)}"
            )
            example = "{from: line/+/input, to: site/output}"
            where, given = own[MOST_DATAFLOWS].where, own[MOST_DATAFLOWS].pair
            yield Problem(where, given, expected, example, "a wildcard in `from` joins topics")


def no_message_returns(stack: StackSection) -> Iterator[Problem]:
    """Report a way back to a cluster that has sent a message: it may be sent again, and so without end."""
    flows = _flows(stack)
    reported = set()
    for start in flows:
        way = _way_home(flows, start)
        if not way or frozenset(way) in reported:
            continue
        reported.add(frozenset(way))
        last = max(way, key=flows.index)
        stops = [*(f"{flow.source} on {flow.client}" for flow in way), f"{way[-1].destination} on {way[-1].broker}"]
        expected = f"topics with which no message returns to a cluster that it came from; now {' -> '.join(stops)}"
        example = f"{{from: commands, to: {last.client}/commands}}"
        yield Problem(last.where, last.pair, expected, example)


def _way_home(flows: list[Flow], start: Flow) -> list[Flow]:
    """Return the shortest way on which the first flow's message comes back to the cluster that it left, or nothing."""
    ways, seen = [[start]], {start}
    for way in ways:
        here = way[-1]
        if here.broker == start.client:
            return way
        onward = [
            flow
            for flow in flows
            if flow.client == here.broker and flow not in seen and topics.matches(flow.source, here.destination)
        ]
        seen.update(onward)
        ways += [[*way, flow] for flow in onward]
    return []
