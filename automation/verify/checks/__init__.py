"""The checks, in the order in which one would mend what they find."""

from __future__ import annotations

from automation.verify.check import Check, Scope
from automation.verify.checks import (
    arc,
    cluster,
    existence,
    extensions,
    hardening,
    identities,
    iot_operations,
    links,
    messages,
    network,
    nodes,
    registries,
    secret_sync,
    vaults,
)

_SHARED: tuple[Scope, ...] = ("shared",)
_CLUSTER: tuple[Scope, ...] = ("cluster",)
_LINK: tuple[Scope, ...] = ("link",)
_BOTH: tuple[Scope, ...] = ("cluster", "link")

_PUT_BACK = "{refresh}\n{up}"
_REMOVE = "# whoever has made it takes it away, or it becomes part of the settings"
_ON_NODE = "# on the cluster, which {outputs} says how to reach:"
_AGENTS = (
    "az vm run-command invoke --resource-group {group} --name {node} --command-id RunShellScript"
    " --scripts 'k3s kubectl --namespace azure-arc get pods'"
)
_PODS = f"{_ON_NODE}\nkubectl -n azure-iot-operations get pods"
_DESCRIBE = f"{_ON_NODE}\nkubectl --namespace azure-iot-operations get pods,services,secretsyncs,bundles"
_RUN_AGAIN = "{up} --run-again {cluster}"

