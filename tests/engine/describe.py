"""The page about lifecycle tests, docs/lifecycle.md: `python -m tests.engine.describe --write` or `--check`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from automation.reference.pages import write_or_check
from tests.collected import collect_tests
from tests.engine.agreement.known import KNOWN

TESTS = Path(__file__).parent

_INTRODUCTION = """\
# Lifecycle tests

Written by `make docs` from `tests/engine`. Change the tests, not this page.

Each case deploys the real program into the modelled Azure ([world.md](world.md)), through the Automation API and the
code of `python -m automation`. The *offline engine* runs everywhere. The *real engine* is the Pulumi CLI, with the same
providers attached: the one on PATH, else the one that `make pulumi` has built. Without it these cases are named as not
run, and fail in CI. Where the CLI has no language host beside it, the program runs inline, in the process of the tests.

```console
$ .venv/bin/python -m pytest tests/engine --engine offline
$ .venv/bin/python -m pytest tests/engine --engine pulumi
```

Some things run on the real engine only, as the offline one refuses them: aliases, import, targets, transforms and hooks
made in the engine, stack references.

| case | offline | real | why |
| --- | --- | --- | --- |
"""

_KNOWN_DIFFERENCES = """
## In what the engines differ

Where both are compared, that is: operations by resource, what the providers are asked for, the order that dependencies
demand, messages, outputs, state and the modelled Azure after each operation. What follows is all in which they may
differ (`tests/engine/agreement/known.py`); any other difference fails. Only one thing is not compared: how far an `up`
with changes comes when the program fails in an `apply`. The real engine ends with the program, at a moment of chance;
the offline one does all that does not wait for the error.

| difference | why |
| --- | --- |
"""


def _deploys(item: pytest.Item) -> bool:
    return "engine" in getattr(item, "fixturenames", ()) or item.get_closest_marker("both") is not None


def page() -> str:
    """Return the whole page."""
    found = [item for item in collect_tests(TESTS) if _deploys(item)]
    cases = "".join(f"| {' | '.join(row)} |\n" for row in _rows(found))
    known = "".join(f"| {name} | {each.why} |\n" for name, each in KNOWN.items())
    return f"{_INTRODUCTION}{cases}{_KNOWN_DIFFERENCES}{known}"


def _rows(items: Sequence[pytest.Item]) -> Iterator[tuple[str, str, str, str]]:
    named: dict[str, list[pytest.Item]] = {}
    for item in items:
        named.setdefault(_name(item), []).append(item)
    for name, same in named.items():
        stacks = [
            item.module.STACK for item in same if isinstance(item, pytest.Function) and item.get_closest_marker("both")
        ]
        yield name.removeprefix("test_").replace("_", " "), *_where(same[0], stacks)


def _name(item: pytest.Item) -> str:
    """Return the test's own name; what it is run with only where that is a case of its own."""
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec else None
    return f"{getattr(item, 'originalname', item.name)}{f'_{case.__name__}' if case else ''}"


def _where(item: pytest.Item, stacks: Sequence[str]) -> tuple[str, str, str]:
    """Return offline, real, and the reason for what is missing; of what compares both, with which stacks."""
    only, failing = item.get_closest_marker("only"), item.get_closest_marker("xfail")
    if only:
        yes = {only.args[0]: "yes"}
        return yes.get("offline", ""), yes.get("pulumi", ""), only.kwargs["reason"]
    if stacks:
        return "yes", "yes", f"on {', '.join(dict.fromkeys(stacks))}; needs both at once, to compare them"
    return ("fails", "fails", failing.kwargs["reason"]) if failing else ("yes", "yes", "")


if __name__ == "__main__":
    sys.exit(write_or_check({"lifecycle.md": page}, None))
