"""The custom location and, in it, the AIO instance with its default broker, listener and dataflow profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import extendedlocation, kubernetesconfiguration, managedidentity, secretsynccontroller

from components.cluster_stamp.connectors import create_connectors
from components.cluster_stamp.extensions import Extensions
from components.cluster_stamp.registries import Registries
from components.context import StampContext
from components.hosting.host import ConnectedCluster
from components.packages import (
    Broker,
    BrokerAuthentication,
    BrokerListener,
    DataflowEndpoint,
    DataflowProfile,
    Instance,
    iot_operations,
)
from components.role_assignments import assign_role
from settings import roles, well_known
from settings.schema import BrokerSection


@dataclass(frozen=True)
class IotOperations:
    """The parts of AIO that links of this cluster are attached to."""

    custom_location: extendedlocation.CustomLocation
    instance: Instance
    broker: Broker
    dataflow_profile: DataflowProfile
    local_endpoint: DataflowEndpoint
    """The broker of the same cluster, which every dataflow has on one side
    (https://learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-create-dataflow)."""


def create_iot_operations(
    context: StampContext,
    cluster: ConnectedCluster,
    extensions: Extensions,
    registries: Registries,
    identity: managedidentity.UserAssignedIdentity,
    secret_sync_identity: managedidentity.UserAssignedIdentity,
    vault_name: pulumi.Input[str],
    joined: Sequence[pulumi.Resource],
) -> IotOperations:
    """Create the custom location, the instance with all its references at once, and its default children."""
    custom_location = _create_custom_location(context, cluster, extensions)
    assign_role(
        context,
        "aio-schema-registry-role",
        roles.DEVICE_REGISTRY_ADMINISTRATOR.guid,
        scope=registries.schema_registry.id,
        principal_id=extensions.aio.identity.apply(_read_principal_id),
    )
    default_provider_class = secretsynccontroller.AzureKeyVaultSecretProviderClass(
        context.logical_name("default-secret-provider-class"),
        resource_group_name=context.group.name,
        azure_key_vault_secret_provider_class_name=context.bind(
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
        # `objects` belongs to the portal and to `az iot ops secretsync`: one owner.
        opts=context.options(ignore_changes=["objects"]),
    )
    place = {
        "resourceGroupName": context.group.name,
        "extendedLocation": {"name": custom_location.id, "type": "CustomLocation"},
    }
    package = iot_operations(context.settings.release)
    instance = Instance(
        context.logical_name("aio-instance"),
        package,
        {
            **place,
            "instanceName": context.bind(context.names.aio_instance, custom_location.id),
            "location": context.cluster.location,
            "tags": context.tags,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity.id]},
            "properties": {
                "schemaRegistryRef": {"resourceId": registries.schema_registry.id},
                "adrNamespaceRef": {"resourceId": registries.device_registry_namespace.id},
                # With the first PUT: a later PATCH would be undone by the next PUT.
                "defaultSecretProviderClassRef": {"resourceId": default_provider_class.id},
            },
        },
        context.options(timeouts=pulumi.CustomTimeouts(create="60m", update="60m", delete="60m")),
    )
    within_instance = {**place, "instanceName": instance.name}
    broker = Broker(
        context.logical_name("broker"),
        package,
        {**within_instance, "brokerName": "default", "properties": _build_broker(context.cluster.broker)},
        # Fixed at creation; a change replaces the broker and loses what it holds
        # (https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-availability-scale).
        # Its pods stay where they have started: on nodes that are there by then.
        context.options(
            depends_on=joined,
            protect=context.settings.protection.protect,
            timeouts=pulumi.CustomTimeouts(create="60m", delete="60m"),
        ),
    )
    _create_default_listener(context, {**within_instance, "brokerName": broker.name})
    profile = DataflowProfile(
        context.logical_name("dataflow-profile"),
        package,
        {
            **within_instance,
            "dataflowProfileName": "default",
            "properties": {"instanceCount": 1, "diagnostics": {"logs": {"level": "info"}}},
        },
        context.options(),
    )
    local_endpoint = DataflowEndpoint(
        context.logical_name("local-endpoint"),
        package,
        {
            **within_instance,
            "dataflowEndpointName": "default",
            "properties": _build_local_endpoint(context.settings.protection.outage_seconds),
        },
        context.options(),
    )
    create_connectors(context, within_instance)
    return IotOperations(custom_location, instance, broker, profile, local_endpoint)


