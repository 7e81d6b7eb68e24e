"""pulumi-random: characters that live in the stack's state; every changed input replaces.

Defaults from hashicorp/terraform-provider-random, internal/provider/resource_string.go. What is drawn follows from
URN and inputs, so that runs can be compared: a changed keeper gives others. An id that Azure has in use already is not
drawn again, so `--replace` gives another one; a string comes again with equal inputs.
"""
# ruff: noqa: ARG002 - the interface gives more than a provider without a cloud needs

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count

from graph import random_values
from graph.random_values import KNOWN, KNOWN_NAMES, RANDOM_ID, RANDOM_PASSWORD, RANDOM_STRING
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult
from rehearsal.providers.tls import compare

_ALPHABETS = ("lower", "upper", "numeric", "special")
_MINIMA = ("minLower", "minUpper", "minNumeric", "minSpecial")


class RandomProvider:
    """The `ResourceProvider` of pulumi-random; of its types only `random_values.KNOWN`."""

    def __init__(self, is_in_use: Callable[[str], bool] = lambda _: False) -> None:
        """`is_in_use` says whether Azure holds an id, in its form `hex`."""
        self._is_in_use = is_in_use

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        given = {name: value for name, value in inputs.items() if value is not None}
        if type_token not in KNOWN:
            raise ProviderError(f"the rehearsal does not know {type_token}; known: {KNOWN_NAMES}")
        if type_token not in (RANDOM_STRING, RANDOM_PASSWORD):
            return given
        # `number` is the deprecated name of `numeric`; whichever is given sets both.
        digits = given.get("numeric", given.get("number", True))
        checked = {**dict.fromkeys(_ALPHABETS, True), **dict.fromkeys(_MINIMA, 0), **given}
        return {**checked, "numeric": digits, "number": digits}

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        return compare(old.inputs, inputs | {name: old.inputs.get(name) for name in ignore_changes})

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        type_name = type_token.rpartition(":")[2]
        if preview:
            return "", random_values.preview(type_name, inputs)
        if any(inputs.get(name) for name in (*_MINIMA, "overrideSpecial")):
            raise ProviderError(f"the rehearsal does not do {', '.join(_MINIMA)} nor overrideSpecial")
        if type_token in (RANDOM_STRING, RANDOM_PASSWORD) and not any(inputs[name] for name in _ALPHABETS):
            raise ProviderError(f"{type_token}: at least one of {', '.join(_ALPHABETS)} must be true")
        seed = f"{urn} {json.dumps(inputs, sort_keys=True)}"
        if type_token != RANDOM_ID:
            return random_values.create(type_name, seed, inputs)
        drawn = (random_values.create(type_name, f"{seed} {number}", inputs) for number in count())
        return next(each for each in drawn if not self._is_in_use(each[1]["hex"]))

    def read(self, old: ExistingResource) -> ReadResult:
        return ReadResult(old.id, old.inputs, old.outputs)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        raise ProviderError(f"{old.type} has no update: every changed input replaces")

    def delete(self, old: ExistingResource) -> None:
        """Nothing to do: what there is lives in the state."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise ProviderError(f"the rehearsal does not know the function {token}")
