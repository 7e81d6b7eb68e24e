"""What the rules of Arc and of IoT Operations refuse."""

from __future__ import annotations

from typing import Any

from tests.arm.examples import CLUSTER
from tests.rehearsal.azure.cases import bites, leave_running
from tests.rehearsal.azure.samples import Azure, arm_id, inputs_of, refusal


@bites("WORLD-26", "InvalidClusterExtensionIds")
def custom_location_without_extensions(azure: Azure) -> str:
    azure.deploy_until("secret-store")
    return refusal(azure.put, "location", clusterExtensionIds=[])


@bites("WORLD-27", "ClusterExtensionNotReady")
def custom_location_of_a_failed_extension(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.put("aio-extension")
    azure.order("secret-store", "create", "accepted-then-failed")
    refusal(azure.put, "secret-store")
    return refusal(azure.put, "location")


@bites("WORLD-28", "MissingResourceVersionOnHost")
def instance_newer_than_the_extension(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.put("aio-extension", version="1.3.137")
    azure.deploy("secret-store", "location")
    return refusal(azure.put, "instance")


@bites("WORLD-28", "MissingResourceVersionOnHost")
def secret_sync_without_the_secret_store(azure: Azure) -> str:
    azure.deploy_until("aio-extension")
    azure.put("location", clusterExtensionIds=[arm_id("aio-extension")])
    return refusal(azure.put, "secret-sync")


@bites("WORLD-29", "ClusterUnreachable")
def extension_on_the_cluster_of_a_vm_that_was_made_again(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.delete("vm")
    azure.put("vm")
    return refusal(azure.put, "aio-extension")


@bites("WORLD-29", "ClusterUnreachable")
def listener_while_the_node_is_stopped(azure: Azure) -> str:
    azure.deploy_until("broker")
    azure.world.set_power(arm_id("vm"), running=False)
    return refusal(azure.put, "listener")


@bites("WORLD-29", "ClusterUnreachable")
def instance_deleted_after_its_node(azure: Azure) -> str:
    azure.deploy_until("instance")
    azure.delete("vm")
    return refusal(azure.delete, "instance")


@bites("WORLD-30", "InstanceAlreadyExists")
def second_instance_in_a_group(azure: Azure) -> str:
    azure.deploy_until("instance")
    host = f"{CLUSTER}-2"
    second = [{**one, "value": one["value"].replace("arck", "arck-2")} for one in inputs_of("connect")["parameters"]]
    azure.put("connect", parameters=second)
    azure.put("aio-extension", clusterName="arck-2")
    extension = arm_id("aio-extension", clusterName="arck-2")
    azure.put("location", resourceName="cl-2", hostResourceId=host, clusterExtensionIds=[extension])
    location = arm_id("location", resourceName="cl-2")
    return refusal(azure.put, "instance", instanceName="second", extendedLocation__name=location)


@bites("WORLD-30", "InstanceAlreadyExists")
def second_instance_on_a_cluster(azure: Azure) -> str:
    azure.deploy_until("instance")
    azure.put("group", resourceGroupName="rg-2")
    return refusal(azure.put, "instance", resourceGroupName="rg-2", instanceName="second")


@bites("WORLD-31", "ValidationError")
def second_listener_of_a_service_type(azure: Azure) -> str:
    azure.deploy_until("listener")
    return refusal(azure.put, "listener", listenerName="second", properties__ports=[{"port": 1}])


@bites("WORLD-31", "ValidationError")
def second_listener_of_the_service_type_that_is_the_default(azure: Azure) -> str:
    azure.deploy_until("broker")
    azure.put("listener", properties__serviceType=None)
    changes: dict[str, Any] = {"properties__serviceType": "ClusterIp", "properties__ports": [{"port": 1}]}
    return refusal(azure.put, "listener", listenerName="second", **changes)


@bites("WORLD-31", "ValidationError")
def port_of_another_listener(azure: Azure) -> str:
    azure.deploy_until("listener")
    return refusal(azure.put, "listener", listenerName="second", properties__serviceType="ClusterIp")


@bites("WORLD-27", "ClusterExtensionNotReady")
def custom_location_of_an_extension_that_is_still_installed(azure: Azure) -> str:
    azure.deploy_until("aio-extension")
    leave_running(azure, "secret-store")
    return refusal(azure.put, "location")
