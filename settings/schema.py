"""The settings as a stack file writes them: every key, its default, and what is expected there.

A setting is one field of one section here: what is expected, an example, its default. A field without a default has
one in each of `profiles`, unless the tenant alone knows it; what follows from others is filled in by `defaults`.
Components are given the sections as they are, within `model.Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from settings.fields import (
    About,
    Address,
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
    Location,
    Network,
    Port,
    Prefix,
    ReleaseName,
    SourceTopic,
    SshPublicKey,
    Tags,
    VmSizeName,
    one_of,
)
from settings.releases import DEFAULT_RELEASE, RELEASES
from settings.well_known import CUSTOM_LOCATIONS_APPLICATION_ID

_COUNT = About("a whole number from 1 to 16", 2)
_GENERATION = About(
    "a whole number from 1 to 9999, one more than before to replace the certificate",
    2,
    "when a link was removed and returns, `python -m automation up` takes its old vault secrets over; "
    "plain `pulumi up` needs a higher one",
)


def _days(example: int) -> About:
    return About("a whole number of days, 1 to 36500", example)


def _ids(example: str, what: str, command: str) -> About:
    return About(f"{what}, a GUID", example, f"find it with: {command}")


PROFILE_NAMES = ("dev", "prod")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _all_keys_commented_out(cls, data: Any) -> Any:
        return {} if data is None else data


class NodeSection(_Section):
    """The virtual machine of a cluster."""

    vm_size: Annotated[VmSizeName, About("the size of an Azure VM", "Standard_D8s_v6")]
    zone: Annotated[
        Literal["1", "2", "3"] | None,
        About("an availability zone, the text 1, 2 or 3, for good (Azure refuses to change it); null for none", "1"),
    ]
    os_disk_gib: Annotated[int, Field(ge=30, le=4095), About("a whole number of GiB from 30 to 4095", 128)]
    os_disk_sku: Annotated[
        Literal["Premium_LRS", "Premium_ZRS", "StandardSSD_LRS", "StandardSSD_ZRS"],
        About("one of Premium_LRS, Premium_ZRS, StandardSSD_LRS, StandardSSD_ZRS", "Premium_LRS"),
    ]
    address: Annotated[
        Address | None, About("an IPv4 address of the subnet that Azure does not keep for itself", "10.1.1.10")
    ] = None


class BrokerSection(_Section):
    """AIO's broker; fixed when it is created."""

    memory_profile: Annotated[
        Literal["Tiny", "Low", "Medium", "High"], About("one of Tiny, Low, Medium, High, in this case", "Low")
    ]
    frontend_replicas: Annotated[Count, _COUNT]
    frontend_workers: Annotated[Count, _COUNT]
    backend_partitions: Annotated[Count, _COUNT]
    backend_workers: Annotated[Count, _COUNT]
    backend_redundancy_factor: Annotated[
        int, Field(ge=2, le=5), About("a whole number from 2 to 5: with 1 an update of the broker loses messages", 2)
    ]
    persistence_gib: Annotated[
        int | None,
        Field(ge=1),
        About("a whole number of GiB, at least 1, on the node's disk; null to keep messages in memory only", 32),
    ]


class ProtectionSection(_Section):
    """What keeps data from being lost."""

    protect: Annotated[
        bool,
        About(
            "true or false: resource group, vault, storage, VNet, node, broker and CA keys refuse to be deleted", True
        ),
    ]
    purge_protection: Annotated[
        bool, About("true or false: nobody may purge a deleted vault; Azure never switches it off again", True)
    ]
    soft_delete_days: Annotated[
        int, Field(ge=7, le=90), About("a whole number of days from 7 to 90, fixed when the vault is created", 90)
    ]
    storage_sku: Annotated[
        Literal["Standard_LRS", "Standard_ZRS"], About("one of Standard_LRS, Standard_ZRS", "Standard_ZRS")
    ]
    dataflow_disk_persistence: Annotated[
        bool,
        About(
            "true or false: dataflows keep unsent messages on disk; without it a reboot of the node loses them", True
        ),
    ]


class ListenerSection(_Section):
    """The listener that links connect to."""

    port: Annotated[Port, About("a whole number from 1 to 65535", 28883)] = 28883
    dns_name: Annotated[
        DnsName | None, About("a full DNS name in lower case, of two or more labels", "broker.example.com")
    ] = None
    """None: clients connect to the node's address."""
    generation: Annotated[Generation, _GENERATION] = 1


