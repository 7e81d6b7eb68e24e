"""The shapes' answers as a provider: everything succeeds, and nothing is refused."""

# ruff: noqa: ARG002 a provider takes what the protocol gives

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arm.shapes import is_arm, shape_of
from arm.values import UNKNOWN, is_unknown
from graph.fake_outputs import ShapeProvider
from graph.graph import Resource
from rehearsal.providers import Diff, ExistingResource, Properties, ReadResult


class NaiveProvider:
    """azure-native, tls and random at once. ARM paths and immutables replace, and all of tls and random does."""

    def __init__(self, subscription_id: str) -> None:
        self._shapes = ShapeProvider(subscription_id)

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        return inputs

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        keys = sorted({*old.inputs, *inputs})
        changed = [key for key in keys if old.inputs.get(key) != inputs.get(key) or is_unknown(inputs.get(key))]
        fixed: Sequence[str] = keys
        if is_arm(old.type):
            fixed = [*shape_of(old.type).type.path_parameters, *shape_of(old.type).immutable]
        replaces = [key for key in changed if key in fixed]
        return Diff(changed, replaces, bool(replaces))

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        return self._shapes.create(_resource(urn, type_token, inputs), preview=preview)

    def read(self, old: ExistingResource) -> ReadResult:
        return ReadResult(old.id, old.inputs, old.outputs)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        outputs = self._shapes.create(_resource(old.urn, old.type, inputs), preview=preview)[1]
        known = {key: old.outputs[key] for key in ("name", "location") if key in old.outputs} if preview else {}
        return {**outputs, **{key: value for key, value in known.items() if outputs.get(key, UNKNOWN) is UNKNOWN}}

    def delete(self, old: ExistingResource) -> None:
        pass

    def invoke(self, token: str, arguments: Properties) -> Properties:
        result: dict[str, Any] = self._shapes.invoke(token, arguments, preview=False)
        return result


def _resource(urn: str, type_token: str, inputs: Properties) -> Resource:
    name = urn.rpartition("::")[2]
    return Resource(urn=urn, type=type_token, name=name, parent="", custom=True, inputs=inputs, outputs={})
