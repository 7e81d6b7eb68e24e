"""Checks of the schema registry with its storage, and of the Device Registry's namespace."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.storage import BLOB_CONTAINER, STORAGE_ACCOUNT
from automation.verify.check import Problem
from automation.verify.look import Look


def check_storage(look: Look) -> Iterator[Problem]:
    """Check that nobody can read schemas without a role, and the registry can."""
    for subject, body in look.seen(STORAGE_ACCOUNT, BLOB_CONTAINER):
        yield from look.compare(subject, body, "properties", "sku", "kind")


def check_registries(look: Look) -> Iterator[Problem]:
    """Check that the registry keeps schemas in its own container, and that both registries have an identity."""
    for subject, body in look.seen(SCHEMA_REGISTRY, DEVICE_REGISTRY_NAMESPACE):
        yield from look.compare(subject, body, "properties", "identity.type")
