"""What the API server of a node's K3s serves: kinds, and the objects that are there.

K3s brings its own; connectedk8s the agents; kubectl what scripts apply; the model of the cluster says what secret sync
and trust-manager have made of it all.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from graph import pem
from graph.inputs import list_at, map_at, text_at
from rehearsal.cluster.model import Secret
from rehearsal.node.machine import Machine
from rehearsal.node.tools import k3s, workloads
from rehearsal.node.tools.flags import names
from rehearsal.node.tools.own_authority import read_root
from rules.facts import aio, extensions

Object = Mapping[str, Any]
AIO_NAMESPACE = extensions.AIO.namespace


@dataclass(frozen=True)
class Kind:
    """One kind of object."""

    kind: str
    group: str
    versions: tuple[str, ...]
    plural: str
    namespaced: bool
    extension: str = ""
    """Arc extension that brings its definition; empty: Kubernetes itself."""

    @property
    def resource(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def prefix(self) -> str:
        """What `--output name` writes before the name."""
        return self.kind.lower() + (f".{self.group}" if self.group else "")


KINDS = (
    Kind("Node", "", ("v1",), "nodes", False),
    Kind("Namespace", "", ("v1",), "namespaces", False),
    Kind("Pod", "", ("v1",), "pods", True),
    Kind("Event", "", ("v1",), "events", True),
    Kind("Secret", "", ("v1",), "secrets", True),
    Kind("ConfigMap", "", ("v1",), "configmaps", True),
    Kind("ServiceAccount", "", ("v1",), "serviceaccounts", True),
    Kind("Service", "", ("v1",), "services", True),
    Kind("PersistentVolumeClaim", "", ("v1",), "persistentvolumeclaims", True),
    Kind("StorageClass", "storage.k8s.io", ("v1",), "storageclasses", False),
    Kind("Deployment", "apps", ("v1",), "deployments", True),
    Kind("ClusterRole", "rbac.authorization.k8s.io", ("v1",), "clusterroles", False),
    Kind("ClusterRoleBinding", "rbac.authorization.k8s.io", ("v1",), "clusterrolebindings", False),
    Kind("Role", "rbac.authorization.k8s.io", ("v1",), "roles", True),
    Kind("RoleBinding", "rbac.authorization.k8s.io", ("v1",), "rolebindings", True),
    Kind("NetworkPolicy", "networking.k8s.io", ("v1",), "networkpolicies", True),
    Kind("Bundle", "trust.cert-manager.io", ("v1alpha1",), "bundles", False, extensions.CERT_MANAGER.type),
    Kind(
        "DataflowEndpoint",
        "connectivity.iotoperations.azure.com",
        ("v1",),
        "dataflowendpoints",
        True,
        extensions.AIO.type,
    ),
    Kind("SecretSync", "secret-sync.x-k8s.io", ("v1alpha1",), "secretsyncs", True, extensions.SECRET_STORE.type),
)
"""kubernetes.io/docs/reference/kubernetes-api; cert-manager/trust-manager, deploy/crds; learn.microsoft.com/azure/
azure-arc/kubernetes/secret-store-extension for SecretSync; azure/iot-operations/connect-to-cloud/
howto-configure-mqtt-endpoint for DataflowEndpoint."""

_SYSTEM_DEPLOYMENTS = {"coredns": "coredns", "local-path-provisioner": "local-storage",
                       "metrics-server": "metrics-server", "traefik": "traefik"}  # fmt: skip
"""Deployment in kube-system -> what `disable` calls it (docs.k3s.io/installation/packaged-components)."""
_AGENTS = names(
    "cluster-metadata-operator clusterconnect-agent clusteridentityoperator config-agent controller-manager"
    " extension-events-collector extension-manager flux-logs-agent kube-aad-proxy metrics-agent resource-sync-agent"
)
"""learn.microsoft.com/azure/azure-arc/kubernetes/conceptual-agent-overview."""
_OWN_BINDINGS = ("cluster-admin", "k3s-cloud-controller-manager", "kube-apiserver-kubelet-admin", "system:basic-user",
                 "system:discovery", "system:node", "system:node-proxier", "system:public-info-viewer")  # fmt: skip
"""kubernetes.io/docs/reference/access-authn-authz/rbac, "Default roles and role bindings"; K3s's own."""


_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_AGENT_SETTINGS = {"AZURE_SUBSCRIPTION_ID": "subscription", "AZURE_RESOURCE_GROUP": "group",
                   "AZURE_RESOURCE_NAME": "name"}  # fmt: skip
"""Key of the ConfigMap azure-clusterconfig -> what it says (connectedk8s, custom.py)."""
_OF_VIEW = ("Namespace", "Secret", "ConfigMap", "SecretSync", "DataflowEndpoint", "Service", "PersistentVolumeClaim")
_LISTED = {
    "Service": workloads.list_services,
    "PersistentVolumeClaim": workloads.list_claims,
    "DataflowEndpoint": workloads.list_endpoints,
}
_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")


