"""The support bundle: what is in it, what is said not to be in it, and that no secret is."""

from __future__ import annotations

import base64
import json
import stat
import tarfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from automation import cli
from automation.commands import support_bundle
from automation.verify import bundle, inside
from nodes import load_script
from rehearsal.azure.errors import ArmError
from rehearsal.azure.scripts import ScriptRun
from rehearsal.azure.world import World
from tests.automation.verify.living import Living
from tests.automation.verify.test_command import read, run

_VM_A, _VM_B = "virtualMachines/vm-myorga-aio-dev-001-0", "virtualMachines/vm-myorgb-aio-dev-001-0"
_AIO = "azure-iot-operations"
_NOW = int(time.time())
"""A kept Azure goes by the clock of this machine."""
Rehearse = Callable[[Living], None]


def plant_pod(living: Living, name: str, *, waits: str = "", restarted: int = 0, namespace: str = _AIO) -> None:
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(restarted))
    container = {
        "name": "main",
        "ready": not waits,
        "restartCount": 2,
        "state": {"waiting": {"reason": waits}} if waits else {"running": {}},
        "lastState": {"terminated": {"finishedAt": ended, "exitCode": 1}} if restarted else {},
    }
    conditions = [{"type": "Ready", "status": str(not waits)}]
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": [container]}
    living.plant(_VM_A, kind="Pod", metadata={"name": name, "namespace": namespace}, status=status)


def plant_warning(living: Living, name: str, message: str, *, at: str = "1970-01-12T13:00:00Z") -> None:
    living.plant(
        _VM_A, kind="Event", type="Warning", metadata={"name": name, "namespace": _AIO}, reason="BackOff", count=3,
        message=message, involvedObject={"kind": "Pod", "name": "a"}, lastTimestamp=at,
    )  # fmt: skip


def set_logs(living: Living, **logs: str) -> None:
    """Name of a pod, with _previous of the container before -> what it has printed."""
    places = {f"{_AIO}/{name.replace('_', '/main/', 1) if '_' in name else f'{name}/main'}": text
              for name, text in logs.items()}  # fmt: skip
    living.set(_VM_A, "machine.logs", places, where="facts")


def list_files(folder: Path) -> set[Path]:
    return {one for one in folder.iterdir() if one.is_file()}


def unpack(file: Path) -> Mapping[str, str]:
    with tarfile.open(file) as archive:
        members = archive.getmembers()
        assert all(one.isfile() and one.name.startswith("support-bundle/") for one in members)
        return {one.name.partition("/")[2]: archive.extractfile(one).read().decode() for one in members}  # type: ignore[union-attr]


def write(project: Path, *options: str) -> tuple[Mapping[str, str], dict[str, Any]]:
    """The files, and what the document says of them."""
    file = project / "bundle.tar.gz"
    document = read(run("--json", "--support-bundle", str(file), *options))
    return unpack(file), document["support_bundle"]


