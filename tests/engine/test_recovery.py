"""What a killed or cut-off run leaves behind, and how `python -m automation up` goes on from there."""

from __future__ import annotations

import getpass
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from pulumi.automation import ConcurrentUpdateError

from automation.deployment import deployer as deploy
from automation.deployment.deployer import Deployer
from automation.deployment.find_remedy import find_remedy
from automation.deployment.placeholders import fill_in
from automation.deployment.stack_lock import LockedError
from automation.deployment.workspace import import_state
from automation.sweep.baseline import comparable_state
from graph.urns import name_of
from tests.conftest import leave_note_of_a_killed_run
from tests.engine.conftest import Deployment, FirstUp
from tests.engine.engine import StackUnderTest
from tests.engine.left_open import IGNORED, loops_left_open  # noqa: F401 the fixture is used in every test

NODE = "/virtualMachines/vm-myorga-aio-dev-001-0"
SCRIPTS_OF_SITE = {"site-setup-k3s", "site-connect-arc", "site-apply-objects"}
"""Those that exist when apply-objects has failed for the first time."""
KILLED = "only a process of its own can be killed"
pytestmark = IGNORED


def locks_of(stack: StackUnderTest) -> Path:
    """Where the engine's backend keeps the stack's locks."""
    if stack.kind == "offline":
        return stack.project / ".rehearsal" / stack.name / "locks"
    return stack.folder / "state" / ".pulumi" / "locks" / "organization" / "edge-stamps" / stack.name


def lock(stack: StackUnderTest, **values: Any) -> None:
    """Leave a lock as another run would."""
    content = {
        "pid": os.getpid(),
        "username": getpass.getuser(),
        "hostname": socket.gethostname(),
        "timestamp": "2026-11-24T12:00:00Z",
    }
    locks_of(stack).mkdir(parents=True, exist_ok=True)
    (locks_of(stack) / "0f0e1a5c-0000-4000-8000-000000000001.json").write_text(json.dumps(content | values))


def note_a_run(stack: StackUnderTest) -> None:
    """Leave the note of a run that was killed, and had begun before every lock of these tests."""
    leave_note_of_a_killed_run(stack.runs, "2026-11-24T11:00:00Z")


def ended_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def kill_while_writing(deployment: Deployment, ending: str) -> None:
    """Run `up`, and kill the engine while Azure writes the resource whose id ends so."""
    killed: list[int] = []

    def kill(arm_id: str) -> None:
        if arm_id.endswith(ending) and not killed:
            (held,) = locks_of(deployment.stack).glob("*.json")
            killed.append(json.loads(held.read_text())["pid"])
            os.kill(killed[0], signal.SIGKILL)

    deployment.azure.when_written = kill
    deployment.stack.checkpoints = True
    # One at a time: a file:// backend that is killed while it writes the state cuts its file off (REMEDY-26).
    with mock.patch("automation.deployment.operations.PARALLEL", 1), deployment.stack.deployer() as deployer:
        assert not deployer.up().ok
    assert killed
    deployment.azure.when_written = lambda _: None


def is_as_undisturbed(deployment: Deployment, first_up: FirstUp) -> None:
    """Stack and Azure hold what an `up` without any failure leaves, and nothing else."""
    assert deployment.azure.ids() == first_up.azure.ids()
    resources = deployment.stack.export()["resources"]
    assert {resource["urn"] for resource in resources} == set(comparable_state(first_up.stack.export()))
    assert not [resource["urn"] for resource in resources if resource.get("initErrors")]
    assert deployment.stack.preview().changes == {}


@pytest.mark.only("pulumi", reason=KILLED)
def test_a_create_that_was_killed_after_azure_had_taken_it_is_adopted(alone: Deployment, alone_up: FirstUp) -> None:
    kill_while_writing(alone, NODE)
    with alone.stack.deployer() as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    told = "\n".join(report.notes)
    assert "the lock of a run that has ended is taken away" in told
    kept = [file for file in (alone.stack.folder / "state").rglob("*") if file.is_file()]
    assert kept
    assert [file for file in kept if b"PRIVATE KEY" in file.read_bytes()] == []
    assert "site-node: its create was cut off after Azure had taken it; it is in the stack now" in told
    is_as_undisturbed(alone, alone_up)


