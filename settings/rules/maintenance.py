"""Rules of maintenance windows."""

from __future__ import annotations

from collections.abc import Iterator

from settings.errors import NOTHING, Problem
from settings.fields import find_about
from settings.maintenance import next_apart, overlap
from settings.schema import ClusterSection, MaintenanceSection, StackSection

_START = find_about(MaintenanceSection.model_fields["start"])


def windows_have_starts(stack: StackSection) -> Iterator[Problem]:
    """Report what is said of a window that there is not."""
    for name, cluster in stack.clusters.items():
        window, where = cluster.node.maintenance, f"clusters.{name}.node.maintenance"
        if window.start is None and (given := window.model_dump(exclude_defaults=True)):
            expected = f"the first window's date and time, as {where} has {', '.join(sorted(given))}"
            yield Problem(f"{where}.start", NOTHING, expected, str(_START.example), _START.hint)


def ends_reboot_apart(stack: StackSection) -> Iterator[Problem]:
    """Report windows of a link's two ends that meet: while neither is there, nobody keeps what machines send."""
    seen = set()
    for link in stack.links:
        client, broker = stack.clusters.get(link.client), stack.clusters.get(link.broker)
        pair = frozenset({link.client, link.broker})
        if client and broker and client is not broker and pair not in seen and _meet(client, broker):
            seen.add(pair)
            where = f"clusters.{link.client}.node.maintenance.start"
            expected = f"another time or day than clusters.{link.broker} has, to which {link.client} sends"
            apart = next_apart(str(broker.node.maintenance.start))
            yield Problem(where, client.node.maintenance.start, expected, apart, "or say another day in `every`")


def _meet(client: ClusterSection, broker: ClusterSection) -> bool:
    """Return whether both have a window, on the same days by the same clock, with a time of day in common."""
    one, other = client.node.maintenance, broker.node.maintenance
    if one.start is None or other.start is None or (one.time_zone, one.every) != (other.time_zone, other.every):
        return False
    return overlap(one.start, one.duration, other.start, other.duration)
