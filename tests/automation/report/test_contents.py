"""The page says what the run says: computed here anew from the graph, the outputs and the state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from arm.types.compute import RUN_COMMAND
from arm.types.resources import RESOURCE_GROUP
from arm.values import leaves
from automation.certificates.published import list_certificates, read_renewal_windows
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.failure import Failure
from automation.deployment.rehearsal import Rehearsal
from automation.report import render_preview, render_rehearsal
from graph.graph import Graph, Resource
from graph.property_diff import Difference
from graph.property_values import SIGNATURE
from rehearsal.cluster.rules import CLUSTER_RULES
from rules import RULES
from tests.automation.report.conftest import (
    NOW,
    Recorded,
    Rehearsed,
    deployment_failed,
    evaluation,
    judged,
    messages_failed,
)
from tests.automation.report.document import Element, parse, rows, table
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS


def named(document: Element, name: str) -> Element:
    """The details of one resource."""
    return next(one for one in document.all("details", "resource") if one.one("span", "resource-name").words == name)


def seconds(text: str) -> int:
    minutes, rest = text.split(":")
    return int(minutes) * 60 + int(rest)


# Secrets


def test_no_secret_of_the_state_or_the_program_is_on_the_page(rehearsed: Rehearsed, html: str) -> None:
    state = json.loads((rehearsed.folder / ".rehearsal" / "dev" / "state.json").read_text(encoding="utf-8"))
    secrets = {text for value in _hidden(state) for text in _texts(value)}
    secrets |= {
        value
        for resource in rehearsed.graph.resources.values()
        for side in (resource.inputs, resource.outputs)
        for _, value, secret in leaves(side)
        if secret and isinstance(value, str)
    }
    keys = {text for text in secrets if "PRIVATE KEY" in text}
    assert len(keys) >= 6, "four authorities and two leaves have a key each"
    # A vault's certificates are secrets there, as everything in it is; they are public all the same.
    hidden = {text for text in secrets if "BEGIN CERTIFICATE" not in text} | keys
    lines = {line for text in hidden for line in text.splitlines() if len(line) >= 16 and not line.startswith("-----")}
    page = parse(html).text
    assert [line for line in lines if line in html or line in page or json.dumps(line)[1:-1] in page] == []
    assert "PRIVATE KEY" not in html


def _hidden(value: Any) -> Iterator[Any]:
    """Everything that the state marks as secret."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            yield {name: part for name, part in value.items() if name != SIGNATURE}
        else:
            for part in value.values():
                yield from _hidden(part)
    elif isinstance(value, list):
        for part in value:
            yield from _hidden(part)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value.startswith(("{", "[", '"')):
            yield from _texts(json.loads(value))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


# Resources


def test_each_resource_appears_once(rehearsed: Rehearsed, document: Element) -> None:
    shown = Counter(one.one("span", "resource-name").words for one in document.all("details", "resource"))
    assert shown == Counter(resource.name for resource in rehearsed.graph.resources.values())


def test_resources_stand_under_their_cluster(rehearsed: Rehearsed, document: Element) -> None:
    groups = {
        resource.plain_inputs["resourceGroupName"]: resource.name.removesuffix("-resource-group")
        for resource in rehearsed.graph.of_type(RESOURCE_GROUP)
    }
    placed = 0
    for resource in rehearsed.graph.resources.values():
        found = re.search("/resourceGroups/([^/]+)/", rehearsed.graph.arm_path(resource)) if resource.is_arm else None
        if found:
            place = named(document, resource.name).inside("details", "place")
            assert place
            assert place.one("h4").words == groups[found[1]]
            placed += 1
    assert placed > 90


def test_a_resource_shows_its_request_and_what_it_waits_for(rehearsed: Rehearsed, document: Element) -> None:
    network = rehearsed.graph.named("site-virtual-network")
    shown = named(document, network.name)
    path = f"/subscriptions/{rehearsed.graph.subscription_id}/resourceGroups/rg-myorga-dev-001/providers"
    assert f"PUT {path}/Microsoft.Network/virtualNetworks/vnet-myorga-dev-001?api-version=" in shown.one("code").words
    body = json.loads(shown.one("pre").text)
    assert body["properties"]["addressSpace"] == {"addressPrefixes": ["10.1.0.0/16"]}
    waits = {document.by_id(one.attributes["href"][1:]).one("span", "resource-name").words for one in shown.all("a")}
    assert waits == {rehearsed.graph.resources[urn].name for urn in network.dependencies}


