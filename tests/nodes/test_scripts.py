"""What holds for every node script: its text, its parameters, its lock."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import nodes
from settings.releases import NODE_TOOLS, RELEASES
from tests.nodes.node_stand_in import Node

SCRIPTS = [*nodes.NAMES, *nodes.QUESTIONS, *nodes.BY_HAND, nodes.ENABLE_ARC]
FILES = ["lib", "software", "with-kubeconfig", *SCRIPTS]
DIRECTORY = Path(nodes.__file__).parent

SOFTWARE = {"K3S_VERSION", "K3S_INSTALL_COMMIT", "K3S_INSTALL_SHA256", "AZURE_CLI_VERSION", "CONNECTEDK8S_VERSION"}
PARAMETERS = {
    "setup-k3s": SOFTWARE,
    "prepare-image": SOFTWARE,
    "connect-arc": {
        "CLUSTER_NAME", "RESOURCE_GROUP", "SUBSCRIPTION_ID", "TENANT_ID", "LOCATION",
        "CUSTOM_LOCATIONS_OBJECT_ID",
    },
    "enable-arc": {
        "SUBSCRIPTION_ID", "RESOURCE_GROUP", "MACHINE_NAME", "LOCATION", "TENANT_ID", "AGENT_VERSION", "ACCESS_TOKEN",
    },
    "check-cluster": {
        "SUBSCRIPTION_ID", "RESOURCE_GROUP", "CLUSTER_NAME", "ISSUER", "CUSTOM_LOCATIONS_OBJECT_ID",
    },
    "apply-objects": {"OBJECTS", "OBJECT_SET"},
    "await-secrets": {"EXPECTED", "NAMESPACE", "WAIT_SECONDS"},
    "probe-links": {"LINKS", "NAMESPACE", "WAIT_SECONDS"},
    "settle-dataflows": {"ENDPOINT", "SECRET", "TRUST", "PROFILE", "NAMESPACE", "WAIT_SECONDS"},
    "verify": {"NAMESPACE"},
    "exchange-messages": {"ROLE", "NAMESPACE", "CLIENT_ID", "MESSAGES"},
    "describe": {"NAMESPACES"},
}  # fmt: skip


def shellcheck(*arguments: str, cwd: Path) -> None:
    program = Path(sys.executable).parent / "shellcheck"
    assert program.exists(), f"{program} is missing. Next: make setup"
    result = subprocess.run([program, "-S", "style", *arguments], capture_output=True, text=True, cwd=cwd)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", FILES)
def test_shellcheck_finds_nothing(name: str) -> None:
    shellcheck("-x", f"{name}.sh", cwd=DIRECTORY)


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_for_run_command_is_whole(name: str, tmp_path: Path) -> None:
    text = nodes.load_script(name)
    assert text == nodes.load_script(name)
    assert text.startswith("#!/usr/bin/env bash\n") and "\r" not in text
    assert "\nset -euo pipefail\n" in text and "\nfail() {" in text and 'lib.sh"\n' not in text
    assert len(text.encode()) < nodes.MAX_BYTES
    (tmp_path / "script.sh").write_text(text)
    subprocess.run(["bash", "-n", str(tmp_path / "script.sh")], check=True)
    shellcheck("script.sh", cwd=tmp_path)


def test_every_file_is_a_known_script() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.sh")} == set(FILES)


def test_unknown_script_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'setup'.*setup-k3s"):
        nodes.load_script("setup")


def test_text_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="Run Command takes 1000"):
        nodes.load_script("setup-k3s")


def test_pinned_versions_have_the_form_that_the_scripts_take() -> None:
    tools = NODE_TOOLS
    for release in RELEASES.values():
        assert re.fullmatch(r"v1\.3\d\.\d+\+k3s\d+", release.k3s_version)
    assert re.fullmatch(r"[0-9a-f]{40}", tools.k3s_install_commit)
    assert re.fullmatch(r"[0-9a-f]{64}", tools.k3s_install_sha256)
    assert re.fullmatch(r"\d+\.\d+\.\d+", tools.azure_cli_version)
    assert re.fullmatch(r"\d+\.\d+\.\d+", tools.connectedk8s_version)


@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_waits_without_bound(name: str) -> None:
    """az, curl, apt-get, systemctl and kubectl are called under `timeout` or by `kube`; loops end."""
    text = nodes.load_script(name).replace("\\\n", " ")
    code = re.sub(r"(?:^|\s)#.*|\"[^\"\n]*\"", "", text, flags=re.M)  # neither comments nor messages
    assert "kubectl" in code
    tool = re.compile(r"(\S+ \S+ )(?<![-/\w])(?:az|curl|apt-get|systemctl|kubectl|helm) ")
    unbounded = [match[0] for match in tool.finditer(code) if not re.match(r"(?:timeout|unbroken) \d+ ", match[1])]
    assert unbounded == []
    assert len(re.findall(r"^\s*until ", text, re.M)) == 1  # wait_for
    assert "while true" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_ends_with_its_fact_line_or_with_an_error(name: str) -> None:
    """No way out between: whoever reads the output finds one JSON line, or an exit code that is not 0."""
    lines = (DIRECTORY / f"{name}.sh").read_text().splitlines()
    shell = re.sub(r"<<'?END'?.*?\nEND\n", "\n", "\n".join(lines) + "\n", flags=re.DOTALL)  # no Python
    assert lines[-1].startswith("fact ")
    assert len(re.findall(r"^\s*fact ", shell, re.M)) == 1
    assert not re.search(r"^\s*exit\b|[;&|] *exit\b", shell, re.M)


def wait_in_vain(node: Node, machine_id: str) -> list[int]:
    """Return the pauses of a script whose API server never answers."""
    (node.root / "etc/machine-id").write_text(machine_id * 32 + "\n")
    node.put(calls="", clock="1000000", **{"fail-kubectl": "no answer"})
    assert "no answer" in node.run("await-secrets", {"EXPECTED": "W10=", "NAMESPACE": "n", "WAIT_SECONDS": "900"}).error
    return node.pauses


def test_pauses_grow_and_differ_by_machine(node: Node) -> None:
    pauses = wait_in_vain(node, "1")
    least = [3, 6, 12, *[15] * (len(pauses) - 4)]
    assert len(pauses) > 6
    assert all(0 <= pause - low <= 2 for pause, low in zip(pauses, least, strict=False))
    assert wait_in_vain(node, "1") == pauses
    assert wait_in_vain(node, "2") != pauses


def test_a_command_that_does_not_end_at_sigterm_is_killed(tmp_path: Path) -> None:
    """timeout(1): without --kill-after it waits for such a command for ever, and the bound is none."""
    text = (DIRECTORY / "lib.sh").read_text().replace("--kill-after=10", "--kill-after=0.2")
    (tmp_path / "script.sh").write_text(f"{text}timeout 2 sh -c 'trap : TERM; sleep 9 & wait; sleep 9'\n")
    environment = {"PATH": "/usr/bin:/bin", "ROOT_DIR": str(tmp_path)}
    run = subprocess.run(["bash", "script.sh"], env=environment, cwd=tmp_path, capture_output=True, timeout=9)
    assert run.returncode == 137


@pytest.mark.parametrize(("name", "missing"), [(name, key) for name in SCRIPTS for key in sorted(PARAMETERS[name])])
def test_empty_parameter_is_named(node: Node, name: str, missing: str) -> None:
    run = node.run(name, {key: "" if key == missing else "1" for key in PARAMETERS[name]})
    assert f"parameter {missing} is not set" in run.error and "Next:" in run.error
    assert node.calls == []


@pytest.mark.parametrize("name", ["setup-k3s", "prepare-image", "connect-arc", "apply-objects"])
def test_second_run_waits_for_the_lock_then_says_so(node: Node, name: str) -> None:
    lock = "objects-1" if name == "apply-objects" else "node"
    path = node.root / f"run/edge-stamps/{lock}.lock"
    path.parent.mkdir(parents=True)
    holder = subprocess.Popen(["flock", str(path), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdin and holder.stdout
        holder.stdin.write(b"x")
        holder.stdin.flush()
        assert holder.stdout.read(1) == b"x"  # so the lock is held
        run = node.run(name, dict.fromkeys(PARAMETERS[name], "1"))
    finally:
        holder.communicate()
    assert str(path) in run.error and "no other run" in run.error
    assert node.has_waited(2800 if lock == "node" else 600)
    assert not [call for call in node.calls if call.startswith(("az", "kubectl", "apt-get", "systemctl"))]
