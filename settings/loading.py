"""From the raw value of `edge-stamps:settings` to `Settings`, or to every reason why not."""

from __future__ import annotations

from collections.abc import Mapping

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
    origins = _origins(stack, parsed.origins)
    findings = [finding for rule in RULES for finding in rule.check(stack)]
    problems = [*parsed.problems, *(found.problem for found in findings if _holds(found, parsed, origins))]
    if problems:
        raise SettingsError(problems, source)
    return resolved(stack, origins)


def _holds(finding: Finding, parsed: Parsed, origins: Mapping[str, str]) -> bool:
    """Whether the finding rests on what the user wrote, not on a stand-in for something that was broken."""
    if any(related(path, parsed.broken) for path in finding.uses):
        return False
    if "profile" not in parsed.broken:
        return True
    from_profile = [path for path, origin in origins.items() if origin.startswith("environment ")]
    return not any(related(path, from_profile) for path in finding.uses)


def _origins(stack: StackInput, layers: Mapping[str, str]) -> Mapping[str, str]:
    """Dotted path of every setting that is in effect -> where its value comes from."""
    brokers = {link.broker for link in stack.links}
    without_listener = [f"clusters.{name}.listener" for name in stack.clusters if name not in brokers]
    paths = [path for path, _ in leaves(stack.model_dump(mode="json", by_alias=True))]
    return {path: layers.get(path, _DEFAULT) for path in paths if not related(path, without_listener)}
