"""A node whose only way out is a proxy: a script that forgets it for one tool does not come through."""

from __future__ import annotations

import pytest

from rehearsal.node.drills.run import DRILLS
from rehearsal.node.tools.outbound import choose_proxy, is_exception
from tests.rehearsal.node.test_drills import drill, with_script

WHAT = "its only way out is a proxy"
FORGETFUL = [
    ("setup-k3s", 'timeout 600 curl --fail', 'timeout 600 env -u HTTPS_PROXY -u https_proxy curl --fail', "curl"),
    ("setup-k3s", "try timeout 60 curl --head", "try timeout 60 env -u HTTPS_PROXY -u https_proxy curl --head",
     "curl's question"),
    ("setup-k3s", "timeout 600 az extension add", "timeout 600 env -u HTTPS_PROXY -u https_proxy az extension add",
     "az extension add"),
    ("setup-k3s", "Environment=HTTP_PROXY=$HTTP_PROXY HTTPS_PROXY=$HTTPS_PROXY NO_PROXY=$NO_PROXY", "", "K3s"),
    ("setup-k3s", 'Acquire::http::Proxy "$HTTP_PROXY";', "", "apt's timers"),
    ("connect-arc", "try timeout 60 az login", "try timeout 60 env -u HTTPS_PROXY -u https_proxy az login", "az login"),
    ("connect-arc", "unbroken 2700 az", "unbroken 2700 env -u HTTPS_PROXY -u https_proxy az",
     "az connectedk8s connect"),
    ("connect-arc", '--yes --output none "${proxy[@]}" ||', "--yes --output none ||", "Arc's agents"),
    ("connect-arc", "unbroken 600 az connectedk8s enable-features",
     "unbroken 600 env -u HTTPS_PROXY -u https_proxy az connectedk8s enable-features", "az enable-features"),
    ("connect-arc", 'no_proxy="$NO_PROXY"\n', 'no_proxy=; unset NO_PROXY\n', "the metadata service"),
]  # fmt: skip


def test_the_drill_is_there_for_each_script() -> None:
    assert {name for name, drills in DRILLS.items() for one in drills if one.what == WHAT} == {
        "setup-k3s",
        "connect-arc",
    }


@pytest.mark.parametrize(("script", "old", "new", "tool"), FORGETFUL, ids=[tool for *_, tool in FORGETFUL])
def test_a_script_that_forgets_the_proxy_for_one_tool_is_found(script: str, old: str, new: str, tool: str) -> None:
    def edit(text: str) -> str:
        assert text.count(old) == 1, tool
        return text.replace(old, new)

    assert [one.rule for one in drill(script, WHAT, with_script(script, edit))] == ["CLUSTER-38"]


@pytest.mark.parametrize(("environment", "small_only", "chosen"), [
    ({"HTTPS_PROXY": "p"}, False, "p"),
    ({"HTTPS_PROXY": "p"}, True, ""),
    ({"https_proxy": "q", "HTTPS_PROXY": "p"}, False, "q"),
    ({"http_proxy": "p"}, False, ""),
    ({"HTTPS_PROXY": "p", "NO_PROXY": ".example.com"}, False, ""),
    ({"https_proxy": "p", "NO_PROXY": ".example.com"}, True, "p"),
])  # fmt: skip
def test_which_proxy_a_tool_asks(environment: dict[str, str], small_only: bool, chosen: str) -> None:
    assert choose_proxy("https://a.example.com/", environment, small_only=small_only) == chosen


@pytest.mark.parametrize(("host", "is_one"), [
    ("10.43.0.1", True), ("10.44.0.1", False), ("a.svc", True), ("asvc", False), ("169.254.169.254", True),
])  # fmt: skip
def test_exceptions_are_names_domains_addresses_and_networks(host: str, is_one: bool) -> None:
    assert is_exception(host, "10.43.0.0/16, .svc,169.254.169.254") is is_one
