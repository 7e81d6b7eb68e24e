"""Probes: the deployment ends with a connection over each link, as ARM calls a dead one Succeeded."""

from __future__ import annotations

from collections.abc import Mapping

from arm.types.network import VIRTUAL_NETWORK, VIRTUAL_NETWORK_PEERING
from graph import pem
from graph.graph import Resource
from graph.inputs import decode_parameter, join_names, text_at
from rules.expected import PROBE, PROBE_CLIENT
from rules.gates import GATE, read_wait_seconds
from rules.lookup import Hits, LinkParts, View

_LEAST_SECONDS = 300
"""A broker takes minutes to start its frontends with a new listener."""


def links_are_tried(view: View) -> Hits:
    """Require of each cluster one command that tries just the links that start there, when both ends are done."""
    for cluster in view.clusters:
        for probe in view.commands(cluster, PROBE):
            if (given := view.parameters(probe).get("NAMESPACE")) != (required := view.namespace(cluster)):
                yield probe.name, f"NAMESPACE is {given!r}; the cluster's Secrets are in {required!r}"
            if (waits := read_wait_seconds(view, probe)) < _LEAST_SECONDS:
                yield probe.name, f"WAIT_SECONDS: {waits}; expected at least {_LEAST_SECONDS}, until a broker answers"
            yield from _compared(view, probe, _started(view, cluster))
            yield from _waits(view, probe)


def _started(view: View, cluster: str) -> list[LinkParts]:
    return [parts for parts in view.links if parts.link.client == cluster]


def _compared(view: View, probe: Resource, links: list[LinkParts]) -> Hits:
    """Compare what is tried with what the settings ask for; other rules compare with them what is deployed."""
    tried = {text_at(one, "name"): one for one in decode_parameter(view.parameters(probe).get("LINKS", ""))}
    for name in sorted(tried.keys() - {parts.link.name for parts in links}):
        yield probe.name, f"LINKS: tries {name!r}, which does not start on this cluster"
    for parts in links:
        entry = tried.get(parts.link.name)
        if entry is None:
            yield probe.name, f"LINKS: does not try {parts.link.name}, so nothing says whether it works. Add it"
            continue
        for what, expected in _expected(view, parts).items():
            given = entry.get(what, "")
            if given != expected:
                yield probe.name, f"LINKS: {parts.link.name}: {what} is {given or 'missing'}; expected {expected}"


def _expected(view: View, parts: LinkParts) -> Mapping[str, str | int]:
    link, listener = parts.link, view.settings.listener_of(parts.link)
    keys = view.secret_keys(link.broker, text_at(parts.port, "tls.manual.secretRef"))
    chain = pem.certificates(keys.get("tls.crt", ""))
    return {
        "host": listener.host,
        "port": listener.port,
        "client_id": f"{link.client_id_prefix}{PROBE_CLIENT}",
        "secret": link.secret_name,
        "server_ca": link.server_ca_config_map,
        **({"server_sha256": pem.sha256(chain[0])} if chain else {}),
    }


def needed(view: View, probe: Resource) -> list[Resource]:
    """Return what a probe has to wait for: both ends of its links, and the peerings in between."""
    cluster = view.cluster(probe)
    found: list[Resource | None] = list(view.commands(cluster, GATE))
    for parts in _started(view, cluster):
        found += [parts.listener, *parts.dataflows]
        ends = {
            view.path(one) for name in (cluster, parts.link.broker) for one in view.all(VIRTUAL_NETWORK, cluster=name)
        }
        found += [one for one in view.all(VIRTUAL_NETWORK_PEERING) if {*view.ends(one)} == ends]
    return [one for one in found if one]


def _waits(view: View, probe: Resource) -> Hits:
    wanted = needed(view, probe)
    missing = [one for one in wanted if not view.waits(probe, one)]
    if missing:
        message = f"depends_on: does not wait for {join_names(missing)}, so it tries what is not there yet. Add it"
        yield probe.name, message
    direct = [view.graph.resources[urn] for urn in probe.dependencies if urn in view.graph.resources]
    others = [one for one in direct if view.cluster(one) not in (view.cluster(probe), "") and one not in wanted]
    if others:
        message = f"depends_on: waits for {join_names(others)}, over which none of its links leads. Take it out"
        yield probe.name, message
