"""What the scripts contact, as the stand-ins of a node's tools note it, is let out by the list for the firewall.

What a tool contacts by itself no stand-in shows: that is a table here, by command, from the tool's source.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import pytest

from settings.egress import list_egress
from tests.conftest import TWO_CLUSTERS, resolve
from tests.nodes.node_stand_in import Node
from tests.nodes.test_connect_arc import PARAMETERS

_METADATA, _ENTRA, _ARM = "169.254.169.254:80", "login.microsoftonline.com:443", "management.azure.com:443"
_INDEX = ("aka.ms:443", "azcliextensionsync.blob.core.windows.net:443")
_HELM = ("mcr.microsoft.com:443", "eastus.data.mcr.microsoft.com:443")
_KUBECTL = ("dl.k8s.io:443", "cdn.dl.k8s.io:443", "api.github.com:443", "github.com:443")
_KUBELOGIN = ("release-assets.githubusercontent.com:443",)
_CONFIGURATION = "eastus2.dp.kubernetesconfiguration.azure.com:443"

CONTACTS: Mapping[str, tuple[str, ...]] = {
    "apt-get": ("azure.archive.ubuntu.com:80", "packages.microsoft.com:443"),
    "az login": (_METADATA, _ENTRA, _ARM),
    "az account": (),  # of what login has found
    "az extension show": (),
    "az extension remove": (),
    "az extension add": (*_INDEX, "azcliprod.blob.core.windows.net:443"),
    "az connectedk8s show": (_METADATA, _ARM),
    "az connectedk8s delete": (_METADATA, _ARM, *_HELM, *_KUBECTL),
    "az connectedk8s connect": (
        _METADATA, _ENTRA, _ARM, "graph.microsoft.com:443", _CONFIGURATION, *_HELM, *_KUBECTL, *_KUBELOGIN,
    ),
    "az connectedk8s enable-features": (_METADATA, _ARM, "graph.microsoft.com:443", _CONFIGURATION, *_HELM, *_KUBECTL),
    "az-python -m pip download": ("pypi.org:443", "files.pythonhosted.org:443"),
    "installer": ("github.com:443", "release-assets.githubusercontent.com:443"),
}  # fmt: skip
"""Beginning of a command line -> what it contacts. A command that is not here has to be looked up.

Azure/azure-cli, _index.py and acs/custom.py; AzureArcForKubernetes/connectedk8s, custom.py; k3s-io/k3s, install.sh
(read 2026-11-29)."""
_ASKS_NOBODY = frozenset(
    {
        "date",
        "sleep",
        "cloud-init",
        "sysctl",
        "dpkg",
        "dpkg-query",
        "apt-mark",
        "gpg",
        "iptables",
        "k3s",
        "systemctl",
        "systemd-run",
    }
)
"""Tools that stay on the node; kubectl asks its own API server."""


@pytest.fixture(scope="module")
def let_out() -> list[str]:
    settings = resolve(TWO_CLUSTERS)
    return [f"{row.host}:{row.port}" for row in list_egress(settings, settings.clusters["site"])]


def list_contacts(node: Node) -> Iterator[str]:
    for call in node.calls:
        tool = call.partition(" ")[0]
        if tool in _ASKS_NOBODY or tool == "kubectl":
            continue
        if tool == "curl":
            yield from (f"{host}:443" for host in re.findall(r"https://([^/\s]+)", call))
            continue
        known = [hosts for command, hosts in CONTACTS.items() if f"{call} ".startswith(f"{command} ")]
        assert known, f"what does `{call}` contact? Look it up in its source, and add it to CONTACTS"
        yield from known[0]


def find_shut_in(contacts: Iterator[str], let_out: list[str]) -> list[str]:
    return sorted({one for one in contacts if not any(fnmatchcase(one, pattern) for pattern in let_out)})


def test_setting_a_node_up_contacts_only_what_is_listed(node: Node, let_out: list[str]) -> None:
    installer = (node.state / "install.sh").read_bytes()
    node.run("setup-k3s", {
        "K3S_VERSION": "v1.35.9+k3s1", "K3S_INSTALL_COMMIT": "c" * 40,
        "K3S_INSTALL_SHA256": hashlib.sha256(installer).hexdigest(),
        "AZURE_CLI_VERSION": "2.88.0", "CONNECTEDK8S_VERSION": "1.11.1",
    })  # fmt: skip
    called = {call.partition(" ")[0] for call in node.calls}
    assert {"curl", "apt-get", "az", "installer"} <= called
    assert find_shut_in(list_contacts(node), let_out) == []


def test_archives_that_a_script_adds_are_listed(node: Node, let_out: list[str]) -> None:
    test_setting_a_node_up_contacts_only_what_is_listed(node, let_out)
    sources = [file.read_text() for file in (node.root / "etc/apt/sources.list.d").iterdir()]
    hosts = [f"{host}:443" for text in sources for host in re.findall(r"^URIs: https://([^/\s]+)", text, re.M)]
    assert hosts
    assert find_shut_in(iter(hosts), let_out) == []


@pytest.mark.parametrize("left_over", [False, True])
def test_connecting_contacts_only_what_is_listed(node: Node, let_out: list[str], left_over: bool) -> None:
    if left_over:
        node.put(resource="edge_stamps_machine=another\n")
    node.run("connect-arc", PARAMETERS)
    assert node.called("az connectedk8s delete") == left_over
    assert node.called("az connectedk8s connect") == 1
    assert find_shut_in(list_contacts(node), let_out) == []
