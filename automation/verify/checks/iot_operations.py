"""Checks of an AIO instance: what it is, how it is, and who may connect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arm import ids
from arm.types import ResourceType
from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    CONNECTOR_TEMPLATE,
    DATAFLOW,
    DATAFLOW_ENDPOINT,
    DATAFLOW_PROFILE,
    INSTANCE,
    REGISTRY_ENDPOINT,
)
from automation.verify.azure import Body, UnseenError
from automation.verify.check import Problem
from automation.verify.compare import differences
from automation.verify.expected import Subject
from automation.verify.look import Look, show
from graph.inputs import map_at, text_at
from rules.facts.children import Child, children_of

_ALL = (
    INSTANCE, BROKER, BROKER_LISTENER, BROKER_AUTHENTICATION, BROKER_AUTHORIZATION, DATAFLOW_PROFILE, DATAFLOW_ENDPOINT,
    REGISTRY_ENDPOINT, CONNECTOR_TEMPLATE, DATAFLOW,
)  # fmt: skip
_OWN = (BROKER_AUTHENTICATION, BROKER_LISTENER, DATAFLOW_ENDPOINT, REGISTRY_ENDPOINT, CONNECTOR_TEMPLATE)
_IDENTITIES = "identity.userAssignedIdentities"
FIRST_WITH_HEALTH = "2026-07-01"
"""The API version that tells how each resource is (azure-mgmt-iotoperations 1.2.0, `healthState`)."""


def check_version(look: Look) -> Iterator[Problem]:
    """Check that the instance runs the release's version of AIO."""
    expected = look.release.aio
    for subject, body in look.seen(INSTANCE):
        seen = text_at(body, "properties.version")
        if not seen:
            look.note(subject.label, UnseenError("Azure does not say its version"))
        elif seen != expected:
            yield Problem(subject.label, f"version is {seen}", expected)


def check_health(look: Look) -> Iterator[Problem]:
    """Check that AIO itself says that instance, broker, listeners and dataflows are available."""
    if look.release.iot_operations_api < FIRST_WITH_HEALTH:
        return
    for subject, body in look.seen(*_ALL):
        state = text_at(body, "properties.healthState")
        if state in ("", "Unknown"):
            look.note(subject.label, UnseenError("AIO has not said how it is for a while"))
        elif state != "Available":
            why = map_at(body, "properties.status.healthState")
            told = " ".join(text for text in (text_at(why, "reasonCode"), text_at(why, "message")) if text)
            yield Problem(subject.label, f"is {state}{f': {show(told)}' if told else ''}", "Available")


def check_instance(look: Look) -> Iterator[Problem]:
    """Check that the instance has its registries, its identity and its secret provider class."""
    for subject, body in look.seen(INSTANCE):
        yield from look.compare(subject, body, "properties", "identity.type")
        yield from look.compare_keys(subject, body, _IDENTITIES)


def check_broker(look: Look) -> Iterator[Problem]:
    """Check that the broker has the size of the settings; most of it only a new broker can take."""
    for subject, body in look.seen(BROKER):
        yield from look.compare(subject, body, "properties")


def check_profile(look: Look) -> Iterator[Problem]:
    """Check that the dataflow profile has its instances and its log level."""
    for subject, body in look.seen(DATAFLOW_PROFILE):
        yield from look.compare(subject, body, "properties")


def check_own_parts(look: Look) -> Iterator[Problem]:
    """Check that AIO's own listener, endpoints and connector are as its release makes them."""
    for subject, body, child in _split(look, *_OWN):
        for path, allowed in _facts(child.properties) if child else ():
            seen = ids.at(body, f"properties.{path}")
            options = sorted(allowed) if isinstance(allowed, frozenset) else [allowed]
            if all(any(differences(option, seen)) for option in options):
                yield Problem(subject.label, f"{path} is {show(seen)}", " or ".join(map(show, options)))


def _split(look: Look, *types: ResourceType) -> Iterator[tuple[Subject, Body, Child | None]]:
    """Yield what is there, each with AIO's own part that it is; the stack's own are none."""
    children = children_of(look.release)
    for subject, body in look.seen(*types):
        yield subject, body, next((child for child in children if _is(child, subject)), None)


def _is(child: Child, subject: Subject) -> bool:
    name = ids.name_of(subject.id)
    fits = name.startswith(child.name) if child.name.endswith("-") else name == child.name
    return child.arm_type == subject.row.arm_type and fits


def _facts(properties: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value with its path."""
    for name, value in properties.items():
        own = f"{path}.{name}".removeprefix(".")
        if isinstance(value, Mapping):
            yield from _facts(value, own)
        else:
            yield own, value


def check_listener(look: Look) -> Iterator[Problem]:
    """Check that the listener for others has its port, TLS with its certificate, and asks who connects."""
    yield from _compare_added(look, BROKER_LISTENER, exact=False)


def check_authentication(look: Look) -> Iterator[Problem]:
    """Check that only clients with a certificate of a link's authority and subject are let in."""
    yield from _compare_added(look, BROKER_AUTHENTICATION, exact=True)


def check_authorization(look: Look) -> Iterator[Problem]:
    """Check that each client may connect under its ids and use its topics, and no more."""
    yield from _compare_added(look, BROKER_AUTHORIZATION, exact=True)


def _compare_added(look: Look, row: ResourceType, *, exact: bool) -> Iterator[Problem]:
    """Compare what the stack has beside AIO's own; what Azure adds at the top is no change."""
    own = 0
    for subject, body, child in _split(look, row):
        if child:
            own += 1
            continue
        for name in map_at(subject.body, "properties"):
            yield from look.compare(subject, body, f"properties.{name}", exact=exact)
    look.looked -= own
