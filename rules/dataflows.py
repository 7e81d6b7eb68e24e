"""Dataflows: each topic of a link is one of them, and AIO's limits are kept."""

from __future__ import annotations

from collections import Counter

from arm.types.iotoperations import DATAFLOW, DATAFLOW_PROFILE
from graph.graph import Resource
from graph.inputs import at, list_at, text_at
from rules.facts import aio
from rules.lookup import Hits, LinkParts, View
from rules.mqtt import MQTT
from settings.model import Link

_MAX_DATAFLOWS = 70
"""Per profile (learn.microsoft.com/azure/iot-operations/connect-to-cloud/overview-dataflow)."""
_TRANSFORMATION = (
    "learn.microsoft.com/azure/iot-operations/connect-to-cloud, howto-create-dataflow: Transformation;"
    " howto-configure-dataflow-destination: Serialize the output with a schema"
)
"""No changes, no transformation; what passes one is written as JSON."""


def dataflows(view: View) -> Hits:
    """Each topic of a link is one dataflow between the own broker and the link's endpoint, and there is no other."""
    for parts in view.links:
        if parts.endpoint:
            yield from _topics_of(view, parts, parts.endpoint)
            qos = at(view.inputs(parts.endpoint), f"{MQTT}.qos")
            if qos != 1:
                yield parts.endpoint.name, f"{MQTT}.qos: {qos}; expected 1, else messages get lost"
            prefix, asked = _prefix(view, parts.endpoint), parts.link.client_id_prefix
            if prefix != asked:
                yield parts.endpoint.name, f"{MQTT}.clientIdPrefix: {prefix!r}; the settings ask for {asked!r}"
    payloads = _payloads(view)
    for dataflow in view.all(DATAFLOW):
        yield from _operations(view, dataflow, payloads.get(dataflow.urn, ""))
    for profile in view.all(DATAFLOW_PROFILE):
        flows = view.all(DATAFLOW, cluster=view.cluster(profile))
        below = [one for one in flows if view.path(one).startswith(f"{view.path(profile)}/")]
        if len(below) > _MAX_DATAFLOWS:
            yield profile.name, f"{len(below)} dataflows; AIO takes {_MAX_DATAFLOWS} per profile. Spread them over more"
    yield from _client_ids(view)


def destinations_apart(view: View) -> Hits:
    """Require that nobody else's dataflow publishes a link's topic at a broker, unless the settings say so of both."""
    flows = [(parts.link, flow, _topics(view, flow)) for parts in view.links for flow in parts.dataflows]
    shared = {
        (link.name, topic.destination) for link in view.settings.links.values() for topic in link.topics if topic.shared
    }
    first: dict[tuple[str, str], tuple[Link, Resource]] = {}
    for link, flow, (_, to) in flows:
        other, earlier = first.setdefault((link.broker, to), (link, flow))
        if other is not link and not {(link.name, to), (other.name, to)} <= shared:
            message = f"publishes {to} at cluster {link.broker}, and {earlier.name} of link {other.name} does"
            yield flow.name, f"{message}: nobody can tell who has sent it. Use another topic, or `shared` on both"


def _topics_of(view: View, parts: LinkParts, endpoint: Resource) -> Hits:
    link = parts.link.name
    names = {(topic.source, topic.destination): topic.dataflow_name for topic in parts.link.topics}
    required = Counter((topic.source, topic.destination) for topic in parts.link.topics)
    given = Counter(_topics(view, dataflow) for dataflow in parts.dataflows)
    missing = ", ".join(f"{source} -> {to}" for source, to in sorted((required - given).elements()))
    for dataflow in parts.dataflows:
        source, to = _topics(view, dataflow)
        if required[source, to] < given[source, to]:
            expected = f"the settings ask for {missing}" if missing else "nothing asks for it: remove it"
            yield dataflow.name, f"carries {source} -> {to} over link {link}; {expected}"
        name, asked = text_at(view.inputs(dataflow), "dataflowName"), names.get((source, to))
        if asked and name != asked:
            yield dataflow.name, f"dataflowName: {name!r}; expected {asked!r}, which deployed stacks have"
    if missing and not given - required:
        yield endpoint.name, f"no dataflow carries {missing}, which link {link} asks for. Add it"


