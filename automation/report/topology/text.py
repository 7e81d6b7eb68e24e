"""The topology in plain ASCII, for a terminal."""

from __future__ import annotations

from automation.report.topology.layout import Box, Layout, lay_out
from automation.report.topology.model import Topology

_GAP, _TRACK = 4, 3
"""Columns from the boxes to the first track, and from track to track."""


def draw_text(topology: Topology) -> str:
    """Return the drawing; no name is cut."""
    layout = lay_out(topology)
    width = max((len(text) for box in layout.boxes for text in (f"- {box.name} ", *_texts(box))), default=0)
    rows = [row for box in layout.boxes for row in _frame(box, width)]
    canvas = [list(row.ljust(width + _GAP + _TRACK * layout.tracks + 4)) for row in rows]
    _draw_routes(canvas, layout, width + 4)
    return "\n".join("".join(row).rstrip() for row in canvas).rstrip() + "\n"


def _texts(box: Box) -> list[str]:
    return [line.text.replace("→", "->") for line in box.lines]


def _frame(box: Box, width: int) -> list[str]:
    lines = [f"| {text:<{width}} |" for text in _texts(box)]
    return [f"+- {box.name} ".ljust(width + 3, "-") + "+", *lines, f"+{'-' * (width + 2)}+", ""]


def _draw_routes(canvas: list[list[str]], layout: Layout, right: int) -> None:
    """Draw the uprights first, so that a way across another track leaves that track whole."""
    columns = [right + _GAP + _TRACK * route.track for route in layout.routes]
    for route, column in zip(layout.routes, columns, strict=True):
        for row in range(min(route.start, route.end), max(route.start, route.end) + 1):
            canvas[row][column] = "|" if canvas[row][column] == " " else canvas[row][column]
        canvas[route.start][column] = canvas[route.end][column] = "+"
    for route, column in zip(layout.routes, columns, strict=True):
        for row in (route.start, route.end):
            canvas[row][right:column] = [old if old != " " else "-" for old in canvas[row][right:column]]
    for route in layout.routes:
        canvas[route.end][right] = "<"
