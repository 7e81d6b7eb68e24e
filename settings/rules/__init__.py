"""Every rule that looks at more than one setting, as one table."""

from __future__ import annotations

from settings.rules import addresses, certificates, clusters, limits, links, names, tenant
from settings.rules.rule import Rule

__all__ = ["RULES", "Rule"]

_AIO = "learn.microsoft.com/azure/iot-operations"

RULES: tuple[Rule, ...] = (
    Rule("ids-differ", "The tenant's four ids differ from each other", "they name different things",
        tenant.different_ids),
    Rule("names-within-limits", "Every name is one that Azure takes, no longer and of no other characters",
        "name_limits", names.names_within_limits),
    Rule("admin-username-allowed", "No user name is one that Azure or Ubuntu keeps for itself",
        "osProfile.adminUsername of Microsoft.Compute", names.admin_username_allowed),
    Rule("codes-unique", "Each cluster has a code of its own", "names are made of codes", clusters.unique_codes),
    Rule("networks-disjoint", "No two clusters' networks overlap, linked or not",
        "learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering", addresses.no_overlap),
    Rule("subnet-in-space", "A subnet lies inside its cluster's address space", "Microsoft.Network",
        addresses.subnet_inside_address_space),
    Rule("node-address-usable", "A node's address lies in its subnet, and Azure does not keep it for itself",
        "Microsoft.Network: five addresses per subnet", addresses.node_address_usable),
    Rule("zone-exists", "A node has a zone only where the region has zones", "Azure: list of regions",
        clusters.zones_exist),
    Rule("storage-exists", "A region has the kind of storage that the profile asks for", "Azure: list of regions",
        clusters.storage_exists),
    Rule("broker-fits-memory", "The broker and the rest of AIO fit the memory of the node's VM size",
        f"{_AIO}/manage-mqtt-broker/howto-configure-availability-scale", clusters.broker_fits_memory),
    Rule("persistence-fits-disk", "The broker's volumes fit the node's disk",
        f"{_AIO}/manage-mqtt-broker/howto-broker-persistence", clusters.persistence_fits_disk),
    Rule("limits-outlast-outages", "A broker's limits let a dataflow's queue last as long as an outage may",
        f"{_AIO}/deployment-plan/deployment-planning-mqtt-options", limits.limits_outlast_outages),
    Rule("packets-fit-memory", "A broker's largest packet is one that its memory profile takes",
        f"{_AIO}/reference/mqtt-support", limits.packets_fit_memory),
    Rule("packets-fit-links", "No broker takes larger packets than one that it sends to",
        f"{_AIO}/reference/mqtt-support", limits.links_take_what_is_sent),
    Rule("listener-has-link", "Only a cluster at which a link ends has settings of a listener",
        "a listener is for links", clusters.listener_has_link),
    Rule("dns-names-unique", "No two listeners have the same DNS name", "a name leads to one broker",
        clusters.unique_dns_names),
    Rule("link-ends-known", "Both ends of a link are clusters of this stack", "a link joins two clusters",
        links.known_clusters),
    Rule("link-has-two-ends", "A link joins two different clusters", "a link joins two clusters", links.two_ends),
    Rule("one-link-per-pair", "Two clusters have at most one link in each direction",
        "each link has a certificate of its own", links.one_link_per_pair),
    Rule("link-names-unique", "No two links come out with the same name", "each link has a certificate of its own",
        links.unique_link_names),
    Rule("topics-distinct", "A link has each pair of topics once", "one dataflow per pair", links.distinct_topics),
    Rule("destinations-apart", "Links publish the same topic of a broker only where each says so",
        "a broker tells readers the topic, and not who has sent", links.destinations_apart),
    Rule("client-ids-apart", "No client of a broker may connect with the client id of another",
        "OASIS MQTT 5.0, §3.1.4", links.client_ids_apart),
    Rule("client-ids-have-prefix", "The client ids of a link begin with its prefix",
        f"{_AIO}/connect-to-cloud/howto-configure-mqtt-endpoint", links.client_ids_have_the_prefix),
    Rule("dataflows-few-enough", f"A cluster sends at most {links.MOST_DATAFLOWS} pairs of topics, over all its links",
        f"{_AIO}/connect-to-cloud/overview-dataflow", links.few_enough_dataflows),
    Rule("no-loops", "No message returns to a cluster that it came from", "such a message would go round for ever",
        links.no_message_returns),
    Rule("issuer-outlives-issued", "A certificate ends before its issuer, however late it is issued",
        "RFC 5280, §6.1.3", certificates.shorter_than_its_issuer),
    Rule("renewal-within-life", "A certificate is renewed when a quarter of its life is left, and not before it begins",
        "hashicorp/tls early_renewal_hours", certificates.renewal_within_life),
    Rule("revoked-is-replaced", "A generation is higher than the one that is revoked",
        "what is taken away needs a successor", certificates.revoked_is_replaced),
)  # fmt: skip
