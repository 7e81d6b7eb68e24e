"""nodes/setup-k3s.sh against stand-ins."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.nodes.node_stand_in import Node

CONFIG = "etc/rancher/k3s/config.yaml.d/10-edge-stamps.yaml"
AUDIT_POLICY = "etc/rancher/k3s/edge-stamps-audit-policy.yaml"


@pytest.fixture
def parameters(node: Node) -> dict[str, str]:
    return {
        "K3S_VERSION": "v1.35.9+k3s1",
        "K3S_INSTALL_COMMIT": "c" * 40,
        "K3S_INSTALL_SHA256": hashlib.sha256((node.state / "install.sh").read_bytes()).hexdigest(),
        "AZURE_CLI_VERSION": "2.88.0",
        "CONNECTEDK8S_VERSION": "1.11.1",
    }


def sum_of(version: str) -> str:
    """Of the binary that the stand-in of curl brings."""
    return hashlib.sha256(f"binary {version}\n".encode()).hexdigest()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_fresh_node(node: Node, parameters: dict[str, str]) -> None:
    fact = node.run("setup-k3s", parameters).fact
    assert fact == {
        "k3s": "v1.35.9+k3s1",
        "k3s_sha256": sum_of("v1.35.9+k3s1"),
        "azure_cli": "2.88.0",
        "connectedk8s": "1.11.1",
    }
    assert (node.root / CONFIG).read_text() == (
        'write-kubeconfig-mode: "0600"\nsecrets-encryption: true\ndisable:\n  - traefik\n'
        "kube-apiserver-arg:\n"
        "  - audit-policy-file=/etc/rancher/k3s/edge-stamps-audit-policy.yaml\n"
        "  - audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log\n"
        "  - audit-log-maxage=30\n  - audit-log-maxbackup=10\n  - audit-log-maxsize=100\n"
    )
    assert mode(node.root / CONFIG) == mode(node.root / AUDIT_POLICY) == 0o600
    assert "installer v1.35.9+k3s1 skip=true force=true server" in node.calls
    assert (node.state / "azure-cli").read_text() == "2.88.0-1~noble"
    source = (node.root / "etc/apt/sources.list.d/edge-stamps-azure-cli.sources").read_text()
    assert "Suites: noble\n" in source and "Signed-By: /etc/apt/keyrings/edge-stamps-microsoft.asc\n" in source
    assert mode(node.root / "etc/apt/keyrings/edge-stamps-microsoft.asc") == 0o644
    download = next(call for call in node.calls if call.startswith("curl") and "install.sh" in call)
    assert f"https://raw.githubusercontent.com/k3s-io/k3s/{'c' * 40}/install.sh" in download


def test_second_run_installs_and_restarts_nothing(node: Node, parameters: dict[str, str]) -> None:
    first = node.run("setup-k3s", parameters)
    node.put(calls="")
    assert node.run("setup-k3s", parameters).fact == first.fact
    for call in ("installer", "curl --fail", "apt-get", "systemctl restart", "az extension add", "az extension remove"):
        assert node.called(call) == 0, call
    assert len((node.state / "iptables").read_text().splitlines()) == 2


def test_limits_are_raised_never_lowered(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", parameters)
    assert (node.root / "etc/sysctl.d/90-edge-stamps.conf").read_text().splitlines() == [
        "fs.inotify.max_user_instances = 8192",
        "fs.inotify.max_user_watches = 1048576",
        "fs.file-max = 9223372036854775807",
    ]


def test_pods_are_kept_from_metadata_before_k3s_starts(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", parameters)
    rules = (node.state / "iptables").read_text()
    assert "-t mangle FORWARD -s 10.42.0.0/16 -d 169.254.169.254/32 -j DROP" in rules
    assert "-t mangle FORWARD -s 10.42.0.0/16 -d 168.63.129.16/32 -p tcp -m multiport --dports 80,32526 -j" in rules
    drop_in = (node.root / "etc/systemd/system/k3s.service.d/10-edge-stamps.conf").read_text()
    assert "ExecStartPre=/usr/local/sbin/edge-stamps-block-metadata\n" in drop_in
    assert mode(node.root / "usr/local/sbin/edge-stamps-block-metadata") == 0o755
    calls = node.calls
    installed = next(number for number, call in enumerate(calls) if call.startswith("installer"))
    assert any(call.startswith("iptables") for call in calls[:installed])


def test_installer_with_another_checksum_does_not_run(node: Node, parameters: dict[str, str]) -> None:
    error = node.run("setup-k3s", {**parameters, "K3S_INSTALL_SHA256": "0" * 64}).error
    assert parameters["K3S_INSTALL_SHA256"] in error and f"Expected: {'0' * 64}" in error
    assert node.called("installer") == 0


SUM, OTHER_SUM = sum_of("v1.35.9+k3s1"), sum_of("v1.35.8+k3s1")


@pytest.mark.parametrize(
    ("pinned", "published", "expected"),
    [
        ("", f"{SUM}  k3s", ""),
        (SUM, f"{SUM}  k3s", ""),
        (SUM, "nothing of use", ""),  # whoever pins does not ask the place that it comes from
        (OTHER_SUM, f"{SUM}  k3s", OTHER_SUM),
        (f"{SUM[:-1]}x", f"{SUM}  k3s", f"{SUM[:-1]}x"),
        ("", f"{OTHER_SUM}  k3s", OTHER_SUM),
        ("", f"{SUM}  k3s-airgap-images-amd64.tar", "one in sha256sum-amd64.txt"),
    ],
)
def test_another_binary_is_not_installed(
    node: Node, parameters: dict[str, str], pinned: str, published: str, expected: str
) -> None:
    node.put(sums=f"{published}\n")
    run = node.run("setup-k3s", {**parameters, "K3S_SHA256": pinned})
    assert (run.code == 0) == (not expected) == (node.root / "usr/local/bin/k3s").exists()
    assert not expected or f"/k3s has SHA-256 {SUM}. Expected: {expected}" in run.error
    assert node.called("installer") == (not expected)
    assert any("/sha256sum-" in call for call in node.calls) == (not pinned)


def test_a_binary_that_was_exchanged_is_found(node: Node, parameters: dict[str, str]) -> None:
    pinned = {**parameters, "K3S_SHA256": sum_of("v1.35.9+k3s1")}
    assert node.run("setup-k3s", pinned).code == 0
    (node.root / "usr/local/bin/k3s").write_text("binary v1.35.9+k3s1 \n")
    error = node.run("setup-k3s", pinned).error
    assert "K3s v1.35.9+k3s1 is installed, and its SHA-256 is" in error and pinned["K3S_SHA256"] in error


def test_an_upgrade_that_was_cut_off_restarts_k3s(node: Node, parameters: dict[str, str]) -> None:
    """The binary is the new one, and what runs is the old one still."""
    node.run("setup-k3s", {**parameters, "K3S_VERSION": "v1.35.8+k3s1"})
    node.put(**{"fail-installer": ""})
    assert "the installer of K3s v1.35.9+k3s1 failed twice" in node.run("setup-k3s", parameters).error
    (node.state / "fail-installer").unlink()
    node.put(calls="")
    assert node.run("setup-k3s", parameters).code == 0
    assert node.called("systemctl restart k3s") == 1


def test_a_failure_says_how_the_script_runs_again(node: Node, parameters: dict[str, str]) -> None:
    again = "pulumi up --replace 'urn:pulumi:dev::p::a:b:C$random:index/randomId:RandomId::site-script-run'"
    error = node.run("setup-k3s", {**parameters, "RUN_AGAIN": again, "K3S_INSTALL_SHA256": "0" * 64}).error
    assert error.strip().endswith(f"`python -m automation up` does; with the Pulumi CLI: {again}")
    node.put(**{"cloud-init": "1"})
    assert "To run it again" not in node.run("setup-k3s", parameters).error


def test_another_signing_key_is_refused(node: Node, parameters: dict[str, str]) -> None:
    node.put(**{"microsoft-key": "A" * 40})
    assert "A" * 40 in node.run("setup-k3s", parameters).error
    assert not (node.root / "etc/apt/keyrings").exists()
    assert node.called("apt-get") == 0


@pytest.mark.parametrize("file", [CONFIG, AUDIT_POLICY])
def test_changed_configuration_restarts_k3s_once(node: Node, parameters: dict[str, str], file: str) -> None:
    node.run("setup-k3s", parameters)
    (node.root / file).write_text("")
    assert node.run("setup-k3s", parameters).code == 0
    assert node.called("systemctl restart k3s") == 1
    assert node.run("setup-k3s", parameters).code == 0
    assert node.called("systemctl restart k3s") == 1


def test_restart_that_was_cut_off_is_made_up_for(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", parameters)
    (node.root / "run/edge-stamps-k3s-restart").touch()
    node.run("setup-k3s", parameters)
    assert node.called("systemctl restart k3s") == 1


def test_issuer_file_of_connect_arc_is_left_alone(node: Node, parameters: dict[str, str]) -> None:
    other = node.root / "etc/rancher/k3s/config.yaml.d/20-edge-stamps-issuer.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    assert node.run("setup-k3s", parameters).code == 0
    assert other.read_text() == "kept"


def test_upgrade_runs_the_installer(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", {**parameters, "K3S_VERSION": "v1.35.8+k3s1"})
    assert node.run("setup-k3s", {**parameters, "K3S_VERSION": "v1.35.10+k3s1"}).fact["k3s"] == "v1.35.10+k3s1"
    assert node.called("installer") == 2


@pytest.mark.parametrize(
    ("installed", "wanted", "goes"),
    [
        ("v1.34.9+k3s1", "v1.35.0+k3s1", True),
        ("v1.33.12+k3s1", "v1.35.9+k3s1", False),
        ("v1.9.14+k3s1", "v1.10.1+k3s1", True),  # minors are numbers, not text
        ("v1.9.14+k3s1", "v1.11.1+k3s1", False),
    ],
)
def test_an_upgrade_skips_no_kubernetes_minor(
    node: Node, parameters: dict[str, str], installed: str, wanted: str, goes: bool
) -> None:
    """kubernetes.io/releases/version-skew-policy: "Skipping minor versions when upgrading is unsupported"."""
    node.run("setup-k3s", {**parameters, "K3S_VERSION": installed})
    node.put(calls="")
    run = node.run("setup-k3s", {**parameters, "K3S_VERSION": wanted})
    if goes:
        assert run.fact["k3s"] == wanted
        return
    following = f"v1.{int(installed.split('.')[1]) + 1}"
    assert f"at most {following}." in run.error and f"the last release {following}.*" in run.error
    assert [call.split()[0] for call in node.calls] == ["k3s"]  # nothing is changed yet


def test_the_installer_finds_no_variable_of_k3s(node: Node, parameters: dict[str, str]) -> None:
    """install.sh, create_env_file: each would become K3s's own, in k3s.service.env."""
    assert node.run("setup-k3s", {**parameters, "K3S_TOKEN": "x"}).code == 0
    assert node.called("installer v1.") == 1
    assert node.called("installer finds") == 0


