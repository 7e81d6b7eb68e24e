"""The custom location and, in it, the AIO instance with its default broker, listener and dataflow profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import extendedlocation, kubernetesconfiguration, managedidentity, secretsynccontroller

from components.cluster_stamp.arc import ArcCluster
from components.cluster_stamp.context import StampContext
from components.cluster_stamp.extensions import Extensions
from components.cluster_stamp.registries import Registries
from components.cluster_stamp.role_assignments import assign_role
from components.packages import (
    Broker,
    BrokerAuthentication,
    BrokerListener,
    DataflowEndpoint,
    DataflowProfile,
    Instance,
    iot_operations,
)
from settings import roles, well_known
from settings.model import Broker as BrokerSettings


@dataclass(frozen=True)
class IotOperations:
    """What links of this cluster are attached to."""

    custom_location: extendedlocation.CustomLocation
    instance: Instance
    broker: Broker
    dataflow_profile: DataflowProfile
    local_endpoint: DataflowEndpoint
    """The broker of the same cluster, which every dataflow has on one side (aio-cli-facts §5.5)."""


def create_iot_operations(
    context: StampContext,
    arc: ArcCluster,
    extensions: Extensions,
    registries: Registries,
    identity: managedidentity.UserAssignedIdentity,
    secret_sync_identity: managedidentity.UserAssignedIdentity,
    vault_name: pulumi.Input[str],
) -> IotOperations:
    """Create the custom location, the instance with all its references at once, and its default children."""
    custom_location = _custom_location(context, arc, extensions)
    assign_role(
        context,
        "aio-schema-registry-role",
        roles.DEVICE_REGISTRY_ADMINISTRATOR.guid,
        scope=registries.schema_registry.id,
        principal_id=extensions.aio.identity.apply(_principal_id),
    )
    default_provider_class = secretsynccontroller.AzureKeyVaultSecretProviderClass(
        context.logical("default-secret-provider-class"),
        resource_group_name=context.group.name,
        azure_key_vault_secret_provider_class_name=context.bound(
            context.names.default_secret_provider_class, custom_location.id
        ),
        location=context.cluster.location,
        tags=context.tags,
        extended_location=secretsynccontroller.AzureResourceManagerCommonTypesExtendedLocationArgs(
            name=custom_location.id, type="CustomLocation"
        ),
        client_id=secret_sync_identity.client_id,
        keyvault_name=vault_name,
        tenant_id=context.settings.tenant.tenant_id,
        # `objects` belongs to the portal and to `az iot ops secretsync`: one owner (aio-cli-facts §3.1).
        opts=context.options(ignore_changes=["objects"]),
    )
    place = {
        "resourceGroupName": context.group.name,
        "extendedLocation": {"name": custom_location.id, "type": "CustomLocation"},
    }
    package = iot_operations(context.settings.release)
    instance = Instance(
        context.logical("aio-instance"),
        package,
        {
            **place,
            "instanceName": context.bound(context.names.aio_instance, custom_location.id),
            "location": context.cluster.location,
            "tags": context.tags,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity.id]},
            "properties": {
                "schemaRegistryRef": {"resourceId": registries.schema_registry.id},
                "adrNamespaceRef": {"resourceId": registries.device_registry_namespace.id},
                # With the first PUT: a later PATCH would be undone by the next PUT (blueprint-facts D15).
                "defaultSecretProviderClassRef": {"resourceId": default_provider_class.id},
            },
        },
        context.options(timeouts=pulumi.CustomTimeouts(create="60m", update="60m", delete="60m")),
    )
    within_instance = {**place, "instanceName": instance.name}
    broker = Broker(
        context.logical("broker"),
        package,
        {**within_instance, "brokerName": "default", "properties": _broker_properties(context.cluster.broker)},
        # Fixed at creation; a change replaces the broker and loses what it holds (aio-cli-facts §2.7).
        context.options(
            protect=context.settings.profile.protect,
            timeouts=pulumi.CustomTimeouts(create="60m", delete="60m"),
        ),
    )
    _default_listener(context, {**within_instance, "brokerName": broker.name})
    profile = DataflowProfile(
        context.logical("dataflow-profile"),
        package,
        {
            **within_instance,
            "dataflowProfileName": "default",
            "properties": {"instanceCount": 1, "diagnostics": {"logs": {"level": "info"}}},
        },
        context.options(),
    )
    local_endpoint = DataflowEndpoint(
        context.logical("local-endpoint"),
        package,
        {**within_instance, "dataflowEndpointName": "default", "properties": _local_endpoint_properties()},
        context.options(),
    )
    return IotOperations(custom_location, instance, broker, profile, local_endpoint)


def _principal_id(identity: kubernetesconfiguration.outputs.IdentityResponse | None) -> str:
    if identity is None or not identity.principal_id:
        raise pulumi.RunError(
            "the AIO extension has no identity, so it cannot be given its role on the schema registry. Expected: a"
            " system-assigned one. Next: pulumi refresh, then pulumi up"
        )
    return identity.principal_id


def _custom_location(context: StampContext, arc: ArcCluster, extensions: Extensions) -> extendedlocation.CustomLocation:
    return extendedlocation.CustomLocation(
        context.logical("custom-location"),
        resource_group_name=context.group.name,
        resource_name_=context.bound(context.names.custom_location, arc.name),
        location=context.cluster.location,
        tags=context.tags,
        display_name=context.names.custom_location,
        host_resource_id=arc.id,
        host_type="Kubernetes",
        namespace=well_known.AIO_NAMESPACE,
        # Both: a child's API version is looked up in the extensions listed here (field-review §3, rule 2).
        cluster_extension_ids=[extensions.secret_store.id, extensions.aio.id],
        opts=context.options(
            depends_on=[arc.connect],
            timeouts=pulumi.CustomTimeouts(create="30m", delete="60m"),
        ),
    )


def _default_listener(context: StampContext, place: dict[str, Any]) -> None:
    """What AIO's own parts connect to: inside the cluster, TLS by cert-manager, service account tokens."""
    package = iot_operations(context.settings.release)
    authentication = BrokerAuthentication(
        context.logical("default-authentication"),
        package,
        {
            **place,
            "authenticationName": "default",
            "properties": {
                "authenticationMethods": [
                    {
                        "method": "ServiceAccountToken",
                        "serviceAccountTokenSettings": {"audiences": [well_known.BROKER_AUDIENCE]},
                    }
                ]
            },
        },
        context.options(),
    )
    BrokerListener(
        context.logical("default-listener"),
        package,
        {
            **place,
            "listenerName": "default",
            "properties": {
                "serviceType": "ClusterIp",
                "serviceName": "aio-broker",
                "ports": [
                    {
                        "port": well_known.BROKER_PORT,
                        "authenticationRef": authentication.name,
                        "tls": {
                            "mode": "Automatic",
                            "certManagerCertificateSpec": {
                                "issuerRef": {
                                    "name": well_known.AIO_CERTIFICATE_ISSUER,
                                    "kind": "ClusterIssuer",
                                    "group": "cert-manager.io",
                                }
                            },
                        },
                    }
                ],
            },
        },
        context.options(),
    )


