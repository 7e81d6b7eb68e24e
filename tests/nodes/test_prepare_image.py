"""nodes/prepare-image.sh against stand-ins, and nodes/setup-k3s.sh on what it leaves."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.nodes.node_stand_in import Node

_FETCHES = ("curl --fail", "apt-get", "az extension add", "az extension remove")
_IMAGES = "var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst"


@pytest.fixture
def parameters(node: Node) -> dict[str, str]:
    return {
        "K3S_VERSION": "v1.35.9+k3s1",
        "K3S_INSTALL_COMMIT": "c" * 40,
        "K3S_INSTALL_SHA256": hashlib.sha256((node.state / "install.sh").read_bytes()).hexdigest(),
        "AZURE_CLI_VERSION": "2.88.0",
        "CONNECTEDK8S_VERSION": "1.11.1",
    }


def prepare(node: Node, parameters: dict[str, str]) -> None:
    """Make a node from an image: what its machine left, beside what a first boot makes anew."""
    assert node.run("prepare-image", parameters).code == 0
    shutil.rmtree(node.root / "run")
    node.put(calls="")


def test_a_node_from_the_image_fetches_and_installs_nothing(node: Node, parameters: dict[str, str]) -> None:
    prepare(node, parameters)
    fact = node.run("setup-k3s", parameters).fact
    assert (fact["k3s"], fact["azure_cli"], fact["connectedk8s"]) == ("v1.35.9+k3s1", "2.88.0", "1.11.1")
    assert [node.called(one) for one in _FETCHES] == [0] * len(_FETCHES)
    assert node.called("installer v1.35.9+k3s1 skip=true") == 1


@pytest.mark.parametrize(
    ("older", "calls"),
    [
        ({"K3S_VERSION": "v1.33.1+k3s1"}, {"curl --fail": 2}),  # two minors: no cluster was ever of that version
        ({"K3S_VERSION": "v1.36.1+k3s1"}, {"curl --fail": 2}),  # a newer one, which has not run either
        ({"AZURE_CLI_VERSION": "2.87.0"}, {"curl --fail": 1, "apt-get": 2}),
        ({"CONNECTEDK8S_VERSION": "1.11.0"}, {"az extension add": 1, "az extension remove": 1}),
    ],
)
def test_what_an_image_has_otherwise_is_installed(
    node: Node, parameters: dict[str, str], older: dict[str, str], calls: dict[str, int]
) -> None:
    prepare(node, {**parameters, **older})
    fact = node.run("setup-k3s", parameters).fact
    assert (fact["k3s"], fact["azure_cli"], fact["connectedk8s"]) == ("v1.35.9+k3s1", "2.88.0", "1.11.1")
    assert {one: count for one in _FETCHES if (count := node.called(one))} == calls
    assert node.called("installer v1.35.9+k3s1") == 1


def test_an_installer_that_was_exchanged_in_the_image_does_not_run(node: Node, parameters: dict[str, str]) -> None:
    prepare(node, parameters)
    (node.root / "var/lib/edge-stamps/k3s-install.sh").write_text("#!/bin/sh\nexit 0\n")
    assert node.run("setup-k3s", parameters).code == 0
    assert node.called("installer v1.35.9+k3s1") == node.called("curl --fail") == 1


def test_an_image_brings_what_k3s_runs(node: Node, parameters: dict[str, str]) -> None:
    prepare(node, parameters)
    assert (node.root / _IMAGES).read_text() == "binary v1.35.9+k3s1\n"


def test_images_of_another_sum_are_no_part_of_it(node: Node, parameters: dict[str, str]) -> None:
    own = hashlib.sha256(b"binary v1.35.9+k3s1\n").hexdigest()
    node.put(sums=f"{own}  k3s\n{'0' * 64}  k3s-airgap-images-amd64.tar.zst\n")
    assert "k3s-airgap-images-amd64.tar.zst has SHA-256" in node.run("prepare-image", parameters).error
    assert not (node.root / _IMAGES).exists()
    assert node.called("waagent") == 0


@pytest.mark.parametrize("made", ["etc/rancher/node/password", "var/lib/rancher/k3s/server/token"])
def test_a_machine_on_which_k3s_has_run_is_no_image(node: Node, parameters: dict[str, str], made: str) -> None:
    (node.root / made).parent.mkdir(parents=True)
    (node.root / made).touch()
    assert "K3s has run on this machine" in node.run("prepare-image", parameters).error
    assert node.called("waagent") == node.called("cloud-init clean") == 0


def list_keys(root: Path) -> list[Path]:
    return [
        root / "etc/ssh/ssh_host_ed25519_key",
        root / "root/.ssh/authorized_keys",
        root / "root/.azure/msal_token_cache.json",
        root / "root/.azure/azureProfile.json",
        root / "var/lib/systemd/random-seed",
    ]


def test_nothing_is_left_by_which_two_nodes_would_be_alike(node: Node, parameters: dict[str, str]) -> None:
    for file in list_keys(node.root):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert node.run("prepare-image", parameters).fact["k3s"] == "v1.35.9+k3s1"
    assert [file for file in list_keys(node.root) if file.exists()] == []
    assert node.calls[-2:] == ["cloud-init clean --logs --machine-id", "waagent -deprovision+user -force"]
    assert (node.root / "root/.azure/cliextensions/connectedk8s").is_dir()
    assert node.called("installer") == node.called("systemctl") == 0


@pytest.mark.parametrize("tool", ["cloud-init", "waagent"])
def test_a_machine_that_keeps_something_is_no_image(node: Node, parameters: dict[str, str], tool: str) -> None:
    node.put_tool(tool, "#!/bin/sh\ncase $1 in status) ;; *) exit 1 ;; esac\n")
    assert "begin with a new VM" in node.run("prepare-image", parameters).error
