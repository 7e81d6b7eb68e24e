"""The narrow drawing: boxes below one another, links on tracks at their side."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automation.report.topology.boxes import brief, described, draw, full
from automation.report.topology.model import Topology
from automation.report.topology.svg import join, tag
from automation.report.topology.tracks import Track, stacked

_MOST_FULL = 8
_EDGE, _ROW_GAP, _BRIEF_GAP, _FIRST_TRACK, _TRACK = 4, 18, 8, 26, 16
_LEAST_WIDTH = 344


def narrow(topology: Topology) -> Markup:
    """The drawing as one SVG element, without styles."""
    order, tracks = stacked(topology)
    make, gap = (full, _ROW_GAP) if len(order) <= _MOST_FULL else (brief, _BRIEF_GAP)
    boxes = {one.name: make(one) for one in topology.clusters}
    room = _FIRST_TRACK + _TRACK * (1 + max((track.column for track in tracks), default=0)) if tracks else 0
    box_width = max(_LEAST_WIDTH - 2 * _EDGE - room, *(box.width for box in boxes.values()))
    tops, y = {}, float(_EDGE)
    for name in order:
        tops[name] = y
        y += boxes[name].height + gap
    right = _EDGE + box_width
    rows = {name: (tops[name], boxes[name].height) for name in order}
    bands = [_lines(track, rows, right, topology, peered=True) for track in tracks]
    lines = [_lines(track, rows, right, topology, peered=False) for track in tracks]
    drawn = [draw(boxes[name], _EDGE, tops[name], box_width) for name in order]
    width = box_width + 2 * _EDGE + room
    return tag(
        "svg", join([*bands, *lines, *drawn]), viewBox=f"0 0 {width:.0f} {y - gap + _EDGE:.0f}", width=round(width),
        class_="topology", role="img", aria_label=described(topology),
    )  # fmt: skip


def _lines(
    track: Track, rows: dict[str, tuple[float, float]], right: float, topology: Topology, *, peered: bool
) -> Markup:
    """The track with its branches; or only the band of peerings under it."""
    x = right + _FIRST_TRACK + _TRACK * track.column
    top, height = rows[track.broker]
    into = top + height * 0.3
    clients = [one for one in track.clients if not peered or frozenset((one, track.broker)) in topology.peerings]
    if peered:
        return tag("g", *(_path("peering", right, x, _out(rows[one]), into) for one in clients))
    paths = [_path("link", right, x, _out(rows[one]), into) for one in clients]
    tip = tag("path", class_="tip", d=f"M{right:.1f} {into:.1f} L{right + 9:.1f} {into - 5:.1f} v10 Z")
    return tag("g", *paths, tip)


def _out(row: tuple[float, float]) -> float:
    return row[0] + row[1] * 0.7


def _path(kind: str, right: float, x: float, start: float, end: float) -> Markup:
    bend = min(7.0, abs(end - start) / 2)
    turn = bend if end > start else -bend
    steps: Sequence[str] = (
        f"M{right:.1f} {start:.1f} H{x - bend:.1f}",
        f"Q{x:.1f} {start:.1f} {x:.1f} {start + turn:.1f} V{end - turn:.1f}",
        f"Q{x:.1f} {end:.1f} {x - bend:.1f} {end:.1f} H{right:.1f}",
    )
    return tag("path", class_=kind, d=" ".join(steps))
