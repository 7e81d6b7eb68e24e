"""How long Azure takes, by resource type, and which concern a type belongs to.

Every figure is an estimate. Sources: *docs*, a published walk-through with times (extensions before AIO 7:57 min,
AIO with its instance 12:30 min: aio-cli-facts §6.5); *bound*, half of a wait that a published script allows;
*guess*, the order of magnitude of such calls, nothing measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """Seconds that creating one resource takes, and where the figure comes from."""

    concern: str
    seconds: int
    source: str


TYPES: Mapping[str, Estimate] = {
    "ResourceGroup": Estimate("resource groups", 3, "guess"),
    "VirtualNetwork": Estimate("network", 6, "guess"),
    "Subnet": Estimate("network", 6, "guess"),
    "NetworkSecurityGroup": Estimate("network", 5, "guess"),
    "PublicIPAddress": Estimate("network", 5, "guess"),
    "NatGateway": Estimate("network", 15, "guess"),
    "NetworkInterface": Estimate("network", 5, "guess"),
    "VirtualNetworkPeering": Estimate("network", 15, "guess"),
    "UserAssignedIdentity": Estimate("identities and roles", 5, "guess"),
    "FederatedIdentityCredential": Estimate("identities and roles", 5, "guess"),
    "RoleAssignment": Estimate("identities and roles", 5, "guess"),
    "RoleDefinition": Estimate("identities and roles", 5, "guess"),
    "Vault": Estimate("key vaults", 30, "guess"),
    "Secret": Estimate("key vaults", 3, "guess"),
    "StorageAccount": Estimate("registries", 25, "guess"),
    "BlobContainer": Estimate("registries", 3, "guess"),
    "SchemaRegistry": Estimate("registries", 20, "guess"),
    "Namespace": Estimate("registries", 20, "guess"),
    "RandomString": Estimate("registries", 0, "local"),
    "VirtualMachine": Estimate("nodes", 60, "guess"),
    "VirtualMachineRunCommandByVirtualMachine": Estimate("nodes", 60, "guess"),
    "Extension": Estimate("Arc and extensions", 240, "docs"),
    "CustomLocation": Estimate("Arc and extensions", 30, "guess"),
    "Instance": Estimate("IoT Operations", 60, "guess"),
    "Broker": Estimate("IoT Operations", 120, "guess"),
    "BrokerAuthentication": Estimate("IoT Operations", 20, "guess"),
    "BrokerAuthorization": Estimate("IoT Operations", 20, "guess"),
    "BrokerListener": Estimate("IoT Operations", 30, "guess"),
    "DataflowProfile": Estimate("IoT Operations", 30, "guess"),
    "DataflowEndpoint": Estimate("IoT Operations", 20, "guess"),
    "Dataflow": Estimate("IoT Operations", 20, "guess"),
    "AzureKeyVaultSecretProviderClass": Estimate("secret sync", 15, "guess"),
    "SecretSync": Estimate("secret sync", 20, "guess"),
    "PrivateKey": Estimate("PKI", 0, "local"),
    "SelfSignedCert": Estimate("PKI", 0, "local"),
    "CertRequest": Estimate("PKI", 0, "local"),
    "LocallySignedCert": Estimate("PKI", 0, "local"),
}

SCRIPTS: Mapping[str, Estimate] = {
    "setup-k3s": Estimate("nodes", 300, "guess"),
    "connect-arc": Estimate("nodes", 300, "guess"),
    "apply-objects": Estimate("nodes", 60, "guess"),
    "await-secrets": Estimate("nodes", 120, "bound"),
}
"""Run Commands by script."""

EXTENSIONS: Mapping[str, Estimate] = {
    "microsoft.certmanagement": Estimate("Arc and extensions", 200, "docs"),
    "microsoft.azure.secretstore": Estimate("Arc and extensions", 180, "docs"),
    "microsoft.iotoperations": Estimate("Arc and extensions", 480, "docs"),
}
"""Arc extensions by type."""
