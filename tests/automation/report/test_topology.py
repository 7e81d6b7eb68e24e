"""The topology is that of the graph, and its drawings are readable for every shape of deployment."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from automation.report.topology import Cluster, Link, Topology, as_svg, as_text, drawn, narrow, wide
from automation.report.topology.layers import layers
from automation.report.topology.tracks import stacked
from graph.graph import Graph
from tests.automation.report.conftest import Recorded
from tests.conftest import THREE_SITES, TWO_BROKERS, resolve

_LONG = "a" * 24
"""The longest name that a cluster may have."""


def cluster(name: str, *ports: int) -> Cluster:
    return Cluster(
        name, "germanywestcentral", "Standard_D32s_v6", f"vnet-{name}", "10.100.0.0/16", "10.100.1.10",
        f"kv-{name}"[:24], ports,
    )  # fmt: skip


def topology(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Topology:
    brokers = {broker for _, broker in pairs}
    clusters = tuple(cluster(name, *([28883] if name in brokers else [])) for name in names)
    links = tuple(
        Link(client, broker, f"mqtt-{broker}", "10.100.1.10:28883", ((f"{client}/in", f"{client}/out"),))
        for client, broker in pairs
    )
    return Topology(clusters, links, frozenset(map(frozenset, pairs)))


def _names(count: int) -> list[str]:
    return [f"c{number:02}" for number in range(count)]


SHAPES: dict[str, Topology] = {
    "one": topology(["only"], []),
    "pair": topology(["site", "enterprise"], [("site", "enterprise")]),
    "none linked": topology(_names(7), []),
    "chain": topology(["site", "regional", "global"], [("site", "regional"), ("regional", "global")]),
    "shortcut": topology(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")]),
    "loop of two": topology(["a", "b"], [("a", "b"), ("b", "a")]),
    "loop of three": topology(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "a")]),
    "star": topology(_names(30), [(name, "c29") for name in _names(29)]),
    "tree": topology(
        [*_names(9), "r1", "r2", "r3", "top"],
        [(name, f"r{index // 3 + 1}") for index, name in enumerate(_names(9))] + [(f"r{n}", "top") for n in (1, 2, 3)],
    ),
    "long chain": topology(_names(9), list(zip(_names(9), _names(9)[1:], strict=False))),
    "mesh": topology(_names(5), [(a, b) for a in _names(5) for b in _names(5) if a != b]),
    "long names": topology([_LONG, "b" * 24], [(_LONG, "b" * 24)]),
}  # fmt: skip


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Topology:
    return SHAPES[request.param]


# Read from the graph


def test_clusters_links_and_peerings_are_those_of_the_graph(recorded: Recorded) -> None:
    found = drawn(recorded(TWO_BROKERS), resolve(TWO_BROKERS))
    assert [one.name for one in found.clusters] == ["site", "enterprise", "archive", "lone"]
    assert found.clusters[2] == Cluster(
        "archive", "eastus2", "Standard_D8s_v6", "vnet-myorgc-dev-001", "10.3.0.0/16", "10.3.1.10",
        "kv-myorgc-dev-001", (28884,),
    )  # fmt: skip
    told = {(one.client, one.broker): (one.address, set(one.topics)) for one in found.links}
    assert told == {
        ("site", "enterprise"): ("10.2.1.10:28883", {("a/+", "x"), ("b", "y")}),
        ("site", "archive"): ("10.3.1.10:28884", {("input", "site/output")}),
        ("enterprise", "archive"): ("10.3.1.10:28884", {("input", "enterprise/output")}),
    }
    assert {tuple(sorted(pair)) for pair in found.peerings} == {
        ("enterprise", "site"), ("archive", "site"), ("archive", "enterprise"),
    }  # fmt: skip


def test_a_broker_is_found_by_its_dns_name(recorded: Recorded) -> None:
    found = drawn(recorded(THREE_SITES), resolve(THREE_SITES))
    assert {(one.client, one.broker, one.address) for one in found.links} == {
        (site, "enterprise", "mqtt.example.com:28883") for site in ("berlin", "lyon", "porto")
    }


@pytest.fixture
def graph(recorded: Recorded) -> Graph:
    return copy.deepcopy(recorded(TWO_BROKERS))


def test_a_link_to_a_wrong_address_leads_to_no_cluster(graph: Graph) -> None:
    settings: dict[str, Any] = graph.named("site-to-archive-endpoint").inputs["properties"]["mqttSettings"]
    settings["host"] = "10.3.1.10:1883"
    found = drawn(graph, resolve(TWO_BROKERS))
    assert [one.broker for one in found.links if one.client == "site"] == ["", "enterprise"]
    assert "site -> no cluster of this stack: 10.3.1.10:1883" in as_text(found)


def test_a_peering_in_one_direction_alone_is_none(graph: Graph) -> None:
    before = drawn(graph, resolve(TWO_BROKERS)).peerings
    del graph.resources[graph.named("site-to-archive-peering").urn]
    assert before - drawn(graph, resolve(TWO_BROKERS)).peerings == {frozenset({"site", "archive"})}


def test_an_unknown_value_of_a_preview_is_left_out(recorded: Recorded) -> None:
    found = drawn(recorded(TWO_BROKERS, preview=True), resolve(TWO_BROKERS))
    assert [one.name for one in found.clusters] == ["site", "enterprise", "archive", "lone"]
    assert "unknown" not in as_text(found) + as_svg(found)


# Layers


def test_links_lead_to_the_right_where_no_loop_forbids_it(shape: Topology) -> None:
    names = [one.name for one in shape.clusters]
    pairs = {(one.client, one.broker) for one in shape.links}
    found = layers(names, pairs)
    column = {name: index for index, members in enumerate(found.columns) for name in members}
    assert sorted([*(name for name in column if name in names), *found.alone]) == sorted(names)
    for first, second in found.routes:
        assert column[first] < column[second]
        assert {(first, second), (second, first)} & pairs
    back = [pair for pair in pairs if column[pair[0]] > column[pair[1]]]
    assert bool(back) == (shape in (SHAPES["loop of two"], SHAPES["loop of three"], SHAPES["mesh"]))


def test_a_way_past_a_column_has_a_place_in_it() -> None:
    found = layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    (between,) = found.routes["a", "c"][1:-1]
    assert set(found.columns[1]) == {"b", between}


def test_columns_are_ordered_so_that_a_tree_has_no_crossing() -> None:
    pairs = [("a", "q"), ("b", "p"), ("c", "q"), ("d", "p"), ("p", "t"), ("q", "t")]
    found = layers(["a", "b", "c", "d", "p", "q", "t"], pairs)
    row = {name: index for members in found.columns for index, name in enumerate(members)}
    for one, other in combinations([pair for pair in pairs if pair[1] != "t"], 2):
        assert (row[one[0]] - row[other[0]]) * (row[one[1]] - row[other[1]]) >= 0


def test_tracks_that_share_a_row_have_a_column_each(shape: Topology) -> None:
    order, tracks = stacked(shape)
    spans = [(track.column, {order.index(name) for name in (track.broker, *track.clients)}) for track in tracks]
    for (column, rows), (other_column, other_rows) in combinations(spans, 2):
        if column == other_column:
            assert max(rows) < min(other_rows) or max(other_rows) < min(rows)


# Drawings


def boxes(svg: str) -> Iterator[tuple[float, float, float, float]]:
    for one in ElementTree.fromstring(svg).iter():
        if one.get("class") == "box":
            x, y, width, height = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
            yield x, y, x + width, y + height


@pytest.mark.parametrize("draw", [wide, narrow])
def test_every_cluster_has_a_box_of_its_own_inside_the_drawing(shape: Topology, draw: Any) -> None:
    svg = str(draw(shape))
    found = list(boxes(svg))
    assert len(found) == len(shape.clusters)
    _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    for left, top, right, bottom in found:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for one, other in combinations(found, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("draw", [wide, narrow])
def test_names_are_never_cut(shape: Topology, draw: Any) -> None:
    texts = {one.text for one in ElementTree.fromstring(str(draw(shape))).iter("text")}
    assert {one.name for one in shape.clusters} <= texts


@pytest.mark.parametrize("draw", [wide, narrow])
def test_each_link_is_a_line_and_each_peering_a_band(shape: Topology, draw: Any) -> None:
    kinds = [one.get("class") for one in ElementTree.fromstring(str(draw(shape))).iter("path")]
    assert kinds.count("link") == len(shape.links)
    assert kinds.count("peering") == (len(shape.peerings) if draw is wide else len(shape.links))


def test_a_link_without_peering_has_no_band() -> None:
    shape = Topology(SHAPES["pair"].clusters, SHAPES["pair"].links, frozenset())
    assert 'class="peering"' not in wide(shape) + narrow(shape)


def test_few_links_say_what_they_carry() -> None:
    assert "site/in → site/out" in wide(SHAPES["pair"])
    assert "10.100.1.10:28883" in wide(SHAPES["pair"])


def test_the_drawing_as_a_file_is_whole_and_has_its_own_colours(shape: Topology) -> None:
    svg = ElementTree.fromstring(as_svg(shape))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    style = next(svg.iter("{http://www.w3.org/2000/svg}style")).text or ""
    assert "prefers-color-scheme: dark" in style
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used <= set(re.findall(r"(--[\w-]+):", style))


def test_the_text_is_plain_ascii_with_every_name(shape: Topology) -> None:
    text = as_text(shape)
    assert text.isascii()
    for one in shape.clusters:
        assert f"+- {one.name} -" in text
        assert f"{one.address_space} {one.virtual_network}" in text
    for link in shape.links:
        assert f"{link.client} -> {link.broker}: {link.address}, VNets peered" in text


def test_the_text_draws_a_link_from_box_to_box() -> None:
    lines = as_text(SHAPES["pair"]).splitlines()
    out = next(index for index, line in enumerate(lines) if "|----+" in line)
    into = next(index for index, line in enumerate(lines) if "|<---+" in line)
    column = lines[out].index("+", lines[out].index("|----+"))
    assert out < lines.index(next(line for line in lines if line.startswith("+- enterprise"))) < into
    assert all(line[column] == "|" for line in lines[out + 1 : into])
    assert lines[into][column] == "+"


def test_the_text_shows_a_crossing_as_one() -> None:
    lines = as_text(SHAPES["mesh"]).splitlines()
    (c01,) = [
        line
        for line in lines[lines.index(next(one for one in lines if one.startswith("+- c01"))) :][:6]
        if "---" in line and "|-" in line
    ]
    assert c01.endswith("----|--+--+--+--+"), "past its own track, into the four others"
