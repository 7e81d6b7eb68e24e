"""A script that swallows a failure, or prunes what it should not, is found; the program's own scripts are not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from rehearsal.azure.entries import Entry
from rehearsal.node.drills import run_drills
from tests.rehearsal.cluster.deployments import deployed

MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "every failure ends with success": (
        "await-secrets", "  exit 1\n}\n\n# fact", "  exit 0\n}\n\n# fact", "succeeds although it has no parameters",
    ),
    "a wait ends without success": (
        "await-secrets", 'fail "$what: not so after $seconds s; last seen: ${state:-nothing}. Next: $next_step"',
        "return 0", "nothing was set up on the node",
    ),
    "the installer is not compared": (
        "setup-k3s", '[[ "$found" == "$K3S_INSTALL_SHA256" ]]', '[[ -n "$found" ]]', "installer was forged",
    ),
    "the key is not compared": (
        "setup-k3s", '[[ "$keys" == "$MICROSOFT_KEY" ]]', '[[ -n "$keys" ]]', "another key came with that of",
    ),
    "a failed upgrade is passed over": (
        "setup-k3s", "install_k3s || install_k3s ||", "install_k3s || install_k3s || true ||", "an older K3s goes on",
    ),
    "nothing is pruned": (
        "apply-objects", "prunable=(clusterrolebindings.rbac.authorization.k8s.io)", "prunable=()",
        "leaves a ClusterRoleBinding of its set",
    ),
    "everything is pruned": (
        "apply-objects", '--selector "$LABEL=$OBJECT_SET" --output name', "--output name",
        "deletes a ClusterRoleBinding that is not of its set",
    ),
    "it says nothing": (
        "connect-arc", "#!/usr/bin/env bash\n", "#!/usr/bin/env bash\nexit 3\n", "fails without a line",
    ),
}  # fmt: skip
"""What is wrong -> script, text, what stands there instead, what is said."""


def entries(change: Callable[[Entry], Entry] = lambda entry: entry) -> list[Entry]:
    return [change(entry) for entry in deployed("dev").world.entries()]


def test_the_programs_own_scripts_pass() -> None:
    assert run_drills(entries()) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_script_is_found(mistake: str) -> None:
    name, old, new, said = MISTAKES[mistake]

    def change(entry: Entry) -> Entry:
        if entry.name != name:
            return entry
        inputs = copy.deepcopy(entry.inputs)
        assert old in inputs["source"]["script"]
        inputs["source"]["script"] = inputs["source"]["script"].replace(old, new)
        return replace(entry, inputs=inputs)

    kept = [entry for entry in entries(change) if entry.name == name or "/runCommands/" not in entry.id]
    found = run_drills(kept)
    assert {one.rule for one in found} == {"CLUSTER-38"}
    assert any(said in str(one) and f"Run Command {name}" in str(one) for one in found), found


def test_each_text_is_drilled_once() -> None:
    """Two sites run the same scripts, and what they let pass is told once."""

    def change(entry: Entry) -> Entry:
        script = "#!/bin/bash\n"
        is_gate = entry.name == "await-secrets"
        return replace(entry, inputs={**entry.inputs, "source": {"script": script}}) if is_gate else entry

    gates = [entry for entry in entries(change) if entry.name == "await-secrets" or "/runCommands/" not in entry.id]
    assert len(run_drills(gates)) == 2
