"""Clusters below one another in rows, and for each broker a track at their side that links follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.report.topology.model import DrawnCluster, DrawnLink, Topology


@dataclass(frozen=True)
class Line:
    """A line of text in a cluster's box; a link leaves its box at its line."""

    text: str
    link: DrawnLink | None = None
    is_listener: bool = False


@dataclass(frozen=True)
class Box:
    """A cluster: the row `top` holds its name and a note, the rows below hold its lines."""

    name: str
    top: int
    note: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Route:
    """A link leaves a box in row `start`, follows the track `track` (0: next to the boxes), enters one in row `end`."""

    start: int
    end: int
    track: int
    peered: bool


@dataclass(frozen=True)
class Layout:
    """Everything that is drawn, in rows and tracks."""

    boxes: Sequence[Box]
    routes: Sequence[Route]

    @property
    def tracks(self) -> int:
        return max((route.track + 1 for route in self.routes), default=0)


def lay_out(topology: Topology, *, short: bool = False) -> Layout:
    """Return the layout; if `short`, a cluster without a listener gets one row with its name and address space."""
    boxes: list[Box] = []
    top = 0
    for cluster in order_clusters(topology):
        one_row = short and not cluster.ports
        lines = [] if one_row else list(_list_lines(cluster, topology))
        boxes.append(Box(cluster.name, top, cluster.address_space if one_row else "", lines))
        top += len(lines) + (2 if one_row else 3)
    return Layout(boxes, _find_routes(topology, boxes))


def order_clusters(topology: Topology) -> list[DrawnCluster]:
    """Return the clusters from top to bottom: a broker right below its last client, unless links form a loop."""
    clients: dict[str, set[str]] = {cluster.name: set() for cluster in topology.clusters}
    for link in _list_drawn_links(topology):
        clients[link.broker].add(link.client)
    waiting = {cluster.name: cluster for cluster in topology.clusters}
    order: list[DrawnCluster] = []
    while waiting:
        following = min(waiting, key=lambda name: (len(clients[name] & waiting.keys()), not clients[name]))
        order.append(waiting.pop(following))
    return order


def assign_tracks(spans: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return a track for each span of rows, short spans nearest to the boxes; those of one track share no row."""
    tracks: list[list[tuple[int, int]]] = []
    assigned: dict[str, int] = {}
    for name, (low, high) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
        free = (index for index, taken in enumerate(tracks) if all(high < first or last < low for first, last in taken))
        assigned[name] = next(free, len(tracks))
        if assigned[name] == len(tracks):
            tracks.append([])
        tracks[assigned[name]].append((low, high))
    return assigned


def _list_drawn_links(topology: Topology) -> list[DrawnLink]:
    return [link for link in topology.links if link.broker not in ("", link.client)]


def _list_lines(cluster: DrawnCluster, topology: Topology) -> Iterator[Line]:
    facts = (
        ", ".join(filter(None, (cluster.region, cluster.node_size))),
        cluster.address_space and f"VNet {cluster.address_space} {cluster.virtual_network}",
        cluster.node_address and f"node {cluster.node_address}",
        cluster.key_vault and f"vault {cluster.key_vault}",
    )
    yield from (Line(fact) for fact in facts if fact)
    if cluster.ports:
        yield Line(f"listens on {', '.join(map(str, cluster.ports))}", is_listener=True)
    for link in topology.links:
        if link.client == cluster.name:
            yield Line(f"→ {link.broker or 'no cluster of this stack'} ({topology.describe_peering(link)})", link)
            yield Line(f"   {link.address}")
            yield from (Line(f"   {here} → {there}") for here, there in link.topics)


def _find_routes(topology: Topology, boxes: Sequence[Box]) -> list[Route]:
    tops = {box.name: box.top for box in boxes}
    rows = [(box.name, row, line) for box in boxes for row, line in enumerate(box.lines, box.top + 1)]
    starts = {line.link: row for _, row, line in rows if line.link}
    ends = tops | {name: row for name, row, line in rows if line.is_listener}
    links = _list_drawn_links(topology)
    spans: dict[str, tuple[int, int]] = {}
    for link in links:
        touched = (starts.get(link, tops[link.client]), ends[link.broker], *spans.get(link.broker, ()))
        spans[link.broker] = (min(touched), max(touched))
    tracks = assign_tracks(spans)
    return [
        Route(starts.get(link, tops[link.client]), ends[link.broker], tracks[link.broker], topology.is_peered(link))
        for link in links
    ]
