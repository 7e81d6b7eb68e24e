"""Every command in a page could be typed as it is."""

from __future__ import annotations

import re

import pytest

from tests.docs.commands import problems_in
from tests.docs.pages import PAGES, Page

_PROMPT = "$ "
_BEGINS_A_COMMAND = re.compile(r"^(az|make|pulumi|kubectl|(\.venv/bin/)?python -m) ")


def _lines(page: Page) -> list[tuple[str, str]]:
    """Where, and what is typed there: lines behind a prompt, and commands in backticks."""
    typed = [
        (block.where, line.removeprefix(_PROMPT))
        for block in page.blocks
        if block.language == "console"
        for line in block.text.splitlines()
        if line.startswith(_PROMPT)
    ]
    return typed + [(page.name, span) for span in page.spans if _BEGINS_A_COMMAND.match(span)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_one(page: Page) -> None:
    wrong = [f"{where}: {line}\n    {problem}" for where, line in _lines(page) for problem in problems_in(line)]

    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_console_blocks_have_prompts_and_say_their_language(page: Page) -> None:
    without = [block.where for block in page.blocks if block.language == "console" and _PROMPT not in block.text]
    shell = [block.where for block in page.blocks if block.language in ("bash", "sh", "shell")]

    assert (without, shell) == ([], [])


def test_commands_are_found_in_blocks_and_in_backticks() -> None:
    found = [line for page in PAGES for _, line in _lines(page)]

    assert "make setup" in found
    assert any(line.startswith("az keyvault purge") for line in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("make rehears", "no target rehears"),
        (".venv/bin/python -m automation deploy", "no command deploy"),
        (".venv/bin/python -m automation up --dry-run", "No such option"),
        (".venv/bin/python -m automation up --stack", "requires an argument"),
        (".venv/bin/python -m rehearsal.azur --write", "no module"),
        (".venv/bin/python -m pytest tests/engines", "no tests/engines"),
        (".venv/bin/python setup.py", "is not -m of a module"),
        ('az ad group member add --group g --member-id "$(ez ad user show --id me)"', "ez is no program"),
        ("make setup && terraform apply", "terraform is no program"),
        ("for name in A B; do ez provider register --namespace $name; done", "ez is no program"),
        ('az login "', "No closing quotation"),
    ],
)
def test_what_could_not_be_typed_is_told(line: str, said: str) -> None:
    assert said in "; ".join(problems_in(line))


@pytest.mark.parametrize(
    "line",
    [
        "make rehearse STACK=prod",
        ".venv/bin/python -m automation check --stack dev   # what is missing",
        ".venv/bin/python -m automation up --offline --fault a:create:throttled | jq -r '.a | .b'",
        "kubectl --context c exec pod -- sh -c 'anything --at all \"$(cat token)\"'",
        "for name in A B; do az provider register --namespace X.$name; done",
        "pulumi up --replace '<urn>'",
    ],
)
def test_what_could_be_typed_is_not_complained_about(line: str) -> None:
    assert problems_in(line) == []
