"""The settings as a stack file writes them: every key, its default, and what is expected there.

A setting is one field of one section here: what is expected, an example, its default. A field without a default has
one in each of `profiles`, unless the tenant alone knows it; what follows from others is filled in by `defaults`.
Components are given the sections as they are, within `model.Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from settings.arrival import arrives
from settings.connected_clusters import ConnectedClusterId, Kubeconfig, KubeContext
from settings.fields import (
    About,
    Address,
    ClientId,
    ClientIdPrefix,
    ClusterName,
    Code,
    Count,
    CustomLocationsObjectId,
    Days,
    DestinationTopic,
    DnsName,
    Environment,
    Generation,
    Guid,
    Hosting,
    Instance,
    K3sVersion,
    Location,
    MachineId,
    Network,
    Port,
    Prefix,
    ReleaseName,
    Revoked,
    Sha256,
    SourceTopic,
    Tags,
    VmSizeName,
    one_of,
)
from settings.hosting import DEFAULT_HOSTING
from settings.maintenance import WindowDuration, WindowRecurrence, WindowStart, WindowTimeZone
from settings.node_images import ImageVersionId
from settings.proxies import PastProxy, ProxyUrl
from settings.releases import DEFAULT_RELEASE, K3S_NEWEST, K3S_OLDEST, RELEASES
from settings.ssh import HostKey, SshHost, SshPublicKey, SshUser
from settings.well_known import (
    CUSTOM_LOCATIONS_APPLICATION_ID,
    LINK_KEEP_ALIVE_SECONDS,
    LINK_MESSAGES_IN_FLIGHT,
    LINK_SESSION_HOURS,
)

_COUNT = About("a whole number from 1 to 16", 2)
_GENERATION = About(
    "a whole number from 1 to 9999: a higher one than before for a new certificate, and for what was gone and returns",
    2,
)

_REVOKED = About(
    "a whole number below generation: keys of that generation and before are taken away at once; 0 for none",
    1,
    "messages of its links stand still until both ends have the new keys",
)


def _days(example: int) -> About:
    return About("a whole number of days, 1 to 36500", example)


def _ids(example: str, what: str, command: str) -> About:
    return About(f"{what}, a GUID", example, f"find it with: {command}")


_AIOS_OWN = "null for AIO's own limit"
_VM = "Microsoft.Compute/virtualMachines"
_VAULT = "Microsoft.KeyVault/vaults"
_NSG = "Microsoft.Network/networkSecurityGroups"
_PEERING = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
_BROKER = "Microsoft.IoTOperations/instances/brokers"
_RULES = f"{_BROKER}/authorizations: properties.authorizationPolicies.rules"
_CLIENTS = f"{_BROKER}: properties.advanced.clients"
_DATAFLOW = "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows"
_LOCAL_ENDPOINT = "Microsoft.IoTOperations/instances/dataflowEndpoints[dataflowEndpointName=default]"
_LINK_ENDPOINT = "Microsoft.IoTOperations/instances/dataflowEndpoints[properties.hostType=CustomMqtt]"
_PROBE = "Run Command probe-links: LINKS[]"
_FROM_LINKS = "securityRules[name=AllowMqttFromLinks]"
_ROOT, _SIGNED = "tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert"
_REQUEST, _KEY = "tls:index/certRequest:CertRequest", "tls:index/privateKey:PrivateKey"

_LINK = (
    _LINK_ENDPOINT,
    _DATAFLOW,
    f"{_BROKER}/authentications",
    f"{_BROKER}/authorizations",
    f"{_SIGNED}[isCaCertificate=false]",
    _REQUEST,
    "tls:index/privateKey:PrivateKey",
    f"{_VAULT}/secrets",
    "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses",
    "Microsoft.SecretSyncController/secretSyncs",
    _PEERING,
    f"{_NSG}: {_FROM_LINKS}",
    "Run Command apply-objects: OBJECTS[kind=Bundle]",
    "Run Command await-secrets",
    "Run Command probe-links",
    "output: links",
    "output: vnet_peerings",
    "output: secret_sync",
    "output: certificates",
    "output: generations",
)
"""Where a link is."""

_PROXY = "http://proxy.example.com:3128"
_CONTACT = "command:remote:Command"
_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
_SSH_SERVICE = "Microsoft.HybridConnectivity/endpoints/serviceConfigurations"
_WINDOW = "Microsoft.Maintenance/maintenanceConfigurations"
_PROXIED = ("Run Command setup-k3s", "Run Command connect-arc")
_MACHINE = (
    "/subscriptions/3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c/resourceGroups/rg-plant/providers"
    "/Microsoft.HybridCompute/machines/plant-1"
)
_IMAGE = (
    "/subscriptions/3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c/resourceGroups/rg-images/providers"
    "/Microsoft.Compute/galleries/edge/images/k3s-node/versions/1.0.0"
)
_CONNECTED = _MACHINE.replace("HybridCompute/machines", "Kubernetes/connectedClusters")
_OTHER_SUBSCRIPTION = ("3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c", "5ab5c21e-0000-4000-8000-000000000001")
PROFILE_NAMES = ("dev", "prod")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _all_keys_commented_out(cls, data: Any) -> Any:
        return {} if data is None else data


class ProxySection(_Section):
    """The proxy by which a node reaches the internet."""

    http: Annotated[
        ProxyUrl | None,
        About("the proxy for http:// addresses, as http://<host>:<port>; null for that of https", _PROXY),
        arrives(*(f"{script}: HTTP_PROXY = value" for script in _PROXIED), *_PROXIED, others=(f"{_PROXY}8",)),
    ] = None
    https: Annotated[
        ProxyUrl | None,
        About("the proxy for https:// addresses, as http://<host>:<port>; null for that of http", _PROXY),
        arrives(*(f"{script}: HTTPS_PROXY = value" for script in _PROXIED), *_PROXIED, others=(f"{_PROXY}8",)),
    ] = None
    no_proxy: Annotated[
        list[PastProxy],
        About(
            "a list of hosts, domains (.example.com), addresses and networks that are reached without it; the cluster"
            " itself, Azure's own addresses on the machine and the brokers of its links always are",
            [".plant.example.com"],
        ),
        arrives(*(f"{script}: NO_PROXY" for script in _PROXIED)),
    ] = []


class MaintenanceSection(_Section):
    """When the nodes are patched, and reboot where that needs it: all of a cluster in one window."""

    start: Annotated[
        WindowStart | None,
        About(
            "the first window's date and time, as YYYY-MM-DD hh:mm; null for no window: nothing reboots the nodes then",
            "2027-01-02 02:00",
            "at least 15 minutes after it is deployed, and not from 23:45 to midnight, says Azure; a changed window"
            " takes a new start",
        ),
        arrives(
            f"{_WINDOW}: startDateTime = value",
            _WINDOW,
            "Microsoft.Maintenance/configurationAssignments",
            f"{_VM}: osProfile.linuxConfiguration.patchSettings.automaticByPlatformSettings",
        ),
    ] = None
    duration: Annotated[
        WindowDuration,
        About("how long it is, as hh:mm, from 01:30 to 03:55", "03:00"),
        arrives(f"{_WINDOW}: duration = value"),
    ] = "03:00"
    time_zone: Annotated[
        WindowTimeZone,
        About(
            "the name that Windows has for the time zone of `start`, which also says when summer time is",
            "W. Europe Standard Time",
            "find it with, in PowerShell: Get-TimeZone -ListAvailable",
        ),
        arrives(f"{_WINDOW}: timeZone = value", others=("Pacific Standard Time",)),
    ] = "UTC"
    every: Annotated[
        WindowRecurrence,
        About(
            "how often it is, as Azure writes it: Day, 3Days, Week Saturday,Sunday, 2Weeks Monday, Month day23, Month"
            " Last Sunday, or Month Second Tuesday Offset4",
            "Week Saturday",
        ),
        arrives(f"{_WINDOW}: recurEvery = value", others=("Month Last Sunday",)),
    ] = "Week Sunday"


class NodeSection(_Section):
    """The virtual machine of a cluster."""

    vm_size: Annotated[
        VmSizeName,
        About("the size of an Azure VM", "Standard_D8s_v6"),
        arrives(f"{_VM}: hardwareProfile.vmSize = value", others=("Standard_D16s_v6",)),
    ]
    zone: Annotated[
        Literal["1", "2", "3"] | None,
        About("an availability zone, the text 1, 2 or 3, for good (Azure refuses to change it); null for none", "1"),
        arrives(
            f"{_VM}: zones[] = value",
            "Microsoft.Network/natGateways: zones[] = value",
            "Microsoft.Network/publicIPAddresses: zones[] = value",
        ),
    ]
    os_disk_gib: Annotated[
        int,
        Field(ge=30, le=4095),
        About("a whole number of GiB from 30 to 4095", 128),
        arrives(f"{_VM}: storageProfile.osDisk.diskSizeGB = value"),
    ]
    os_disk_sku: Annotated[
        Literal["Premium_LRS", "Premium_ZRS", "StandardSSD_LRS", "StandardSSD_ZRS"],
        About("one of Premium_LRS, Premium_ZRS, StandardSSD_LRS, StandardSSD_ZRS", "Premium_LRS"),
        arrives(f"{_VM}: storageProfile.osDisk.managedDisk.storageAccountType = value"),
    ]
    encryption_at_host: Annotated[
        bool,
        About(
            "true or false: the VM's host encrypts the caches of its disks too, not only the disks in storage",
            True,
            "true needs a feature of the subscription, `az feature register --namespace Microsoft.Compute --name"
            " EncryptionAtHost`, and a deallocated VM where one is there already; Azure never takes it away again by"
            " itself",
        ),
        arrives(f"{_VM}: securityProfile.encryptionAtHost = true or absent"),
    ]
    image: Annotated[
        ImageVersionId | None,
        About(
            "the id of a version of an Azure Compute Gallery's image, which prepare-image has made, for good (a change"
            " is for nodes that are made later)",
            _IMAGE,
            "find it with: az sig image-version list --resource-group <group> --gallery-name <gallery>"
            " --gallery-image-definition <image> --query '[].id'",
        ),
        arrives(f"{_VM}: storageProfile.imageReference.id = value", f"{_VM}: storageProfile.imageReference"),
    ] = None
    """None: Ubuntu as Canonical publishes it, on which everything is installed."""
    k3s_version: Annotated[
        K3sVersion | None,
        About(
            f"a release of K3s, {K3S_OLDEST} to {K3S_NEWEST}",
            "v1.33.4+k3s1",
            "later only newer ones, one Kubernetes minor at a time; anything else is refused",
        ),
        arrives("Run Command setup-k3s: K3S_VERSION = value"),
    ] = None
    """None: the release's."""
    k3s_sha256: Annotated[
        Sha256 | None,
        About(
            "the SHA-256 of k3s_version's binary for amd64, 64 digits of 0 to 9 and a to f",
            "10da34c350ab8a02e4513a6021046db9e9afecc31bae77419bc6444cbd7b1400",
            "compare sha256sum-amd64.txt at github.com/k3s-io/k3s/releases with what setup-k3s has found",
        ),
        arrives("Run Command setup-k3s: K3S_SHA256 = value"),
    ] = None
    """None: the node compares the binary with the checksum beside it, and says what it found. No table of the project:
    the sum of each release that k3s_version takes could not be read where it is published."""
    proxy: Annotated[
        ProxySection, About("a map with the proxy by which the node reaches the internet", {"https": _PROXY})
    ] = ProxySection()
    maintenance: Annotated[
        MaintenanceSection,
        About("a map with when the nodes are patched and may reboot", {"start": "2027-01-02 02:00"}),
    ] = MaintenanceSection()
    network_policies: Annotated[
        bool,
        About(
            "true or false: pods of azure-iot-operations take connections from each other, from their node, and by way"
            " of the listener that links connect to; from nobody else",
            True,
            "with true, clients in other namespaces no longer reach the default listener, unless a NetworkPolicy of"
            " your own lets them in",
        ),
        arrives("Run Command apply-objects: OBJECTS[kind=NetworkPolicy]"),
    ] = False
    """Off unless somebody wants it: Microsoft does not say who connects to AIO's pods, and a cluster's own clients in
    other namespaces would be cut off without a word."""
    address: Annotated[
        Address | None,
        About("an IPv4 address of the subnet that Azure does not keep for itself", "10.1.1.10"),
        arrives(
            "Microsoft.Network/networkInterfaces: ipConfigurations[].privateIPAddress = value",
            f"{_NSG}: {_FROM_LINKS}.destinationAddressPrefix = value",
            f"{_REQUEST}: ipAddresses",
            f"linked {_LINK_ENDPOINT}: properties.mqttSettings.host unless listener.dns_name",
            f"linked {_PROBE}.host unless listener.dns_name",
            "output: clusters.<name>.node.private_ip_address = value",
            "output: clusters.<name>.nodes[].address = value",
            "output: broker_endpoints.<name>.address",
            "output: broker_endpoints.<name>.host unless listener.dns_name",
            "output: broker_endpoints.<name>.url unless listener.dns_name",
        ),
    ] = None


