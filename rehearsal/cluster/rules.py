"""What must hold for a cluster to work: one table, with the source of each rule. What does not hold is a Problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterRule:
    """One thing that must hold."""

    id: str
    title: str
    source: str


_SYNC = "aio-cli-facts §5.6"
_BROKER = "aio-cli-facts §5.1, §5.2"
_FLOWS = "aio-cli-facts §5.4, §5.5"
_TRUST_MANAGER = "aio-cli-facts §5.7"
_FEDERATION = "field-review §3.17; texts in Azure/azure-workload-identity#1200, #340 and Azure/login#482"
_VAULT = "texts in piyushsachdeva/Terraform_AKS#2, Azure/azure-sdk-for-js#24756"

CLUSTER_RULES: tuple[ClusterRule, ...] = (
    ClusterRule("CLUSTER-01", "The node that was connected exists and runs", "field-review §1.6"),
    ClusterRule("CLUSTER-02", "The scripts that make the cluster succeeded on its node", "nodes/*.sh"),
    ClusterRule("CLUSTER-03", "Custom locations are enabled with the object id of the tenant's service principal",
                "field-review §1.4, §3.1"),
    ClusterRule("CLUSTER-04", "A resource reaches a cluster by a custom location whose extension serves its type",
                "field-review §3.2; aio-cli-facts §9.2"),
    ClusterRule("CLUSTER-05", "Only what ARM calls Succeeded is taken to be on the cluster", "field-review §3.16"),
    ClusterRule("CLUSTER-06", "A SecretSync names a provider class that is there and can be read", _SYNC),
    ClusterRule("CLUSTER-07", "A SecretSync maps what its class lists, as the type of its Secret asks", _SYNC),
    ClusterRule("CLUSTER-08", "The service account of a SecretSync exists", "aio-cli-facts §0.8"),
    ClusterRule("CLUSTER-09", "The identity of a provider class exists and trusts what the cluster signs",
                _FEDERATION),
    ClusterRule("CLUSTER-10", "The vault exists, belongs to the tenant of the token and lets the cluster in",
                "texts in hashicorp/terraform-provider-azurerm#17015 and learn.microsoft.com/azure/key-vault"),
    ClusterRule("CLUSTER-11", "The identity may read the vault's secrets, and Azure knows it by now", _VAULT),
    ClusterRule("CLUSTER-12", "What a class reads from the vault exists and is enabled", _VAULT),
    ClusterRule("CLUSTER-13", "What is read from the vault is within its dates; the vault hands it out all the same",
                "Azure/AzureKeyVault#19"),
    ClusterRule("CLUSTER-14", "No Secret of another maker stands in the way of a SecretSync", "field-review §3.16"),
    ClusterRule("CLUSTER-15", "Bundles are applied where trust-manager is installed", _TRUST_MANAGER),
    ClusterRule("CLUSTER-16", "A Bundle brings one key of given certificates into AIO's namespace",
                f"{_TRUST_MANAGER}; field-review §1.17"),
    ClusterRule("CLUSTER-17", "What a Bundle brings is CA certificates", _TRUST_MANAGER),
    ClusterRule("CLUSTER-18", "The Secret of a listener with manual TLS is there and is a pair, else no frontend runs",
                "field-review §1.3, §3.7"),
    ClusterRule("CLUSTER-19", "What a listener names as authentication and authorization is there",
                f"field-review §3.6; {_BROKER}"),
    ClusterRule("CLUSTER-20", "The CA certificates that an authentication trusts are there", _BROKER),
    ClusterRule("CLUSTER-21", "A listener's certificate is valid now, for servers, leaf first", "aio-cli-facts §7"),
    ClusterRule("CLUSTER-22", "The Secret of an endpoint is there and is a pair", _FLOWS),
    ClusterRule("CLUSTER-23", "The CA certificates that an endpoint trusts are there", _FLOWS),
    ClusterRule("CLUSTER-24", "An endpoint's certificate is valid now, for clients, leaf first", "aio-cli-facts §7"),
    ClusterRule("CLUSTER-25", "A dataflow's profile and endpoints are there, and one of these is the own broker",
                "field-review §3.11"),
    ClusterRule("CLUSTER-26", "Client ids are unique at each broker", "field-review §3.12"),
    ClusterRule("CLUSTER-27", "Values are written as the operator reads them, upper and lower case too",
                "field-review §3.5; Microsoft's ARM request schemas"),
    ClusterRule("CLUSTER-28", "An endpoint for the own broker finds a listener that it can trust",
                "aio-cli-facts §2.4, §7"),
    ClusterRule("CLUSTER-29", "Peerings and security groups let a link through", "field-review §1.12, §3.24"),
)  # fmt: skip
"""Every rule; ids are stable."""