def _topics(view: View, dataflow: Resource) -> tuple[str, str]:
    source, destination = view.operations(dataflow, "Source"), view.operations(dataflow, "Destination")
    topics = list_at(source[0], "sourceSettings.dataSources") if source else []
    to = text_at(destination[0], "destinationSettings.dataDestination") if destination else ""
    return ", ".join(map(str, topics)), to


def _operations(view: View, dataflow: Resource, payload: str) -> Hits:
    kinds = [text_at(one, "operationType") for one in list_at(view.inputs(dataflow), "properties.operations")]
    json = payload == "json"
    expected = ["Source", *(["BuiltInTransformation"] if json else []), "Destination"]
    if kinds != expected:
        why = "" if json else f": a transformation lets JSON alone pass ({_TRANSFORMATION})"
        yield dataflow.name, f"properties.operations: {', '.join(kinds)}; expected {', '.join(expected)}{why}"
        return
    given = text_at(view.operations(dataflow, "Source")[0], "sourceSettings.serializationFormat")
    if given != ("Json" if json else ""):
        asked = "'Json'" if json else "none, with which every payload passes"
        yield dataflow.name, f"properties.operations[0].sourceSettings.serializationFormat: {given!r}; expected {asked}"
    instance = view.path(dataflow).split("/dataflowProfiles/")[0]
    refs = [
        text_at(view.operations(dataflow, "Source")[0], "sourceSettings.endpointRef"),
        view.goes_to(dataflow),
    ]
    ends = [view.by_path.get(f"{instance}/dataflowEndpoints/{name}") for name in refs]
    if None not in ends and sum(view.is_local(end) for end in ends if end) != 1:
        yield dataflow.name, f"properties.operations: from {refs[0]} to {refs[1]}; expected the own broker on one side"


def _payloads(view: View) -> dict[str, str]:
    """Return dataflow -> what the settings let pass from its topic; MQTT-05 has said it where no link has the topic."""
    asked = {
        (parts.link.name, topic.source, topic.destination): topic.payload
        for parts in view.links
        for topic in parts.link.topics
    }
    flows = [(parts.link.name, flow) for parts in view.links for flow in parts.dataflows]
    return {flow.urn: asked.get((link, *_topics(view, flow)), "") for link, flow in flows}


def client_ids(view: View, parts: LinkParts, endpoint: Resource) -> list[str]:
    """Return what may stand in the broker's rule for a link: the ids that the settings name, else all with its prefix.

    AIO appends to the endpoint's prefix what Microsoft calls the name of a data flow instance, and does not say more
    (learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint, Client ID prefix).
    """
    index = list(view.settings.links).index(parts.link.name)
    named = view.settings.values.get(f"links[{index}].client_ids")
    return sorted(named) if isinstance(named, list) else [f"{_prefix(view, endpoint)}{aio.CLIENT_ID_WILDCARD.value}"]


def _prefix(view: View, endpoint: Resource) -> str:
    return text_at(view.inputs(endpoint), f"{MQTT}.clientIdPrefix")


def _client_ids(view: View) -> Hits:
    """Who connects with another's client id ends its session (OASIS MQTT 5.0, §3.1.4)."""
    ends = [(parts.link.broker, endpoint) for parts in view.links if (endpoint := parts.endpoint)]
    for broker, endpoint in ends:
        for other_broker, other in ends:
            prefix, longer = _prefix(view, endpoint), _prefix(view, other)
            if broker == other_broker and endpoint.urn != other.urn and longer.startswith(prefix):
                message = (
                    f"{MQTT}.clientIdPrefix: {prefix!r}, and the client ids of {other.name} begin with {longer!r}: they"
                    f" would throw each other out of cluster {broker}. Use another prefix"
                )
                yield endpoint.name, message
