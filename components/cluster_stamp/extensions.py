"""Arc extensions: cert-manager with trust-manager, the secret store, and AIO itself, in the versions of the release."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import kubernetesconfiguration

from components.context import StampContext
from components.hosting.host import ConnectedCluster
from settings import well_known


@dataclass(frozen=True)
class Extensions:
    """The Arc extensions of one cluster."""

    cert_manager: kubernetesconfiguration.Extension
    secret_store: kubernetesconfiguration.Extension
    aio: kubernetesconfiguration.Extension


def install_extensions(context: StampContext, cluster: ConnectedCluster) -> Extensions:
    """Install cert-manager first; the other two need it and not each other.

    Names, types and settings are those of `az iot ops init` and `az iot ops create`
    (https://github.com/Azure/azure-iot-operations/tree/main/release).
    """
    release = context.settings.release
    cert_manager = _install(
        context, cluster, "cert-manager-extension",
        extension_name="arc-cert-manager",
        extension_type="microsoft.certmanagement",
        version=release.cert_manager_version,
        namespace=well_known.CERT_MANAGER_NAMESPACE,
        configuration={
            "AgentOperationTimeoutInMinutes": "20",
            "global.telemetry.enabled": "true",
            **release.cert_manager_settings,
        },
        minutes=30,
    )  # fmt: skip
    secret_store = _install(
        context, cluster, "secret-store-extension",
        extension_name="azure-secret-store",
        extension_type="microsoft.azure.secretstore",
        version=release.secret_store_version,
        namespace=None,
        configuration={
            "rotationPollIntervalInSeconds": "120",
            "validatingAdmissionPolicies.applyPolicies": "false",
        },
        minutes=60,
        depends_on=[cert_manager],
    )  # fmt: skip
    aio = _install(
        context, cluster, "aio-extension",
        extension_name="iot-ops",
        extension_type="microsoft.iotoperations",
        version=release.aio_version,
        namespace=well_known.AIO_NAMESPACE,
        configuration=_configure_aio(context),
        minutes=150,
        depends_on=[cert_manager],
    )  # fmt: skip
    return Extensions(cert_manager, secret_store, aio)


def _install(
    context: StampContext,
    cluster: ConnectedCluster,
    thing: str,
    *,
    extension_name: str,
    extension_type: str,
    version: str,
    namespace: str | None,
    configuration: Mapping[str, str],
    minutes: int,
    depends_on: Sequence[pulumi.Resource] = (),
) -> kubernetesconfiguration.Extension:
    return kubernetesconfiguration.Extension(
        context.logical_name(thing),
        resource_group_name=cluster.resource_group_name,
        cluster_rp="Microsoft.Kubernetes",
        cluster_resource_name="connectedClusters",
        cluster_name=cluster.name,
        extension_name=extension_name,
        extension_type=extension_type,
        version=version,
        release_train=context.settings.release.train,
        # Upgrades are a change of the release, never Azure's decision.
        auto_upgrade_minor_version=False,
        identity=kubernetesconfiguration.IdentityArgs(
            type=kubernetesconfiguration.ResourceIdentityType.SYSTEM_ASSIGNED
        ),
        scope=kubernetesconfiguration.ScopeArgs(
            cluster=kubernetesconfiguration.ScopeClusterArgs(release_namespace=namespace)
        ),
        configuration_settings=configuration,
        opts=context.options(
            depends_on=[cluster.connected, *depends_on],
            timeouts=pulumi.CustomTimeouts(create=f"{minutes}m", update=f"{minutes}m", delete="60m"),
        ),
    )


def _configure_aio(context: StampContext) -> dict[str, str]:
    """Return the settings of the AIO extension; every value is a string."""
    broker = f"aio-broker.{well_known.AIO_NAMESPACE}"
    suffix = hashlib.sha256(context.names.connected_cluster.encode()).hexdigest()[:5]
    return {
        "AgentOperationTimeoutInMinutes": "120",
        "connectors.values.mqttBroker.address": f"mqtts://{broker}:{well_known.BROKER_PORT}",
        "connectors.values.mqttBroker.serviceAccountTokenAudience": well_known.BROKER_AUDIENCE,
        "dataFlows.values.tinyKube.mqttBroker.hostName": broker,
        "dataFlows.values.tinyKube.mqttBroker.port": str(well_known.BROKER_PORT),
        "dataFlows.values.tinyKube.mqttBroker.authentication.serviceAccountTokenAudience": well_known.BROKER_AUDIENCE,
        "observability.metrics.enabled": "false",
        "observability.metrics.openTelemetryCollectorAddress": "",
        "trustSource": "SelfSigned",
        "trustBundleSettings.issuer.name": well_known.AIO_CERTIFICATE_ISSUER,
        "trustBundleSettings.issuer.kind": "",
        "trustBundleSettings.configMap.name": "",
        "trustBundleSettings.configMap.key": "",
        "schemaRegistry.values.mqttBroker.host": f"mqtts://{broker}:{well_known.BROKER_PORT}",
        "schemaRegistry.values.mqttBroker.serviceAccountTokenAudience": well_known.BROKER_AUDIENCE,
        **{key: value.format(suffix=suffix) for key, value in context.settings.release.aio_settings.items()},
    }
