"""A cluster on a plant's own machine, beside one on a VM: deployed, failing, changed and destroyed on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from arm.types.resource_type import guid
from automation.deployment.gone_clusters import GoneClusters
from automation.verify.resource_manager import ResourceManager, log_in_to_served
from graph.fake_outputs import DEPLOYERS_TOKEN
from rehearsal.arm_rest import serve
from rehearsal.azure.effects import tell_connectivity
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
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


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


@pytest.fixture
def bare(engine: Kind, tmp_path: Path) -> Deployment:
    """The same, where Azure Arc does not know the machine yet."""
    azure = Azure({MACHINE: ADDRESS}, bare_machines=[MACHINE])
    stack = StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK)
    settings = _stand_on_the_machine(stack.settings)
    settings["clusters"]["site"]["machine"]["ssh"] = {"host": ADDRESS, "host_key": HOST_KEY}
    stack.settings = settings
    return Deployment(stack, azure)


def test_a_machine_becomes_arc_enabled_once_and_stays_so(bare: Deployment) -> None:
    bare.stack.preview()
    assert bare.azure.ids() == {GROUP}

    bare.stack.up()
    assert MACHINE in bare.azure.ids()
    assert _count_contacts(bare.azure) == 1
    assert not bare.stack.up().changes.keys() - {"same"}, "another token is no change"
    if bare.stack.kind == "pulumi":  # the offline engine encrypts nothing
        assert "enable-arc" in bare.stack.stored()
        assert DEPLOYERS_TOKEN not in bare.stack.stored()

    settings = bare.stack.settings
    settings["clusters"]["site"]["machine"]["ssh"] |= {"host": "192.168.10.99"}
    bare.stack.settings = settings
    assert not bare.stack.up().changes.keys() - {"same"}, "nor is another way to a machine that is enabled"
    assert _count_contacts(bare.azure) == 1

    bare.stack.destroy()
    assert bare.azure.ids() == {GROUP, MACHINE}


def test_a_first_contact_that_fails_is_made_again(bare: Deployment) -> None:
    bare.azure.fail_scripts("enable-arc", 1)

    failed = bare.stack.up(may_fail=True)

    assert "the network is down" in str(failed.failures)
    assert MACHINE not in bare.azure.ids()
    assert DEPLOYERS_TOKEN not in str(failed.failures)
    assert bare.stack.up().ok
    assert MACHINE in bare.azure.ids()
    assert bare.stack.preview().changes == {}


def _count_contacts(azure: Azure) -> int:
    return azure.runs("site")["enable-arc"]


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


def _set_up_anew(azure: Azure) -> None:
    """Let the machine be wiped and connected again under its name: another vmId, another identity, an empty disk."""
    with azure._world._settled() as state:
        machine = state.find(MACHINE)
        assert machine
        identity = {"type": "SystemAssigned", "principalId": guid("new principal"), "tenantId": STAND_INS["tenant_id"]}
        state.change(machine, outputs={**machine.outputs, "vmId": guid("new machine"), "identity": identity}, facts={})
        tell_connectivity(state)


@contextmanager
def _open(azure: Azure, folder: Path) -> Iterator[ResourceManager]:
    """The modelled Azure itself, as the command's client sees it."""
    with serve(azure._world) as served:
        (folder / "token").write_text(served.token, encoding="utf-8")
        (folder / "ca.pem").write_text(served.certificate, encoding="utf-8")
        yield ResourceManager(log_in_to_served(served.address, folder), STAND_INS["subscription_id"])


def test_a_machine_that_is_set_up_anew_gets_its_cluster_anew_and_nothing_else_is_touched(
    plant: Deployment, tmp_path: Path
) -> None:
    plant.stack.up()
    before = plant.azure.ids()
    of_others = {name: one for name, one in plant.azure.seen().items() if "/rg-myorgb-" in name}
    _set_up_anew(plant.azure)
    failed = plant.stack.up(may_fail=True)
    assert "connected cluster arck-myorga-dev-001 is left over from an earlier node" in str(failed.failures)

    (cluster,) = (one for one in plant.azure.ids() if one.endswith("/connectedClusters/arck-myorga-dev-001"))
    gone = GoneClusters([cluster], lambda: _open(plant.azure, tmp_path))
    with plant.stack.deployer() as deployer:
        deployer.delete_first = gone.delete
        assert deployer.refresh().ok
        deployer.delete_first = lambda state: state
        again = deployer.up()

    assert again.ok, [one.message for one in again.failures]
    assert plant.azure.ids() == before
    assert {name: one for name, one in plant.azure.seen().items() if "/rg-myorgb-" in name} == of_others
    assert plant.stack.preview().changes == {}
