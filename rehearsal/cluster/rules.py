"""The rules of a working cluster, with their sources. A rule that does not hold gives a Problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterRule:
    """One thing that must hold."""

    id: str
    title: str
    source: str


_AIO = "learn.microsoft.com/azure/iot-operations"
_NETWORK = "learn.microsoft.com/azure/virtual-network"
_ARC = "learn.microsoft.com/azure/azure-arc/kubernetes"
_SYNC = f"{_ARC}/secret-store-extension-reference"
_LISTENER = f"{_AIO}/manage-mqtt-broker/howto-configure-brokerlistener"
_AUTHENTICATION = f"{_AIO}/manage-mqtt-broker/howto-configure-authentication"
_ENDPOINT = f"{_AIO}/connect-to-cloud/howto-configure-mqtt-endpoint"
_DATAFLOW = f"{_AIO}/connect-to-cloud/howto-create-dataflow"
_TRUST_MANAGER = "cert-manager.io/docs/trust/trust-manager"
_FEDERATION = "texts in Azure/azure-workload-identity#1200, #340 and Azure/login#482"
_VAULT = "texts in piyushsachdeva/Terraform_AKS#2, Azure/azure-sdk-for-js#24756"
_POLICIES = "kubernetes.io/docs/concepts/services-networking/network-policies"
_CONNECT = "Azure/azure-cli-extensions, src/connectedk8s/azext_connectedk8s/custom.py"

CLUSTER_RULES: tuple[ClusterRule, ...] = (
    ClusterRule("CLUSTER-01", "The node that was connected exists and runs", _CONNECT),
    ClusterRule("CLUSTER-02", "The scripts that make the cluster succeeded on its node", "nodes/*.sh"),
    ClusterRule("CLUSTER-03", "Custom locations are enabled with the object id of the tenant's service principal",
                f"{_ARC}/custom-locations; {_AIO}/troubleshoot/troubleshoot (UnauthorizedNamespaceError)"),
    ClusterRule("CLUSTER-04", "A resource reaches a cluster by a custom location whose extension serves its type",
                f"{_AIO}/troubleshoot/troubleshoot (MissingResourceVersionOnHost)"),
    ClusterRule("CLUSTER-05", "Only what ARM calls Succeeded is taken to be on the cluster", "an assumption"),
    ClusterRule("CLUSTER-06", "A SecretSync names a provider class that is there and can be read", _SYNC),
    ClusterRule("CLUSTER-07", "A SecretSync maps what its class lists, as the type of its Secret asks", _SYNC),
    ClusterRule("CLUSTER-08", "The service account of a SecretSync exists", _SYNC),
    ClusterRule("CLUSTER-09", "The identity of a provider class exists and trusts what the cluster signs",
                _FEDERATION),
    ClusterRule("CLUSTER-10", "The vault exists, belongs to the tenant of the token and lets the cluster in",
                f"{_ARC}/secret-store-extension-troubleshooting (network access issues); texts in"
                " hashicorp/terraform-provider-azurerm#17015"),
    ClusterRule("CLUSTER-11", "The identity may read the vault's secrets, and Azure knows it by now", _VAULT),
    ClusterRule("CLUSTER-12", "What a class reads from the vault exists and is enabled", _VAULT),
    ClusterRule("CLUSTER-13", "What is read from the vault is within its dates; the vault hands it out all the same",
                "Azure/AzureKeyVault#19"),
    ClusterRule("CLUSTER-14", "No Secret of another maker stands in the way of a SecretSync",
                f"{_ARC}/secret-store-extension-troubleshooting (InvalidClusterSecretLabelError)"),
    ClusterRule("CLUSTER-15", "Bundles are applied where trust-manager is installed", _TRUST_MANAGER),
    ClusterRule("CLUSTER-16", "A Bundle brings one key of given certificates into AIO's namespace",
                f"{_TRUST_MANAGER}; {_AUTHENTICATION}"),
    ClusterRule("CLUSTER-17", "What a Bundle brings is CA certificates", _TRUST_MANAGER),
    ClusterRule("CLUSTER-18", "The Secret of a listener with manual TLS is there and is a pair, else no frontend runs",
                _LISTENER),
    ClusterRule("CLUSTER-19", "What a listener names as authentication and authorization is there",
                f"{_LISTENER}; {_AUTHENTICATION}"),
    ClusterRule("CLUSTER-20", "The CA certificates that an authentication trusts are there", _AUTHENTICATION),
    ClusterRule("CLUSTER-21", "A listener's certificate is valid now, for servers, leaf first",
                f"{_LISTENER}; RFC 5280, §4.2.1.12"),
    ClusterRule("CLUSTER-22", "The Secret of an endpoint is there and is a pair", _ENDPOINT),
    ClusterRule("CLUSTER-23", "The CA certificates that an endpoint trusts are there", _ENDPOINT),
    ClusterRule("CLUSTER-24", "An endpoint's certificate is valid now, for clients, leaf first",
                f"{_ENDPOINT}; RFC 5280, §4.2.1.12"),
    ClusterRule("CLUSTER-25", "A dataflow's profile and endpoints are there, and one of these is the own broker",
                _DATAFLOW),
    ClusterRule("CLUSTER-26", "Client ids are unique at each broker",
                "OASIS MQTT 5.0, §3.1.4, from memory: the text could not be opened"),
    ClusterRule("CLUSTER-27", "Values are written as the operator reads them, upper and lower case too",
                "Azure/azure-resource-manager-schemas"),
    ClusterRule("CLUSTER-28", "An endpoint for the own broker finds a listener that it can trust",
                f"{_ENDPOINT}; Azure/azure-iot-operations, release/azure-iot-operations-instance.json"),
    ClusterRule("CLUSTER-29", "Peerings, security groups and NetworkPolicies let a link through",
                f"{_NETWORK}/virtual-network-peering-overview, {_NETWORK}/network-security-groups-overview;"
                f" {_POLICIES}; k3s-io/klipper-lb, entry"),
    ClusterRule("CLUSTER-30", "Pods do not reach the node's metadata and platform service, after a reboot neither",
                f"{_NETWORK}/what-is-ip-address-168-63-129-16; docs.k3s.io/cli/server (cluster-cidr)"),
    ClusterRule("CLUSTER-31", "The kernel allows what AIO needs, after a reboot too",
                f"{_AIO}/deploy-iot-ops/howto-prepare-cluster"),
    ClusterRule("CLUSTER-32", "Pods and services have networks that no virtual network in reach uses",
                "docs.k3s.io/cli/server (cluster-cidr, service-cidr)"),
    ClusterRule("CLUSTER-33", "K3s encrypts Secrets, and only root reads the administrator's kubeconfig",
                "docs.k3s.io/security/secrets-encryption; docs.k3s.io/cli/server (write-kubeconfig-mode)"),
    ClusterRule("CLUSTER-34", "Service account tokens live a day at most, old ones stay valid, workload identity is on",
                f"{_AIO}/deploy-iot-ops/howto-prepare-cluster; kubernetes.io/docs/reference/"
                "command-line-tools-reference/kube-apiserver (service-account-issuer)"),
    ClusterRule("CLUSTER-35", "Nothing on the node upgrades itself: Arc's agents, the Azure CLI",
                f"{_ARC}/agent-upgrade"),
    ClusterRule("CLUSTER-36", "K3s brings what AIO stands on and leaves the ports alone",
                "docs.k3s.io/installation/packaged-components; docs.k3s.io/networking/networking-services"),
    ClusterRule("CLUSTER-37", "What was downloaded as root was checked against its pin, its key and its server",
                "learn.microsoft.com/linux/packages; docs.k3s.io/security"),
    ClusterRule("CLUSTER-38", "A script fails where it cannot do its work, and clears away what it left",
                "rehearsal/node/drills/"),
    ClusterRule("CLUSTER-39", "Scripts do nothing to a node but their work: files, addresses, limits, firewall, calls",
                "rules/facts/node_files.py, rules/facts/node.py"),
    ClusterRule("CLUSTER-40", "Scripts leave no secret in a file or in their output, which readers of Azure see",
                "learn.microsoft.com/azure/virtual-machines/linux/run-command-managed; RFC 7519, §3.1"),
    ClusterRule("CLUSTER-41", "K3s renews its certificates before they end",
                "docs.k3s.io/advanced; systemd.service(5), RuntimeMaxSec="),
    ClusterRule("CLUSTER-42", "No other Service has a listener's port on the node",
                "docs.k3s.io/networking/networking-services"),
    ClusterRule("CLUSTER-43", "The API server logs who did what, within bounds, and no content of a Secret",
                "kubernetes.io/docs/tasks/debug/debug-cluster/audit; docs.k3s.io/security/hardening-guide"),
    ClusterRule("CLUSTER-44", "NetworkPolicies let AIO's pods reach each other, names and Azure", _POLICIES),
    ClusterRule("CLUSTER-45", "Every further node has joined its cluster, and runs", "docs.k3s.io/cli/agent"),
)  # fmt: skip
"""Every rule; ids are stable."""
