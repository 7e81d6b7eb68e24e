"""docs/outputs.md shows what a stack really tells about itself."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema
import pytest

from arm.values import reveal
from graph.evaluate_stack import evaluate_stack
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM
from tests.docs.pages import PAGES, page

_PAGE = page("docs/outputs.md")
_SECTION = re.compile(r"^### (?P<name>[a-z_]+)\n(?P<text>.*?)(?=^### |\Z)", re.M | re.S)
_DIFFERS_EACH_TIME = re.compile(r"[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:]+Z|(?<=REQUEST-----)[^-]+")
"""Fingerprints and dates of certificates that every rehearsal issues anew, and requests for them."""
_SCHEMA: dict[str, Any] = json.loads((PROGRAM / "docs" / "outputs.schema.json").read_text(encoding="utf-8"))
_NAMES = sorted(_SCHEMA["properties"])


def _examples() -> dict[str, Any]:
    """Output -> the value that the page shows."""
    blocks = {
        found["name"]: re.search(r"```json\n(.*?)```", found["text"], re.S) for found in _SECTION.finditer(_PAGE.text)
    }
    return {name: json.loads(block[1]) for name, block in blocks.items() if block}


@cache
def _rehearsed(name: str) -> dict[str, Any]:
    stack = load_stack(PROGRAM, name, stand_ins=True)
    outputs: dict[str, Any] = reveal(evaluate_stack(stack, preview=False).graph.outputs)
    return outputs


def _lasting(value: Any) -> str:
    return _DIFFERS_EACH_TIME.sub("*", json.dumps(value, sort_keys=True))


def test_every_output_is_shown_and_no_other() -> None:
    assert sorted(_examples()) == _NAMES


@pytest.mark.parametrize("name", _NAMES)
def test_an_example_satisfies_the_schema(name: str) -> None:
    schema = {"$defs": _SCHEMA["$defs"], **_SCHEMA["properties"][name]}

    jsonschema.Draft202012Validator(schema).validate(_examples()[name])


@pytest.mark.parametrize("name", _NAMES)
def test_an_example_is_what_a_rehearsal_tells(name: str) -> None:
    stack = {"certificate_requests": "external-ca", "ssh_commands": "plant"}.get(name, "dev")
    example, rehearsed = _examples()[name], _rehearsed(stack)[name]

    assert example
    assert _lasting(example) == _lasting({key: rehearsed.get(key) for key in example})


def test_programs_ask_for_outputs_that_exist() -> None:
    programs = [block.text for one in PAGES for block in one.blocks if block.language == "python"]
    asked = re.findall(r'(?:get|require)_output\("(\w+)"\)', "\n".join(programs))

    assert asked
    assert set(asked) <= set(_NAMES)
    for text in programs:
        compile(text, "page", "exec")


def test_shell_commands_ask_for_outputs_that_exist() -> None:
    asked = [name for one in PAGES for name in re.findall(r"\.outputs\.(\w+)", one.text)]

    assert asked
    assert set(asked) <= set(_NAMES)
