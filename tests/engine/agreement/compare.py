"""What an engine did and left, as facts by name, and in which of them two engines differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automation.deployment.operations import EngineResult
from rehearsal.providers import ResourceProvider
from rehearsal.providers.serve import all_providers
from tests.engine.agreement.cases import Case
from tests.engine.agreement.journal import Dependencies, Journal, Journaling
from tests.engine.azure import Azure
from tests.engine.conftest import Deployment
from tests.engine.engine import Kind, StackUnderTest

Facts = dict[str, Any]
"""Name of a fact, as in `state a:b:C::name outputs.id`, and its value."""

_OF_THE_RUN = ("created", "modified", "sourcePosition", "stackTrace")
"""What the engine notes about the run and not about the resource."""
_IN_ANY_ORDER = ("dependencies", "replaceWith", "additionalSecretOutputs")


@dataclass
class Watched:
    """A deployment, and what its engine asks of the providers."""

    deployment: Deployment
    shared: Mapping[str, ResourceProvider]
    """Of the engines that are compared: keys and random names that they have in common."""
    journal: Journal = field(default_factory=Journal)

    @classmethod
    def new(cls, kind: Kind, folder: Path, shared: Mapping[str, ResourceProvider], name: str) -> Watched:
        """A stack before its first `up`."""
        azure, journal = Azure(), Journal()
        stack = StackUnderTest.new(kind, folder, _watched(azure, shared, journal), name)
        return cls(Deployment(stack, azure), shared, journal)

    def copy(self, folder: Path) -> Watched:
        """Another one, with the same state and the same Azure."""
        folder.mkdir()
        azure, journal = self.deployment.azure.copy(folder), Journal()
        stack = self.deployment.stack.copy(folder / "stack", _watched(azure, self.shared, journal))
        return Watched(Deployment(stack, azure), self.shared, journal)

    def observe(self, case: Case) -> list[Facts]:
        """Do it; the facts after each operation."""
        observed = []
        before = self._resources()
        for result in case(self.deployment):
            after = self._resources()
            observed.append(dict(self._facts(result, before, after)))
            self.journal.calls.clear()
            before = after
        return observed

    def _resources(self) -> list[dict[str, Any]]:
        return list(self.deployment.stack.export().get("resources") or [])

    def _facts(
        self, result: EngineResult, before: list[dict[str, Any]], after: list[dict[str, Any]]
    ) -> Iterator[tuple[str, Any]]:
        yield "ended well", result.ok
        yield "order", self.journal.out_of_order(_dependencies(before), _dependencies(after))
        yield from ((f"order {_short(urn)}", order) for urn, order in self.journal.replacements())
        yield from ((f"calls {_short(urn)} {kind}", times) for (kind, urn), times in self.journal.counts().items())
        yield from _facts_of_result(result)
        for resource in after:
            yield from _facts_of_state(resource)
        for arm_id, (token, inputs, outputs, state) in self.deployment.azure.seen().items():
            yield f"azure {arm_id}", (token, state)
            for side, values in (("inputs", inputs), ("outputs", outputs)):
                yield from ((f"azure {arm_id} {side}.{name}", value) for name, value in values.items())


def differing(offline: Facts, real: Facts) -> dict[str, tuple[Any, Any]]:
    """Return the facts that are not the same, with both values; None where there is none."""
    return {
        name: (offline.get(name), real.get(name))
        for name in sorted({*offline, *real})
        if offline.get(name) != real.get(name)
    }


def _watched(azure: Azure, shared: Mapping[str, ResourceProvider], journal: Journal) -> dict[str, Any]:
    providers = {**all_providers(azure.provider), **shared}
    return {plugin: Journaling(provider, journal) for plugin, provider in providers.items()}


def _short(urn: str) -> str:
    """Type and name."""
    return "::".join(urn.split("::")[2:])


def _dependencies(resources: list[dict[str, Any]]) -> Dependencies:
    return {each["urn"]: {*each.get("dependencies", [])} for each in resources}


def _facts_of_result(result: EngineResult) -> Iterator[tuple[str, Any]]:
    yield from ((f"change {_short(urn)}", change) for urn, change in result.changes.items())
    yield from ((f"differences {_short(urn)}", list(map(str, found))) for urn, found in result.differences.items())
    yield from ((f"message {_short(urn)}", message) for urn, message in result.failures.items())
    yield from ((f"output {name}", value) for name, value in result.outputs.items())


def _facts_of_state(resource: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A provider's own id is a new GUID each time."""
    where = f"state {_short(resource['urn'])}"
    kept = {key: value for key, value in resource.items() if key not in (*_OF_THE_RUN, "urn", "inputs", "outputs")}
    kept["provider"] = kept.get("provider", "").rpartition("::")[0]
    if resource["type"].startswith("pulumi:providers:"):
        del kept["id"]
    for key in _IN_ANY_ORDER:
        kept[key] = sorted(kept.get(key) or [])
    by_property = kept.pop("propertyDependencies", None) or {}
    kept["propertyDependencies"] = {key: sorted(urns) for key, urns in by_property.items() if urns}
    for side in ("inputs", "outputs"):
        kept |= {f"{side}.{name}": value for name, value in (resource.get(side) or {}).items()}
    yield from ((f"{where} {key}", value) for key, value in kept.items())
