"""Checks of what secret sync was told: portals edit these objects."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from automation.verify.check import Problem
from automation.verify.look import Look
from graph.inputs import text_at
from rules.lookup import read_objects

_OBJECTS = "objects"


def check_provider_classes(look: Look) -> Iterator[Problem]:
    """Check that each class leads to the cluster's vault, with the identity that may read it."""
    for subject, body in look.seen(SECRET_PROVIDER_CLASS):
        yield from look.compare(subject, body, "properties", without=(_OBJECTS,))


def check_objects(look: Look) -> Iterator[Problem]:
    """Check that each class names the secrets that are synced, and no others.

    The text is YAML with YAML in it, which whoever edits it writes in a form of its own.
    """
    for subject, body in look.seen(SECRET_PROVIDER_CLASS):
        wanted, named = (
            {text_at(one, "objectName"): one for one in read_objects(text_at(found, f"properties.{_OBJECTS}"))}
            for found in (subject.body, body)
        )
        yield from look.same(subject, f"properties.{_OBJECTS}", wanted, named, exact=True)


def check_syncs(look: Look) -> Iterator[Problem]:
    """Check that each Kubernetes Secret is made of the right secrets, by the right account."""
    for subject, body in look.seen(SECRET_SYNC):
        yield from look.compare(subject, body, "properties")
