"""Make what tools, Azure and clusters say fit to be shown: no secrets, and where wanted each value on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_IN_ADDRESS = re.compile(r"(\w[\w+.-]*://)\S*@")
"""To the last `@`, as passwords that nobody has encoded hold slashes and more."""
_OPTIONS = re.compile(r"(\w[\w+.-]*://[^\s?]*)\?\S*")
_BARE = re.compile(r"\S*:\S*@")

REMOVED = "[removed]"
_PRIVATE_KEYS = (
    re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\A.*?-----END [A-Z0-9 ]*PRIVATE KEY-----", re.DOTALL),
)
"""Whole, cut at its end, and, once those are gone, cut at its beginning."""
_ID_OR_LONG_RUN = re.compile(r"((?:/subscriptions/|/providers/|\bMicrosoft\.)[\w./()-]+)|[A-Za-z0-9+/]{40,}={0,2}")
"""An ARM id, which stays, or what base64 looks like: a key of 32 bytes has 44 characters, a line of a PEM file 64."""
_TOKENS = (
    re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*)*"),  # a JSON Web Token begins with {" (RFC 7519)
    re.compile(r"(?i)\b(?:bearer|basic|sharedaccesssignature)\s+[\w.~+/=&%:-]{8,}"),
    re.compile(r"\bK10[0-9a-f]{16,}\S*"),  # of K3s (docs.k3s.io/cli/token)
)
_CONNECTION = re.compile(
    r"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature|InstrumentationKey|Password|Pwd)\s*=|[?&;]sig="
)
"""In a word: then it is a connection string, or an address with a signature."""
_SECRET_WORD = (
    r"(?:password|passwd|pwd|secret|token|connection[_-]?string|private[_-]?key|(?:api|access|account|shared)[_-]?key)"
)
_LABELLED = re.compile(rf"""(?i)({_SECRET_WORD}\\*["']?\s*[:=]\s*\\*)("[^"]*"|'[^']*'|[^\s,;&"'}}\]]+)""")
_SECRET_KEY = re.compile(rf"(?i).*{_SECRET_WORD}|sig|custom[_-]?data|protected(?:parameters|settings)")


def strip_credentials(text: str) -> str:
    """Return the text without users and passwords of addresses, and without their options, which can hold keys."""
    return _BARE.sub("", _OPTIONS.sub(r"\1", _IN_ADDRESS.sub(r"\1", text)))


def redact(text: str) -> str:
    """Return the text without secrets: keys, tokens, connection strings, what is called a password, and long base64.

    Names and addresses stay. What was cut is known as well, so that a tail of a log shows no half of a key.
    """
    for pattern in (*_PRIVATE_KEYS, *_TOKENS):  # before what would take out a part of them
        text = pattern.sub(REMOVED, text)
    text = _ID_OR_LONG_RUN.sub(lambda found: REMOVED if not found[1] and _is_mixed(found[0]) else found[0], text)
    text = re.sub(r"[^\s\"'\\]+", lambda word: REMOVED if _CONNECTION.search(word[0]) else word[0], text)
    text = _LABELLED.sub(rf"\1{REMOVED}", text)
    return _OPTIONS.sub(r"\1", _IN_ADDRESS.sub(r"\1", text))


def _is_mixed(run: str) -> bool:
    """Tell base64 from words and from hexadecimal digits."""
    return all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def redact_document(document: Any) -> Any:
    """Return a JSON document with `redact` applied to each of its texts, and without what its keys say is secret."""
    if isinstance(document, str):
        return redact(document)
    if isinstance(document, Mapping):
        return dict(_redact_map(document))
    if isinstance(document, list | tuple):
        return [redact_document(one) for one in document]
    return document


def _redact_map(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what may be told; what `name` calls secret has it in `value`, and a Secret in `data`."""
    hidden = {"data", "stringData"} if document.get("kind") == "Secret" else set()
    if _SECRET_KEY.fullmatch(str(document.get("name", ""))):
        hidden.add("value")
    for key, value in document.items():
        is_secret = key in hidden or _SECRET_KEY.fullmatch(key)
        yield redact(key), REMOVED if is_secret and value not in (None, "", [], {}) else redact_document(value)


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
