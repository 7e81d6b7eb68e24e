"""Machines that are there before the stack: one thing is wrong at a time, as the modelled Azure has it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from arm.types.hybridcompute import MACHINE
from rehearsal.azure.errors import ArmError
from rehearsal.azure.world import Surroundings, World
from tests.automation.doctor.conftest import PERMISSIONS, PROVIDERS, SUBSCRIPTION, TENANT, Machine

_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-plant"
_ID = f"{_GROUP}/providers/Microsoft.HybridCompute/machines/press-1"
_ASKED = f"az rest --method get --url {_ID}?api-version={MACHINE.versions[-1]} --output json"
_RIGHTS = PERMISSIONS.replace(f"/subscriptions/{SUBSCRIPTION}/", f"{_ID}/")
_HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
_CONNECT = (
    f"sudo azcmagent connect --subscription-id {SUBSCRIPTION} --tenant-id {TENANT['tenant_id']}"
    " --resource-group rg-plant --resource-name press-1 --location <region>"
)
_ASSIGN = (
    "# by an Owner of the machine's resource group, then `az login` again:\n"
    f"az role assignment create --assignee engineer@example.com --scope {_ID}"
    " --role 'Azure Connected Machine Resource Administrator'"
)


@pytest.fixture
def plant(machine: Machine) -> Machine:
    """All is well, and the site stands on a machine of its own."""
    site = {"code": "a", "hosting": "arc-machine", "machine": {"resource_id": _ID}, "node": {"address": "192.168.1.20"}}
    machine.settings = {**machine.settings, "clusters": {"site": site, "enterprise": {}}}
    asks(machine)
    machine.says(_RIGHTS, machine.answer(PERMISSIONS))
    return machine


def asks(machine: Machine, **faults: Any) -> None:
    """Let Azure say of the machine what the modelled one says of such a one."""
    world = World(Surroundings(SUBSCRIPTION, TENANT["tenant_id"], {_ID: "192.168.1.20"}, {_ID: faults}))
    entry = world.get(_ID)
    machine.says(_ASKED, entry.shape.answer(entry.outputs))


def test_a_sound_machine_is_told_with_its_agent_and_system(plant: Machine) -> None:
    found = plant.checks()
    assert {one.id for one in found.values() if one.outcome != "ok"} == set()
    assert found["arc-machines"].found == "press-1: Connected, agent 1.52.03009.1276, Ubuntu 24.04.2 LTS"
    assert found["machine-rights"].found == "engineer@example.com may run commands"
    assert found["vm-size"].found.count("Standard_") == 1, "a plant's machine has no size of Azure's"


@pytest.fixture
def bare(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Azure does not know the machine yet, and the settings say by what way it becomes Arc-enabled."""
    ssh = {"host": "192.168.1.20", "host_key": f"ssh-ed25519 {_HOST_KEY}"}
    site = {"code": "a", "hosting": "arc-machine", "node": {"address": "192.168.1.20"}}
    site["machine"] = {"resource_id": _ID, "ssh": ssh}
    machine.settings = {**machine.settings, "clusters": {"site": site, "enterprise": {}}}
    machine.fails(_ASKED, "ERROR: (ResourceNotFound) The Resource was not found.")
    machine.says(PERMISSIONS.replace(f"/subscriptions/{SUBSCRIPTION}/", f"{_GROUP}/"), machine.answer(PERMISSIONS))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    return machine


def test_a_machine_that_becomes_arc_enabled_is_no_problem(bare: Machine) -> None:
    found = bare.checks()
    assert {one.id for one in found.values() if one.outcome != "ok"} == set()
    assert found["arc-machines"].found == "press-1: not Arc-enabled yet, the first up does it over SSH"


