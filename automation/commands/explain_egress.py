"""What each node has to reach, for whoever keeps the firewall that it stands behind: a table, or a list to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from automation.commands.explain import Group, UnknownPathError
from settings import Settings
from settings.egress import Egress, list_egress

_SECTION = "egress"


def explain_egress(settings: Settings, path: str = "") -> Sequence[Group]:
    """Of every cluster, or only of the one at the path, as in `clusters.site`.

    Raises:
        UnknownPathError: there is no cluster at the path.
    """
    clusters = {f"clusters.{name}": cluster for name, cluster in settings.clusters.items()}
    if path and path not in clusters:
        raise UnknownPathError(
            f"There is no cluster {path}. Next: take one of these, or no path: {', '.join(clusters)}"
        )
    return [
        Group(each, ("clusters", cluster.name), (), {_SECTION: [_row(one) for one in list_egress(settings, cluster)]})
        for each, cluster in clusters.items()
        if path in ("", each)
    ]


def _row(egress: Egress) -> dict[str, object]:
    return {**asdict(egress), "read": egress.read and egress.read.isoformat()}


def as_list(groups: Sequence[Group]) -> str:
    """Return `host:port` of what the nodes themselves reach, a proxy among it: one a line, sorted, each once."""
    sections = [section for group in groups if not isinstance(section := group.sections[_SECTION], Mapping)]
    direct = [row for rows in sections for row in rows if not row["through"]]
    return "".join(f"{one}\n" for one in sorted({f"{row['host']}:{row['port']}" for row in direct}))
