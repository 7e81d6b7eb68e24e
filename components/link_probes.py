"""The last step of a deployment: each cluster tries the links that start on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.cluster_stamp import ClusterStamp
from components.hosting.host import encode_parameter
from components.mqtt_configuration import MqttConfiguration
from components.pki_chain import PkiChain
from components.vnet_peering import VNetPeering
from settings import well_known
from settings.model import Link, Listener

_WAIT_SECONDS = 10 * 60
"""ARM calls a listener Succeeded before its Service has an address and the broker has taken its certificate."""


@dataclass(frozen=True)
class LinkProbesArgs:
    """One cluster, and what its links are made of."""

    stamp: ClusterStamp
    links: Sequence[Link]
    """Those that start on the cluster."""
    mqtt: Mapping[str, MqttConfiguration]
    peerings: Sequence[VNetPeering]
    """Those that the links cross."""
    pki: PkiChain


class LinkProbes(pulumi.ComponentResource):
    """A Run Command that connects over each link as its dataflows will; the deployment fails where one cannot.

    Also where no link starts: with a link that comes it would be made anew under its name, and may never run then
    (`run_on_vm`). Waits for both ends of its own links, and for no other cluster.
    """

    def __init__(self, name: str, args: LinkProbesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:link_probes:LinkProbes", name, None, opts)
        settings = args.stamp.settings
        own = args.mqtt[args.stamp.cluster.name]
        entries, ready = [], [own.gate]
        for link in args.links:
            entries.append(
                _describe(link, settings.listener_of(link), args.pki.servers[link.broker].certificate.sha256)
            )
            ready += [*args.mqtt[link.broker].listeners, *own.dataflows[link.name]]
        ready += [half for peering in args.peerings for half in (peering.there, peering.back)]
        args.stamp.host.run(
            "probe-links",
            {
                "NAMESPACE": well_known.AIO_NAMESPACE,
                "WAIT_SECONDS": str(_WAIT_SECONDS),
                "LINKS": pulumi.Output.from_input(entries).apply(encode_parameter),
            },
            timeout_seconds=_WAIT_SECONDS + 300,
            parent=self,
            depends_on=ready,
        )
        self.register_outputs({"links": [link.name for link in args.links]})


def _describe(
    link: Link, broker: Listener, certificate_sha256: pulumi.Output[str]
) -> dict[str, pulumi.Input[str | int]]:
    return {
        "name": link.name,
        "host": broker.host,
        "port": broker.port,
        "service": f"{broker.service_name} of cluster {link.broker}",
        "client_id": link.probe_client_id,
        "secret": link.secret_name,
        "server_ca": link.server_ca_config_map,
        "server_sha256": certificate_sha256,
    }
