"""What a script does beside its work is seen, however it takes a refusal, and told at its Run Command."""

from __future__ import annotations

import pytest

from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.cluster.node_surplus import find_surplus
from tests.rehearsal.node.bench import Bench

_JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJub2RlIiwiYXVkIjoieCJ9.c2lnbmF0dXJlLW9mLWl0"
_PEM = r"-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----\n"
_LIMITS = "etc/sysctl.d/90-edge-stamps.conf"
MISTAKES = {
    "a key of somebody for root": ("put root/.ssh/authorized_keys <<<x", "/root/.ssh/authorized_keys is on the node"),
    "a job of cron": ("put etc/cron.d/edge-stamps <<<x", "/etc/cron.d/edge-stamps is on the node"),
    "a unit of systemd": ("put etc/systemd/system/other.service <<<x", "/etc/systemd/system/other.service is on"),
    "a source beside ours": ("put etc/apt/sources.list.d/other.list <<<x", "sources.list.d/other.list is on the node"),
    "a source of a foreign server": (
        "put etc/apt/sources.list.d/edge-stamps-x.sources <<<'URIs: https://mirror.example/'",
        "edge-stamps-x.sources names https://mirror.example/",
    ),
    "a file in another folder of a listed name": (f"put {_LIMITS}/x <<<x", f"/{_LIMITS}/x is on the node"),
    "a file that others may write": (f"put {_LIMITS} <<<x; chmod 666 $ROOT_DIR/{_LIMITS}", "has mode 666"),
    "a command that is its owner's": (
        "put usr/local/sbin/edge-stamps-x <<<x; chmod 4755 $ROOT_DIR/usr/local/sbin/edge-stamps-x", "has mode 4755",
    ),
    "a temporary file": ("touch $TMPDIR/mine", "leaves the temporary file mine behind"),
    "a temporary folder": ("x=$(mktemp -d); touch $x/mine", "leaves the temporary file tmp.*/mine behind"),
    "a download from a foreign server": ("curl -fsS https://get.example/x", "fetches from https://get.example/x"),
    "a download of the same server": (
        "curl -fsS https://raw.githubusercontent.com/other/k3s/main/install.sh", "githubusercontent.com/other/k3s/main",
    ),
    "a token of the machine": ("curl -s 169.254.169.254/metadata/identity", "http://169.254.169.254/metadata/identity"),
    "a limit without a need": ("sysctl -w net.ipv4.ip_forward=1", "the kernel's net.ipv4.ip_forward is set"),
    "a limit that the model lacks": ("sysctl -w kernel.sysrq=1", "calls `sysctl -w kernel.sysrq=1`"),
    "an open firewall": ("iptables -I INPUT -j ACCEPT", "iptables has `-t filter -A INPUT -j ACCEPT`"),
    "no firewall": ("iptables -F", "calls `iptables -F`"),
    "another policy of the firewall": ("iptables -P FORWARD ACCEPT", "calls `iptables -P FORWARD ACCEPT`"),
    "a user": ("useradd -m other", "calls `useradd -m other`"),
    "a user, with the system's PATH": ("PATH=$PATH:/usr/sbin useradd other", "calls `useradd other`"),
    "a program that is nowhere": ("no-such-program 1", "calls `no-such-program 1`"),
    "another package": ("sleep 300; apt-get -y install nmap", "calls `apt-get -y install nmap`"),
    "a unit that somebody else has": ("systemctl stop ssh", "calls `systemctl stop ssh`"),
    "a temporary folder whose name others know": (
        "mkdir -p $TMPDIR/mine-$$; cloud-init status; rm -r $TMPDIR/mine-$$", "makes mine-* among the temporary files",
    ),
    "a proxy for every tool": ("export https_proxy=x; cloud-init status", "with the variable https_proxy set"),
    "a proxy for one tool": ("ALL_PROXY=x cloud-init status", "with the variable ALL_PROXY set"),
    "a mirror for pip": ("PIP_INDEX_URL=x cloud-init status", "with the variable PIP_INDEX_URL set"),
    "a proxy for curl": (
        "curl --proxy x https://packages.microsoft.com/keys/microsoft.asc",
        "calls `curl --proxy x https://packages.microsoft.com/keys/microsoft.asc`",
    ),
    "a package that nobody has signed": ("apt-get -o APT::Get::AllowUnauthenticated=true update", "calls `apt-get -o"),
    "a server of packages that nobody has checked": (
        "apt-get -o Acquire::https::Verify-Peer=false update", "calls `apt-get -o Acquire",
    ),
    "a key that is left": (f"printf -- '{_PEM}' | put {_LIMITS}", "holds a private key"),
    "a key in base64 that is left": (f"printf -- '{_PEM}' | base64 -w 0 | put {_LIMITS}", "holds a private key"),
    "a key in base64 of which the beginning is cut off": (
        f"printf -- '{_PEM}' | base64 -w 0 | cut -c 18- | put {_LIMITS}", "holds a private key",
    ),
    "a key that is printed": (f"printf -- '{_PEM}'", "prints a private key on stdout"),
    "a token that is printed": (f"echo {_JWT} >&2", "prints a token on stderr"),
}  # fmt: skip
"""What is wrong -> what the script does, what is said."""
_PUT = 'put() { mkdir -p "$(dirname "$ROOT_DIR/$1")"; cat >"$ROOT_DIR/$1"; }\n'


