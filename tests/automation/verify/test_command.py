"""`verify` as a user runs it: what it prints, how it ends, and that the same client asks Azure in earnest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from automation import cli
from automation.commands import asked_azure
from automation.verify.checks import CHECKS
from automation.verify.resource_manager import log_in_to_served
from rehearsal.arm_rest import serve
from rehearsal.azure.errors import ArmError
from rehearsal.azure.world import World
from settings.stand_ins import STAND_INS
from tests.automation.network import delete_in_rehearsed
from tests.automation.verify.living import Living
from tests.conftest import PROGRAM

_DATAFLOW = "dataflows/to-enterprise-input"
_VM = "virtualMachines/vm-myorga-aio-dev-001-0"


def run(
    *options: str, engine: tuple[str, ...] = ("--offline", "--engine", "offline"), subcommand: str = "verify"
) -> Result:
    result = CliRunner().invoke(cli.app, [subcommand, "--stack", "dev", *engine, *options])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    return result


def read(result: Result) -> dict[str, Any]:
    """The document, which keeps to the schema."""
    document: dict[str, Any] = json.loads(result.stdout)
    schema = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["exit_code"] == result.exit_code
    return document


def test_a_rehearsed_stack_is_green_and_nothing_of_it_is_changed(
    project: Path, rehearse: Callable[[Living], None]
) -> None:
    rehearse(Living("dev"))
    file = project / ".rehearsal" / "dev" / "azure.json"
    before = file.read_bytes()
    result = run()
    assert result.exit_code == 0, result.output
    assert "cluster site: 65 checks, all ok" in result.stdout
    assert "Next: .venv/bin/python -m automation outputs --stack dev --offline" in result.stdout
    assert file.read_bytes() == before
    assert not list((project / ".rehearsal" / ".served").iterdir())


def test_what_this_machine_serves_is_asked_past_any_proxy(
    rehearse: Callable[[Living], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    rehearse(Living("dev"))
    assert run().exit_code == 0


def test_up_verifies_what_it_has_deployed_where_it_is_asked_to(project: Path) -> None:
    document = read(run("--verify", "--json", subcommand="up"))
    assert (document["exit_code"], set(document["changes"].values())) == (0, {"create"})
    assert {check["outcome"] for check in document["checks"]} == {"ok"}

    delete_in_rehearsed(project, "dev", _DATAFLOW)
    result = run("--verify", subcommand="up")
    assert result.exit_code == 1, "up trusts the state, and verify asks"
    assert "FAILED   VERIFY-02" in result.stdout
    assert read(run("--json", subcommand="up"))["exit_code"] == 0


def test_failures_come_first_with_their_remedy(rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.set(_VM, "stopped", True, where="facts")
    living.answer(_VM, "securityProfile.uefiSettings.secureBootEnabled", False)
    living.answer(_DATAFLOW, "properties.mode", "Disabled")
    rehearse(living)
    result = run()
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert [line for line in lines if line.startswith(("cluster", "link", "FAILED", "warning"))] == [
        "cluster site: 65 checks",
        "FAILED   VERIFY-14 Power; expected: the machine runs",
        "warning  VERIFY-17 Machine otherwise; expected: image, disk, keys, boot and patches as made",
        "cluster enterprise: 68 checks, all ok",
        "link site-to-enterprise: 9 checks",
        "FAILED   VERIFY-54 Dataflows enabled; expected: each",
    ]
    at = lines.index("site-node: its power state is PowerState/stopped; expected PowerState/running")
    assert lines[at + 1] == "-> az vm start --resource-group rg-myorga-dev-001 --name vm-myorga-aio-dev-001-0"
    assert lines[-1].startswith("Next: mend what is marked FAILED, from the top, then run again: .venv/bin/python")
    assert "121 ok, 2 FAILED, 19 unknown, 1 warning" in result.stdout
    assert sum("when the VM is not running" in line for line in lines) == 2  # for all on the node, and on its link


def test_a_ci_gets_its_files(project: Path, rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.set(_VM, "stopped", True, where="facts")
    rehearse(living)
    document = read(run("--json", "--junit", "verify.xml", "--markdown", "verify.md"))
    root = Tree.parse(project / "verify.xml").getroot()
    assert root.get("tests") == str(len(document["checks"]))
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == [
        "VERIFY-14 Power"
    ]
    assert "| cluster site | VERIFY-14 Power | failed |" in (project / "verify.md").read_text(encoding="utf-8")


def test_what_waits_for_something_is_told_on_one_line(rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.remove("userAssignedIdentities/id-myorga-sse-dev-001/federatedIdentityCredentials/aio-sse-ficred")
    rehearse(living)
    lines = [line.strip() for line in run().stdout.splitlines()]
    (line,) = (line for line in lines if line.startswith("not run"))
    assert line.startswith("not run after VERIFY-02: site-secret-sync-credential not there: States of resources, Tags")
    assert line.endswith("Issuers of credentials, Subjects of credentials, Audiences of credentials")


def test_the_document_has_every_result_and_what_is_wrong(rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.answer(_DATAFLOW, "properties.mode", "Disabled")
    rehearse(living)
    document = read(run("--json"))
    assert (document["outcome"], document["exit_code"]) == ("failed", 1)
    assert {one["id"] for one in document["checks"]} == {check.id for check in CHECKS if check.concern != "Messages"}
    (wrong,) = document["problems"]
    assert (wrong["kind"], wrong["where"]) == ("VERIFY-54", "link site-to-enterprise")
    assert "expected Enabled" in wrong["message"]
    assert wrong["next"].splitlines() == [
        f".venv/bin/python -m automation {name} --stack dev --offline --engine offline" for name in ("refresh", "up")
    ]


def test_a_warning_alone_is_no_failure(rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.answer("resourceGroups/rg-myorga-dev-001", "tags", {})
    rehearse(living)
    document = read(run("--json"))
    assert (document["outcome"], document["problems"]) == ("succeeded", [])
    assert [one["id"] for one in document["checks"] if one["outcome"] == "warning"] == ["VERIFY-06"]


def test_what_could_not_be_seen_is_no_success(
    rehearse: Callable[[Living], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: World, arm_id: str, **_: bool) -> None:
        raise ArmError(403, "AuthorizationFailed", f"no right to read {arm_id}{self.surroundings.tenant_id}")

    rehearse(Living("dev"))
    monkeypatch.setattr(World, "get", refuse)
    document = read(run("--json"))
    assert (document["outcome"], document["exit_code"]) == ("unknown", 1)
    assert "let this login read" in document["next"]
    result = run()
    assert "more, with --json" in result.stdout
    assert "unknown  VERIFY-02 Resources" in result.stdout


@pytest.mark.parametrize(
    ("options", "places"),
    [
        (("--cluster", "site"), {"", "site", "site-to-enterprise"}),
        (("--cluster", "enterprise"), {"", "enterprise"}),
        (("--link", "site-to-enterprise"), {"", "site-to-enterprise"}),
        (("--cluster", "enterprise", "--link", "site-to-enterprise"), {"", "enterprise", "site-to-enterprise"}),
    ],
)
def test_only_what_is_chosen_is_looked_at(
    options: tuple[str, ...], places: set[str], rehearse: Callable[[Living], None]
) -> None:
    rehearse(Living("dev"))
    document = read(run(*options, "--json"))
    assert document["ok"]
    assert {one["where"] for one in document["checks"]} == places


@pytest.mark.parametrize("option", ["--cluster", "--link"])
def test_a_name_that_is_none_is_refused_with_those_that_are(option: str, rehearse: Callable[[Living], None]) -> None:
    rehearse(Living("dev"))
    document = read(run(option, "nobody", "--json"))
    assert (document["exit_code"], document["problems"][0]["where"]) == (2, option)
    assert "there is no 'nobody' in stack dev; expected one of site" in document["problems"][0]["message"]


@pytest.mark.usefixtures("project")
def test_where_nothing_is_rehearsed_it_says_how() -> None:
    document = read(run("--json"))
    assert (document["exit_code"], document["outcome"]) == (1, "not-run")
    assert document["next"] == ".venv/bin/python -m automation up --stack dev --offline --engine offline"


@pytest.mark.usefixtures("project")
def test_in_earnest_the_same_client_asks_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's place is taken by a served model: nothing else differs from a real run, and no Pulumi CLI is needed."""
    folder = tmp_path / "login"
    folder.mkdir()
    with serve(Living("dev").world()) as served:
        (folder / "token").write_text(served.token, encoding="utf-8")
        (folder / "ca.pem").write_text(served.certificate, encoding="utf-8")
        monkeypatch.setattr(asked_azure, "log_in", lambda: log_in_to_served(served.address, folder))
        monkeypatch.setenv("PATH", "")
        result = run("--json", engine=())
    document = read(result)
    assert (document["ok"], document["offline"]) == (True, False), document["problems"]
    assert not (tmp_path / ".rehearsal").exists()


