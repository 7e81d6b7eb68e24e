"""nodes/with-kubeconfig.sh with stand-ins of az and kubectl: what it starts, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

import nodes

AZ = r"""#!/usr/bin/env bash
# A proxy that listens on its port until it is ended, and a child of it, as the real one has.
while (($#)); do
  [[ $1 != --port ]] || port="$2"
  [[ $1 != --file ]] || file="$2"
  shift
done
echo "$port" >>"$STATE/ports"
if [[ -e "$STATE/az-says" ]]; then
  cat "$STATE/az-says"
  [[ ! -e "$STATE/az-once" ]] || rm "$STATE/az-says"
  exit 1
fi
(umask 0; echo "proxy on $port" >"$file")
sleep 300 &
echo "$$ $!" >>"$STATE/processes"
exec python3 -c "
import socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    server.accept()[0].close()
" "$port"
"""
KUBECTL = r"""#!/usr/bin/env bash
[[ ! -e "$STATE/no-answer" ]] || { echo "Unable to connect to the server" >&2; exit 1; }
case " $* " in
  *" config view "*) echo "$*" >>"$STATE/calls"; echo "copied" ;;
  *) [[ -s "$KUBECONFIG" ]] || exit 1
    cp "$KUBECONFIG" "$STATE/kubeconfig"; stat -c "%a $KUBECONFIG" "$KUBECONFIG" >>"$STATE/used" ;;
