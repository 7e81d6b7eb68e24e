"""Every rule that looks at more than one setting, as one table."""

from __future__ import annotations

from settings.rules import addresses, certificates, clusters, links, names, tenant
from settings.rules.finding import Finding, Rule

__all__ = ["RULES", "Finding", "Rule"]

RULES: tuple[Rule, ...] = (
    Rule("ids-differ", "they name different things", tenant.four_different_ids),
    Rule("names-within-limits", "name_limits", names.names_within_limits),
    Rule("admin-username-allowed", "osProfile.adminUsername of Microsoft.Compute", names.admin_username_allowed),
    Rule("codes-unique", "design: names derive from codes", clusters.unique_codes),
    Rule("networks-disjoint", "field-review §3 rule 24", addresses.no_overlap),
    Rule("subnet-in-space", "Microsoft.Network", addresses.subnet_inside_address_space),
    Rule("node-address-usable", "Microsoft.Network: five addresses per subnet", addresses.node_address_usable),
    Rule("zone-exists", "Azure: list of regions", clusters.zones_exist),
    Rule("storage-exists", "Azure: list of regions", clusters.storage_exists),
    Rule("broker-fits-memory", "field-review §3 rule 10, aio-cli-facts §2.7", clusters.broker_fits_memory),
    Rule("persistence-fits-disk", "aio-cli-facts §2.7, §6.3", clusters.persistence_fits_disk),
    Rule("listener-has-link", "design: listeners are for links", clusters.listener_has_link),
    Rule("dns-names-unique", "a name leads to one broker", clusters.unique_dns_names),
    Rule("link-ends-known", "design: links join clusters", links.known_clusters),
    Rule("link-has-two-ends", "design: links join clusters", links.two_ends),
    Rule("one-link-per-pair", "design: one certificate per link", links.one_link_per_pair),
    Rule("link-names-unique", "design: one certificate per link", links.unique_link_names),
    Rule("topics-distinct", "one dataflow per pair", links.distinct_topics),
    Rule("client-ids-unique", "field-review §3 rule 12, aio-cli-facts §5.5", links.unique_client_ids),
    Rule("dataflows-few-enough", "field-review §3 rule 11, aio-cli-facts §5.5", links.few_enough_dataflows),
    Rule("no-loops", "field-review §4, link loops", links.no_message_returns),
    Rule("issuer-outlives-issued", "RFC 5280 §6.1.3", certificates.shorter_than_its_issuer),
    Rule("renewal-within-life", "hashicorp/tls early_renewal_hours", certificates.renewal_within_life),
)
