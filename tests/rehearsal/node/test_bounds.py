"""A call takes its time by the script's clock, and a `timeout` that is too small for it ends it."""

from __future__ import annotations

import pytest

from rehearsal.node import run as run_module
from rehearsal.node.bounds import read_bound
from rehearsal.node.calls import Reply
from rehearsal.node.tools import TOOLS
from rehearsal.node.tools.durations import DURATIONS, find_duration
from tests.rehearsal.node.bench import Bench


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("timeout 60 az login", 60),
        ("/usr/bin/timeout -k 5 2m az login", 120),
        ("timeout --signal=KILL 1.5h az", 5400),
        ("timeout 0 az", None),
        ("timeout soon az", None),
        ("bash -c timeout 60 az", None),
        ("", None),
    ],
)
def test_the_bound_is_that_of_timeout(line: str, bound: float | None) -> None:
    assert read_bound(line.split()) == bound


def test_the_longest_row_that_fits_says_how_long_a_call_takes() -> None:
    assert find_duration("az", ["connectedk8s", "connect", "--yes"]) == DURATIONS["az", "connectedk8s", "connect"]
    assert find_duration("apt-get", ["-qq", "-o", "A=B", "install", "x"]) == DURATIONS["apt-get", "install"]
    assert find_duration("iptables", ["-C"]) == 0
    assert {row[0] for row in DURATIONS} <= {*TOOLS}


def test_a_script_sees_that_a_call_took_its_time() -> None:
    script = "#!/bin/bash\nbefore=$(date +%s)\ncloud-init status --wait >/dev/null\necho $(($(date +%s) - before))"
    assert Bench().run(script)["stdout"].strip() == f"{DURATIONS['cloud-init', 'status']:.0f}"


@pytest.mark.parametrize(("bound", "code"), [(5, 124), (600, 2)])
def test_a_bound_that_is_too_small_ends_the_call(bound: int, code: int) -> None:
    script = f"#!/bin/bash\ntimeout {bound} cloud-init status --wait >/dev/null\necho $?"
    assert Bench().run(script)["stdout"].strip() == str(code)


def test_calls_use_up_the_time_of_the_run_command() -> None:
    script = "#!/bin/bash\nfor ((i = 0; i < 3; i++)); do cloud-init status --wait; done\necho never >&2"
    run = Bench().run(script, timeoutInSeconds=100)
    assert run["exit_code"] == -1
    assert "never" not in run["stderr"]


def test_the_bound_around_a_shell_is_that_of_what_it_calls() -> None:
    script = "#!/bin/bash\ntimeout 5 bash -c 'cloud-init status --wait; exit $?' >/dev/null\necho $?"
    assert Bench().run(script)["stdout"].strip() == "124"


def test_a_wait_in_vain_takes_its_time() -> None:
    def wait(*_: object) -> Reply:
        return Reply(1, took=40)

    script = "#!/bin/bash\nx=$(date +%s); timeout {} kubectl wait; echo $? $(($(date +%s) - x))"
    bench = Bench()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "TOOLS", {"kubectl": wait})
        assert bench.run(script.format(60))["stdout"] == "1 41\n"
        assert bench.run(script.format(30))["stdout"] == "124 30\n"