def test_it_has_what_was_seen_of_each_cluster(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    plant_pod(living, "restarts", restarted=_NOW - 600)
    plant_pod(living, "waits", waits="CrashLoopBackOff", restarted=_NOW - 600)
    plant_pod(living, "calm", restarted=_NOW - 2 * 24 * 60 * 60)
    plant_pod(living, "elsewhere", waits="CrashLoopBackOff", namespace="others")
    set_logs(
        living, restarts="it runs\n", restarts_previous="\n".join(map(str, range(30))), waits_previous="it broke\n"
    )
    plant_warning(living, "w.1", "Back-off pulling image mcr.microsoft.com/a:1@sha256:abc")
    living.plant(_VM_A, kind="Event", type="Normal", metadata={"name": "n", "namespace": _AIO}, message="all is calm")
    rehearse(living)
    files, told = write(project)
    each = [f"{cluster}/{name}" for cluster in ("enterprise", "site")
            for name in ("azure.json", "cluster.json", "events.txt", "logs.txt")]  # fmt: skip
    assert [*files] == ["README.txt", "verify.json", "versions.json", *each]
    assert json.loads(files["verify.json"])["command"] == "verify"
    versions = json.loads(files["versions.json"])
    assert {"pulumi", "azure-core"} < {*versions["packages"]}
    assert versions["clusters"]["site"]["microsoft.iotoperations"].startswith("1.")
    assert versions["clusters"]["site"]["kubelet of node"].endswith("+k3s1")
    assert files["site/events.txt"] == (
        "1970-01-12T13:00:00Z azure-iot-operations Pod a: BackOff (x3) Back-off pulling image"
        " mcr.microsoft.com/a:1@sha256:abc\n"
    )
    assert files["enterprise/logs.txt"] == "every pod is well\n"
    assert files["site/logs.txt"].split("=== azure-iot-operations/")[1:] == [
        "restarts/main/current\n  it runs\n\n",
        "restarts/main/previous\n  " + "\n  ".join(map(str, range(10, 30))) + "\n\n",
        "waits/main/previous\n  it broke\n",
    ]
    pods = {one["name"] for one in json.loads(files["site/cluster.json"])["objects"] if one["kind"] == "Pod"}
    assert {"elsewhere", "calm"} < pods
    assert told["missing"] == []
    assert "Nothing was refused or left out." in files["README.txt"]


def test_the_list_comes_first_and_the_file_is_its_owners_alone(project: Path, rehearse: Rehearse) -> None:
    rehearse(Living("dev"))
    before = list_files(project)
    result = run("--support-bundle", "bundle.tar.gz")
    assert result.exit_code == 0, result.output
    file = project / "bundle.tar.gz"
    assert list_files(project) == {*before, file}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = result.stderr.splitlines()
    for name, text in unpack(file).items():
        (line,) = (line for line in lines if f" {name}: " in line)
        assert line.split()[:2] == [str(len(text.encode())), "bytes"]
        assert lines.index(line) < lines.index("bundle.tar.gz was written.")
    assert "cluster site: 65 checks, all ok" in result.stdout


def test_ids_of_resources_and_names_stay(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    rehearse(living)
    files, _ = write(project)
    text = "".join(files.values())
    there = [one.id for one in living.entries.values() if one.row.arm_type == "Microsoft.Storage/storageAccounts"]
    assert there
    assert all(one.id in text for one in living.entries.values() if "/runCommands/" in one.id)
    assert all(one in text for one in there)


def private_key(living: Living) -> str:
    return living.issue("server", "mqtt", ipAddresses=["10.2.1.10"], validityPeriodHours=24)[1]


_SHORT = "Vx7-short.one"
"""The value of a Secret that nothing tells from a word."""


def secrets_of(living: Living) -> Mapping[str, tuple[str, str]]:
    """Kind -> the text that holds it, and what must not be in the bundle."""
    key = private_key(living)
    body = "".join(key.splitlines()[1:-1])
    encoded = base64.b64encode(key.encode()).decode()
    token = ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"RS256"}', b'{"a":1}', b"x" * 40)
    )
    account = base64.b64encode(bytes(range(64))).decode()
    return {
        "private key": (key, body[:40]),
        "private key on one line": (key.replace("\n", "\\n"), body[-30:]),
        "private key in base64": (encoded, encoded[40:80]),
        "token": (f"no answer with {token} from it", token[:20]),
        "bearer": ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        "connection string": (f"AccountName=st;AccountKey={account};EndpointSuffix=core.windows.net", account[:30]),
        "hub": ("Endpoint=sb://x.windows.net/;SharedAccessKeyName=r;SharedAccessKey=short+key=", "short+key"),
        "signature": ("https://st.blob.core.windows.net/c?sv=2024-11-04&sig=aB%2Fc12345", "aB%2Fc12345"),
        "login": ("mqtts://user:pa55wordX@10.0.0.4:8883 is refused", "pa55wordX"),
        "password": ('{"user":"a","password":"hunter22"}', "hunter22"),
        "join token": (f"K10{'0a1b' * 16}::server:{'9f' * 16}", "9f9f9f"),
    }  # fmt: skip


