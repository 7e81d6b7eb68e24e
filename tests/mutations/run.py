"""Rehearse the program with each mistake, and say which were caught: `make mutations`.

Each mistake is made in a copy of the project, whose rehearsal runs in a forked process: what comes from packages is
imported once. The stacks are rehearsed one after another until one rehearsal fails: first without messages, which most
mistakes do not come to.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# Nothing else of ours: a forked process has to import it from its own copy.
from tests.mutations.catalog import Mutation, load_mutations
from tests.project_copy import copy_project

STACKS = ("every-setting", "plant", "brownfield", "dev", "prod", "three-sites", "two-enterprises", "external-ca")
"""Of all committed ones, in this order: what shows most comes first."""
REQUIRED = 0.97
"""Share of the mistakes that rehearsals have to catch."""
SECONDS = 240
"""For one mistake; a rehearsal of a stack takes two or three."""
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Verdict:
    """What the rehearsals said of a mistake."""

    mutation: Mutation
    caught: bool
    said: str
    """The first problem; what is wrong with the catch itself where it crashed or hung."""
    stack: str = ""
    """The stack whose rehearsal failed."""


def judge(mutation: Mutation, base: Path) -> Verdict:
    """Rehearse with the mistake, in a process of its own, until a stack shows it."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        project = Path(folder)
        copy_project(project, base, link=True)
        mutation.apply(project)
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_rehearse, args=(project, theirs))
        process.start()
        theirs.close()
        try:
            answer = ours.recv() if ours.poll(SECONDS) else ("", "hung", False)
        except EOFError:
            answer = ("", "the process died", False)
        os.killpg(process.pid, signal.SIGKILL) if process.is_alive() and process.pid else None
        process.join()
    stack, said, caught = answer
    return Verdict(mutation, caught, said, stack)


def _rehearse(project: Path, answer: Connection) -> None:
    """Send (stack, first problem, whether it was caught in words)."""
    os.setpgid(0, 0)
    os.chdir(project)
    sys.path.insert(0, str(project))
    for options, stack in product((("--without-messages",), ()), STACKS):
        code, out, error = _run_command(["rehearse", "--stack", stack, "--engine", "offline", "--json", *options])
        if code:
            answer.send((stack, *_read(out, error)))
            return
    answer.send(("", "no rehearsal says anything", False))


def _run_command(arguments: Sequence[str]) -> tuple[int, str, str]:
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        try:
            from automation.cli import app

            app([*arguments])
        except SystemExit as end:
            return int(end.code or 0) if not isinstance(end.code, str) else 1, out.getvalue(), error.getvalue()
        except BaseException as crash:
            return 1, "", f"{type(crash).__name__}: {crash}"
    return 0, out.getvalue(), error.getvalue()


def _read(out: str, error: str) -> tuple[str, bool]:
    try:
        document: dict[str, Any] = json.loads(out)
    except ValueError:
        return f"no document: {error.strip()[-200:]}", False
    first = next(iter(document["problems"]), None)
    if not first:
        return "no problem is named", False
    from automation.commands.errors import OWN_MISTAKE

    return f"{first['where']}: {first['message']}", OWN_MISTAKE not in first["message"]


def import_packages() -> None:
    """Import here what a rehearsal imports from packages, so that forked processes have it."""
    script = (
        "import sys; from automation import cli\n"
        "try: cli.app(['rehearse', '--stack', 'dev', '--engine', 'offline', '--without-messages', '--json'])\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(n for n, m in sys.modules.items() if 'site-packages' in str(getattr(m, '__file__', ''))))"
    )
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        run = subprocess.run([sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True)
    for name in run.stdout.splitlines():
        with suppress(ImportError):  # of two modules that import each other one comes through the other
            # azure-native's packages load when something is first looked up in them.
            getattr(importlib.import_module(name), "nothing", None)


def judge_all(mutations: Iterable[Mutation], at_once: int) -> Iterator[Verdict]:
    """Judge them, several at once, in their order."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder, ThreadPoolExecutor(at_once) as pool:
        base = Path(folder)
        copy_project(base)
        compileall.compile_dir(base, quiet=1)
        yield from pool.map(lambda one: judge(one, base), mutations)


def summarize(verdicts: Sequence[Verdict]) -> list[str]:
    """Return a line for each category, and one for all."""
    lines = []
    for category in [*dict.fromkeys(one.mutation.category for one in verdicts), ""]:
        own = [one for one in verdicts if category in ("", one.mutation.category)]
        caught = sum(one.caught for one in own)
        lines.append(f"{category or 'all':<12} {caught:>4} of {len(own):>4} caught ({caught / len(own):.1%})")
    return lines


def main() -> int:
    """Judge what was asked for; 1 where too few are caught, or an escape has no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CATEGORY|ID", help="only these")
    options = parser.parse_args()
    every = load_mutations()
    names = set(options.names)
    if unknown := names - {name for one in every for name in (one.id, one.category)}:
        parser.error(f"{', '.join(sorted(unknown))}: no category and no id of tests/mutations/*.yaml")
    chosen = [one for one in every if not names or names & {one.id, one.category}]
    import_packages()
    verdicts = []
    for verdict in judge_all(chosen, os.cpu_count() or 1):
        verdicts.append(verdict)
        mark = "caught " if verdict.caught else "ESCAPED"
        print(
            f"{mark} {verdict.mutation.category}/{verdict.mutation.id} [{verdict.stack}] {verdict.said[:160]}",
            flush=True,
        )
    escapes = [one for one in verdicts if not one.caught]
    for one in escapes:
        reason = one.mutation.escapes or "NO REASON GIVEN"
        print(f"\n{one.mutation.category}/{one.mutation.id}: {one.mutation.what}\n  {one.said}\n  {reason}")
    print("", *summarize(verdicts), sep="\n")
    unexplained = [one for one in escapes if not one.mutation.escapes]
    stale = [one for one in verdicts if one.caught and one.mutation.escapes]
    for one in stale:
        print(f"{one.mutation.id} is caught now: take its `escapes` away")
    return int(bool(unexplained or stale) or len(escapes) > (1 - REQUIRED) * len(verdicts))


if __name__ == "__main__":
    sys.exit(main())
