"""What a tool said, made fit to be shown: each value on one line, and no credentials in addresses."""

from __future__ import annotations

import re
from typing import Any

_IN_ADDRESS = re.compile(r"(\w[\w+.-]*://)\S*@")
"""To the last `@`, as passwords that nobody has encoded hold slashes and more."""
_OPTIONS = re.compile(r"(\w[\w+.-]*://[^\s?]*)\?\S*")
_BARE = re.compile(r"\S*:\S*@")


def without_credentials(text: str) -> str:
    """The text without users and passwords of addresses, and without their options, which can hold keys."""
    return _BARE.sub("", _OPTIONS.sub(r"\1", _IN_ADDRESS.sub(r"\1", text)))


def one_line(text: str) -> str:
    """The text with blanks for line ends, control characters and what turns the direction of writing."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def one_line_each(document: Any) -> Any:
    """A JSON document with `one_line` applied to each of its texts."""
    if isinstance(document, str):
        return one_line(document)
    if isinstance(document, list):
        return [one_line_each(one) for one in document]
    if isinstance(document, dict):
        return {key: one_line_each(value) for key, value in document.items()}
    return document
