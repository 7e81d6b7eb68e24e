"""Old keys that wait for a site that may never come: who they are, and the line that takes them away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from automation import cli
from automation.commands.retire import Waiting
from settings.high_water import Generation
from tests.automation.certificates.project import enter, start_project, write_settings
from tests.conftest import PROGRAM

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))

LINK = {"from": "site", "to": "enterprise"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack dev that is up."""
    start_project(tmp_path, links=[LINK])
    enter(tmp_path, monkeypatch)
    assert run("up").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, [*arguments, "--offline", "--engine", "offline"])
    assert "mistake of the program" not in result.output, result.output
    return result


def waiting() -> list[dict[str, Any]]:
    document = json.loads(run("certificates", "retire", "--json").stdout)
    jsonschema.validate(document, SCHEMA)
    found: list[dict[str, Any]] = document["waiting"]
    return found


def test_an_old_key_that_waits_is_told_with_the_line_that_takes_it_away(project: Path) -> None:
    assert waiting() == []
    write_settings(project, links=[{**LINK, "generation": 2}])
    away = run("up", "--fault", "site-settle-site-to-enterprise-g2-g1:create:bad-request")
    assert away.exit_code == 1
    (one,) = waiting()
    assert one == {
        "owner": "link/site-to-enterprise", "numbers": [1, 2], "old": [1], "wanted": 2,
        "setting": "links[0].revoked_generation", "value": 1,
    }  # fmt: skip
    told = run("certificates", "retire").output
    assert "at once, for good, in links[0]:  revoked_generation: 1\n" in told and "stands still until it has" in told
    listed = json.loads(run("certificates", "--json").stdout)["certificates"]
    old = next(row for row in listed if row["name"] == "link/site-to-enterprise/g1")
    assert old["next_up"] == "nothing", "it is live, and the next up does not take it away"

    write_settings(project, links=[{**LINK, "generation": 2, "revoked_generation": 1}])
    assert run("up").exit_code == 0
    assert waiting() == []


def test_a_revoked_link_waits_for_no_proof_although_its_broker_goes_over_too(project: Path) -> None:
    clusters = {"site": {}, "enterprise": {"listener": {"generation": 2}}}
    write_settings(project, links=[{**LINK, "generation": 2, "revoked_generation": 1}], clusters=clusters)
    assert run("up", "--fault", "site-prove*:create:bad-request:99").exit_code == 0
    assert waiting() == []


def test_new_authorities_keep_the_old_roots_and_say_why_and_revoked_ones_leave_no_key(project: Path) -> None:
    write_settings(project, links=[LINK], pki={"generation": 2})
    told = run("preview").output
    assert "generation 1 to 2 (pki.generation 2) without interruption" in told
    assert told.count("once the new keys are seen in use: ") == 2
    foreseen = json.loads(run("preview", "--json").stdout)["later_runs"]
    document = json.loads(run("up", "--json").stdout)
    jsonschema.validate(document, SCHEMA)
    deleted = [one["name"] for one in document["resources"] if one["change"] == "delete"]
    assert len(deleted) == sum(one["deleted"] for one in foreseen) > 0
    told = run("certificates").output
    assert "next up: nothing: it has signed the root of generation 2, and goes when that does" in told
    assert "CN=site-to-enterprise-g2, by CN=" in told and "generation 2 (pki.generation 2)" in told
    write_settings(project, links=[LINK], pki={"generation": 3, "revoked_generation": 2})
    assert run("up").exit_code == 0
    names = {row["name"] for row in json.loads(run("certificates", "--json").stdout)["certificates"]}
    assert {name for name in names if "/g" in name} == set(), "the revoked roots are gone with the same up"


def test_what_hangs_on_old_authorities_goes_with_them() -> None:
    link = Waiting("link/a", "links[0].revoked_generation", (Generation(1, 1), Generation(2, 2)))
    assert (link.setting, link.generations) == ("pki.revoked_generation", [1, 2])
    own = Waiting("link/a", "links[0].revoked_generation", (Generation(4, 2), Generation(5, 2)))
    assert (own.setting, own.generations) == ("links[0].revoked_generation", [3, 4])