class BrokerSection(_Section):
    """AIO's broker; fixed when it is created."""

    memory_profile: Annotated[
        Literal["Tiny", "Low", "Medium", "High"],
        About("one of Tiny, Low, Medium, High, in this case", "Low"),
        arrives(f"{_BROKER}: properties.memoryProfile = value"),
    ]
    frontend_replicas: Annotated[
        Count,
        _COUNT,
        arrives(f"{_BROKER}: properties.cardinality.frontend.replicas = value"),
    ]
    frontend_workers: Annotated[
        Count,
        _COUNT,
        arrives(f"{_BROKER}: properties.cardinality.frontend.workers = value"),
    ]
    backend_partitions: Annotated[
        Count,
        _COUNT,
        arrives(f"{_BROKER}: properties.cardinality.backendChain.partitions = value"),
    ]
    backend_workers: Annotated[
        Count,
        _COUNT,
        arrives(f"{_BROKER}: properties.cardinality.backendChain.workers = value"),
    ]
    backend_redundancy_factor: Annotated[
        int,
        Field(ge=2, le=5),
        About("a whole number from 2 to 5: AIO refuses 1", 2),
        arrives(f"{_BROKER}: properties.cardinality.backendChain.redundancyFactor = value"),
    ]
    persistence_gib: Annotated[
        int | None,
        Field(ge=1),
        About("a whole number of GiB, at least 1, on the node's disk; null to keep messages in memory only", 32),
        arrives(
            f"{_BROKER}: properties.persistence.maxSize = GiB",
            f"{_BROKER}: properties.persistence",
        ),
    ]
    max_session_hours: Annotated[
        int | None,
        Field(ge=LINK_SESSION_HOURS, le=8760),
        About(
            "a whole number of hours from 1 to 8760: for so long the broker keeps the session of a client that is gone,"
            f" whatever it asks for; {_AIOS_OWN}",
            240,
        ),
        arrives(f"{_CLIENTS}.maxSessionExpirySeconds = hours in seconds"),
    ] = 168
    max_message_hours: Annotated[
        int | None,
        Field(ge=1, le=8760),
        About(
            "a whole number of hours from 1 to 8760: for so long it keeps a message, retained ones too, whatever its"
            f" sender asks for; {_AIOS_OWN}",
            720,
        ),
        arrives(f"{_CLIENTS}.maxMessageExpirySeconds = hours in seconds"),
    ] = None
    max_packet_mib: Annotated[
        int | None,
        Field(ge=1, le=256),
        About(
            "a whole number of MiB, 1 to 256, no more than the memory profile takes: the largest packet that a client"
            f" may send; {_AIOS_OWN}, the memory profile's",
            2,
        ),
        arrives(f"{_CLIENTS}.maxPacketSizeBytes = MiB in bytes"),
    ] = 4
    max_receive_messages: Annotated[
        int | None,
        Field(ge=LINK_MESSAGES_IN_FLIGHT, le=65535),
        About(
            "a whole number from 100 to 65535: so many unacknowledged messages it sends to one subscriber at once,"
            f" whatever that one asks for; {_AIOS_OWN}",
            1000,
        ),
        arrives(f"{_CLIENTS}.maxReceiveMaximum = value"),
    ] = None
    max_keep_alive_seconds: Annotated[
        int | None,
        Field(ge=LINK_KEEP_ALIVE_SECONDS, le=65535),
        About(
            "a whole number of seconds from 60 to 65535: a client that is silent for one and a half times as long is"
            f" gone, whatever it asks for; {_AIOS_OWN}",
            120,
        ),
        arrives(f"{_CLIENTS}.maxKeepAliveSeconds = value"),
    ] = 300
    max_queue_messages: Annotated[
        int | None,
        Field(ge=1, le=2**31 - 1),
        About(
            "a whole number of messages, 1 to 2147483647, that wait for one subscriber, a dataflow too, before the"
            f" oldest is dropped; {_AIOS_OWN}, which drops none and refuses new ones when its memory is full",
            1000000,
        ),
        arrives(f"{_CLIENTS}.subscriberQueueLimit.length = value", f"{_CLIENTS}.subscriberQueueLimit"),
    ] = None