esac
"""
SCRIPT = "kubectl get nodes; echo '{\"done\": true}'; echo said >&2\n"


class Here:
    """The machine that deploys."""

    def __init__(self, folder: Path) -> None:
        self.state, self.work = folder / "state", folder / "tmp"
        for one in (self.state, self.work, folder / "bin", folder / "home"):
            one.mkdir()
        for name, text in (("az", AZ), ("kubectl", KUBECTL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        self.environment = {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "TMPDIR": str(self.work),
            "STATE": str(self.state),
            "SUBSCRIPTION_ID": "sub",
            "RESOURCE_GROUP": "rg",
            "CLUSTER_NAME": "mill-1",
            "SCRIPT_SECONDS": "60",
        }

    @contextmanager
    def running(self, script: str = SCRIPT, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Run it while the context lasts, as the provider does."""
        process = subprocess.Popen(
            ["bash", "-c", nodes.load_wrapper()], env={**self.environment, **more}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(script)
        process.stdin.close()
        process.stdin = None
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run(self, script: str = SCRIPT, **more: str) -> tuple[int, str, str]:
        with self.running(script, **more) as process:
            said, errors = process.communicate(timeout=40)
        return process.returncode, said, errors

    def lines(self, name: str) -> list[str]:
        file = self.state / name
        return file.read_text().splitlines() if file.exists() else []

    @property
    def processes(self) -> list[int]:
        """Those of the proxies that live."""
        found = [int(word) for line in self.lines("processes") for word in line.split()]
        return [one for one in found if is_alive(one)]

    def assert_nothing_is_left(self) -> None:
        wait_until(lambda: not self.processes and not list(self.work.iterdir()))


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def wait_until(is_so: object) -> None:
    give_up = time.monotonic() + 20
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < give_up, "not so after 20 s"
        time.sleep(0.05)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    found = Here(tmp_path)
    yield found
    for process in found.processes:
        os.kill(process, signal.SIGKILL)


def test_the_script_runs_with_a_kubeconfig_of_its_own_and_what_it_says_arrives(here: Here) -> None:
    assert here.run() == (0, '{"done": true}\n', "said\n")
    (port,) = here.lines("ports")
    assert (here.state / "kubeconfig").read_text() == f"proxy on {port}\n"
    modes = {line.split()[0] for line in here.lines("used")}
    assert modes <= {"600"}, "it holds a token"
    here.assert_nothing_is_left()


def test_a_parameter_arrives_and_is_on_no_command_line(here: Here) -> None:
    code, said, _ = here.run('echo "$OBJECTS"; cat /proc/*/cmdline 2>/dev/null | tr "\\0" " "', OBJECTS="VGhlIHZhbHVl")
    assert code == 0
    assert said.count("VGhlIHZhbHVl") == 1


@pytest.mark.parametrize("code", [1, 3])
def test_a_script_that_fails_fails_with_its_own_code_and_words_and_nothing_is_left(here: Here, code: int) -> None:
    assert here.run(f"echo 'ERROR: why. Next: this.' >&2; exit {code}") == (code, "", "ERROR: why. Next: this.\n")
    here.assert_nothing_is_left()


def test_a_script_that_does_not_end_is_ended_and_told(here: Here) -> None:
    code, _, errors = here.run("sleep 100", SCRIPT_SECONDS="1")
    assert code == 1 and "has not ended within 1 s" in errors and "Next:" in errors
    here.assert_nothing_is_left()


def test_a_proxy_that_dies_is_noticed_and_the_script_goes_with_it(here: Here) -> None:
    with here.running('echo $$ >"$STATE/script"; sleep 100') as process:
        wait_until(lambda: here.lines("script"))
        os.kill(int(here.lines("processes")[0].split()[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1 and "proxy to mill-1 has died" in errors and "Next:" in errors
    wait_until(lambda: not is_alive(int(here.lines("script")[0])))
    here.assert_nothing_is_left()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_leaves_no_process_and_no_kubeconfig(here: Here, how: signal.Signals) -> None:
    with here.running('echo $$ >"$STATE/script"; sleep 100') as process:
        wait_until(lambda: here.lines("script"))
        assert here.processes
        os.kill(process.pid, how)
        process.wait(20)
    here.assert_nothing_is_left()
    wait_until(lambda: not is_alive(int(here.lines("script")[0])))


def test_two_at_once_have_a_proxy_and_a_port_each(here: Here) -> None:
    wait = 'kubectl get nodes; touch "$STATE/$NAME"; until [[ -e "$STATE/one" && -e "$STATE/two" ]]; do sleep 0.1; done'
    with here.running(wait, NAME="one") as first, here.running(wait, NAME="two") as second:
        codes = [one.communicate(timeout=40) and one.returncode for one in (first, second)]
    assert codes == [0, 0]
    assert len({*here.lines("ports")}) == 2
    assert len({line.split()[1] for line in here.lines("used")}) == 2, "each has a kubeconfig of its own"
    here.assert_nothing_is_left()


def test_a_proxy_that_runs_once_on_a_machine_is_waited_for(here: Here) -> None:
    (here.state / "az-says").write_text("ERROR: Another instance of proxy already running\n")
    (here.state / "az-once").touch()
    assert here.run()[0] == 0
    assert len(here.lines("ports")) == 2


def test_a_proxy_that_does_not_start_says_why(here: Here) -> None:
    (here.state / "az-says").write_text("ERROR: Please run 'az login' to setup account.\n")
    code, said, errors = here.run()
    assert (code, said) == (1, "")
    assert "Please run 'az login' to setup account." in errors and "Next: 'az login'" in errors
    here.assert_nothing_is_left()


def test_a_kubeconfig_needs_no_proxy_and_its_context_alone_is_copied(here: Here) -> None:
    code, _, errors = here.run(KUBECONFIG_FILE="~/.kube/plant", KUBE_CONTEXT="mill")
    assert (code, errors) == (0, "said\n")
    assert here.lines("ports") == []
    file = f"{here.environment['HOME']}/.kube/plant"
    assert here.lines("calls") == [f"--kubeconfig {file} config view --raw --flatten --minify --context=mill"]
    assert (here.state / "kubeconfig").read_text() == "copied\n"
    here.assert_nothing_is_left()


@pytest.mark.parametrize("way", [{"KUBECONFIG_FILE": "/nowhere"}])
def test_a_kubeconfig_that_leads_nowhere_is_told_with_what_to_try(here: Here, way: Mapping[str, str]) -> None:
    (here.state / "no-answer").touch()
    code, _, errors = here.run(**way)
    assert code == 1 and "Unable to connect to the server" in errors
    assert "Next: try 'kubectl --kubeconfig /nowhere get nodes'" in errors
    here.assert_nothing_is_left()
