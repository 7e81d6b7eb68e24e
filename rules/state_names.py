"""Names in the state: a resource of another name, or of another parent, is a new one, and the old one is deleted."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from string import Formatter

from graph.urns import STACK_TYPE
from rules.bodies import kind_of
from rules.facts.state_names import STATE_NAMES
from rules.lookup import Hits, View

Place = tuple[str, str, str]
"""(types of the components above, type, logical name), which is what a URN says."""
_COMPONENT = "edge-stamps:"


def names_are_kept(view: View) -> Hits:
    """Require that whatever deployed stacks have keeps its name and its component, or has an alias of the old one."""
    expected = set(_expected(view))
    places = {one.urn: _place(one.urn) for one in view.resources if one.type != STACK_TYPE}
    missing = expected - set(places.values())
    for resource in view.resources:
        place = places.get(resource.urn)
        if place and place not in expected and not any(_place(alias) in expected for alias in resource.options.aliases):
            if old := _find_old(place, missing):
                yield resource.name, _describe(place, old)
        elif place in expected and resource.options.aliases:
            first = resource.options.aliases[0]
            if kind_of(_place(first)[1]) == kind_of(resource.type):  # else LIFE-03
                yield resource.name, f"aliases: {first}; expected none, as no deployed stack has it. Remove it"


def _place(urn: str) -> Place:
    above, _, own = urn.split("::")[2].rpartition("$")
    return above, kind_of(own), urn.rpartition("::")[2]


def _find_old(place: Place, missing: set[Place]) -> Place | None:
    """Return what the resource was called, among what is missing and of its kind."""
    above, kind, _ = place
    is_component = kind.startswith(_COMPONENT)
    if above.startswith(_COMPONENT) and above not in STATE_NAMES:
        return None  # that of the component itself is told
    alike = {"::".join(one): one for one in missing
             if one[1] == kind or (is_component and one[1].startswith(_COMPONENT))}  # fmt: skip
    close = difflib.get_close_matches("::".join(place), alike, n=1, cutoff=0.0)
    return alike[close[0]] if close else None


def _describe(place: Place, old: Place) -> str:
    words = zip(("parent", "type", "name"), place, old, strict=True)
    changed = [f"{word}: {new!r}; deployed stacks have {was!r}" for word, new, was in words if new != was]
    return (
        f"{', '.join(changed)}, so that the next run deletes that one and makes another. Leave it, or give an alias and"
        " change rules/facts/state_names.py"
    )


def _expected(view: View) -> Iterator[Place]:
    values = list(_values(view))
    for above, kinds in STATE_NAMES.items():
        for kind, names in kinds.items():
            for name in names.split():
                fields = {field for _, field, _, _ in Formatter().parse(name) if field}
                yield from ((above, kind, name.format(**one)) for one in values if fields <= set(one))


def _values(view: View) -> Iterator[Mapping[str, object]]:
    """Yield what the names are made of."""
    yield {"pki": view.settings.pki.generation}
    for name, cluster in view.clusters.items():
        yield {"cluster": name}
        if view.settings.operator_group:
            yield {"operated": name}
        if cluster.listener:
            yield {"broker": name, "g": cluster.listener.generation}
    for link in view.settings.links.values():
        client, broker = link.client, link.broker
        yield {"client": client, "to": broker, "link": f"{client}-to-{broker}", "g": link.generation}
        yield from ({"client": client, "dataflow": topic.dataflow_name} for topic in link.topics)
    for one in view.settings.peerings:
        yield {"pair": f"{one.first}-to-{one.second}"}
        yield from (
            {"half": f"{here}-to-{there}"} for here, there in ((one.first, one.second), (one.second, one.first))
        )