def test_a_vault_secret_shows_a_mark_in_the_place_of_its_value(document: Element) -> None:
    body = named(document, "enterprise-vault-server-leaf-key-g1").one("pre")
    assert json.loads(body.text)["properties"]["value"] == "[secret]"
    assert body.one("mark", "secret").words == '"[secret]"'


def test_a_script_is_shown_once_and_whole(rehearsed: Rehearsed, document: Element) -> None:
    scripts = {}
    for resource in rehearsed.graph.of_type(RUN_COMMAND):
        scripts[resource.name] = resource.plain_inputs["source"]["script"]
        (link,) = named(document, resource.name).one("pre").all("a")
        assert document.by_id(link.attributes["href"][1:]).one("pre").text == scripts[resource.name]
    shown = [one.one("pre").text for one in document.all("details") if one.attributes.get("id", "").startswith("text-")]
    assert sorted(shown) == sorted(set(scripts.values()))


def test_many_clusters_are_folded_and_few_are_not(recorded: Recorded) -> None:
    many = {
        **TWO_CLUSTERS,
        "clusters": {f"c{n}": {"code": f"c{n}", "address_space": f"10.{n + 1}.0.0/16"} for n in range(7)},
    }
    opened = {}
    for settings in (TWO_BROKERS, many):
        page = parse(render_preview(evaluation(recorded(settings), settings), None, NOW))
        opened[len(settings["clusters"])] = {"open" in one.attributes for one in page.all("details", "place")}
    assert opened == {4: {True}, 7: {False}}


# Changes


@pytest.fixture
def previewed(recorded: Recorded) -> tuple[Graph, DeploymentResult]:
    graph = recorded(TWO_CLUSTERS)
    urns = {name: graph.named(name).urn for name in ("site-node", "site-subnet", "site-key-vault", "enterprise-node")}
    gone = urns["site-subnet"].replace("site-subnet", "site-old-subnet")
    changes = {
        urns["enterprise-node"]: "create", urns["site-subnet"]: "update", gone: "delete", urns["site-node"]: "replace",
    }  # fmt: skip
    differences = {urns["site-node"]: [Difference("hardwareProfile.vmSize", '"a"', '"b"', True)]}
    return graph, DeploymentResult(changes=changes, differences=differences)


def test_a_preview_tells_first_what_would_be_lost(previewed: tuple[Graph, DeploymentResult]) -> None:
    graph, report = previewed
    page = parse(render_preview(evaluation(graph, TWO_CLUSTERS), report, NOW)).by_id("resources")
    lists = [one for one in page.all("details", "fold") if list(one.all("ul", "changes"))]
    assert [one.one("summary").words.split(" ")[0] for one in lists] == ["replace", "delete", "update"]
    assert ["open" in one.attributes for one in lists] == [True, True, False]
    assert "site-node" in lists[0].words
    assert 'hardwareProfile.vmSize: "a" -> "b" (replaces)' in lists[0].words
    assert "site-old-subnet no longer in the program" in lists[1].words
    assert "site-subnet" in lists[2].words
    assert "1 would be created" in page.words


def test_a_preview_marks_what_changes_where_it_stands(previewed: tuple[Graph, DeploymentResult]) -> None:
    graph, report = previewed
    page = parse(render_preview(evaluation(graph, TWO_CLUSTERS), report, NOW))
    marks = {
        one.one("span", "resource-name").words: [tag.words for tag in one.one("summary").all("span", "tag")]
        for one in page.all("details", "resource")
    }
    marked = {name: tags for name, tags in marks.items() if tags}
    assert marked == {"site-node": ["replace"], "site-subnet": ["update"], "enterprise-node": ["create"]}
    places = {one.one("h4").words: [tag.words for tag in one.one("summary").all("span", "tag")]
              for one in page.all("details", "place")}  # fmt: skip
    assert places == {"site": ["replace 1", "update 1"], "enterprise": ["create 1"], "shared": []}


