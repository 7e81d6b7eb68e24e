"""preview, up, refresh, destroy and outputs, as a user meets them: exit codes, words, documents."""

from __future__ import annotations

import json
import re
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from semver import VersionInfo
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.commands import run as running
from automation.deployment import open_stack
from automation.deployment.engine import ChosenEngine, EngineChoice
from automation.deployment.workspace import OLDEST_CLI, find_cli
from settings.stand_ins import STAND_INS
from tests.automation.network import ARM_IDS, STACK, URNS, Site
from tests.conftest import PROGRAM, TWO_CLUSTERS, ask_no_rules

Run = Callable[..., Result]
SMALL = "from tests.automation.network import network\n\nnetwork(tags={tags!r}, protect={protect})\n"
OPERATIONS = ("preview", "up", "refresh", "destroy", "outputs")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a small program, with the settings of `Pulumi.test.yaml`."""
    Site(tmp_path)
    ask_no_rules(monkeypatch)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)

    def invoke(*arguments: str, tags: dict[str, str] | None = None, protect: bool = False, **options: Any) -> Result:
        text = SMALL.format(tags=tags, protect=protect)
        (tmp_path / "__main__.py").write_text(text, encoding="utf-8")
        result = CliRunner().invoke(command.app, [*arguments, "--stack", STACK], **options)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert "mistake of the program" not in result.stderr, result.stderr
        return result

    return invoke


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a `pulumi` of this script alone on PATH; the file that it writes its command lines to."""
    folder, calls = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def with_script(script: str) -> Path:
        file = folder / "pulumi"
        file.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{script}\n', encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return calls

    return with_script


def settings(folder: Path, *without: str, **other: Any) -> None:
    values = {key: value for key, value in {**TWO_CLUSTERS, **STAND_INS, **other}.items() if key not in without}
    text = yaml.safe_dump({"config": {"edge-stamps:settings": values}})
    (folder / f"Pulumi.{STACK}.yaml").write_text(text, encoding="utf-8")


def test_a_stack_lives_from_preview_to_destroy(run: Run) -> None:
    preview = run("preview", "--offline")
    assert preview.stdout == (
        "4 would be created (beside 1 component or provider).\n\n"
        "  shared\n    network\n      + create nsg, subnet, vnet\n    resource groups\n      + create group\n\n"
        "Next: .venv/bin/python -m automation up --stack test --offline\n"
    )
    assert outputs(run) == {}
    up = run("up", "--offline")
    assert (up.exit_code, up.stdout.splitlines()[0]) == (0, "4 created (beside 1 component or provider).")
    assert up.stdout.endswith(
        "Next: .venv/bin/python -m automation outputs --stack test --offline says how to reach clusters and brokers\n"
    )
    assert "/4] created vnet\n" in up.stderr
    assert "[4/4] created " in up.stderr
    assert outputs(run) == {"vnet": ARM_IDS["vnet"]}

    again = run("up", "--offline")
    assert (again.exit_code, again.stdout) == (0, "No changes.\n")
    changed = run("preview", "--offline", tags={"a": "b"})
    assert changed.exit_code == 0
    assert changed.stdout.startswith(
        '1 would be updated.\n\n  shared\n    network\n      ~ update vnet\n          tags: not set -> {"a": "b"}\n'
    )
    assert run("refresh", "--offline").stdout == "No changes.\n"
    assert run("destroy", "--offline").stdout == "4 deleted (beside 1 component or provider).\n"
    assert run("destroy", "--offline").stdout == "No changes.\n"
    assert outputs(run) == {}


def outputs(run: Run) -> Any:
    return json.loads(run("outputs", "--offline", "--json").stdout)["outputs"]


def test_each_operation_is_told_as_one_document(run: Run) -> None:
    documents = {name: json.loads(run(name, "--offline", "--json").stdout) for name in OPERATIONS[:4]}

    assert [document["command"] for document in documents.values()] == list(OPERATIONS[:4])
    assert all(document["ok"] is True and document["failures"] == [] for document in documents.values())
    assert documents["preview"]["outputs"] == {"vnet": None}
    assert documents["up"]["outputs"] == documents["refresh"]["outputs"] == {"vnet": ARM_IDS["vnet"]}
    assert documents["up"]["changes"].items() >= dict.fromkeys(URNS.values(), "create").items()
    assert documents["refresh"]["changes"] == {}
    assert documents["destroy"]["changes"].items() >= dict.fromkeys(URNS.values(), "delete").items()