class ClusterSection(_Section):
    """One cluster."""

    code: Annotated[
        Code,
        About(
            "1 to 3 lower-case letters or digits, a letter first; no other cluster's",
            "c",
            "it is part of every Azure name (rg-myorgc-dev-001), so it never changes; site has a, enterprise has b",
        ),
    ]
    hosting: Annotated[Hosting, About("azure-vm, the only way so far", "azure-vm")] = "azure-vm"
    location: Annotated[Location | None, About("an Azure region, as text", "eastus2")] = None
    address_space: Annotated[Network, About("a private IPv4 network in CIDR notation", "10.3.0.0/16")]
    subnet: Annotated[
        Network | None, About("an IPv4 network in CIDR notation, inside the address space", "10.3.1.0/24")
    ] = None
    node: Annotated[NodeSection, About("a map with settings of the node", {"vm_size": "Standard_D8s_v6"})]
    broker: Annotated[BrokerSection, About("a map with settings of the broker", {"memory_profile": "Low"})]
    listener: Annotated[ListenerSection, About("a map with settings of the listener", {"port": 28883})] = (
        ListenerSection()
    )


class TopicSection(_Section):
    """One dataflow: from a topic here to a topic there."""

    source: Annotated[SourceTopic, Field(alias="from"), About("an MQTT topic (+ and # allowed)", "input")]
    destination: Annotated[DestinationTopic, Field(alias="to"), About("an MQTT topic", "site/output")]


class LinkSection(_Section):
    """Messages from one cluster to the broker of another."""

    client: Annotated[str, Field(alias="from"), About("the name of the cluster that sends", "site")]
    broker: Annotated[str, Field(alias="to"), About("the name of the cluster that receives", "enterprise")]
    topics: Annotated[
        list[TopicSection] | None,
        Field(min_length=1),
        About("a list of pairs of topics", [{"from": "input", "to": "site/output"}]),
    ] = None
    generation: Annotated[Generation, _GENERATION] = 1
    client_id_prefix: Annotated[
        ClientIdPrefix | None,
        About("letters, digits and . _ -, 1 to 64 characters, another one than other clients of the broker", "site-"),
    ] = None


class PkiSection(_Section):
    """The two certificate authorities."""

    generation: Annotated[
        Generation, About("a whole number from 1 to 9999, one more than before to replace the roots", 2)
    ] = 1
    root_days: Annotated[Days, _days(3650)] = 3650
    intermediate_days: Annotated[Days, _days(1825)] = 1825
    leaf_days: Annotated[Days, _days(365)]
    early_renewal_days: Annotated[Days, About("a whole number of days, fewer than leaf_days", 60)]

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
    ]
    environment: Annotated[Environment, About("a short word of lower-case letters and digits, a letter first", "dev")]
    profile: Annotated[
        str,
        one_of(PROFILE_NAMES, "profiles"),
        About(f"one of {', '.join(PROFILE_NAMES)}, since the environment's name is neither", "dev"),
    ]
    instance: Annotated[Instance, About("lower-case letters and digits, as text", "001")] = "001"
    location: Annotated[Location, About("an Azure region, as text", "eastus2")]
    release: Annotated[
        ReleaseName, About(f"one of the known releases, as text: {', '.join(RELEASES)}", DEFAULT_RELEASE)
    ] = DEFAULT_RELEASE
    subscription_id: Annotated[
        Guid,
        _ids(
            "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c",
            "the subscription to deploy into",
            "az account show --query id -o tsv",
        ),
    ]
    tenant_id: Annotated[
        Guid,
        _ids(
            "7c6b5a49-3827-4615-9403-f2e1d0cbba98",
            "the Entra tenant of the subscription",
            "az account show --query tenantId -o tsv",
        ),
    ]
    custom_locations_object_id: Annotated[
        CustomLocationsObjectId,
        _ids(
            "1e2d3c4b-5a69-4788-9a0b-c1d2e3f40516",
            "the object id of the Custom Locations service principal in this tenant",
            f"az ad sp show --id {CUSTOM_LOCATIONS_APPLICATION_ID} --query id -o tsv",
        ),
    ]
    admin_group_object_id: Annotated[
        Guid,
        _ids(
            "d9c8b7a6-9584-4736-a251-403f2e1d0c9b",
            "the object id of the Entra group that administers the clusters (cluster-admin)",
            'az ad group show --group "<name>" --query id -o tsv',
        ),
    ]
    ssh_public_key: Annotated[
        SshPublicKey,
        About(
            "an OpenSSH public key, ed25519 or RSA, on one line",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@example.com",
            "find it with: cat ~/.ssh/id_ed25519.pub",
        ),
    ]
    tags: Annotated[Tags, About("a map of texts to texts", {"costCenter": "1234"})] = {}
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