def is_served(kind: Kind, machine: Machine) -> bool:
    """Return whether the API server knows the kind by now."""
    return not kind.extension or kind.extension.lower() in machine.azure.extensions()


def find_kind(spelling: str, machine: Machine) -> Kind | None:
    """Return the kind that kubectl means by a plural, a singular, or either with its group."""
    name, _, group = spelling.lower().partition(".")
    shorts = {"ns": "namespaces", "no": "nodes", "po": "pods", "cm": "configmaps", "sa": "serviceaccounts",
              "deploy": "deployments"}  # fmt: skip
    for kind in KINDS:
        if shorts.get(name, name) in (kind.plural, kind.kind.lower()) and is_served(kind, machine):
            versioned = {kind.group, *(f"{version}.{kind.group}".rstrip(".") for version in kind.versions)}
            if not group or group in versioned:
                return kind
    return None


def list_objects(kind: Kind, machine: Machine, elapsed: float) -> list[Object]:
    """Return every object of the kind, by name; an applied one in the place of one that was there."""
    found: dict[tuple[str, str], Object] = {}
    for one in _all(kind, machine, elapsed):
        found[text_at(one, "metadata.namespace"), text_at(one, "metadata.name")] = one
    gone = set(machine.facts.get("deleted_own", ()))
    return [one for _, one in sorted(found.items()) if f"{kind.prefix}/{text_at(one, 'metadata.name')}" not in gone]


def _all(kind: Kind, machine: Machine, elapsed: float) -> Iterator[Object]:
    yield from _own(kind, machine, elapsed)
    yield from _of_view(kind, machine, elapsed)
    for one in machine.facts.get("objects", ()):
        if text_at(one, "kind") == kind.kind and _group(one) == kind.group:
            yield with_status(one)


def _own(kind: Kind, machine: Machine, elapsed: float) -> list[Object]:
    """Return what K3s and the agents bring."""
    arc, is_settled = machine.facts.get("arc"), k3s.is_settled(machine, elapsed)
    if kind.kind == "Node":
        return list(_list_nodes(kind, machine, is_settled))
    if kind.kind == "StorageClass":
        return [_make(kind, name, annotations=given) for name, given in workloads.list_storage_classes(machine)]
    if kind.kind == "Pod":
        view = machine.azure.cluster_view(elapsed)
        found = workloads.list_pods(machine, view, _list_deployments(machine), elapsed)
        return [_make(kind, name, namespace, **rest) for name, namespace, rest in found]
    if kind.kind == "Namespace":
        return [_make_namespace(kind, name) for name in (*_NAMESPACES, *(["azure-arc"] if arc else []))]
    if kind.kind == "Deployment":
        status = _condition("Available", is_settled)
        return [_make(kind, name, namespace, status=status) for name, namespace in _list_deployments(machine)]
    if kind.kind == "ClusterRoleBinding":
        return [_make(kind, name) for name in _OWN_BINDINGS]
    return list(_of_agents(kind, arc, machine)) if arc else []


def _of_agents(kind: Kind, arc: Mapping[str, Any], machine: Machine) -> Iterator[Object]:
    """Yield what Arc's agents and AIO bring."""
    if kind.kind == "Secret":
        yield _make_release(kind, arc)
    elif kind.kind == "ConfigMap":
        data = {key: arc[name] for key, name in _AGENT_SETTINGS.items()}
        yield _make(kind, "azure-clusterconfig", "azure-arc", data=data)
        yield from _list_own_trust(kind, machine)


def _make_release(kind: Kind, arc: Mapping[str, Any]) -> Object:
    """Return what Helm keeps of the agents (helm.sh/docs/topics/advanced, Storage backends)."""
    locations = {"enabled": "custom-locations" in arc["features"], "oid": arc["custom_locations_oid"]}
    text = json.dumps({"config": {"systemDefaultValues": {"customLocations": locations}}}).encode()
    release = base64.b64encode(base64.b64encode(gzip.compress(text, mtime=0))).decode()
    labels = {"owner": "helm", "name": "azure-arc", "status": "deployed"}
    return _make(kind, "sh.helm.release.v1.azure-arc.v1", "azure-arc-release", labels, data={"release": release})


def _list_own_trust(kind: Kind, machine: Machine) -> list[Object]:
    """Return AIO's own trust ConfigMap."""
    if extensions.AIO.type.lower() not in machine.azure.extensions():
        return []
    root = read_root(machine.facts["arc"]["name"])
    return [_make(kind, aio.TRUST_CONFIG_MAP.value, AIO_NAMESPACE, data={aio.TRUST_KEY.value: root})]


