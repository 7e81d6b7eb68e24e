"""The wide drawing: a column for each step that messages take, links as curves from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

from markupsafe import Markup

from automation.report.topology.boxes import LINE, Box, brief, described, draw, full, labels, widest
from automation.report.topology.layers import Layers, layers, neighbours
from automation.report.topology.model import Link, Topology
from automation.report.topology.svg import join, tag

Where = Literal["above", "around", "below"]
MOST_COLUMNS = 6
"""With more the type would be too small: the stacked drawing then serves all widths."""
_MOST_FULL = 4
_MOST_LABELS = 6
_MOST_TOPICS = 3
_EDGE, _GAP, _BRIEF_GAP, _ROW_GAP, _BRIEF_ROW_GAP, _ASIDE, _BESIDE = 8, 90, 200, 26, 8, 16, 9
_THROUGH, _LABELLED = 24, 84
"""Height of the room that a link gets where it passes a column."""


@dataclass(frozen=True)
class _Plan:
    """Where everything is."""

    layers: Layers
    boxes: Mapping[str, Box]
    box_width: float
    gap: float
    tall: Mapping[str, float]
    tops: Mapping[str, float]
    labelled: bool

    @property
    def height(self) -> float:
        return max((top + self.tall[name] for name, top in self.tops.items()), default=0) + _EDGE

    def left(self, name: str) -> float:
        column = next(index for index, names in enumerate(self.layers.columns) if name in names)
        return _EDGE + column * (self.box_width + self.gap)

    def middle(self, name: str) -> float:
        return self.tops[name] + self.tall[name] / 2


def fits(topology: Topology) -> bool:
    """Whether the drawing is readable at the width of a page."""
    return len(_layers(topology).columns) <= MOST_COLUMNS


def wide(topology: Topology) -> Markup:
    """The drawing as one SVG element, without styles."""
    plan = _plan(topology)
    bands = [_band(plan, pair) for pair in plan.layers.routes if frozenset(pair) in topology.peerings]
    links = [_link(plan, topology, link) for link in topology.links if link.broker and link.broker != link.client]
    boxes = [draw(plan.boxes[name], plan.left(name), plan.tops[name], plan.box_width)
             for names in plan.layers.columns for name in names if name in plan.boxes]  # fmt: skip
    alone, bottom = _alone(plan)
    width = _width(plan)
    return tag(
        "svg", join([*bands, *links, *boxes, *alone]), viewBox=f"0 0 {width:.0f} {bottom:.0f}", width=round(width),
        class_="topology", role="img", aria_label=described(topology),
    )  # fmt: skip


def _layers(topology: Topology) -> Layers:
    return layers([one.name for one in topology.clusters], [(link.client, link.broker) for link in topology.links])


def _plan(topology: Topology) -> _Plan:
    found = _layers(topology)
    columns = [*found.columns, found.alone]
    known = {one.name for one in topology.clusters}
    is_full = {name: len(known.intersection(names)) <= _MOST_FULL for names in columns for name in names}
    boxes = {one.name: full(one) if is_full[one.name] else brief(one) for one in topology.clusters}
    labelled = all(is_full.values()) and len(topology.links) <= _MOST_LABELS
    texts = [text for link in topology.links for text in labels(link, _MOST_TOPICS)] if labelled else []
    gap = max(_GAP if all(is_full.values()) else _BRIEF_GAP, widest(texts) + 48)
    tall: dict[str, float] = dict.fromkeys(is_full, _LABELLED if labelled else _THROUGH)
    tall |= {name: box.height for name, box in boxes.items()}
    return _Plan(found, boxes, max(box.width for box in boxes.values()), gap, tall, _tops(found, tall), labelled)


def _width(plan: _Plan) -> float:
    columns, alone = len(plan.layers.columns), min(len(plan.layers.alone), _MOST_FULL)
    linked = columns * plan.box_width + (columns - 1) * plan.gap
    return 2 * _EDGE + max(linked, alone * (plan.box_width + _ASIDE) - _ASIDE)


def _tops(found: Layers, tall: Mapping[str, float]) -> dict[str, float]:
    """Upper edges: the longest column as it is, the others beside their neighbours."""
    if not found.columns:
        return {}
    beside = neighbours(found.routes)
    tops: dict[str, float] = {}
    longest = max(range(len(found.columns)), key=lambda index: len(found.columns[index]))
    for index in (*range(longest, -1, -1), *range(longest + 1, len(found.columns))):
        names = found.columns[index]
        wanted = []
        for name in names:
            centres = [tops[one] + tall[one] / 2 for one in beside.get(name, ()) if one in tops]
            wanted.append(mean(centres) - tall[name] / 2 if centres else 0.0)
        tops |= dict(zip(names, _apart(wanted, [tall[name] for name in names]), strict=True))
    lowest = min(tops.values(), default=0)
    return {name: top - lowest + _EDGE for name, top in tops.items()}


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """As near to where they want to be as they can be without touching, in their order."""
    placed: list[float] = []
    end = float("-inf")
    for top, height in zip(wanted, heights, strict=True):
        placed.append(max(top, end))
        end = placed[-1] + height + (_ROW_GAP if len(heights) <= _MOST_FULL else _BRIEF_ROW_GAP)
    return [top + mean(wanted) - mean(placed) for top in placed]


def _curve(plan: _Plan, route: Sequence[str], ends: tuple[float, float]) -> str:
    """From the right edge of the first box to the left edge of the last, through the room left in between."""
    x, y = plan.left(route[0]) + plan.box_width, ends[0]
    path = f"M{x:.1f} {y:.1f}"
    for name in route[1:]:
        to_x = plan.left(name)
        to_y = ends[1] if name == route[-1] else plan.middle(name)
        bend = (to_x - x) / 2
        path += f" C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        if name != route[-1]:
            to_x += plan.box_width
            path += f" H{to_x:.1f}"
        x, y = to_x, to_y
    return path


def _band(plan: _Plan, pair: tuple[str, str]) -> Markup:
    route = plan.layers.routes[pair]
    ends = (plan.middle(route[0]), plan.middle(route[-1]))
    return tag("path", class_="peering", d=_curve(plan, route, ends))


def _link(plan: _Plan, topology: Topology, link: Link) -> Markup:
    pair = (link.client, link.broker)
    backwards = pair not in plan.layers.routes
    route = plan.layers.routes[pair[::-1] if backwards else pair]
    two_way = pair[::-1] in {(one.client, one.broker) for one in topology.links}
    aside = (_BESIDE if backwards else -_BESIDE) if two_way else 0
    start, end = plan.middle(route[0]) + aside, plan.middle(route[-1]) + aside
    parts = [tag("path", class_="link", d=_curve(plan, route, (start, end)))]
    if backwards:
        parts.append(_arrow(plan.left(route[0]) + plan.box_width, start, -1))
    else:
        parts.append(_arrow(plan.left(route[-1]), end, 1))
    if plan.labelled:
        passes = route[1] if len(route) > 2 else None  # there the link has room of its own
        x = (
            plan.left(route[0]) + plan.box_width + plan.gap / 2
            if passes is None
            else plan.left(passes) + plan.box_width / 2
        )
        y = (start + end) / 2 if passes is None else plan.middle(passes)
        where: Where = "around" if not two_way else "below" if backwards else "above"
        parts += _label(labels(link, _MOST_TOPICS), x, y, where)
    return tag("g", *parts)


def _arrow(x: float, y: float, direction: int) -> Markup:
    back = x - 9 * direction
    return tag("path", class_="tip", d=f"M{x:.1f} {y:.1f} L{back:.1f} {y - 5:.1f} L{back:.1f} {y + 5:.1f} Z")


def _label(texts: Sequence[str], x: float, y: float, where: Where) -> list[Markup]:
    """The address and the topics, a line each; around the curve, the address is over it and the topics are under it."""
    step = LINE + 4
    first = {"above": y - 10 - step * (len(texts) - 1), "around": y - 10, "below": y + 20}[where]
    rest = y + 4 if where == "around" else first
    lines = [first, *(rest + step * index for index in range(1, len(texts)))]
    return [
        tag("text", text, class_="label" if index else "label address", x=x, y=line)
        for index, (text, line) in enumerate(zip(texts, lines, strict=True))
    ]


def _alone(plan: _Plan) -> tuple[list[Markup], float]:
    """The clusters without a link, in rows below the others; and where the drawing ends."""
    names = plan.layers.alone
    if not names:
        return [], plan.height
    per_row = max(int(_width(plan) // (plan.box_width + _ASIDE)), 1)
    tall = max(plan.boxes[name].height for name in names) + 12
    y = plan.height + (30 if plan.tops else 20)
    parts = [tag("text", "without a link", class_="line", x=_EDGE, y=y - 8)]
    for index, name in enumerate(names):
        x = _EDGE + (index % per_row) * (plan.box_width + _ASIDE)
        parts.append(draw(plan.boxes[name], x, y + (index // per_row) * tall, plan.box_width))
    return parts, y + -(-len(names) // per_row) * tall
