"""Reads the pages: README.md and everything below docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.conftest import PROGRAM

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```\s*$", re.M | re.S)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_SPAN = re.compile(r"`(?P<text>[^`]+)`")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.M)


@dataclass(frozen=True)
class Block:
    """One fenced block: `info` is what stands behind the opening fence, such as `console`."""

    where: str
    """File and line."""
    info: str
    text: str

    @property
    def language(self) -> str:
        return self.info.partition(" ")[0]


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path
    text: str

    @cached_property
    def name(self) -> str:
        return self.path.relative_to(PROGRAM).as_posix() if self.path.is_relative_to(PROGRAM) else self.path.name

    @cached_property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> Iterator[Block]:
        for found in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start()) + 1
            yield Block(f"{self.name}:{line}", found["info"].strip(), found["text"])

    @property
    def links(self) -> list[str]:
        return [found["target"] for found in _LINK.finditer(_SPAN.sub("", self.prose))]

    @property
    def spans(self) -> list[str]:
        """Texts in backticks, each on one line."""
        return [" ".join(found["text"].split()) for found in _SPAN.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as GitHub makes it of a heading."""
        words = (re.sub(r"[^\w\- ]", "", found["text"].lower()) for found in _HEADING.finditer(self.prose))
        return {text.replace(" ", "-") for text in words}


def read(path: Path) -> Page:
    return Page(path, path.read_text(encoding="utf-8"))


PAGES = [read(path) for path in (PROGRAM / "README.md", *sorted((PROGRAM / "docs").rglob("*.md")))]


def page(name: str) -> Page:
    """The page of this name, such as `docs/outputs.md`."""
    return next(one for one in PAGES if one.name == name)