CHECKS: tuple[Check, ...] = (
    Check("VERIFY-01", "Subscription", _SHARED, "error", "Subscription", "Azure answers for it, it is enabled",
        "az login --tenant {tenant}\naz account show --subscription {subscription}", existence.check_subscription),
    Check("VERIFY-02", "Resources", _BOTH, "error", "Resources", "all that the program has made is there",
        _PUT_BACK, existence.check_existence),
    Check("VERIFY-03", "Resources", _BOTH, "error", "States of resources", "each is Succeeded",
        "{up}", existence.check_states),
    Check("VERIFY-04", "Resources", _CLUSTER, "warning", "Foreign resources", "nothing else is in the resource group",
        _REMOVE, existence.check_group),
    Check("VERIFY-05", "Resources", _CLUSTER, "error", "Foreign ways in",
        "no listener, authentication, authorization, endpoint, dataflow, peering, credential, role or extension that"
        " nobody asked for", _REMOVE, existence.check_ways_in),
    Check("VERIFY-06", "Resources", _BOTH, "warning", "Tags", "those of the settings, and perhaps more",
        _PUT_BACK, existence.check_tags),
    Check("VERIFY-07", "Resources", _BOTH, "error", "Places", "region and custom location of the settings",
        _PUT_BACK, existence.check_places),

    Check("VERIFY-08", "Network", _CLUSTER, "error", "States of peerings", "both halves are Connected and in sync",
        _PUT_BACK, network.check_peering_states),
    Check("VERIFY-09", "Network", _CLUSTER, "error", "Peerings", "each leads to the other cluster's network",
        _PUT_BACK, network.check_peerings),
    Check("VERIFY-10", "Network", _CLUSTER, "error", "Networks and subnets",
        "address spaces of the settings, tied to firewall and NAT gateway", _PUT_BACK, network.check_networks),
    Check("VERIFY-11", "Network", _CLUSTER, "error", "Security rules", "those of the settings, and no others",
        _PUT_BACK, network.check_security_rules),
    Check("VERIFY-12", "Network", _CLUSTER, "error", "NAT gateway and its address", "as deployed",
        _PUT_BACK, network.check_way_out),
    Check("VERIFY-13", "Network", _CLUSTER, "error", "Network interface", "the node's address, in its subnet",
        _PUT_BACK, network.check_interfaces),

    Check("VERIFY-14", "Nodes", _CLUSTER, "error", "Power", "the machine runs",
        "az vm start --resource-group {group} --name {node}", nodes.check_power),
    Check("VERIFY-15", "Nodes", _CLUSTER, "error", "Size", "that of the settings, with the one interface",
        _PUT_BACK, nodes.check_size),
    Check("VERIFY-16", "Nodes", _CLUSTER, "error", "Identity of the machine", "the one that connects the cluster",
        _PUT_BACK, nodes.check_identity),
    Check("VERIFY-17", "Nodes", _CLUSTER, "warning", "Machine otherwise", "image, disk, keys, boot and patches as made",
        _PUT_BACK, nodes.check_machine),
    Check("VERIFY-18", "Nodes", _CLUSTER, "error", "Ends of scripts", "each has succeeded",
        _RUN_AGAIN, nodes.check_script_results),
    Check("VERIFY-19", "Nodes", _CLUSTER, "warning", "Scripts", "those of the program",
        _PUT_BACK, nodes.check_scripts),

    Check("VERIFY-20", "Arc", _CLUSTER, "error", "Connection", "the cluster is Connected",
        _AGENTS, arc.check_connection),
    Check("VERIFY-21", "Arc", _CLUSTER, "warning", "Agents", "no error, and no upgrade by themselves",
        "az connectedk8s update --resource-group {arc_group} --name {connected_cluster} --auto-upgrade false",
        arc.check_agents),
    Check("VERIFY-22", "Arc", _CLUSTER, "error", "Issuer and workload identity", "both on, with an address",
        _RUN_AGAIN, arc.check_issuer),
    Check("VERIFY-23", "Arc", _CLUSTER, "error", "Custom location", "this cluster, AIO's namespace and extensions",
        _PUT_BACK, arc.check_custom_location),

    Check("VERIFY-24", "Extensions", _CLUSTER, "error", "Versions of extensions", "those of the release",
        _PUT_BACK, extensions.check_versions),
    Check("VERIFY-25", "Extensions", _CLUSTER, "warning", "Upgrades of extensions", "none by themselves",
        _PUT_BACK, extensions.check_auto_upgrade),
    Check("VERIFY-26", "Extensions", _CLUSTER, "error", "Statuses of extensions", "no complaint",
        _PODS, extensions.check_statuses),
    Check("VERIFY-27", "Extensions", _CLUSTER, "warning", "Settings of extensions", "as deployed, and no others",
        _PUT_BACK, extensions.check_settings),

    Check("VERIFY-28", "Identities", _CLUSTER, "error", "Issuers of credentials", "the one that the cluster has now",
        _PUT_BACK, identities.check_issuers),
    Check("VERIFY-29", "Identities", _CLUSTER, "error", "Subjects of credentials", "AIO's service accounts",
        _PUT_BACK, identities.check_subjects),
    Check("VERIFY-30", "Identities", _CLUSTER, "error", "Audiences of credentials", "Entra's",
        _PUT_BACK, identities.check_audiences),
    Check("VERIFY-31", "Identities", _CLUSTER, "error", "Roles", "each principal has what it needs, where it needs it",
        _PUT_BACK, identities.check_roles),
    Check("VERIFY-32", "Identities", _CLUSTER, "error", "Roles of the stack's own", "the one right, and no more",
        _PUT_BACK, identities.check_role_definitions),

    Check("VERIFY-33", "Vaults", _CLUSTER, "error", "Protection of vaults", "soft delete and purge protection as set",
        _PUT_BACK, vaults.check_protection),
    Check("VERIFY-34", "Vaults", _CLUSTER, "error", "Access to vaults", "by roles, in the tenant, from where it is set",
        _PUT_BACK, vaults.check_access),
    Check("VERIFY-35", "Vaults", _CLUSTER, "error", "Secrets enabled", "each",
        _PUT_BACK, vaults.check_enabled),
    Check("VERIFY-36", "Vaults", _CLUSTER, "error", "Secrets valid", "none has ended, none is of the future",
        "{up}", vaults.check_valid),
    Check("VERIFY-37", "Vaults", _CLUSTER, "warning", "Days left of secrets", "none should be renewed by now",
        "{up}", vaults.check_days_left),

    Check("VERIFY-38", "Secret sync", _CLUSTER, "error", "Secret provider classes", "this vault, by this identity",
        _PUT_BACK, secret_sync.check_provider_classes),
    Check("VERIFY-39", "Secret sync", _CLUSTER, "error", "Objects of secret provider classes", "as deployed",
        _PUT_BACK, secret_sync.check_objects),
    Check("VERIFY-40", "Secret sync", _CLUSTER, "error", "Secret syncs", "the right keys of the right secrets",
        _PUT_BACK, secret_sync.check_syncs),

    Check("VERIFY-41", "Registries", _CLUSTER, "error", "Storage of schemas", "closed, and as deployed",
        _PUT_BACK, registries.check_storage),
    Check("VERIFY-42", "Registries", _CLUSTER, "error", "Schema registry and Device Registry", "as deployed",
        _PUT_BACK, registries.check_registries),

    Check("VERIFY-43", "IoT Operations", _CLUSTER, "error", "Version of the instance", "that of the release",
        _PUT_BACK, iot_operations.check_version),
    Check("VERIFY-44", "IoT Operations", _BOTH, "error", "Health", "Available, as AIO says itself",
        _PODS, iot_operations.check_health),
    Check("VERIFY-45", "IoT Operations", _CLUSTER, "error", "Instance", "its registries, identity and class",
        _PUT_BACK, iot_operations.check_instance),
    Check("VERIFY-46", "IoT Operations", _CLUSTER, "warning", "Broker", "cardinality and memory of the settings",
        _PUT_BACK, iot_operations.check_broker),
    Check("VERIFY-47", "IoT Operations", _CLUSTER, "warning", "Dataflow profile", "as deployed",
        _PUT_BACK, iot_operations.check_profile),
    Check("VERIFY-48", "IoT Operations", _CLUSTER, "error", "AIO's own parts", "as its release makes them",
        _PUT_BACK, iot_operations.check_own_parts),
    Check("VERIFY-49", "IoT Operations", _CLUSTER, "error", "Listener", "port, TLS, authentication, authorization",
        _PUT_BACK, iot_operations.check_listener),
    Check("VERIFY-50", "IoT Operations", _CLUSTER, "error", "Authentication", "certificates of links, and nothing else",
        _PUT_BACK, iot_operations.check_authentication),
    Check("VERIFY-51", "IoT Operations", _CLUSTER, "error", "Authorization", "each link's ids and topics, and no more",
        _PUT_BACK, iot_operations.check_authorization),

    Check("VERIFY-52", "Links", _LINK, "error", "Endpoint", "the other broker, by mutual TLS",
        _PUT_BACK, links.check_endpoint),
    Check("VERIFY-53", "Links", _LINK, "error", "Dataflows", "each topic to its destination",
        _PUT_BACK, links.check_dataflows),
    Check("VERIFY-54", "Links", _LINK, "error", "Dataflows enabled", "each",
        _PUT_BACK, links.check_enabled),

    Check("VERIFY-55", "Inside", _CLUSTER, "error", "Nodes", "each is Ready",
        f"{_ON_NODE}\nkubectl describe nodes", cluster.check_nodes),
    Check("VERIFY-56", "Inside", _CLUSTER, "error", "Pressure", "no node is short of memory, disk or processes",
        f"{_ON_NODE}\nkubectl describe nodes", cluster.check_pressure),
    Check("VERIFY-57", "Inside", _CLUSTER, "error", "Version of Kubernetes", "not older than that of the settings",
        _RUN_AGAIN, cluster.check_version),
    Check("VERIFY-58", "Inside", _CLUSTER, "error", "Clock", f"at most {cluster.CLOCK_SECONDS} s from Azure's",
        "# on the node:\ntimedatectl timesync-status", cluster.check_clock),
    Check("VERIFY-59", "Inside", _CLUSTER, "error", "Storage class", "one is the default",
        f"{_ON_NODE}\nkubectl get storageclasses", cluster.check_storage),
    Check("VERIFY-60", "Inside", _CLUSTER, "error", "Volumes", "each claim is Bound",
        f"{_ON_NODE}\nkubectl get persistentvolumeclaims --all-namespaces", cluster.check_claims),
    Check("VERIFY-61", "Inside", _CLUSTER, "error", "Pods", "each is ready, or has done its work",
        f"{_ON_NODE}\nkubectl get pods --all-namespaces", cluster.check_pods),
    Check("VERIFY-62", "Inside", _CLUSTER, "warning", "Restarts", "no pod has restarted within an hour",
        f"{_ON_NODE}\nkubectl get events --all-namespaces", cluster.check_restarts),
    Check("VERIFY-63", "Inside", _CLUSTER, "error", "Frontends and backends of the broker", "as many as set, ready",
        _DESCRIBE, cluster.check_broker),
    Check("VERIFY-64", "Inside", _CLUSTER, "error", "Services of listeners", "each has its ports and its address",
        _DESCRIBE, cluster.check_services),
    Check("VERIFY-65", "Inside", _CLUSTER, "error", "Secret sync", "each SecretSync is content",
        _DESCRIBE, cluster.check_syncs),
    Check("VERIFY-66", "Inside", _CLUSTER, "error", "Bundles", "each is Synced",
        _DESCRIBE, cluster.check_bundles),
    Check("VERIFY-67", "Inside", _CLUSTER, "error", "Secrets and ConfigMaps", "each with its keys and its certificate",
        _RUN_AGAIN, cluster.check_secrets),
    Check("VERIFY-68", "Inside", _CLUSTER, "warning", "Days left of certificates", "none should be renewed by now",
        "{up}", cluster.check_days_left),
    Check("VERIFY-69", "Inside", _LINK, "error", "Connection", "the broker takes the link's certificate and client id",
        "# what follows the arrow; then:\n{up} --run-again {cluster}", cluster.check_link),

    Check("VERIFY-70", "Messages", _LINK, "error", "Arrival", "one on each topic, at the other end",
        f"{_ON_NODE}\nkubectl --namespace azure-iot-operations logs --selector app=aio-dataflow --tail 50",
        messages.check_arrivals),
    Check("VERIFY-71", "Messages", _LINK, "error", "Refusal", "no message on a topic of somebody else",
        _PUT_BACK, messages.check_refusal),

    Check("VERIFY-72", "Inside", _CLUSTER, "error", "Network policies", "those of the settings, and none lets all in",
        f"{_RUN_AGAIN}\n{_REMOVE}", hardening.check_policies),
    Check("VERIFY-73", "Inside", _CLUSTER, "error", "Audit log", "the API server logs who asks for what, no content",
        _RUN_AGAIN, hardening.check_audit_log),
    Check("VERIFY-74", "Inside", _CLUSTER, "error", "Roles and bindings", "those of the settings for people, no others",
        f"{_RUN_AGAIN}\n{_REMOVE}", hardening.check_bindings),
    Check("VERIFY-75", "Inside", _CLUSTER, "error", "Operators and Secrets", "the API server gives them no way to one",
        f"{_RUN_AGAIN}\n{_REMOVE}", hardening.check_secrets_closed),
)  # fmt: skip

EXISTENCE = "VERIFY-02"
"""It finds what is not there; of that the others say only that they were not run."""