def test_a_failure_is_told_with_its_remedy_and_exits_1(run: Run) -> None:
    result = run("up", "--offline", "--fault", "vnet:create:bad-request")
    assert result.exit_code == 1
    assert (
        f'\n  FAILED vnet\n    Status=400 Code="BadRequest" Message="The request for {ARM_IDS["vnet"]}' in result.stdout
    )
    assert "\n    -> In Azure: Correct the settings in question and check them: `.venv/bin/python" in result.stdout
    assert "automation check --stack test`" in result.stdout
    assert "then run the command again; it goes on from here\n" in result.stdout
    assert "  shared          2       1        1\n" in result.stdout
    assert "/4] FAILED vnet\n" in result.stderr
    assert run("up", "--offline").stdout.startswith("2 created.\n")


def test_a_failure_is_told_as_a_document(run: Run) -> None:
    result = run("up", "--offline", "--json", "--fault", "vnet:create:not-found:4")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (1, False)
    (failure,) = document["failures"]
    assert (failure["resource"], failure["transient"]) == (URNS["vnet"], "TRANSIENT-11")
    assert 'Code="ResourceNotFound"' in failure["message"]
    assert "run the same command again in a few minutes" in failure["remedy"]
    assert len([note for note in document["notes"] if note.endswith("tried again")]) == 3


def test_what_passes_is_told_and_waited_for_without_any_time(run: Run) -> None:
    result = run("up", "--offline", "--fault", "vnet:create:cut-while-running", "--fault", "nsg:create:throttled:2")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "3 created, 1 updated (beside 1 component or provider).",
    )
    assert "Waiting 60 s: the errors are transient ...\n" in result.stderr
    assert "vnet: its create was cut off after Azure had taken it; it is in the stack now\n" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "vnet",
        "vnet:create",
        "vnet:create:nope",
        "vnet:fly:throttled",
        "vnet:create:throttled:many",
        "vnet:create:throttled:1:2",
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_is_expected(text: str, run: Run, tmp_path: Path) -> None:
    result = run("up", "--offline", "--fault", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected" in result.stderr
    assert not (tmp_path / ".rehearsal").exists()


def test_a_fault_needs_the_modelled_azure(run: Run, cli: Callable[[str], Path]) -> None:
    calls = cli("exit 1")
    result = run("up", "--fault", "vnet:create:throttled")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a failure is ordered from the modelled Azure only\n\nNext: add --offline\n" in result.stderr
    assert not calls.exists()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_settings_that_cannot_be_used_exit_2_with_every_problem(operation: str, run: Run, tmp_path: Path) -> None:
    settings(tmp_path, release="2609", tags="none")
    result = run(operation, "--offline")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "  release (Pulumi.test.yaml:" in result.stderr
    assert "  tags (Pulumi.test.yaml:" in result.stderr
    assert not (tmp_path / ".rehearsal").exists()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_only_the_tenant_knows_is_asked_for_unless_offline(operation: str, run: Run, tmp_path: Path) -> None:
    settings(tmp_path, *STAND_INS)
    yes = ["--yes"] if operation == "destroy" else []
    result = run(operation, *yes)
    assert result.exit_code == 2
    assert all(f"  {key} (Pulumi.test.yaml:" in result.stderr for key in STAND_INS)

    offline = run(operation, "--offline")
    assert offline.exit_code == 0
    told = f"Stand-ins for what only the tenant knows: {', '.join(STAND_INS)}\n"
    assert (told in offline.stderr) is (operation != "outputs")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_the_cli_it_says_how_to_get_it(
    operation: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(operation, *(["--yes"] if operation == "destroy" else []))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "The Pulumi CLI is not on PATH.\n\nNext: install it (https://www.pulumi.com/docs/install), or add --offline to"
        " deploy into the modelled Azure\n"
    )


def test_a_cli_that_is_too_old_is_told(run: Run, cli: Callable[[str], Path]) -> None:
    cli("echo v3.258.9")
    result = run("up")
    assert result.exit_code == 1
    assert result.stderr == (
        "The Pulumi CLI is version 3.258.9; expected 3.259.0 or newer.\n\n"
        "Next: install a newer one, or add --offline to deploy into the modelled Azure\n"
    )


def test_the_oldest_cli_is_the_one_that_the_project_asks_for() -> None:
    project = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["requiredPulumiVersion"] == f">={OLDEST_CLI}"


def test_the_engine_that_tests_build_is_not_older_than_the_oldest_cli() -> None:
    pins = (PROGRAM / "tools" / "pulumi" / "go.mod").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", pins)
    assert VersionInfo.parse(pinned) >= OLDEST_CLI


def test_a_stack_that_the_backend_does_not_have_is_not_made(run: Run, cli: Callable[[str], Path]) -> None:
    calls = cli(
        '[ "$1" = version ] && echo v3.260.0 && exit; echo "error: no stack named \'test\' found" >&2; exit 255'
    )
    result = run("up")
    assert result.exit_code == 1
    assert 'Next: pulumi stack init test --secrets-provider "azurekeyvault://<vault>' in result.stderr
    assert "init" not in calls.read_text()


def test_azure_is_waited_for_in_real_time_and_its_model_is_not(tmp_path: Path, cli: Callable[[str], Path]) -> None:
    Site(tmp_path)
    cli('[ "$1" = version ] && echo v3.260.0; exit 0')
    given = open_stack.load(tmp_path, STACK, offline=False)
    engines = {True: ChosenEngine(), False: ChosenEngine(find_cli())}
    waits = {offline: open_stack.open_deployer(given, engines[offline], offline=offline).sleep for offline in engines}
    assert waits[False] is time.sleep
    assert waits[True] is not time.sleep


def test_what_else_the_cli_refuses_is_told_in_its_own_words(run: Run, cli: Callable[[str], Path]) -> None:
    cli('[ "$1" = version ] && echo v3.260.0 && exit; echo "error: no credentials" >&2; echo "hint" >&2; exit 255')
    result = run("preview")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: no credentials\nhint\n\nNext: ")


def test_an_example_is_not_deployed_in_earnest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / f"Pulumi.{STACK}.yaml").rename(tmp_path / "examples" / f"Pulumi.{STACK}.yaml")
    result = run("up")
    assert result.exit_code == 2
    assert "Next: cp examples/Pulumi.test.yaml . and fill in your tenant's values" in result.stderr
    assert run("up", "--offline").exit_code == 0


