"""A node without a node: stand-ins of the tools on PATH, which log their calls and answer from files.

Each stand-in does the least that the scripts can tell from the real tool. Time is virtual: `sleep` moves the clock that
`date` reads, so a wait of minutes takes no time.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodes

_BASH = r"""#!/usr/bin/env bash
set -u
real="$(realpath "$0")"
state="$(dirname "$(dirname "$real")")/state"
root="$(dirname "$(dirname "$real")")/root"
printf '%s\n' "$(basename "$real") $*" >>"$state/calls"
[[ ! -e "$state/fail-$(basename "$real")" ]] || { cat "$state/fail-$(basename "$real")" >&2; exit 1; }
"""

_TOOLS = {
    "date": 'cat "$state/clock"',
    "sleep": 'echo $(($(<"$state/clock") + 10 * $1)) >"$state/clock"',  # ten times: fewer polls
    "cloud-init": 'exit "$(<"$state/cloud-init")"',
    "sysctl": '[[ $1 != --values ]] || cat "$state/sysctl-$2"',
    "dpkg": "echo amd64",
    "dpkg-query": 'cat "$state/azure-cli" 2>/dev/null',
    "apt-mark": "",
    "apt-get": 'for word in "$@"; do [[ $word != azure-cli=* ]] || echo -n "${word#*=}" >"$state/azure-cli"; done',
    "gpg": 'printf "pub:-:2048:1:EB3E94ADBE1229CF\\nfpr:::::::::%s:\\n" "$(<"$state/microsoft-key")"',
    "curl": """
while (($# > 1)); do [[ $1 != --output ]] || file="$2"; shift; done
case "$1" in
  https://management.azure.com/) printf 'HTTP/2 401 \r\nDate: %s\r\n\r\n' "$(/bin/date --utc --rfc-email \
    --date "@$(($(<"$state/clock") + $(<"$state/azure-is-ahead")))" | sed 's/+0000/GMT/')" ;;
  */releases/download/*/k3s*) version="${1%/*}"; echo "binary ${version##*/}" >"$file" ;;
  */releases/download/*/sha256sum-*) version="${1%/*}"
    sum="$(echo "binary ${version##*/}" | sha256sum | cut -d ' ' -f 1)"
    printf '%s\n' "$sum  k3s" "$sum  k3s-airgap-images-amd64.tar.zst" >"$file"
    [[ ! -e "$state/sums" ]] || cp "$state/sums" "$file" ;;
  */install.sh) cp "$state/install.sh" "$file" ;;
  *) echo key >"$file" ;;
esac""",
    "waagent": "",
    "systemd-run": 'while [[ "$1" == --* ]]; do shift; done; exec setsid "$@"',  # for a unit of its own
    "az-python": 'for word in "$@"; do [[ $word != --dest=* ]] || mkdir -p "${word#--dest=}"; done',
    "iptables": """
rule="${*: -1} $*"
rule="${rule#* }"
rule="${rule/ -C / }"
rule="${rule/ -I / }"
if [[ " $* " == *" -C "* ]]; then grep -qxF -- "$rule" "$state/iptables" 2>/dev/null
else echo "$rule" >>"$state/iptables"; fi""",
    "k3s": """
[[ -e "$root/usr/local/bin/k3s" ]] || exit 127
read -r _ version <"$root/usr/local/bin/k3s"
echo "k3s version $version (0000000)"
""",
    "systemctl": """
case "$1" in
  is-active) [[ -e "$state/k3s-runs" ]] ;;
  restart)
    sed -n 's/.*service-account-issuer=//p' "$root/etc/rancher/k3s/config.yaml.d/20-"* 2>/dev/null |
      head -n 1 >"$state/signs-as" ;;
esac""",
    "az": """
