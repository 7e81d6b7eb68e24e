"""K3s starts with the configuration that is there then, by the drop-ins that systemd has read."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.node.tools import k3s_config
from rules.facts.node import K3S_INSTALL_COMMIT, K3S_VERSION
from tests.rehearsal.node.tool_bench import ToolBench

DROP_IN = "etc/systemd/system/k3s.service.d/10.conf"
BLOCK = "/usr/local/sbin/block"
OPENID = "/.well-known/openid-configuration"


@pytest.fixture
def node(tmp_path: Path) -> ToolBench:
    return ToolBench(tmp_path)


def test_a_later_file_replaces_and_a_plus_adds(node: ToolBench) -> None:
    folder = "etc/rancher/k3s"
    node.put(f"{folder}/config.yaml", "disable: [traefik]\nkube-apiserver-arg: [a=1]\nsecrets-encryption: true\n")
    node.put(f"{folder}/config.yaml.d/20.yaml", "kube-apiserver-arg+: [b=2]\nsecrets-encryption: false\n")
    node.put(f"{folder}/config.yaml.d/10.yml", "disable: servicelb\nkube-apiserver-arg+: [c=3]\nunheard-of: 1\n")
    node.put(f"{folder}/config.yaml.d/ignored.txt", "disable: all\n")
    assert k3s_config.read_config(k3s_config.find_files(node.machine)) == {
        "disable": ["servicelb"],
        "kube-apiserver-arg": ["a=1", "c=3", "b=2"],
        "secrets-encryption": "false",
    }


def test_the_installer_leaves_a_server_that_runs(node: ToolBench) -> None:
    kubeconfig = node.start_k3s('write-kubeconfig-mode: "0640"\n')
    assert kubeconfig.stat().st_mode & 0o777 == 0o640
    assert node.succeed("k3s", "--version").splitlines()[0].split()[2] == K3S_VERSION.value
    assert node.call("systemctl", "is-active", "--quiet", "k3s").code == 0
    node.succeed("systemctl", "stop", "k3s")
    assert node.call("systemctl", "is-active", "k3s").code == 3
    assert "127.0.0.1:6443 was refused" in node.kubectl("get", "node").stderr


def test_a_version_that_was_never_released_cannot_be_downloaded(node: ToolBench) -> None:
    version = {"INSTALL_K3S_VERSION": "v1.35.99+k3s1"}
    reply = node.call("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "server", environment=version)
    assert (reply.code, reply.stderr) == (1, "[ERROR]  Download failed\n")
    assert node.call("k3s", "--version").code == 127


def test_without_a_version_the_newest_is_installed_and_that_is_not_what_is_pinned(node: ToolBench) -> None:
    node.succeed(
        "edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "server", environment={"INSTALL_K3S_CHANNEL": "latest"}
    )
    assert node.facts["k3s"]["version"] != K3S_VERSION.value


def test_flags_behind_the_command_count_more_than_the_files(node: ToolBench) -> None:
    node.put("etc/rancher/k3s/config.yaml", 'write-kubeconfig-mode: "0600"\ndisable: [traefik]\n')
    version = {"INSTALL_K3S_VERSION": K3S_VERSION.value, "INSTALL_K3S_EXEC": "server --disable servicelb"}
    install = ("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "--write-kubeconfig-mode=0644")
    node.succeed(*install, environment=version)
    assert node.facts["k3s"]["config"] == {"write-kubeconfig-mode": "0644", "disable": ["traefik", "servicelb"]}
    reply = node.call(*install, "--wirte-kubeconfig", environment=version)
    assert "Job for k3s.service failed" in reply.stderr


def test_installing_again_starts_what_is_stopped_only_when_forced(node: ToolBench) -> None:
    node.start_k3s()
    node.succeed("systemctl", "stop", "k3s")
    node.start_k3s()
    assert not node.facts["k3s"]["running"]
    version = {"INSTALL_K3S_VERSION": K3S_VERSION.value, "INSTALL_K3S_FORCE_RESTART": "true"}
    node.succeed("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "server", environment=version)
    assert node.facts["k3s"]["running"]


@pytest.mark.parametrize(
    ("skipped", "enabled"), [("ENABLE", "disabled"), ("START", "enabled")], ids=["enable", "start"]
)
def test_the_installer_leaves_out_what_it_is_told_to(node: ToolBench, skipped: str, enabled: str) -> None:
    environment = {"INSTALL_K3S_VERSION": K3S_VERSION.value, f"INSTALL_K3S_SKIP_{skipped}": "true"}
    node.succeed("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "server", environment=environment)
    assert node.call("systemctl", "is-active", "k3s").code == 3
    assert node.call("systemctl", "is-enabled", "k3s").stdout == f"{enabled}\n"
    node.succeed("systemctl", "enable", "k3s")
    assert node.call("systemctl", "is-enabled", "k3s").code == 0


def test_an_agent_without_a_server_does_not_start(node: ToolBench) -> None:
    version = {"INSTALL_K3S_VERSION": K3S_VERSION.value}
    reply = node.call("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "agent", environment=version)
    assert "Job for k3s-agent.service failed" in reply.stderr
    assert not node.facts["k3s"]["running"]


@pytest.mark.parametrize(
    "config",
    [
        "kube-apiserver-arg: ['service-account-issuer=http://a']\n",
        "kube-apiserver-arg: [service-account-max-token-expiration=1day]\n",
        "write-kubeconfig-mode: 0600\n",
        "disable: [traefik\n",
        "- disable\n",
    ],
    ids=["issuer", "duration", "mode as a number", "no YAML", "no map"],
)
def test_what_makes_k3s_exit_fails_the_restart(node: ToolBench, config: str) -> None:
    node.start_k3s()
    node.put("etc/rancher/k3s/config.yaml", config)
    reply = node.call("systemctl", "restart", "k3s")
    assert (reply.code, "Job for k3s.service failed" in reply.stderr) == (1, True), reply
    assert node.call("systemctl", "is-active", "k3s").stdout == "failed\n"


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("protect-kernel-defaults: true\n", "protect-kernel-defaults"),
        ("kubelet-arg: [max-pod=200]\n", "kubelet-arg"),
        ("flannel-backend: none\n", "flannel-backend"),
        ("node-taint: [a=b:NoSchedule]\n", "node-taint"),
        ("kube-apiserver-arg: [service-acount-issuer=https://a]\n", "--service-acount-issuer"),
        ("kube-apiserver-arg: [anonymous-auth=false]\n", "--anonymous-auth"),
    ],
)
def test_nothing_starts_with_a_flag_whose_effect_the_model_does_not_know(
    node: ToolBench, config: str, name: str
) -> None:
    node.start_k3s()
    node.put("etc/rancher/k3s/config.yaml", config)
    with pytest.raises(ValueError, match=rf"the model does not know what .* does with {name}: extend"):
        node.call("systemctl", "restart", "k3s")
    assert not node.facts["k3s"]["running"]


_POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata%s}]\n"
_AUDITED = "kube-apiserver-arg: [audit-policy-file=/etc/policy.yaml, audit-log-maxage=%s]\n"


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ("", "30"),
        (_POLICY.replace("Metadata%s", "Everything"), "30"),
        (_POLICY.replace("{level: Metadata%s}", ""), "30"),
        ("rules: [\n", "30"),
        (_POLICY % "", "-1"),
        (_POLICY % "", "month"),
    ],
    ids=["empty", "level", "no rules", "no YAML", "negative", "no number"],
)
def test_an_audit_log_that_kube_apiserver_does_not_take_fails_the_start(
    node: ToolBench, policy: str, days: str
) -> None:
    node.start_k3s()
    node.put("etc/policy.yaml", policy)
    node.put("etc/rancher/k3s/config.yaml", _AUDITED % days)
    assert "Job for k3s.service failed" in node.call("systemctl", "restart", "k3s").stderr


def test_an_audit_policy_that_is_not_there_fails_the_start(node: ToolBench) -> None:
    node.start_k3s()
    node.put("etc/rancher/k3s/config.yaml", _AUDITED % "30")
    assert "Job for k3s.service failed" in node.call("systemctl", "restart", "k3s").stderr


def test_the_rules_of_an_audit_policy_count_from_the_next_start_on(node: ToolBench) -> None:
    node.put("etc/policy.yaml", _POLICY % "")
    node.start_k3s(_AUDITED % "30")
    assert node.facts["k3s"]["audit_rules"] == [{"level": "Metadata"}]
    node.put("etc/policy.yaml", _POLICY % ", namespaces: [kube-system]")
    assert node.facts["k3s"]["audit_rules"] == [{"level": "Metadata"}]
    with pytest.raises(ValueError, match="the model does not know namespaces of an audit policy: extend"):
        node.call("systemctl", "restart", "k3s")


def test_a_key_that_k3s_does_not_have_is_left_out(node: ToolBench) -> None:
    node.start_k3s("secret-encryption: true\n")
    assert node.facts["k3s"]["running"]
    assert "secrets-encryption" not in node.facts["k3s"]["first_config"]


def test_what_the_first_start_found_is_remembered(node: ToolBench) -> None:
    node.start_k3s()
    node.put("etc/rancher/k3s/config.yaml", "secrets-encryption: true\n")
    node.succeed("systemctl", "restart", "k3s")
    assert node.facts["k3s"]["config"] == {"secrets-encryption": "true"}
    assert node.facts["k3s"]["first_config"] == {}


def test_the_first_issuer_signs_from_the_next_start_on(node: ToolBench) -> None:
    node.start_k3s()
    node.put("etc/rancher/k3s/config.yaml.d/20.yaml", "kube-apiserver-arg+: [service-account-issuer=https://a/]\n")
    assert "kubernetes.default.svc.cluster.local" in node.kubectl("get", "--raw", OPENID).stdout
    node.succeed("systemctl", "restart", "k3s")
    assert '"issuer": "https://a/"' in node.kubectl("get", "--raw", OPENID).stdout


def test_nothing_is_ready_until_the_first_start_is_some_time_ago(node: ToolBench) -> None:
    node.start_k3s()
    wait = ("wait", "--for=condition=Ready", "node", "--all")
    first = node.facts["k3s"]["first_start"]
    assert "timed out waiting for the condition on nodes/node" in node.kubectl(*wait, elapsed=first + 5).stderr
    assert node.kubectl(*wait, elapsed=first + 40).code == 0
    node.succeed("systemctl", "restart", "k3s")
    assert node.kubectl(*wait, elapsed=first + 5).code == 0


def test_what_runs_before_the_start_is_what_the_last_reload_read(node: ToolBench) -> None:
    node.start_k3s()
    node.put(DROP_IN, f"[Service]\nExecStartPre={BLOCK} --all\n")
    node.succeed("systemctl", "restart", "k3s")
    assert node.facts["k3s"]["start_pre"] == []
    node.succeed("systemctl", "daemon-reload")
    assert node.call("systemctl", "restart", "k3s").code == 1  # the file is not there
    file = node.put(BLOCK[1:], "#!/bin/sh\n")
    assert node.call("systemctl", "restart", "k3s").code == 1  # it is not executable
    file.chmod(0o755)
    node.succeed("systemctl", "restart", "k3s")
    assert node.facts["k3s"]["start_pre"] == [{"command": BLOCK, "arguments": ["--all"], "optional": False}]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [("60d", 60 * 86_400), ("60d\nRuntimeMaxSec=2h", 7200), ("60d\nRuntimeMaxSec=infinity", None), ("", None)],
    ids=["one", "the-last", "infinity", "empty"],
)
def test_a_unit_starts_anew_after_what_the_last_reload_read(
    node: ToolBench, settings: str, seconds: float | None
) -> None:
    node.start_k3s()
    assert node.facts["run_limits"] == {}
    node.put(DROP_IN, f"[Service]\nRuntimeMaxSec={settings}\n")
    assert node.facts["run_limits"] == {}
    node.succeed("systemctl", "daemon-reload")
    assert node.facts["run_limits"].get("k3s.service") == seconds


def test_a_dash_lets_k3s_start_without_what_it_names(node: ToolBench) -> None:
    node.put(DROP_IN, f"[Service]\nExecStartPre=-{BLOCK}\n")
    node.start_k3s()
    assert node.facts["k3s"]["running"]


@pytest.mark.parametrize(("config", "code"), [("", 0), ("disable: [metrics-server]\n", 1)], ids=["all", "disabled"])
def test_a_component_that_is_disabled_never_becomes_available(node: ToolBench, config: str, code: int) -> None:
    node.start_k3s(config)
    reply = node.kubectl("-n", "kube-system", "wait", "--for=condition=Available", "deployment/metrics-server")
    assert reply.code == code, reply


@pytest.mark.parametrize(
    "setting",
    [
        "[Service]\nRestart=no",
        "[Service]\nMemoryMax=256M",
        "[Service]\nExecStart=\nExecStart=/usr/local/bin/k3s server --disable servicelb",
        "[Unit]\nConditionPathExists=/nowhere",
        "[Unit]\nExecStartPre=/bin/true",
    ],
)
def test_what_a_dropin_of_k3s_sets_and_the_model_lacks_is_refused_by_name(node: ToolBench, setting: str) -> None:
    node.put(DROP_IN, f"# why\n{setting}\n")
    section, name = setting.partition("=")[0].split("\n")
    with pytest.raises(ValueError, match=rf"^systemd: the model does not know \{section} {name}=.* of 10.conf; extend"):
        node.call("systemctl", "daemon-reload")


def test_a_unit_of_k3s_that_its_installer_has_not_written_is_refused(node: ToolBench) -> None:
    node.start_k3s()
    unit = node.root / "etc/systemd/system/k3s.service"
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=no"))
    with pytest.raises(ValueError, match=r"^systemd: the model knows k3s\.service only as install\.sh writes it"):
        node.call("systemctl", "daemon-reload")