@pytest.mark.usefixtures("project")
def test_without_a_login_it_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "login"
    folder.mkdir()
    with serve(Living("dev").world()) as served:
        (folder / "token").write_text("nobody", encoding="utf-8")
        (folder / "ca.pem").write_text(served.certificate, encoding="utf-8")
        monkeypatch.setattr(asked_azure, "log_in", lambda: log_in_to_served(served.address, folder))
        result = run(engine=())
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("Azure does not answer: 401: (InvalidAuthenticationToken) The access token is invalid.")
    assert re.fullmatch(r"\d+ unknown in \d\.\d s", lines[2])
    assert lines[-1].startswith(f"Next: az login --tenant {STAND_INS['tenant_id']}, or wait")


def test_with_azure_only_no_script_runs_on_a_node(
    rehearse: Callable[[Living], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a script ran")

    monkeypatch.setattr(World, "run_action", refuse)
    rehearse(Living("dev"))
    result = run("--azure-only")
    assert result.exit_code == 0, result.output
    assert "cluster site: 47 checks, all ok" in result.stdout


def test_messages_are_sent_only_where_they_are_asked_for(rehearse: Callable[[Living], None]) -> None:
    rehearse(Living("dev"))
    document = read(run("--messages", "--link", "site-to-enterprise", "--json"))
    sent = {one["id"]: one["found"] for one in document["checks"] if one["concern"] == "Messages"}
    assert sent["VERIFY-70"].startswith("1 as expected: input -> site/output within ")
    assert sent["VERIFY-71"] == "1 as expected: reason code 0x87"


def test_messages_without_scripts_are_refused(rehearse: Callable[[Living], None]) -> None:
    rehearse(Living("dev"))
    result = run("--azure-only", "--messages")
    assert result.exit_code == 2
    assert "expected one of the two" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cluster", "enterprise", "--messages"), "no link begins at enterprise"),
        (("--junit", "one", "--markdown", "one"), "two records go to one file"),
        (("--cluster", ""), "there is no '' in stack dev"),
    ],
)
def test_what_cannot_be_had_together_is_refused(
    options: tuple[str, ...], said: str, rehearse: Callable[[Living], None]
) -> None:
    rehearse(Living("dev"))
    result = run(*options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_record_that_cannot_be_written_does_not_hide_what_was_found(
    rehearse: Callable[[Living], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(self))

    rehearse(Living("dev"))
    monkeypatch.setattr(Path, "write_text", fail)
    result = run("--azure-only", "--junit", str(tmp_path / "j.xml"))
    assert result.exit_code == 1
    assert "cluster site: 47 checks, all ok" in result.stdout
    assert "j.xml: not written: No space left on device" in result.stderr


def test_a_link_whose_node_is_gone_is_no_pass(rehearse: Callable[[Living], None]) -> None:
    living = Living("dev")
    living.remove(_VM)
    rehearse(living)
    result = run("--link", "site-to-enterprise", "--messages")
    assert result.exit_code == 1
    assert "the node of site: it is not there" in result.stdout
    assert "--link site-to-enterprise --messages" in result.stdout.splitlines()[-1]
