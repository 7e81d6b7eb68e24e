"""What the settings of a stack come to: each value with its origin, names, addresses, listeners, links, certificates.

Nothing is decided here: `explained` arranges what `Settings` holds, `as_text` and `as_document` write it down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network
from itertools import accumulate
from math import inf
from typing import Any

import yaml

from settings import Cluster, Lines, Link, Network, Settings
from settings.addressing import RESERVED_NETWORKS, azure_reserved, free_networks, usable
from settings.arrival import describe_arrival
from settings.paths import above, contains
from settings.sections import list_fields, place_of
from settings.stand_ins import STAND_INS

Facts = Mapping[str, Any]
"""Term -> value."""
Rows = Sequence[Facts]
"""A table: each row holds the same columns."""

_FREE_NETWORKS, _PREFIX_LENGTH = 3, 16
_WIDEST_COLUMN = 40
_ARRIVES = "arrives_at"
_PROSE = (_ARRIVES, "host", "why", "source", "read")
_NAMES = ("AIO", "API", "Arc", "Azure", "CA", "DNS", "IoT", "IP", "MQTT", "NAT", "OS", "SKU")
_SPELLINGS = {name.lower(): name for name in _NAMES}


class UnknownPathError(Exception):
    """There is no setting at a path; the text names the nearest."""


@dataclass(frozen=True)
class Group:
    """What is known about one thing: the stack, a cluster, a link."""

    path: str
    """Of its settings, as in `clusters.site`; empty for the stack itself."""
    place: tuple[str, ...]
    """Where the document holds it."""
    settings: Rows
    sections: Mapping[str, Facts | Rows]
    """What follows from the settings."""

    @property
    def title(self) -> str:
        return f"{self.path}: {self.place[-1]}" if self.path.startswith("links[") else self.path or "stack"


def explain_settings(settings: Settings, lines: Lines, path: str = "") -> Sequence[Group]:
    """Everything, or only what stands at and below a path, as in `clusters.site` or `links[0].topics`.

    Raises:
        UnknownPathError: there is no such setting.
    """
    known = {part for value in settings.values for part in _with_those_above(value)}
    if path and path not in known:
        near = get_close_matches(path, known, n=3) or sorted(part for part in known if not above(part))
        raise UnknownPathError(f"There is no setting {path}. Next: take one of these, or no path: {', '.join(near)}")
    return [found for group in _groups(settings, lines) if (found := _at(path, group))]


def _with_those_above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = above(path)


def _at(path: str, group: Group) -> Group | None:
    """Return the part of the group at or below the path; None if there is nothing."""
    if not path or contains(path, group.path):
        return group
    asked = [row for row in group.settings if contains(path, row["setting"])]
    rows = [{**row, _ARRIVES: describe_arrival(list_fields()[place_of(row["setting"])])} for row in asked]
    return Group(group.path, group.place, rows, {}) if rows else None


# --- what there is to say ---


def _groups(settings: Settings, lines: Lines) -> Iterator[Group]:
    clusters = {f"clusters.{name}": cluster for name, cluster in settings.clusters.items()}
    links = {f"links[{index}]": link for index, link in enumerate(settings.links.values())}
    origins = {path: _origin(settings, lines, path) for path in settings.values}

    def group(path: str, place: tuple[str, ...], sections: Mapping[str, Facts | Rows]) -> Group:
        rows = [
            {"setting": each, "value": value, "origin": origins[each]}
            for each, value in settings.values.items()
            if (
                contains(path, each) if path else not any(contains(other, each) for other in (*clusters, *links, "pki"))
            )
        ]
        return Group(path, place, rows, sections)

    yield group("", ("stack",), _of_the_stack(settings))
    for path, cluster in clusters.items():
        yield group(path, ("clusters", cluster.name), _of_a_cluster(cluster))
    for path, link in links.items():
        yield group(path, ("links", link.name), _of_a_link(settings, link))
    yield group("pki", ("pki",), {"certificates": _certificates(settings)})


def _origin(settings: Settings, lines: Lines, path: str) -> str:
    if path in STAND_INS and STAND_INS[path] == settings.values[path]:
        return "stand-in"
    origin = settings.origins[path]
    return lines.at(path) or origin if origin == "stack file" else origin


def _of_the_stack(settings: Settings) -> dict[str, Facts | Rows]:
    spaces = {one.network.address_space: one.name for one in settings.clusters.values() if one.network}
    taken = {**RESERVED_NETWORKS, **{space: f"cluster {name}" for space, name in spaces.items()}}
    length = [*spaces][-1].prefixlen if spaces else _PREFIX_LENGTH
    return {
        "release": asdict(settings.release),
        "address_plan": [{"network": network, "taken_by": taken[network]} for network in sorted(taken)],
        "free_networks": {"for_next_clusters": free_networks([*spaces], length, _FREE_NETWORKS)},
        "peerings": [asdict(peering) for peering in settings.peerings],
    }


def _of_a_cluster(cluster: Cluster) -> dict[str, Facts | Rows]:
    names = asdict(cluster.names)
    storage_account = f"{names.pop('storage_account_prefix')}<5 random>{names.pop('storage_account_suffix')}"
    administrator = {"node_administrator": cluster.admin_username} if cluster.node else {}
    return {
        "names": {**names, "storage_account": storage_account, **administrator},
        "addresses": {"node_address": cluster.address, **(_of_a_network(cluster.network) if cluster.network else {})},
        "listener": asdict(cluster.listener) if cluster.listener else {},
        "access": {"arc_proxy_port": cluster.arc_proxy_port},
    }


def _of_a_network(network: Network) -> Facts:
    return {
        **asdict(network),
        "usable": _span(*usable(network.subnet)),
        "reserved_by_azure": _spans(azure_reserved(network.subnet)),
    }


def _of_a_link(settings: Settings, link: Link) -> dict[str, Facts | Rows]:
    listener = settings.listener_of(link)
    facts = {key: value for key, value in asdict(link).items() if key not in ("name", "topics")}
    return {
        "connection": {**facts, "connects_to": f"{listener.host}:{listener.port}"},
        "topics": [
            {
                "from": topic.source,
                "to": topic.destination,
                "payload": topic.payload,
                "shared": topic.shared,
                "dataflow": topic.dataflow_name,
            }
            for topic in link.topics
        ],
    }


def _certificates(settings: Settings) -> Rows:
    """Every certificate with its life, and how long before its end the next run renews it; the roots stay."""
    pki, names = settings.pki, settings.authorities
    renewed, leaf = pki.early_renewal_hours, pki.leaf_hours
    listeners = [cluster.listener for cluster in settings.clusters.values() if cluster.listener]
    table: list[tuple[str, str, int, int | None]] = [
        *(row for each in listeners for row in (
            (each.root_name, "itself", pki.root_hours, None),
            (each.intermediate_name, each.root_name, pki.intermediate_hours, pki.intermediate_early_renewal_hours),
            (each.common_name, each.intermediate_name, leaf, renewed),
        )),
        (names.client_root, "itself", pki.root_hours, None),
        (names.client_intermediate, names.client_root, pki.intermediate_hours,
         pki.intermediate_early_renewal_hours),
        *((each.common_name, names.client_intermediate, leaf, renewed) for each in settings.links.values()),
    ]  # fmt: skip
    return [
        {
            "common_name": name,
            "issuer": issuer,
            "days": hours // 24,
            "renewed_days_before": None if early is None else early // 24,
        }
        for name, issuer, hours, early in table
    ]


def _spans(addresses: frozenset[IPv4Address]) -> str:
    """Neighbours joined, as in `10.1.1.0 - 10.1.1.3, 10.1.1.255`."""
    spans: list[list[IPv4Address]] = []
    for address in sorted(addresses):
        if spans and spans[-1][-1] + 1 == address:
            spans[-1].append(address)
        else:
            spans.append([address])
    return ", ".join(_span(span[0], span[-1]) for span in spans)


def _span(first: IPv4Address, last: IPv4Address) -> str:
    return str(first) if first == last else f"{first} - {last}"


# --- for machines ---


def as_document(groups: Sequence[Group]) -> dict[str, Any]:
    """Place by place, as in `clusters.site.names.key_vault`."""
    document: dict[str, Any] = {}
    for group in groups:
        inner = document
        for step in group.place:
            inner = inner.setdefault(step, {})
        inner.update(_plain({"settings": group.settings, **group.sections}))
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, IPv4Address | IPv4Network) else value


# --- for people ---


def as_text(groups: Sequence[Group], width: int, last: str = "") -> str:
    """Group by group, in ASCII; a row that is longer than the width goes on in the next line, nothing is cut."""
    blocks = [block for group in groups for block in _blocks(group, width)]
    text = "\n\n".join([*blocks, last or "What each setting means, and its limits: docs/settings.md"])
    return text.encode("ascii", "backslashreplace").decode() + "\n"


def _blocks(group: Group, width: int) -> Iterator[str]:
    yield f"{group.title}\n{'=' * len(group.title)}"
    settings = [{**row, "setting": row["setting"].removeprefix(f"{group.path}.")} for row in group.settings]
    for title, section in {"settings": settings, **group.sections}.items():
        if section:
            table = _table_of_facts(section) if isinstance(section, Mapping) else _table_of_rows(section)
            yield "\n".join([_label(title), *_lines(table, width)])


def _table_of_facts(facts: Facts) -> list[list[str]]:
    table = []
    for term, value in facts.items():
        texts = [f"{key}={inner}" for key, inner in value.items()] if isinstance(value, Mapping) else [_cell(value)]
        table += [[_label(term), text] for text in texts if value not in (None, ())]
    return table


def _table_of_rows(rows: Rows) -> list[list[str]]:
    """With heads. A setting that is null is so in a stack file too; anything else that is absent is a dash."""
    return [
        [_label(column) for column in rows[0]],
        *([_cell(cell, column) for column, cell in row.items()] for row in rows),
    ]


def _label(term: str) -> str:
    words = [_SPELLINGS.get(word, word) for word in term.split("_")]
    return " ".join(words)


def _cell(value: Any, column: str = "value") -> str:
    """As a stack file would write it; a list of plain texts without brackets."""
    if value is None and column != "value":
        return "-"
    if isinstance(value, list | tuple) and value:
        return ", ".join(map(_cell, value))
    if isinstance(value, IPv4Address | IPv4Network) or column in _PROSE:
        return str(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=inf, sort_keys=False, allow_unicode=True)
    return text.removesuffix("...\n").strip()


def _lines(table: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Columns side by side; a cell that does not fit moves to the left, and at last into a line of its own."""
    fitting = [[len(cell) for cell in column if len(cell) <= _WIDEST_COLUMN] for column in zip(*table, strict=True)]
    starts = list(accumulate((max(lengths, default=0) + 2 for lengths in fitting), initial=2))
    for row in table:
        line = f"  {row[0]}"
        for cell, start in zip(row[1:], starts[1:], strict=False):
            for place in (start, len(line) + 2):
                if len(line) + 2 <= place <= width - len(cell):
                    line = line.ljust(place) + cell
                    break
            else:
                yield line
                line = f"    {cell}"
        yield line.rstrip()