class ProtectionSection(_Section):
    """What keeps data from being lost."""

    protect: Annotated[
        bool,
        About(
            "true or false: resource group, vault, storage, VNet, node, broker and CA keys refuse to be deleted", True
        ),
        arrives(
            "Microsoft.Resources/resourceGroups: options.protect = value",
            f"{_VAULT}: options.protect = value",
            "Microsoft.Storage/storageAccounts: options.protect = value",
            "Microsoft.Network/virtualNetworks: options.protect = value",
            f"{_VM}: options.protect = value",
            f"{_BROKER}: options.protect = value",
            f"{_ROOT}: options.protect = value",
            "tls:index/privateKey:PrivateKey: options.protect",
        ),
    ]
    purge_protection: Annotated[
        bool,
        About("true or false: nobody may purge a deleted vault; Azure never switches it off again", True),
        arrives(f"{_VAULT}: properties.enablePurgeProtection = true or absent"),
    ]
    soft_delete_days: Annotated[
        int,
        Field(ge=7, le=90),
        About("a whole number of days from 7 to 90, fixed when the vault is created", 90),
        arrives(f"{_VAULT}: properties.softDeleteRetentionInDays = value"),
    ]
    storage_sku: Annotated[
        Literal["Standard_LRS", "Standard_ZRS"],
        About("one of Standard_LRS, Standard_ZRS", "Standard_ZRS"),
        arrives("Microsoft.Storage/storageAccounts: sku.name = value"),
    ]
    dataflow_disk_persistence: Annotated[
        bool,
        About(
            "true or false: dataflows keep unsent messages on disk; without it a reboot of the node loses them", True
        ),
        arrives(f"{_DATAFLOW}: properties.requestDiskPersistence = Enabled or Disabled"),
    ]
    outage_hours: Annotated[
        int,
        Field(ge=1, le=720),
        About(
            "a whole number of hours from 1 to 720: for so long a cluster's broker keeps the queue of a dataflow that"
            " cannot send or does not run, as far as its memory or disk reaches",
            72,
        ),
        arrives(f"{_LOCAL_ENDPOINT}: properties.mqttSettings.sessionExpirySeconds = hours in seconds"),
    ]

    @property
    def outage_seconds(self) -> int:
        return self.outage_hours * 3600


