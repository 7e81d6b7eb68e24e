"""`destroy` and `refresh` where a cluster's node is dead: how they end without `--cluster-is-gone`, and with it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from typer.testing import CliRunner, Result

from arm import ids
from automation import cli
from automation.commands import asked_azure, destroy
from automation.commands.stack import load_target
from automation.deployment.gone_clusters import GoneClusters
from automation.deployment.modelled_cli import FOLDER
from automation.verify.resource_manager import ResourceManager, log_in_to_served
from rehearsal.arm_rest import serve
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.world import World
from rehearsal.modelled_azure import make_surroundings, open_azure
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, TWO_CLUSTERS

NODE, GROUP, OTHER_GROUP = "vm-myorga-aio-dev-001-0", "/resourceGroups/rg-myorga-dev-001", "/resourceGroups/rg-myorgb-"
OFFLINE = Path(".rehearsal") / "dev"
GONE = ("--cluster-is-gone", "site")


@pytest.fixture(scope="module", params=["offline", "pulumi"])
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A stack of two clusters that an engine has deployed, and which engine that is."""
    if request.param == "pulumi":
        request.getfixturevalue("pulumi")
    folder = tmp_path_factory.mktemp(request.param) / "project"
    folder.mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS}}}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "PROGRAM", folder)
        patch.chdir(folder)
        assert run("up", engine=request.param).exit_code == 0
    yield request.param, folder


only_offline = pytest.mark.parametrize("deployed", ["offline"], indirect=True)