def test_what_is_only_perhaps_replaced_is_told_apart(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    node, role = graph.named("site-node").urn, graph.named("site-arc-onboarding-role").urn
    differences = {
        node: [Difference("size", '"a"', '"b"', True)],
        role: [Difference("principalId", '"a"', "[unknown]", True)],
    }
    report = DeploymentResult(changes={node: "replace", role: "replace"}, differences=differences)
    page = parse(render_preview(evaluation(graph, TWO_CLUSTERS), report, NOW))
    lists = [one for one in page.by_id("resources").all("details", "fold") if list(one.all("ul", "changes"))]
    assert [one.one("summary").words for one in lists] == [
        "replace 1: what is there now is lost",
        "perhaps replace 1: only if a value that is not known before up turns out to be another one",
    ]
    figures = page.by_id("verdict").words
    assert "Replaced or deleted1" in figures
    assert "Perhaps replaced1" in figures


def test_a_preview_that_failed_says_so_with_the_remedy(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    failure = Failure(graph.named("site-node").urn, "the size is not offered", None)
    page = parse(render_preview(evaluation(graph, TWO_CLUSTERS), DeploymentResult(failures=[failure]), NOW))
    assert "something is wrong" in page.one("title").text
    trouble = page.by_id("verdict").one("li", "trouble")
    assert "site-node the size is not offered Next:" in trouble.words
    assert [one.one("span", "resource-name").words for one in page.all("details", "resource")
            if "failed" in one.one("summary").words] == ["site-node"]  # fmt: skip


@pytest.mark.parametrize("offline", [True, False])
def test_a_page_says_whether_the_preview_was_an_offline_one(
    previewed: tuple[Graph, DeploymentResult], offline: bool
) -> None:
    graph, report = previewed
    page = parse(render_preview(evaluation(graph, TWO_CLUSTERS), report, NOW, offline=offline))
    assert page.one("title").text.startswith("Offline preview of" if offline else "Preview of")
    assert ("Nothing was sent to Azure" in page.by_id("verdict").words) is offline
    command = f".venv/bin/python -m automation preview --stack {graph.stack}{' --offline' if offline else ''}"
    assert page.one("footer").one("code").text == command


def test_a_duration_has_its_units(document: Element) -> None:
    assert re.search(r"Estimated deployment\d+ min \d+ s", document.by_id("verdict").words)


def test_without_an_engine_a_preview_claims_no_changes(recorded: Recorded) -> None:
    page = parse(render_preview(evaluation(recorded(TWO_CLUSTERS), TWO_CLUSTERS), None, NOW))
    assert "What would change" not in page.text
    assert "Neither an engine nor Azure was asked" in page.by_id("verdict").words


# Timeline


def test_the_critical_path_adds_up_to_the_whole(rehearsed: Rehearsed, document: Element) -> None:
    steps = rows(table(document, "Critical path"))
    taken = [(seconds(start), seconds(takes)) for start, takes, _ in steps]
    assert [start for start, _ in taken] == [sum(takes for _, takes in taken[:index]) for index in range(len(taken))]
    assert sum(takes for _, takes in taken) == rehearsed.run.judgement.schedule.seconds


def test_each_cluster_has_a_lane_that_ends_with_its_last_resource(rehearsed: Rehearsed, document: Element) -> None:
    steps = rehearsed.run.judgement.schedule.steps.values()
    lanes = {one.one("span", "lane-name").words: one for one in document.all("details", "lane-box")}
    critical = {name for name, one in lanes.items() if "critical" in one.classes}
    assert {name.removesuffix(" critical") for name in lanes} == {"site", "enterprise"}
    for name, lane in lanes.items():
        cluster = name.removesuffix(" critical")
        assert seconds(lane.one("span", "lane-end").words) == max(
            step.finish for step in steps if step.name.startswith(cluster)
        )
    path = rows(table(document, "Critical path"))
    assert {name.removesuffix(" critical") for name in critical} == {step[2].split("-")[0] for step in path}


def test_bars_of_a_lane_follow_one_another_to_its_end(rehearsed: Rehearsed, document: Element) -> None:
    for lane in document.all("details", "lane-box"):
        bars = list(lane.one("svg", "strip").all("rect"))
        edges = [(float(bar.attributes["x"].rstrip("%")), float(bar.attributes["width"].rstrip("%"))) for bar in bars]
        assert edges[0][0] == 0
        end = 100 * seconds(lane.one("span", "lane-end").words) / rehearsed.run.judgement.schedule.seconds
        assert sum(width for _, width in edges) == pytest.approx(end, abs=0.1)
        for (start, width), (following, _) in pairwise(edges):
            assert start + width == pytest.approx(following, abs=0.02)


# Certificates


def test_days_left_are_counted_from_the_time_of_rendering(rehearsed: Rehearsed, document: Element) -> None:
    assert rehearsed.run.deployed
    published = rehearsed.run.deployed.up.outputs["certificates"]
    shown = rows(table(document, "Certificates"))
    ends = {name: datetime.fromisoformat(one["not_after"]) for name, one in published.items()}
    assert [row[0] for row in shown] == sorted(ends, key=lambda name: (ends[name], name))
    for name, days, _, not_after, who, sha256 in shown:
        assert int(days) == (ends[name] - NOW) // timedelta(days=1)
        assert not_after == ends[name].date().isoformat()
        assert who == f"{published[name]['subject']} by {published[name]['issuer']}"
        assert sha256 == published[name]["sha256"]


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(days=31), "valid"),
        (timedelta(days=30), "renew"),
        (timedelta(seconds=1), "renew"),
        (timedelta(0), "expired"),
        (timedelta(days=-2), "expired"),
    ],
)
def test_a_certificate_inside_its_renewal_window_is_flagged(left: timedelta, state: str) -> None:
    one = {"subject": "CN=a", "issuer": "CN=b", "not_after": (NOW + left).isoformat(), "sha256": "0"}
    (found,) = list_certificates({"a": one}, {"CN=a": timedelta(days=30)}, NOW)
    assert found.state == state


