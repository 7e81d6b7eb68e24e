"""Make the output of a tool fit to be shown: each value on one line, and no credentials in addresses."""

from __future__ import annotations

import re
from typing import Any

_IN_ADDRESS = re.compile(r"(\w[\w+.-]*://)\S*@")
"""To the last `@`, as passwords that nobody has encoded hold slashes and more."""
_OPTIONS = re.compile(r"(\w[\w+.-]*://[^\s?]*)\?\S*")
_BARE = re.compile(r"\S*:\S*@")


def strip_credentials(text: str) -> str:
    """Return the text without users and passwords of addresses, and without their options, which can hold keys."""
    return _BARE.sub("", _OPTIONS.sub(r"\1", _IN_ADDRESS.sub(r"\1", text)))


def flatten(text: str) -> str:
    """Return the text with blanks for line ends, control characters and what turns the direction of writing."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def flatten_texts(document: Any) -> Any:
    """Return a JSON document with `flatten` applied to each of its texts."""
    if isinstance(document, str):
        return flatten(document)
    if isinstance(document, list):
        return [flatten_texts(one) for one in document]
    if isinstance(document, dict):
        return {key: flatten_texts(value) for key, value in document.items()}
    return document