def test_destroy_asks_before_it_deletes_in_azure(run: Run, cli: Callable[[str], Path]) -> None:
    calls = cli("exit 1")
    result = run("destroy", input="n\n")
    assert result.exit_code == 1
    assert result.stderr.endswith("Nothing was done: the question was not answered with yes.\n")
    assert run("destroy", input="").exit_code == 1
    assert (
        "Delete everything that stack test has deployed in subscription 5ab5c21e-0000-4000-8000-000000000001? [y/N]"
        in result.stderr
    )
    assert not calls.exists()


def test_what_would_be_lost_is_asked_for_before_it_goes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a terminal."""
    asked: list[str] = []

    def answered(answer: bool) -> None:
        def confirm(question: str, **_: Any) -> bool:
            asked.append(question)
            return answer

        monkeypatch.setattr(typer, "confirm", confirm)

    def up() -> int:
        try:
            engine = EngineChoice.OFFLINE  # whose Azure `Site` reads
            running.run_operation(tmp_path, "up", STACK, offline=True, as_json=False, engine=engine, asks=True)
        except typer.Exit as ending:
            return ending.exit_code
        return 0

    answered(False)
    run("preview", "--offline")
    assert (up(), asked) == (0, [])  # creates lose nothing
    (tmp_path / "__main__.py").write_text("", encoding="utf-8")
    assert (up(), asked) == (1, ["4 resources would be replaced or deleted. Go on?"])
    assert Site(tmp_path).exists()
    answered(True)
    assert up() == 0
    assert not Site(tmp_path).exists()


def test_a_lock_that_was_cut_off_is_told_with_the_way_out(run: Run, tmp_path: Path) -> None:
    run("up", "--offline")
    for content in ("", "[]", '{"pid": 1}'):
        Site(tmp_path).lock().write_text(content, encoding="utf-8")
        result = run("up", "--offline")
        assert result.exit_code == 1
        step = result.stderr.rpartition("Once you are sure that it has: ")[2].split()
        assert step == ["rm", str(Site(tmp_path).lock())]


def test_a_stack_in_another_subscription_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A refresh in the wrong subscription finds nothing, and would empty the state."""
    run("up", "--offline")
    other = "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"
    settings(tmp_path, subscription_id=other)
    for operation in OPERATIONS[:4]:
        result = run(operation, "--offline")
        assert (result.exit_code, result.stdout) == (1, "")
        assert STAND_INS["subscription_id"] in result.stderr
        assert other in result.stderr
        assert f"Next: make rehearse-clean STACK={STACK}" in result.stderr
    settings(tmp_path)
    assert run("preview", "--offline").stdout == "No changes.\n"


