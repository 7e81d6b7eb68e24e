"""Answers for a recording: Azure's shapes, tls, random; every resource is new and nothing is refused."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from rehearsal.answers import random, tls
from rehearsal.azure.shapes import is_arm, shape_of
from rehearsal.graph import Resource


class ShapeProvider:
    """The `Provider` of a recorded graph."""

    def __init__(self, subscription_id: str) -> None:
        self._subscription_id = subscription_id

    def create(self, resource: Resource, *, preview: bool) -> tuple[str, dict[str, Any]]:
        package, _, type_name = resource.type.partition(":")
        type_name, inputs = type_name.rsplit(":", 1)[-1], resource.plain_inputs
        if resource.type.startswith("pulumi:providers:"):
            # Known at preview as well, as long as its configuration is (pulumi-field-notes §4).
            return str(uuid5(NAMESPACE_URL, resource.urn)), inputs
        if is_arm(resource.type):
            return shape_of(resource.type).outputs(inputs, preview=preview, subscription_id=self._subscription_id)
        if package == "tls":
            return ("", tls.preview(type_name, inputs)) if preview else tls.create(type_name, inputs)
        if package == "random":
            return ("", random.preview(inputs)) if preview else random.create(type_name, resource.urn, inputs)
        raise LookupError(
            f"{resource.name}: the rehearsal does not know {resource.type}; add its row to rehearsal/azure/types.py"
        )

    def invoke(self, token: str, arguments: dict[str, Any], *, preview: bool) -> dict[str, Any]:
        package, module, function = token.split(":")
        if preview:
            raise LookupError(
                f"{token} is read while previewing an empty world: Azure answers 404. Let it depend on what creates"
                f" {arguments}"
            )
        if not function.startswith("get"):
            raise LookupError(f"the rehearsal does not know the function {token}")
        shape = shape_of(f"{package}:{module}:{function.removeprefix('get')}")
        return shape.outputs(arguments, preview=False, subscription_id=self._subscription_id)[1]
