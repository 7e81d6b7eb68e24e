"""What a node remembers of what was done to it: the facts that the stand-ins of its tools leave with its VM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from graph.inputs import list_at, map_at, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster import traces
from rules.facts import node

K3S_ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who issues K3s's service account tokens while nobody has set another issuer (k3s-io/k3s, pkg/daemons/control)."""


@dataclass(frozen=True)
class NodeFacts:
    """Facts of one VM; a VM on which nothing ran has none."""

    facts: Mapping[str, Any]
    files: Mapping[str, Sequence[str]]
    """Path without the first slash -> [mode, text]."""

    @classmethod
    def of(cls, vm: Entry) -> NodeFacts:
        """Return the facts of this VM."""
        return cls(vm.facts.get("machine", {}), vm.facts.get("files", {}))

    @property
    def runs_server(self) -> bool:
        """Whether K3s runs as a server."""
        return text_at(self.facts, "k3s.role") == "server" and map_at(self.facts, "k3s").get("running") is True

    @property
    def config(self) -> Mapping[str, Any]:
        """K3s' configuration as of its last start."""
        return map_at(self.facts, "k3s.config")

    @property
    def first_config(self) -> Mapping[str, Any]:
        """K3s' configuration as of its first start, which makes the networks and the keys of Secrets.

        docs.k3s.io/cli/secrets-encrypt: "Starting K3s without encryption and enabling it at a later time is currently
        not supported."
        """
        return map_at(self.facts, "k3s.first_config")

    @property
    def issuer(self) -> str:
        """Issuer of the tokens that K3s signs."""
        return self.api_argument("service-account-issuer") or K3S_ISSUER

    @property
    def pod_network(self) -> IPv4Network:
        """Network of the pods, as of K3s' first start."""
        return _read_network(self.first_config, "cluster-cidr", node.K3S_POD_NETWORK.value)

    @property
    def service_network(self) -> IPv4Network:
        """Network of the services, as of K3s' first start."""
        return _read_network(self.first_config, "service-cidr", node.K3S_SERVICE_NETWORK.value)

    @property
    def audit_rules(self) -> Sequence[Mapping[str, Any]]:
        """Rules of the API server's audit policy as of its last start; none while it has no policy."""
        return list_at(self.facts, "k3s.audit_rules")

    @property
    def objects(self) -> Sequence[Mapping[str, Any]]:
        """Kubernetes objects that were applied."""
        return list_at(self.facts, "objects")

    @property
    def arc(self) -> Mapping[str, Any]:
        """What Arc's agents were installed with; empty while the cluster is not connected."""
        return map_at(self.facts, "arc")

    def list_parts(self) -> Mapping[str, Mapping[str, str]]:
        """Return all that a script may have changed beside its tools' own state: kind -> name -> its contents."""
        rules, objects, limits = list_at(self.facts, "iptables"), self.objects, map_at(self.facts, "sysctl")
        return {
            traces.FILES: {name: json.dumps(file) for name, file in self.files.items()},
            traces.RULES: {name_rule(one): "" for one in rules},
            traces.LIMITS: {name: json.dumps(value) for name, value in limits.items()},
            traces.OBJECTS: {name_object(one): json.dumps(one) for one in objects},
        }

    def api_argument(self, wanted: str) -> str:
        """Return the first value of an argument of the API server; empty if it is not given."""
        return next(iter(self.api_arguments(wanted)), "")

    def api_arguments(self, wanted: str) -> list[str]:
        """Return the values of an argument of the API server, in their order."""
        given = (str(each).removeprefix("--").partition("=") for each in self.config.get("kube-apiserver-arg", ()))
        return [value for name, _, value in given if name == wanted]


def name_rule(rule: Mapping[str, Any]) -> str:
    """Return a rule of the firewall as iptables-save(8) writes it, with its table."""
    return " ".join(["-t", text_at(rule, "table"), "-A", text_at(rule, "chain"), *list_at(rule, "rule")])


def name_object(one: Mapping[str, Any]) -> str:
    """Return kind and name of a Kubernetes object."""
    return f"{text_at(one, 'kind')} {text_at(one, 'metadata.name')}"


def _read_network(config: Mapping[str, Any], flag: str, default: IPv4Network) -> IPv4Network:
    given = config.get(flag)
    return IPv4Network(str(given[0]).partition(",")[0]) if given else default