class ListenerSection(_Section):
    """The listener that links connect to."""

    port: Annotated[
        Port,
        About("a whole number from 1 to 65535", 28883),
        arrives(
            f"{_BROKER}/listeners[properties.serviceType=LoadBalancer]: properties.ports[].port = value",
            f"{_NSG}: {_FROM_LINKS}.destinationPortRange = text",
            f"linked {_LINK_ENDPOINT}: properties.mqttSettings.host",
            f"linked {_PROBE}.port = value",
            "output: broker_endpoints.<name>.port = value",
            "output: broker_endpoints.<name>.url",
        ),
    ] = 28883
    dns_name: Annotated[
        DnsName | None,
        About("a full DNS name in lower case, of two or more labels", "broker.example.com"),
        arrives(
            f"{_REQUEST}: dnsNames",
            f"linked {_LINK_ENDPOINT}: properties.mqttSettings.host",
            f"linked {_PROBE}.host = value",
            "output: broker_endpoints.<name>.host",
            "output: broker_endpoints.<name>.url",
        ),
    ] = None
    """None: clients connect to the node's address."""
    generation: Annotated[
        Generation,
        _GENERATION,
        arrives("output: generations.brokers.<name>.live", "output: generations.brokers.<name>.counted", names=True),
    ] = 1
    revoked_generation: Annotated[Revoked, _REVOKED, arrives("output: generations.brokers.<name>.revoked = value")] = 0


class SshSection(_Section):
    """The way to a machine that Azure Arc does not know yet; it is taken once."""

    host: Annotated[
        SshHost | None,
        About(
            "the name or address at which SSH reaches the machine from where the stack is deployed; null where it is"
            " Arc-enabled already",
            "192.168.10.20",
            "the key to sign in with comes from ssh-agent (SSH_AUTH_SOCK): the program reads none",
        ),
        arrives(f"{_CONTACT}: connection.host = value", _CONTACT),
    ] = None
    port: Annotated[
        int,
        Field(ge=1, le=65535),
        About("a whole number from 1 to 65535", 22),
        arrives(f"{_CONTACT}: connection.port = value"),
    ] = 22
    user: Annotated[
        SshUser,
        About("a user of the machine who may run sudo without a password", "ubuntu"),
        arrives(f"{_CONTACT}: connection.user = value"),
    ] = "ubuntu"
    host_key: Annotated[
        HostKey | None,
        About(
            "the machine's own public key, ed25519, on one line: nothing is sent to a machine that has another",
            _HOST_KEY,
            "read it on the machine itself: cat /etc/ssh/ssh_host_ed25519_key.pub",
        ),
        arrives(f"{_CONTACT}: connection.hostKey = value", others=(f"{_HOST_KEY[:-1]}g",)),
    ] = None


class SshOverArcSection(_Section):
    """SSH to an Arc-enabled machine by way of Azure, for people with `az ssh arc`."""

    user: Annotated[
        SshUser | None,
        About("the user of the machine whom `ssh_commands` names; null for no SSH over Arc", "ubuntu"),
        arrives("output: ssh_commands"),
    ] = None
    port: Annotated[
        int,
        Field(ge=1, le=65535),
        About("the port of the machine's own sshd, a whole number from 1 to 65535", 22),
        arrives(f"{_SSH_SERVICE}: port = value"),
    ] = 22


