"""The program's own graph against the world: everything that may happen at once does, and Azure refuses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from graph.graph import Graph, Resource
from rehearsal.azure.world import Surroundings, World
from rehearsal.node.pretended import PretendedScripts
from rehearsal.providers import ExistingResource
from rehearsal.providers.azure import AzureProvider
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS


def in_waves(waits_for: Mapping[str, set[str]], act: Callable[[str], None]) -> None:
    """Act on everything, all at once that waits for nothing any more."""
    done: set[str] = set()
    with ThreadPoolExecutor(64) as pool:
        while wave := [urn for urn in waits_for if urn not in done and waits_for[urn] <= done]:
            list(pool.map(act, wave))
            done.update(wave)
    assert done == set(waits_for)


def create(provider: AzureProvider, resource: Resource) -> None:
    if resource.is_arm:
        inputs = provider.check(resource.urn, resource.type, {}, resource.plain_inputs)
        created_id, outputs = provider.create(resource.urn, resource.type, inputs, preview=False)
        peering = ("peeringState", "peeringSyncLevel")  # a recording does not know the other half
        recorded = {name: value for name, value in resource.plain_outputs.items() if name not in peering}
        assert (created_id, outputs) == (resource.id, {**outputs, **recorded})


def delete(provider: AzureProvider, resource: Resource) -> None:
    if resource.is_arm and not resource.options.retain_on_delete:
        inputs, outputs = resource.plain_inputs, resource.plain_outputs
        provider.delete(ExistingResource(resource.urn, resource.type, resource.id, inputs, outputs))


@pytest.mark.parametrize(
    "settings", [TWO_CLUSTERS, THREE_SITES, TWO_BROKERS], ids=["two", "three-sites", "two-brokers"]
)
def test_a_deployment_is_accepted_and_its_end_leaves_nothing(
    recorded: Callable[..., Graph], settings: dict[str, Any]
) -> None:
    graph = recorded(settings)
    world = World(
        Surroundings(graph.subscription_id), on_write=lambda _: time.sleep(0.002), run_script=PretendedScripts()
    )
    provider = AzureProvider(world)
    resources = graph.resources
    upwards = {urn: {one for one in resources[urn].dependencies if one in resources} for urn in resources}
    downwards = {urn: {other for other in resources if urn in upwards[other]} for urn in resources}

    in_waves(upwards, lambda urn: create(provider, resources[urn]))
    assert {entry.state for entry in world.entries()} == {"Succeeded"}

    in_waves(downwards, lambda urn: delete(provider, resources[urn]))
    assert world.entries() == []
