"""The tools of the node's own system answer as the real ones do, and refuse in their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.node.tools import apt, host
from rehearsal.node.tools.durations import find_duration
from rules.facts.node import AZURE_CLI_VERSION, K3S_INSTALL_COMMIT, K3S_INSTALL_SHA256, MICROSOFT_KEY
from tests.rehearsal.node.tool_bench import KEYRING, ToolBench

PINNED = f"azure-cli={AZURE_CLI_VERSION.value}-1~noble"
INSTALLER = f"https://raw.githubusercontent.com/k3s-io/k3s/{K3S_INSTALL_COMMIT.value}/install.sh"


@pytest.fixture
def node(tmp_path: Path) -> ToolBench:
    return ToolBench(tmp_path)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("az login", 127, "bash: az: command not found"),
        ("kubectl get node", 127, "bash: kubectl: command not found"),
        ("k3s --version", 127, "bash: k3s: command not found"),
        ("systemctl restart k3s", 5, "Failed to restart k3s.service: Unit k3s.service not found."),
        ("systemctl restrat k3s", 1, "Unknown command verb 'restrat'."),
        ("systemctl --quite is-active k3s", 1, "systemctl: unrecognized option '--quite'"),
        ("curl --fial https://packages.microsoft.com/", 2, "curl: option --fial: is unknown"),
        ("curl --max-time", 2, "curl: option --max-time: requires parameter"),
        ("curl https://example.com/x", 6, "curl: (6) Could not resolve host: example.com"),
        ("curl --proto =https http://packages.microsoft.com/", 1, 'curl: (1) Protocol "http" disabled'),
        ("curl -f https://packages.microsoft.com/nothing", 22, "curl: (22) The requested URL returned error: 404"),
        ("sysctl --valeus fs.file-max", 1, "sysctl: unrecognized option '--valeus'"),
        ("sysctl fs.inotify.max_users", 1, "sysctl: cannot stat /proc/sys/fs/inotify/max_users: No such file"),
        ("apt-get --quite update", 100, "E: Command line option --quite is not understood in combination"),
        ("apt-get -qz update", 100, "E: Command line option 'z' [from -qz] is not understood in combination"),
        ("apt-get instal azure-cli", 100, "E: Invalid operation instal"),
        ("apt-get -qq install azure-cli", 100, "E: Unable to locate package azure-cli"),
        ("apt-mark hold azure-cli", 100, "E: Unable to locate package azure-cli"),
        ("dpkg-query --show azure-cli", 1, "dpkg-query: no packages found matching azure-cli"),
        ("dpkg-query --shwo azure-cli", 2, "dpkg-query: error: unknown option --shwo"),
        ("gpg --show-key x", 2, 'gpg: invalid option "--show-key"'),
        ("iptables -t mangel -C FORWARD -j DROP", 3, "can't initialize iptables table `mangel': Table does not exist"),
        ("iptables -C FORWARD -j DROP", 1, "iptables: Bad rule (does a matching rule exist in that chain?)."),
        ("iptables -A FORWARD --dports 80 -j DROP", 2, 'unknown option "--dports"'),
        ("iptables -A FORWARD -m multiport --dports 80 -j DROP", 2, "multiport needs `-p tcp', `-p udp',"),
        ("iptables -A FORWARD -m multiport --dports 80 -p tcp", 2, "multiport needs `-p tcp', `-p udp',"),
        ("iptables -A FORWARD -p icmp -m multiport --dports 80", 2, "multiport only works with TCP, UDP"),
        ("iptables -A FORWARD -j DORP", 2, "Chain 'DORP' does not exist"),
        ("iptables -A FORWADR -j DROP", 1, "iptables: No chain/target/match by that name."),
        ("cloud-init status --wiat", 2, "cloud-init: error: unrecognized arguments: --wiat"),
        ("sha256sum --chekc", 1, "sha256sum: unrecognized option '--chekc'"),
    ],
)
def test_a_wrong_line_is_refused_in_the_tools_own_words(node: ToolBench, line: str, code: int, words: str) -> None:
    reply = node.call(*line.split())
    assert (reply.code, words in reply.stderr) == (code, True), reply


@pytest.mark.parametrize(
    "line",
    ["apt-get --allow-unauthenticated update", "apt-get -oAcquire::https::Verify-Peer=false update", "curl -x y z"],
)
def test_a_flag_whose_effect_the_model_lacks_is_refused_by_name(node: ToolBench, line: str) -> None:
    with pytest.raises(ValueError, match=r"^(apt-get|curl): the model does not know --(allow-un|option Acq|proxy)"):
        node.call(*line.split())


def test_a_flag_that_nobody_has_is_said_to_be_none_of_the_model(node: ToolBench) -> None:
    assert node.call("curl", "--fial", "x").stderr.startswith("not in the model of curl; where the real one takes it")


def test_a_command_that_the_model_lacks_is_no_refusal_of_the_tool(node: ToolBench) -> None:
    with pytest.raises(ValueError, match="apt-get upgrade: the model does not answer it"):
        node.call("apt-get", "upgrade")


@pytest.mark.parametrize(
    "line",
    ["iptables -I FORWARD 1 -j DROP", "iptables -A FORWARD ! -s 10.0.0.0/8", "iptables -A FORWARD -m tcp --dport 1"],
)
def test_a_rule_that_the_model_cannot_follow_is_no_refusal_of_iptables(node: ToolBench, line: str) -> None:
    with pytest.raises(ValueError, match=r"^iptables: the model (knows neither|does not know --dport)"):
        node.call(*line.split())


def test_a_package_that_the_model_does_not_know_is_not_called_missing(node: ToolBench) -> None:
    with pytest.raises(ValueError, match="the model does not know package nfs-common"):
        node.call("apt-get", "-qq", "install", "nfs-common")


def test_curl_is_silent_when_told_so(node: ToolBench) -> None:
    assert node.call("curl", "-fs", "https://packages.microsoft.com/nothing").stderr == ""
    assert "404" in node.call("curl", "-fsS", "https://packages.microsoft.com/nothing").stderr


def test_without_fail_curl_takes_the_page_of_an_error_for_the_file(node: ToolBench) -> None:
    file = node.work / "page"
    node.succeed("curl", "-s", "-o", str(file), "https://packages.microsoft.com/nothing")
    assert file.read_text() == "404: Not Found"


def test_a_file_beside_the_nodes_own_is_not_written(node: ToolBench, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a file of the node"):
        node.call("curl", "-o", str(tmp_path / "elsewhere"), INSTALLER)


def test_the_installer_has_the_published_sum_at_the_pinned_commit_only(node: ToolBench) -> None:
    file = node.work / "install.sh"
    node.succeed("curl", "-f", "-o", str(file), INSTALLER)
    pinned = node.succeed("sha256sum", stdin=file.read_bytes())
    node.succeed("curl", "-f", "-o", str(file), INSTALLER.replace(K3S_INSTALL_COMMIT.value, "master"))
    assert pinned == f"{K3S_INSTALL_SHA256.value}  -\n"
    assert node.succeed("sha256sum", str(file)) != f"{K3S_INSTALL_SHA256.value}  {file}\n"
    assert node.call("curl", "-f", INSTALLER.replace(K3S_INSTALL_COMMIT.value, "0" * 40)).code == 22


def test_gpg_shows_the_fingerprint_of_microsofts_key(node: ToolBench) -> None:
    file = node.work / "microsoft.asc"
    node.succeed("curl", "-f", "-o", str(file), "https://packages.microsoft.com/keys/microsoft.asc")
    shown = node.succeed("gpg", "--homedir", str(node.work), "--batch", "--with-colons", "--show-keys", str(file))
    assert [row.split(":")[9] for row in shown.splitlines() if row.startswith("fpr")] == [MICROSOFT_KEY.value]
    file.write_text("a page")
    shown_again = node.call("gpg", "--homedir", str(node.work), "--show-keys", str(file))
    assert shown_again.stderr == "gpg: no valid OpenPGP data found.\n"
    assert "can't create directory" in node.call("gpg", "--show-keys", str(file)).stderr  # HOME is not there


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Signed-By": ""}, "NO_PUBKEY EB3E94ADBE1229CF"),
        ({"Signed-By": "/etc/apt/keyrings/other.asc"}, "is not signed"),
        ({"Suites": "nobel"}, "does not have a Release file"),
        ({"URIs": "https://packages.example.com/x/"}, "Could not resolve 'packages.example.com'"),
        ({"Types": ""}, "Malformed entry"),
    ],
)
def test_apt_refuses_a_source_that_is_wrong(node: ToolBench, fields: dict[str, str], words: str) -> None:
    node.put_source(fields)
    reply = node.call("apt-get", "update")
    assert (reply.code, words in reply.stderr) == (100, True), reply


@pytest.mark.parametrize(("name", "mode", "code"), [("x.asc", 0o644, 0), ("x.gpg", 0o644, 100), ("x.asc", 0o600, 100)])
def test_apt_reads_an_armored_key_with_its_ending_that_everybody_may_read(
    node: ToolBench, name: str, mode: int, code: int
) -> None:
    node.put_source({"Signed-By": f"/etc/apt/keyrings/{name}"})
    node.put(f"etc/apt/keyrings/{name}", (node.root / KEYRING[1:]).read_text(), mode)
    assert node.call("apt-get", "update").code == code


def test_dpkg_is_locked_after_a_first_boot_and_apt_waits_for_it_if_told(node: ToolBench) -> None:
    node.put_source()
    node.succeed("apt-get", "update")
    elapsed = 100 + find_duration("apt-get", ["install"])
    refused = node.call("apt-get", "-qq", "install", PINNED, elapsed=elapsed)
    assert (refused.code, "lock-frontend" in refused.stderr) == (100, True)
    waited = node.call("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "install", PINNED, elapsed=elapsed)
    assert (waited.code, waited.took) == (0, apt.UPGRADE_SECONDS - 100)
    assert node.call("apt-get", "-qq", "install", PINNED, elapsed=0).took == 0


def test_a_package_of_another_suite_has_another_version(node: ToolBench) -> None:
    node.put_source({"Suites": "jammy"})
    node.succeed("apt-get", "update")
    assert f"Version '{PINNED.partition('=')[2]}' for 'azure-cli' was not found" in (
        node.call("apt-get", "-qq", "install", PINNED).stderr
    )


def test_apt_takes_an_unsigned_source_that_is_trusted_and_remembers_it(node: ToolBench) -> None:
    node.put_source({"Signed-By": "", "Trusted": "yes"})
    node.succeed("apt-get", "update")
    node.succeed("apt-get", "-qq", "install", PINNED)
    assert node.facts["packages"]["azure-cli"]["source_trusted"]
    assert not node.facts["packages"]["azure-cli"]["signed_by"]


def test_apt_installs_what_is_pinned_and_the_newest_of_what_is_not(node: ToolBench) -> None:
    node.put_source()
    node.succeed("apt-get", "update")
    assert node.call("apt-get", "-qq", "install", "azure-cli=2.98.7-1~noble").stderr == (
        "E: Version '2.98.7-1~noble' for 'azure-cli' was not found\n"
    )
    assert node.call("apt-get", "install", PINNED).stdout.endswith("[Y/n] Abort.\n")
    node.succeed("apt-get", "-qq", "install", PINNED)
    assert node.succeed("dpkg-query", "--show", "--showformat", "${Version}", "azure-cli") == PINNED.partition("=")[2]
    node.succeed("apt-get", "-qq", "install", "azure-cli")
    assert node.facts["packages"]["azure-cli"]["version"] != PINNED.partition("=")[2]
    assert "Packages were downgraded" in node.call("apt-get", "-qq", "install", PINNED).stderr
    node.succeed("apt-get", "-qq", "--allow-downgrades", "install", PINNED)


def test_a_held_package_changes_only_when_that_is_allowed(node: ToolBench) -> None:
    node.install_az()
    assert node.succeed("apt-mark", "hold", "azure-cli") == "azure-cli set on hold.\n"
    assert "Held packages were changed" in node.call("apt-get", "-qq", "install", "azure-cli").stderr
    node.succeed("apt-get", "-qq", "--allow-change-held-packages", "install", "azure-cli")
    assert node.facts["packages"]["azure-cli"]["held"]


def test_apt_finds_its_lists_locked_until_the_first_boot_is_over(node: ToolBench) -> None:
    assert "Could not get lock /var/lib/apt/lists/lock" in node.call("apt-get", "update", elapsed=0).stderr
    assert "status: running" in node.succeed("cloud-init", "status", elapsed=0)
    first = node.call("cloud-init", "status", "--wait", elapsed=0)
    assert (first.code, first.stdout) == (2, "\nstatus: done\n")
    node.succeed("apt-get", "update", elapsed=0)
    assert node.facts["conflicts"] == ["apt-get update while cloud-init held the package lists"]
    host.power_cycle(node.machine)
    assert node.call("cloud-init", "status", "--wait", elapsed=0).code == 0


def test_a_limit_that_is_only_written_down_holds_after_the_next_boot(node: ToolBench) -> None:
    file = node.put("etc/sysctl.d/90.conf", "fs.inotify.max_user_instances = 8192\n")
    assert node.succeed("sysctl", "--values", "fs.inotify.max_user_instances") == "128\n"
    host.power_cycle(node.machine)
    assert node.succeed("sysctl", "--values", "fs.inotify.max_user_instances") == "8192\n"
    file.write_text("fs.inotify.max_user_instances = many\n")
    reply = node.call("sysctl", "--load", str(file))
    assert reply.stderr == 'sysctl: setting key "fs.inotify.max_user_instances": Invalid argument\n'


def test_rules_are_evaluated_from_the_last_inserted_and_are_gone_after_a_boot(node: ToolBench) -> None:
    first = ("-s", "10.42.0.0/16", "-d", "169.254.169.254/32", "-j", "DROP")
    node.succeed("iptables", "-w", "30", "-t", "mangle", "-I", "FORWARD", *first)
    node.succeed(
        "iptables", "-t", "mangle", "-I", "FORWARD", "-p", "tcp", "-m", "multiport", "--dports", "80", "-j", "DROP"
    )
    node.succeed("iptables", "-w", "-t", "mangle", "-C", "FORWARD", *first)
    assert [rule["rule"][1] for rule in node.facts["iptables"]] == ["tcp", "10.42.0.0/16"]
    host.power_cycle(node.machine)
    assert node.call("iptables", "-t", "mangle", "-C", "FORWARD", *first).code == 1