class MachineSection(_Section):
    """The machine that a cluster stands on, where it is there before the stack."""

    resource_id: Annotated[
        MachineId | None,
        About(
            "the id of an Arc-enabled machine; with ssh, the id that it gets",
            _MACHINE,
            "find it with: az connectedmachine show --name <machine> --resource-group <group> --query id -o tsv",
        ),
        arrives(
            "Microsoft.HybridCompute/machines/runCommands: machineName",
            "Microsoft.HybridCompute/machines/runCommands: parameters",
            "output: clusters.<name>.machine",
            names=True,
            others=(_MACHINE.replace("3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c", "5ab5c21e-0000-4000-8000-000000000001"),),
        ),
    ] = None
    ssh_over_arc: Annotated[
        SshOverArcSection, About("a map with what opens SSH by way of Azure", {"user": "ubuntu"})
    ] = SshOverArcSection()
    ssh: Annotated[
        SshSection,
        About(
            "a map with the way to a machine that is not Arc-enabled yet",
            {"host": "192.168.10.20", "host_key": _HOST_KEY},
        ),
    ] = SshSection()


class FurtherMachineSection(_Section):
    """The machine of a further node, where it is there before the stack."""

    resource_id: Annotated[
        MachineId | None,
        About(
            "the id of an Arc-enabled machine that no other node has",
            _MACHINE.replace("plant-1", "plant-2"),
            "find it with: az connectedmachine show --name <machine> --resource-group <group> --query id -o tsv",
        ),
        arrives(
            "Microsoft.HybridCompute/machines/runCommands: machineName",
            "Microsoft.HybridCompute/machines/runCommands: parameters",
            "output: clusters.<name>.nodes",
            names=True,
            others=(_MACHINE.replace(*_OTHER_SUBSCRIPTION).replace("plant-1", "plant-3"),),
        ),
    ] = None


class FurtherNodeSection(_Section):
    """One more node of a cluster, beside the first: an agent of its K3s. What it does not say, it has from `node`."""

    name: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9]{0,7}$"),
        About(
            "1 to 8 lower-case letters or digits, a letter first; no other node's of this cluster",
            "two",
            "it is part of every Azure name of the node, so it never changes",
        ),
        arrives(
            "Run Command setup-k3s: NODES",
            "Run Command join-k3s: NODE_NAME",
            "output: clusters.<name>.nodes",
            names=True,
            others=("other",),
        ),
    ]
    machine: Annotated[
        FurtherMachineSection,
        About("a map with the machine of hosting arc-machine", {"resource_id": _MACHINE.replace("plant-1", "plant-2")}),
    ] = FurtherMachineSection()
    vm_size: Annotated[
        VmSizeName | None,
        About("the size of an Azure VM; null for that of the first node", "Standard_D8s_v6"),
        arrives(f"{_VM}: hardwareProfile.vmSize", others=("Standard_D16s_v6",)),
    ] = None
    zone: Annotated[
        Literal["1", "2", "3"] | None,
        About("an availability zone, the text 1, 2 or 3, for good; null for that of the first node", "2"),
        arrives(f"{_VM}: zones[]"),
    ] = None
    address: Annotated[
        Address | None,
        About(
            "an IPv4 address of the subnet that neither Azure nor another node has",
            "10.1.1.11",
            "say it before a node in front of this one leaves the list: the default follows the order",
        ),
        arrives(
            "Microsoft.Network/networkInterfaces: ipConfigurations[].privateIPAddress",
            f"linked {_NSG}: {_FROM_LINKS}.sourceAddressPrefixes",
            "output: clusters.<name>.nodes[].address",
        ),
    ] = None


class ConnectedClusterSection(_Section):
    """The cluster that everything is put on, where it is there before the stack."""

    resource_id: Annotated[
        ConnectedClusterId | None,
        About(
            "the id of a cluster that Azure Arc knows",
            _CONNECTED,
            "find it with: az connectedk8s show --name <cluster> --resource-group <group> --query id -o tsv",
        ),
        arrives(
            "Microsoft.KubernetesConfiguration/extensions: clusterName",
            "output: clusters.<name>.arc_connected_cluster",
            "output: arc_proxy_commands.<name>",
            names=True,
            others=(_CONNECTED.replace(*_OTHER_SUBSCRIPTION),),
        ),
    ] = None
    kubeconfig: Annotated[
        Kubeconfig | None,
        About(
            "the file with which kubectl reaches the cluster from where the stack is deployed, as /<path> or ~/<path>;"
            " null for Arc's proxy, which reaches it from everywhere",
            "~/.kube/config",
        ),
        arrives("Run Command *: KUBECONFIG_FILE = value"),
    ] = None
    context: Annotated[
        KubeContext | None,
        About("the context of that file, one word; null for its current one", "plant-1"),
        arrives("Run Command *: KUBE_CONTEXT = value"),
    ] = None


