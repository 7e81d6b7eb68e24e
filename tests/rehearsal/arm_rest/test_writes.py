"""An ordinary client writes and deletes, and waits for long-running operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources.models import GenericResource

from rehearsal.arm_rest import operations
from rehearsal.azure.world import World
from tests.arm.examples import GROUP
from tests.rehearsal.arm_rest.clients import Client
from tests.rehearsal.arm_rest.plain import call
from tests.rehearsal.azure.samples import Azure, arm_id

_NEW = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/new"
_VERSION = "2024-05-01"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients ask again at once: a header that says nothing leaves them their own interval."""
    monkeypatch.setattr(operations, "RETRY_SECONDS", 0)


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet")
    return azure


@pytest.fixture
def client(azure: Azure, client_of: Callable[[World], Client]) -> Client:
    return client_of(azure.world)


def _network(**more: Any) -> dict[str, Any]:
    return {"location": "eastus2", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}, **more}


def test_a_resource_is_created_changed_and_deleted(client: Client, azure: Azure) -> None:
    networks = client.make(NetworkManagementClient, polling_interval=0.01).virtual_networks
    made = networks.begin_create_or_update("rg", "new", _network(), api_version=_VERSION).result()
    assert (made.id, made.provisioning_state) == (_NEW, "Succeeded")
    made.tags = {"by": "hand"}
    changed = networks.begin_create_or_update("rg", "new", made, api_version=_VERSION).result()  # with all that it read
    assert changed.tags == {"by": "hand"}
    entry = azure.world.find(_NEW)
    assert entry is not None
    assert entry.inputs["addressSpace"] == {"addressPrefixes": ["10.9.0.0/16"]}
    assert entry.inputs["tags"] == {"by": "hand"}
    networks.begin_delete("rg", "new").result()
    assert azure.world.find(_NEW) is None


def test_an_operation_is_seen_running_before_it_ends(client: Client) -> None:
    reply = call(client, f"{_NEW}?api-version={_VERSION}", "PUT", body=_network())
    assert (reply.status, reply.body["properties"]["provisioningState"]) == (201, "Creating")
    status = reply.headers["azure-asyncoperation"].removeprefix(client.served.address)
    assert [call(client, status).body["status"] for _ in range(3)] == ["InProgress", "Succeeded", "Succeeded"]


def test_the_result_of_a_deletion_is_waited_for(client: Client) -> None:
    reply = call(client, f"{arm_id('subnet')}?api-version={_VERSION}", "DELETE")
    assert reply.status == 202
    where = reply.headers["location"].removeprefix(client.served.address)
    assert [call(client, where).status for _ in range(2)] == [202, 204]


def test_what_azure_refuses_is_told_at_once(client: Client, azure: Azure) -> None:
    with pytest.raises(HttpResponseError) as caught:
        client.generic.resources.begin_delete_by_id(arm_id("nsg").replace("/nsg", "/other"), api_version="2999-01-01")
    assert caught.value.error is not None
    assert caught.value.error.code == "NoRegisteredProviderFound"
    azure.deploy("nic")
    with pytest.raises(HttpResponseError) as caught:
        client.generic.resources.begin_delete_by_id(arm_id("subnet"), api_version=_VERSION)
    assert caught.value.error is not None
    assert caught.value.error.code == "InUseSubnetCannotBeDeleted"
    assert azure.find("subnet")


def test_an_operation_that_fails_later_fails_the_poller(client: Client, azure: Azure) -> None:
    azure.order(_NEW, "create", "accepted-then-failed")
    poller = client.generic.resources.begin_create_or_update_by_id(
        _NEW, GenericResource(_network()), api_version=_VERSION
    )
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    assert "internal execution error" in str(caught.value)
    entry = azure.world.find(_NEW)
    assert entry is not None
    assert entry.state == "Failed"


def test_what_is_not_there_is_deleted_already(client: Client) -> None:
    assert call(client, f"{_NEW}?api-version={_VERSION}", "DELETE").status == 204


def test_a_group_goes_with_all_that_is_in_it(client: Client, azure: Azure) -> None:
    client.generic.resource_groups.begin_delete("rg").result()
    assert azure.world.entries() == []


def test_an_unknown_operation_is_not_there(client: Client) -> None:
    path = f"{GROUP.rsplit('/', 2)[0]}/providers/Microsoft.Network/locations/global/operationStatuses/none"
    assert call(client, f"{path}?api-version={_VERSION}").code == "OperationNotFound"
