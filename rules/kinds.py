"""Whatever is given as an id is of the right kind, and of a resource of the same cluster's group: swapped arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from arm.types import ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import INSTANCE
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.managedidentity import USER_ASSIGNED_IDENTITY
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from arm.types.resources import RESOURCE_GROUP
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS
from graph.grouping import find_stamp
from graph.inputs import shorten, text_at
from rules.hosting import azure_vm
from rules.lookup import Hits, View
from rules.tables import read

_KINDS: Mapping[tuple[ResourceType, str], ResourceType] = {
    (INSTANCE, "properties.schemaRegistryRef.resourceId"): SCHEMA_REGISTRY,
    (INSTANCE, "properties.adrNamespaceRef.resourceId"): DEVICE_REGISTRY_NAMESPACE,
    (INSTANCE, "properties.defaultSecretProviderClassRef.resourceId"): SECRET_PROVIDER_CLASS,
    (INSTANCE, "identity.userAssignedIdentities.*"): USER_ASSIGNED_IDENTITY,
    (CUSTOM_LOCATION, "clusterExtensionIds.*"): EXTENSION,
    **azure_vm.KINDS,
    (NETWORK_INTERFACE, "ipConfigurations.*.subnet.id"): SUBNET,
    (SUBNET, "networkSecurityGroup.id"): NETWORK_SECURITY_GROUP,
    (SUBNET, "natGateway.id"): NAT_GATEWAY,
    (NAT_GATEWAY, "publicIpAddresses.*.id"): PUBLIC_IP_ADDRESS,
    (VIRTUAL_NETWORK_PEERING, "remoteVirtualNetwork.id"): VIRTUAL_NETWORK,
}
"""(type, input) -> the type of what it names."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def right_kinds(view: View) -> Hits:
    """Require ids of the right type, principals where principals go, and a peering's remote network elsewhere."""
    for (type_, path), kind in _KINDS.items():
        for resource in view.all(type_):
            for where, given in read(view.inputs(resource), path):
                target = view.by_path.get(given) if isinstance(given, str) else None
                if target and target.arm_type not in ("", kind.arm_type):  # an id of nothing is REF-01
                    of = f"{target.name}, a {target.arm_type}"
                    yield resource.name, f"{where}: is the id of {of}; expected a {kind.arm_type}"
    yield from _assignments(view)
    for peering in view.all(VIRTUAL_NETWORK_PEERING):
        own, remote = view.ends(peering)
        if remote == own:
            message = f"remoteVirtualNetwork.id: {shorten(remote)} is its own network; expected the other one's id"
            yield peering.name, message


def _assignments(view: View) -> Hits:
    for assignment in view.all(ROLE_ASSIGNMENT):
        principal, scope = (text_at(view.inputs(assignment), key) for key in ("principalId", "scope"))
        if not _GUID.fullmatch(principal):
            yield assignment.name, f"principalId: {shorten(principal) or 'missing'}; expected a principal's object id"
        role = text_at(view.inputs(assignment), "roleDefinitionId")
        roles = f"/subscriptions/{view.graph.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/"
        if not (role.startswith(roles) and _GUID.fullmatch(role.removeprefix(roles))):
            yield assignment.name, f"roleDefinitionId: {role or 'missing'}; expected {roles}<GUID>, as Azure returns it"
        if not scope.startswith("/subscriptions/"):
            yield assignment.name, f"scope: {scope or 'missing'}; expected an ARM id"


def own_groups(view: View) -> Hits:
    """Require that what a stamp makes lies in the resource group of its own cluster."""
    for resource in sorted(view.arm, key=lambda one: one.arm_type != RESOURCE_GROUP.arm_type):
        stamp = find_stamp(view.graph, resource)
        cluster = view.clusters.get(stamp)
        if cluster is None or (view.is_script(resource) and not view.cluster(resource)):
            continue
        if view.cluster(resource) != stamp and view.group(resource):
            message = (
                f"resourceGroupName: {view.group(resource)!r}; expected {cluster.names.resource_group!r}, its own"
                " cluster's group as settings/cluster_names.py composes its name"
            )
            yield resource.name, message
