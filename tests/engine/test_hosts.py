"""A cluster on a plant's own machine, beside one on a VM: deployed, failing, changed and destroyed on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.providers.serve import all_providers
from settings.stand_ins import STAND_INS
from tests.engine.azure import Azure
from tests.engine.conftest import STACK, Deployment
from tests.engine.engine import Kind, StackUnderTest
from tests.engine.left_open import IGNORED, loops_left_open  # noqa: F401 the fixture is used in every test

pytestmark = IGNORED

GROUP = f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant"
MACHINE = f"{GROUP}/providers/Microsoft.HybridCompute/machines/site-1"
ADDRESS = "192.168.10.20"


def _stand_on_the_machine(settings: dict[str, Any]) -> dict[str, Any]:
    site = {"code": "a", "hosting": "arc-machine", "machine": {"resource_id": MACHINE}, "node": {"address": ADDRESS}}
    return {**settings, "clusters": {**settings["clusters"], "site": site}}


@pytest.fixture
def plant(engine: Kind, tmp_path: Path) -> Deployment:
    """The stack, with its site on a machine that is there already, before its first `up`."""
    azure = Azure({MACHINE: ADDRESS})
    stack = StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK)
    stack.settings = _stand_on_the_machine(stack.settings)
    return Deployment(stack, azure)


def _of_iot_operations(azure: Azure, kind: str) -> set[str]:
    """Names of what there is of a kind in the site's resource group."""
    found = [one.lower() for one in azure.ids() if "/rg-myorga-" in one.lower() and f"/{kind}/" in one.lower()]
    return {one.rpartition("/")[2] for one in found}


def test_a_machine_that_is_there_gets_its_cluster_and_nothing_of_it_is_the_stacks(plant: Deployment) -> None:
    before = plant.azure.ids()
    assert before == {GROUP, MACHINE}
    plant.stack.preview()
    assert plant.azure.ids() == before

    plant.stack.up()

    assert plant.azure.runs("site") == dict.fromkeys(
        ("setup-k3s", "connect-arc", "apply-objects", "await-secrets", "probe-links"), 1
    )
    own = [one for one in plant.azure.ids() if one.startswith(f"{GROUP}/") and "/runCommands/" not in one]
    assert own == [MACHINE]
    assert not plant.stack.up().changes.keys() - {"same"}
    assert not plant.stack.refresh().changes.keys() - {"same"}

    plant.stack.destroy()
    assert plant.azure.ids() == before


def test_a_script_that_fails_there_stops_what_waits_for_it_and_runs_again(plant: Deployment) -> None:
    plant.azure.fail_scripts("apply-objects", 1)

    failed = plant.stack.up(may_fail=True)

    assert not failed.ok
    assert "script apply-objects failed with exit code 1" in str(failed.failures)
    assert "await-secrets" not in plant.azure.runs("site"), "the gate waits for what has failed"
    assert _of_iot_operations(plant.azure, "dataflowendpoints") == {"default"}, "and the link for the gate"
    with plant.stack.deployer() as deployer:
        assert deployer.up().ok
    assert plant.azure.runs("site")["apply-objects"] == 2
    assert _of_iot_operations(plant.azure, "dataflowendpoints") == {"default", "mqtt-enterprise"}
    assert not plant.stack.up().changes.keys() - {"same"}
