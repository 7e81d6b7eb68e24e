"""From the raw value of `edge-stamps:settings` to `Settings`, or to every reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from settings.defaults import completed
from settings.errors import Problem, SettingsError, as_yaml
from settings.examples import fit_examples
from settings.model import Settings
from settings.parsing import Malformed, parse
from settings.paths import leaves
from settings.resolve import resolved
from settings.rules import RULES
from settings.rules.hosting import find_without_effect, list_without_effect
from settings.schema import StackSection

_DEFAULT = "default"


def load(data: object, *, source: str = "the settings") -> Settings:
    """Return the resolved settings; `source` names the input in the heading of an error.

    In two phases: rules over several settings are asked once each setting has the right form, so that none of them has
    to look at half a value (docs/decisions/0010-two-phases-of-settings-errors.md).

    Raises:
        SettingsError: every problem of the form, or else every rule that is broken.
    """
    if not isinstance(data, dict):
        keys = "a map with at least prefix, environment and location"
        raise SettingsError([Problem("edge-stamps:settings", data, keys, as_yaml({"prefix": "myorg"}))], source)
    parsed = parse(data)
    if isinstance(parsed, Malformed):
        raise SettingsError(fit_examples(parsed.problems, parsed.layered), source)
    stack = completed(parsed.stack)
    if problems := [*find_without_effect(stack, parsed.origins), *_broken_rules(stack)]:
        raise SettingsError(fit_examples(problems, stack.model_dump(mode="json", by_alias=True)), source)
    values = _values(stack)
    return resolved(stack, values, {path: parsed.origins.get(path, _DEFAULT) for path in values})


def _broken_rules(stack: StackSection) -> Iterator[Problem]:
    """Ask every rule and yield one problem of each at a place: of three equal networks two have to change."""
    for rule in RULES:
        first: dict[str, Problem] = {}
        for problem in rule.check(stack):
            first.setdefault(problem.where, replace(problem, rule=rule.id))
        yield from first.values()


def _values(stack: StackSection) -> Mapping[str, object]:
    """Return the value of every setting that is in effect, by dotted path."""
    brokers = {link.broker for link in stack.links}
    values = stack.model_dump(mode="json", by_alias=True)
    for name, cluster in values["clusters"].items():
        left_out = {"listener": name not in brokers, "nodes": not cluster["nodes"]}
        for key in (key for key, is_left_out in left_out.items() if is_left_out):
            del cluster[key]
    idle = set(list_without_effect(stack))
    return {path: value for path, value in leaves(values) if path not in idle}
