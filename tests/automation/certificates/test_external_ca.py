"""A stack whose CA is outside, as a user meets it: requests, what waits, what has to be signed again, a renewal."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from automation import cli
from automation.certificates.forecast import foresee
from automation.commands import certificate_requests
from automation.commands.next_steps import COMMAND
from automation.commands.stack import Target, deployer_of
from automation.deployment import open_stack
from automation.deployment.engine import EngineChoice
from graph.evaluate_stack import evaluate_stack
from graph.plan import graph_of_state
from settings.loaded_stack import load_stack
from settings.signing_requests import find_outside_windows
from tests.automation.certificates.project import copy_into, enter, start_project, write_settings
from tests.conftest import PROGRAM

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
OUTSIDE = {"pki": {"external_ca": "leaves"}}
BROKER, LINK = "enterprise-server-leaf-g1", "site-to-enterprise-client-leaf-g1"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack dev that is up with an external CA; copy it."""
    folder = tmp_path_factory.mktemp("deployed")
    start_project(folder, **OUTSIDE)
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        assert run("up").exit_code == 0
    return folder


@pytest.fixture
def project(deployed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copy_into(deployed, tmp_path, monkeypatch)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, [*arguments, "--offline", "--engine", "offline"])
    assert "mistake of the program" not in result.output, result.output
    return result


def test_each_request_goes_to_a_file_with_what_it_is_for(project: Path) -> None:
    done = run("certificates", "requests")
    assert done.exit_code == 0, done.output
    folder = project / ".rehearsal" / "dev" / "signed"
    asked = {file.stem: x509.load_pem_x509_csr(file.read_bytes()) for file in folder.glob("*.csr")}
    assert {name: one.subject.rfc4514_string() for name, one in asked.items()} == {
        BROKER: "CN=myorg-dev-001--enterprise-broker-g1",
        LINK: "CN=myorg-dev-001--site-to-enterprise-g1",
    }
    assert all(one.is_signature_valid for one in asked.values())
    signed = re.findall(r"^    signed: (.*)", done.output, re.M)
    assert sorted(signed) == [str(folder / f"{BROKER}.pem"), str(folder / f"{LINK}.pem")]
    assert all(Path(file).is_file() for file in signed)


def test_requests_of_modelled_keys_stay_out_of_the_folder_that_people_commit(project: Path) -> None:
    done = run("certificates", "requests")
    assert not (project / "certificates").exists()
    assert "Offline a stand-in for your CA signs them" in done.output
    assert f"{COMMAND} certificates requests --stack dev\n" in done.output, "where those of Azure come from"
    assert "have them signed" not in done.output


@pytest.mark.usefixtures("unsigned")
def test_a_chain_that_is_to_come_is_told_as_one() -> None:
    done = run("certificates", "requests")
    assert f"put the chain here, with each issuer and the root last: {Path.cwd()}/.rehearsal/dev/signed/" in done.output
    assert f"Next: {COMMAND} up --stack dev --offline" in done.output, "where the stand-in signs"


def test_requests_go_where_they_are_wanted_and_into_a_document(project: Path) -> None:
    done = run("certificates", "requests", "--out", "elsewhere", "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert [(one["signed"], one["use"], one["is_ca"]) for one in document["requests"]] == [
        (True, "server", False),
        (True, "client", False),
    ]
    assert sorted(file.name for file in (project / "elsewhere").iterdir()) == [f"{BROKER}.csr", f"{LINK}.csr"]


def test_a_stack_that_is_its_own_ca_has_nothing_to_sign(project: Path) -> None:
    write_settings(project)
    done = run("certificates", "requests")
    assert (done.exit_code, "nothing is to be signed" in done.output) == (2, True)


def test_a_raised_generation_is_previewed_signed_and_followed(project: Path) -> None:
    write_settings(project, **OUTSIDE, links=[{"from": "site", "to": "enterprise", "generation": 2}])
    seen = run("preview")
    assert seen.exit_code == 0, seen.output
    assert "no interruption" in seen.output
    assert run("up").exit_code == 0
    listed = json.loads(run("certificates", "--json").stdout)["certificates"]
    assert {one["name"]: one["generation"] for one in listed if one["name"].startswith("link/")} == {
        "link/site-to-enterprise": 2
    }


def test_what_has_to_be_signed_again_is_told_in_time(project: Path) -> None:
    loaded = load_stack(project, "dev")
    state = graph_of_state("dev", json.loads((project / ".rehearsal/dev/state.json").read_text())["deployment"])
    wanted = evaluate_stack(loaded, preview=False).graph
    later = datetime.now(UTC) + timedelta(days=300)
    rows = {row.name: row for row in foresee(state, wanted, later, outside=find_outside_windows(loaded.settings))}
    for name in ("broker/enterprise", "link/site-to-enterprise"):
        assert (rows[name].is_due, rows[name].next_up) == (True, "sign"), rows[name]
    assert {use.kind for use in rows["broker/enterprise"].uses} == {"vault secret", "Secret", "listener"}
    assert {use.kind for use in rows["client-root"].uses} == {"ConfigMap", "authentication", "endpoint"}, "one root"


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack dev with an external CA that has never been up."""
    start_project(tmp_path, **OUTSIDE)
    enter(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def unsigned(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack dev whose external CA has not answered yet."""
    monkeypatch.setattr(open_stack, "make_stand_in", lambda *_: lambda _: False)
    assert run("up").exit_code == 0
    return fresh


