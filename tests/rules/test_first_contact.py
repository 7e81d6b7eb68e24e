"""What goes over SSH: each mistake of the program in it is a finding."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from arm.values import Secret
from graph.graph import Graph
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench

MACHINE = (
    f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant/providers"
    "/Microsoft.HybridCompute/machines/press-1"
)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
PLANT: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {
        "site": {
            "code": "a",
            "hosting": "arc-machine",
            "machine": {"resource_id": MACHINE, "ssh": {"host": "192.168.10.20", "host_key": KEY}},
            "node": {"address": "192.168.10.20", "proxy": {"https": "http://proxy.example.com:3128"}},
        },
        "enterprise": {},
    },
}
COMMAND = "site-enable-arc"


@pytest.fixture
def plant(recorded: Callable[..., Graph]) -> Workbench:
    return Workbench(copy.deepcopy(recorded(PLANT)), resolve(PLANT))


def _ssh_findings(bench: Workbench) -> list[str]:
    return [str(one) for one in bench.findings() if one.rule == "SSH-01"]


def test_a_machine_that_becomes_arc_enabled_is_in_order(plant: Workbench) -> None:
    assert [str(finding) for finding in plant.findings()] == []


def _connection(bench: Workbench) -> dict[str, Any]:
    found: Any = bench.get(COMMAND).inputs["connection"]
    return found.value if isinstance(found, Secret) else found  # type: ignore[no-any-return]


def _change_connection(key: str, value: Any) -> Callable[[Workbench], None]:
    return lambda bench: _connection(bench).__setitem__(key, value)


def _tell_in_clear(bench: Workbench) -> None:
    text = bench.get(COMMAND).inputs["stdin"]
    bench.set(COMMAND, "stdin", text.value)


def _export(bench: Workbench) -> None:
    text = bench.get(COMMAND).inputs["stdin"].value
    bench.set(COMMAND, "stdin", Secret(text.replace("\nACCESS_TOKEN", "\nexport ACCESS_TOKEN", 1)))


def _say_on_the_command_line(bench: Workbench) -> None:
    bench.set(COMMAND, "create", bench.get(COMMAND).inputs["create"].replace(" env ", " env ACCESS_TOKEN=eyJ "))


def _of_another_group(bench: Workbench) -> None:
    bench.set(COMMAND, "create", bench.get(COMMAND).inputs["create"].replace("rg-plant", "rg-other"))


def _in_pieces(bench: Workbench) -> None:
    text = bench.get(COMMAND).inputs["stdin"].value
    bench.set(COMMAND, "stdin", Secret(text.removeprefix("{\n")))


MISTAKES: dict[str, tuple[Callable[[Workbench], None], str]] = {
    "whoever answers is taken": (_change_connection("hostKey", None), "connection.hostKey: None"),
    "it goes to another host": (_change_connection("host", "192.168.10.99"), "connection.host"),
    "a dead machine is waited for": (_change_connection("dialErrorLimit", -1), "connection.dialErrorLimit"),
    "a key is handed over": (_change_connection("privateKey", "PEM"), "connection: privateKey"),
    "the token is no secret": (_tell_in_clear, "stdin: expected a secret"),
    "children of the shell get the token": (_export, "exports ACCESS_TOKEN"),
    "the token is on the command line": (_say_on_the_command_line, "parameter ACCESS_TOKEN"),
    "another machine is made": (_of_another_group, "parameter RESOURCE_GROUP"),
    "half a script would run": (_in_pieces, "one group of the shell"),
    "each token runs it anew": (lambda bench: bench.options(COMMAND, ignore_changes=[]), "ignore_changes: none"),
    "another machine is not enabled": (lambda bench: bench.set(COMMAND, "triggers", []), "triggers: []"),
    "it undoes at the end": (lambda bench: bench.set(COMMAND, "delete", "azcmagent disconnect"), "delete: expected"),
    "nothing is there": (lambda bench: bench.remove(COMMAND), "has 0 times"),
    "scripts do not wait": (lambda bench: bench.forget("site-setup-k3s", COMMAND), "does not wait for"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(plant: Workbench, mistake: str) -> None:
    make, said = MISTAKES[mistake]
    make(plant)
    assert any(said in finding for finding in _ssh_findings(plant)), _ssh_findings(plant)