case "$1 $2" in
  "extension show") cat "$state/connectedk8s" 2>/dev/null ;;
  "extension add") mkdir -p "$root/root/.azure/cliextensions/connectedk8s"
    for word in "$@"; do [[ ${last:-} != --version ]] || echo "$word" >"$state/connectedk8s"
    last="$word"; done ;;
  "account show") cat "$state/tenant" ;;
  "connectedk8s show")
    [[ -e "$state/resource" ]] || { echo "ERROR: (ResourceNotFound) not found" >&2; exit 3; }
    case "$*" in
      *issuerUrl*) cat "$state/issuer" ;;
      *"--query tags.edge_stamps_machine "*) sed -n "s/^edge_stamps_machine=//p" "$state/resource" ;;
      *connectivityStatus*) cat "$state/connectivity" ;;
      *"--query id"*) echo /subscriptions/sub/resourceGroups/rg/providers/Microsoft.Kubernetes/connectedClusters/arc ;;
    esac ;;
  "connectedk8s delete") rm -f "$state/resource" ;;
  "connectedk8s connect")
    [[ -e "$state/agents" || ! -e "$state/resource" ]] || { echo "ERROR: different Kubernetes cluster" >&2; exit 1; }
    for word in "$@"; do [[ ${last:-} != --tags ]] || echo "$word" >"$state/resource"; last="$word"; done
    [[ ! -e "$state/agents-fail" ]] || exit 1
    echo -n sub/rg/arc >"$state/agents" ;;
esac""",
}

_KUBECTL = r"""
import json, sys
from pathlib import Path

state = Path(sys.argv[0]).resolve().parent.parent / "state"
words = [word for word in sys.argv[1:] if not word.startswith("--request-timeout")]
with open(state / "calls", "a") as calls:
    print("kubectl", *words, file=calls)
file = state / "cluster.json"
cluster = json.loads(file.read_text()) if file.exists() else {}
bundles_served = (state / "bundles-served").exists()


def key(item):
    group = item["apiVersion"].rpartition("/")[0]
    return item["kind"].lower() + ("." + group if group else "") + "/" + item["metadata"]["name"]


if (state / "fail-kubectl").exists():
    sys.exit((state / "fail-kubectl").read_text())
if words[0] == "apply":
    for item in json.loads(Path(words[words.index("--filename") + 1]).read_text())["items"]:
        if item["kind"] == "Bundle" and not bundles_served:
            sys.exit('error: resource mapping not found: no matches for kind "Bundle" in version "v1alpha1"')
        if item["kind"] == "Bundle":
            synced = not (state / "never-synced").exists()
            item["metadata"]["generation"] = 2
            item["status"] = {"conditions": [{"type": "Synced", "status": "True" if synced else "False",
                "observedGeneration": 2, "reason": "Synced" if synced else "SourceNotFound", "message": "m"}]}
        cluster[key(item)] = item
    file.write_text(json.dumps(cluster))
elif words[0] == "delete":
    del cluster[words[1]]
    file.write_text(json.dumps(cluster))
elif "azure-clusterconfig" in words:
    if (state / "agents").exists():
        print((state / "agents").read_text(), end="")
elif "--raw" in words:
    signs_as = state / "signs-as"
    own = "https://kubernetes.default.svc.cluster.local"
    print(json.dumps({"issuer": signs_as.read_text().strip() if signs_as.exists() else own}))
elif "wait" in words:
    if (state / "not-ready").exists():
        sys.exit("error: timed out waiting for the condition on deployments/coredns")
elif words[:2] == ["get", "crd"]:
    print("customresourcedefinition.apiextensions.k8s.io/" + words[2] if bundles_served else "", end="")
elif "--selector" in words:
    label, _, value = words[words.index("--selector") + 1].partition("=")
    prefix = words[1].replace("s.", ".", 1) + "/"
    for name, item in cluster.items():
        if name.startswith(prefix) and item["metadata"].get("labels", {}).get(label) == value:
            print(name)
elif words[0] == "get":
    print(json.dumps({"items": [cluster[name] for name in words[1:] if name in cluster]}))
elif words[:1] == ["--namespace"]:
    kind = words[3]
    if kind == "secretsync" and not (state / "secretsync-served").exists():
        sys.exit("error: the server doesn't have a resource type")
    names = [word for word in words[4:] if not word.startswith("--")]
    found = [cluster[kind + "/" + name] for name in names if kind + "/" + name in cluster]
    if len(names) == 1 and found:
        print(json.dumps(found[0]))
    elif found:
        print(json.dumps({"items": found}))
