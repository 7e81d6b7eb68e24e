"""Values that this program and Pulumi's CLI read differently: PyYAML keeps to YAML 1.1, the CLI has Go's yaml.v3.

What either takes for a number, a truth value or a text was compared on Pulumi 3.274.1; the rules of Go's side are in
github.com/go-yaml/yaml, v3, resolve.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from settings.errors import Problem

_TAG = "tag:yaml.org,2002:"
_NUMBER_IN_GO = re.compile(
    r"[-+]?(0o?[0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)"
)


def find_read_differently(text: str, file: str) -> Problem | None:
    """Return the first value without quotes that the two read differently; raise `yaml.YAMLError`."""
    for node in _list_plain(yaml.compose(text, yaml.SafeLoader)):
        mark = node.start_mark
        has_tag = text.splitlines()[mark.line][mark.column :].startswith("!")
        if not has_tag and (readings := _compare(node)):
            line, here, there = mark.line + 1, *readings
            given = text.splitlines()[mark.line].strip()
            expected = (
                f"a value that everybody reads alike; without quotes {node.value} is {here} here and {there} for Pulumi"
            )
            example = "true, or false" if here == "a truth value" else f'"{node.value}"'
            return Problem(f"{file}:{line}", given, expected, example, "put a text in quotes")
    return None


def _compare(node: yaml.ScalarNode) -> tuple[str, str] | None:
    """Return what it is here and what it is for the CLI, where that differs."""
    kind, value = node.tag.removeprefix(_TAG), node.value
    if kind == "str" and value[:1] != "_" and _NUMBER_IN_GO.fullmatch(value.replace("_", "")):
        return "a text", "a number"
    if kind == "bool" and value.lower() not in ("true", "false"):
        return "a truth value", "a text"
    if kind in ("int", "float") and ":" in value:
        return "a number", "a text"
    return None


def _list_plain(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield all scalars without quotes, keys too."""
    if isinstance(node, yaml.ScalarNode) and node.style is None:
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _list_plain(item)
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for item in pair:
                yield from _list_plain(item)
