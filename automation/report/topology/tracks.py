"""Clusters below one another, and for each broker a track at the side where the messages to it run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automation.report.topology.layers import layers
from automation.report.topology.model import Topology


@dataclass(frozen=True)
class Track:
    """Everything that goes to one broker."""

    broker: str
    clients: tuple[str, ...]
    column: int
    """0 is next to the boxes."""


def stacked(topology: Topology) -> tuple[list[str], list[Track]]:
    """The clusters from top to bottom, clients before their brokers where no loop forbids it, and the tracks."""
    names = [one.name for one in topology.clusters]
    pairs = [(link.client, link.broker) for link in topology.links if link.broker]
    found = layers(names, pairs)
    order = [name for column in found.columns for name in column if name in names] + list(found.alone)
    clients: dict[str, list[str]] = {}
    for client, broker in pairs:
        if client != broker and client not in clients.setdefault(broker, []):
            clients[broker].append(client)
    return order, _columns(order, clients)


def _columns(order: Sequence[str], clients: dict[str, list[str]]) -> list[Track]:
    """Tracks that share no row may share a column; short ones are nearest to the boxes."""
    place = {name: row for row, name in enumerate(order)}
    spans = {
        broker: (min(place[one] for one in (broker, *sources)), max(place[one] for one in (broker, *sources)))
        for broker, sources in clients.items()
        if sources
    }
    taken: list[list[tuple[int, int]]] = []
    tracks = []
    for broker in sorted(spans, key=lambda one: (spans[one][1] - spans[one][0], spans[one])):
        low, high = spans[broker]
        free = (index for index, used in enumerate(taken) if all(high < start or end < low for start, end in used))
        column = next(free, len(taken))
        if column == len(taken):
            taken.append([])
        taken[column].append((low, high))
        tracks.append(Track(broker, tuple(sorted(clients[broker], key=lambda one: place[one])), column))
    return sorted(tracks, key=lambda track: track.column)