def _broker_properties(broker: BrokerSettings) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "memoryProfile": broker.memory_profile,
        "cardinality": {
            "frontend": {"replicas": broker.frontend_replicas, "workers": broker.frontend_workers},
            "backendChain": {
                "partitions": broker.backend_partitions,
                "workers": broker.backend_workers,
                "redundancyFactor": broker.backend_redundancy_factor,
            },
        },
        # Enabled (the API's default) asks for a core per worker, which a single node does not have.
        "generateResourceLimits": {"cpu": "Disabled"},
        "diagnostics": {"logs": {"level": "info"}},
    }
    if broker.persistence_gib is not None:
        properties["persistence"] = _persistence(broker.persistence_gib)
    return properties


def _persistence(gib: int) -> dict[str, Any]:
    """Every queue and every retained message on disk; `Custom` with wildcards, as the ARM schema lacks `All`."""
    return {
        "maxSize": f"{gib}GiB",
        "encryption": {"mode": "Enabled"},
        "retain": {"mode": "Custom", "retainSettings": {"topics": ["#"]}},
        "subscriberQueue": {"mode": "Custom", "subscriberQueueSettings": {"subscriberClientIds": ["*"]}},
    }


def _local_endpoint_properties() -> dict[str, Any]:
    return {
        "endpointType": "Mqtt",
        "mqttSettings": {
            "host": f"aio-broker:{well_known.BROKER_PORT}",
            "authentication": {
                "method": "ServiceAccountToken",
                "serviceAccountTokenSettings": {"audience": well_known.BROKER_AUDIENCE},
            },
            "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": well_known.AIO_TRUST_CONFIG_MAP},
        },
    }
