"""The kinds of value that occur in the settings, each with what is expected, one example, and its own checks.

Annotated with `About`: pydantic decides *whether* a value is wrong, the texts a user reads are all ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from settings import topics
from settings.addressing import (
    LARGEST_PREFIX_LENGTH,
    NODE_PORTS,
    PRIVATE_NETWORKS,
    RESERVED_NETWORKS,
    RESERVED_PORTS,
    SMALLEST_PREFIX_LENGTH,
)
from settings.hosting import WITHOUT_EFFECT
from settings.regions import NEAREST, REGIONS, normalised
from settings.releases import K3S_NEWEST, K3S_OLDEST, RELEASES
from settings.vm_sizes import SIZES_IN_WORDS, VM_SIZES
from settings.well_known import CUSTOM_LOCATIONS_APPLICATION_ID, K8_BRIDGE_APPLICATION_ID


@dataclass(frozen=True)
class About:
    """What the user is told when a value is missing or wrong."""

    expected: str
    example: object
    hint: str = ""


def find_about(field: FieldInfo) -> About:
    """Return what is said about a setting."""
    return next(each for each in field.metadata if isinstance(each, About))


def refused(expected: str, hint: str = "", example: object = None, *, hide: bool = False) -> PydanticCustomError:
    """Return an error with a text of its own, where what `About` says would not tell the reason or not fit.

    `hide`: the value may hold a password, and is not shown.
    """
    told = {"expected": expected, "hint": hint, "example": example, "hide": hide}
    return PydanticCustomError("refused", "{expected}", told)


def nearest(word: object, known: Collection[str]) -> str:
    """Return the known word that the given one was probably meant to be; empty when none is near."""
    return next(iter(get_close_matches(str(word), known, n=1)), "")


def one_of(known: Collection[str], kind: str) -> AfterValidator:
    """Accept only the words of a table; the error lists them and names the nearest."""

    def check(word: str) -> str:
        if word not in known:
            near = nearest(word, known)
            hint = f"did you mean {near}?" if near else ""
            raise refused(f"one of the {kind}: {', '.join(known)}", hint, near or None)
        return word

    return AfterValidator(check)


def _location(text: str) -> str:
    region = normalised(text)
    if region in REGIONS:
        return region
    if near := NEAREST.get(region):
        hint = f"{region} has no Azure IoT Operations; the nearest region that has it is {near}"
    elif near := nearest(region, REGIONS):
        hint = f"did you mean {near}?"
    else:
        hint = "list the names of all regions with: az account list-locations --query [].name -o tsv"
    raise refused(f"one of the regions that Azure IoT Operations supports: {', '.join(REGIONS)}", hint, near or None)


# --- identifiers of the tenant ---

_NOT_OBJECT_IDS = {
    CUSTOM_LOCATIONS_APPLICATION_ID: "this is the application id of Custom Locations, the same in every tenant",
    K8_BRIDGE_APPLICATION_ID: 'this is the application id of "K8 Bridge", the same in every tenant',
}


def _guid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise ValueError("no GUID")
    if UUID(text).int == 0:
        raise refused("the tenant's own value; all zeros is a placeholder")
    return text.lower()


def _object_id(text: str) -> str:
    if text in _NOT_OBJECT_IDS:
        raise refused(f"the object id of the service principal; {_NOT_OBJECT_IDS[text]}")
    return text


Guid = Annotated[str, AfterValidator(_guid)]
CustomLocationsObjectId = Annotated[Guid, AfterValidator(_object_id)]

# --- words ---

Prefix = Annotated[str, Field(pattern=r"^[a-z](-?[a-z0-9])*$")]
Environment = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")]
Instance = Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,2}$")]
ClusterName = Annotated[str, Field(pattern=r"^[a-z](-?[a-z0-9])*$", max_length=24)]
ClientIdPrefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/@-]{1,256}$")]
Location = Annotated[str, AfterValidator(_location)]
ReleaseName = Annotated[str, one_of(RELEASES, "known releases")]


def _vm_size(name: str) -> str:
    if name not in VM_SIZES:
        raise refused(
            f"a known size (amd64, at least 4 vCPU and 16 GiB): {SIZES_IN_WORDS}",
            "all of them are in docs/settings.md, VM sizes",
        )
    return name


VmSizeName = Annotated[str, AfterValidator(_vm_size)]


def _k3s_version(text: str) -> str:
    if not _numbers(K3S_OLDEST) <= _numbers(text) <= _numbers(K3S_NEWEST):
        raise ValueError("no such version")
    return text


def _numbers(version: str) -> list[int]:
    """Return the numbers of a K3s version; none of any other text, which is then older than every version."""
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\+k3s(\d+)", version)
    return [int(one) for one in found.groups()] if found else []


K3sVersion = Annotated[str, AfterValidator(_k3s_version)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

_PLANNED_HOSTING = ("aks",)


def _hosting(text: str) -> str:
    if text in _PLANNED_HOSTING:
        raise refused(f"one of {', '.join(WITHOUT_EFFECT)}; {text} is planned but not supported yet")
    if text not in WITHOUT_EFFECT:
        raise ValueError("unknown hosting")
    return text


Hosting = Annotated[str, AfterValidator(_hosting)]


def arm_id(arm_type: str, name: str) -> AfterValidator:
    """Return what takes the id of a resource in a resource group, by its ARM type and the pattern of its name."""
    group = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[-\w.()]{1,90}"
    pattern = re.compile(f"{group}/providers/{re.escape(arm_type)}/{name}", re.IGNORECASE)

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"no id of {arm_type}")
        return text

    return AfterValidator(check)


MachineId = Annotated[str, arm_id("Microsoft.HybridCompute/machines", r"[-\w.]{1,54}")]


def _dns_name(text: str) -> str:
    labels = text.split(".")
    fits = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
    if not fits or len(labels) < 2 or len(text) > 253 or labels[-1].isdigit():
        raise ValueError("no DNS name")
    return text


DnsName = Annotated[str, AfterValidator(_dns_name)]


def _topic(*, wildcards: bool) -> AfterValidator:
    def check(text: str) -> str:
        if fault := topics.fault(text, wildcards=wildcards):
            raise refused(f"an MQTT topic{' (+ and # allowed)' if wildcards else ''}; {fault}")
        return text

    return AfterValidator(check)


SourceTopic = Annotated[str, _topic(wildcards=True)]
DestinationTopic = Annotated[str, _topic(wildcards=False)]

# --- numbers ---

Count = Annotated[int, Field(ge=1, le=16)]
"""Replicas, workers, partitions: the range of AIO's template (Azure/azure-iot-operations, release)."""
Generation = Annotated[int, Field(ge=1, le=9999)]
Revoked = Annotated[int, Field(ge=0, le=9998)]
Days = Annotated[int, Field(ge=1, le=36500)]