class ClusterSection(_Section):
    """One cluster."""

    code: Annotated[
        Code,
        About(
            "1 to 3 lower-case letters or digits, a letter first; no other cluster's",
            "c",
            "it is part of every Azure name (rg-myorgc-dev-001), so it never changes; site has a, enterprise has b",
        ),
        arrives("output: arc_proxy_commands.<name>", names=True, others=("z",)),
    ]
    hosting: Annotated[
        Hosting,
        About(
            "azure-vm, which the stack makes; arc-machine, an Ubuntu of your own that is Arc-enabled or becomes so: it"
            " needs machine.resource_id and node.address; or existing-cluster, which Azure Arc knows already: it needs"
            " connected_cluster.resource_id and node.address. The last two have no virtual network of the stack",
            "azure-vm",
        ),
        arrives(),
    ] = DEFAULT_HOSTING
    machine: Annotated[
        MachineSection, About("a map with the machine of hosting arc-machine", {"resource_id": _MACHINE})
    ] = MachineSection()
    connected_cluster: Annotated[
        ConnectedClusterSection,
        About("a map with the cluster of hosting existing-cluster", {"resource_id": _CONNECTED}),
    ] = ConnectedClusterSection()
    location: Annotated[
        Location | None,
        About("an Azure region, as text", "eastus2"),
        arrives(
            "*: location = value",
            "Run Command connect-arc: LOCATION = value",
            "output: clusters.<name>.resource_group.location = value",
            "output: clusters.<name>.arc_connected_cluster.location = value",
            others=("northeurope",),
        ),
    ] = None
    tags: Annotated[
        Tags,
        About(
            "a map of texts to texts, beside the stack's tags and before those of the same name",
            {"City": "Ballina", "CountryOrRegion": "Ireland"},
            "on everything that the stack makes for the cluster; a machine that was there before keeps its own",
        ),
        arrives("*: tags = value", "*[location=*]: tags = value", others=({"owner": "other"}, "other")),
    ] = {}
    network: Annotated[
        Literal["peered", "none"] | None,
        About(
            "peered, where links peer the cluster's network with those of their other ends, or none: all its links find"
            " their way by routes of your own",
            "none",
        ),
        arrives(_PEERING, f"linked {_PEERING}", "output: vnet_peerings", "output: links"),
    ] = None
    """None: peered, where the stack makes a network."""
    address_space: Annotated[
        Network | None,
        About("a private IPv4 network in CIDR notation", "10.3.0.0/16"),
        arrives(
            "Microsoft.Network/virtualNetworks: addressSpace.addressPrefixes[] = value",
            through=("clusters.<name>.subnet",),
        ),
    ]
    subnet: Annotated[
        Network | None,
        About("an IPv4 network in CIDR notation, inside the address space", "10.3.1.0/24"),
        arrives(
            "Microsoft.Network/virtualNetworks/subnets: addressPrefix = value",
            f"{_NSG}: securityRules[name=AllowNodeToNode].sourceAddressPrefix = value",
            f"{_NSG}: securityRules[name=AllowNodeToNode].destinationAddressPrefix = value",
            f"linked {_NSG}: {_FROM_LINKS}.sourceAddressPrefix",
            f"linked {_NSG}: {_FROM_LINKS}.sourceAddressPrefixes",
            through=("clusters.<name>.node.address",),
        ),
    ] = None
    node: Annotated[NodeSection, About("a map with settings of the node", {"vm_size": "Standard_D8s_v6"})]
    nodes: Annotated[
        list[FurtherNodeSection],
        About(
            "a list of further nodes beside that of `node`, agents of its K3s; [] for a cluster of one node",
            [{"name": "two"}],
            "which pods run where, Kubernetes says; links and clients keep to the first node's address",
        ),
    ] = []
    broker: Annotated[BrokerSection, About("a map with settings of the broker", {"memory_profile": "Low"})]
    listener: Annotated[ListenerSection, About("a map with settings of the listener", {"port": 28883})] = (
        ListenerSection()
    )


class TopicSection(_Section):
    """One dataflow: from a topic here to a topic there."""

    source: Annotated[
        SourceTopic,
        Field(alias="from"),
        About("an MQTT topic (+ and # allowed)", "input"),
        arrives(
            _DATAFLOW,
            f"{_DATAFLOW}: properties.operations[operationType=Source].sourceSettings.dataSources",
            "output: links.<name>.topics",
            names=True,
            others=("line/temperature",),
        ),
    ]
    destination: Annotated[
        DestinationTopic,
        Field(alias="to"),
        About("an MQTT topic", "site/output"),
        arrives(
            _DATAFLOW,
            f"{_DATAFLOW}: properties.operations[operationType=Destination].destinationSettings.dataDestination",
            _RULES,
            "output: links.<name>.topics",
            names=True,
            others=("site/other",),
        ),
    ]
    payload: Annotated[
        Literal["any", "json"],
        About(
            "any or json: any passes every message on as it is, json only those whose payload is JSON, which AIO reads"
            " and writes anew",
            "json",
        ),
        arrives(f"{_DATAFLOW}: properties.operations"),
    ] = "any"
    shared: Annotated[
        bool,
        About(
            "true or false: whether other links may publish the same topic there, so that no reader can tell by it who"
            " has sent; true on each of them",
            True,
        ),
        arrives("output: links.<name>.topics"),
    ] = False


class LinkSection(_Section):
    """Messages from one cluster to the broker of another."""

    client: Annotated[
        str,
        Field(alias="from"),
        About("the name of the cluster that sends", "site"),
        arrives(*_LINK),
    ]
    broker: Annotated[
        str,
        Field(alias="to"),
        About("the name of the cluster that receives", "enterprise"),
        arrives(
            *_LINK,
            f"{_BROKER}/listeners[properties.serviceType=LoadBalancer]",
            f"{_ROOT}[subject.commonName=*-server-root-*]",
            f"{_SIGNED}[isCaCertificate=true]",
            "output: broker_endpoints",
        ),
    ]
    via: Annotated[
        Literal["peering", "routed"] | None,
        About(
            "peering, which the stack makes between the networks of both ends, or routed: by routes of your own to the"
            " broker's address, or to its listener.dns_name",
            "routed",
        ),
        arrives(
            _PEERING,
            "output: vnet_peerings",
            "output: links.<name>.via = value",
        ),
    ] = None
    """None: peering, where both ends have `network: peered`."""
    topics: Annotated[
        list[TopicSection] | None,
        Field(min_length=1),
        About("a list of pairs of topics", [{"from": "input", "to": "site/output"}]),
    ] = None
    generation: Annotated[
        Generation,
        _GENERATION,
        arrives(
            f"{_BROKER}/authentications",
            f"{_RULES}[].principals",
            "output: secret_sync",
            "output: generations.links.<name>.live",
            "output: generations.links.<name>.counted",
            names=True,
        ),
    ] = 1
    revoked_generation: Annotated[Revoked, _REVOKED, arrives("output: generations.links.<name>.revoked = value")] = 0
    client_id_prefix: Annotated[
        ClientIdPrefix | None,
        About(
            "letters, digits and . _ -, 1 to 64 characters, which no other client id of the broker begins with", "site."
        ),
        arrives(
            f"{_LINK_ENDPOINT}: properties.mqttSettings.clientIdPrefix",
            f"{_PROBE}.client_id",
            f"{_RULES}[].brokerResources[method=Connect]",
            "output: links.<name>.client_ids",
            others=("other.",),
        ),
    ] = None
    client_ids: Annotated[
        list[ClientId] | None,
        Field(min_length=1),
        About(
            "a list of client ids that begin with client_id_prefix, all that its dataflows have been seen to connect"
            " with; null for every id that begins so",
            ["site.to-enterprise-input"],
        ),
        arrives(
            f"{_RULES}[].brokerResources[method=Connect]",
            "output: links.<name>.client_ids",
        ),
    ] = None