def test_a_locked_stack_exits_1_with_its_holder(run: Run, tmp_path: Path) -> None:
    run("up", "--offline")
    Site(tmp_path).lock(username="alice", hostname="laptop", pid=4321)
    result = run("up", "--offline", tags={"a": "b"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Stack test is locked by another run:\n  alice@laptop, process 4321" in result.stderr


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_state_that_cannot_be_read_exits_1_with_the_way_out(operation: str, run: Run, tmp_path: Path) -> None:
    assert run("up", "--offline").exit_code == 0
    kept = tmp_path / ".rehearsal" / STACK
    (kept / "state.json").write_text("[]", encoding="utf-8")
    result = run(operation, "--offline")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Next: remove the folder {kept}, which starts from nothing" in result.stderr


def test_prod_refuses_to_lose_a_cluster_before_anything_is_deleted_and_says_how_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(PROGRAM / name, tmp_path)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    whole = (PROGRAM / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    lab = whole.replace("    clusters:\n", "    clusters:\n      lab: {code: c, address_space: 10.23.0.0/16}\n")
    unprotected = lab.replace("    clusters:\n", "    protection: {protect: false}\n    clusters:\n")

    def prod(settings: str, *arguments: str) -> Result:
        (tmp_path / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
        return CliRunner().invoke(command.app, [*arguments, "--stack", "prod", "--offline", "--engine", "offline"])

    assert prod(lab, "up").exit_code == 0
    for operation in ("preview", "up"):
        refused = prod(whole, operation)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "the program no longer has these resources of stack prod, and they are protected:\n" in refused.stderr
        assert "  lab-key-vault\n" in refused.stderr
        assert "Next: put back what makes them, or say their former names as `aliases`." in refused.stderr
        assert "If they really shall go: set `protection: " in refused.stderr
    assert prod(lab, "preview").stdout == "No changes.\n"

    assert prod(unprotected, "up").exit_code == 0
    assert prod(unprotected.replace("      lab: {code: c, address_space: 10.23.0.0/16}\n", ""), "up").exit_code == 0
    assert prod(whole, "up").exit_code == 0


def test_prod_refuses_to_be_destroyed_except_as_a_rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(PROGRAM / name, tmp_path)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)

    def prod(*arguments: str) -> Result:
        return CliRunner().invoke(command.app, [*arguments, "--stack", "prod"])

    assert prod("up", "--offline").exit_code == 0
    refused = prod("destroy", "--offline")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Nothing is deleted, because of stack prod these resources are protected:\n" in refused.stderr
    assert "  site-node\n" in refused.stderr
    assert refused.stderr.endswith("Next: make rehearse-clean STACK=prod, which takes the protection away first\n")
    assert prod("preview", "--offline").stdout == "No changes.\n"

    gone = prod("rehearse", "--destroy")
    assert gone.exit_code == 0
    assert " deleted (beside 18 components and providers).\n" in gone.stdout
    assert not (tmp_path / ".rehearsal" / "prod").exists()


def test_an_up_with_other_settings_than_were_previewed_says_which(run: Run, tmp_path: Path) -> None:
    assert "Changed since" not in run("up", "--offline").stderr  # nothing was previewed
    settings(tmp_path)
    run("preview", "--offline")
    assert "Changed since" not in run("preview", "--offline").stderr
    settings(tmp_path, instance="002", tags={"owner": "me"})
    changed = run("up", "--offline")
    assert changed.exit_code == 0
    assert "Changed since the last preview: instance, tags.owner. To look at it first: " in changed.stderr
    settings(tmp_path)
    assert "Changed since" not in run("up", "--offline").stderr  # what was previewed is done


def test_the_note_of_a_preview_holds_no_value(run: Run, tmp_path: Path) -> None:
    settings(tmp_path, tags={"owner": "somebody"})
    run("preview", "--offline")
    (note,) = tmp_path.glob(".runs/*.previewed.json")
    assert "tags.owner" in note.read_text()
    assert "somebody" not in note.read_text()