class Site:
    """A copy of the deployed stack, of this test alone."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.kept = folder / (OFFLINE if engine == "offline" else FOLDER / "dev")

    def world(self) -> World:
        """Azure, as it is kept."""
        surroundings = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])
        return open_azure(self.kept / "azure.json", surroundings)

    def exists(self) -> list[str]:
        return [entry.id for entry in self.world().entries()]

    def lose_the_node(self) -> None:
        world = self.world()
        (node,) = (entry.id for entry in world.entries() if entry.name == NODE)
        world.delete(node)

    def destroy(self, *options: str) -> Result:
        return run("destroy", *options, engine=self.engine)

    def change_state(self, name: str, **values: Any) -> None:
        """Change a resource in the state of the offline engine."""
        file = self.kept / "state.json"
        state = json.loads(file.read_text(encoding="utf-8"))
        (found,) = (one for one in state["deployment"]["resources"] if one["urn"].endswith(f"::{name}"))
        found.update(values)
        file.write_text(json.dumps(state), encoding="utf-8")


@pytest.fixture
def site(deployed: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    engine, folder = deployed
    away = tmp_path / "as-deployed"
    shutil.copytree(folder, away)
    monkeypatch.setattr(cli, "PROGRAM", folder)
    monkeypatch.chdir(folder)
    yield Site(engine, folder)
    shutil.rmtree(folder)
    away.rename(folder)


def run(command: str, *options: str, engine: str) -> Result:
    result = CliRunner().invoke(cli.app, [command, "--stack", "dev", "--offline", "--engine", engine, *options])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    return result


@only_offline
def test_without_the_option_it_ends_red_and_names_it(site: Site) -> None:
    site.lose_the_node()
    result = site.destroy()
    assert result.exit_code == 1
    assert "ClusterUnreachable" in result.stdout
    assert "automation destroy --stack dev --cluster-is-gone <cluster>`" in result.stdout
    assert any("/customLocations/" in one for one in site.exists())


def test_with_the_option_everything_goes_and_only_the_lost_cluster_in_another_way(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.lose_the_node()
    deleted: dict[str, bool] = {}
    delete = ResourceManager.delete

    def note(self: ResourceManager, arm_id: str, api_version: str, *, force: bool = False, **_: Any) -> None:
        deleted[arm_id] = force
        delete(self, arm_id, api_version, force=force)

    monkeypatch.setattr(ResourceManager, "delete", note)
    assert any(OTHER_GROUP in one for one in site.exists())

    result = site.destroy(*GONE)

    assert (result.exit_code, site.exists()) == (0, [])
    assert "Not deleted" not in result.stderr
    assert all(GROUP in one for one in deleted)
    assert {ids.name_of(one) for one, force in deleted.items() if force} == {
        "arc-cert-manager",
        "azure-secret-store",
        "iot-ops",
    }
    assert site.destroy().stdout == "No changes.\n"


@only_offline
def test_after_a_refresh_with_the_option_up_makes_the_lost_cluster_anew(site: Site) -> None:
    before = {*site.exists()}
    site.lose_the_node()
    refreshed = run("refresh", *GONE, engine=site.engine)
    assert refreshed.exit_code == 0, refreshed.output
    assert "Not deleted" not in refreshed.stderr
    assert {one for one in before if OTHER_GROUP in one} < {*site.exists()}
    assert run("up", engine=site.engine).exit_code == 0
    assert {*site.exists()} == before
    assert run("preview", engine=site.engine).stdout.startswith("No changes")


@only_offline
def test_a_refresh_refuses_a_cluster_that_is_connected(site: Site) -> None:
    before = site.exists()
    result = run("refresh", *GONE, engine=site.engine)
    assert result.exit_code == 2
    assert "cluster site is not gone: arck-myorga-dev-001 is Connected" in result.stderr
    assert site.exists() == before


@only_offline
def test_a_stopped_node_is_as_good_as_a_lost_one(site: Site) -> None:
    world = site.world()
    (node,) = (entry.id for entry in world.entries() if entry.name == NODE)
    world.set_power(node, running=False)
    assert site.destroy(*GONE).exit_code == 0
    assert site.exists() == []


@only_offline
@pytest.mark.parametrize(
    ("name", "words"),
    [("site", "cluster site is not gone: arck-myorga-dev-001 is Connected"), ("siet", "expected one of site, ent")],
)
def test_a_cluster_that_is_connected_or_unknown_is_refused_and_nothing_is_begun(
    site: Site, name: str, words: str
) -> None:
    before = site.exists()
    result = site.destroy("--cluster-is-gone", name)
    assert result.exit_code == 2
    assert words in result.stderr
    assert site.exists() == before


@only_offline
@pytest.mark.parametrize(
    ("token", "code", "words"),
    [("", 2, "cluster site is not gone: arck-myorga-dev-001 is Connected"), ("nobody", 1, "nobody knows whether")],
    ids=["connected", "no login"],
)
def test_in_earnest_azure_is_asked_before_anything_else(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, code: int, words: str
) -> None:
    """Azure's place is taken by the served model, and no Pulumi CLI is there."""
    with serve(site.world()) as served:
        (tmp_path / "token").write_text(token or served.token, encoding="utf-8")
        (tmp_path / "ca.pem").write_text(served.certificate, encoding="utf-8")
        monkeypatch.setattr(asked_azure, "log_in", lambda: log_in_to_served(served.address, tmp_path))
        monkeypatch.setenv("PATH", "")
        result = CliRunner().invoke(cli.app, ["destroy", "--stack", "dev", *GONE])
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr


@only_offline
def test_protected_resources_are_refused_before_anything_is_deleted(site: Site) -> None:
    site.lose_the_node()
    site.change_state("enterprise-key-vault", protect=True)
    before = site.exists()
    result = site.destroy(*GONE)
    assert result.exit_code == 1
    assert "these resources are protected:\n  enterprise-key-vault\n" in result.stderr
    assert site.exists() == before


KILL = """
import os, signal, sys
from pathlib import Path
from unittest import mock
from automation import cli
from automation.deployment.deployer import Deployer
from automation.verify.resource_manager import ResourceManager

owner, name, calls = {where}
act = getattr(owner, name)

def killed(*arguments, **named):
    global calls
    calls -= 1
    if not calls:
        os.kill(os.getpid(), signal.SIGKILL)
    return act(*arguments, **named)

setattr(owner, name, killed)
cli.PROGRAM = Path(sys.argv.pop(1))
cli.app()
"""