def _read_principal_id(identity: kubernetesconfiguration.outputs.IdentityResponse | None) -> str:
    if identity is None or not identity.principal_id:
        raise pulumi.RunError(
            "the AIO extension has no identity, so it cannot be given its role on the schema registry. Expected: a"
            " system-assigned one. Next: pulumi refresh, then pulumi up"
        )
    return identity.principal_id


def _create_custom_location(
    context: StampContext, cluster: ConnectedCluster, extensions: Extensions
) -> extendedlocation.CustomLocation:
    return extendedlocation.CustomLocation(
        context.logical_name("custom-location"),
        resource_group_name=context.group.name,
        resource_name_=context.bind(context.names.custom_location, cluster.name),
        location=context.cluster.location,
        tags=context.tags,
        display_name=context.names.custom_location,
        host_resource_id=cluster.id,
        host_type="Kubernetes",
        namespace=well_known.AIO_NAMESPACE,
        # Both: Azure looks a child's API version up in the extensions listed here (MissingResourceVersionOnHost).
        cluster_extension_ids=[extensions.secret_store.id, extensions.aio.id],
        opts=context.options(
            depends_on=[cluster.connected],
            timeouts=pulumi.CustomTimeouts(create="30m", delete="60m"),
        ),
    )


def _create_default_listener(context: StampContext, place: dict[str, Any]) -> None:
    """Create what AIO's own parts connect to: inside the cluster, TLS by cert-manager, service account tokens."""
    package = iot_operations(context.settings.release)
    authentication = BrokerAuthentication(
        context.logical_name("default-authentication"),
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
        context.logical_name("default-listener"),
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


def _build_broker(broker: BrokerSection) -> dict[str, Any]:
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
        properties["persistence"] = _keep_on_disk(broker.persistence_gib)
    if limits := _limit_clients(broker):
        properties["advanced"] = {"clients": limits}
    return properties


def _limit_clients(broker: BrokerSection) -> dict[str, Any]:
    """Bound what one client may ask for; where the settings say nothing AIO's own limit stands.

    https://learn.microsoft.com/azure/iot-operations/deployment-plan/deployment-planning-mqtt-options
    """
    bounds = {
        "maxSessionExpirySeconds": broker.max_session_hours and broker.max_session_hours * 3600,
        "maxMessageExpirySeconds": broker.max_message_hours and broker.max_message_hours * 3600,
        "maxPacketSizeBytes": broker.max_packet_mib and broker.max_packet_mib * 1024**2,
        "maxReceiveMaximum": broker.max_receive_messages,
        "maxKeepAliveSeconds": broker.max_keep_alive_seconds,
    }
    limits: dict[str, Any] = {name: most for name, most in bounds.items() if most is not None}
    if broker.max_queue_messages is not None:
        limits["subscriberQueueLimit"] = {"length": broker.max_queue_messages, "strategy": "DropOldest"}
    return limits


def _keep_on_disk(gib: int) -> dict[str, Any]:
    """Keep every queue and every retained message on disk; `Custom` with wildcards, as the ARM schema lacks `All`."""
    return {
        "maxSize": f"{gib}GiB",
        "encryption": {"mode": "Enabled"},
        "retain": {"mode": "Custom", "retainSettings": {"topics": ["#"]}},
        "subscriberQueue": {"mode": "Custom", "subscriberQueueSettings": {"subscriberClientIds": ["*"]}},
    }


def _build_local_endpoint(outage_seconds: int) -> dict[str, Any]:
    """Name the cluster's own broker; a dataflow's queue there ends with its session, by default after 600 seconds.

    https://learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint, Session expiry
    """
    return {
        "endpointType": "Mqtt",
        "mqttSettings": {
            "host": f"aio-broker:{well_known.BROKER_PORT}",
            "authentication": {
                "method": "ServiceAccountToken",
                "serviceAccountTokenSettings": {"audience": well_known.BROKER_AUDIENCE},
            },
            "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": well_known.AIO_TRUST_CONFIG_MAP},
            "sessionExpirySeconds": outage_seconds,
        },
    }
