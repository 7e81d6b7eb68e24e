"""A node whose kubectl is the real one. Only its clock is not: waiting is faster than the scripts believe."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nodes
from tests.kubernetes.cluster import ADMIN, Cluster
from tests.kubernetes.processes import wait_until
from tests.kubernetes.setup_k3s import AUDIT_LOG
from tests.nodes.node_stand_in import Run

_TOOLS = {
    "date": 'cat "$folder/clock"',
    "sleep": 'echo $(($(<"$folder/clock") + $1 * $(<"$folder/pace"))) >"$folder/clock"\n/bin/sleep 0.4',
    "kubectl": '"$folder/kubectl" "$@" && code=0 || code=$?\n'
    'if [[ " $* " == *" $(<"$folder/kill-after") "* ]]; then kill -KILL "$(<"$folder/victim")"; fi\nexit "$code"',
}
_SECONDS = 60
NOTHING = "no such argument"


@dataclass(frozen=True)
class Node:
    """Runs scripts as Run Command does, against one cluster."""

    cluster: Cluster
    folder: Path

    @classmethod
    def new(cls, cluster: Cluster, folder: Path) -> Node:
        node = cls(cluster, folder)
        (folder / "bin").mkdir(parents=True)
        (folder / "kubectl").symlink_to(cluster.programs["kubectl"])
        for name, text in _TOOLS.items():
            tool = folder / "bin" / name
            tool.write_text(f'#!/usr/bin/env bash\nset -eu\nfolder="{folder}"\n{text}\n')
            tool.chmod(0o755)
        for file, text in (("clock", "1000000"), ("pace", "1"), ("kill-after", NOTHING), ("victim", "")):
            (folder / file).write_text(text)
        log = folder / "root/var/lib/rancher/k3s/server/logs/audit.log"
        log.parent.mkdir(parents=True)
        log.symlink_to(cluster.folder / AUDIT_LOG)
        node.sign_in(ADMIN)
        return node

    def sign_in(self, user: str) -> None:
        """Let the scripts be this user for the API server."""
        file = self.folder / "root/etc/rancher/k3s/k3s.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.cluster.kubeconfig(user).read_text())

    @property
    def waited(self) -> int:
        """Seconds that the scripts believe to have waited."""
        return int((self.folder / "clock").read_text()) - 1000000

    def set_pace(self, seconds: int) -> None:
        """Let one second of waiting be as many for the scripts."""
        (self.folder / "pace").write_text(str(seconds))

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what a running script does."""
        wait_until(is_so, _SECONDS)

    def kill_after(self, argument: str, process: int) -> None:
        """Kill a process as soon as a kubectl with this argument has ended."""
        (self.folder / "kill-after").write_text(argument)
        (self.folder / "victim").write_text(str(process))

    def set_clock(self, seconds: int) -> None:
        """Let `date` say something else."""
        (self.folder / "clock").write_text(str(seconds))

    def run(self, name: str, parameters: Mapping[str, str]) -> Run:
        with self.running(name, parameters) as process:
            stdout, stderr = process.communicate(timeout=_SECONDS)
        return Run(process.returncode, stdout, stderr)

    def run_text(self, text: str) -> Run:
        """Run a script that has its parameters in it."""
        with self.running("action", {}, text) as process:
            stdout, stderr = process.communicate(timeout=_SECONDS)
        return Run(process.returncode, stdout, stderr)

    @contextmanager
    def running(self, name: str, parameters: Mapping[str, str], text: str = "") -> Iterator[subprocess.Popen[str]]:
        """A script that runs while the context lasts; without a text, one of the program's."""
        script = self.folder / f"{name}.sh"
        script.unlink(missing_ok=True)
        script.write_text(text or nodes.load_script(name))
        script.chmod(0o500)
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "ROOT_DIR": str(self.folder / "root"),
            **{key: value for key, value in parameters.items() if value},
        }
        process = subprocess.Popen(
            ["bash", "-c", str(script)], env=environment, cwd="/", text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()
