"""Where a private key might be read by somebody who need not have it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from arm.values import leaves, reveal
from graph import pem
from tests.attacks.lab import SETTINGS, Lab
from tests.attacks.models import changing
from tests.attacks.row import Attempt, Row
from tests.automation.test_no_keys import ask_for_new_keys, keys_of
from tests.conftest import PROGRAM, RUN_IN, evaluate
from tests.rehearsal.cluster import cases_node

_COMMANDS = {
    "rehearse": ["rehearse", "--json", "--without-messages", "--report", "{folder}/report.html"],
    "graph": ["graph", "--out", "{folder}/graph.json"],
    "up that fails": ["up", "--offline", "--json", "--fault", "*:create:bad-request"],
}
_NONE = "no private key"


@cache
def rehearse(folder: Path) -> str:
    """Rehearse stack dev in the folder; return what that has printed and logged."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    return _run(folder, "rehearse")


@cache
def run_after_rehearsal(folder: Path, command: str) -> str:
    rehearse(folder)
    return _run(folder, command)


def _run(folder: Path, command: str) -> str:
    arguments = [one.format(folder=folder) for one in _COMMANDS[command]]
    done = subprocess.run(
        [sys.executable, "-c", RUN_IN, str(folder), *arguments],
        cwd=PROGRAM, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def search(read: Callable[[Path], str]) -> Attempt:
    """Look for every private key of a rehearsal in what somebody reads of it."""

    def attempt(lab: Lab) -> str:
        rehearse(lab.folder)
        text = read(lab.folder)
        assert text
        return "" if any(key in text for key in keys_of(lab.folder)) or "PRIVATE KEY-" in text else _NONE

    return attempt


def report(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def recorded(folder: Path) -> str:
    run_after_rehearsal(folder, "graph")
    return (folder / "graph.json").read_text(encoding="utf-8")


def failed(folder: Path) -> str:
    rehearse(folder)
    ask_for_new_keys(folder)
    said = run_after_rehearsal(folder, "up that fails")
    assert "BadRequest" in said
    return said


def state(folder: Path) -> str:
    return (folder / ".rehearsal" / "dev" / "state.json").read_text(encoding="utf-8")


def of_state(*, secrets: bool) -> Attempt:
    """Read a state as it is exported: without `--show-secrets` what is marked secret stays encrypted."""

    def attempt(lab: Lab) -> str:
        lab.stage()
        texts = _list_texts(lab._deployed._state.export(), secrets=secrets)
        return "" if any(pem.PRIVATE_KEY.search(text) for text in texts) else _NONE

    return attempt


def _list_texts(value: Any, *, secrets: bool) -> Iterator[str]:
    """Every text; what a secret mark covers only where it is asked for (pulumi/pulumi, sdk/go/common/resource/sig)."""
    if isinstance(value, dict):
        if value.get("4dabf18193072939515e22adb298388d") == "1b47061264138c4ac30d75fd1eb44270":
            value = [json.loads(value["plaintext"])] if secrets else []
        else:
            value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _list_texts(item, secrets=secrets)
    elif isinstance(value, str):
        yield value


def of_values(*, secrets: bool) -> Attempt:
    """Read all that the program sends and gets, as `--diff` shows it: what is marked secret as `[secret]`."""

    def attempt(_: Lab) -> str:
        resources = evaluate(SETTINGS).resources.values()
        texts = [
            str(value)
            for one in resources
            for _, value, is_secret in leaves({"inputs": one.inputs, "outputs": one.outputs})
            if secrets or not is_secret
        ]
        return "" if any(pem.PRIVATE_KEY.search(text) for text in map(reveal, texts)) else _NONE

    return attempt


_KEPT = search(state)
"""Its owner reads the keys there, and so the search finds them."""

ROWS = [
    Row("state export", "somebody exports the state and cannot decrypt it", "model",
        of_state(secrets=False), _NONE, of_state(secrets=True)),
    Row("--diff", "somebody reads every value in a diff", "model", of_values(secrets=False), _NONE,
        of_values(secrets=True)),
    Row("verbose logs", "somebody reads what a failed deployment has printed and logged", "model",
        search(failed), _NONE, _KEPT),
    Row("HTML report", "somebody reads the report", "model", search(report), _NONE, _KEPT),
    Row("CI artifacts", "somebody reads what a rehearsal has printed", "model",
        search(rehearse), _NONE, _KEPT),
    Row("CI artifacts", "somebody reads the recorded deployment", "model", search(recorded), _NONE, _KEPT),
    Row("handler files on the node", "a script leaves a key in a file", "model",
        changing(cases_node.a_key_is_left), "holds a private key", changing(lambda _: None)),
]  # fmt: skip
