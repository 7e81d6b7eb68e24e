"""What stands in a cluster's box, and how much room it takes. No font is measured: widths are those of common ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from automation.report.topology.model import Cluster, Link, Topology
from automation.report.topology.svg import tag

NAME, LINE = 15, 12
"""Sizes of type, in pixels."""
_EM = 0.58
"""Mean width of a character; names are bold and so a little wider."""
_STEP = 18
_MARGIN = 14


@dataclass(frozen=True)
class Box:
    """A cluster as it is drawn."""

    name: str
    lines: tuple[tuple[str, str], ...]
    """(class, text): from top to bottom, or in a brief box behind the name."""
    brief: bool

    @property
    def width(self) -> float:
        widths = [text_width(text, LINE) for _, text in self.lines]
        name = text_width(self.name, NAME) * 1.06
        return (name + sum(widths) + _MARGIN if self.brief else max([name, *widths])) + 2 * _MARGIN

    @property
    def height(self) -> float:
        return 30 if self.brief else 40 + _STEP * len(self.lines)


def text_width(text: str, size: float) -> float:
    """How wide a text is, in pixels, about."""
    return len(text) * size * _EM


def full(cluster: Cluster) -> Box:
    """A box with everything that one looks for."""
    lines = [
        ("", ", ".join(part for part in (cluster.region, cluster.vm_size) if part)),
        ("", f"VNet {cluster.address_space}"),
        ("", f"node {cluster.node_address}"),
        ("", f"vault {cluster.key_vault}"),
        ("port", f"listens on {', '.join(map(str, cluster.ports))}" if cluster.ports else ""),
    ]
    return Box(cluster.name, tuple(line for line in lines if not line[1].endswith((" ", ": ")) and line[1]), False)


def brief(cluster: Cluster) -> Box:
    """A box of one line."""
    return Box(cluster.name, (("", cluster.address_space),), True)


def draw(box: Box, x: float, y: float, width: float) -> Markup:
    """The box with its upper left corner there."""
    frame = tag("rect", class_="box", x=x, y=y, width=width, height=box.height, rx=6)
    if box.brief:
        middle = y + box.height / 2 + 4
        name = tag("text", box.name, class_="name brief", x=x + _MARGIN, y=middle)
        behind = [
            tag("text", text, class_=f"line end {kind}".strip(), x=x + width - _MARGIN, y=middle)
            for kind, text in box.lines
        ]
        return tag("g", frame, name, *behind)
    name = tag("text", box.name, class_="name", x=x + _MARGIN, y=y + 26)
    lines = [
        tag("text", text, class_=f"line {kind}".strip(), x=x + _MARGIN, y=y + 26 + _STEP * (index + 1))
        for index, (kind, text) in enumerate(box.lines)
    ]
    return tag("g", frame, name, *lines)


def described(topology: Topology) -> str:
    """What the drawing shows, in words."""
    clusters, links = len(topology.clusters), len(topology.links)
    return f"{clusters} clusters and {links} links between them; the table below says the same"


def labels(link: Link, most: int) -> list[str]:
    """The address and what is carried, so many lines of topics at most."""
    shown = [f"{here} → {there}" for here, there in link.topics[:most]]
    more = len(link.topics) - len(shown)
    return [link.address, *shown, *([f"and {more} more"] if more else [])]


def widest(texts: Sequence[str]) -> float:
    """The width of the widest label."""
    return max((text_width(text, LINE) for text in texts), default=0)
