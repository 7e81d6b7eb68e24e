"""The topology in plain ASCII, for a terminal: boxes below one another, links on tracks at their side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automation.report.topology.model import Cluster, Topology
from automation.report.topology.tracks import Track, stacked


@dataclass
class _Canvas:
    """Characters by row and column; grows as it is written to."""

    rows: list[list[str]] = field(default_factory=list)

    def write(self, row: int, column: int, text: str) -> None:
        while len(self.rows) <= row:
            self.rows.append([])
        line = self.rows[row]
        line.extend(" " * (column + len(text) - len(line)))
        line[column : column + len(text)] = text

    def at(self, row: int, column: int) -> str:
        return self.rows[row][column] if column < len(self.rows[row]) else " "


def as_text(topology: Topology) -> str:
    """The drawing, and below it each link with what it carries; no name is cut."""
    order, tracks = stacked(topology)
    by_name = {one.name: one for one in topology.clusters}
    blocks = {name: _block(by_name[name]) for name in order}
    width = max((len(line) for lines in blocks.values() for line in lines), default=0)
    canvas, tops = _Canvas(), {}
    for name in order:
        tops[name] = len(canvas.rows)
        for line in _framed(name, blocks[name], width):
            canvas.write(len(canvas.rows), 0, line)
        canvas.write(len(canvas.rows), 0, "")
    for draw in (_upright, _across):  # the uprights first, so that a crossing shows as one
        for track in tracks:
            draw(canvas, track, tops, blocks, width + 4)
    lines = ["".join(row).rstrip() for row in canvas.rows]
    return "\n".join([*lines, *_links(topology)]).rstrip() + "\n"


def _block(cluster: Cluster) -> list[str]:
    facts = [
        ("region", f"{cluster.region} {cluster.vm_size}"),
        ("VNet", f"{cluster.address_space} {cluster.virtual_network}"),
        ("node", cluster.node_address),
        ("vault", cluster.key_vault),
        ("listens", ", ".join(f"on {port}" for port in cluster.ports)),
    ]
    lines = [f"{name:<8}{value.strip()}" for name, value in facts if value.strip()]
    return [*lines, *[""] * (2 - len(lines))]  # room for a way in and a way out


def _framed(name: str, lines: Sequence[str], width: int) -> list[str]:
    head = f"+- {name} "
    width = max(width, len(head))
    return [head.ljust(width + 3, "-") + "+", *(f"| {line:<{width}} |" for line in lines), f"+{'-' * (width + 2)}+"]


def _column(track: Track, right: int) -> int:
    return right + 4 + 3 * track.column


def _rows(track: Track, tops: Mapping[str, int], blocks: Mapping[str, Sequence[str]]) -> tuple[int, list[int]]:
    """The first line of the broker's box, where it is entered, and the last ones of the clients', where they leave."""
    return tops[track.broker] + 1, [tops[name] + len(blocks[name]) for name in track.clients]


def _upright(
    canvas: _Canvas, track: Track, tops: Mapping[str, int], blocks: Mapping[str, Sequence[str]], right: int
) -> None:
    into, outs = _rows(track, tops, blocks)
    for row in range(min([into, *outs]), max([into, *outs]) + 1):
        canvas.write(row, _column(track, right), "+" if row in (into, *outs) else "|")


def _across(
    canvas: _Canvas, track: Track, tops: Mapping[str, int], blocks: Mapping[str, Sequence[str]], right: int
) -> None:
    into, outs = _rows(track, tops, blocks)
    for row in (into, *outs):
        for column in range(right, _column(track, right)):
            if canvas.at(row, column) == " ":
                canvas.write(row, column, "-")
    canvas.write(into, right, "<")


def _links(topology: Topology) -> list[str]:
    lines = []
    for link in topology.links:
        peered = "VNets peered" if topology.peered(link) else "VNets not peered"
        broker = link.broker or "no cluster of this stack"
        lines.append(f"{link.client} -> {broker}: {link.address}, {peered}")
        lines += [f"    {here} -> {there}" for here, there in link.topics]
    return lines
