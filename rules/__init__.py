"""The judgement of a recorded deployment: each rule is a mistake that would otherwise be found on Azure, or later.

A rule takes what it expects from the graph itself and from what Azure, Arc and AIO do, never from the components
that built it. The settings are the yardstick of what the user asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from graph.graph import Graph
from rules import (
    authorization,
    certificates,
    completeness,
    dataflows,
    edges,
    gates,
    identities,
    lifecycle,
    mqtt,
    network,
    outputs,
    paths,
    previews,
    references,
    releases,
    secrets,
    shapes,
)
from rules.lookup import Check, View
from settings.model import Settings


@dataclass(frozen=True)
class Finding:
    """One mistake. `resource` is a logical name; the message says what is wrong, where, and what to do."""

    rule: str
    resource: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule} {self.resource}: {self.message}"


@dataclass(frozen=True)
class Rule:
    """What a deployment must keep to."""

    id: str
    title: str
    source: str
    """Where the rule comes from: a reference sheet, or a page of Microsoft's documentation."""
    check: Check


RULES: tuple[Rule, ...] = (
    Rule("ASK-01", "What the settings ask for is there", "design.md, Settings", completeness.complete),
    Rule("ASK-02", "Everything is in its cluster's region and in the tenant", "design.md, Settings",
         completeness.place),
    Rule("SHAPE-01", "Bodies have the form that Azure asks for", "Microsoft's ARM request schemas", shapes.shape),
    Rule("REF-01", "ARM ids lead to resources of the stack", "ARM", references.ids_resolve),
    Rule("REF-02", "Names in ARM paths lead to resources of the stack", "ARM", references.paths_resolve),
    Rule("REF-03", "AIO's references lead to resources of the same broker or instance", "aio-cli-facts §5",
         references.names_resolve),
    Rule("REF-04", "Secret sync and schema registry lead to what is published", "aio-cli-facts §5.6, §3.3",
         references.secrets_resolve),
    Rule("REF-05", "Secrets and ConfigMaps that AIO names are made on its cluster", "field-review §1.3, §1.17",
         references.cluster_objects_resolve),
    Rule("REF-06", "What lives on a cluster names its own custom location", "field-review §3.1, §3.2",
         references.on_own_cluster),
    Rule("PATH-01", "Every part of a path is its owner's output", "pulumi-field-notes §1.4", paths.parents_are_outputs),
    Rule("PATH-02", "What is deleted with a resource is replaced with it", "pulumi-field-notes §1.4",
         paths.deleted_is_replaced),
    Rule("PATH-03", "What lives on a cluster is replaced with its node", "field-review §1.6", paths.replaced_with_node),
    Rule("EDGE-01", "What is named exists first", "blueprint-facts §15.1", edges.referenced_first),
    Rule("EDGE-02", "Nothing refers to a Secret before a gate has seen it", "field-review §1.2, §1.3",
         gates.seen_before_use),
    Rule("EDGE-03", "Gates wait for what they look for", "field-review §1.3, §3.16", gates.gates_wait_for_makers),
    Rule("EDGE-04", "Secret sync starts when it can read", "field-review §3.17, §3.20", edges.secret_sync_is_ready),
    Rule("EDGE-05", "Peerings wait for all subnets", "model-codebases Part 5, no. 17", edges.peerings_after_subnets),
    Rule("EDGE-06", "What Azure takes one at a time is in a row", "field-review §3.18, model-codebases Part 5",
         edges.one_at_a_time),
    Rule("EDGE-07", "Arc, its roles and its extensions come in their order", "field-review §3.2, blueprint-facts §15.1",
         edges.arc_order),
    Rule("EDGE-08", "No cluster waits for another", "field-review §1.16", edges.clusters_are_independent),
    Rule("ID-01", "Federated credentials fit who signs in", "field-review §3.17", identities.federated_credentials),
    Rule("ID-02", "Everyone has the roles it needs", "aio-cli-facts §2.6, run-command-arc-authz-facts §3",
         identities.roles_suffice),
    Rule("ID-03", "Nobody has more roles than it needs", "field-review §1.10", identities.no_more_roles),
    Rule("ID-04", "Role assignments are complete and unique", "field-review §3.20",
         identities.assignments_are_well_formed),
    Rule("SEC-01", "Private keys are marked secret", "field-review §1.11", secrets.private_keys_are_marked),
    Rule("SEC-02", "Each key is in the one vault that uses it", "field-review §1.10", secrets.keys_are_where_used),
    Rule("SEC-03", "Stack outputs hold no secret", "design.md, Outputs", secrets.outputs_are_public),
    Rule("SEC-04", "Run Commands hold no secret", "field-review §1.8, §4", secrets.commands_hold_no_secret),
    Rule("PKI-01", "The server certificate names the host of every link", "field-review §3.14", certificates.hosts),
    Rule("PKI-02", "The server chain verifies where the client checks it", "RFC 5280", certificates.server_chains),
    Rule("PKI-03", "The client chain verifies where the broker checks it", "RFC 5280", certificates.client_chains),
    Rule("PKI-04", "Keys fit certificates, one algorithm each", "aio-cli-facts §7", certificates.keys_and_algorithms),
    Rule("PKI-05", "Chains are leaf first, and a leaf serves one side", "field-review §4, Chain", certificates.shapes),
    Rule("PKI-06", "Nothing outlives its signer", "RFC 5280", certificates.lives),
    Rule("PKI-07", "A Bundle holds exactly one root", "field-review §1.17", certificates.bundles),
    Rule("PKI-08", "What is published as a certificate is one", "aio-cli-facts §5.6", certificates.published),
    Rule("MQTT-01", "Endpoints connect to where the broker listens", "aio-cli-facts §5", mqtt.endpoints_meet_listeners),
    Rule("MQTT-02", "Every port knows who connects and what it may do", "field-review §3.5, §3.6", mqtt.listeners),
    Rule("MQTT-03", "Each link's certificate has its own attributes", "run-command-arc-authz-facts §5",
         authorization.subjects_are_mapped),
    Rule("MQTT-04", "Each link may do what its dataflows do, no more", "field-review §1.13", authorization.rules_fit),
    Rule("MQTT-05", "Dataflows carry the topics of the links", "field-review §3.11, §3.12", dataflows.dataflows),
    Rule("NET-01", "Linked VNets are peered in both directions", "field-review §3.24", network.peerings),
    Rule("NET-02", "Security rules admit the links and nobody else", "field-review §1.12", network.security_rules),
    Rule("NET-03", "The node keeps its address; its subnet has rules and NAT", "blueprint-facts D18, D26",
         network.addresses),
    Rule("NET-04", "A NAT gateway has at most one zone", "field-review §3.25", network.nat_gateways),
    Rule("NET-05", "Subnets lie in their VNet without overlapping", "Azure Virtual Network", network.overlaps),
    Rule("REL-01", "Versions are those of the release", "aio-releases.md", releases.versions),
    Rule("REL-02", "Every resource goes through its package's provider", "field-review §2", releases.providers),
    Rule("LIFE-01", "What must not be lost is protected", "design.md, Components", lifecycle.protection),
    Rule("LIFE-02", "Run Commands are bounded and fail loudly", "field-review §1.8", lifecycle.run_commands),
    Rule("LIFE-03", "No registration has azure-native's own aliases", "pulumi-field-notes §2",
         lifecycle.no_built_in_aliases),
    Rule("LIFE-04", "Every resource has a component that completes", "design.md, Components", lifecycle.component_tree),
    Rule("LIFE-05", "A Run Command's timeout ends after its script's", "field-review §1.8", lifecycle.timeouts),
    Rule("OUT-01", "Stack outputs keep their contract", "design.md, Outputs", outputs.contract),
    Rule("OUT-02", "The output certificates tells the truth", "design.md, Outputs", outputs.certificates),
)  # fmt: skip
"""Every rule over a deployment; ids are stable."""

PREVIEW_RULES = (
    ("PREVIEW-01", "The deployment has the resources that its preview showed", previews.same_resources),
    ("PREVIEW-02", "Their inputs are what the preview showed, as far as it knew them", previews.same_inputs),
)


def judge(graph: Graph, settings: Settings) -> list[Finding]:
    """Everything wrong with a recorded deployment (not with a preview: rules need every value)."""
    view = View(graph, settings)
    return [Finding(rule.id, resource, message) for rule in RULES for resource, message in rule.check(view)]


def compare(preview: Graph, deployment: Graph) -> list[Finding]:
    """Where the deployment does something else than its preview said."""
    return [
        Finding(rule, resource, message)
        for rule, _, check in PREVIEW_RULES
        for resource, message in check(preview, deployment)
    ]