@pytest.mark.only("pulumi", reason=KILLED)
def test_a_create_that_was_killed_and_never_arrived_is_done_again(alone: Deployment, alone_up: FirstUp) -> None:
    kill_while_writing(alone, NODE)
    alone.azure.delete_behind_the_stack(NODE)
    with alone.stack.deployer() as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    told = "\n".join(report.notes)
    assert "site-node: its create was cut off and Azure does not have it; nothing is left of it" in told
    is_as_undisturbed(alone, alone_up)


def test_a_create_whose_answer_never_arrived_is_adopted_by_the_same_up(alone: Deployment, alone_up: FirstUp) -> None:
    alone.azure.order("site-virtual-network", "connection-cut")
    waits: list[float] = []
    with alone.stack.deployer(sleep=waits.append) as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    assert len(waits) == 1
    assert "site-virtual-network: its create was cut off after Azure had taken it" in "\n".join(report.notes)
    is_as_undisturbed(alone, alone_up)


def test_looking_for_one_resource_does_not_make_a_failed_one_pass_for_ready(
    alone: Deployment, alone_up: FirstUp
) -> None:
    """A refresh takes whatever exists for finished."""
    alone.azure.order("site-key-vault", "connection-cut")
    alone.azure.order("site-node", "accepted-then-failed")
    with alone.stack.deployer(sleep=lambda _: None) as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    assert {state for *_, state in alone.azure.seen().values()} == {"Succeeded"}
    is_as_undisturbed(alone, alone_up)


