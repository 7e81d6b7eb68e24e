"""How a cluster is asked: in pages, by scripts that change nothing, and what it does not say is unknown."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable

import pytest

from automation.verify import inside, resource_manager
from automation.verify.azure import ScriptAnswer, UnseenError
from automation.verify.check import VerifyResult
from automation.verify.checks import CHECKS
from automation.verify.resource_manager import Limits
from nodes import load_script
from rehearsal.azure.errors import ArmError
from rehearsal.azure.scripts import ScriptRun
from rehearsal.azure.world import World
from tests.automation.verify.living import Living, Verifier, outcomes

_VM = "virtualMachines/vm-myorga-aio-dev-001-0"
_LINK = "site-to-enterprise"
OF_CLUSTER, OF_LINK = ({check.id for check in CHECKS if check.concern == "Inside" and scope in check.scopes}
                       for scope in ("cluster", "link"))  # fmt: skip
UNKNOWN = {*((id_, "site") for id_ in OF_CLUSTER), *((id_, _LINK) for id_ in OF_LINK)}


def plant_pods(living: Living, count: int) -> None:
    for number in range(count):
        name = f"{number:04d}-{hash(number * 7919) & 0xFFFFFFFF:08x}"
        status = {"phase": "Pending", "conditions": [], "reason": f"Evicted{number * 7919:x}"}
        living.plant(_VM, kind="Pod", metadata={"name": name, "namespace": "others"}, status=status)


def reasons(results: list[VerifyResult]) -> set[str]:
    return {one.found for one in results if one.outcome == "unknown"}


def test_what_does_not_fit_into_one_answer_comes_in_pages(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    living = Living("dev")
    plant_pods(living, 400)
    world, runs = living.world(), []
    run_action = world.run_action

    def count(node_id: str, script: str) -> ScriptRun:
        runs.append(script)
        return run_action(node_id, script)

    monkeypatch.setattr(world, "run_action", count)
    results = verifier("dev", world, clusters=["site"], links=[], inside=True)
    (pods,) = (one for one in results if one.id == "VERIFY-61")
    assert pods.outcome == "failed"
    assert len({line for line in pods.found.splitlines() if line.startswith("Pod others/")}) == 400
    assert len(runs) > 3


def test_more_pages_than_anybody_reads_are_unknown(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_MOST_PAGES", 1)
    living = Living("dev")
    plant_pods(living, 400)
    results = verifier("dev", living.world(), inside=True)
    assert outcomes(results, "unknown") == UNKNOWN
    assert reasons([*results]) == {"not seen: cluster site: the cluster says more than 1 pages"}


def test_asking_changes_nothing(verifier: Verifier) -> None:
    world = Living("dev").world()
    before = world.entries()
    verifier("dev", world, inside=True)
    assert world.entries() == before


def stop_k3s(living: Living) -> None:
    living.set(_VM, "machine.k3s.running", False, where="facts")


def stop_machine(living: Living) -> None:
    living.set(_VM, "stopped", True, where="facts")


@pytest.mark.parametrize(
    ("break_it", "words"),
    [(stop_k3s, "the cluster does not say how it is: kubectl get nodes"), (stop_machine, "409: (OperationNotAllowed)")],
)
def test_a_cluster_that_does_not_answer_is_unknown_and_the_other_one_is_judged(
    break_it: Callable[[Living], None], words: str, verifier: Verifier
) -> None:
    living = Living("dev")
    break_it(living)
    results = verifier("dev", living.world(), inside=True)
    assert outcomes(results, "unknown") == UNKNOWN
    assert all(found.startswith(f"not seen: cluster site: {words}") for found in reasons([*results]))
    assert {(id_, "enterprise") for id_ in OF_CLUSTER} <= outcomes(results, "ok")


@pytest.mark.parametrize("said", ["", "bash: line 3: python3: command not found\n", "ERROR: no such command\n"])
def test_a_script_that_tells_nothing_is_no_pass(said: str, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Living("dev").world()
    monkeypatch.setattr(world, "run_action", lambda *_: ScriptRun(1, "", said))
    results = verifier("dev", world, clusters=["site"], inside=True)
    assert outcomes(results, "unknown") == UNKNOWN
    assert reasons([*results]) == {
        f"not seen: cluster site: {said.strip().removeprefix('ERROR: ') or 'the script has printed nothing'}"
    }


def test_a_probe_that_fails_for_another_reason_makes_its_links_alone_unknown(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Living("dev").world()
    run_action = world.run_action

    def fail(node_id: str, script: str) -> ScriptRun:
        is_probe = script.endswith(load_script(inside.PROBE).rstrip()[-200:])
        return ScriptRun(1, "", "ERROR: no space left on device") if is_probe else run_action(node_id, script)

    monkeypatch.setattr(world, "run_action", fail)
    results = verifier("dev", world, inside=True)
    assert outcomes(results, "unknown") == {(id_, _LINK) for id_ in OF_LINK}
    assert reasons([*results]) == {f"not seen: link {_LINK}: no space left on device"}


def test_of_a_message_that_was_cut_only_what_it_names_is_known() -> None:
    """Azure keeps the last 4 KiB: a link that is not in them may be dead as well."""
    told = "; ".join(f"link l{number} to 10.0.0.{number}:8883: no answer -> {'x' * 90}" for number in range(30))
    message = f"ERROR: every link's broker answers: not so after 1 s; last seen: {told}"
    found = inside.read_probe(message.removeprefix("ERROR: "), [f"l{number}" for number in range(40)])
    assert "l35" not in found
    assert found["l3"].startswith("to 10.0.0.3:8883: no answer")
    short = inside.read_probe("last seen: link l1 to 10.0.0.1:8883: no answer -> look", ["l1", "l2"])
    assert short == {"l1": "to 10.0.0.1:8883: no answer -> look", "l2": ""}


def test_another_script_on_the_node_is_told(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> ScriptRun:
        raise ArmError(409, "Conflict", "Run command extension execution is in progress.")

    monkeypatch.setattr(World, "run_action", refuse)
    results = verifier("dev", Living("dev").world(), inside=True)
    assert reasons([*results]) == {
        f"not seen: cluster {name}: 409: (Conflict) Run command extension execution is in progress. Code: Conflict"
        " Message: Run command extension execution is in progress."
        for name in ("site", "enterprise")
    }


@pytest.mark.parametrize("line", ['{"after": "", "items": "eJyLjgUAARUAuQ=="}', '{"after": 1}', "[]", '{"sent": {}}'])
def test_an_answer_of_another_form_is_unknown(line: str, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Living("dev").world()
    monkeypatch.setattr(world, "run_action", lambda *_: ScriptRun(0, line, ""))
    results = verifier("dev", world, clusters=["site"], inside=True, messages=True)
    assert outcomes(results, "unknown") >= UNKNOWN | {("VERIFY-70", _LINK), ("VERIFY-71", _LINK)}
    assert not outcomes(results, "failed")


def test_what_heals_by_itself_is_no_finding(verifier: Verifier) -> None:
    """A pod that was replaced, one on its way out, and what secret sync has said before its last success."""
    living = Living("dev")
    ended = {"phase": "Failed", "reason": "Evicted", "conditions": []}
    owner = [{"kind": "ReplicaSet", "name": "x", "controller": True}]
    living.plant(_VM, kind="Pod", metadata={"name": "old", "namespace": "x", "ownerReferences": owner}, status=ended)
    leaving = {"name": "leaving", "namespace": "x", "deletionTimestamp": "1970-01-12T13:46:40Z"}
    living.plant(_VM, kind="Pod", metadata=leaving, status={"phase": "Running", "conditions": []})
    conditions = [
        {"type": "Create", "status": "Unknown", "reason": "SyncStarting", "message": "…"},
        {"type": "Update", "status": "False", "reason": "ProviderError", "message": "…",
         "lastTransitionTime": "1970-01-12T10:00:00Z"},
    ]  # fmt: skip
    living.plant(_VM, kind="SecretSync", apiVersion="secret-sync.x-k8s.io/v1alpha1",
                 metadata={"name": "client-secret-enterprise-g1", "namespace": "azure-iot-operations"},
                 status={"conditions": conditions, "lastSuccessfulSyncTime": "1970-01-12T11:00:00Z"})  # fmt: skip
    assert not outcomes(verifier("dev", living.world(), inside=True), "failed", "warning", "unknown")


def test_a_failed_pod_that_nobody_replaces_is_a_finding(verifier: Verifier) -> None:
    living = Living("dev")
    ended = {"phase": "Failed", "reason": "Evicted", "conditions": []}
    living.plant(_VM, kind="Pod", metadata={"name": "alone", "namespace": "x"}, status=ended)
    assert outcomes(verifier("dev", living.world(), inside=True), "failed") == {("VERIFY-61", "site")}


def test_a_node_on_which_a_script_has_just_ended_is_asked_again(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure says so for some seconds more (Azure/azure-cli#19137)."""
    world = Living("dev").world()
    run_action, refused = world.run_action, list[str]()

    def refuse_once(node_id: str, script: str) -> ScriptRun:
        if len(refused) < 2:
            refused.append(node_id)
            raise ArmError(409, "Conflict", "Run command extension execution is in progress.")
        return run_action(node_id, script)

    monkeypatch.setattr(world, "run_action", refuse_once)
    monkeypatch.setattr(resource_manager, "_POLL_SECONDS", 0.01)
    results = verifier("dev", world, limits=Limits(retries=0, busy=5), inside=True)
    assert len(refused) == 2
    assert not outcomes(results, "failed", "warning", "unknown")


