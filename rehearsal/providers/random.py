"""pulumi-random: characters that live in the stack's state; every changed input replaces.

Defaults from hashicorp/terraform-provider-random, internal/provider/resource_string.go. The characters follow from
URN and inputs, so that runs can be compared: a changed keeper gives others, `--replace` with equal inputs the same.
"""
# ruff: noqa: ARG002 - the interface gives more than a provider without a cloud needs

from __future__ import annotations

import json
from collections.abc import Sequence

from graph import random_values
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult
from rehearsal.providers.tls import compare

_ALPHABETS = ("lower", "upper", "numeric", "special")
_MINIMA = ("minLower", "minUpper", "minNumeric", "minSpecial")


class RandomProvider:
    """The `ResourceProvider` of pulumi-random; of its types only RandomString."""

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        if type_token != "random:index/randomString:RandomString":
            raise ProviderError(f"the rehearsal does not know {type_token}; known: RandomString")
        given = {name: value for name, value in inputs.items() if value is not None}
        # `number` is the deprecated name of `numeric`; whichever is given sets both.
        digits = given.get("numeric", given.get("number", True))
        checked = {**dict.fromkeys(_ALPHABETS, True), **dict.fromkeys(_MINIMA, 0), **given}
        return {**checked, "numeric": digits, "number": digits}

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        return compare(old.inputs, inputs | {name: old.inputs.get(name) for name in ignore_changes})

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", random_values.preview(inputs)
        if any(inputs.get(name) for name in (*_MINIMA, "overrideSpecial")):
            raise ProviderError(f"the rehearsal does not do {', '.join(_MINIMA)} nor overrideSpecial")
        if not any(inputs[name] for name in _ALPHABETS):
            raise ProviderError(f"{type_token}: at least one of {', '.join(_ALPHABETS)} must be true")
        seed = f"{urn} {json.dumps(inputs, sort_keys=True)}"
        return random_values.create("RandomString", seed, inputs)

    def read(self, old: ExistingResource) -> ReadResult:
        return ReadResult(old.id, old.inputs, old.outputs)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        raise ProviderError(f"{old.type} has no update: every changed input replaces")

    def delete(self, old: ExistingResource) -> None:
        """Nothing to do: what there is lives in the state."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise ProviderError(f"the rehearsal does not know the function {token}")