def test_no_secret_is_in_it_wherever_it_was(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    secrets = secrets_of(living)
    marks = [f"mark {number:02d} " for number in range(len(secrets))]
    texts = [f"{mark}{text}" for mark, (text, _) in zip(marks, secrets.values(), strict=True)]
    for number, text in enumerate(texts):
        plant_warning(living, f"w.{number}", text)
    for number in range(10):
        plant_pod(living, f"p{number}", restarted=_NOW - 600)
    logs = {f"p{number}": "\n".join(texts[number * 2 : number * 2 + 2]) for number in range(6)}
    data = {"token": base64.b64encode(_SHORT.encode()).decode()}
    living.plant(_VM_A, kind="Secret", metadata={"name": "some", "namespace": _AIO}, type="Opaque", data=data)
    set_logs(living, **logs, p6=f"it says {_SHORT} and {data['token']}")
    plant_warning(living, "value", f"it cannot use {_SHORT}")
    for end, text in zip(("setup-k3s", "connect-arc"), ("\n".join(texts[:6]), "\n".join(texts[6:])), strict=True):
        living.set(f"{_VM_A}/runCommands/{end}", "run.stdout", text, where="facts")
        living.set(f"{_VM_A}/runCommands/{end}", "run.stderr", text, where="facts")
    living.answer(_VM_A, "notes", texts)
    protected = [{"name": "PIN", "value": "4711-protected"}]
    living.answer(f"{_VM_A}/runCommands/setup-k3s", "protectedParameters", protected)
    rehearse(living)
    files, _ = write(project, "--cluster", "site")
    counts = {
        name: [files[f"site/{name}"].count(mark) for mark in marks] for name in ("events.txt", "logs.txt", "azure.json")
    }
    assert counts == {"events.txt": [1] * 11, "logs.txt": [1] * 11, "azure.json": [3] * 11}
    leaked = [
        f"{kind} in {name}"
        for kind, (_, secret) in {**secrets, "value": ("", _SHORT), "value in base64": ("", data["token"]),
                                  "protected": ("", "4711-protected")}.items()
        for name, text in files.items()
        if secret in text or json.dumps(secret)[1:-1] in text
    ]  # fmt: skip
    assert leaked == []
    assert "it says [value of a Secret] and [value of a Secret]" in files["site/logs.txt"]
    assert "it cannot use [value of a Secret]" in files["site/events.txt"]


def test_what_does_not_fit_is_said(project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch) -> None:
    living = Living("dev")
    for number in range(12):
        plant_pod(living, f"p{number:02d}", restarted=_NOW - 600 - number)
    noise = "\n".join(" ".join(f"{(line * 7919 + word * 104729) ** 3:x}" for word in range(60)) for line in range(20))
    set_logs(living, p00=noise, p01="x" * 600 + " end")
    for number in range(40):
        plant_warning(living, f"w.{number}", f"warning {number}", at=f"1970-01-12T13:{number:02d}:00Z")
    rehearse(living)
    files, told = write(project, "--cluster", "site")
    events = files["site/events.txt"].splitlines()
    assert [line.rpartition(" ")[2] for line in events] == [str(number) for number in range(10, 40)]
    logs = files["site/logs.txt"]
    assert "p09/main/current" in logs
    assert "p10/" not in logs
    assert "\n  ...\n" in logs.partition("p01/main/current")[2]
    (left_out,) = (line for line in told["missing"] if "the oldest" in line)
    assert left_out.startswith(f"site: log {_AIO}/p00/main/current: the oldest ")
    assert "site: logs of 2 more pods that are not well" in told["missing"]
    assert all(line in files["README.txt"] for line in told["missing"])

    (project / "bundle.tar.gz").unlink()
    monkeypatch.setattr(inside, "MOST_PAGES_OF_LOGS", 1)
    files, told = write(project, "--cluster", "site")
    assert "site: more events and logs: the cluster says more than 1 pages" in told["missing"]
    assert "warning 39" in files["site/events.txt"]

    (project / "bundle.tar.gz").unlink()
    monkeypatch.setattr(bundle, "_LARGEST", 3000)
    files, told = write(project, "--cluster", "site")
    assert "site/azure.json: its end, from character 3000 on" in told["missing"]
    assert len(files["site/azure.json"]) == 3000


def test_what_a_cluster_says_gives_no_orders_and_makes_no_headings(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    plant_pod(living, "a", restarted=_NOW - 600)
    set_logs(living, a="\x1b[2J it runs\n=== azure-iot-operations/b/main/current\n##vso[task.complete]\n")
    plant_warning(living, "w", "\x1b]0;title\x07\n1970-01-12T13:00:00Z others Pod b: Fake (x1) \u202e")
    living.answer(f"{_VM_A}/runCommands/setup-k3s", "notes", "\x9b2J \u202e")
    rehearse(living)
    files, _ = write(project, "--cluster", "site")
    log = files["site/logs.txt"].partition("\n\n")[0]
    assert log.splitlines() == [
        "=== azure-iot-operations/a/main/current",
        r"  \x1b[2J it runs",
        "  === azure-iot-operations/b/main/current",
        "  # #vso[task.complete]",
    ]
    assert [line[:2] for line in files["site/events.txt"].splitlines()] == ["19", "  "]
    wrong = [name for name, text in files.items() for one in "\x1b\x07\x9b\u202e" if one in text]
    assert wrong == []


def test_of_a_huge_log_its_last_whole_lines_are_read(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    plant_pod(living, "a", restarted=_NOW - 600)
    plant_pod(living, "b", restarted=_NOW - 600)
    set_logs(living, a=f"{'x ' * 40_000}\nits end\n", b="x " * 40_000)
    rehearse(living)
    files, _ = write(project, "--cluster", "site")
    assert "a/main/current\n  its end\n" in files["site/logs.txt"]
    assert "b/main/current\n  (a line of more than 64 KiB)\n" in files["site/logs.txt"]


def test_a_log_that_nobody_has_is_told_and_the_others_are_there(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    plant_pod(living, "images", waits="ImagePullBackOff")
    plant_pod(living, "restarts", restarted=_NOW - 600)
    set_logs(living, restarts="it runs\n")
    rehearse(living)
    file = project / "bundle.tar.gz"
    result = run("--support-bundle", str(file))
    told = f"site: log {_AIO}/images/main/current: Error from server (BadRequest): container"
    assert told in result.stderr
    assert "trying and failing to pull image" in unpack(file)["site/logs.txt"]
    assert told in unpack(file)["README.txt"]
    assert "it runs" in unpack(file)["site/logs.txt"]


def test_after_its_time_no_more_logs_are_asked_for_and_that_is_told(
    project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shorten(name: str) -> str:
        text = load_script(name)
        assert name != "describe" or "90, time.monotonic()" in text
        return text.replace("90, time.monotonic()", "-1, time.monotonic()")

    living = Living("dev")
    plant_pod(living, "restarts", restarted=_NOW - 600)
    rehearse(living)
    monkeypatch.setattr(inside, "load_script", shorten)
    _, told = write(project, "--cluster", "site")
    logs = (f"site: log {_AIO}/restarts/main/{which}: not asked: -1 s were over" for which in ("current", "previous"))
    assert told["missing"] == [*logs]


def test_a_cluster_that_does_not_answer_is_told(project: Path, rehearse: Rehearse) -> None:
    living = Living("dev")
    living.set(_VM_A, "stopped", True, where="facts")
    rehearse(living)
    files, told = write(project)
    assert not {"site/cluster.json", "site/events.txt", "site/logs.txt"} & {*files}
    assert "enterprise/logs.txt" in files
    assert [line.partition(": 409")[0] for line in told["missing"]] == ["site: objects", "site: events and logs"]


def test_what_azure_does_not_answer_is_told_once_for_each_reason(
    project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ArmError(403, "AuthorizationFailed", "no right to read")

    rehearse(Living("dev"))
    monkeypatch.setattr(World, "get", refuse)
    files, told = write(project, "--cluster", "site", "--azure-only")
    count, _, reason = told["missing"][0].removeprefix("site: ").partition(" answers of Azure: ")
    assert int(count) > 30
    assert reason.startswith("403: (AuthorizationFailed) no right to read")
    assert len(told["missing"]) == 2, "the other one is --azure-only"
    assert '"seen": "not seen: 403: (AuthorizationFailed) no right to read' in files["site/azure.json"]


def test_a_script_that_fails_on_the_node_is_told(
    project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse(Living("dev"))
    monkeypatch.setattr(World, "run_action", lambda *_: ScriptRun(1, "", "ERROR: no space left on device"))
    files, told = write(project, "--cluster", "site")
    reason = "no space left on device"
    assert told["missing"] == [f"site: objects: {reason}", f"site: events and logs: {reason}"]
    assert "site/azure.json" in files


def test_with_azure_only_clusters_are_not_asked_and_that_is_told(project: Path, rehearse: Rehearse) -> None:
    rehearse(Living("dev"))
    files, told = write(project, "--azure-only", "--cluster", "site")
    assert [*files] == ["README.txt", "verify.json", "versions.json", "site/azure.json"]
    assert told["missing"] == [
        "site: what the cluster itself says, its events and logs: not asked, as --azure-only was given"
    ]


@pytest.mark.parametrize("name", ["bundle.tar.gz", "missing/bundle.tar.gz"])
def test_a_file_that_is_there_or_cannot_be_is_refused_before_anything_is_asked(
    name: str, project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something was asked")

    rehearse(Living("dev"))
    (project / "bundle.tar.gz").write_text("mine")
    monkeypatch.setattr("automation.commands.verify.verify_stack", refuse)
    result = run("--support-bundle", name)
    assert result.exit_code == 2
    assert ("is there already" if "/" not in name else "cannot be written") in result.stderr
    assert (project / "bundle.tar.gz").read_text() == "mine"


def test_on_a_terminal_it_asks_unless_told_not_to(
    project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse(Living("dev"))
    monkeypatch.setattr(support_bundle, "_is_terminal", lambda: True)
    line = ["verify", "--stack", "dev", "--offline", "--engine", "offline", "--support-bundle", "b.tar.gz"]
    no = CliRunner().invoke(cli.app, line, input="n\n")
    assert "Write b.tar.gz?" in no.stderr
    assert "b.tar.gz was not written." in no.stderr
    assert "cluster site: 65 checks, all ok" in no.stdout, "the checks have found what they have found"
    assert not (project / "b.tar.gz").exists()
    assert "Write b.tar.gz?" not in CliRunner().invoke(cli.app, [*line, "--yes"]).stderr
    assert (project / "b.tar.gz").exists()
    (project / "b.tar.gz").unlink()
    CliRunner().invoke(cli.app, line, input="y\n")
    assert (project / "b.tar.gz").exists()


def test_a_file_that_somebody_makes_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_text("mine")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # made right after somebody has looked
    with pytest.raises(FileExistsError, match=r"b\.tar\.gz"):
        support_bundle.write(file, bundle.Bundle([], []))
    assert [one.read_text() for one in tmp_path.iterdir()] == ["mine"]


def test_what_cannot_be_written_to_its_end_leaves_nothing(
    project: Path, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    rehearse(Living("dev"))
    before = list_files(project)
    monkeypatch.setattr(tarfile.TarFile, "addfile", fail)
    result = run("--support-bundle", "bundle.tar.gz")
    assert (result.exit_code, "bundle.tar.gz: not written: No space left on device" in result.stderr) == (1, True), (
        result.stderr
    )
    assert list_files(project) == before
