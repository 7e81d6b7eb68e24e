"""A stand-in is not confined: what a script has laid among its files leads it nowhere else, and does not hold it up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.node import disk
from rehearsal.node.tools import TOOLS
from rules.facts.node import K3S_INSTALL_COMMIT
from tests.rehearsal.node.tool_bench import ToolBench

KUBECONFIG = "etc/rancher/k3s/k3s.yaml"


@pytest.fixture
def node(tmp_path: Path) -> ToolBench:
    (tmp_path / "node").mkdir()
    return ToolBench(tmp_path / "node")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the machine that rehearses."""
    file = tmp_path / "outside"
    file.write_text("fs.file-max = 7\nURIs: secret\n")
    return file


def install(node: ToolBench, *words: str) -> None:
    """Install K3s, which is refused by the model, or fails to start as it cannot read its configuration."""
    try:
        assert node.call("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, *words).code == 1
    except ValueError as refused:
        assert "is not a file of the node" in str(refused)


@pytest.mark.parametrize("name", ["/../../outside", "/../new", "/etc/../../../new"])
def test_a_kubeconfig_is_written_below_the_root_only(name: str, node: ToolBench, outside: Path) -> None:
    install(node, "server", "--write-kubeconfig", name)
    assert outside.read_text().startswith("fs.")
    assert {one.name for one in outside.parent.iterdir()} == {"node", "outside"}


@pytest.mark.parametrize("place", [KUBECONFIG, "etc/systemd/system/k3s.service", "etc/rancher/k3s", "etc"])
def test_nothing_is_written_through_a_link(place: str, node: ToolBench, outside: Path) -> None:
    target = outside if "." in Path(place).name else outside.parent
    (node.root / place).parent.mkdir(parents=True, exist_ok=True)
    (node.root / place).symlink_to(target)
    before = sorted(outside.parent.iterdir())
    install(node, "server")
    assert outside.read_text().startswith("fs.")
    assert sorted(outside.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("etc/sysctl.d/1.conf", ("sysctl", "--system")),
        ("etc/apt/sources.list.d/1.sources", ("apt-get", "update")),
        ("etc/systemd/system/1.service.d/1.conf", ("systemctl", "daemon-reload")),
    ],
)
def test_nothing_is_read_through_a_link(place: str, words: tuple[str, ...], node: ToolBench, outside: Path) -> None:
    if words[0] == "systemctl":
        node.put("etc/systemd/system/1.service", "")
    node.put(place, "").unlink()
    (node.root / place).symlink_to(outside)
    with pytest.raises(ValueError, match="is not a file of the node"):
        node.call(*words)


def test_a_link_within_the_node_is_followed(node: ToolBench) -> None:
    node.put("usr/limits", "fs.file-max = 7\n")
    node.put("etc/sysctl.d/0.conf", "")
    (node.root / "etc/sysctl.d/1.conf").symlink_to("../../usr/limits")
    node.succeed("sysctl", "--system")
    assert node.facts["sysctl"] == {"fs.file-max": 7}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("does", [disk.NodeFile.read_bytes, lambda file: file.write_text("x")], ids=["read", "write"])
def test_a_pipe_does_not_hold_it_up(does: Callable[[disk.NodeFile], object], node: ToolBench) -> None:
    os.mkfifo(node.root / "pipe")
    with pytest.raises(ValueError, match=r"is not a regular file|cannot be opened"):
        does(node.machine.file("/pipe"))


def test_what_is_exchanged_after_the_look_is_refused(node: ToolBench, outside: Path) -> None:
    found = node.machine.file(str(node.put("etc/x", "").relative_to(node.root)))
    (node.root / "etc").rename(node.root / "etc2")
    (node.root / "etc").symlink_to(outside.parent)
    (outside.parent / "x").write_text("secret")
    with pytest.raises(ValueError, match="cannot be opened"):
        found.read_text()


def test_a_large_file_is_not_read(node: ToolBench) -> None:
    with (node.root / "large").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="is too large"):
        node.machine.file("large").read_bytes()


def test_other_commands_of_k3s_make_no_unit(node: ToolBench) -> None:
    with pytest.raises(ValueError, match="the model knows the commands server and agent"):
        node.call("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "../../x")
    assert not (node.root / "etc/systemd").exists()


def test_every_stand_in_opens_files_by_the_machine() -> None:
    modules = {Path(__import__(tool.__module__, fromlist=["x"]).__file__ or "") for tool in TOOLS.values()}
    folder = next(iter(modules)).parent
    for module in sorted(folder.glob("*.py")):
        text = module.read_text(encoding="utf-8")
        assert not [word for word in ("machine.root /", "machine.work", "open(", ".root.joinpath") if word in text], (
            module
        )
