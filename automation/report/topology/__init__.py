"""The topology of a deployment: read from its graph, drawn as SVG for the page and as text for a terminal."""

from automation.report.topology.model import DrawnCluster, DrawnLink, Topology, read_topology
from automation.report.topology.svg import PALETTE, STYLE, draw_svg
from automation.report.topology.text import draw_text

__all__ = ["PALETTE", "STYLE", "DrawnCluster", "DrawnLink", "Topology", "draw_svg", "draw_text", "read_topology"]
