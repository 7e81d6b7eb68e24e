"""The command, as a user meets it: exit codes, what goes to which stream, no traceback for a mistake."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.commands.print_outputs import print_outputs
from automation.deployment.rehearsal import rehearse
from rehearsal.azure.world import Surroundings
from rehearsal.engine import Backend
from rehearsal.mqtt import install
from rehearsal.node import confine
from rehearsal.providers import Properties
from rehearsal.providers.azure import AzureProvider
from settings import stack_file
from settings.naming import arc_proxy_port
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, THREE_SITES, TWO_CLUSTERS

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command where `Pulumi.test.yaml` holds the given settings, or the given text."""
    (tmp_path / "__main__.py").write_text((PROGRAM / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(command, "PROGRAM", tmp_path)

    def with_settings(*arguments: str, settings: dict[str, Any] | None = None, text: str | None = None) -> Result:
        document = text or yaml.safe_dump({"config": {"edge-stamps:settings": settings or TWO_CLUSTERS}})
        (tmp_path / "Pulumi.test.yaml").write_text(document, encoding="utf-8")
        return CliRunner().invoke(command.app, [*arguments, "--stack", "test"])

    return with_settings


def test_check_asks_for_all_of_the_tenant_s_values_at_once(run: Run) -> None:
    result = run("check")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert all(f"  {key} (Pulumi.test.yaml:" in result.stderr for key in STAND_INS)
    assert "az ad sp show --id bc313c14-388c-4e7d-a58e-70017303ee3b --query id" in result.stderr


def test_check_passes_on_complete_settings(run: Run) -> None:
    result = run("check", settings={**TWO_CLUSTERS, **STAND_INS})

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "Settings of stack test are complete: 2 clusters, 1 link, AIO 2608.\n\n"
        "Next: .venv/bin/python -m automation doctor --stack test looks at this machine and at Azure\n"
    )


def test_check_and_outputs_say_which_dns_record_nobody_makes(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    record = "DNS record that the stack does not make: mqtt.example.com -> 10.20.1.10"
    assert record in run("check", "--rehearsal", settings=THREE_SITES).stdout
    assert "DNS record" not in run("check", "--rehearsal").stdout

    endpoint = {"url": "mqtts://mqtt.example.com:28883", "listener": "default", "ca_fingerprint": "0" * 64}
    print_outputs({"broker_endpoints": {"hq": {**endpoint, "host": "mqtt.example.com", "address": "10.20.1.10"}}})
    assert record in capsys.readouterr().out
    print_outputs({"broker_endpoints": {"hq": {**endpoint, "host": "10.20.1.10", "address": "10.20.1.10"}}})
    assert "DNS record" not in capsys.readouterr().out


def test_outputs_say_what_a_failed_up_has_left_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = {"url": "mqtts://10.20.1.10:28883", "ca_fingerprint": None}
    print_outputs({"broker_endpoints": {"hq": endpoint}, "links": None})
    assert "\n  hq: not known, as the last up has not finished\n" in capsys.readouterr().out


def test_check_for_a_rehearsal_does_not_need_the_tenant(run: Run) -> None:
    assert run("check", "--rehearsal").exit_code == 0


def test_check_lists_problems_as_json(run: Run) -> None:
    result = run("check", "--json", settings={**TWO_CLUSTERS, **STAND_INS, "release": "2609"})

    document = json.loads(result.stdout)
    assert result.exit_code == 2
    assert [problem["where"] for problem in document["problems"]] == ["release"]


def test_every_mistake_of_form_is_told_at_once_and_then_every_broken_rule(run: Run) -> None:
    settings: dict[str, Any] = {
        **TWO_CLUSTERS,
        **STAND_INS,
        "prefix": "a-prefix-that-is-too-long",
        "relase": "2608",
        "release": "2609",
        "custom_locations_object_id": "bc313c14-388c-4e7d-a58e-70017303ee3b",
        "clusters": {
            "site": {"address_space": "10.2.0.0/16"},
            "enterprise": {"listener": {"port": 70000}},
            "annex": {"code": "x", "address_space": "10.9.0.0/16"},
        },
        "links": [
            {"from": "site", "to": "enterprise", "client_id_prefix": "same-"},
            {"from": "annex", "to": "enterprise", "client_id_prefix": "same-"},
            {"from": "site", "to": "entreprise"},
        ],
    }

    form = ("the nearest is release", "2609", "clusters.enterprise.listener.port", "custom_locations_object_id")
    rules = ("overlaps", "entreprise", "client_id_prefix", "  prefix (")
    expect_problems(run, settings, form)
    mended = {name: value for name, value in settings.items() if name not in ("relase", "release")}
    mended |= STAND_INS
    mended["clusters"] = {**settings["clusters"], "enterprise": {"listener": {"port": 8883}}}
    expect_problems(run, mended, rules)


def expect_problems(run: Run, settings: dict[str, Any], parts: tuple[str, ...]) -> None:
    for arguments in (["check"], ["rehearse"], ["graph"]):
        result = run(*arguments, settings=settings)
        assert result.exit_code == 2
        assert "Traceback" not in result.stderr
        for part in parts:
            assert part in result.stderr, (arguments, part, result.stderr)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("config: [", "valid YAML"),
        ("config: []", "edge-stamps:settings"),
        ("config: {edge-stamps:settings: [1, 2]}", "a map"),
        ("config: {edge-stamps:settings: {clusters: [site]}}", "clusters"),
        ("config: {edge-stamps:settings: {prefix: a, prefix: b}}", "in line"),
    ],
)
def test_yaml_of_the_wrong_shape_is_told_without_a_traceback(text: str, part: str, run: Run) -> None:
    for arguments in (["check"], ["rehearse"], ["graph"]):
        result = run(*arguments, text=text)
        assert result.exit_code == 2
        assert part in result.stderr
        assert "Traceback" not in result.stderr


