"""Reads `Pulumi.<stack>.yaml` the way Pulumi does, but tells mistakes with their line, and refuses duplicate keys."""

from __future__ import annotations

from pathlib import Path

import yaml

from settings.errors import NOTHING, Problem, SettingsError
from settings.fields import nearest

SETTINGS_KEY = "edge-stamps:settings"


def path(directory: Path, stack: str) -> Path:
    """The file of a stack; Pulumi leaves organization and project out of its name."""
    return directory / f"Pulumi.{stack.rpartition('/')[2]}.yaml"


def source(stack: str) -> str:
    """What `load` calls the file in its errors."""
    name = stack.rpartition("/")[2]
    return f"the settings of stack {name} (Pulumi.{name}.yaml)"


def stacks(directory: Path) -> list[str]:
    """The stacks that have a file."""
    return sorted(file.name[len("Pulumi.") : -len(".yaml")] for file in directory.glob("Pulumi.*.yaml"))


def read(directory: Path, stack: str) -> dict[str, object]:
    """The file's `config` map, which surely holds `edge-stamps:settings`; raises `SettingsError`."""
    file = path(directory, stack)

    def error(where: str, given: object, expected: str, example: str, hint: str = "") -> SettingsError:
        return SettingsError([Problem(where, given, expected, example, hint)], source(stack))

    if not file.is_file():
        known = stacks(directory)
        expected = f"one of the stacks that have a file here: {', '.join(known)}" if known else f"a file {file.name}"
        raise error("stack", stack, expected, nearest(stack, known) or next(iter(known), "dev"))
    try:
        document = _parsed(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as broken:
        line = f"{file.name}:{broken.problem_mark.line + 1}" if broken.problem_mark else file.name
        raise error(line, broken.problem, "valid YAML, indented with spaces, each key once", "key: value") from None
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise error(file.name, str(broken), "valid YAML in UTF-8", "key: value") from None
    config = document.get("config") if isinstance(document, dict) else document
    example = f"config: {{{SETTINGS_KEY}: {{prefix: myorg, environment: dev, location: eastus2}}}}"
    if not isinstance(config, dict):
        raise error("config", NOTHING if config is None else config, f"a map that holds {SETTINGS_KEY}", example)
    if SETTINGS_KEY not in config:
        near = nearest(SETTINGS_KEY, [str(key) for key in config])
        hint = f"the file has {near}; all settings go into the one map {SETTINGS_KEY}" if near else ""
        raise error(
            f"config.{SETTINGS_KEY}", NOTHING, "a map with at least prefix, environment and location", example, hint
        )
    return config


def _parsed(text: str) -> object:
    document = yaml.compose(text, yaml.SafeLoader)
    _refuse_duplicate_keys(document)
    return yaml.safe_load(text)


def _refuse_duplicate_keys(node: yaml.Node | None) -> None:
    """PyYAML keeps the last of equal keys; a stack file of which one half is ignored must not deploy."""
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            if key.value in lines:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is in line {lines[key.value]} already", problem_mark=key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                lines[key.value] = key.start_mark.line + 1
            _refuse_duplicate_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicate_keys(item)