def judge(bench: Bench, script: str) -> list[Symptom]:
    """Return what is said of a script that succeeds whatever it has met."""
    bench.put(f"#!/bin/bash\n{_PUT}{{ {script}; }} || true\n")
    return find_surplus(bench.vm, bench.vm, [bench.command()], NodeFacts.of(bench.vm))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_at_its_run_command(mistake: str) -> None:
    script, said = MISTAKES[mistake]
    found = judge(Bench(), script)
    assert [one.where for one in found] == ["Run Command try"]
    assert said in found[0].what
    assert found[0].rule == ("CLUSTER-40" if "private key" in said or "token on" in said else "CLUSTER-39")


def test_what_a_node_may_have_is_no_finding() -> None:
    work = f"""
    put {_LIMITS} <<<"fs.file-max = 100000"
    put etc/rancher/k3s/k3s.yaml <<<"-----BEGIN EC PRIVATE KEY-----"
    sysctl --quiet --load $ROOT_DIR/{_LIMITS}
    y=$(mktemp); z=$(mktemp -d); python3 -c "import tempfile as t, subprocess as s; x = t.mkdtemp(); s.run('sysctl')"
    rm -r $y $z $TMPDIR/*
    curl -fsSL https://packages.microsoft.com/keys/microsoft.asc
    iptables -t mangle -I FORWARD -s 10.42.0.0/16 -d 169.254.169.254/32 -j DROP
    x=$(mktemp -d); touch $x/mine; rm -rf $x"""
    assert judge(Bench(), work) == []


def test_a_parameter_that_the_script_does_not_read_is_none() -> None:
    bench = Bench()
    for script, told in (("cloud-init status", ["the variable HTTP_PROXY"]), ("cloud-init status $HTTP_PROXY", [])):
        bench.put(f"#!/bin/bash\n{script} || true", parameters={"HTTP_PROXY": "--long"})
        found = find_surplus(bench.vm, bench.vm, [bench.command()], NodeFacts.of(bench.vm))
        assert [words for one, words in zip(found, told, strict=True) if words not in one.what] == []


def test_what_an_earlier_run_left_is_told_at_the_node() -> None:
    bench = Bench()
    assert judge(bench, "put root/left <<<x")[0].where == "Run Command try"
    assert [one.where for one in judge(bench, "true")] == [f"node {bench.vm.name}"]
