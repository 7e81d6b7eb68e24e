"""Reads `Pulumi.<stack>.yaml` the way Pulumi does, but tells mistakes with their line, and what would be ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from settings import loading, yaml_mistakes
from settings.errors import NOTHING, Problem, SettingsError
from settings.fields import nearest
from settings.high_water import Mark, find_lowered, find_other_ca
from settings.hold_back import find_kept, find_stranded, hold_back
from settings.lines import Lines, lines_of
from settings.model import Settings
from settings.paths import Path as Path_
from settings.paths import dotted
from settings.rotation import Deployed, find_crowded
from settings.signed_folder import read_signed
from settings.stagger import find_rushed, stagger
from settings.yaml_readers import find_read_differently

SETTINGS_KEY = "edge-stamps:settings"
NOT_SHOWN = "(a private key is in this file; its lines are not shown)"
_EXAMPLES = "examples"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
"""Of a stack, as Pulumi takes it; a dot in front would lead elsewhere."""
_UNREADABLE = (yaml.YAMLError, UnicodeDecodeError, RecursionError)
"""What PyYAML raises; the last for an anchor that contains itself."""


def plain_name(stack: str) -> str:
    """Return the stack's name without organization and project, which Pulumi leaves out of its file's name."""
    return stack.rpartition("/")[2]


def path(directory: Path, stack: str) -> Path:
    """Return the file of a stack, or of an example."""
    name = f"Pulumi.{plain_name(stack)}.yaml"
    example = directory / _EXAMPLES / name
    return example if example.is_file() and not (directory / name).is_file() else directory / name


def is_example(directory: Path, stack: str) -> bool:
    """Return whether the stack's file is one under examples/, where Pulumi itself does not look."""
    return path(directory, stack).parent.name == _EXAMPLES


def source(stack: str) -> str:
    """Return what `load` calls the file in its errors."""
    name = plain_name(stack)
    return f"the settings of stack {name} (Pulumi.{name}.yaml)"


def stacks(directory: Path) -> list[str]:
    """Return the stacks that have a file; examples are left out."""
    return sorted(file.name[len("Pulumi.") : -len(".yaml")] for file in directory.glob("Pulumi.*.yaml"))


def examples(directory: Path) -> list[str]:
    """Return the examples; those that a stack of the same name hides are left out."""
    return [name for name in stacks(directory / _EXAMPLES) if is_example(directory, name)]


def lines(directory: Path, stack: str) -> Lines:
    """Return the lines of the stack's file; those of no file where it cannot be read."""
    file = path(directory, stack)
    try:
        return lines_of(file.read_text(encoding="utf-8"), str(file.relative_to(directory)), SETTINGS_KEY)
    except (OSError, *_UNREADABLE):
        return Lines()


