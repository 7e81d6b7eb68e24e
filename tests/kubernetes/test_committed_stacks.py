"""What the program sends for every committed stack, on the real API server: accepted, stable, and as modelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from settings import stack_file
from settings.well_known import AIO_NAMESPACE
from tests.conftest import PROGRAM
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.model import Modelled, deployed
from tests.kubernetes.node import Node
from tests.kubernetes.table import Row
from tests.nodes.node_stand_in import Run

STACKS = [*stack_file.stacks(PROGRAM), *stack_file.examples(PROGRAM)]


@dataclass(frozen=True)
class Tried:
    """A cluster of the stack, after its scripts have run on the real API server with the parameters that are sent."""

    name: str
    modelled: Modelled
    first: Run
    second: Run
    gate: Run | None
    """None where the program waits for nothing."""
    versions: tuple[Mapping[str, str], Mapping[str, str]]
    """Object -> resourceVersion, after the first run and after the second."""
    config_maps: Mapping[str, Mapping[str, Mapping[str, str]]]
    """Namespace -> name -> data."""


@pytest.fixture(scope="module", params=STACKS)
def tried(request: pytest.FixtureRequest, running: Cluster, tmp_path_factory: pytest.TempPathFactory) -> list[Tried]:
    """Every cluster of one stack, each on an emptied API server."""
    stack, folder = deployed(request.param), tmp_path_factory.mktemp(request.param)
    return [_try(name, stack, running, Node.new(running, folder / name)) for name in stack.views]


def _try(name: str, stack: Modelled, cluster: Cluster, node: Node) -> Tried:
    cluster.empty()
    objects, gate = f"{name}-apply-objects", f"{name}-await-secrets"
    runs, versions = [], []
    for _ in range(2):
        runs.append(node.run("apply-objects", stack.parameters(objects)))
        versions.append(cluster.read_versions())
    config_maps = {
        namespace: {item["metadata"]["name"]: item["data"] for item in cluster.read("configmaps", namespace)}
        for namespace in (AIO_NAMESPACE, "default", "cert-manager")
    }
    cluster.put_secrets(stack.views[name])
    opened = node.run("await-secrets", stack.parameters(gate)) if gate in stack.sent else None
    return Tried(name, stack, runs[0], runs[1], opened, (versions[0], versions[1]), config_maps)


@pytest.mark.row(real="succeeds", model="succeeds")
def test_what_the_program_sends_is_accepted_with_strict_validation(tried: list[Tried], row: Row) -> None:
    for one in tried:
        assert one.first.fact == {"applied": len(one.modelled.objects(one.name)), "pruned": 0}
        row.check("", one.modelled.says(one.name))


@pytest.mark.row(real="nothing changes", model="succeeds")
def test_a_second_run_changes_no_resource_version(tried: list[Tried], row: Row) -> None:
    for one in tried:
        before, after = one.versions
        assert one.second.fact == one.first.fact
        assert "clusterrolebindings/edge-stamps-admins" in before
        row.check("nothing changes" if before == after else f"{before} {after}", one.modelled.says(one.name))


@pytest.mark.row(real="same names, keys and bytes", model="same names, keys and bytes")
def test_trust_manager_makes_the_config_maps_of_the_model_in_the_namespace_of_iot_operations_only(
    tried: list[Tried], row: Row
) -> None:
    assert any(one.config_maps[AIO_NAMESPACE] for one in tried)
    for one in tried:
        modelled = {name: dict(found.data) for name, found in one.modelled.views[one.name].config_maps.items()}
        assert one.config_maps == {AIO_NAMESPACE: modelled, "default": {}, "cert-manager": {}}
    row.check(row.real, row.model)


@pytest.mark.row(real="succeeds", model="succeeds")
def test_the_gate_opens_once_its_secrets_and_config_maps_are_there(tried: list[Tried], row: Row) -> None:
    gates = [(one, one.gate) for one in tried if one.gate]
    assert gates
    for one, gate in gates:
        assert gate.fact["seen"]
        row.check("", one.modelled.says(one.name))
