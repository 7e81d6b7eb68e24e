"""Tools that are built: once, into a cache; where Go is missing, in a sentence. A required one is no skip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from semver import VersionInfo

from automation.deployment.workspace import OLDEST_CLI
from settings.releases import DEFAULT_RELEASE, RELEASES
from tests import real_tools
from tests.conftest import PROGRAM
from tools.build import TOOLS, NoGoError, main, provide

NAMES = sorted(TOOLS)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty; the cache is empty too."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def install(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def install_go(folder: Path, ending: int = 0) -> None:
    """A `go` that takes down its arguments, writes what `-o` names, and has every file of every module."""
    for file in (file for tool in TOOLS.values() for file in tool.files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("of the module", encoding="utf-8")
    install(
        folder / "go",
        f'if [ "$1" = list ]; then echo {folder}; exit; fi\n'
        f'echo "$*" >> {folder}/calls\n'
        'while [ "$1" != -o ]; do shift; done\n'
        f'echo "#!/bin/sh" > "$2"\n/bin/chmod +x "$2"\nexit {ending}',
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_built_once_with_its_pinned_version_and_linked(name: str, alone: Path, tmp_path: Path) -> None:
    install_go(alone)
    links, said = tmp_path / "links", list[str]()
    for _ in range(2):
        found = provide(name, said.append, links)
        assert found == links / name
        assert os.access(found.resolve(), os.X_OK)
        assert found.resolve().parent == tmp_path / "cache" / "edge-stamps" / f"{name}-{TOOLS[name].version[1:]}"
    (call,) = (alone / "calls").read_text().splitlines()
    variable = TOOLS[name].version_variable
    assert f"-s -w -X {variable}={TOOLS[name].version} " in call or not variable
    for file in TOOLS[name].files:
        assert found.resolve().with_name(Path(file).name).read_text(encoding="utf-8") == "of the module"
    assert "-mod=readonly" in call
    assert [line for line in said if "building" in line] == said[:1]


def test_a_tool_on_path_is_used_as_it_is(alone: Path, tmp_path: Path) -> None:
    install_go(alone)
    install(alone / "pulumi", "")
    assert provide("pulumi", lambda _: None, tmp_path / "links") == alone / "pulumi"
    assert not (alone / "calls").exists()
    assert not (tmp_path / "links").exists()


def test_the_kubectl_of_the_machine_is_not_taken_for_the_pinned_one(alone: Path, tmp_path: Path) -> None:
    install_go(alone)
    install(alone / "kubectl", "")
    built = provide("kubectl", lambda _: None, tmp_path / "links")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_tools, "LINKS", tmp_path / "links")
        assert real_tools.need("kubectl", "kubernetes") == built == tmp_path / "links" / "kubectl"


@pytest.mark.usefixtures("alone")
def test_without_go_the_message_says_what_to_install(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoGoError):
        provide("pulumi", lambda _: None)
    assert main(["pulumi"]) == 1
    assert (
        "Go is missing to build it. Next: install Go (https://go.dev/doc/install) or pulumi" in capfd.readouterr().err
    )


def test_what_could_not_be_built_is_no_tool(alone: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install_go(alone, ending=3)
    assert main(["pulumi"]) == 1
    assert "pulumi could not be built: go ended with 3" in capfd.readouterr().err
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []


def test_the_cli_is_no_older_than_the_sdk_and_than_what_the_program_asks_for() -> None:
    lock = (PROGRAM / "requirements.lock").read_text(encoding="utf-8")
    sdk = lock.partition("\npulumi==")[2].split()[0]
    version = VersionInfo.parse(TOOLS["pulumi"].version.removeprefix("v"))
    assert version >= max(VersionInfo.parse(sdk), OLDEST_CLI)


def test_the_api_server_is_of_the_minor_version_that_nodes_have() -> None:
    node = VersionInfo.parse(RELEASES[DEFAULT_RELEASE].k3s_version.removeprefix("v"))
    tested = VersionInfo.parse(TOOLS["kube-apiserver"].version.removeprefix("v"))
    assert (tested.major, tested.minor) == (node.major, node.minor)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("required", "outcome"),
    [("kubectl", pytest.skip.Exception), ("kubectl pulumi", pytest.fail.Exception)],
    ids=["not required", "required"],
)
def test_an_absent_tool_is_a_skip_that_says_so_unless_it_is_required(
    required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(real_tools.REQUIRED, required)
    with pytest.raises(outcome, match=r"pulumi is not on PATH: the real one was not exercised \(`make pulumi` builds"):
        real_tools.need("pulumi", "pulumi")


def test_a_built_tool_is_found_behind_path_and_by_children(alone: Path, tmp_path: Path) -> None:
    built = tmp_path / "tools"
    built.mkdir()
    install(built / "pulumi", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_tools, "LINKS", built)
        real_tools.offer_built_tools()
        assert real_tools.need("pulumi", "pulumi") == built / "pulumi"
        look = [sys.executable, "-c", "import shutil; print(shutil.which('pulumi'))"]
        child = subprocess.run(look, capture_output=True, text=True, check=True, timeout=60)
        assert child.stdout.strip() == str(built / "pulumi")
        install(alone / "pulumi", "")
        assert shutil.which("pulumi") == str(alone / "pulumi")