@only_offline
@pytest.mark.parametrize(
    "where",
    ['ResourceManager, "delete", 6', 'Deployer, "_until_done", 1'],
    ids=["while it deletes", "before the engine begins"],
)
def test_a_run_that_was_killed_goes_on(site: Site, where: str) -> None:
    site.lose_the_node()
    command = [sys.executable, "-c", KILL.format(where=where), str(site.folder), "destroy", "--offline", *GONE]
    killed = subprocess.run([*command, "--engine", "offline"], cwd=PROGRAM, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(GROUP in one for one in site.exists())

    result = site.destroy(*GONE)

    assert (result.exit_code, site.exists()) == (0, [])
    assert site.destroy().stdout == "No changes.\n"


@pytest.fixture
def refuse_the_custom_location(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let Azure delete the custom location by no DELETE of its own."""

    def order() -> None:
        site.lose_the_node()
        faults = Faults(Fault("*/rg-myorga-dev-001/*/customLocations/*", "delete", "bad-request", 99))
        monkeypatch.setattr(destroy, "load_target", partial(load_target, faults=faults))

    return order


@only_offline
def test_what_azure_keeps_is_named_and_forgiven_where_it_goes_with_its_resource_group(
    site: Site, refuse_the_custom_location: Callable[[], None]
) -> None:
    refuse_the_custom_location()
    result = site.destroy(*GONE)
    assert "Not deleted: /subscriptions/" in result.stderr
    assert "/customLocations/cl-arck-myorga-dev-001: 400: (BadRequest)" in result.stderr
    assert (result.exit_code, site.exists()) == (0, [])


@only_offline
def test_what_azure_still_has_at_the_end_is_a_failure_with_its_id(
    site: Site, refuse_the_custom_location: Callable[[], None]
) -> None:
    refuse_the_custom_location()
    site.change_state("site-resource-group", retainOnDelete=True)
    result = site.destroy("--json", *GONE)
    document = json.loads(result.stdout)
    (left,) = (one for one in site.exists() if "/customLocations/" in one)
    assert (result.exit_code, document["outcome"]) == (1, "failed")
    assert [(one["where"], one["next"]) for one in document["problems"]] == [(left, f"az resource delete --ids {left}")]
    assert left in result.stderr


class Asked:
    """Azure that says one thing of every connected cluster, and remembers what it was to delete."""

    def __init__(self, status: str) -> None:
        self.status, self.deleted = status, list[str]()

    def get(self, *_: str) -> dict[str, Any]:
        return {"properties": {"connectivityStatus": self.status}}

    def delete(self, arm_id: str, *_: str, **__: bool) -> None:
        self.deleted.append(arm_id)


_CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Kubernetes/connectedClusters/c"
_SCRIPT = {
    "urn": "urn:pulumi:dev::edge-stamps::t::site-connect-arc",
    "type": "azure-native:compute:VirtualMachineRunCommandByVirtualMachine",
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/runCommands/connect-arc",
    "inputs": {
        "parameters": [
            {"name": "SUBSCRIPTION_ID", "value": "s"},
            {"name": "RESOURCE_GROUP", "value": "g"},
            {"name": "CLUSTER_NAME", "value": "c"},
        ]
    },
}


@pytest.mark.parametrize(
    ("resources", "status", "said"),
    [
        ([], "Offline", "c is left alone: the state has nothing of it"),
        ([_SCRIPT], "Connected", "c is left alone: it is Connected"),
        ([_SCRIPT], "Connecting", "c is left alone: it is Connecting"),
        ([_SCRIPT], "", "c is left alone: it is of unknown state"),
    ],
)
def test_a_cluster_that_is_another_stacks_or_has_come_back_is_left_alone(
    resources: list[dict[str, Any]], status: str, said: str
) -> None:
    azure, told = Asked(status), list[str]()
    state = {"resources": resources}
    gone = GoneClusters([_CLUSTER], lambda: nullcontext(cast("ResourceManager", azure)), told.append)
    assert gone.delete(state) == state
    assert azure.deleted == []
    assert told[0] == said


def test_the_stacks_own_cluster_goes_while_it_is_away() -> None:
    azure = Asked("Offline")
    GoneClusters([_CLUSTER], lambda: nullcontext(cast("ResourceManager", azure))).delete({"resources": [_SCRIPT]})
    assert azure.deleted == [_CLUSTER]