@pytest.mark.parametrize("moment", ["waiting", "before", "during", "after"])
def test_an_interrupted_look_loses_neither_what_is_in_doubt_nor_what_has_failed(
    moment: str, alone: Deployment, alone_up: FirstUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone.azure.order("site-key-vault", "connection-cut")
    alone.azure.order("site-node", "accepted-then-failed")
    azure = alone.azure.provider
    moments = {
        "waiting": (Deployer, "_wait"),
        "before": (Deployer, "_look"),
        "during": (azure, "read"),
        "after": (deploy, "compare_with_look"),
    }

    def interrupt(*_: Any, **__: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    with (
        alone.stack.deployer(sleep=lambda _: None) as deployer,
        monkeypatch.context() as patch,
        pytest.raises(KeyboardInterrupt),
    ):
        patch.setattr(*moments[moment], interrupt)
        deployer.up()
    with alone.stack.deployer(sleep=lambda _: None) as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    assert "site-key-vault: its create was cut off after Azure had taken it" in "\n".join(report.notes)
    assert {state for *_, state in alone.azure.seen().values()} == {"Succeeded"}
    is_as_undisturbed(alone, alone_up)


def test_a_secret_whose_create_was_cut_off_is_adopted_too(fresh: Deployment, first_up: FirstUp) -> None:
    """Events hide its value: the state gets a placeholder, and the next run of the engine the value."""
    fresh.azure.order("enterprise-vault-server-leaf-key-g1", "connection-cut")
    with fresh.stack.deployer(sleep=lambda _: None) as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    (value,) = (
        entry[1]["properties"]["value"]
        for arm_id, entry in fresh.azure.seen().items()
        if arm_id.endswith("/secrets/server-leaf-key-g1")
    )
    assert "PRIVATE KEY" in value
    is_as_undisturbed(fresh, first_up)


def test_what_was_never_sent_is_not_adopted(alone: Deployment, alone_up: FirstUp) -> None:
    """azure-native looks before it creates. Where the look has failed, what exists is somebody else's."""
    group = next(entry for arm_id, entry in alone_up.azure.seen().items() if arm_id.endswith("/rg-myorga-dev-001"))
    alone.azure.put_behind_the_stack(*group[:2], tags={"owner": "somebody else"})
    alone.azure.order("site-resource-group", "server-error", "get")
    with alone.stack.deployer(sleep=lambda _: None) as deployer:
        report = deployer.up()

    assert [failure.name for failure in report.failures] == ["site-resource-group"]
    assert "cannot create already existing resource" in report.failures[0].message
    assert alone.azure.tags("/rg-myorga-dev-001") == {"owner": "somebody else"}


def test_a_resource_group_that_is_somebody_else_s_is_left_alone(alone: Deployment, alone_up: FirstUp) -> None:
    group = next(entry for arm_id, entry in alone_up.azure.seen().items() if arm_id.endswith("/rg-myorga-dev-001"))
    alone.azure.order("site-resource-group", "connection-cut")
    with alone.stack.deployer(
        sleep=lambda _: alone.azure.put_behind_the_stack(*group[:2], tags={"owner": "somebody else"})
    ) as deployer:
        report = deployer.up()

    assert "not this stack's; it is left alone" in "\n".join(report.notes)
    assert not report.ok
    assert alone.azure.tags("/rg-myorga-dev-001") == {"owner": "somebody else"}


@pytest.mark.parametrize("operation", ["up", "destroy"])
def test_it_is_left_alone_also_when_the_look_for_it_was_interrupted(
    operation: str, alone: Deployment, alone_up: FirstUp
) -> None:
    group = next(entry for arm_id, entry in alone_up.azure.seen().items() if arm_id.endswith("/rg-myorga-dev-001"))
    alone.azure.order("site-resource-group", "connection-cut")

    def interrupt(text: str) -> None:
        if text.startswith("Checking in Azure"):
            raise KeyboardInterrupt

    def put(_: float) -> None:
        alone.azure.put_behind_the_stack(*group[:2], tags={"owner": "somebody else"})

    with alone.stack.deployer(sleep=put, say=interrupt) as deployer, pytest.raises(KeyboardInterrupt):
        deployer.up()
    with alone.stack.deployer(sleep=lambda _: None) as deployer:
        report = getattr(deployer, operation)()

    assert "not this stack's; it is left alone" in "\n".join(report.notes)
    assert alone.azure.tags("/rg-myorga-dev-001") == {"owner": "somebody else"}


def test_plain_up_cannot_get_past_a_create_whose_answer_never_arrived(alone: Deployment) -> None:
    """Why `python -m automation up` exists: azure-native refuses to create what exists."""
    alone.azure.order("site-virtual-network", "connection-cut")
    alone.stack.up(may_fail=True)

    again = alone.stack.up(may_fail=True)
    assert [name_of(urn) for urn in again.failures] == ["site-virtual-network"]
    assert "cannot create already existing resource" in "".join(again.failures.values())


def test_what_azure_is_still_busy_with_is_waited_for(alone: Deployment, alone_up: FirstUp) -> None:
    alone.azure.order("site-key-vault", "cut-while-running")
    with alone.stack.deployer(sleep=alone.azure.clock.advance) as deployer:
        report = deployer.up()

    assert report.ok, report.failures
    assert alone.azure.clock.now() >= 120
    is_as_undisturbed(alone, alone_up)


def test_what_passes_by_itself_is_waited_for_and_what_does_not_fails_at_once(fresh: Deployment) -> None:
    fresh.azure.order("site-virtual-network", "throttled")
    fresh.azure.order("enterprise-key-vault", "bad-request")
    waits: list[float] = []
    with fresh.stack.deployer(sleep=waits.append) as deployer:
        refused = deployer.up()
        assert {failure.name for failure in refused.failures} == {"site-virtual-network", "enterprise-key-vault"}
        assert waits == []

        fresh.azure.order("site-node", "throttled")
        again = deployer.up()
    assert again.ok, [one.message for one in again.failures]
    assert waits == [60]


def test_a_connected_cluster_that_was_deleted_behind_the_stack_is_connected_by_scripts_that_run_again(
    deployed: Deployment, tmp_path: Path
) -> None:
    cluster = "/connectedClusters/arck-myorga-dev-001"
    before = deployed.azure.ids()
    deployed.azure.lose(cluster, tmp_path)
    stuck = deployed.stack.up(may_fail=True)
    advice = {
        fill_in(find_remedy(message), message=message, urn="", stack="dev") for message in stuck.failures.values()
    }
    assert any(
        "connected cluster arck-myorga-dev-001, and" in text and "--run-again <cluster>" in text for text in advice
    )
    assert not any(one.endswith(cluster) for one in deployed.azure.ids())

    with deployed.stack.deployer(run_again=["site"]) as deployer:
        report = deployer.up()
    assert report.notes == ["site: its scripts run again (as asked for)"]
    assert {one.name for one in report.failures} == {"site-apply-objects"}, "its extensions are gone as well"
    deployed.stack.refresh()
    with deployed.stack.deployer() as deployer:
        again = deployer.up()
    assert again.ok, [one.message for one in again.failures]
    assert deployed.azure.ids() == before
    assert deployed.stack.preview().changes == {}


def test_a_script_that_failed_for_an_outside_reason_runs_again_by_the_next_up(
    fresh: Deployment, first_up: FirstUp
) -> None:
    fresh.azure.fail_scripts("apply-objects", 1)
    with fresh.stack.deployer() as deployer:
        first = deployer.up()
        assert {failure.name for failure in first.failures} == {"site-apply-objects"}
        second = deployer.up()
    assert second.ok, second.failures
    assert second.notes == ["site: its scripts run again (site-apply-objects did not end well)"]
    changed = {name_of(urn): done for urn, done in second.changes.items()}
    assert changed["site-script-run"] == "replace"
    assert {name for name, done in changed.items() if done == "update"} == SCRIPTS_OF_SITE
    once = {"await-secrets": 1, "probe-links": 1}
    assert fresh.azure.runs("site") == {"setup-k3s": 2, "connect-arc": 2, "apply-objects": 2, **once}
    assert set(fresh.azure.runs("enterprise").values()) == {1}
    is_as_undisturbed(fresh, first_up)


def test_plain_up_runs_a_failed_script_again_by_the_command_that_its_message_names(
    alone: Deployment, alone_up: FirstUp
) -> None:
    alone.azure.fail_scripts("apply-objects", 1)
    alone.stack.up(may_fail=True)
    again = alone.stack.up(may_fail=True)
    (message,) = again.failures.values()
    assert alone.azure.runs("site")["apply-objects"] == 1, "the same body is not run again"

    remedy = fill_in(find_remedy(message), message=message, urn="", stack="dev")
    urn = alone.urn("site-script-run")
    assert f"`pulumi up --replace '{urn}'`" in remedy
    done = alone.stack.up(replace=[urn])
    assert done.names("update") == SCRIPTS_OF_SITE
    assert done.names("replace") == {"site-script-run"} and not done.names("delete")
    is_as_undisturbed(alone, alone_up)


def test_a_failed_script_is_not_forgotten_by_a_refresh(alone: Deployment, alone_up: FirstUp) -> None:
    alone.azure.fail_scripts("apply-objects", 1)
    alone.stack.up(may_fail=True)
    alone.stack.refresh()
    with alone.stack.deployer() as deployer:
        assert deployer.preview().notes == ["site: its scripts run again (site-apply-objects did not end well)"]
        again = deployer.up()
    assert again.ok, [one.message for one in again.failures]
    is_as_undisturbed(alone, alone_up)


def test_a_lock_of_a_run_of_ours_that_has_ended_is_taken_away(deployed: Deployment) -> None:
    note_a_run(deployed.stack)
    lock(deployed.stack, pid=ended_process())
    with deployed.stack.deployer() as deployer:
        report = deployer.up()

    assert report.ok
    assert report.changes == {}
    assert "the lock of a run that has ended is taken away" in "\n".join(report.notes)
    assert list(locks_of(deployed.stack).glob("*.json")) == []


def test_no_key_is_left_in_a_temporary_file_when_a_state_is_refused(
    deployed: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK leaves the file behind that it hands to the CLI."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lock(deployed.stack)
    with deployed.stack.opened() as stack, pytest.raises(ConcurrentUpdateError):
        exported = stack.export_stack()
        import_state(stack, exported.version, dict(exported.deployment or {}))
    left = [file for file in tmp_path.glob("tmp*") if file.is_file() or list(file.glob("*"))]
    assert left == []


def test_a_lock_of_a_run_that_nobody_here_has_noted_is_respected(deployed: Deployment) -> None:
    """Hosted runners share user and host name: that such a process is not here says nothing."""
    lock(deployed.stack, pid=ended_process())
    with deployed.stack.deployer() as deployer, pytest.raises(LockedError):
        deployer.up()
    assert len(list(locks_of(deployed.stack).glob("*.json"))) == 1


@pytest.mark.parametrize(
    "holder", [{}, {"hostname": "another-machine", "pid": 1}, {"username": "somebody", "pid": 1}], ids=str
)
def test_a_lock_that_may_be_alive_is_respected(holder: dict[str, Any], deployed: Deployment) -> None:
    lock(deployed.stack, **holder)
    with (
        deployed.stack.deployer() as deployer,
        pytest.raises(LockedError) as refused,
    ):
        deployer.up()

    assert str(holder.get("hostname", socket.gethostname())) in str(refused.value)
    assert len(list(locks_of(deployed.stack).glob("*.json"))) == 1
