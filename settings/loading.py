"""From the raw value of `edge-stamps:settings` to `Settings`, or to every reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from settings import examples
from settings.defaults import completed
from settings.errors import Problem, SettingsError, as_yaml
from settings.model import Settings
from settings.parsing import Parsed, parse
from settings.paths import leaves, related
from settings.resolve import resolved
from settings.rules import RULES, Finding
from settings.schema import StackInput

_DEFAULT = "default"


def load(data: object, *, source: str = "the settings") -> Settings:
    """The resolved settings; raises `SettingsError` with every problem. `source` names the input in its heading."""
    if not isinstance(data, dict):
        keys = "a map with at least prefix, environment and location"
        raise SettingsError([Problem("edge-stamps:settings", data, keys, as_yaml({"prefix": "myorg"}))], source)
    parsed = parse(data)
    stack = completed(parsed.stack)
    values = _values(stack)
    origins = {path: parsed.origins.get(path, _DEFAULT) for path in values}
    problems = [*parsed.problems, *_found(stack, parsed, origins)]
    if problems:
        raise SettingsError(examples.fitting(problems, stack, parsed.broken), source)
    return resolved(stack, values, origins)


def _found(stack: StackInput, parsed: Parsed, origins: Mapping[str, str]) -> Iterator[Problem]:
    """What the rules find; one problem of each rule at a place, since of three equal networks two have to change."""
    for rule in RULES:
        first: dict[str, Problem] = {}
        for finding in rule.check(stack):
            if _holds(finding, parsed, origins):
                first.setdefault(finding.problem.where, replace(finding.problem, rule=rule.id))
        yield from first.values()


def _holds(finding: Finding, parsed: Parsed, origins: Mapping[str, str]) -> bool:
    """Whether the finding rests on what the user wrote, not on a stand-in for something that was broken."""
    if any(related(path, parsed.broken) for path in finding.uses):
        return False
    if "profile" not in parsed.broken:
        return True
    from_profile = [path for path, origin in origins.items() if origin.startswith("environment ")]
    return not any(related(path, from_profile) for path in finding.uses)


def _values(stack: StackInput) -> Mapping[str, object]:
    """Dotted path of every setting that is in effect -> its value."""
    brokers = {link.broker for link in stack.links}
    without_listener = [f"clusters.{name}.listener" for name in stack.clusters if name not in brokers]
    values = leaves(stack.model_dump(mode="json", by_alias=True))
    return {path: value for path, value in values if not related(path, without_listener)}
