"""`explain --egress`: the same hosts as a table, as JSON and as a list for a firewall."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from automation import cli
from nodes import load_script
from settings.stand_ins import STAND_INS
from tests.conftest import THREE_SITES

STACK = "walled"
Explain = Callable[..., Result]


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Three sites into one broker, which has a name."""
    monkeypatch.setattr(cli, "PROGRAM", tmp_path)
    document = {"config": {"edge-stamps:settings": {**THREE_SITES, **STAND_INS}}}
    (tmp_path / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(cli.app, ["explain", "--stack", STACK, *arguments])


def read_rows(result: Result) -> dict[str, list[dict[str, Any]]]:
    clusters: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(result.stdout)["explained"]["clusters"]
    return {name: cluster["egress"] for name, cluster in clusters.items()}


def test_the_list_is_of_lines_that_a_firewall_can_load(explain: Explain) -> None:
    lines = explain("--egress-list", "clusters.berlin").stdout.splitlines()
    assert all(re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+:[1-9][0-9]{0,4}", line) for line in lines)
    assert lines == sorted(set(lines))
    assert {"mcr.microsoft.com:443", "eastus2.obo.arc.azure.com:8084", "mqtt.example.com:28883"} <= set(lines)


def test_a_list_of_one_cluster_has_nothing_of_another(explain: Explain) -> None:
    lines = explain("--egress-list", "clusters.enterprise").stdout.splitlines()
    assert [line for line in lines if "vault" in line] == ["kv-myorge-dev-001.vault.azure.net:443"]
    assert "mqtt.example.com:28883" not in lines


def test_the_list_of_all_clusters_is_what_any_of_them_needs(explain: Explain) -> None:
    each = [explain("--egress-list", f"clusters.{name}").stdout.splitlines() for name in THREE_SITES["clusters"]]
    assert explain("--egress-list").stdout.splitlines() == sorted({line for lines in each for line in lines})


def test_list_and_document_and_table_have_the_same_hosts(explain: Explain) -> None:
    rows = read_rows(explain("--egress", "--json"))
    assert list(rows) == list(THREE_SITES["clusters"])
    of_lyon = explain("--egress", "clusters.lyon").stdout
    for row in rows["lyon"]:
        assert re.search(rf"^  {re.escape(row['host'])}\s+{row['port']}\s+{row['protocol']}\s", of_lyon, re.M), row
        said = " ".join(of_lyon.split())  # a long row goes on in the next line
        assert row["why"] in said and row["source"] in said
    lines = {f"{row['host']}:{row['port']}" for row in rows["lyon"]}
    assert lines == set(explain("--egress-list", "clusters.lyon").stdout.splitlines())


def test_every_row_says_who_needs_it_why_and_where_that_was_read(explain: Explain) -> None:
    for row in (row for rows in read_rows(explain("--egress", "--json")).values() for row in rows):
        assert row["needed_by"] and row["why"] and row["source"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["read"] or "") or row["source"] == "the settings", row


def test_a_path_that_is_no_cluster_is_refused_with_the_clusters(explain: Explain) -> None:
    result = explain("--egress", "links[0]")
    assert result.exit_code == 2
    assert "There is no cluster links[0]" in result.stderr
    assert "clusters.berlin, clusters.lyon, clusters.porto, clusters.enterprise" in result.stderr
    assert result.stdout == ""


def test_the_script_for_an_image_is_whole_and_has_the_versions_of_the_cluster(explain: Explain) -> None:
    text = explain("clusters.berlin", "--image-script").stdout
    given = [line for line in text.splitlines() if line.startswith("export ") and "VERSION=" in line]
    assert {"export AZURE_CLI_VERSION=2.88.0", "export K3S_VERSION=v1.35.9+k3s1"} <= set(given)
    assert text.endswith(load_script("prepare-image").partition("\n")[2])


def test_an_image_is_of_one_cluster(explain: Explain) -> None:
    assert explain("--image-script").exit_code == 2
