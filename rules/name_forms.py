"""Names that the settings compose, against those that deployed stacks have: `rules/facts/names.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.facts import names
from rules.lookup import Hits, View
from rules.program_tables import LEAST
from settings import Settings, load
from settings.guids import assignment_name
from settings.naming import STACK_TAG, stack_tag

Forms = Mapping[str, str]

_TOPICS = [{"from": source, "to": destination} for source, destination in names.DATAFLOWS]
_PROBE = {**LEAST, "links": [{"from": "site", "to": "enterprise", "topics": _TOPICS}]}


def names_are_kept(_: View) -> Hits:
    """Require of every name the form that it has always had: under another one everything is made anew."""
    of_its_own = _compared(load(_PROBE), names.LISTENER, names.LINK, names.AUTHORITIES)
    external = load({**_PROBE, "pki": {"external_ca": "leaves"}})
    outside = _compared(external, names.EXTERNAL_LISTENER, names.EXTERNAL_LINK, names.EXTERNAL_AUTHORITIES)
    for where, given, expected in dict.fromkeys([*of_its_own, *outside]):
        if given != expected:
            message = f"{given!r}; deployed stacks have {expected!r}, which would be deleted. Else change"
            yield where, f"{message} rules/facts/names.py too, and say what it replaces"


def _compared(
    settings: Settings, listener: Forms, link_forms: Forms, authorities: Forms
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, what the settings make of it, what it is)."""
    words = {"prefix": settings.prefix, "environment": settings.environment, "instance": settings.instance,
             "pki": settings.pki.generation}  # fmt: skip
    stack = f"{settings.environment}-{settings.instance}"
    for cluster in settings.clusters.values():
        name = f"{settings.prefix}{cluster.code}"
        tail = f"{name}-{stack}"
        parts = {"name": name, "code": cluster.code, "stack": stack, "tail": tail, "letters": tail.replace("-", "")}
        yield from _forms(names.CLUSTER, cluster.names, parts)
        if cluster.listener:
            of_listener = {**words, "cluster": cluster.name, "code": cluster.code,
                           "generation": cluster.listener.generation}  # fmt: skip
            yield from _forms(listener, cluster.listener, of_listener)
    for link in settings.links.values():
        of_link = {**words, "client": link.client, "broker": link.broker, "generation": link.generation,
                   "server": settings.listener_of(link).generation}  # fmt: skip
        yield from _forms(link_forms, link, of_link)
        dataflows = {(topic.source, topic.destination): topic.dataflow_name for topic in link.topics}
        for (source, destination), form in names.DATAFLOWS.items():
            given = dataflows.get((source, destination), "none")
            yield f"dataflow from {source} to {destination}", given, form.format(broker=link.broker)
    yield from _forms(authorities, settings.authorities, words)
    derived_from, guid = names.ASSIGNMENT
    yield "assignment_name", assignment_name(*derived_from), guid
    tag, value = names.STACK_TAG
    yield "tag of resource groups", f"{STACK_TAG}={stack_tag(settings)}", f"{tag}={value.format(**words)}"


def _forms(forms: Forms, owner: object, words: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    for field, form in forms.items():
        yield field, getattr(owner, field), form.format(**words)