def read_page(items: bytes) -> object:
    text = json.dumps({"after": "", "items": base64.b64encode(zlib.compress(items)).decode()})
    return inside._read_page(ScriptAnswer(text, "", 0, 0))["items"]


def test_a_page_that_inflates_beyond_measure_is_not_held() -> None:
    assert read_page(b"[1]") == [1]
    with pytest.raises(UnseenError, match="an answer that is not understood: a page of 1000000 bytes or more"):
        read_page(b"[" + b" " * 50_000_000 + b"]")


def test_a_page_that_is_nested_beyond_measure_is_unknown() -> None:
    with pytest.raises(UnseenError, match="the script has printed nothing"):
        read_page(b"[" * 500_000)


def test_a_policy_that_is_too_long_to_be_told_makes_that_unknown_alone(verifier: Verifier) -> None:
    living = Living("every-setting")
    blocks = [{"ipBlock": {"cidr": f"10.{number}.0.0/16"}} for number in range(200)]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": blocks}]}
    living.plant("virtualMachines/vm-acmeo-aio-full-007-0", apiVersion="networking.k8s.io/v1", kind="NetworkPolicy",
                 metadata={"name": "long", "namespace": "azure-iot-operations"}, spec=spec)  # fmt: skip
    results = verifier("every-setting", living.world(), clusters=["office"], links=[], inside=True)
    assert outcomes(results, "failed", "warning", "unknown") == {("VERIFY-72", "office")}
    (found,) = reasons([*results])
    assert found == "not seen: NetworkPolicy azure-iot-operations/long: it is too long to be told"
