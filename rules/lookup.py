"""Look-ups that several rules share: links, secrets, identities, Run Commands of one recorded graph.

A look-up that finds nothing returns nothing: some rule reports what is missing, the others pass over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import yaml

from arm.ids import connected_by
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW, DATAFLOW_ENDPOINT
from arm.types.keyvault import SECRET, VAULT
from arm.types.managedidentity import USER_ASSIGNED_IDENTITY
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.graph import Resource
from graph.inputs import decode_parameter, list_at, map_at, parameters, text_at
from rules.index import Index
from settings.model import Link

Hit = tuple[str, str]
"""Logical name of the resource at fault, and the message."""
Hits = Iterator[Hit]


@dataclass(frozen=True)
class Bundle:
    """A trust-manager Bundle that a cluster's apply-objects command applies: a ConfigMap of the same name."""

    name: str
    key: str
    pem: str
    namespace: str
    command: Resource


@dataclass(frozen=True)
class LinkParts:
    """A link that the settings ask for, and what the graph has of it."""

    link: Link
    endpoint: Resource | None
    listener: Resource | None
    port: Mapping[str, Any]
    authentication: Resource | None
    authorization: Resource | None
    dataflows: Sequence[Resource]


class View(Index):
    """A graph with its indices, and the settings as the yardstick of what the user asked for."""

    # Run Commands and what they carry

    def commands(self, cluster: str, script: str) -> list[Resource]:
        return [
            command for command in self.scripts(cluster) if text_at(self.inputs(command), "runCommandName") == script
        ]

    def parameters(self, command: Resource) -> dict[str, str]:
        return parameters(self.inputs(command))

    @cached_property
    def connected_clusters(self) -> dict[str, Resource]:
        """ARM id of each connected cluster -> the script that makes it, or looks at one that is there already.

        The id is made of that script's parameters.
        """
        scripts = ("connect-arc", "check-cluster")
        commands = (one for cluster in self.clusters for script in scripts for one in self.commands(cluster, script))
        return {connected_by(self.parameters(command)): command for command in commands}

    @cached_property
    def bundles(self) -> dict[tuple[str, str], Bundle]:
        """(cluster, name) -> Bundle."""
        return {
            (cluster, bundle.name): bundle
            for cluster in self.clusters
            for command in self.commands(cluster, "apply-objects")
            for bundle in read_bundles(command)
        }

    def namespace(self, cluster: str) -> str:
        """Return the namespace of the cluster's custom location, where AIO and its Secrets live."""
        location = self.one(CUSTOM_LOCATION, cluster)
        return text_at(self.inputs(location), "namespace") if location else ""

    # Identities

    def find_connector(self, connect: Resource) -> tuple[str, str]:
        """Return name and principal of the identity that connects a cluster; empty if nobody has made it."""
        client_id = self.parameters(connect).get("IDENTITY_CLIENT_ID", "")
        machine = self.existing.get(self.cluster(connect))
        if machine and not client_id:
            return text_at(machine, "name"), text_at(machine, "identity.principalId")
        identity = self.identity_by_client_id.get(client_id)
        return (identity.name, text_at(self.outputs(identity), "principalId")) if identity else ("", "")

    @cached_property
    def identity_by_client_id(self) -> dict[str, Resource]:
        return {text_at(self.outputs(identity), "clientId"): identity for identity in self.all(USER_ASSIGNED_IDENTITY)}

    def assignments_to(self, principal_id: str) -> list[Resource]:
        return self._assignments.get(principal_id, [])

    @cached_property
    def _assignments(self) -> dict[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for assignment in self.all(ROLE_ASSIGNMENT):
            index.setdefault(text_at(self.inputs(assignment), "principalId"), []).append(assignment)
        return index

    # Secret sync

    @cached_property
    def syncs(self) -> dict[tuple[str, str], Resource]:
        """(cluster, Kubernetes Secret) -> SecretSync."""
        return {
            (self.cluster(sync), text_at(self.inputs(sync), "secretSyncName")): sync for sync in self.all(SECRET_SYNC)
        }

    def mapping(self, sync: Resource) -> dict[str, str]:
        """Key of the Secret -> vault secret."""
        mapped = list_at(self.inputs(sync), "objectSecretMapping")
        return {text_at(one, "targetKey"): text_at(one, "sourcePath") for one in mapped}

    def provider_class(self, sync: Resource) -> Resource | None:
        expected = text_at(self.inputs(sync), "secretProviderClassName")
        for found in self.all(SECRET_PROVIDER_CLASS, cluster=self.cluster(sync)):
            if text_at(self.inputs(found), "azureKeyVaultSecretProviderClassName") == expected:
                return found
        return None

    def objects(self, provider_class: Resource) -> list[str]:
        """Vault secrets that the class names: YAML whose list items are YAML texts.

        Source: learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension-reference.
        """
        return [text_at(one, "objectName") for one in self.object_entries(provider_class)]

    def object_entries(self, provider_class: Resource) -> Sequence[Any]:
        """Return each of them with all that the class says of it."""
        return read_objects(text_at(self.inputs(provider_class), "objects"))

    @cached_property
    def vault_by_name(self) -> dict[str, Resource]:
        return {text_at(self.inputs(vault), "vaultName"): vault for vault in self.all(VAULT)}

    @cached_property
    def vault_secrets(self) -> dict[tuple[str, str], Resource]:
        """(vault, secret) -> the vault secret."""
        return {
            (text_at(self.inputs(secret), "vaultName"), text_at(self.inputs(secret), "secretName")): secret
            for secret in self.all(SECRET)
        }

    def secret_keys(self, cluster: str, name: str) -> dict[str, str]:
        """Return what a Kubernetes Secret will hold: key -> text out of the vault, empty where there is none."""
        sync = self.syncs.get((cluster, name))
        provider_class = self.provider_class(sync) if sync else None
        if sync is None or provider_class is None:
            return {}
        vault = text_at(self.inputs(provider_class), "keyvaultName")
        found = {key: self.vault_secrets.get((vault, source)) for key, source in self.mapping(sync).items()}
        return {
            key: text_at(self.inputs(secret), "properties.value") if secret else "" for key, secret in found.items()
        }

    # MQTT

    def ports(self, listener: Resource) -> list[Mapping[str, Any]]:
        return [port for port in list_at(self.inputs(listener), "properties.ports") if isinstance(port, Mapping)]

    def is_local(self, endpoint: Resource) -> bool:
        """Whether the endpoint is the broker of its own cluster, as the default listener offers it."""
        hosts = {
            f"{text_at(self.inputs(listener), 'properties.serviceName')}:{port.get('port')}"
            for listener in self.all(BROKER_LISTENER, cluster=self.cluster(endpoint))
            if text_at(self.inputs(listener), "properties.serviceType") == "ClusterIp"
            for port in self.ports(listener)
        }
        return text_at(self.inputs(endpoint), "properties.mqttSettings.host") in hosts

    @cached_property
    def links(self) -> list[LinkParts]:
        return [self._parts(link) for link in self.settings.links.values()]

    def _parts(self, link: Link) -> LinkParts:
        endpoints = self.all(DATAFLOW_ENDPOINT, cluster=link.client)
        endpoint = next((one for one in endpoints if self.path(one).endswith(f"/{link.endpoint_name}")), None)
        listeners = [
            one
            for one in self.all(BROKER_LISTENER, cluster=link.broker)
            if text_at(self.inputs(one), "properties.serviceType") == "LoadBalancer"
        ]
        listener = next(iter(listeners), None)
        ports, wanted = self.ports(listener) if listener else [], self.settings.listener_of(link).port
        port = next((one for one in ports if one.get("port") == wanted), ports[0] if ports else {})
        broker = self.path(listener).rsplit("/listeners/", 1)[0] if listener else ""
        return LinkParts(
            link,
            endpoint,
            listener,
            port,
            self.by_path.get(f"{broker}/authentications/{port.get('authenticationRef')}"),
            self.by_path.get(f"{broker}/authorizations/{port.get('authorizationRef')}"),
            [flow for flow in self.all(DATAFLOW, cluster=link.client) if self.goes_to(flow) == link.endpoint_name],
        )

    def operations(self, dataflow: Resource, kind: str) -> list[Any]:
        found = list_at(self.inputs(dataflow), "properties.operations")
        return [operation for operation in found if text_at(operation, "operationType") == kind]

    def goes_to(self, dataflow: Resource) -> str:
        """Name of the endpoint that the dataflow sends to."""
        found = self.operations(dataflow, "Destination")
        return text_at(found[0], "destinationSettings.endpointRef") if found else ""


@cache
def read_objects(text: str) -> Sequence[Any]:
    """Return what a secret provider class's text names; nothing where it is no such text."""
    try:
        outer = yaml.safe_load(text or "{}")
        texts = [item for item in list_at(outer, "array") if isinstance(item, str)]
        return [yaml.safe_load(item) for item in texts]
    except yaml.YAMLError:
        return []


def read_bundles(command: Resource) -> Iterator[Bundle]:
    """Yield the Bundles that a Run Command applies; none where it is another script's."""
    for one in decode_parameter(parameters(command.plain_inputs).get("OBJECTS", "")):
        if text_at(one, "kind") == "Bundle":
            yield Bundle(
                name=text_at(one, "metadata.name"),
                key=text_at(one, "spec.target.configMap.key"),
                pem="".join(text_at(source, "inLine") for source in list_at(one, "spec.sources")),
                namespace=map_at(one, "spec.target.namespaceSelector.matchLabels").get(
                    "kubernetes.io/metadata.name", ""
                ),
                command=command,
            )
