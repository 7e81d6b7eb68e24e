"""Every value that the program sends or tells is judged: another one in its place is a finding."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from arm.values import Secret
from graph.evaluate_stack import evaluate_stack
from graph.graph import Graph, Resource
from rules import RULES
from rules.lookup import View
from settings.loaded_stack import LoadedStack, load_stack
from tests.conftest import PROGRAM

Path = tuple[str | int, ...]

_UNJUDGED = {
    "Microsoft.Authorization/roleDefinitions description": "a text for people",
    "Microsoft.Authorization/roleDefinitions roleName": "a text for people, with a part of its GUID",
    "Microsoft.Network/networkSecurityGroups securityRules.*.name": "a text for people",
    "Microsoft.Network/networkSecurityGroups securityRules.*.priority": "only the order counts",
    "Microsoft.KubernetesConfiguration/extensions extensionName": "other tools look for its type",
    "Microsoft.Network/virtualNetworks enableVmProtection": "said by the SDK alone, for networks of old",
    "Microsoft.Compute/virtualMachines/runCommands timeoutInSeconds": "longer than the script's bound is enough",
    "Microsoft.Compute/virtualMachines/runCommands source.script": "run in each rehearsal",
}
"""Inputs of which one more character, or one more, is no mistake."""


@pytest.fixture(scope="module")
def stack() -> LoadedStack:
    """The example that says every setting."""
    return load_stack(PROGRAM, "every-setting")


@pytest.fixture(scope="module")
def deployed(stack: LoadedStack) -> Graph:
    return evaluate_stack(stack, preview=False).graph


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        yield path, value
    for step, inner in items:
        yield from _leaves(inner, (*path, step))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return Secret("another") if isinstance(value, Secret) else f"{value}x"


def _put(tree: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


def _is_found(graph: Graph, stack: LoadedStack) -> bool:
    view = View(graph, stack.settings)
    deployed = (rule for rule in RULES if not rule.id.startswith("FACT"))  # those ask the settings alone
    return any(True for rule in deployed for _ in rule.check(view))


def _kind(resource: Resource) -> str:
    """Return what has inputs of one meaning: those of AIO, and of secrets, differ by what each is for."""
    of_its_own = resource.arm_type.startswith(
        ("Microsoft.IoTOperations", "Microsoft.KubernetesConf", "Microsoft.Secret")
    )
    return f"{resource.arm_type} {re.sub('^(mill|office)-', '', resource.name)}" if of_its_own else resource.arm_type


@pytest.mark.timeout(300)  # some 20 seconds on an idle machine
def test_another_input_is_a_finding(stack: LoadedStack, deployed: Graph) -> None:
    seen, missed = set(), []
    for resource in [one for one in deployed.resources.values() if one.is_arm]:
        for path, value in _leaves(resource.inputs):
            where = ".".join("*" if isinstance(step, int) else step for step in path)
            if (_kind(resource), where) in seen or f"{resource.arm_type} {where}" in _UNJUDGED:
                continue
            seen.add((_kind(resource), where))
            inputs = copy.deepcopy(resource.inputs)
            _put(inputs, path, _other(value))
            changed = replace(
                deployed, resources={**deployed.resources, resource.urn: replace(resource, inputs=inputs)}
            )
            if not _is_found(changed, stack):
                missed.append(f"{resource.name} {where}: {value!r}")
    assert not missed, "no rule judges\n" + "\n".join(missed)


def test_another_output_is_a_finding(stack: LoadedStack, deployed: Graph) -> None:
    missed = []
    for path, value in _leaves(deployed.outputs):
        outputs = copy.deepcopy(deployed.outputs)
        _put(outputs, path, _other(value))
        if not _is_found(replace(deployed, outputs=outputs), stack):
            missed.append(f"{'.'.join(map(str, path))}: {value!r}")
    assert not missed, "no rule judges\n" + "\n".join(missed)