@pytest.mark.usefixtures("unsigned")
def test_while_requests_wait_the_list_says_so_and_what_to_do() -> None:
    told = run("certificates")
    assert told.exit_code == 1
    assert f"2 requests wait to be signed: {BROKER}, {LINK}" in told.output
    assert f"Next: {COMMAND} certificates requests --stack dev --offline" in told.output


def test_a_successor_that_waits_is_told_beside_what_is_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_stack, "make_stand_in", lambda *_: lambda _: False)
    write_settings(project, **OUTSIDE, links=[{"from": "site", "to": "enterprise", "generation": 2}])
    assert run("up").exit_code == 0
    told = run("certificates")
    assert told.exit_code == 0, "what is in use lasts"
    assert "1 request waits to be signed: site-to-enterprise-client-leaf-g2" in told.output
    assert f"Next: {COMMAND} certificates requests --stack dev --offline" in told.output


def test_after_destroy_a_new_stack_of_this_name_is_told_to_begin_above_the_keys_that_are_signed(project: Path) -> None:
    write_settings(
        project, pki={**OUTSIDE["pki"], "generation": 2}, links=[{"from": "site", "to": "enterprise", "generation": 2}]
    )
    assert run("up").exit_code == 0
    done = run("destroy")
    assert done.exit_code == 0, done.output
    (told,) = [line for line in done.output.splitlines() if line.startswith("Next: ")]
    assert "a new stack myorg-dev-001 begins with pki.generation: 4 or more" in told, "2 + 2 - 1 has been signed"

    shutil.rmtree(project / ".rehearsal")  # the deleted vaults are purged
    write_settings(project, pki={**OUTSIDE["pki"], "generation": 4})
    again = run("up")
    assert again.exit_code == 0, again.output
    listed = json.loads(run("certificates", "--json").stdout)["certificates"]
    numbers = {one["name"]: one["generation"] for one in listed}
    assert (numbers["broker/enterprise"], numbers["link/site-to-enterprise"]) == (4, 4)


@pytest.mark.usefixtures("unsigned")
def test_after_destroy_nothing_is_told_where_nothing_was_signed() -> None:
    assert "pki.generation" not in run("destroy").output


def test_in_azure_requests_go_where_the_signed_chains_are_expected(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(load_stack(unsigned, "dev"), offline=True, choice=EngineChoice.OFFLINE)
    deployer, target.engine = deployer_of(target), target.engine  # there is no Azure to ask
    monkeypatch.setattr(certificate_requests, "deployer_of", lambda _: deployer)
    target.offline = False
    written = certificate_requests.write_requests(target, None)
    folder = unsigned / "certificates" / "dev"
    assert {file.stem for file in folder.iterdir()} == {BROKER, LINK}
    assert {one["chain"] for one in written.own["requests"]} == {str(folder / f"{name}.pem") for name in (BROKER, LINK)}
    assert written.next == f"have them signed, put each chain into its file, then {COMMAND} up --stack dev"


def test_check_and_preview_count_the_links_that_wait_and_say_for_which_files(fresh: Path) -> None:
    waits = f"1 link (waits for 2 signed chains: certificates/dev/{BROKER}.pem, certificates/dev/{LINK}.pem)"
    check = CliRunner().invoke(cli.app, ["check"])
    assert f"2 clusters, {waits}, AIO" in check.output
    assert f"{waits}; offline a stand-in signs them." in run("preview").output
    assert "there is no folder certificates/dev" in check.output

    write_settings(fresh)
    check = CliRunner().invoke(cli.app, ["check"])
    assert "2 clusters, 1 link, AIO" in check.output and "certificates/" not in check.output


def test_a_chain_that_nobody_reads_is_told_with_the_name_that_was_meant(fresh: Path) -> None:
    folder = fresh / "certificates" / "dev"
    folder.mkdir(parents=True)
    later, misspelt = "site-to-enterprise-client-leaf-g2.pem", "site-to-enterprise-leaf-g1.pem"
    for name in (f"{LINK}.pen", misspelt, later, "our-root.pem"):
        (folder / name).touch()
    for output in (CliRunner().invoke(cli.app, ["check"]).output, run("preview").output):
        told = [line for line in output.splitlines() if "is read by nobody" in line]
        assert [line.rstrip(".") for line in told] == [
            "certificates/dev/our-root.pem is read by nobody",
            f"certificates/dev/{later} is read by nobody; the nearest that is: {LINK}.pem",
            f"certificates/dev/{misspelt} is read by nobody; the nearest that is: {LINK}.pem",
        ]


def test_the_chain_of_an_older_generation_may_stay_in_the_folder(fresh: Path) -> None:
    write_settings(fresh, **OUTSIDE, links=[{"from": "site", "to": "enterprise", "generation": 2}])
    folder = fresh / "certificates" / "dev"
    folder.mkdir(parents=True)
    (folder / f"{LINK}.pem").touch()
    assert "is read by nobody" not in CliRunner().invoke(cli.app, ["check"]).output