def test_first_contact_without_an_agent_is_told(bare: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK")
    found = bare.checks()["arc-machines"]
    assert found.outcome == "failed"
    assert "no ssh-agent has a key to press-1" in found.found
    assert "ssh-add" in found.mend


def test_without_such_machines_there_is_nothing_to_ask(machine: Machine) -> None:
    found = machine.checks()
    assert (found["arc-machines"].found, found["machine-rights"].found) == ("none in the settings", "no machine")


@pytest.mark.parametrize(
    ("faults", "found", "mend"),
    [
        (
            {"status": "Disconnected"},
            "press-1 is Disconnected; expected Connected",
            (
                "# at press-1, which has to run and to reach Azure:\nsudo azcmagent show\nsudo azcmagent check\n"
                "sudo systemctl restart himdsd"
            ),
        ),
        (
            {"status": "Expired"},
            "press-1 is Expired; expected Connected",
            f"# at press-1, whose certificate has ended:\nsudo azcmagent disconnect --force-local-only\n{_CONNECT}",
        ),
        (
            {"status": "Error"},
            "press-1 is Error; expected Connected",
            "# at press-1:\nsudo azcmagent show\nsudo azcmagent check\nsudo azcmagent logs",
        ),
        (
            {"agentVersion": "1.32.02399.1167"},
            "press-1 has agent 1.32.02399.1167, which knows no Run Command; expected 1.33.0 or newer",
            "# at press-1:\nsudo apt-get update\nsudo apt-get install --only-upgrade azcmagent",
        ),
        (
            {"osSku": "Ubuntu 22.04.5 LTS"},
            "press-1 runs Ubuntu 22.04.5 LTS; expected Ubuntu 24.04",
            f"# another machine, or Ubuntu 24.04 on this one, which is then connected anew:\n{_CONNECT}",
        ),
        (
            {"osType": "windows", "osSku": "Windows Server 2022 Datacenter"},
            "press-1 runs Windows Server 2022 Datacenter; expected Ubuntu 24.04",
            f"# another machine, or Ubuntu 24.04 on this one, which is then connected anew:\n{_CONNECT}",
        ),
        (
            {"identity": None},
            "press-1 has no identity, so it cannot connect a cluster",
            f"# at press-1:\nsudo azcmagent disconnect\n{_CONNECT}",
        ),
    ],
)
def test_a_machine_that_is_not_fit_fails_and_its_mend_is_told(
    plant: Machine, faults: dict[str, Any], found: str, mend: str
) -> None:
    asks(plant, **faults)
    check = plant.only("arc-machines", "failed")
    assert (check.found, check.mend) == (f"site: {found}", mend)


def test_all_that_is_wrong_with_a_machine_is_told_at_once(plant: Machine) -> None:
    asks(plant, status="Disconnected", agentVersion="1.9", osSku="Ubuntu 20.04.6 LTS", identity=None)
    assert len(plant.only("arc-machines", "failed").found.splitlines()) == 4


def test_a_system_that_azure_does_not_name_is_to_be_looked_at(plant: Machine) -> None:
    asks(plant, osSku="")
    check = plant.only("arc-machines", "warning")
    assert check.found == "Azure does not say which Ubuntu runs: press-1"
    assert check.mend == "# at press-1:\ncat /etc/os-release"


def test_a_machine_in_a_region_without_run_commands(plant: Machine) -> None:
    asks(plant, location="norwaywest")
    first = plant.answer(PROVIDERS)
    kinds = [
        {"resourceType": "machines/runCommands", "apiVersions": ["2024-07-31-preview"], "locations": ["East US 2"]}
    ]
    first["value"].append(
        {"namespace": "Microsoft.HybridCompute", "resourceTypes": kinds, "registrationState": "Registered"}
    )
    plant.says(PROVIDERS, {"value": [*first["value"], *_others(plant, first["nextLink"])]})
    check = plant.only("arc-machines", "failed")
    assert check.found == (
        "site: press-1 is in norwaywest, where Microsoft.HybridCompute/machines/runCommands is not offered"
    )
    assert check.mend == f"# at press-1, with another region:\nsudo azcmagent disconnect\n{_CONNECT}"


def _others(machine: Machine, following: str) -> list[Any]:
    page = machine.answer(f"az rest --method get --url {following} --output json")
    return [one for one in page["value"] if one["namespace"] != "Microsoft.HybridCompute"]


def test_a_machine_that_is_not_there(plant: Machine) -> None:
    world = World(Surroundings(SUBSCRIPTION))
    with pytest.raises(ArmError) as refused:
        world.get(_ID)
    error = json.dumps({"error": {"code": refused.value.code, "message": refused.value.message}})
    plant.fails(_ASKED, f"ERROR: Not Found({error})\n")
    check = plant.only("arc-machines", "failed")
    assert check.found == "site: there is no Arc-enabled machine press-1 in rg-plant"
    assert _CONNECT in check.mend
    assert "machine.resource_id in Pulumi.dev.yaml" in check.mend


def test_a_machine_that_this_login_may_not_read(plant: Machine) -> None:
    plant.fails(_ASKED, 'ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"The client"}})\n')
    check = plant.only("arc-machines", "failed")
    assert (check.found, check.mend) == ("site: this login may not read machine press-1", _ASSIGN)


def test_a_machine_of_which_azure_says_nothing(plant: Machine) -> None:
    plant.fails(_ASKED, "ERROR: Service Unavailable\n")
    assert plant.only("arc-machines", "failed").found.endswith("Service Unavailable")


def test_a_login_that_may_not_run_commands_there(plant: Machine) -> None:
    plant.says(_RIGHTS, {"value": [{"actions": ["*/read"], "notActions": []}]})
    check = plant.only("machine-rights", "failed")
    assert check.found == (
        "site: engineer@example.com may not, on press-1: Microsoft.HybridCompute/machines/runCommands/{write,delete}"
    )
    assert check.mend == _ASSIGN
    assert shlex.split(check.mend.splitlines()[1])[-1] == "Azure Connected Machine Resource Administrator"


def test_a_login_that_may_not_put_the_machine_into_its_window(plant: Machine) -> None:
    site = plant.settings["clusters"]["site"]
    window = {**site["node"], "maintenance": {"start": "2027-01-02 02:00"}}
    plant.settings["clusters"] = {**plant.settings["clusters"], "site": {**site, "node": window}}
    assert plant.checks()["machine-rights"].outcome == "ok"
    plant.says(_RIGHTS, {"value": [{"actions": ["*"], "notActions": ["Microsoft.Maintenance/*/write"]}]})
    check = plant.checks()["machine-rights"]
    assert check.found == (
        "site: engineer@example.com may not, on press-1: Microsoft.Maintenance/configurationAssignments/write"
    )
    assert [shlex.split(line)[-1] for line in check.mend.splitlines()[1::2]] == ["Scheduled Patching Contributor"]


def test_rights_on_the_machine_alone_are_enough_for_it(plant: Machine) -> None:
    permissions = plant.answer(PERMISSIONS)
    permissions["value"][0]["notActions"].append("Microsoft.HybridCompute/machines/runCommands/write")
    plant.says(PERMISSIONS, permissions)
    assert plant.checks()["rights"].outcome == "ok"


def test_every_node_of_a_cluster_is_looked_at(plant: Machine) -> None:
    site = plant.settings["clusters"]["site"]
    second = {"name": "two", "machine": {"resource_id": _ID.replace("press-1", "press-2")}, "address": "192.168.1.21"}
    plant.settings["clusters"] = {**plant.settings["clusters"], "site": {**site, "nodes": [second]}}
    said = "ERROR: (ResourceNotFound) The resource was not found."
    plant.fails(_ASKED.replace("press-1", "press-2"), said, code=3)
    assert "no Arc-enabled machine press-2" in plant.checks()["arc-machines"].found
