"""The topology of a deployment: read from its graph, drawn as SVG for the page and as text for a terminal."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from automation.report.topology.model import Cluster, Link, Topology, drawn
from automation.report.topology.narrow import narrow
from automation.report.topology.text import as_text
from automation.report.topology.wide import fits, wide

__all__ = ["PALETTE", "STYLE", "Cluster", "Link", "Topology", "as_svg", "as_text", "drawn", "fits", "narrow", "wide"]

_FOLDER = Path(__file__).parent
PALETTE = (_FOLDER / "palette.css").read_text(encoding="utf-8")
"""The colours, light and dark."""
STYLE = (_FOLDER / "topology.css").read_text(encoding="utf-8")
"""The drawing's lines and type, in these colours."""


def as_svg(topology: Topology) -> str:
    """The drawing as a file of its own, light or dark as its reader prefers."""
    svg = wide(topology) if fits(topology) else narrow(topology)
    style = Markup("<style>{}</style>").format(Markup(PALETTE + STYLE))  # noqa: S704 our own file
    start, _, rest = svg.partition(">")
    return f'{start} xmlns="http://www.w3.org/2000/svg">{style}{rest}\n'
