"""Run tools, within bounds, and read what they print. A failing tool raises nothing here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from automation.scrubbing import flatten, flatten_texts, strip_credentials

SECONDS = 60
"""How long one question may take."""

_ENVIRONMENT = {
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_DISABLE_CONFIRM_PROMPT": "true",
    "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "NO_COLOR": "1",
}
_MOST_PAGES = 20
_LONGEST_REASON = 400
_TIMED_OUT = 124
_RESOURCE_MANAGER = "https://management.azure.com"


@dataclass(frozen=True)
class Answer:
    """What a tool printed."""

    code: int
    stdout: str = ""
    stderr: str = ""
    absent: bool = False
    """Whether it is not on PATH at all."""

    @property
    def ok(self) -> bool:
        return self.code == 0 and not self.absent

    @property
    def reason(self) -> str:
        """Return why it failed, on one line and without credentials."""
        if self.absent:
            return "not on PATH"
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"error:", line, re.I)]
        text = (errors or lines or [f"exit code {self.code} and no word"])[0]
        text = flatten(re.sub(r"^error: ", "", text, flags=re.I))
        return strip_credentials(text)[:_LONGEST_REASON]  # cut last: a cut address hides where its password ends


Runner = Callable[[Sequence[str], Path], Answer]
"""Runs a tool with arguments in a folder; never raises for a tool that fails."""


class NoAnswerError(Exception):
    """A tool did not answer what it was asked."""

    def __init__(self, command: Sequence[str], reason: str) -> None:
        super().__init__(f"{shlex.join(command)}: {reason}")
        self.command, self.reason = shlex.join(command), reason


def run_tool(command: Sequence[str], folder: Path) -> Answer:
    """Run the tool from PATH for at most `SECONDS`, without a terminal, so that it cannot ask back."""
    executable = shutil.which(command[0])
    if executable is None:
        return Answer(127, absent=True)
    # Files, not pipes: `az` is a script around Python, which keeps a pipe open after the script was killed.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            code = subprocess.run(  # noqa: S603 commands of this package
                [executable, *command[1:]],
                cwd=folder,
                env={**os.environ, **_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                timeout=SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return Answer(_TIMED_OUT, stderr=f"no answer within {SECONDS} s")
        except OSError as error:
            return Answer(126, stderr=f"{executable} cannot be run: {error.strerror}")
        out.seek(0)
        errors.seek(0)
        return Answer(code, out.read().decode(errors="replace"), errors.read().decode(errors="replace"))


class Tools:
    """Puts each question once, however many checks want the answer; they run side by side."""

    def __init__(self, run: Runner, folder: Path) -> None:
        self._run, self._folder = run, folder
        self._answers: dict[tuple[str, ...], Future[Answer]] = {}
        self._lock = Lock()

    def ask(self, *command: str) -> Answer:
        with self._lock:
            is_new = command not in self._answers
            answer = self._answers.setdefault(command, Future())
        if is_new:
            try:
                answer.set_result(self._run(command, self._folder))
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def text(self, *command: str) -> str:
        """Return what the tool prints, as one line.

        Raises:
            NoAnswerError: it fails.
        """
        return flatten(self._run_successfully(command).strip())

    def json(self, *command: str) -> Any:
        """Return what the tool prints, as JSON; each text in it is one line.

        Raises:
            NoAnswerError: it fails, or prints none.
        """
        try:
            return flatten_texts(json.loads(self._run_successfully(command)))
        except ValueError:
            raise NoAnswerError(command, "it printed no JSON") from None

    def _run_successfully(self, command: Sequence[str]) -> str:
        answer = self.ask(*command)
        if not answer.ok:
            raise NoAnswerError(command, answer.reason)
        return answer.stdout

    def az(self, *arguments: str) -> Any:
        """Return what `az` answers.

        Raises:
            NoAnswerError: it fails.
        """
        return self.json("az", *arguments, "--output", "json")

    def az_pages(self, url: str) -> list[Any]:
        """Return every element of a list that Azure Resource Manager gives page by page.

        Raises:
            NoAnswerError: a page fails, or there is no end to them.
            ValueError: the next page is elsewhere; `az` would take its token there.
        """
        found: list[Any] = []
        following: str | None = url
        for _ in range(_MOST_PAGES):
            page = self.az("rest", "--method", "get", "--url", following or url)
            found += page["value"]
            following = page.get("nextLink")
            if not following:
                return found
            if not _is_resource_manager(following):
                raise ValueError(f"a next page that is not at {_RESOURCE_MANAGER}: {following}")
        raise NoAnswerError(("az", "rest", "--method", "get", "--url", url), f"more than {_MOST_PAGES} pages")


def _is_resource_manager(url: str) -> bool:
    """Return whether the address is Azure Resource Manager's; `az` completes one that begins with a slash."""
    scheme, host, path, _, _ = urlsplit(url)
    if not scheme and not host:
        return path.startswith("/")
    return f"{scheme}://{host}".lower().removesuffix(":443") == _RESOURCE_MANAGER
