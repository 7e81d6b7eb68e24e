"""The parts that compute, and the edge."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from automation.check import Diagnosis
from automation.doctor import tools
from automation.doctor.capacity import check_sizes, count_vcpus, find_restriction, find_zones
from automation.doctor.context import Context
from automation.doctor.providers import Offer, ResourceProvider, find_offer, is_offered_in
from automation.doctor.requests import Request
from automation.doctor.rights import fold_actions, is_granted, list_actions
from automation.doctor.tools import Answer, NoAnswerError, Tools, run_tool
from automation.scrubbing import strip_credentials
from tests.conftest import TWO_CLUSTERS, resolve

# Rights


@pytest.mark.parametrize(
    ("action", "pattern", "fits"),
    [
        ("Microsoft.Network/virtualNetworks/write", "*", True),
        ("Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/*/action", True),
        ("microsoft.network/VIRTUALNETWORKS/write", "Microsoft.Network/virtualNetworks/write", True),
        ("Microsoft.Network/virtualNetworks/write", "*/read", False),
        ("Microsoft.NetworkX/virtualNetworks/write", "Microsoft.Network/*", False),
        ("Microsoft.Network/virtualNetworks/subnets/write", "Microsoft.Network/virtualNetworks/write", False),
        ("MicrosoftXNetwork/virtualNetworks/write", "Microsoft.Network/virtualNetworks/write", False),
    ],
)
def test_wildcards_of_actions(action: str, pattern: str, fits: bool) -> None:
    assert is_granted(action, [{"actions": [pattern], "notActions": []}]) is fits


def test_what_one_entry_takes_away_another_one_may_grant() -> None:
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    access = {"actions": ["Microsoft.Authorization/*"], "notActions": None}
    action = "Microsoft.Authorization/roleAssignments/write"

    assert not is_granted(action, [contributor])
    assert is_granted(action, [contributor, access])


def test_actions_follow_from_the_requests() -> None:
    requests = [
        Request("Microsoft.Resources/resourceGroups", "", "", True),
        Request("Microsoft.KeyVault/vaults/secrets", "", "", False),
        Request("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "", "", True),
    ]

    assert set(list_actions(requests)) == {
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
        "Microsoft.Resources/subscriptions/resourceGroups/delete",
        "Microsoft.KeyVault/vaults/secrets/read",
        "Microsoft.KeyVault/vaults/secrets/write",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
        "Microsoft.Network/virtualNetworks/peer/action",
    }


def test_actions_are_folded_by_their_path() -> None:
    assert fold_actions(["a/b/read", "a/b/write", "a/c/read"]) == ["a/b/{read,write}", "a/c/read"]


# Providers

_OFFERS = {
    "microsoft.network/virtualnetworks": Offer(frozenset({"2024-05-01"}), frozenset({"eastus2"})),
    "microsoft.network/dnszones": Offer(frozenset(), frozenset()),
}
_PROVIDERS = {"microsoft.network": ResourceProvider(True, "Registered", _OFFERS)}


def test_a_nested_type_that_is_not_listed_is_as_the_one_above() -> None:
    assert (
        find_offer(_PROVIDERS, "Microsoft.Network/virtualNetworks/subnets")
        is _OFFERS["microsoft.network/virtualnetworks"]
    )
    assert find_offer(_PROVIDERS, "Microsoft.Network/natGateways") is None
    assert find_offer(_PROVIDERS, "Microsoft.Other/things") is None


@pytest.mark.parametrize(
    ("kind", "region", "is_carried"),
    [("virtualNetworks", "eastus2", True), ("virtualNetworks", "westus", False), ("dnsZones", "westus", True)],
)
def test_regions_of_a_type(kind: str, region: str, is_carried: bool) -> None:
    assert is_offered_in(_PROVIDERS, f"Microsoft.Network/{kind}", region) is is_carried


# Sizes and quotas

_ZONE_2_REFUSED = {"type": "Zone", "reasonCode": "NotAvailableForSubscription", "restrictionInfo": {"zones": ["2"]}}
_SKU = {
    "locationInfo": [{"location": "EastUS2", "zones": ["1", "2"]}],
    "restrictions": [_ZONE_2_REFUSED],
    "capabilities": [{"name": "vCPUs", "value": "8"}],
    "family": "StandardDsv6Family",
}


def test_zones_are_those_offered_and_not_refused() -> None:
    assert find_zones(_SKU, "eastus2") == {"1"}
    assert find_zones(_SKU, "westus") == set()


def test_a_size_is_judged_in_its_place() -> None:
    elsewhere = {"type": "Location", "reasonCode": "QuotaId", "values": ["westus"]}

    assert find_restriction(_SKU, "eastus2", "1") == ""
    assert find_restriction(_SKU, "eastus2", None) == ""
    assert find_restriction(_SKU, "eastus2", "2") == "is not offered"
    assert find_restriction({**_SKU, "restrictions": [elsewhere]}, "eastus2", None) == ""
    assert find_restriction({**_SKU, "restrictions": [elsewhere]}, "West US", None) == "may not be used (QuotaId)"
    assert find_restriction(None, "eastus2", None) == "is not offered"


def test_clusters_of_one_family_share_its_quota() -> None:
    nodes = [cluster.node for cluster in resolve(TWO_CLUSTERS).clusters.values() if cluster.node]

    assert count_vcpus(nodes, {"Standard_D8s_v6": _SKU}) == {"cores": 16, "StandardDsv6Family": 16}
    assert not count_vcpus(nodes, {})


def test_a_stack_that_makes_no_node_asks_for_no_size() -> None:
    found = resolve(TWO_CLUSTERS)
    clusters = {name: replace(cluster, node=None) for name, cluster in found.clusters.items()}
    context = SimpleNamespace(settings=replace(found, clusters=clusters))

    assert check_sizes(cast("Context", context)) == Diagnosis("ok", "the stack makes no node")


# The edge


def test_a_tool_that_never_ends_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As az is: a script around the program that hangs, which inherits what the script writes to.
    _script(tmp_path / "slow", f"#!/bin/sh\n{sys.executable} -SE -c 'import time; time.sleep(20)'\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(tools, "SECONDS", 0.3)
    began = time.monotonic()

    assert "no answer within 0.3 s" in run_tool(["slow"], tmp_path).reason
    assert time.monotonic() - began < 10


def test_a_tool_cannot_ask_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(tmp_path / "asking", "#!/bin/sh\nread answer || echo no terminal\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    before, (reading, writing) = os.dup(0), os.pipe()
    os.write(writing, b"yes\n")
    os.dup2(reading, 0)  # somebody who would answer
    try:
        assert run_tool(["asking"], tmp_path) == Answer(0, "no terminal\n")
    finally:
        os.dup2(before, 0)
        for one in (before, reading, writing):
            os.close(one)


def test_a_tool_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(tmp_path / "broken", "#!/no/such/interpreter\n")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "cannot be run" in run_tool(["broken"], tmp_path).reason
    assert run_tool(["absent"], tmp_path).absent


def _script(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: old\nERROR: (Code) Text\nCode: Code\n", "(Code) Text"),
        ("error: no stack\n", "no stack"),
        ("plain\n", "plain"),
        ("", "exit code 1 and no word"),
    ],
)
def test_the_reason_is_the_line_of_the_error(stderr: str, reason: str) -> None:
    assert Answer(1, stderr=stderr).reason == reason


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("open postgres://user:hunter2@h/db: refused", "open postgres://h/db: refused"),
        ("open postgres://user:hun/ter2@h/db", "open postgres://h/db"),
        ("open postgres://user:hun?t@er2@h/db", "open postgres://h/db"),
        ("open s3://bucket?awskey=hunter2&x=y now", "open s3://bucket now"),
        ("open user:hunter2@h now", "open h now"),
        ('parse "user:hunter2@h"', 'parse h"'),
        ("engineer@example.com may not: Microsoft.Network", "engineer@example.com may not: Microsoft.Network"),
        ("azblob://state at https://example.com/a", "azblob://state at https://example.com/a"),
    ],
)
def test_nothing_of_credentials_is_shown(said: str, shown: str) -> None:
    assert strip_credentials(said) == shown
    assert Answer(1, stderr=f"error: {said}\n").reason == shown


def test_a_password_that_the_longest_reason_would_cut_is_not_shown() -> None:
    assert "hunter2" not in Answer(1, stderr="x" * 376 + " postgres://user:hunter2@h/db").reason


def test_a_reason_holds_no_control_characters() -> None:
    assert Answer(1, stderr="error: a\x1b[2Kb\x9bc\u202ed\n").reason == "a [2Kb c d"


def test_a_question_is_put_once(tmp_path: Path) -> None:
    asked: list[object] = []

    def run(command: object, _: Path) -> Answer:
        asked.append(command)
        return Answer(0, "{}")

    questions = Tools(run, tmp_path)
    assert questions.az("version") == questions.az("version") == {}
    assert len(asked) == 1


def test_an_endless_list_is_left(tmp_path: Path) -> None:
    questions = Tools(
        lambda *_: Answer(0, '{"value": [1], "nextLink": "https://management.azure.com/again"}'), tmp_path
    )

    with pytest.raises(NoAnswerError, match="more than 20 pages"):
        questions.az_pages("/subscriptions/x/providers")


@pytest.mark.parametrize("following", ["https://MANAGEMENT.azure.com:443/next", "/next"])
def test_the_next_page_of_the_same_host_is_read(tmp_path: Path, following: str) -> None:
    assert _pages(tmp_path, following).az_pages("/first") == [1, 2]


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example.com/next",
        "https://management.azure.com@evil.example.com/next",
        "https://management.azure.com.evil.example.com/next",
        "https://management.azure.com:8443/next",
        "http://management.azure.com/next",
        "//evil.example.com/next",
        "next",
    ],
)
def test_the_next_page_is_not_followed_elsewhere(tmp_path: Path, following: str) -> None:
    with pytest.raises(ValueError, match=re.escape(following)):
        _pages(tmp_path, following).az_pages("/first")


def _pages(folder: Path, following: str) -> Tools:
    pages = {"/first": {"value": [1], "nextLink": following}, following: {"value": [2]}}
    return Tools(lambda command, _: Answer(0, json.dumps(pages[command[5]])), folder)
