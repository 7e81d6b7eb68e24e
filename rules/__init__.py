"""The judgement of a recorded deployment: each rule is a mistake that would otherwise be found on Azure, or later.

A rule takes what it expects from the graph itself and from what Azure, Arc and AIO do, never from the components
that built it. The settings are the yardstick of what the user asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.graph import Graph
from rules import (
    aio_parts,
    authorization,
    bodies,
    certificate_uses,
    certificates,
    client_limits,
    cluster_objects,
    completeness,
    dataflows,
    durability,
    edges,
    first_contact,
    further_nodes,
    gates,
    generations,
    hardening,
    identities,
    k3s_networks,
    kinds,
    lifecycle,
    maintenance,
    mqtt,
    name_forms,
    names,
    network,
    network_policies,
    nodes,
    operators,
    options,
    outputs,
    own_cluster,
    paths,
    previews,
    probes,
    program_tables,
    proxies,
    references,
    refusals,
    releases,
    renewal,
    requested,
    script_runs,
    secrets,
    security_rules,
    shapes,
    state_names,
    written,
)
from rules.finding import Finding, Judged, Rule
from rules.lookup import View
from settings.model import Settings

__all__ = ["PREVIEW_RULES", "RULES", "Finding", "Rule", "compare", "judge"]

_LEARN = "learn.microsoft.com/azure"
_LISTENER = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener"
_AUTHENTICATION = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-authentication"
_AUTHORIZATION = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-authorization"
_ENDPOINT = f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint"
_DATAFLOW = f"{_LEARN}/iot-operations/connect-to-cloud/howto-create-dataflow"
_SECRET_SYNC = f"{_LEARN}/azure-arc/kubernetes/secret-store-extension"
_CUSTOM_LOCATION = f"{_LEARN}/azure-arc/kubernetes/custom-locations"
_ROLES = f"{_LEARN}/role-based-access-control"
_SCRIPTS = f"{_LEARN}/virtual-machines/linux/run-command-managed"
_FEDERATION = "learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations"
_OUTPUTS = "docs/outputs.md"

RULES: tuple[Rule[[View]], ...] = (
    Rule("ASK-01", "What the settings ask for is there", "what the user asked for", completeness.complete),
    Rule("ASK-02", "Everything is in its cluster's region and in the tenant", "what the user asked for",
         completeness.place),
    Rule("ASK-03", "Nothing is there that the settings do not ask for", "what the user asked for",
         completeness.nothing_else),
    Rule("ASK-04", "Values of the settings arrive", "what the user asked for", requested.values),
    Rule("ASK-05", "Names are those of the settings", "what the user asked for", names.names),
    Rule("ASK-06", "What a stamp makes lies in its cluster's resource group", "what the user asked for",
         kinds.own_groups),
    Rule("ASK-07", "The settings say what the stack file says", "what the user asked for", written.arrives),
    Rule("SHAPE-01", "Bodies have the form that Azure asks for", "Azure/azure-resource-manager-schemas", shapes.shape),
    Rule("SHAPE-02", "Resources say nothing that no rule knows", "an input that nobody judges may be wrong unseen",
         bodies.nothing_unknown),
    Rule("REF-01", "ARM ids lead to resources of the stack", "ARM", references.ids_resolve),
    Rule("REF-02", "Names in ARM paths lead to resources of the stack", "ARM", references.paths_resolve),
    Rule("REF-03", "AIO's references lead to resources of the same broker or instance", f"{_LISTENER}; {_DATAFLOW}",
         references.names_resolve),
    Rule("REF-04", "Secret sync and schema registry lead to what is published", f"{_SECRET_SYNC}-reference",
         references.secrets_resolve),
    Rule("REF-05", "Secrets and ConfigMaps that AIO names are made on its cluster", f"{_LISTENER}; {_AUTHENTICATION}",
         references.cluster_objects_resolve),
    Rule("REF-06", "What lives on a cluster names its own custom location", _CUSTOM_LOCATION,
         own_cluster.on_own_cluster),
    Rule("REF-07", "AIO's own parts are those that its release creates",
         "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/aio/modules", aio_parts.default_parts),
    Rule("REF-08", "Ids are of the right kind", "ARM; the schema of each type", kinds.right_kinds),
    Rule("OBJ-01", "Applied cluster objects are known, and bind admins and operators alone",
         f"{_LEARN}/azure-arc/kubernetes/cluster-connect; cert-manager.io/docs/trust/trust-manager/api-reference;"
         " kubernetes.io/docs/concepts/security/pod-security-admission",
         cluster_objects.objects_are_known),
    Rule("OBJ-02", "Operators have a role where the settings have their group, and what they need in it",
         "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/edge_api", operators.operators_can_work),
    Rule("OBJ-03", "AIO's pods take connections from whom the settings say, and the settings' links get through",
         "kubernetes.io/docs/concepts/services-networking/network-policies; k3s-io/k3s, pkg/cloudprovider/servicelb.go",
         network_policies.pods_are_isolated),
    Rule("PATH-01", "Every part of a path is its owner's output",
         "seen with Pulumi's engine: a child named by a text stays with the old parent", paths.parents_are_outputs),
    Rule("PATH-02", "What is deleted with a resource is replaced with it",
         "seen with Pulumi's engine: what goes with a replaced owner is not made again", paths.deleted_is_replaced),
    Rule("PATH-03", "What lives on a cluster is replaced with its node", "a new node is an empty cluster",
         paths.replaced_with_node),
    Rule("EDGE-01", "What is named exists first", f"{_LEARN}/azure-resource-manager/troubleshooting/error-not-found",
         edges.referenced_first),
    Rule("EDGE-02", "Nothing refers to a Secret before a gate has seen it",
         f"{_LISTENER}: without its Secret the broker's frontends do not start", gates.seen_before_use),
    Rule("EDGE-03", "Gates wait for what they look for",
         f"{_SECRET_SYNC}-troubleshooting: what ARM calls done may not be synced yet", gates.gates_wait_for_makers),
    Rule("EDGE-04", "Secret sync starts when it can read", f"{_SECRET_SYNC}; {_ROLES}/troubleshooting",
         edges.secret_sync_is_ready),
    Rule("EDGE-05", "Peerings wait for all subnets",
         "pulumi/pulumi-azure-native#903, hashicorp/terraform-provider-azurerm#2605", edges.peerings_after_subnets),
    Rule("EDGE-06", "What Azure takes one at a time is in a row",
         f"pulumi/pulumi-azure-native#903, #4343; {_FEDERATION}", edges.one_at_a_time),
    Rule("EDGE-07", "Arc, its roles and its extensions come in their order",
         f"{_CUSTOM_LOCATION}; Azure/azure-iot-operations, release", edges.arc_order),
    Rule("EDGE-08", "No cluster waits for another", "a site that is down must not hold up the others",
         edges.clusters_are_independent),
    Rule("EDGE-09", "Only those wait that have to", "pulumi.com/docs/iac/concepts/options/dependson",
         edges.no_needless_waits),
    Rule("EDGE-10", "Every link is tried when both of its ends are done",
         f"{_LISTENER}: ARM calls done what no message passes", probes.links_are_tried),
    Rule("ID-01", "Federated credentials fit who signs in", f"{_SECRET_SYNC}; {_FEDERATION}",
         identities.federated_credentials),
    Rule("ID-02", "Everyone has the roles it needs", f"{_ROLES}/built-in-roles; Azure/azure-iot-ops-cli-extension#882",
         identities.roles_suffice),
    Rule("ID-03", "Nobody has more roles than it needs", f"{_ROLES}/best-practices", identities.no_more_roles),
    Rule("ID-04", "Role assignments are complete and unique", f"{_ROLES}/troubleshooting",
         identities.assignments_are_well_formed),
    Rule("SEC-01", "Private keys, and what goes into a vault, are marked secret",
         "pulumi.com/docs/iac/concepts/secrets: the state holds every key", secrets.private_keys_are_marked),
    Rule("SEC-02", "Each key is in the one vault that uses it", "who may read a vault reads all of it",
         secrets.keys_are_where_used),
    Rule("SEC-03", "Outputs, messages and prints hold no secret", "whoever reads them needs no key",
         secrets.outputs_are_public),
    Rule("SEC-04", "Run Commands hold no secret",
         f"{_SCRIPTS}: readers see script and parameters", secrets.commands_hold_no_secret),
    Rule("SEC-05", "Only keys are secret", "pulumi.com/docs/iac/concepts/secrets: what is secret is shown nowhere",
         secrets.nothing_else_is_secret),
    Rule("SEC-06", "The program does nothing but register resources",
         "pulumi.com/docs/iac/concepts/how-pulumi-works: previews run it too", secrets.nothing_is_done_beside),
    Rule("SEC-07", "The operators' role reads no Secret, and makes no pod that could",
         "kubernetes.io/docs/concepts/security/rbac-good-practices", operators.reads_no_secret),
    Rule("PKI-01", "The server certificate names the host of every link",
         f"{_ENDPOINT}; RFC 9525, from memory: the text could not be opened", certificates.hosts),
    Rule("PKI-02", "The server chain verifies where the client checks it", "RFC 5280", certificates.server_chains),
    Rule("PKI-03", "The client chain verifies where the broker checks it", "RFC 5280", certificates.client_chains),
    Rule("PKI-04", "Keys fit certificates, one algorithm each", f"{_AUTHENTICATION}; {_LISTENER}",
         certificates.keys_and_algorithms),
    Rule("PKI-05", "Chains are leaf first, and a leaf serves one side", "RFC 8446, §4.4.2; RFC 5280, §4.2.1.12",
         certificates.shapes),
    Rule("PKI-06", "Nothing outlives its signer", "RFC 5280", certificates.lives),
    Rule("PKI-07", "A Bundle holds exactly one root",
         f"{_AUTHENTICATION}: every CA certificate that is found is trusted", certificates.bundles),
    Rule("PKI-08", "What is published as a certificate is one", "RFC 7468", certificates.published),
    Rule("PKI-09", "Certificates are renewed in time, and vault secrets say from when to when they hold",
         "registry.terraform.io/providers/hashicorp/tls, early_renewal_hours", renewal.renewed_in_time),
    Rule("PKI-10", "Published keys are PKCS#8 and strong enough",
         "the form: RFC 7468, section 10; why this one: it is the same for every algorithm, and AIO prescribes none",
         renewal.published_keys),
    Rule("PKI-11", "What carries a key is named by its generation, and authorities differ in name", _AUTHENTICATION,
         generations.names_carry_generations),
    Rule("PKI-12", "A certificate is for what it is used for, and tells its generation",
         "RFC 5280, section 4.2.1; RFC 8446, section 4.4.2.2", certificate_uses.fit_for_use),
    Rule("MQTT-01", "Endpoints connect to where the broker listens", f"{_ENDPOINT}; {_LISTENER}",
         mqtt.endpoints_meet_listeners),
    Rule("MQTT-02", "Every port knows who connects and what it may do", _LISTENER, mqtt.listeners),
    Rule("MQTT-03", "Each link's certificate has its own attributes", _AUTHENTICATION,
         authorization.subjects_are_mapped),
    Rule("MQTT-04", "Each link may do what its dataflows do, no more", _AUTHORIZATION, authorization.rules_fit),
    Rule("MQTT-05", "Dataflows carry the topics of the links", _DATAFLOW, dataflows.dataflows),
    Rule("MQTT-06", "Queues outlive the outage that the settings allow for",
         f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-disk-persistence; howto-configure-mqtt-endpoint",
         durability.queues_outlive_outages),
    Rule("MQTT-07", "A broker takes what dataflows ask of it and send to it",
         f"{_LEARN}/iot-operations/reference/mqtt-support", client_limits.endpoints_fit_brokers),
    Rule("MQTT-08", "Links publish the same topic of a broker only where the settings say so of each",
         "a broker tells readers the topic, and not who has sent", dataflows.destinations_apart),
    Rule("NET-01", "Linked VNets are peered in both directions",
         f"{_LEARN}/virtual-network/virtual-network-peering-overview", network.peerings),
    Rule("NET-02", "Security rules admit the links and nobody else",
         f"{_LEARN}/virtual-network/network-security-groups-overview", security_rules.security_rules),
    Rule("NET-03", "The node keeps its address; its subnet has rules and NAT",
         f"{_LEARN}/virtual-network/ip-services/private-ip-addresses, default-outbound-access", network.addresses),
    Rule("NET-04", "A NAT gateway has at most one zone", f"{_LEARN}/nat-gateway/nat-availability-zones",
         network.nat_gateways),
    Rule("NET-05", "Subnets lie in their VNet without overlapping", "Azure Virtual Network", network.overlaps),
    Rule("NET-06", "K3s' own networks lie apart from the VNets", "docs.k3s.io/networking/basic-network-options",
         k3s_networks.apart_from_networks),
    Rule("NET-07", "A node knows its proxy, and sends nothing there that is inside",
         f"{_LEARN}/azure-arc/kubernetes/quickstart-connect-cluster, Connect using an outbound proxy server",
         proxies.nodes_know_their_proxy),
    Rule("REL-01", "Versions and extension settings are those of the release",
         "Azure/digital-ops-scale-kit, workspaces/iot-operations/parameters/aio-releases", releases.versions),
    Rule("REL-02", "Every resource goes through its package's provider",
         "azure-native's default API versions lack properties that AIO needs", releases.providers),
    Rule("REL-03", "Nodes get the tools that were tried", "rules/facts/node.py names each source", nodes.as_tried),
    Rule("REL-04", "Plugins are those of the installed SDKs, from the engine's own server",
         "www.pulumi.com/docs/iac/concepts/resources/options/plugindownloadurl", releases.plugins),
    Rule("FACT-01", "The settings refuse what cannot work on a cluster", "rules/facts names each source",
         refusals.forbidden_is_refused),
    Rule("FACT-07", "The settings accept what works on a cluster", "each finding names its own",
         refusals.possible_is_accepted),
    Rule("FACT-02", "Releases that the stack does not use are right too",
         "Azure/digital-ops-scale-kit, workspaces/iot-operations/parameters/aio-releases",
         program_tables.other_releases),
    Rule("FACT-03", "The profile of production protects data", f"{_LEARN}/key-vault/general/best-practices",
         program_tables.production_is_protected),
    Rule("FACT-04", "What a stack file does not say has the value that it always had",
         "docs/settings.md: a changed default changes stacks that are deployed", program_tables.defaults_are_kept),
    Rule("FACT-05", "No two stacks claim the same names",
         f"{_LEARN}/azure-resource-manager/management/resource-name-rules", program_tables.names_are_apart),
    Rule("FACT-06", "Names have the form that deployed stacks have", "what is named otherwise is another resource",
         name_forms.names_are_kept),
    Rule("LIFE-01", "What must not be lost is protected", "data and links would go with them", lifecycle.protection),
    Rule("LIFE-02", "Run Commands are bounded and fail loudly", _SCRIPTS, lifecycle.run_commands),
    Rule("NODE-01", "Further nodes join their own cluster, by a token that nobody reads, before the broker is there",
         "docs.k3s.io/cli/token; learn.microsoft.com/azure/virtual-machines/linux/run-command-managed",
         further_nodes.join_their_cluster),
    Rule("LIFE-03", "No registration has azure-native's own aliases",
         "measured: with them a program takes three times as long", lifecycle.no_built_in_aliases),
    Rule("LIFE-04", "Every resource has a component that completes", "pulumi/docs#18007", lifecycle.component_tree),
    Rule("LIFE-05", "Who waits waits longer than what it waits for",
         "Azure/run-command-handler-linux: at the end of its time only the script's shell is killed", options.timeouts),
    Rule("LIFE-06", "Only changes by Azure or others are ignored",
         "pulumi.com/docs/iac/concepts/options/ignorechanges", options.ignored_changes),
    Rule("LIFE-07", "A replaced resource is deleted first, and takes along what is for it",
         "pulumi.com/docs/iac/concepts/options/deletebeforereplace", options.replacement),
    Rule("LIFE-08", "Resources keep their names in the state, or have an alias of the old one",
         "pulumi.com/docs/iac/concepts/resources/names: another URN is another resource", state_names.names_are_kept),
    Rule("LIFE-09", "A script can be made to run again, and only when somebody asks for it",
         "Azure/run-command-handler-linux, internal/cmds/cmds.go (checkAndSaveSeqNum)", script_runs.can_run_again),
    Rule("LIFE-10", "Every node of a cluster with a maintenance window is patched in it",
         f"{_LEARN}/virtual-machines/maintenance-configurations, Guest", maintenance.nodes_are_assigned),
    Rule("SSH-01", "First contact goes to the machine of the settings, by its own key, once and with nothing in clear",
         "pulumi/pulumi-command, provider/pkg/provider/remote: without a host key it takes whoever answers",
         first_contact.goes_where_it_is_to),
    Rule("HARD-01", "Values that security or AIO need are as they must be", "each finding names its own",
         hardening.fixed_values),
    Rule("HARD-02", "A custom role is for one place and allows by name only", f"{_ROLES}/custom-roles",
         hardening.custom_roles),
    Rule("OUT-01", "Stack outputs keep their contract", _OUTPUTS, outputs.contract),
    Rule("OUT-02", "The output certificates tells the truth", _OUTPUTS, outputs.certificates),
)  # fmt: skip
"""Every rule over a deployment; ids are stable."""

PREVIEW_RULES: tuple[Rule[[Graph, Graph]], ...] = (
    Rule("PREVIEW-01", "The deployment has the resources that its preview showed", "Pulumi", previews.same_resources),
    Rule("PREVIEW-02", "Their inputs are what the preview showed, as far as it knew them", "Pulumi",
         previews.same_inputs),
)  # fmt: skip
"""Every rule over a preview and the deployment that follows it."""


def judge(graph: Graph, settings: Settings, written: Mapping[str, Any] | None = None) -> list[Finding]:
    """Return everything wrong with a recorded deployment (not with a preview: rules need every value).

    Args:
        written: the settings as the stack file has them, if there is one.
    """
    return _find(graph, RULES, View(graph, settings, written))


def compare(preview: Graph, deployment: Graph) -> list[Finding]:
    """Return where the deployment does something else than its preview said."""
    return _find(deployment, PREVIEW_RULES, preview, deployment)


def _find(graph: Graph, rules: Sequence[Rule[Judged]], *judged: Judged.args, **named: Judged.kwargs) -> list[Finding]:
    found = [(rule.id, who, what) for rule in rules for who, what in rule.check(*judged, **named)]
    places = {one.name: one.place for one in graph.resources.values() if one.custom} if found else {}
    return [Finding(rule, who, what, places.get(who, "")) for rule, who, what in dict.fromkeys(found)]
