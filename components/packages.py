"""Parameterized azure-native packages: the API versions of the AIO release, which the pinned SDK's classes lack.

The same as `pulumi package add azure-native <module> <version>` would generate
(https://www.pulumi.com/docs/iac/cli/commands/pulumi_package_add/), without needing the provider plugin to generate it.
Nested bodies are given as dicts with ARM's camelCase names.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Generator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.runtime import register_package

from settings.releases import Release

_AZURE_NATIVE_VERSION = version("pulumi-azure-native")


@dataclass(frozen=True)
class Package:
    """One azure-native module in one API version, e.g. `iotoperations` in `2026-07-01`."""

    module: str
    api_version: str

    @property
    def version_suffix(self) -> str:
        return "v" + self.api_version.replace("-", "")

    @property
    def name(self) -> str:
        return f"azure-native_{self.module}_{self.version_suffix}"

    def token(self, type_name: str) -> str:
        return f"{self.name}:{self.module}:{type_name}"

    def reference(self) -> Awaitable[str]:
        """Return the package reference of this deployment; the SDK caches it."""
        return _Reference(self)

    async def register(self) -> str:
        """Register the package with the engine."""
        parameter = json.dumps({"module": self.module, "version": self.version_suffix})
        return await register_package(
            base_provider_name="azure-native",
            base_provider_version=_AZURE_NATIVE_VERSION,
            base_provider_download_url="",
            package_name=self.name,
            package_version=_AZURE_NATIVE_VERSION,
            # Twice: the provider expects base64 text, and the SDK decodes once (tried on a real engine).
            base64_parameter=_base64(_base64(parameter)),
        )

    def create_provider(self, subscription_id: str, tenant_id: str) -> pulumi.ProviderResource:
        return pulumi.ProviderResource(
            self.name,
            f"azure-{self.module}",
            {"subscriptionId": subscription_id, "tenantId": tenant_id},
            package_ref=self.reference(),
        )


@dataclass(frozen=True)
class _Reference:
    """Begins when the SDK awaits it. Python warns of a coroutine that nobody awaits, as the run was stopped before."""

    package: Package

    def __await__(self) -> Generator[Any, Any, str]:
        return self.package.register().__await__()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def iot_operations(release: Release) -> Package:
    """Return the IoT Operations package of a release."""
    return Package("iotoperations", release.iot_operations_api)


def device_registry(release: Release) -> Package:
    """Return the Device Registry package of a release."""
    return Package("deviceregistry", release.device_registry_api)


def connected_clusters(release: Release) -> Package:
    """Return the package that connected clusters are read with."""
    return Package("kubernetes", release.connected_cluster_api)


def list_packages(release: Release) -> list[Package]:
    """Return every parameterized package that a stack of this release uses."""
    return [iot_operations(release), device_registry(release), connected_clusters(release)]


class PackageResource(pulumi.CustomResource):
    """A resource of a parameterized package.

    `name` is an output only: it is listed among the inputs with `None`, as generated SDKs do, so that it resolves.
    """

    _type_name: str

    def __init__(
        self, resource_name: str, package: Package, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            package.token(self._type_name),
            resource_name,
            {**inputs, "name": None},
            opts,
            package_ref=package.reference(),
        )

    @property
    @pulumi.getter
    def name(self) -> pulumi.Output[str]:
        output: pulumi.Output[str] = pulumi.get(self, "name")
        return output


class SchemaRegistry(PackageResource):
    """Microsoft.DeviceRegistry/schemaRegistries."""

    _type_name = "SchemaRegistry"

    @property
    @pulumi.getter
    def identity(self) -> pulumi.Output[dict[str, Any]]:
        output: pulumi.Output[dict[str, Any]] = pulumi.get(self, "identity")
        return output


class DeviceRegistryNamespace(PackageResource):
    """Microsoft.DeviceRegistry/namespaces."""

    _type_name = "Namespace"


class Instance(PackageResource):
    """Microsoft.IoTOperations/instances."""

    _type_name = "Instance"


class Broker(PackageResource):
    """…/instances/brokers."""

    _type_name = "Broker"


class BrokerAuthentication(PackageResource):
    """…/instances/brokers/authentications."""

    _type_name = "BrokerAuthentication"


class BrokerAuthorization(PackageResource):
    """…/instances/brokers/authorizations."""

    _type_name = "BrokerAuthorization"


class BrokerListener(PackageResource):
    """…/instances/brokers/listeners."""

    _type_name = "BrokerListener"


class DataflowProfile(PackageResource):
    """…/instances/dataflowProfiles."""

    _type_name = "DataflowProfile"


class DataflowEndpoint(PackageResource):
    """…/instances/dataflowEndpoints."""

    _type_name = "DataflowEndpoint"


class Dataflow(PackageResource):
    """…/instances/dataflowProfiles/dataflows."""

    _type_name = "Dataflow"


class RegistryEndpoint(PackageResource):
    """…/instances/registryEndpoints."""

    _type_name = "RegistryEndpoint"


class AkriConnectorTemplate(PackageResource):
    """…/instances/akriConnectorTemplates."""

    _type_name = "AkriConnectorTemplate"


def get_connected_cluster(
    package: Package,
    resource_group_name: pulumi.Input[str],
    cluster_name: pulumi.Input[str],
    opts: pulumi.InvokeOutputOptions,
) -> pulumi.Output[dict[str, Any]]:
    """Read what a script has created.

    `opts.depends_on` names that script: without it the call is made in the first preview, and answered with 404.
    """
    return pulumi.runtime.invoke_output(
        package.token("getConnectedCluster"),
        {"resourceGroupName": resource_group_name, "clusterName": cluster_name},
        opts,
        package_ref=package.reference(),
    )
