"""The topology as SVG, readable from the width of a phone on. No font is measured: widths are those of common ones."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from automation.report.topology.layout import Box, Route, lay_out
from automation.report.topology.model import Topology

_FOLDER = Path(__file__).parent
PALETTE = (_FOLDER / "palette.css").read_text(encoding="utf-8")
"""The colours, light and dark."""
STYLE = (_FOLDER / "topology.css").read_text(encoding="utf-8")
"""The drawing's lines and type, in these colours."""

MOST_FULL = 8
"""With more clusters, those without a listener are drawn in one row."""
_EDGE, _ROW, _PADDING, _GAP, _TRACK, _LEAST_WIDTH = 4, 18, 14, 26, 16, 344
"""Pixels."""
_NAME_CHARACTER, _LINE_CHARACTER = 9.3, 7.2
"""Mean width of a character: names are 15 pixels high, lines 12 (topology.css)."""


def draw_svg(topology: Topology, *, with_style: bool) -> str:
    """Return one SVG element; with its style it is a file of its own, light or dark as its reader prefers."""
    layout = lay_out(topology, short=len(topology.clusters) > MOST_FULL)
    tracks = _GAP + _TRACK * layout.tracks if layout.routes else 0
    right = max([_LEAST_WIDTH - _EDGE - tracks, *(_EDGE + _width(box) for box in layout.boxes)])
    width, height = right + tracks + _EDGE, max((_bottom(box) for box in layout.boxes), default=0) + _EDGE
    svg = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}",
        "class": "topology", "role": "img", "aria-label": describe(topology),
    })  # fmt: skip
    if with_style:
        SubElement(svg, "style").text = PALETTE + STYLE
    for route in layout.routes:
        if route.peered:
            SubElement(svg, "path", {"class": "peering", "d": _path(route, right)})
    for route in layout.routes:
        SubElement(svg, "path", {"class": "link", "d": _path(route, right)})
        SubElement(svg, "path", {"class": "tip", "d": f"M{right:g} {_middle(route.end):g} l9 -5 v10 Z"})
    for box in layout.boxes:
        _draw_box(svg, box, right)
    return tostring(svg, encoding="unicode")


def describe(topology: Topology) -> str:
    """Return what the drawing shows, in words."""
    clusters, links = len(topology.clusters), len(topology.links)
    return f"{clusters} clusters and {links} links between them; the table below says the same"


def _draw_box(svg: Element, box: Box, right: float) -> None:
    group = SubElement(svg, "g")
    top, bottom = _top(box), _bottom(box)
    frame = {"x": _EDGE, "y": top, "width": right - _EDGE, "height": bottom - top, "rx": 6}
    SubElement(group, "rect", {"class": "box"} | {name: f"{value:g}" for name, value in frame.items()})
    _write(group, "name", _EDGE + _PADDING, box.top, box.name)
    if box.note:
        _write(group, "line end", right - _PADDING, box.top, box.note)
    for row, line in enumerate(box.lines, box.top + 1):
        indent = _LINE_CHARACTER * (len(line.text) - len(line.text.lstrip()))
        kind = " listener" if line.is_listener else " leaves" if line.link else ""
        _write(group, f"line{kind}", _EDGE + _PADDING + indent, row, line.text.strip())


def _write(group: Element, kind: str, x: float, row: int, text: str) -> None:
    SubElement(group, "text", {"class": kind, "x": f"{x:g}", "y": f"{_middle(row) + 4:g}"}).text = text


def _width(box: Box) -> float:
    name = _NAME_CHARACTER * len(box.name) + _LINE_CHARACTER * len(box.note) + (_PADDING if box.note else 0)
    return max([name, *(_LINE_CHARACTER * len(line.text) for line in box.lines)]) + 2 * _PADDING


def _top(box: Box) -> float:
    return _EDGE + _ROW * box.top


def _bottom(box: Box) -> float:
    return _top(box) + _ROW * len(box.lines) + 30


def _middle(row: int) -> float:
    """Return the middle of a row's text."""
    return _EDGE + _ROW * row + 15


def _path(route: Route, right: float) -> str:
    x = right + _GAP + _TRACK * route.track
    return f"M{right:g} {_middle(route.start):g} H{x:g} V{_middle(route.end):g} H{right:g}"