def test_an_unknown_stack_is_told_with_those_that_exist() -> None:
    result = CliRunner().invoke(command.app, ["rehearse", "--stack", "dve"])

    assert result.exit_code == 2
    assert "dev, prod" in result.stderr


def test_rehearse_says_what_the_user_came_for(run: Run) -> None:
    result = run("rehearse")

    assert result.exit_code == 0, result.stdout
    for part in (
        "Estimated deployment time",
        "az connectedk8s proxy -n arck-myorga",
        "mqtts://10.2.1.10:28883",
        "Stand-ins",
    ):
        assert part in result.stdout


def test_a_second_rehearsal_says_what_has_changed(run: Run) -> None:
    first = run("rehearse").stdout
    number = first.partition(" resources, ")[0].rpartition(" ")[2]
    assert f" {number} created (beside 18 components and providers).\n" in first
    second = run("rehearse").stdout
    assert "no changes since the last rehearsal" in second
    assert "A script ran only where its Run Command has changed, on the node as it was." in second
    assert "A script ran only where" not in first

    another_port = {"site": {}, "enterprise": {"listener": {"port": 28884}}}
    changed = run("rehearse", settings={**TWO_CLUSTERS, "clusters": another_port}).stdout
    assert "4 updated since the last rehearsal" in changed
    assert "  enterprise\n    IoT Operations\n      ~ update enterprise-link-listener\n" in changed
    assert "          properties.ports[0].port: 28883 -> 28884\n" in changed

    assert run("rehearse", "--destroy").stdout.startswith(f"{number} deleted (beside")
    assert f" {number} created (beside 18 components and providers).\n" in run("rehearse").stdout


