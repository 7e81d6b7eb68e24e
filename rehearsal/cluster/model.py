"""What a cluster holds, as an administrator would see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Symptom:
    """One thing that is wrong, in the words of whatever would report it on the real system."""

    rule: str
    """Id in the table of cluster rules, e.g. CLUSTER-07."""
    cluster: str
    """Name of the connected cluster."""
    where: str
    """Kind and name, e.g. `SecretSync broker-tls-cert-g1`."""
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.rule} {self.cluster}, {self.where}: {self.what} -> {self.remedy}"


@dataclass(frozen=True)
class Secret:
    """A Kubernetes Secret of the AIO namespace."""

    name: str
    type: str
    """`kubernetes.io/tls` or `Opaque`."""
    data: Mapping[str, str] = field(repr=False)
    """Key -> text, PEM."""


@dataclass(frozen=True)
class ConfigMap:
    """A ConfigMap of the AIO namespace."""

    name: str
    data: Mapping[str, str]


@dataclass(frozen=True)
class Condition:
    """What the controller reports of a SecretSync.

    learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension-troubleshooting
    """

    type: str
    """`Create` or `Update`."""
    status: str
    """`True` or `False`, as Kubernetes writes it."""
    reason: str
    message: str


@dataclass(frozen=True)
class Dataflow:
    """A dataflow and the profile it runs in."""

    name: str
    profile: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class ClusterView:
    """One cluster. The AIO resources are those that reached the cluster; their bodies are the deployed `properties`."""

    name: str
    """Name of the connected cluster."""
    addresses: Sequence[str] = ()
    """IP addresses of the node, where ServiceLB opens the ports of LoadBalancer listeners."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    config_maps: Mapping[str, ConfigMap] = field(default_factory=dict)
    brokers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    listeners: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    authentications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    authorizations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dataflows: Mapping[str, Dataflow] = field(default_factory=dict)
    frontends_up: bool = False
    """Whether the broker's frontends run: one listener without its manual Secret keeps all of them down."""
    taken_ports: Mapping[int, str] = field(default_factory=dict)
    """Port of the node -> the Service that is no listener's and has it."""
    network_policies: Sequence[Mapping[str, Any]] = ()
    """NetworkPolicies of every namespace."""
    problems: Sequence[Symptom] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """SecretSync -> its condition."""
