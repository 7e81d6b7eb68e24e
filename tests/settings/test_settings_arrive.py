"""Every setting, changed to another legal value, changes the deployment where its field says, and nowhere else.

Two things are excepted. Names: of a field that says `names` every composed text of the resolved settings changes
wherever it is deployed, and nothing but those texts. What keys, certificates, digests and Azure itself come up with:
their inputs are compared instead. Tags are no exception: `tags` says that it arrives in those of every resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from arm.types import BY_ARM_TYPE
from graph.graph import Graph
from settings.paths import contains
from settings.sections import place_of
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS, evaluate
from tests.golden.normalise import as_text
from tests.settings.changed_deployments import (
    ARRIVALS,
    FIELDS,
    READ_BESIDE,
    Change,
    Stack,
    make_change,
    read_stack,
    stack_of,
)
from tests.settings.deployed_settings import find_missing

_STACKS = ("dev", "prod", "three-sites")
_NAMES = {
    "prefix", "environment", "instance", "subscription_id", "clusters.<name>.code",
    "clusters.<name>.listener.generation", "clusters.<name>.machine.resource_id",
    "clusters.<name>.nodes[].machine.resource_id", "clusters.<name>.nodes[].name",
    "clusters.<name>.connected_cluster.resource_id",
    "links[].generation", "links[].topics[].from",
    "links[].topics[].to", "pki.generation",
}  # fmt: skip
_NEEDS_OTHERS = ("clusters.<name>.hosting",)
"""Fields of which another value needs further settings: tests/engine/test_hosts.py changes those together."""


def test_the_same_settings_deploy_the_same(recorded: Callable[..., Graph]) -> None:
    assert as_text(recorded(TWO_CLUSTERS)) == as_text(evaluate(TWO_CLUSTERS))


def test_every_field_says_where_it_arrives() -> None:
    silent = sorted(FIELDS.keys() - ARRIVALS.keys() - READ_BESIDE)
    assert not silent, f"{silent} of settings/schema.py: add `arrives(...)`, as settings/arrival.py says"


def test_only_these_settings_are_parts_of_names() -> None:
    assert {place for place, arrival in ARRIVALS.items() if arrival.names} == _NAMES


def test_places_name_types_that_exist() -> None:
    named = {
        place.what for arrival in ARRIVALS.values() for place in arrival.places if place.what.startswith("Microsoft")
    }
    assert named <= set(BY_ARM_TYPE)


@pytest.mark.parametrize("place", [place for place in ARRIVALS if place not in _NEEDS_OTHERS])
def test_it_arrives_there_and_nowhere_else(place: str) -> None:
    changes = list(_changes(place))
    assert changes, f"{place}: no other value is legal in {', '.join(_STACKS)}; say one in `arrives(…, others=…)`"
    found = [text for change in changes for text in _faults(change)]
    arrived = {one for change in changes for one, setting in change.places if change.arrives_at(one, setting)}
    found += [
        f"{place} arrives in no stack at {one.text}: mend the component, or the field in settings/schema.py"
        for one in ARRIVALS[place].places
        if one not in arrived
    ]
    assert not found, "\n".join(found)


def _changes(place: str) -> Iterator[Change]:
    """Yield a change for each stack and role: a cluster where a link ends, one where none does, two links."""
    stacks = [read_stack(name) for name in _STACKS]
    if place == "links[].from":  # in those stacks every other cluster sends there already
        stacks = [stack_of("two brokers", TWO_BROKERS)]
    # In those stacks every generation is the first, there is no proxy and no window, and clusters have one node.
    of_a_window = tuple(f"maintenance.{key}" for key in ("duration", "time_zone", "every"))
    if place.endswith(("revoked_generation", "proxy.no_proxy", *of_a_window)) or ".nodes[]" in place:
        stacks = [read_stack("every-setting")]
    if ".machine." in place:  # in those stacks every machine is the stack's own
        stacks = [read_stack("plant")]
    if place.endswith("nodes[].address"):
        stacks = [read_stack("every-setting"), read_stack("plant")]
    if ".connected_cluster." in place:
        stacks = [read_stack("brownfield")]
    for stack in stacks:
        settings = {_role(stack, setting): setting for setting in stack.settings.values if place_of(setting) == place}
        yield from (change for setting in settings.values() if (change := make_change(stack, setting)))


def _role(stack: Stack, setting: str) -> str:
    if setting.startswith("clusters."):
        return "broker" if stack.settings.clusters[setting.split(".")[1]].listener else "client"
    return "first" if setting.startswith("links[0]") else "other"


def _faults(change: Change) -> Iterator[str]:
    what = f"stack {change.stack.name}: {change.setting}, changed to {change.value!r},"
    elsewhere = change.elsewhere()
    instead = "; ".join(elsewhere[:5]) or "nothing else changes"
    for setting in change.after.settings.values:
        if contains(change.setting, setting):
            for part, text in find_missing(change.after, setting):
                yield f"{what} does not arrive in {part}: {text}. Instead: {instead}"
    places = [place for place in change.places if change.is_there(*place)]
    own = [place for place, setting in places if setting == change.setting and not change.arrives_at(place, setting)]
    for place in own:
        yield f"{what} does not arrive at {place.text}. Instead: {instead}"
    if not change.names and not any(change.arrives_at(*place) for place in places):
        yield f"{what} arrives nowhere. Expected: {[place.text for place, _ in places]}. Instead: {instead}"
    for name in change.forgotten_names():
        yield f"{what} makes another name of {name}, which nothing has: see settings/cluster_names.py"
    if elsewhere:
        yield f"{what} changes what settings/schema.py does not say: {'; '.join(elsewhere[:5])}"