def test_what_cannot_be_read_any_more_is_told_with_the_way_out(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / ".rehearsal" / "test"
    kept.mkdir(parents=True)
    (kept / "state.json").write_text("{", encoding="utf-8")
    result = run("rehearse")

    assert result.exit_code == 1
    assert f"Next: remove the folder {kept}, which starts from nothing" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--destroy",)])
def test_a_type_that_is_kept_and_no_longer_known_is_told_with_the_way_out(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert run("rehearse", "--without-messages").exit_code == 0
    kept = tmp_path / ".rehearsal" / "test"
    azure = (kept / "azure.json").read_text(encoding="utf-8")
    (kept / "azure.json").write_text(azure.replace("azure-native:storage:", "azure-native:eventhub:"), encoding="utf-8")
    result = run("rehearse", *arguments)

    assert result.exit_code == 1
    assert "no row is about it" in result.output
    assert f"Next: remove the folder {kept}, which starts from nothing" in result.output


def test_what_a_rehearsal_keeps_is_its_owner_s(run: Run, tmp_path: Path) -> None:
    assert run("rehearse").exit_code == 0

    folder = tmp_path / ".rehearsal" / "test"
    assert folder.stat().st_mode & 0o777 == 0o700
    kept = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert kept == {"state.json": 0o600, "azure.json": 0o600, "history.json": 0o600, "locks": 0o700}


def test_a_rehearsal_says_what_was_delivered_and_what_was_refused(run: Run) -> None:
    text = run("rehearse").stdout
    for part in (
        "arck-myorga-dev-001/mqtt-enterprise -> 10.2.1.10:28883: 200 of 200 messages delivered\n",
        "refused at TLS: no certificate, ",
        "refused by policy: another topic, ",
        "another link's certificate and topic at 10.2.1.10:28883: no other link ends there",
        "Not provable on Mosquitto: a client id bound to its certificate",
        "AIO's reload, durability, ordering, limits and policy engine were not exercised.",
        "Not yet observed on AIO 2608.",
    ):
        assert part in text, part


def test_without_mosquitto_a_rehearsal_fails_unless_no_messages_are_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_PLACES", ())
    monkeypatch.setenv("PATH", "")
    failed = run("rehearse")
    assert failed.exit_code == 1
    assert "apt-get install mosquitto" in failed.stderr
    assert failed.stderr.endswith("\n\nNext: install it, or add --without-messages\n")

    without = run("rehearse", "--without-messages")
    assert without.exit_code == 0
    assert "No messages were sent, as asked." in without.stdout


def test_what_a_cluster_lacks_fails_the_rehearsal_with_its_remedy(run: Run, tmp_path: Path) -> None:
    """Somebody has taken the key out of the vault since the stack was deployed."""
    assert run("rehearse").exit_code == 0
    backend = Backend(tmp_path)
    world = backend.world("test", Surroundings(STAND_INS["subscription_id"], deployer_has_data_rights=True))
    (key,) = (entry.id for entry in world.entries() if entry.id.endswith("/secrets/server-leaf-key-g1"))
    world.delete_secret_as_data(key)

    result = run("rehearse", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (1, False)
    assert any("CLUSTER-12" in problem and "->" in problem for problem in document["clusters"]["arck-myorgb-dev-001"])
    assert document["messages"]["delivered"] == 0


def test_rehearse_as_json_is_one_document(run: Run) -> None:
    document = json.loads(run("rehearse", "--json").stdout)

    assert document["ok"] is True
    assert document["findings"] == []
    assert document["estimated_deployment_seconds"] > 600
    assert set(document["outputs"]["arc_proxy_commands"]) == {"site", "enterprise"}


def test_a_finding_fails_the_rehearsal_and_leads_to_its_resource(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from components import mqtt_bodies

    right = mqtt_bodies.connect_to_broker

    def misspelt(*arguments: Any) -> dict[str, Any]:
        properties = right(*arguments)
        properties["mqttSettings"]["keepAliveSecond"] = properties["mqttSettings"].pop("keepAliveSeconds")
        return properties

    monkeypatch.setattr(mqtt_bodies, "connect_to_broker", misspelt)
    result = run("rehearse")

    assert result.exit_code == 1
    assert "site-to-enterprise-endpoint" in result.stdout
    assert "keepAliveSecond" in result.stdout
    assert "keepAliveSeconds" in result.stdout


def test_graph_writes_the_deployment_without_a_secret(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    assert run("graph", "--out", str(file)).exit_code == 0

    text = file.read_text(encoding="utf-8")
    resources = {resource["name"]: resource for resource in json.loads(text)["resources"]}
    assert "PRIVATE KEY" not in text
    key = resources["enterprise-vault-server-leaf-key-g1"]
    assert key["arm"]["body"]["properties"]["value"] == "[secret]"
    assert key["arm"]["apiVersion"] == "2024-11-01"
    assert key["arm"]["path"].endswith("/vaults/kv-myorgb-dev-001/secrets/server-leaf-key-g1")
    assert "inputs.properties.value" in key["secretPaths"]
    assert resources["enterprise-link-listener"]["arm"]["apiVersion"] == "2026-07-01"


def test_graph_of_a_preview_marks_what_is_not_known_yet(run: Run) -> None:
    document = json.loads(run("graph", "--preview").stdout)

    assert document["preview"] is True
    assert any("[unknown]" in json.dumps(resource["inputs"]) for resource in document["resources"])


def test_a_wrong_option_is_a_usage_error() -> None:
    assert CliRunner().invoke(command.app, ["graph", "--stak", "dev"]).exit_code == 2


def test_it_runs_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "automation", "check", "--stack", "nowhere"],
        cwd=PROGRAM, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 2
    assert result.stderr.startswith("1 problem in the settings of stack nowhere (Pulumi.nowhere.yaml):")


_INT = inspect.getsourcelines(arc_proxy_port)[1] + 2


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (
            "raise ModuleNotFoundError('no', name='typer')",
            "The package typer is missing. Next: make setup, then .venv/bin/python -m automation\n",
        ),
        (
            "raise ModuleNotFoundError('no', name='rules.nothing')",
            "rules/nothing.py is missing. Next: write it; git status says what is gone\n",
        ),
        (
            "import settings.profiles as p; raise p.ProfileError('settings/profiles.py: profile dev lacks x')",
            "settings/profiles.py: profile dev lacks x\n",
        ),
        (
            "from settings.naming import arc_proxy_port; arc_proxy_port('-')",
            (
                f"The program failed: settings/naming.py:{_INT}: ValueError: invalid literal for int() with base 36:"
                " '-'. Next: fix the program, then run the command again\n"
            ),
        ),
    ],
)
def test_what_keeps_it_from_starting_is_told_without_a_traceback(tmp_path: Path, mistake: str, words: str) -> None:
    (tmp_path / "typer.py").write_text(mistake, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", "import runpy; runpy.run_module('automation', run_name='__main__')"],
        cwd=PROGRAM, env={"PYTHONPATH": f"{tmp_path}:{PROGRAM}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr == words


def test_a_rehearsal_writes_its_report_also_when_something_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components import mqtt_bodies

    file = tmp_path / "report.html"
    assert run("rehearse", "--without-messages", "--report", str(file)).exit_code == 0
    well = file.read_text(encoding="utf-8")
    assert "Rehearsal of stack test" in well
    assert "No message was sent: none was wanted." in well

    monkeypatch.setattr(mqtt_bodies, "connect_to_broker", lambda *_: {"endpointType": "Mqtt"})
    result = run("rehearse", "--without-messages", "--report", str(file))
    assert result.exit_code == 1
    assert f"Report: {file}\n" in result.stderr
    assert "site-to-enterprise-endpoint" in file.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8") != well


def test_a_preview_writes_its_report_with_what_the_engine_says(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run("up", "--offline").exit_code == 0
    another_port = {"site": {}, "enterprise": {"listener": {"port": 28884}}}
    changed = {**TWO_CLUSTERS, "clusters": another_port}
    assert run("preview", "--offline", "--report", str(file), settings=changed).exit_code == 0
    page = file.read_text(encoding="utf-8")
    assert "Offline preview of stack test" in page
    assert "properties.ports[0].port: 28883 -&gt; 28884" in page


def test_diagram_is_drawn_as_text_or_to_a_file(run: Run, tmp_path: Path) -> None:
    text = run("diagram").stdout
    assert "-> enterprise (VNets peered)" in text
    assert "10.2.1.10:28883" in text
    assert run("diagram", "--out", str(tmp_path / "drawn.svg")).exit_code == 0
    assert (tmp_path / "drawn.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_rehearsal_in_another_subscription_starts_from_nothing(run: Run) -> None:
    """As after the first steps of docs/first-environment.md: rehearsed with stand-ins, then the tenant's values."""
    assert run("rehearse", "--without-messages").exit_code == 0
    own = {**TWO_CLUSTERS, "subscription_id": "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"}
    result = run("rehearse", "--without-messages", settings=own)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert "subscription_id is another one than at the last rehearsal" in result.stderr
    number = result.stdout.partition(" resources, ")[0].rpartition(" ")[2]
    assert f" {number} created (beside" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["rehearse", "--report"], ["preview", "--offline", "--report"], ["graph", "--out"], ["diagram", "--out"]],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    arguments: list[str], run: Run, tmp_path: Path
) -> None:
    for file in (tmp_path / "nowhere" / "a.html", tmp_path):
        result = run(*arguments, str(file))
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot be written" in " ".join(result.stderr.split())
    assert not (tmp_path / ".rehearsal").exists()


def test_a_rehearsal_reads_the_stack_file_once_and_runs_the_program_three_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(PROGRAM / name, tmp_path)
    main = (PROGRAM / "__main__.py").read_text(encoding="utf-8")
    (tmp_path / "__main__.py").write_text(f"{main}\nprint('it has run')\n", encoding="utf-8")
    with mock.patch.object(stack_file, "read", wraps=stack_file.read) as read:
        assert rehearse(tmp_path, "dev", messages=0).ok
    assert (read.call_count, capsys.readouterr().err.count("it has run")) == (1, 3)


def test_a_second_preview_that_is_not_empty_fails_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure gives back another input than it was sent, so that every preview wants to change it."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    check = AzureProvider.check

    def restless(self: AzureProvider, urn: str, token: str, old: Properties, inputs: Properties) -> Properties:
        checked = check(self, urn, token, old, inputs)
        return {**checked, "tags": {"asked": str(len(old))}} if urn.endswith("::site-node") and old else checked

    monkeypatch.setattr(AzureProvider, "check", restless)
    monkeypatch.setattr(confine, "find_warning", lambda: "Scripts are not confined.")
    told: list[str] = []
    result = rehearse(tmp_path, "dev", messages=0, tell=told.append)
    assert "Scripts are not confined." in told
    assert result.deployed
    assert result.deployed.problems == ["a second preview is not empty: update site-node"]
