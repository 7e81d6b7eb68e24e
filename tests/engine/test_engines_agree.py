"""After the same program with the same keys both engines end with the same: resources, dependencies, outputs, Azure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.providers.serve import all_providers
from tests.engine.azure import Azure
from tests.engine.engine import Kind, StackUnderTest
from tests.engine.remembering import remembering

_OF_THE_RUN = ("created", "modified", "sourcePosition", "stackTrace")
"""What the engine notes about the run and not about the resource."""


@pytest.mark.both
@pytest.mark.usefixtures("pulumi")
@pytest.mark.parametrize("name", ["dev", "prod", "three-sites"])
def test_both_engines_end_with_the_same_resources_properties_dependencies_and_outputs(
    name: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--engine"):
        pytest.skip("--engine: this case compares both")
    shared = remembering(all_providers(Azure().provider))
    kinds: tuple[Kind, Kind] = ("offline", "pulumi")
    ends = [_deployed(kind, name, tmp_path / kind, shared) for kind in kinds]

    (offline, azure_offline), (real, azure_real) = ends
    assert len(real) > 100
    assert {urn for urn in {*offline, *real} if offline.get(urn) != real.get(urn)} == set()
    assert {
        arm_id for arm_id in {*azure_offline, *azure_real} if azure_offline.get(arm_id) != azure_real.get(arm_id)
    } == set()


def _deployed(kind: Kind, name: str, folder: Path, shared: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    azure = Azure()
    stack = StackUnderTest.new(kind, folder, {**all_providers(azure.provider), **shared}, name)
    outcome = stack.up()
    # What a peering says of itself depends on which half came first.
    stack.refresh()
    resources = {resource["urn"]: _comparable(resource) for resource in stack.export()["resources"]}
    return resources | {"outputs": outcome.outputs}, azure.seen()


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource as the state has it; a provider's own id is a new GUID each time."""
    kept = {key: value for key, value in resource.items() if key not in _OF_THE_RUN}
    kept["provider"] = kept.get("provider", "").rpartition("::")[0]
    if resource["type"].startswith("pulumi:providers:"):
        del kept["id"]
    for key in ("dependencies", "replaceWith", "additionalSecretOutputs"):
        kept[key] = sorted(kept.get(key) or [])
    by_property = kept.get("propertyDependencies") or {}
    kept["propertyDependencies"] = {key: sorted(urns) for key, urns in by_property.items() if urns}
    return kept
