"""The page about lifecycle tests, docs/lifecycle.md: `python -m tests.engine.describe --write` or `--check`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from automation.reference.pages import write_or_check

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


class _Collected:
    """Takes the tests that pytest has found."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def page() -> str:
    """Return the whole page."""
    collected = _Collected()
    quiet = ["--collect-only", "-p", "no:xdist", "-p", "no:terminal", "-o", "addopts=", str(TESTS)]
    assert pytest.main(quiet, plugins=[collected]) == 0, "pytest cannot collect tests/engine"
    return _INTRODUCTION + "".join(f"| {' | '.join(row)} |\n" for row in _rows(collected.items))


def _rows(items: Sequence[pytest.Item]) -> Iterator[tuple[str, str, str, str]]:
    seen = set()
    for item in items:
        name = getattr(item, "originalname", item.name)
        if name in seen:
            continue
        seen.add(name)
        words = name.removeprefix("test_").replace("_", " ")
        yield words, *_where(item)


def _where(item: pytest.Item) -> tuple[str, str, str]:
    """Return offline, real, and the reason for what is missing."""
    only, failing = item.get_closest_marker("only"), item.get_closest_marker("xfail")
    if only:
        yes = {only.args[0]: "yes"}
        return yes.get("offline", ""), yes.get("pulumi", ""), only.kwargs["reason"]
    if item.get_closest_marker("both"):
        return "yes", "yes", "needs both at once, to compare them"
    return ("fails", "fails", failing.kwargs["reason"]) if failing else ("yes", "yes", "")


if __name__ == "__main__":
    sys.exit(write_or_check({"lifecycle.md": page}, None))
