"""Render requests as JSON with secrets marked; long texts, such as scripts, once for all that carry them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from arm.values import SECRET_MARKER, UNKNOWN_MARKER

_LONG = 40
"""Lines."""


@dataclass(frozen=True)
class LongText:
    """A text of many lines."""

    id: str
    title: str
    """Where it was met first."""
    lines: int
    text: str


@dataclass
class LongTexts:
    """Long texts by content, in the order in which they are met."""

    by_text: dict[str, LongText] = field(default_factory=dict)

    def take(self, text: str, where: str) -> LongText:
        """Return the text's one entry."""
        number = len(self.by_text) + 1
        return self.by_text.setdefault(text, LongText(f"text-{number}", where, text.count("\n") + 1, text))


def render_body(body: Any, where: str, texts: LongTexts) -> Markup:
    """Return the redacted value as JSON; a long text is replaced by a link to it."""
    links: dict[str, LongText] = {}
    written = escape(json.dumps(_replace_long_texts(body, where, texts, links), indent=2, ensure_ascii=False))
    for marker, kind in ((SECRET_MARKER, "secret"), (UNKNOWN_MARKER, "unknown")):
        quoted = json.dumps(marker)
        written = written.replace(escape(quoted), Markup('<mark class="{}">{}</mark>').format(kind, quoted))
    for marker, text in links.items():
        shown = Markup('<a href="#{}">{} lines, shown once: {}</a>').format(text.id, text.lines, text.title)
        written = written.replace(escape(json.dumps(marker)), shown)
    return written


def _replace_long_texts(value: Any, where: str, texts: LongTexts, links: dict[str, LongText]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replace_long_texts(item, f"{where}.{key}", texts, links) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_long_texts(item, f"{where}[{index}]", texts, links) for index, item in enumerate(value)]
    if isinstance(value, str) and value.count("\n") >= _LONG:
        text = texts.take(value, where)
        links[f"[{text.id}]"] = text
        return f"[{text.id}]"
    return value