def load(
    directory: Path,
    stack: str,
    value: object,
    *,
    before: Mapping[str, Mark] | None = None,
    deployed: Deployed | None = None,
    keys: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of a stack, from `edge-stamps:settings`; raise `SettingsError`, with lines.

    What an external CA has not signed yet is held back, and so are more links than can go over to new keys at once.

    Args:
        before: how high each generation has been, where that is known.
        deployed: how far a rotation has come, where that is known.
        keys: logical name of a key in the stack's state -> its public key, PEM; None where nobody knows them.
    """
    marks, deployed = before or {}, deployed or Deployed()
    try:
        signed = _hold_back(directory, stack, loading.load(value, source=source(stack)), marks, keys)
        settings = stagger(signed, marks, deployed)
        if problems := [*find_rushed(settings, marks, deployed)]:
            raise SettingsError(problems, source(stack))
        return settings
    except SettingsError as error:
        raise _located(error, directory, stack) from None


def _hold_back(
    directory: Path, stack: str, settings: Settings, marks: Mapping[str, Mark], keys: Mapping[str, str] | None
) -> Settings:
    """Return what can be deployed with what an external CA has signed, which is all without one."""
    found = [*find_lowered(settings, marks), *find_crowded(settings, marks), *find_other_ca(settings, marks)]
    if found:
        raise SettingsError(found, source(stack))
    if not settings.pki.has_external_ca:
        return settings
    signed = read_signed(path(directory, stack).parent, settings, marks, keys)
    if not isinstance(signed, Settings):
        raise SettingsError(signed, source(stack))
    held = hold_back(signed, marks)
    if problems := [*find_kept(held), *find_stranded(signed, held, marks)]:
        raise SettingsError(problems, source(stack))
    return held


def read(directory: Path, stack: str) -> dict[str, object]:
    """Return the file's `config` map, which holds `edge-stamps:settings`; raise `SettingsError`, with lines."""
    document = _document(directory, stack)
    try:
        return _config(document, directory, stack)
    except SettingsError as error:
        raise _located(error, directory, stack) from None


def _located(error: SettingsError, directory: Path, stack: str) -> SettingsError:
    return SettingsError(lines(directory, stack).located(error.problems), error.source)


def _document(directory: Path, stack: str) -> object:
    """Return the file's content; raises `SettingsError` for what is no YAML, with the line in the problem's place."""
    file = path(directory, stack)
    if not _NAME.fullmatch(plain_name(stack)) or not (file.exists() or file.is_symlink()):
        raise SettingsError([_unknown_stack(directory, stack)], source(stack))
    document = _parse(file)
    if isinstance(document, Problem):
        raise SettingsError([document], source(stack))
    return document


def _parse(file: Path) -> object:
    """Return the content of a file, or the one problem that keeps it from being read."""
    text = _read_text(file)
    if isinstance(text, Problem):
        return text
    try:
        for look in (yaml_mistakes.find_excess, yaml_mistakes.repeated_key, find_read_differently):
            if unfit := look(text, file.name):
                return unfit
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as broken:
        found = yaml_mistakes.explained(text, file.name, broken)
        if "PRIVATE KEY" in text:  # its lines may be what the parser stumbles over
            found = replace(found, given=NOT_SHOWN, example="key: value", hint="a public key belongs here, on one line")
        return found
    except yaml.YAMLError as broken:
        return Problem(file.name, str(broken), "valid YAML in UTF-8", "key: value")
    except (ValueError, LookupError, TypeError) as broken:  # a value that looks like a date or number and is none
        return Problem(file.name, str(broken), "values that YAML can read; a text in quotes", '"2026-13-45"')


def _read_text(file: Path) -> str | Problem:
    try:
        content = file.read_bytes()
    except IsADirectoryError:
        return Problem(file.name, "a folder", "a file with the stack's settings", "Pulumi.dev.yaml")
    except OSError as error:
        return Problem(file.name, error.strerror or str(error), "a file that can be read", "Pulumi.dev.yaml")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Problem(f"{file.name}:{line}", "bytes that are no UTF-8", "text; save the file as UTF-8", "key: value")


def _config(document: object, directory: Path, stack: str) -> dict[str, object]:
    def error(where: str, given: object, expected: str, example: str, hint: str = "") -> SettingsError:
        return SettingsError([Problem(where, given, expected, example, hint)], source(stack))

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
    if encrypted := sorted(_encrypted(config[SETTINGS_KEY])):
        expected = "values as they are: no setting is a secret, and the program's own checks read them in this file"
        hint = f"encrypted here: {', '.join(encrypted)}; set them again in the file, without `--secret`"
        raise error(SETTINGS_KEY, "secure: ...", expected, "prefix: myorg", hint)
    problems = [*_ignored(config), *_clash(directory, stack, config[SETTINGS_KEY])]
    if problems:
        raise SettingsError(problems, source(stack))
    return config


def _unknown_stack(directory: Path, stack: str) -> Problem:
    known, offered = stacks(directory), examples(directory)
    expected = f"one of the stacks that have a file here: {', '.join(known)}" if known else "a file Pulumi.<stack>.yaml"
    if offered:
        expected += f"; or one of the examples: {', '.join(offered)}"
    return Problem("stack", stack, expected, nearest(stack, [*known, *offered]) or next(iter(known), "dev"))


def _encrypted(value: object, path: Path_ = ()) -> Iterator[str]:
    """Return where the CLI has put a value that it has encrypted."""
    if isinstance(value, dict) and value.keys() == {"secure"}:
        yield dotted(path) or SETTINGS_KEY
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _encrypted(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _encrypted(inner, (*path, index))


def _ignored(config: dict[str, object]) -> Iterator[Problem]:
    """Yield keys beside ours that nobody would read: a section indented too little loses all it says."""
    for key in config:
        namespace, _, name = str(key).partition(":")
        if key == SETTINGS_KEY or (name and namespace not in ("edge-stamps", "azure-native")):
            continue
        if namespace == "azure-native":
            expected = "no such key: the stack's own providers take subscription and tenant from the settings"
            yield Problem(f"config.{key}", key, expected, f"{SETTINGS_KEY}: {{subscription_id: ...}}")
        else:
            expected = f"nothing beside {SETTINGS_KEY}; what belongs to the settings stands below it, indented"
            yield Problem(f"config.{key}", key, expected, f"{SETTINGS_KEY}: {{{name or namespace}: ...}}")


def _clash(directory: Path, stack: str, settings: object) -> Iterator[Problem]:
    """Yield a problem where two stacks of one prefix, environment and instance claim the same names in Azure."""
    mine = _identity(settings)
    for other in stacks(directory):
        if other == plain_name(stack) or mine is None:
            continue
        document = _parse(path(directory, other))  # what is wrong with it is told when it is read itself
        config = document.get("config") if isinstance(document, dict) else None
        theirs = _identity(config.get(SETTINGS_KEY)) if isinstance(config, dict) else None
        if mine == theirs:
            expected = f"another prefix, environment or instance than Pulumi.{other}.yaml: both stacks would own"
            yield Problem("instance", mine[2], f"{expected} the same names in Azure", '"002"')


def _identity(settings: object) -> tuple[object, object, object] | None:
    if not isinstance(settings, dict) or "prefix" not in settings:
        return None
    return settings["prefix"], settings.get("environment"), settings.get("instance", "001")