def test_the_end_of_a_certificate_that_is_not_issued_yet_is_unknown() -> None:
    (found,) = list_certificates({"a": {"subject": "CN=a", "issuer": "CN=b", "not_after": ""}}, {}, NOW)
    assert (found.state, found.days_left) == ("unknown", None)


def test_renewal_windows_are_those_of_the_program(rehearsed: Rehearsed) -> None:
    pki = rehearsed.run.judgement.stack.settings.pki
    leaf, intermediate = (
        timedelta(hours=pki.early_renewal_hours),
        timedelta(hours=pki.early_renewal_hours + pki.leaf_hours),
    )
    assert read_renewal_windows(rehearsed.graph) == {
        "CN=site-to-enterprise-g1": leaf,
        "CN=enterprise-broker-g1": leaf,
        "CN=myorg-dev-client-intermediate-g1": intermediate,
        "CN=myorgb-dev-server-intermediate-g1": intermediate,
    }


# Rules, messages, access


def test_every_rule_is_listed_with_its_source(document: Element) -> None:
    shown = {row[0]: row[1:] for row in rows(table(document, "Rules"))}
    for rule in RULES:
        assert shown[rule.id] == [rule.title, rule.source, "ok"]
    assert f"{len(CLUSTER_RULES)} of the modelled clusters" in document.by_id("rules").words


def test_what_was_delivered_and_refused_is_told_link_by_link(rehearsed: Rehearsed, document: Element) -> None:
    assert rehearsed.run.verification and rehearsed.run.verification.proof
    (link,) = rehearsed.run.verification.proof.links
    (shown,) = document.all("details", "link")
    assert shown.one("summary").words.startswith(
        "site by mqtt-enterprise to 10.2.1.10:28883: 20 of 20 messages delivered"
    )
    cases = rows(table(document, "What was tried"))
    assert [case[1:3] for case in cases] == [[case.expected, case.observed] for case in link.cases]
    assert {case[3] for case in cases} == {"as expected"}
    for text in (*rehearsed.run.verification.proof.not_exercised, *rehearsed.run.verification.proof.unprovable):
        assert text in document.by_id("messages").words


