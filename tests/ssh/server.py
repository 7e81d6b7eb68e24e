"""A real `sshd` on loopback, in front of a machine that is a folder, with an ssh-agent that holds the key to it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rehearsal.mqtt.install import install_package
from tests.nodes.node_stand_in import Node

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
_SEPARATION = Path("/run/sshd")
"""As root, sshd wants it to be there (sshd(8), FILES)."""
_AGENT = r"""
printf '%s\n' "$(tr '\0' '\n' </proc/$$/environ)" >>"$state/environments"
tr '\0' ' ' </proc/$$/cmdline >>"$state/command-lines"
place="$state/place"
case "$1" in
  show) [[ -e "$state/packages" ]] || exit 127
    if [[ -e "$place" ]]; then
      IFS=/ read -r subscription group name <"$place"
      printf '{"status": "%s", "subscriptionId": "%s", "resourceGroup": "%s", "resourceName": "%s"}\n' \
        "$(cat "$state/status" 2>/dev/null || echo Connected)" "$subscription" "$group" "$name"
    else echo '{"status": "Disconnected"}'; fi ;;
  connect)
    while (($#)); do
      case "$1" in
        --config) stat -c %a "$2" >"$state/mode-of-config"; cp "$2" "$state/config"; echo "$2" >"$state/config-path" ;;
        --subscription-id) subscription="$2" ;; --resource-group) group="$2" ;; --resource-name) name="$2" ;;
      esac
      shift
    done
    touch "$state/connecting"
    while [[ -e "$state/hold" ]]; do /bin/sleep 0.05; done
    [[ ! -e "$state/refuses" ]] || { cat "$state/refuses" "$state/config"; exit 42; }
    echo "$subscription/$group/$name" >"$place" ;;
esac"""
_TOOLS = {
    "azcmagent": _AGENT,
    "sudo": '[[ "$1" != -n ]] || shift\nexec "$@"',
    "dpkg-query": 'cat "$state/packages" 2>/dev/null',
    "apt-get": 'for word in "$@"; do [[ $word != azcmagent=* ]] || echo -n "${word#*=}" >"$state/packages"; done',
}
"""Beside those of `Node`."""


def main() -> int:
    """Install the server where it is missing and that may be done: `python -m tests.ssh.server`."""
    if not find_sshd() and not install_package("openssh-server", "ssh"):
        sys.stderr.write("sshd is missing, and cannot be installed here. Next: sudo apt-get install openssh-server\n")
        return 1
    return 0


def find_sshd() -> str | None:
    """Return the server, which must be started by its whole path; None where it is not installed."""
    return shutil.which("sshd", path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))


@dataclass(frozen=True)
class Server:
    """A machine that answers SSH."""

    node: Node
    port: int
    host_key: str
    other_key: str
    """Of a machine that is not this one."""
    agent: str
    """SSH_AUTH_SOCK."""
    log: Path

    @property
    def user(self) -> str:
        return getpass.getuser()

    def cut_connections(self) -> None:
        """End the processes that serve connections, as when the way there is gone."""
        for line in self._processes():
            os.kill(int(line), 9)

    def _processes(self) -> list[str]:
        listed = subprocess.run(["ps", "-o", "pid=,args=", "-e"], capture_output=True, text=True, check=True).stdout
        mark = f"sshd: {self.user}"
        found = [line.split(None, 1) for line in listed.splitlines()]
        return [pid for pid, text in found if text.startswith(mark) and self._is_ours(pid)]

    def _is_ours(self, pid: str) -> bool:
        """Whether a process descends from this server: others may run on this machine."""
        with suppress(OSError, ValueError):
            while int(pid) > 1:
                if pid == (self.log.parent / "pid").read_text().strip():
                    return True
                pid = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        return False


@contextmanager
def serve(folder: Path, sshd: str) -> Iterator[Server]:
    """Start a server for a new machine in this folder; nothing of it is left afterwards."""
    node = Node(folder / "node")
    for name, text in _TOOLS.items():
        node.put_tool(name, node_tool(text))
    for name in ("host", "other", "client"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name))
    port = _find_port()
    config = folder / "sshd_config"
    own = {"PATH": f"{node.bin}:/usr/bin:/bin", "ROOT_DIR": str(node.root), "TMPDIR": str(folder)}
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'client.pub'}\n"
        f"PidFile {folder / 'pid'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        f"SetEnv {' '.join(f'{key}={value}' for key, value in own.items())}\n",
        encoding="utf-8",
    )
    if os.geteuid() == 0:
        _SEPARATION.mkdir(mode=0o755, exist_ok=True)
    log = folder / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen([sshd, "-D", "-e", "-f", str(config)], stderr=said) as process,
        _hold_key(folder / "client", folder / "agent") as agent,
    ):
        try:
            _await(port)
            yield Server(node, port, _public(folder / "host"), _public(folder / "other"), agent, log)
        finally:
            process.terminate()


def node_tool(text: str) -> str:
    """Return the text of a stand-in that logs its calls."""
    return (
        '#!/usr/bin/env bash\nset -u\nstate="$(dirname "$(dirname "$0")")/state"\n'
        f'printf \'%s\\n\' "$(basename "$0") $*" >>"$state/calls"\n{text}\n'
    )


@contextmanager
def _hold_key(key: Path, socket_: Path) -> Iterator[str]:
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket_)], stdout=subprocess.DEVNULL) as agent:
        try:
            for _ in range(100):
                if socket_.exists():
                    break
                time.sleep(0.05)
            _run("ssh-add", "-q", str(key), environment={**os.environ, "SSH_AUTH_SOCK": str(socket_)})
            yield str(socket_)
        finally:
            agent.terminate()


def _public(key: Path) -> str:
    return key.with_suffix(".pub").read_text(encoding="utf-8").strip()


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, capture_output=True)


def _find_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"sshd does not answer on port {port}")


if __name__ == "__main__":
    sys.exit(main())