def test_installation_that_was_cut_off_is_finished(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", parameters)
    (node.state / "k3s-runs").unlink()
    assert node.run("setup-k3s", parameters).code == 0
    assert node.called("installer") == 2


def test_downgrade_is_refused(node: Node, parameters: dict[str, str]) -> None:
    node.run("setup-k3s", {**parameters, "K3S_VERSION": "v1.35.10+k3s1"})
    error = node.run("setup-k3s", parameters).error
    assert "v1.35.10+k3s1 is installed" in error
    assert node.called("installer") == 1


@pytest.mark.parametrize(("code", "succeeds"), [("0", True), ("2", True), ("1", False)])
def test_cloud_init_has_to_finish(node: Node, parameters: dict[str, str], code: str, succeeds: bool) -> None:
    node.put(**{"cloud-init": code})
    run = node.run("setup-k3s", parameters)
    assert (run.code == 0) == succeeds
    assert succeeds or "cloud-init did not finish (exit code 1" in run.error


@pytest.mark.parametrize(("ahead", "goes"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_clock_beyond_five_minutes_of_azures_is_refused(
    node: Node, parameters: dict[str, str], ahead: int, goes: bool
) -> None:
    """IdentityConfiguration.DefaultMaxClockSkew (learn.microsoft.com): "The default maximum clock skew; 5 minutes"."""
    node.put(**{"azure-is-ahead": str(ahead)})
    run = node.run("setup-k3s", parameters)
    assert (run.code == 0) == goes
    assert goes or (f"clock is {-ahead} s away from Azure's" in run.error and "Next: 'timedatectl'" in run.error)
    assert goes or node.called("apt-get") == node.called("installer") == 0


def test_locked_package_lists_end_with_apts_words(node: Node, parameters: dict[str, str]) -> None:
    node.put(**{"fail-apt-get": "E: Could not get lock /var/lib/apt/lists/lock\n"})
    assert "Could not get lock /var/lib/apt/lists/lock" in node.run("setup-k3s", parameters).error
    assert node.has_waited(300)


def test_core_that_does_not_come_up_ends_the_wait(node: Node, parameters: dict[str, str]) -> None:
    node.put(**{"not-ready": ""})
    assert "condition on deployments/coredns" in node.run("setup-k3s", parameters).error
    assert node.has_waited(600)