def test_how_to_reach_clusters_and_brokers_is_told_as_the_outputs_do(rehearsed: Rehearsed, document: Element) -> None:
    assert rehearsed.run.deployed
    outputs = rehearsed.run.deployed.up.outputs
    shown = [one.words for one in document.by_id("access").all("code", "copy")]
    urls = [endpoint["url"] for endpoint in outputs["broker_endpoints"].values()]
    assert sorted(shown) == sorted([*outputs["arc_proxy_commands"].values(), *urls])


# Verdicts


def test_a_good_run_says_what_holds_and_what_it_does_not_show(document: Element) -> None:
    verdict = document.by_id("verdict")
    assert "all is well" in document.one("title").text
    assert list(verdict.all("li", "trouble")) == []
    for text in ("Nothing was sent to Azure.", "Not yet observed on AIO 2608:", "tenant_id", "estimates"):
        assert text in verdict.words


def test_findings_come_first_and_stand_with_the_rules_too(changed: Rehearsal) -> None:
    endpoint = changed.judgement.deployment.named("site-to-enterprise-endpoint")
    endpoint.inputs["properties"]["mqttSettings"]["host"] = "10.9.9.9:1883"
    run = judged(changed)
    page = parse(render_rehearsal(run, NOW))
    told = [one.words for one in page.by_id("verdict").all("li", "trouble")]
    assert told[0].startswith("MQTT-01 site-to-enterprise-endpoint (components/links.py:")
    assert told[0].endswith("1 more finding follows from it: PKI-01 enterprise-broker-tls-cert-g1.")
    assert len(told) == 1
    assert "something is wrong" in page.one("title").text
    results = {row[0]: row[3] for row in rows(table(page, "Rules"))}
    assert results["MQTT-01"] == "1 finding"
    assert "what was found comes first" in page.by_id("messages").words


def test_a_failed_deployment_is_told_with_its_remedy(rehearsed: Rehearsed) -> None:
    run = deployment_failed(rehearsed.run, "Status=400 Code=BadRequest\nsecond line")
    page = parse(render_rehearsal(run, NOW))
    (trouble,) = page.by_id("verdict").all("li", "trouble")
    assert trouble.words.startswith("up failed site-node Status=400 Code=BadRequest second line Next: ")
    assert "the deployment failed" in page.by_id("messages").words


def test_a_second_preview_with_changes_is_told(rehearsed: Rehearsed) -> None:
    assert rehearsed.run.deployed
    again = DeploymentResult(changes={rehearsed.graph.named("site-node").urn: "update"})
    page = parse(
        render_rehearsal(replace(rehearsed.run, deployed=replace(rehearsed.run.deployed, second_preview=again)), NOW)
    )
    (trouble,) = page.by_id("verdict").all("li", "trouble")
    assert "second preview not empty site-node" in trouble.words


def test_what_a_cluster_misses_is_told_with_its_remedy_and_the_link_stands_open(rehearsed: Rehearsed) -> None:
    page = parse(render_rehearsal(messages_failed(rehearsed.run), NOW))
    (trouble,) = page.by_id("verdict").all("li", "trouble")
    assert trouble.words.startswith(
        "CLUSTER-22 arck-myorga-dev-001, DataflowEndpoint mqtt-enterprise the Secret is not"
    )
    assert trouble.words.endswith("Next: Wait for secret sync")
    (link,) = page.all("details", "link")
    assert "open" in link.attributes
    assert ": no message delivered, 0 cases refused" in link.words


def test_a_graph_without_networks_has_a_page_too(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    without = {urn: one for urn, one in graph.resources.items() if not _is_network(one)}
    page = parse(
        render_preview(replace(evaluation(graph, TWO_BROKERS), graph=replace(graph, resources=without)), None, NOW)
    )
    assert len(list(page.all("details", "resource"))) == len(without)


def _is_network(resource: Resource) -> bool:
    return resource.type.startswith("azure-native:network")