def _port(port: int) -> int:
    if port in RESERVED_PORTS:
        raise refused(f"a port that is free on the node; {port} belongs to {RESERVED_PORTS[port]}")
    if port in NODE_PORTS:
        raise refused("a port outside 30000-32767, which Kubernetes hands out to Services by itself")
    return port


Port = Annotated[int, Field(ge=1, le=65535), AfterValidator(_port)]

# --- addresses ---


def _network(value: object) -> IPv4Network:
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("no network")
    network = IPv4Network(value, strict=False)
    if value.partition("/")[0] != str(network.network_address):
        raise refused(f"the address of a network, without host bits; that would be {network}", example=str(network))
    for reserved, owner in RESERVED_NETWORKS.items():
        if network.overlaps(reserved):
            raise refused(f"a network that leaves {reserved} to {owner}")
    if not any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
        raise refused(f"a private network, inside one of {', '.join(map(str, PRIVATE_NETWORKS))}")
    if not SMALLEST_PREFIX_LENGTH <= network.prefixlen <= LARGEST_PREFIX_LENGTH:
        raise refused(f"a network of a size that Azure takes, /{SMALLEST_PREFIX_LENGTH} to /{LARGEST_PREFIX_LENGTH}")
    return network


def _address(value: object) -> IPv4Address:
    return IPv4Address(value if isinstance(value, str) else "")


Network = Annotated[IPv4Network, PlainValidator(_network), PlainSerializer(str)]
Address = Annotated[IPv4Address, PlainValidator(_address), PlainSerializer(str)]

# --- tags ---

_TAG_NAME_LENGTH, _TAG_VALUE_LENGTH, TAG_COUNT = 128, 256, 49
"""Azure takes names of 512 characters, but the stack's storage accounts only of 128; and 50 tags, one of them ours."""
_TAG_PREFIXES = ("microsoft", "azure", "windows")


def _tags(tags: dict[str, str]) -> dict[str, str]:
    for name, value in tags.items():
        if not 1 <= len(name) <= _TAG_NAME_LENGTH or len(value) > _TAG_VALUE_LENGTH:
            raise refused(f"tag names of 1 to {_TAG_NAME_LENGTH} characters, values of up to {_TAG_VALUE_LENGTH}")
        # The last three are ours: the engine's property paths, in which changes are told, do not quote them.
        if set(name) & set('<>%&\\?/"[]') or not name.isprintable():
            raise refused(rf"printable tag names without < > % & \ ? / [ ] and double quotes (the tag {name!a})")
        if name.lower().startswith(_TAG_PREFIXES):
            raise refused(
                f"tag names that do not start with {', '.join(_TAG_PREFIXES)}: Azure keeps those (the tag {name})"
            )
    if len(tags) > TAG_COUNT:
        raise refused(f"at most {TAG_COUNT} tags; there are {len(tags)}")
    if len({name.lower() for name in tags}) < len(tags):
        raise refused("tag names that differ in more than case: Azure takes them for one")
    return tags


Tags = Annotated[dict[str, str], AfterValidator(_tags)]
