"""The client of Azure Resource Manager itself: all resources of any type, lists, pages, providers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from arm import ids
from arm.types.iotoperations import INSTANCE
from arm.types.kubernetesconfiguration import EXTENSION
from rehearsal.azure.world import World
from tests.arm.examples import GROUP
from tests.rehearsal.arm_rest.clients import Client, deployed_body, differences
from tests.rehearsal.azure.samples import Azure

_GROUPS = "Microsoft.Resources/resourceGroups"


def test_every_resource_is_read_by_its_id_as_it_was_deployed(stack: tuple[Client, World]) -> None:
    client, world = stack
    generic = client.generic
    wrong: list[str] = []
    for entry in world.entries():
        found = generic.resources.get_by_id(entry.id, api_version=entry.api_version).as_dict()
        assert (found["id"], found["type"]) == (entry.id, entry.row.arm_type)
        wrong += [f"{entry.id}{one}" for one in differences(deployed_body(entry), found)]
    assert not wrong, "\n".join(wrong[:40])


def test_groups_and_what_is_in_them_are_listed_over_several_pages(stack: tuple[Client, World]) -> None:
    client, world = stack
    generic = client.generic
    groups = {entry.id for entry in world.entries() if entry.row.arm_type == _GROUPS}
    assert {group.id for group in generic.resource_groups.list()} == groups
    tracked = {entry.id for entry in world.entries() if entry.inputs.get("location")} - groups
    assert len(tracked) > 14  # pages of 7
    assert {one.id for one in generic.resources.list()} == tracked
    for group in groups:
        name = ids.name_of(group)
        found = {one.id for one in generic.resources.list_by_resource_group(name)}
        assert found == {one for one in tracked if ids.is_below(one, group)}


def test_a_page_links_to_the_next_one(client_of: Callable[[World], Client]) -> None:
    azure = Azure()
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "vnet-b")
    client = client_of(azure.world)
    pages = client.generic.resources.list(top=2).by_page()
    first = [one.name for one in next(pages)]
    azure.delete("nat")  # what goes between two pages shifts nothing
    rest = [[one.name for one in page] for page in pages]
    assert [first, *rest] == [["ng", "nsg"], ["pip", "vnet"], ["vnet-b"]]


def test_a_list_is_filtered(stack: tuple[Client, World]) -> None:
    client, world = stack
    kind = "Microsoft.KeyVault/vaults"
    vaults = {entry.id for entry in world.entries() if entry.row.arm_type == kind}
    assert {one.id for one in client.generic.resources.list(filter=f"resourceType eq '{kind}'")} == vaults
    with pytest.raises(HttpResponseError) as caught:
        list(client.generic.resources.list(filter="substringof('x', name)"))
    assert caught.value.error is not None
    assert caught.value.error.code == "InvalidFilterInQueryString"


def test_providers_tell_which_versions_there_are(stack: tuple[Client, World]) -> None:
    client, world = stack
    registered = {one.namespace: one for one in client.generic.providers.list()}
    for entry in world.entries():
        namespace, _, name = entry.row.arm_type.partition("/")
        (kind,) = (one for one in registered[namespace].resource_types or () if one.resource_type == name)
        assert entry.api_version in (kind.api_versions or ())
        assert registered[namespace].registration_state == "Registered"


def test_errors_are_those_that_a_client_knows(stack: tuple[Client, World]) -> None:
    client, _ = stack
    with pytest.raises(ResourceNotFoundError) as caught:
        client.generic.resource_groups.get("nobody")
    assert caught.value.error is not None
    assert caught.value.error.code == "ResourceGroupNotFound"
    assert client.generic.resource_groups.check_existence("nobody") is False


def test_an_empty_group_lists_nothing(client_of: Callable[[World], Client]) -> None:
    azure = Azure()
    azure.put("group")
    assert list(client_of(azure.world).generic.resources.list_by_resource_group(ids.name_of(GROUP))) == []


def test_aio_says_its_version_and_how_it_is(stack: tuple[Client, World]) -> None:
    client, world = stack
    versions = {
        ids.group_of(entry.id): entry.outputs["currentVersion"]
        for entry in world.entries(EXTENSION)
        if entry.inputs["extensionType"] == "microsoft.iotoperations"
    }
    instances = world.entries(INSTANCE)
    assert len(instances) == len(versions) > 1
    for entry in instances:
        found = client.generic.resources.get_by_id(entry.id, api_version=entry.api_version).as_dict()["properties"]
        assert (found["version"], found["healthState"]) == (versions[ids.group_of(entry.id)], "Available")
