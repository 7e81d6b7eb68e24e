"""What leads from a site to a broker: endpoint and dataflows, and how a site goes over to new keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components import mqtt_bodies
from components.cluster_stamp import ClusterStamp
from components.hosting.host import encode_parameter
from components.mqtt_configuration import MqttConfiguration, place_in_instance
from components.packages import Dataflow, DataflowEndpoint, iot_operations
from components.pki_chain import PkiChain
from components.vnet_peering import VNetPeering
from settings import well_known
from settings.model import Link, Listener
from settings.naming import ENDPOINT, PROVE, SETTLE
from settings.rotation import Live, name_rotation

_PROBE_SECONDS = 10 * 60
"""ARM calls a listener Succeeded before its Service has an address and the broker has taken its certificate."""
_SETTLE_SECONDS = 15 * 60
"""A dataflow that does not take up its new keys by itself is restarted, and starts in minutes."""


@dataclass(frozen=True)
class LinkParts:
    """What the links of one site are made of."""

    stamp: ClusterStamp
    live: Live
    pki: PkiChain
    mqtt: Mapping[str, MqttConfiguration]
    peerings: Iterable[VNetPeering]
    """All of the stack."""

    @property
    def own(self) -> MqttConfiguration:
        return self.mqtt[self.stamp.cluster.name]

    @property
    def links(self) -> list[Link]:
        """Those that start here."""
        return self.live.settings.links_from(self.stamp.cluster.name)

    def needed_by(self, link: Link) -> list[pulumi.Resource]:
        """Return what a connection over the link needs beside the site's own dataflows."""
        crossed = (one for one in self.peerings if one.ends == {link.client, link.broker})
        halves = [half for peering in crossed for half in (peering.there, peering.back)]
        return [self.own.gate, *self.mqtt[link.broker].listeners, *halves]


def connect_links(parts: LinkParts) -> dict[str, list[pulumi.Resource]]:
    """Create endpoint and dataflows of each link, below the site's `MqttConfiguration`; return the dataflows by link.

    While a link rotates: first a probe connects with the new keys, trusting the new root alone, unless the old ones
    work no more; then the endpoint names them; then the dataflows are seen to use them. The next deployment finds that
    in its state, and retires the old.
    """
    return {link.name: _connect(parts, link) for link in parts.links}


def _connect(parts: LinkParts, link: Link) -> list[pulumi.Resource]:
    stamp, broker = parts.stamp, parts.live.settings.listener_of(link)
    rotates = parts.live.rotates(link)
    gates = [parts.own.gate]
    if rotates:
        gates = parts.needed_by(link) if link.name in parts.live.cut else [_prove(parts, link, broker)]
    endpoint = DataflowEndpoint(
        link.name + ENDPOINT,
        iot_operations(stamp.settings.release),
        {
            **place_in_instance(stamp),
            "dataflowEndpointName": link.endpoint_name,
            "properties": mqtt_bodies.connect_to_broker(link, broker),
        },
        pulumi.ResourceOptions(parent=parts.own, depends_on=gates),
    )
    dataflows = _create_dataflows(parts, link, endpoint)
    if rotates:
        _settle(parts, link, broker, [endpoint, *dataflows])
    return dataflows


def _prove(parts: LinkParts, link: Link, broker: Listener) -> pulumi.Resource:
    return run_probe(parts, [link], f"{PROVE}{name_rotation(link, broker)}", parts.needed_by(link), parts.own)


def run_probe(
    parts: LinkParts, links: Sequence[Link], name: str, ready: Sequence[pulumi.Resource], parent: pulumi.Resource
) -> pulumi.Resource:
    """Run a command that connects over these links, as their dataflows will."""
    entries = [_describe(parts, link) for link in links]
    return parts.stamp.host.run(
        "probe-links",
        {
            "NAMESPACE": well_known.AIO_NAMESPACE,
            "WAIT_SECONDS": str(_PROBE_SECONDS),
            "LINKS": pulumi.Output.from_input(entries).apply(encode_parameter),
        },
        timeout_seconds=_PROBE_SECONDS + 300,
        parent=parent,
        depends_on=ready,
        name=name,
    )


def _describe(parts: LinkParts, link: Link) -> dict[str, pulumi.Input[str | int]]:
    broker = parts.live.settings.listener_of(link)
    return {
        "name": link.name,
        "host": broker.host,
        "port": broker.port,
        "service": f"{broker.service_name} of cluster {link.broker}",
        "client_id": link.probe_client_id,
        "secret": link.secret_name,
        "server_ca": link.server_ca_config_map,
        "server_sha256": parts.pki.servers[link.broker, broker.generation].certificate.sha256,
    }


def _create_dataflows(parts: LinkParts, link: Link, endpoint: DataflowEndpoint) -> list[pulumi.Resource]:
    stamp = parts.stamp
    return [
        Dataflow(
            f"{link.client}-{topic.dataflow_name}",
            iot_operations(stamp.settings.release),
            {
                **place_in_instance(stamp),
                "dataflowProfileName": stamp.dataflow_profile.name,
                "dataflowName": topic.dataflow_name,
                "properties": mqtt_bodies.pass_through(
                    topic,
                    stamp.local_endpoint.name,
                    endpoint.name,
                    persistent=stamp.settings.protection.dataflow_disk_persistence,
                ),
            },
            pulumi.ResourceOptions(parent=parts.own),
        )
        for topic in link.topics
    ]


def _settle(parts: LinkParts, link: Link, broker: Listener, ready: Sequence[pulumi.Resource]) -> None:
    parts.stamp.host.run(
        "settle-dataflows",
        {
            "NAMESPACE": well_known.AIO_NAMESPACE,
            "WAIT_SECONDS": str(_SETTLE_SECONDS),
            "PROFILE": parts.stamp.dataflow_profile.name,
            "ENDPOINT": link.endpoint_name,
            "SECRET": link.secret_name,
            "TRUST": link.server_ca_config_map,
        },
        timeout_seconds=_SETTLE_SECONDS + 300,
        parent=parts.own,
        depends_on=ready,
        name=f"{SETTLE}{name_rotation(link, broker)}",
    )
