"""A script runs as Azure's handler runs it, and its node remembers what it did."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from rehearsal.azure.errors import ArmError, OperationFailedError
from rehearsal.azure.world import Surroundings, World
from rehearsal.node import run as run_module
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.samples import arm_id
from tests.rehearsal.node.bench import Bench

COUNT = '#!/bin/bash\nmkdir -p "$ROOT_DIR/var"\necho run >>"$ROOT_DIR/var/runs"\n'


def count_runs(bench: Bench) -> int:
    return len(bench.files().get("var/runs", "").splitlines())


def test_the_environment_is_bare() -> None:
    run = Bench().run(
        "#!/bin/bash\ncompgen -e; pwd; [[ -p /dev/stdin || -s /dev/stdin ]] || echo no input",
        parameters={"GIVEN": "1", "EMPTY": ""},
    )
    lines = run["stdout"].split("\n")
    assert set(lines[:-3]) == {"GIVEN", "OLDPWD", "PATH", "PWD", "ROOT_DIR", "SHLVL", "TMPDIR", "_"} - {"OLDPWD"}
    assert lines[-3:] == ["/", "no input", ""]


@pytest.mark.parametrize(("shebang", "shell"), [("#!/bin/bash", "bash"), ("#!/usr/bin/env python3", "python3")])
def test_the_first_line_says_who_runs_it(shebang: str, shell: str) -> None:
    text = "import sys; print('python3')" if shell == "python3" else "echo ${BASH_VERSION:+bash}"
    assert Bench().run(f"{shebang}\n{text}\n")["stdout"].strip() == shell


def test_the_end_of_what_it_says_is_kept() -> None:
    run = Bench().run("#!/bin/bash\nfor ((i = 0; i < 3000; i++)); do echo $i; echo x$i >&2; done")
    assert {len(run["stdout"]), len(run["stderr"])} == {4096}
    assert run["stdout"].endswith("\n2999\n")
    assert run["stderr"].endswith("\nx2999\n")


def test_a_failure_says_what_the_script_said() -> None:
    bench = Bench()
    with pytest.raises(OperationFailedError, match="Run Command try failed with exit code 3: first\nERROR: last"):
        bench.put("#!/bin/bash\necho first >&2; echo ERROR: last >&2; exit 3")
    assert bench.command().state == "Failed"
    assert bench.command().facts["run"]["exit_code"] == 3


@pytest.mark.parametrize("inputs", [{"treatFailureAsDeploymentFailure": False}, {"asyncExecution": True}], ids=str)
def test_a_failure_that_is_not_waited_for_is_in_the_instance_view_only(inputs: dict[str, Any]) -> None:
    bench = Bench()
    bench.put("#!/bin/bash\nexit 3", **inputs)
    assert bench.command().state == "Succeeded"
    assert bench.command().facts["run"]["exit_code"] == 3


def test_waiting_takes_no_time_and_a_script_sees_that_it_passes() -> None:
    run = Bench().run(
        "#!/bin/bash\nstart=$(date +%s); sleep 5; sleep 15; sleep 1; sleep 1m; echo $(($(date +%s) - start))"
    )
    assert run["stdout"] == "130\n"


def test_when_its_time_is_over_the_shell_alone_is_killed() -> None:
    script = (
        '#!/bin/bash\ntrap "echo trapped >&2" EXIT TERM\n'
        '(sleep 700; echo survived >"$ROOT_DIR/child") &\nwait\necho never'
    )
    bench = Bench()
    with pytest.raises(OperationFailedError, match="Run Command try was killed when its time was over"):
        bench.put(script, timeoutInSeconds=600)
    run = {"exit_code": -1, "stdout": "", "stderr": "", "fails": True, "traces": {"files": ["child"]}}
    assert bench.command().facts["run"] == run
    assert bench.files()["child"] == "survived\n"


def test_a_script_that_asks_on_and_on_without_a_pause_is_ended() -> None:
    run = Bench().run("#!/bin/bash\nuntil kubectl get nodes; do date +%s >/dev/null; done")
    assert run["exit_code"] != 0
    assert run["stderr"].endswith("it has called tools 100 times without a pause\n")


def test_a_script_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "REAL_SECONDS", 0.5)
    assert Bench().run("#!/bin/bash\nwhile :; do :; done")["exit_code"] == -1


def test_the_same_body_is_not_run_again_and_a_changed_one_is() -> None:
    bench = Bench()
    for script, runs in ((COUNT, 1), (COUNT, 1), (COUNT + "true\n", 2)):
        bench.put(script)
        assert count_runs(bench) == runs


def test_other_tags_run_nothing() -> None:
    bench = Bench()
    bench.put(COUNT)
    bench.put(COUNT, tags={"a": "b"})
    assert count_runs(bench) == 1


def test_what_failed_is_run_again_by_a_parameter_that_it_does_not_read() -> None:
    bench = Bench()
    script = COUNT + '[[ "$(wc -l <"$ROOT_DIR/var/runs")" == 2 ]]'
    assert bench.run(script)["exit_code"] == 1
    assert bench.run(script)["exit_code"] == 1 and count_runs(bench) == 1
    assert bench.run(script, parameters={"SCRIPT_RUN": "2"})["exit_code"] == 0


def test_the_node_is_kept_with_azure(tmp_path: Path) -> None:
    file = tmp_path / "azure.json"
    bench = Bench(file)
    bench.put('#!/bin/bash\ninstall -m 0750 /dev/null "$ROOT_DIR/etc/kept"; echo text >"$ROOT_DIR/etc/kept"')
    again = World(Surroundings(SUBSCRIPTION), bench.azure.clock)
    again.load(file)
    assert again.get(arm_id("vm")).facts["files"]["etc/kept"] == ["750", "text\n"]


def test_a_replaced_vm_starts_empty() -> None:
    bench = Bench()
    bench.put(COUNT)
    bench.azure.delete("vm")
    bench.azure.put("vm")
    assert "files" not in bench.vm.facts
    bench.put(COUNT)
    assert count_runs(bench) == 1


def test_a_stopped_vm_runs_nothing() -> None:
    bench = Bench()
    bench.world.set_power(arm_id("vm"), running=False)
    with pytest.raises(ArmError, match="when the VM is not running"):
        bench.put(COUNT)


def test_a_reboot_clears_what_is_volatile() -> None:
    bench = Bench()
    bench.put('#!/bin/bash\nmkdir "$ROOT_DIR/run"; touch "$ROOT_DIR/run/mark" "$ROOT_DIR/etc/mark"')
    for running in (False, True):
        bench.world.set_power(arm_id("vm"), running=running)
    run = bench.run('#!/bin/bash\ncd "$ROOT_DIR" && ls etc run 2>/dev/null', name="again")
    assert run["stdout"].split() == ["etc:", "machine-id", "mark", "os-release"]


def test_scripts_of_one_machine_run_side_by_side() -> None:
    bench = Bench()
    here, there = ('"$ROOT_DIR/here"', '"$ROOT_DIR/there"')
    meet = "#!/bin/bash\n: >{0}\nfor ((;;)); do [[ ! -e {1} ]] || exit 0; sleep 1; done"
    codes = {}

    def run(name: str, mine: str, other: str) -> None:
        codes[name] = bench.run(meet.format(mine, other), name)["exit_code"]

    threads = [threading.Thread(target=run, args=args) for args in (("a", here, there), ("b", there, here))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {"a": 0, "b": 0}


def test_others_go_on_while_a_script_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    seen = []

    def write_elsewhere(_: ToolCall, __: Machine) -> Reply:
        thread = threading.Thread(target=lambda: seen.append(bench.azure.put("vnet-b").name))
        thread.start()
        thread.join(5)
        return Reply()

    monkeypatch.setattr(run_module, "TOOLS", {"az": write_elsewhere})
    bench.put("#!/bin/bash\naz")
    assert seen == ["vnet-b"]


def test_a_tool_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[ToolCall] = []

    def note(call: ToolCall, machine: Machine) -> Reply:
        calls.append(call)
        machine.facts["seen"] = [*machine.facts.get("seen", []), call.stdin.decode()]
        return Reply(7, "out\n", "err\n")

    monkeypatch.setattr(run_module, "TOOLS", {"az": note, "kubectl": note})
    monkeypatch.setattr(run_module, "READS_STDIN", {"kubectl"})
    bench = Bench()
    run = bench.run(
        '#!/bin/bash\ncd "$TMPDIR"; sleep 5; X=1 az "a b" "" é <<<unread\necho $?\nkubectl <<<given; exit 1',
        name="told",
    )
    assert (run["stdout"], run["stderr"]) == ("out\n7\nout\n", "err\nerr\n")
    assert (calls[0].tool, calls[0].arguments, calls[0].elapsed) == ("az", ("a b", "", "é"), 5)
    assert calls[0].environment["X"] == "1"
    assert calls[0].directory.parent.name == "tmp"
    assert bench.vm.facts["machine"]["seen"] == ["", "given\n"]


def test_a_mistake_in_a_stand_in_is_no_failure_of_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: ToolCall, __: Machine) -> Reply:
        raise KeyError("no such thing")

    monkeypatch.setattr(run_module, "TOOLS", {"az": fail})
    with pytest.raises(KeyError, match="no such thing"):
        Bench().put("#!/bin/bash\naz || true")


def test_what_a_killed_process_left_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "azure.json"
    bench = Bench(file)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    bench.azure.run_script = die  # type: ignore[assignment]
    with pytest.raises(Killed):
        bench.put(COUNT)
    again = Bench(file)
    again.world.load(file)
    assert again.command().state == "Succeeded"
    assert count_runs(again) == 1


def test_a_world_without_anybody_to_run_scripts_says_so() -> None:
    bench = Bench()
    other = World(Surroundings(SUBSCRIPTION), bench.azure.clock)
    bench.azure.world = other
    bench.azure.deploy_until("vm")
    with pytest.raises(OperationFailedError, match="hand the world a run_script"):
        bench.put(COUNT)