class PkiSection(_Section):
    """The two certificate authorities."""

    generation: Annotated[
        Generation,
        About("a whole number from 1 to 9999, one more than before to replace the roots and all below them", 2),
        arrives(
            f"{_BROKER}/authentications",
            f"{_RULES}[].principals",
            "output: generations.authorities.live",
            "output: generations.brokers.*.live",
            "output: generations.links.*.live",
            "output: generations.authorities.counted",
            "output: generations.brokers.*.counted",
            "output: generations.links.*.counted",
            names=True,
        ),
    ] = 1
    revoked_generation: Annotated[Revoked, _REVOKED, arrives("output: generations.authorities.revoked = value")] = 0
    algorithm: Annotated[
        Literal["ecdsa", "rsa"],
        About(
            "ecdsa (P-256) or rsa (3072 bits), the algorithm of every key",
            "rsa",
            "chosen before the first up: with another one every key is made anew, and links stand still meanwhile",
        ),
        arrives(f"{_KEY}: algorithm = upper case", f"{_KEY}: ecdsaCurve", f"{_KEY}: rsaBits"),
    ] = "ecdsa"
    external_ca: Annotated[
        Literal["none", "intermediates", "leaves"],
        About(
            "what a CA outside the stack signs: none, where the stack is its own; its intermediates; or its leaves, so"
            " that the stack holds no key of a CA",
            "intermediates",
            "chosen before the first up; an up makes keys and signing requests, and the next one takes what was signed",
        ),
        arrives(
            _ROOT,
            _SIGNED,
            _REQUEST,
            _KEY,
            f"{_VAULT}/secrets",
            f"{_BROKER}/authentications",
            "Run Command apply-objects: OBJECTS[kind=Bundle]",
            "output: certificate_requests",
            "output: certificates",
        ),
    ] = "none"
    signed_folder: Annotated[
        str | None,
        Field(min_length=1),
        About("the folder, seen from the stack's file, with what an external CA has signed", "certificates/dev"),
    ] = None
    root_days: Annotated[
        Days,
        _days(3650),
        arrives(f"{_ROOT}: validityPeriodHours = days in hours"),
    ] = 3650
    intermediate_days: Annotated[
        Days,
        _days(1825),
        arrives(f"{_SIGNED}[isCaCertificate=true]: validityPeriodHours = days in hours"),
    ] = 1825
    leaf_days: Annotated[
        Days,
        _days(365),
        arrives(
            f"{_SIGNED}[isCaCertificate=false]: validityPeriodHours = days in hours",
            f"{_SIGNED}[isCaCertificate=true]: earlyRenewalHours",
        ),
    ]
    early_renewal_days: Annotated[
        Days,
        About("a whole number of days, fewer than leaf_days and a quarter of them or more", 92),
        arrives(
            f"{_SIGNED}[isCaCertificate=false]: earlyRenewalHours = days in hours",
            f"{_SIGNED}[isCaCertificate=true]: earlyRenewalHours",
        ),
    ]

    @property
    def has_external_ca(self) -> bool:
        return self.external_ca != "none"

    @property
    def root_hours(self) -> int:
        return self.root_days * 24

    @property
    def intermediate_hours(self) -> int:
        return self.intermediate_days * 24

    @property
    def leaf_hours(self) -> int:
        return self.leaf_days * 24

    @property
    def early_renewal_hours(self) -> int:
        """Return how long before its end a leaf is renewed."""
        return self.early_renewal_days * 24

    @property
    def intermediate_early_renewal_hours(self) -> int:
        """Return how long before its end an intermediate is renewed: it outlives every leaf that it has signed."""
        return (self.leaf_days + self.early_renewal_days) * 24


