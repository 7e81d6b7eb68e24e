"""One environment: its clusters, their networks, keys and links.

One stack and not one per cluster: a link touches two clusters, and its certificates, peering and authorization change
together or not at all. Clusters still do not wait for each other (docs/decisions/0001-one-stack.md).
"""

from pathlib import Path

import pulumi

from components.azure import create_providers, register_azure_defaults
from components.cluster_stamp import ClusterStamp, ClusterStampArgs
from components.generations import Generations, GenerationsArgs, read_state
from components.key_vault_publisher import (
    KeyVaultPublisher,
    KeyVaultPublisherArgs,
    select_secrets,
    select_trust_bundles,
)
from components.link_probes import LinkProbes, LinkProbesArgs
from components.links import LinkParts, connect_links
from components.mqtt_configuration import MqttConfiguration, MqttConfigurationArgs
from components.outputs import collect_outputs
from components.pki_chain import PkiChain, PkiChainArgs
from components.vnet_peering import peer_networks
from settings import SettingsError, stack_file
from settings.rotation import find_live

state = read_state()
try:
    folder, stack, given = Path(__file__).parent, pulumi.get_stack(), pulumi.Config().get_object("settings")
    settings = stack_file.load(folder, stack, given, before=state.marks, deployed=state.deployed, keys=state.keys)
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

register_azure_defaults()
azure = pulumi.ResourceOptions(providers=create_providers(settings))

live = find_live(settings, state.marks, state.deployed)
Generations("generations", GenerationsArgs(live, state.marks))
pki = PkiChain("pki", PkiChainArgs(live))
stamps = {
    name: ClusterStamp(name, ClusterStampArgs(settings, cluster, select_trust_bundles(live, cluster, pki)), azure)
    for name, cluster in settings.clusters.items()
}
peerings = peer_networks(settings.peerings, stamps, azure)
publishers = {
    name: KeyVaultPublisher(
        f"{name}-secrets", KeyVaultPublisherArgs(stamp, select_secrets(live, stamp.cluster, pki)), azure
    )
    for name, stamp in stamps.items()
}
mqtt = {
    name: MqttConfiguration(f"{name}-mqtt", MqttConfigurationArgs(stamp, publishers[name], pki, live), azure)
    for name, stamp in stamps.items()
}
for name, stamp in stamps.items():
    parts = LinkParts(stamp, live, pki, mqtt, peerings.values())
    LinkProbes(f"{name}-links", LinkProbesArgs(parts, connect_links(parts)), azure)

for name, value in collect_outputs(settings, stamps, peerings, live, pki, mqtt).items():
    pulumi.export(name, value)
