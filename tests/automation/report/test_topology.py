"""The topology is that of the graph, and its drawings are readable for every shape of deployment."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from automation.report.topology import DrawnCluster, DrawnLink, Topology, draw_svg, draw_text, read_topology
from automation.report.topology.layout import lay_out, order_clusters
from graph.graph import Graph
from tests.automation.report.conftest import Recorded
from tests.conftest import THREE_SITES, TWO_BROKERS, resolve

_LONG = "a" * 24
"""The longest name that a cluster may have."""


def cluster(name: str, *ports: int) -> DrawnCluster:
    return DrawnCluster(
        name, "germanywestcentral", "Standard_D32s_v6", f"vnet-{name}", "10.100.0.0/16", "10.100.1.10",
        f"kv-{name}"[:24], ports,
    )  # fmt: skip


def topology(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Topology:
    brokers = {broker for _, broker in pairs}
    clusters = tuple(cluster(name, *([28883] if name in brokers else [])) for name in names)
    links = tuple(
        DrawnLink(client, broker, f"mqtt-{broker}", "10.100.1.10:28883", ((f"{client}/in", f"{client}/out"),))
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
    found = read_topology(recorded(TWO_BROKERS), resolve(TWO_BROKERS))
    assert [one.name for one in found.clusters] == ["site", "enterprise", "archive", "lone"]
    assert found.clusters[2] == DrawnCluster(
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
    found = read_topology(recorded(THREE_SITES), resolve(THREE_SITES))
    assert {(one.client, one.broker, one.address) for one in found.links} == {
        (site, "enterprise", "mqtt.example.com:28883") for site in ("berlin", "lyon", "porto")
    }


@pytest.fixture
def graph(recorded: Recorded) -> Graph:
    return copy.deepcopy(recorded(TWO_BROKERS))


def test_a_link_to_a_wrong_address_leads_to_no_cluster(graph: Graph) -> None:
    settings: dict[str, Any] = graph.named("site-to-archive-endpoint").inputs["properties"]["mqttSettings"]
    settings["host"] = "10.3.1.10:1883"
    found = read_topology(graph, resolve(TWO_BROKERS))
    assert [one.broker for one in found.links if one.client == "site"] == ["", "enterprise"]
    text = " ".join(draw_text(found).split())
    assert "-> no cluster of this stack (VNets not peered) | | 10.3.1.10:1883 |" in text


def test_a_cluster_without_machine_and_network_shows_neither() -> None:
    linked = topology(["site", "enterprise"], [("site", "enterprise")])
    site, enterprise = linked.clusters
    bare = replace(site, node_size="", virtual_network="", address_space="")
    text = draw_text(replace(linked, clusters=(bare, enterprise), peerings=frozenset()))

    box, _, rest = text.partition("enterprise (no VNet to peer)")
    assert "VNet" not in box
    assert "VNet 10.100.0.0/16" in rest


def test_a_routed_link_is_drawn_without_a_peering(recorded: Recorded) -> None:
    settings = {**TWO_BROKERS, "links": [{**link, "via": "routed"} for link in TWO_BROKERS["links"]]}
    found = read_topology(recorded(settings), resolve(settings))
    assert found.peerings == frozenset()
    assert "-> enterprise (by routes of yours)" in " ".join(draw_text(found).split())


def test_a_peering_in_one_direction_alone_is_none(graph: Graph) -> None:
    before = read_topology(graph, resolve(TWO_BROKERS)).peerings
    del graph.resources[graph.named("site-to-archive-peering").urn]
    assert before - read_topology(graph, resolve(TWO_BROKERS)).peerings == {frozenset({"site", "archive"})}


def test_an_unknown_value_of_a_preview_is_left_out(recorded: Recorded) -> None:
    found = read_topology(recorded(TWO_BROKERS, preview=True), resolve(TWO_BROKERS))
    assert [one.name for one in found.clusters] == ["site", "enterprise", "archive", "lone"]
    assert "unknown" not in draw_text(found) + draw_svg(found, with_style=False)


# Layout


def test_a_broker_is_below_its_clients_where_no_loop_forbids_it(shape: Topology) -> None:
    order = [one.name for one in order_clusters(shape)]
    assert sorted(order) == sorted(one.name for one in shape.clusters)
    back = [link for link in shape.links if order.index(link.client) > order.index(link.broker)]
    assert bool(back) == (shape in (SHAPES["loop of two"], SHAPES["loop of three"], SHAPES["mesh"]))


def test_a_broker_is_right_below_its_last_client() -> None:
    assert [one.name for one in order_clusters(SHAPES["tree"])] == [
        *_names(3), "r1", *_names(6)[3:], "r2", *_names(9)[6:], "r3", "top",
    ]  # fmt: skip


@pytest.mark.parametrize("short", [False, True])
def test_a_route_leads_from_the_line_of_its_link_to_that_of_the_listener(shape: Topology, short: bool) -> None:
    layout = lay_out(shape, short=short)
    at_row = {row: (box.name, line) for box in layout.boxes for row, line in enumerate([None, *box.lines], box.top)}
    for link, route in zip(shape.links, layout.routes, strict=True):
        client, start = at_row[route.start]
        broker, end = at_row[route.end]
        assert (client, broker) == (link.client, link.broker)
        assert end and end.is_listener
        assert start.link == link if start else short
        assert route.peered


def test_routes_to_different_brokers_share_no_part_of_a_track(shape: Topology) -> None:
    for one, other in combinations(lay_out(shape).routes, 2):
        if one.track == other.track and one.end != other.end:
            (low, high), (other_low, other_high) = sorted((one.start, one.end)), sorted((other.start, other.end))
            assert high < other_low or other_high < low


# Drawings


def svg_of(topology: Topology) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", draw_svg(topology, with_style=False)))


def boxes(svg: ElementTree.Element) -> Iterator[tuple[float, float, float, float]]:
    for one in svg.iter("rect"):
        x, y, width, height = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        yield x, y, x + width, y + height


def test_every_cluster_has_a_box_of_its_own_inside_the_drawing(shape: Topology) -> None:
    svg = svg_of(shape)
    found = list(boxes(svg))
    assert len(found) == len(shape.clusters)
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    for left, top, right, bottom in found:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for one, other in combinations(found, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_texts_lie_inside_their_boxes_and_no_name_is_cut(shape: Topology) -> None:
    svg = svg_of(shape)
    assert {one.name for one in shape.clusters} <= {one.text for one in svg.iter("text")}
    for group, (left, top, right, bottom) in zip(svg.iter("g"), boxes(svg), strict=True):
        for text in group.iter("text"):
            x, y, length = float(text.attrib["x"]), float(text.attrib["y"]), 6.6 * len(text.text or "")
            assert left < (x - length if "end" in text.attrib["class"] else x)
            assert (x if "end" in text.attrib["class"] else x + length) < right
            assert top < y - 9 < y < bottom


def test_no_line_of_a_link_runs_through_a_box_or_leaves_the_drawing(shape: Topology) -> None:
    svg = svg_of(shape)
    right = max(box[2] for box in boxes(svg))
    width = float(svg.attrib["width"])
    for path in svg.iter("path"):
        if path.attrib["class"] != "tip":
            columns = [float(x) for x in re.findall(r"[MH]([\d.]+)", path.attrib["d"])]
            assert min(columns) == right
            assert right < max(columns) < width


def test_each_link_is_a_line_and_each_peering_a_band(shape: Topology) -> None:
    kinds = [one.get("class") for one in svg_of(shape).iter("path")]
    assert kinds.count("link") == kinds.count("tip") == kinds.count("peering") == len(shape.links)
    without = Topology(shape.clusters, shape.links, frozenset())
    assert [one for one in svg_of(without).iter("path") if one.get("class") == "peering"] == []


def test_a_few_clusters_say_what_their_links_carry() -> None:
    texts = {one.text for one in svg_of(SHAPES["pair"]).iter("text")}
    assert {"→ enterprise (VNets peered)", "10.100.1.10:28883", "site/in → site/out", "listens on 28883"} <= texts


def test_many_clusters_are_drawn_in_a_row_each_but_for_those_that_listen() -> None:
    svg = svg_of(SHAPES["star"])
    assert [len(list(group.iter("text"))) for group in svg.iter("g")] == [*[2] * 29, 6]


def test_a_pair_is_readable_on_a_phone() -> None:
    assert float(svg_of(SHAPES["pair"]).attrib["width"]) <= 358, "of 390 pixels, without the margins of the page"


def test_the_drawing_as_a_file_is_whole_and_has_its_own_colours(shape: Topology) -> None:
    svg = ElementTree.fromstring(draw_svg(shape, with_style=True))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    style = next(svg.iter("{http://www.w3.org/2000/svg}style")).text or ""
    assert "prefers-color-scheme: dark" in style
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used <= set(re.findall(r"(--[\w-]+):", style))


def test_the_text_is_plain_ascii_with_every_name(shape: Topology) -> None:
    text = draw_text(shape)
    assert text.isascii()
    for one in shape.clusters:
        assert f"+- {one.name} -" in text
        assert f"{one.address_space} {one.virtual_network}" in text
    for link in shape.links:
        assert f"| -> {link.broker} (VNets peered)" in text


def test_the_text_draws_a_link_from_box_to_box() -> None:
    lines = draw_text(SHAPES["pair"]).splitlines()
    out = next(index for index, line in enumerate(lines) if "|----+" in line)
    into = next(index for index, line in enumerate(lines) if "|<---+" in line)
    column = lines[out].index("+", lines[out].index("|----+"))
    assert out < lines.index(next(line for line in lines if line.startswith("+- enterprise"))) < into
    assert all(line[column] == "|" for line in lines[out + 1 : into])
    assert lines[into][column] == "+"


def test_the_text_shows_a_crossing_as_one() -> None:
    lines = draw_text(SHAPES["mesh"]).splitlines()
    entering = [line for line in lines if "|<" in line]
    assert entering[1].endswith("|<---|--|--+  |  |"), "past two tracks of others"
