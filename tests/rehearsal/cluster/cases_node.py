"""What a node must be, whatever the scripts were that made it."""

from __future__ import annotations

import base64
import copy
from typing import Any

from tests.rehearsal.cluster.cases import breaks
from tests.rehearsal.cluster.cases_reach import SITE_VM
from tests.rehearsal.cluster.deployments import SITE, Bench

NODE = f"node {SITE_VM}"
_METADATA = "reach 169.254.169.254:80"
SURPLUS = ("CLUSTER-39", SITE, NODE)


def change(bench: Bench, path: str, value: Any) -> None:
    bench.set(SITE_VM, f"machine.{path}", value, where="facts")


def rules(bench: Bench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = copy.deepcopy(bench.entry(SITE_VM).facts["machine"]["iptables"])
    return found


def change_rules(bench: Bench, **replaced: str) -> None:
    """Change words of every rule: option -> value, or table and chain."""
    found = rules(bench)
    for one in found:
        for name, value in replaced.items():
            if name in ("table", "chain"):
                one[name] = value
            else:
                one["rule"][one["rule"].index(f"-{name}") + 1] = value
    change(bench, "iptables", found)


@breaks("CLUSTER-30", SITE, NODE, _METADATA)
def nothing_blocks_the_metadata_service(bench: Bench) -> None:
    change(bench, "iptables", [])


@breaks("CLUSTER-30", SITE, NODE, "K3s starts also where /usr/local/sbin/edge-stamps-block-metadata fails")
def the_block_may_fail(bench: Bench) -> None:
    (command,) = bench.entry(SITE_VM).facts["machine"]["k3s"]["start_pre"]
    change(bench, "k3s.start_pre", [{**command, "optional": True}])


@breaks("CLUSTER-41", SITE, NODE, "K3s starts only when somebody restarts it")
def nothing_starts_k3s_anew(bench: Bench) -> None:
    change(bench, "run_limits", {})


@breaks("CLUSTER-41", SITE, NODE, "K3s starts only every 91 days")
def k3s_starts_anew_too_late(bench: Bench) -> None:
    change(bench, "run_limits", {"k3s.service": 91 * 86_400})


@breaks("CLUSTER-41", SITE, NODE, "K3s is ended every 0.042 days")
def k3s_starts_anew_all_the_time(bench: Bench) -> None:
    change(bench, "run_limits", {"k3s.service": 3600})


@breaks("CLUSTER-30", SITE, NODE, _METADATA)
def the_block_is_for_other_pods(bench: Bench) -> None:
    change_rules(bench, s="10.244.0.0/16")


@breaks("CLUSTER-30", SITE, NODE, _METADATA)
def the_block_is_for_half_of_the_pods(bench: Bench) -> None:
    change_rules(bench, s="10.42.0.0/17")


@breaks("CLUSTER-30", SITE, NODE, _METADATA)
def the_block_comes_after_what_k3s_accepts(bench: Bench) -> None:
    change_rules(bench, table="filter")


@breaks("CLUSTER-30", SITE, NODE, _METADATA)
def the_block_is_for_the_node_itself(bench: Bench) -> None:
    change_rules(bench, chain="OUTPUT")


@breaks("CLUSTER-30", SITE, NODE, _METADATA, then=(SURPLUS,))
def the_block_lets_through(bench: Bench) -> None:
    change_rules(bench, j="ACCEPT")


@breaks("CLUSTER-30", SITE, NODE, _METADATA, then=(SURPLUS,))
def something_is_accepted_before_the_block(bench: Bench) -> None:
    first = {"table": "mangle", "chain": "FORWARD", "rule": ["-s", "10.42.7.0/24", "-j", "ACCEPT"]}
    change(bench, "iptables", [first, *rules(bench)])


@breaks("CLUSTER-30", SITE, NODE, "reach 168.63.129.16:32526")
def one_port_of_the_platform_is_open(bench: Bench) -> None:
    found = rules(bench)
    for one in found:
        one["rule"] = ["80" if word == "80,32526" else word for word in one["rule"]]
    change(bench, "iptables", found)


@breaks("CLUSTER-30", SITE, NODE, "do not reach 168.63.129.16:53/udp, their DNS")
def the_block_takes_the_pods_names_away(bench: Bench) -> None:
    block = {"table": "mangle", "chain": "FORWARD", "rule": ["-d", "168.63.129.16/32", "-j", "DROP"]}
    change(bench, "iptables", [block, *rules(bench)])


@breaks("CLUSTER-30", SITE, NODE, "do not reach 168.63.129.16:53/tcp, their DNS", then=(SURPLUS,))
def the_block_takes_long_answers_of_dns_away(bench: Bench) -> None:
    block = {"table": "filter", "chain": "FORWARD", "rule": ["-p", "tcp", "--dport", "53", "-j", "DROP"]}
    change(bench, "iptables", [block, *rules(bench)])


@breaks("CLUSTER-30", SITE, NODE, "169.254.169.254:80 after a reboot")
def the_block_is_gone_after_a_reboot(bench: Bench) -> None:
    change(bench, "after_reboot.iptables", [])


@breaks("CLUSTER-30", SITE, NODE, "K3s does not start again")
def k3s_does_not_start_again(bench: Bench) -> None:
    change(bench, "after_reboot.k3s", False)


@breaks("CLUSTER-31", SITE, NODE, "fs.inotify.max_user_watches is 5242; AIO needs 524288")
def the_kernel_allows_too_little(bench: Bench) -> None:
    limits = bench.entry(SITE_VM).facts["machine"]["sysctl"]
    change(bench, "sysctl", {**limits, "fs.inotify.max_user_watches": 5242})


@breaks("CLUSTER-31", SITE, NODE, "fs.inotify.max_user_instances is 128 after a reboot")
def the_kernel_forgets(bench: Bench) -> None:
    change(bench, "after_reboot.sysctl", {})


@breaks("CLUSTER-32", SITE, NODE, "K3s gives services addresses of 10.1.0.0/16, and virtual network")
def services_have_addresses_of_a_site(bench: Bench) -> None:
    change(bench, "k3s.first_config.service-cidr", ["10.1.0.0/16"])


@breaks("CLUSTER-33", SITE, NODE, "Secrets on the disk in clear")
def secrets_are_in_clear(bench: Bench) -> None:
    change(bench, "k3s.first_config.secrets-encryption", "false")


@breaks("CLUSTER-33", SITE, NODE, "kubeconfig has mode 644")
def everybody_may_read_the_kubeconfig(bench: Bench) -> None:
    files = bench.entry(SITE_VM).facts["files"]
    name = "etc/rancher/k3s/k3s.yaml"
    bench.set(SITE_VM, "files", {**files, name: ["644", files[name][1]]}, where="facts")


@breaks("CLUSTER-34", SITE, NODE, "may live 720h; expected 24h")
def tokens_live_for_a_month(bench: Bench) -> None:
    given = bench.entry(SITE_VM).facts["machine"]["k3s"]["config"]["kube-apiserver-arg"]
    change(bench, "k3s.config.kube-apiserver-arg", [one.replace("=24h", "=720h") for one in given])


@breaks("CLUSTER-34", SITE, NODE, "tokens that pods hold from before are refused")
def only_the_new_issuer_is_accepted(bench: Bench) -> None:
    given = bench.entry(SITE_VM).facts["machine"]["k3s"]["config"]["kube-apiserver-arg"]
    change(bench, "k3s.config.kube-apiserver-arg", [one for one in given if "kubernetes.default" not in one])


@breaks("CLUSTER-34", SITE, NODE, "workload identity is off")
def workload_identity_is_off(bench: Bench) -> None:
    change(bench, "arc.workload_identity", False)


@breaks("CLUSTER-35", SITE, NODE, "agents upgrade themselves")
def agents_upgrade_themselves(bench: Bench) -> None:
    change(bench, "arc.auto_upgrade", True)


@breaks("CLUSTER-35", SITE, NODE, "may change azure-cli")
def the_cli_upgrades_itself(bench: Bench) -> None:
    change(bench, "packages.azure-cli.held", False)


@breaks("CLUSTER-36", SITE, NODE, "Traefik runs")
def traefik_runs(bench: Bench) -> None:
    change(bench, "k3s.config.disable", [])


@breaks("CLUSTER-36", SITE, NODE, "servicelb of K3s is disabled")
def no_load_balancer(bench: Bench) -> None:
    change(bench, "k3s.config.disable", ["traefik", "servicelb"])


@breaks("CLUSTER-36", SITE, NODE, "K3s starts with K3S_VERSION")
def parameters_become_the_environment_of_k3s(bench: Bench) -> None:
    files = {**bench.entry(SITE_VM).facts["files"]}
    files["etc/systemd/system/k3s.service.env"] = ["600", "K3S_VERSION='v1.35.9+k3s1'\n"]
    bench.set(SITE_VM, "files", files, where="facts")


@breaks("CLUSTER-37", SITE, NODE, "whose signature nobody checks")
def packages_are_not_signed(bench: Bench) -> None:
    change(bench, "packages.azure-cli.signed_by", "")


def change_audit_rules(bench: Bench, **changed: Any) -> None:
    found = copy.deepcopy(bench.entry(SITE_VM).facts["machine"]["k3s"]["audit_rules"])
    for one in found:
        one.update(changed)
    change(bench, "k3s.audit_rules", found)


def change_arguments(bench: Bench, old: str, new: str) -> None:
    given = bench.entry(SITE_VM).facts["machine"]["k3s"]["config"]["kube-apiserver-arg"]
    change(bench, "k3s.config.kube-apiserver-arg", [one.replace(old, new) for one in given])


@breaks("CLUSTER-43", SITE, NODE, "logs nothing of what anybody did")
def nothing_is_logged(bench: Bench) -> None:
    change(bench, "k3s.audit_rules", [])


@breaks("CLUSTER-43", SITE, NODE, "logs nothing of what anybody did")
def what_is_logged_goes_nowhere(bench: Bench) -> None:
    change_arguments(bench, "audit-log-path", "audit-log-mode")


@breaks(
    "CLUSTER-43", SITE, NODE, "has the content of secrets: get by the node's administrator at level RequestResponse"
)
def contents_of_secrets_are_logged(bench: Bench) -> None:
    change_audit_rules(bench, level="RequestResponse")


@breaks("CLUSTER-43", SITE, NODE, "has the content of tokenreviews: get by the node's administrator at level Request")
def tokens_are_logged(bench: Bench) -> None:
    found = bench.entry(SITE_VM).facts["machine"]["k3s"]["audit_rules"]
    change(bench, "k3s.audit_rules", [*found[:-1], {"level": "Request"}])


@breaks("CLUSTER-43", SITE, NODE, "has no get of pods by somebody through Arc")
def what_people_do_through_arc_is_not_logged(bench: Bench) -> None:
    found = bench.entry(SITE_VM).facts["machine"]["k3s"]["audit_rules"]
    change(bench, "k3s.audit_rules", [one for one in found if "azure-arc" not in str(one)])


@breaks("CLUSTER-43", SITE, NODE, "has no get of secrets by a node")
def secrets_that_a_pod_reads_are_not_logged(bench: Bench) -> None:
    change(bench, "k3s.audit_rules", bench.entry(SITE_VM).facts["machine"]["k3s"]["audit_rules"][1:])


@breaks("CLUSTER-43", SITE, NODE, "audit-log-maxbackup of the API server is 0; expected 10 at most")
def the_log_grows_without_end(bench: Bench) -> None:
    change_arguments(bench, "audit-log-maxbackup=10", "audit-log-maxbackup=0")


@breaks("CLUSTER-43", SITE, NODE, "audit-log-maxsize of the API server is unlimited")
def nothing_bounds_a_file_of_the_log(bench: Bench) -> None:
    change_arguments(bench, "audit-log-maxsize", "audit-log-mode")


def change_downloads(bench: Bench, **changed: Any) -> None:
    found = copy.deepcopy(bench.entry(SITE_VM).facts["machine"]["downloads"])
    for one in found.values():
        one.update(changed)
    change(bench, "downloads", found)


@breaks("CLUSTER-37", SITE, NODE, "without a look at the server's certificate")
def servers_are_not_checked(bench: Bench) -> None:
    change_downloads(bench, verified_tls=False)


@breaks("CLUSTER-37", SITE, NODE, "an error page would pass")
def errors_are_downloads(bench: Bench) -> None:
    change_downloads(bench, failed_on_error=False)


@breaks("CLUSTER-37", SITE, NODE, "is not that of the pinned commit")
def the_installer_is_the_newest(bench: Bench) -> None:
    found = {"verified_tls": True, "failed_on_error": True}
    change(bench, "downloads", {"https://raw.githubusercontent.com/k3s-io/k3s/master/install.sh": found})


@breaks("CLUSTER-37", SITE, NODE, "the script did not wait for the first boot")
def the_first_boot_was_not_over(bench: Bench) -> None:
    change(bench, "conflicts", ["apt-get update while cloud-init held the package lists"])


SETUP = "Run Command setup-k3s"


def leave(bench: Bench, name: str, mode: str = "644", text: str = "", *, seen: bool = True) -> None:
    """Put a file on the node, which the script has made."""
    files = bench.entry(SITE_VM).facts["files"]
    bench.set(SITE_VM, "files", {**files, name: [mode, text]}, where="facts")
    if seen:
        trace(bench, "files", name)


def trace(bench: Bench, kind: str, name: str) -> None:
    """Let the script have been seen at it."""
    command = f"{SITE_VM}/runCommands/setup-k3s"
    found = bench.entry(command).facts["run"]["traces"]
    bench.set(command, f"run.traces.{kind}", [*found.get(kind, ()), name], where="facts")


@breaks("CLUSTER-39", SITE, SETUP, "/root/.ssh/authorized_keys is on the node")
def somebody_else_may_log_in(bench: Bench) -> None:
    leave(bench, "root/.ssh/authorized_keys")


@breaks("CLUSTER-39", SITE, NODE, "/root/.ssh/authorized_keys is on the node")
def somebody_else_may_log_in_from_before(bench: Bench) -> None:
    leave(bench, "root/.ssh/authorized_keys", seen=False)


@breaks("CLUSTER-39", SITE, SETUP, "names https://mirror.example/")
def packages_come_from_elsewhere(bench: Bench) -> None:
    leave(bench, "etc/apt/sources.list.d/edge-stamps-x.sources", text="URIs: https://mirror.example/")


@breaks("CLUSTER-39", SITE, SETUP, "fetches from https://get.example")
def something_is_fetched_from_elsewhere(bench: Bench) -> None:
    trace(bench, "urls", "https://get.example")


@breaks("CLUSTER-39", SITE, SETUP, "calls `useradd x`")
def a_user_was_made(bench: Bench) -> None:
    trace(bench, "calls", "useradd x")


@breaks("CLUSTER-39", SITE, SETUP, "the temporary file x")
def a_file_stays(bench: Bench) -> None:
    trace(bench, "left", "x")


@breaks("CLUSTER-39", SITE, NODE, "-A INPUT -j ACCEPT")
def the_firewall_is_open(bench: Bench) -> None:
    change(bench, "iptables", [*rules(bench), {"table": "filter", "chain": "INPUT", "rule": ["-j", "ACCEPT"]}])


@breaks("CLUSTER-39", SITE, NODE, "vm.max_map_count is set")
def a_limit_is_set_without_a_need(bench: Bench) -> None:
    change(bench, "after_reboot.sysctl", {**bench.entry(SITE_VM).facts["machine"]["sysctl"], "vm.max_map_count": 1})


@breaks("CLUSTER-39", SITE, NODE, "ClusterRoleBinding other is on the cluster, and in no OBJECTS")
def somebody_else_is_administrator(bench: Bench) -> None:
    objects = bench.entry(SITE_VM).facts["machine"]["objects"]
    change(bench, "objects", [*objects, {"kind": "ClusterRoleBinding", "metadata": {"name": "other"}}])


@breaks("CLUSTER-40", SITE, "Run Command await-secrets", "prints a private key on stderr")
def a_key_is_printed(bench: Bench) -> None:
    said = "-----END PRIVATE KEY-----\n"
    bench.set(f"{SITE_VM}/runCommands/await-secrets", "run.stderr", said, where="facts")


@breaks("CLUSTER-40", SITE, SETUP, "holds a private key")
def a_key_is_left(bench: Bench) -> None:
    key = base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nMIIC").decode()
    leave(bench, "var/lib/edge-stamps/x", text=key)
