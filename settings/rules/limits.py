"""Rules of what a broker takes of its clients, against what the stack's own dataflows ask for."""

from __future__ import annotations

from collections.abc import Iterator

from settings.broker_capacity import MEMORY_PROFILES, largest_packet_mib
from settings.errors import Problem
from settings.schema import StackSection

_FIXED = "a broker's limits are fixed when it is created: another value replaces it, and what it holds is lost"


def limits_outlast_outages(stack: StackSection) -> Iterator[Problem]:
    """Report a broker that gives up a dataflow's queue before the outage ends that the settings allow for."""
    hours = stack.protection.outage_hours
    for name, cluster in stack.clusters.items():
        for key in ("max_session_hours", "max_message_hours"):
            most = getattr(cluster.broker, key)
            if most is not None and most < hours:
                expected = (
                    f"{hours} or more: protection.outage_hours ({hours}) is how long a dataflow's queue is to last"
                )
                yield Problem(f"clusters.{name}.broker.{key}", most, expected, str(hours), _FIXED)


def packets_fit_memory(stack: StackSection) -> Iterator[Problem]:
    """Report a packet size that does nothing, as the memory profile's is smaller."""
    for name, cluster in stack.clusters.items():
        profile, asked = cluster.broker.memory_profile, cluster.broker.max_packet_mib
        most = MEMORY_PROFILES[profile].packet_mib
        if asked and asked > most:
            expected = f"at most {most}, which a broker takes of the memory profile {profile}"
            yield Problem(f"clusters.{name}.broker.max_packet_mib", asked, expected, str(most))


def links_take_what_is_sent(stack: StackSection) -> Iterator[Problem]:
    """Report a broker that takes larger packets than one that it sends to: such a packet would stop the link for good.

    It is sent again and again, and all that follows it waits.
    """
    for name, cluster in stack.clusters.items():
        receivers = {link.broker for link in stack.links if link.client == name and link.broker in stack.clusters}
        sizes = {receiver: largest_packet_mib(stack.clusters[receiver].broker) for receiver in sorted(receivers)}
        smallest = min(sizes, key=lambda receiver: sizes[receiver], default=None)
        if smallest and largest_packet_mib(cluster.broker) > sizes[smallest]:
            most = sizes[smallest]
            expected = f"at most {most}: clusters.{smallest}.broker, to which it sends, takes no larger packet"
            where = f"clusters.{name}.broker.max_packet_mib"
            yield Problem(where, cluster.broker.max_packet_mib, expected, str(most), _FIXED)
