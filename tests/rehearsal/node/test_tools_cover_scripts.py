"""Whatever command a node script calls is a stand-in or a harmless program: nothing of the real machine is touched."""

from __future__ import annotations

import re

import pytest

import nodes
from rehearsal.node import programs, run
from rehearsal.node.tools import READS_STDIN, TOOLS
from rehearsal.node.tools.sources import ANSWERS, SOURCES

_SHELL = frozenset(
    {
        *(
            "if",
            "then",
            "else",
            "elif",
            "fi",
            "for",
            "while",
            "until",
            "do",
            "done",
            "case",
            "esac",
            "in",
            "[[",
            "{",
            "}",
        ),
        *("set", "shopt", "exec", "trap", "local", "readonly", "export", "shift", "return", "exit", "read", "echo"),
        *("printf", "mapfile", "source", "continue", ":", "true", "false", "function", "declare", "unset", "command"),
    }
)
_HEREDOC = re.compile(r"<<'?(\w+)'?[^\n]*\n(.*?)^\1$", re.S | re.M)
_BEFORE = re.compile(r"^(?:timeout \S+|try|!|then|do|else|if|elif|while|until|[A-Za-z_]\w*=\S*) +")
"""What may stand before a command."""


def list_commands(text: str) -> set[str]:
    """Return the words in the place of a command, those of written shell scripts too; what the text defines is none."""
    written = [body for _, body in _HEREDOC.findall(text) if body.startswith("#!/bin/sh")]
    pieces: list[str] = []
    for shell in [_HEREDOC.sub("\n", text), *written]:
        code = re.sub(r"(^|\s)#.*", "", shell).replace("\\\n", " ")
        code = re.sub(r"'[^']*'", "", code)
        while inner := re.search(r"\$\(([^()]*)\)", code):
            pieces.append(inner[1])
            code = code.replace(inner[0], "")
        plain = re.sub(r'"[^"]*"', "", code)
        pieces.append(re.sub(r"\(\(.*?\)\)|\w+=\([^()]*\)", "", plain))  # arithmetic, arrays
    found: set[str] = set()
    for line in re.split(r"[|&;\n(){}]", "\n".join(pieces)):
        command = line.strip()
        while _BEFORE.match(command):
            command = _BEFORE.sub("", command)
        if word := re.match(r"[a-z][\w.-]*(?=\s|$)", command):
            found.add(word[0])
    return found - set(re.findall(r"^ *([a-z_]\w*)\(\)", text, re.M)) - _SHELL


@pytest.mark.parametrize("name", [*nodes.NAMES, *nodes.QUESTIONS])
def test_every_command_is_a_stand_in_or_harmless(name: str) -> None:
    known = {*TOOLS, *programs.REAL, *run.OWN_TOOLS, "python3"}
    commands = list_commands(nodes.load_script(name))
    assert not commands - known
    assert {"install", "mktemp", "date", "kubectl"} <= commands


def test_the_words_of_a_script_are_found() -> None:
    script = 'a() {\n  b\n}\na && timeout 5 kubectl get x | awk 1\nX=1 az login\nif ! curl y; then sh "$z"; fi\n'
    assert list_commands(script) == {"b", "kubectl", "awk", "az", "curl", "sh"}


def test_every_stand_in_says_where_its_words_are_from() -> None:
    assert {*SOURCES} == {*TOOLS} == {*ANSWERS}
    assert all(source.where and source.place for sources in SOURCES.values() for source in sources)


def test_no_stand_in_has_the_name_of_a_program_that_is_run_for_real() -> None:
    """Of openssl the stand-in answers s_client alone, and leaves the rest to the real one."""
    assert {*TOOLS} & {*programs.REAL} == {"openssl"}


def test_what_is_said_to_read_its_input_is_a_tool() -> None:
    assert {*TOOLS} >= READS_STDIN