"""

INSTALLER = """#!/bin/sh
version="$(cut -d ' ' -f 2 "{root}/usr/local/bin/k3s")"
echo "installer $version skip=$INSTALL_K3S_SKIP_DOWNLOAD force=$INSTALL_K3S_FORCE_RESTART $*" >>"{state}/calls"
[ ! -e "{state}/fail-installer" ] || exit 1
touch "{state}/k3s-runs" "{root}/etc/systemd/system/k3s.service"
env | sed -n 's/^K3S_/installer finds &/p' >>"{state}/calls"
"""


@dataclass(frozen=True)
class Run:
    """What Run Command would keep of one run."""

    code: int
    stdout: str
    stderr: str

    @property
    def fact(self) -> dict[str, Any]:
        """The fact line: the only line on stdout."""
        lines = self.stdout.splitlines()
        assert self.code == 0 and len(lines) == 1, self
        fact: dict[str, Any] = json.loads(lines[0])
        return fact

    @property
    def error(self) -> str:
        """The error message: the last line on stderr, and nothing on stdout."""
        assert self.code != 0 and self.stdout == "", self
        last = self.stderr.splitlines()[-1]
        assert last.startswith("ERROR: "), self
        return last


class Node:
    """Directory tree, stand-ins and state of one node."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.state = directory / "state"
        self.root = directory / "root"
        for each in (self.bin, self.state, self.root / "etc/ssh"):
            each.mkdir(parents=True)
        for name, text in _TOOLS.items():
            self.put_tool(name, _BASH + text + "\n")
        self.put_tool("kubectl", f"#!{sys.executable} -SE\n{_KUBECTL}")
        (self.root / "opt/az/bin").mkdir(parents=True)
        (self.root / "opt/az/bin/python3").symlink_to(self.bin / "az-python")
        (self.root / "etc/machine-id").write_text("1" * 32 + "\n")
        (self.root / "etc/os-release").write_text("NAME=Ubuntu\nVERSION_CODENAME=noble\n")
        self.put(
            clock="1000000",
            calls="",
            tenant="tenant",
            issuer="https://issuer.example/1",
            connectivity="Connected",
            **{
                "azure-is-ahead": "0",
                "cloud-init": "0",
                "microsoft-key": "BC528686B50D79E339D3721CEB3E94ADBE1229CF",
                "sysctl-fs.inotify.max_user_instances": "128",
                "sysctl-fs.inotify.max_user_watches": "1048576",
                "sysctl-fs.file-max": "9223372036854775807",
                "install.sh": INSTALLER.format(state=self.state, root=self.root),
            },
        )

    def put_tool(self, name: str, text: str) -> None:
        """Write a program on its PATH."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def put(self, **files: str) -> None:
        """Write files of the state."""
        for name, text in files.items():
            (self.state / name).write_text(text)

    def put_cluster(self, objects: Mapping[str, object]) -> None:
        """What the API server holds, by the name that `kubectl get --output name` prints."""
        self.put(**{"cluster.json": json.dumps(objects)})

    @property
    def cluster(self) -> dict[str, Any]:
        objects: dict[str, Any] = json.loads((self.state / "cluster.json").read_text())
        return objects

    @property
    def calls(self) -> list[str]:
        """Calls so far, without the polls of the clock."""
        lines = (self.state / "calls").read_text().splitlines()
        return [line for line in lines if not line.startswith(("date", "sleep"))]

    def called(self, start: str) -> int:
        return sum(line.startswith(start) for line in self.calls)

    @property
    def clock(self) -> int:
        """Virtual seconds since the start."""
        return int((self.state / "clock").read_text()) - 1000000

    def has_waited(self, seconds: int) -> bool:
        """Whether so many virtual seconds have passed, and no more than one pause beyond."""
        return seconds <= self.clock < seconds + 10 * 17

    @property
    def pauses(self) -> list[int]:
        """Seconds of each `sleep`."""
        lines = (self.state / "calls").read_text().splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("sleep")]

    def command(self, name: str) -> list[str]:
        path = self.state / f"{name}.sh"
        path.write_text(nodes.load_script(name))
        path.chmod(0o500)
        return ["bash", "-c", str(path)]

    def environment(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """As Run Command's: nothing but the parameters that are not empty (and what redirects the test)."""
        given = {key: value for key, value in parameters.items() if value}
        return {"PATH": f"{self.bin}{os.pathsep}/usr/bin:/bin", "ROOT_DIR": str(self.root), **given}

    def run(self, name: str, parameters: Mapping[str, str]) -> Run:
        (self.state / f"{name}.sh").unlink(missing_ok=True)
        result = subprocess.run(
            self.command(name), env=self.environment(parameters), capture_output=True, text=True, timeout=60, cwd="/"
        )
        return Run(result.returncode, result.stdout, result.stderr)


def encoded(value: object) -> str:
    """A parameter that holds JSON."""
    return base64.b64encode(json.dumps(value).encode()).decode()