class StackSection(_Section):
    """Everything below `edge-stamps:settings`."""

    prefix: Annotated[
        Prefix,
        About("lower-case letters, digits and single dashes, a letter first, no dash last", "myorg"),
        arrives(names=True, others=("other",)),
    ]
    environment: Annotated[
        Environment,
        About("a short word of lower-case letters and digits, a letter first", "dev"),
        arrives(names=True, others=("test",)),
    ]
    profile: Annotated[
        str,
        one_of(PROFILE_NAMES, "profiles"),
        About(f"one of {', '.join(PROFILE_NAMES)}, since the environment's name is neither", "dev"),
        arrives(
            through=("clusters.<name>.node", "clusters.<name>.broker", "protection", "pki"), others=("prod", "dev")
        ),
    ]
    instance: Annotated[
        Instance,
        About("lower-case letters and digits, as text", "001"),
        arrives(names=True, others=("002",)),
    ] = "001"
    location: Annotated[
        Location,
        About("an Azure region, as text", "eastus2"),
        arrives(through=("clusters.<name>.location",), others=("northeurope",)),
    ]
    release: Annotated[
        ReleaseName,
        About(
            f"one of the known releases, as text: {', '.join(RELEASES)}; a deployed stack keeps its API versions",
            DEFAULT_RELEASE,
        ),
        arrives(
            "Microsoft.KubernetesConfiguration/extensions: version",
            "Microsoft.KubernetesConfiguration/extensions: configurationSettings",
            "Microsoft.IoTOperations/instances/akriConnectorTemplates",
            "*: type",
            "*: options.package",
            "*: options.provider",
            "output: release",
            others=("2603",),
        ),
    ] = DEFAULT_RELEASE
    subscription_id: Annotated[
        Guid,
        _ids(
            "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c",
            "the subscription to deploy into",
            "az account show --query id -o tsv",
        ),
        arrives(
            "pulumi:providers:*: subscriptionId = value", "Run Command connect-arc: SUBSCRIPTION_ID = value", names=True
        ),
    ]
    tenant_id: Annotated[
        Guid,
        _ids(
            "7c6b5a49-3827-4615-9403-f2e1d0cbba98",
            "the Entra tenant of the subscription",
            "az account show --query tenantId -o tsv",
        ),
        arrives(
            f"{_VAULT}: properties.tenantId = value",
            "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses: tenantId = value",
            "pulumi:providers:*: tenantId = value",
            "Run Command connect-arc: TENANT_ID = value",
        ),
    ]
    custom_locations_object_id: Annotated[
        CustomLocationsObjectId,
        _ids(
            "1e2d3c4b-5a69-4788-9a0b-c1d2e3f40516",
            "the object id of the Custom Locations service principal in this tenant",
            f"az ad sp show --id {CUSTOM_LOCATIONS_APPLICATION_ID} --query id -o tsv",
        ),
        arrives("Run Command connect-arc: CUSTOM_LOCATIONS_OBJECT_ID = value"),
    ]
    admin_group_object_id: Annotated[
        Guid,
        _ids(
            "d9c8b7a6-9584-4736-a251-403f2e1d0c9b",
            "the object id of the Entra group that administers the clusters (cluster-admin)",
            'az ad group show --group "<name>" --query id -o tsv',
        ),
        arrives(
            "Microsoft.Authorization/roleAssignments[principalType=Group]: principalId = value",
            "Run Command apply-objects: OBJECTS[kind=ClusterRoleBinding].subjects[].name = value",
        ),
    ]
    admin_user_object_ids: Annotated[
        list[Guid],
        About(
            "a list of object ids of members of that group, for whom a cluster does not see it; [] for none",
            ["5f6e7d8c-9b0a-4c1d-8e2f-3a4b5c6d7e8f"],
            "find yours with: az ad signed-in-user show --query id -o tsv",
        ),
        arrives("Run Command apply-objects: OBJECTS[kind=ClusterRoleBinding]"),
    ] = []
    """Microsoft documents bindings of users alone for cluster connect, and a token names no more than 200 groups."""
    operator_group_object_id: Annotated[
        Guid | None,
        _ids(
            "e8d7c6b5-a493-4827-b160-514e3d2c1b0a",
            "the object id of an Entra group that looks at the clusters and restarts pods, and reads no Secret; null"
            " for none",
            'az ad group show --group "<name>" --query id -o tsv',
        ),
        arrives(
            "Microsoft.Authorization/roleAssignments",
            "Run Command apply-objects: OBJECTS[kind=ClusterRole]",
            "Run Command apply-objects: OBJECTS[kind=ClusterRoleBinding]",
        ),
    ] = None
    ssh_public_key: Annotated[
        SshPublicKey,
        About(
            "an OpenSSH public key, ed25519 or RSA, on one line",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@example.com",
            "find it with: cat ~/.ssh/id_ed25519.pub",
        ),
        arrives(f"{_VM}: osProfile.linuxConfiguration.ssh.publicKeys[].keyData = value"),
    ]
    custom_roles: Annotated[
        bool,
        About(
            "true or false: whether a node may delete the connected cluster of its predecessor, which takes a custom"
            " role; false where the tenant allows none",
            False,
            "false: after a node was replaced, delete its connected cluster in Azure, then run up again",
        ),
        arrives(
            "Microsoft.Authorization/roleDefinitions",
            "Microsoft.Authorization/roleAssignments",
        ),
    ] = True
    tags: Annotated[
        Tags,
        About("a map of texts to texts", {"costCenter": "1234"}),
        arrives("*: tags = value", "*[location=*]: tags = value", others=({"owner": "other"}, "other")),
    ] = {}
    clusters: Annotated[
        dict[ClusterName, ClusterSection],
        Field(min_length=1),
        About(
            "a map of at least one cluster, by names of up to 24 lower-case letters, digits and single dashes",
            {"site": {"code": "a"}},
        ),
    ]
    links: Annotated[
        list[LinkSection],
        About("a list of links; [] for none", [{"from": "site", "to": "enterprise"}]),
    ] = []
    pki: Annotated[PkiSection, About("a map with the life of the certificates", {"generation": 1})]
    protection: Annotated[ProtectionSection, About("a map with what protects data", {"soft_delete_days": 90})]


TENANT_KEYS: tuple[str, ...] = (
    "subscription_id",
    "tenant_id",
    "custom_locations_object_id",
    "admin_group_object_id",
    "ssh_public_key",
)
"""What only the tenant knows: required, and overlaid with stand-ins in a rehearsal."""

PROFILE_SECTIONS: Mapping[str, type[BaseModel]] = {
    "node": NodeSection,
    "broker": BrokerSection,
    "protection": ProtectionSection,
    "pki": PkiSection,
}
"""The sections that profiles set; the first two in each cluster."""
PER_CLUSTER = ("node", "broker")