def _list_nodes(kind: Kind, machine: Machine, is_settled: bool) -> Iterator[Object]:
    """Yield the machine itself, and whoever has joined it; an agent sees itself alone."""
    facts = machine.facts["k3s"]
    roles = {"node-role.kubernetes.io/control-plane": "true"} if facts.get("role") == "server" else {}
    yield _make(kind, facts.get("node_name", "node"), labels=roles, status=_describe_node(facts["version"], is_settled))
    for one in machine.azure.list_members():
        yield _make(kind, one.name, status=_describe_node(one.version, one.is_ready))


def _describe_node(version: str, is_ready: bool) -> dict[str, Any]:
    """Return the status that the kubelet gives its node."""
    conditions = [
        *_condition("Ready", is_ready)["conditions"],
        *({"type": one, "status": "False"} for one in _PRESSURES),
    ]
    return {
        "conditions": conditions,
        "nodeInfo": {"kubeletVersion": version, "architecture": "amd64"},
        "capacity": {"cpu": "8", "memory": "32863380Ki"},
    }


def _list_deployments(machine: Machine) -> list[tuple[str, str]]:
    config = machine.facts.get("k3s", {}).get("config", {})
    disabled = {part.strip() for text in config.get("disable", ()) for part in text.split(",")}
    own = [(name, "kube-system") for name, component in _SYSTEM_DEPLOYMENTS.items() if component not in disabled]
    return [*own, *((name, "azure-arc") for name in _AGENTS if machine.facts.get("arc"))]


def _make_namespace(kind: Kind, name: str) -> Object:
    return _make(kind, name, labels={"kubernetes.io/metadata.name": name})


def _of_view(kind: Kind, machine: Machine, elapsed: float) -> Iterator[Object]:
    """Yield what is in AIO's namespace by what the stack deployed."""
    if kind.kind not in _OF_VIEW or (view := machine.azure.cluster_view(elapsed)) is None:
        return
    if kind.kind == "Namespace" and (view.secrets or view.config_maps or view.listeners):
        yield _make_namespace(kind, AIO_NAMESPACE)
    elif kind.kind == "Secret":
        yield from (_make_secret(kind, secret) for secret in view.secrets.values())
    elif kind.kind == "ConfigMap":
        yield from (_make(kind, each.name, AIO_NAMESPACE, data=dict(each.data)) for each in view.config_maps.values())
    elif kind.kind == "SecretSync":
        for name, each in view.conditions.items():
            yield _make(kind, name, AIO_NAMESPACE, status={"conditions": [asdict(each)]})
    elif kind.kind in _LISTED:
        yield from (_make(kind, name, namespace, **rest) for name, namespace, rest in _LISTED[kind.kind](view))


def _make_secret(kind: Kind, secret: Secret) -> Object:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in secret.data.items()}
    return _make(kind, secret.name, AIO_NAMESPACE, data=data, type=secret.type)


def with_status(one: Object) -> Object:
    """Return the object with the status that its controller gives it: only trust-manager's matters here.

    cert-manager/trust-manager, pkg/bundle/sync.go and bundle.go: reason Synced. SourceNotFound is what a real one
    says of a bundle without a certificate (docs/kubernetes.md).
    """
    if text_at(one, "kind") != "Bundle":
        return one
    source = "\n".join(text_at(each, "inLine") for each in list_at(one, "spec.sources"))
    key = text_at(one, "spec.target.configMap.key")
    is_built = bool(pem.certificates(source)) and bool(key)
    reason, message = "Synced", "Successfully synced Bundle to namespaces that match this label selector"
    if not is_built:
        reason = "SourceNotFound" if key else "TargetNotSpecified"
        message = "Failed to build bundle sources: no non-expired certificates found in input bundle"
    condition = {
        "type": "Synced",
        "status": "True" if is_built else "False",
        "reason": reason,
        "message": message,
        "observedGeneration": map_at(one, "metadata").get("generation", 1),
    }
    return {**one, "status": {"conditions": [condition]}}


def _group(one: Object) -> str:
    return text_at(one, "apiVersion").rpartition("/")[0]


def _make(
    kind: Kind,
    name: str,
    namespace: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **rest: Any,
) -> Object:
    metadata: dict[str, Any] = {"name": name, "generation": 1, "labels": dict(labels or {})}
    if annotations:
        metadata["annotations"] = dict(annotations)
    if namespace:
        metadata["namespace"] = namespace
    metadata |= rest.pop("born", {})
    version = f"{kind.group}/{kind.versions[0]}".lstrip("/")
    return {"apiVersion": version, "kind": kind.kind, "metadata": metadata, **rest}


def _condition(name: str, holds: bool) -> dict[str, Any]:
    return {"conditions": [{"type": name, "status": str(holds)}]}
