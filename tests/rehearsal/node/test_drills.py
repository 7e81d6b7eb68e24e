"""A script that swallows a failure, or does what it should not, is found; the program's own scripts are not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from arm.hosting import JOIN
from nodes import NAMES, load_script
from rehearsal.azure.entries import Entry
from rehearsal.cluster.model import Symptom
from rehearsal.node.drills.run import DRILLS, PASSED, hash_script, read_passed, run_drills
from tests.rehearsal.cluster.deployments import SURROUNDINGS, deployed

MISTAKES = yaml.safe_load(Path(__file__).with_name("script_mistakes.yaml").read_text(encoding="utf-8"))
ONLY_IN_A_ROTATION = {"settle-dataflows"}
"""No committed stack is in one: tests/nodes/test_settle_dataflows.py and tests/rehearsal/rotation/ run it."""
SCRIPTS = {JOIN: "setup-k3s"}
"""Run of a script that has a name of its own -> the script."""
WITH_NODES = "every-setting"
"""A stack in which machines join a cluster."""
CASES = [(name, drill.what) for name, drills in DRILLS.items() for drill in drills]


def stack_of(name: str) -> str:
    return WITH_NODES if name == JOIN else "dev"


def entries(change: Callable[[Entry], Entry] = lambda entry: entry, stack: str = "dev") -> list[Entry]:
    return [change(entry) for entry in deployed(stack).world.entries()]


def with_script(name: str, edit: Callable[[str], str]) -> list[Entry]:
    def change(entry: Entry) -> Entry:
        if entry.name != name:
            return entry
        inputs = copy.deepcopy(entry.inputs)
        inputs["source"]["script"] = edit(inputs["source"]["script"])
        return replace(entry, inputs=inputs)

    return entries(change, stack_of(name))


def drill(name: str, what: str, deployed_entries: list[Entry]) -> list[Symptom]:
    (chosen,) = (one for one in DRILLS[name] if one.what == what)
    return run_drills(deployed_entries, deployed(stack_of(name)).world.surroundings, {name: [chosen]}, passed={})


@pytest.mark.timeout(300)
def test_the_programs_own_scripts_pass_and_that_is_noted(request: pytest.FixtureRequest) -> None:
    """Where this fails after a change of a script that was meant: `make golden`."""
    assert run_drills(entries(), SURROUNDINGS, passed={}) == []
    others = {name: DRILLS[name] for name in (JOIN, "setup-k3s")}
    assert run_drills(entries(stack=WITH_NODES), deployed(WITH_NODES).world.surroundings, others, passed={}) == []
    now = {name: hash_script(load_script(SCRIPTS.get(name, name))) for name in DRILLS}
    if request.config.getoption("--write-golden"):
        PASSED.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
    assert read_passed() == now


def test_every_drill_has_its_mistake_and_every_script_its_drills() -> None:
    assert [(name, what) for name, rows in MISTAKES.items() for what in rows] == CASES
    assert set(DRILLS) == {*NAMES, *SCRIPTS} - ONLY_IN_A_ROTATION


@pytest.mark.parametrize(("name", "what"), CASES)
def test_a_mistake_in_a_script_is_found(name: str, what: str) -> None:
    old, new = MISTAKES[name][what]["text"], MISTAKES[name][what]["instead"]

    def edit(script: str) -> str:
        assert script.count(old) >= 1
        return script.replace(old, new)

    (found,) = drill(name, what, with_script(name, edit))
    assert found.rule == "CLUSTER-38"
    assert f"Run Command {name}" in str(found)
    assert f" although {what}" in str(found)


def test_a_link_that_is_left_is_found() -> None:
    broken = with_script("await-secrets", lambda script: f"{script}\nln -s /etc/passwd $ROOT_DIR/link\n")
    (found,) = drill("await-secrets", "it has run before", broken)
    assert found.what.startswith("leaves what no node keeps (/link is a link")


WAITS = {
    "connect-arc": (
        ("wait_for 780", "wait_for 120"),
        ("unbroken 2700", "unbroken 1000"),
        ("--disable-auto-upgrade", "--disable-auto-upgrade --onboarding-timeout 425"),
    ),
    "setup-k3s": (("--max-time 240", "--max-time 6"),),
}
"""Script -> what it waits with, and what is too short where Azure takes as long as it may."""


@pytest.mark.parametrize(("name", "old", "new"), [(name, *change) for name, rows in WAITS.items() for change in rows])
def test_a_wait_that_is_too_short_is_found(name: str, old: str, new: str) -> None:
    (found,) = drill(name, "the node is new", with_script(name, lambda script: script.replace(old, new)))
    assert found.what.startswith("fails (ERROR: ")


def test_what_has_passed_is_drilled_again_only_when_it_has_changed() -> None:
    broken = with_script("await-secrets", lambda text: text.replace("  exit 1\n", "  exit 0\n"))
    assert run_drills(entries(), SURROUNDINGS) == []
    only = {"await-secrets": DRILLS["await-secrets"][:1]}
    assert len(run_drills(broken, SURROUNDINGS, only)) == 1


def test_each_text_is_drilled_once() -> None:
    """Two sites run the same scripts, and what they let pass is told once."""
    broken = with_script("await-secrets", lambda _: "#!/bin/bash\n")
    assert len(run_drills(broken, SURROUNDINGS, {"await-secrets": DRILLS["await-secrets"][:2]})) == 2


def test_a_script_that_fails_everywhere_is_told_a_few_times() -> None:
    broken = with_script("await-secrets", lambda _: "#!/bin/bash\n")
    found = run_drills(broken, SURROUNDINGS, {"await-secrets": DRILLS["await-secrets"]}, passed={})
    assert 3 <= len(found) <= 4 < len(DRILLS["await-secrets"])  # two are at work at once
