"""Make what tools, Azure and clusters say fit to be shown: no secrets, and where wanted each value on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

REMOVED = "[removed]"
_PRIVATE_KEYS = (
    re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\A.*?-----END [A-Z0-9 ]*PRIVATE KEY-----", re.DOTALL),
)
"""Whole, cut at its end, and, once those are gone, cut at its beginning."""
_ID_OR_LONG_RUN = re.compile(
    r"((?:/subscriptions/|/providers/|\bMicrosoft\.)[\w./()-]+)|[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9_-]{40,}={0,2}"
)
"""An ARM id, which stays, or what base64 looks like: a key of 32 bytes has 44 characters, a line of a PEM file 64."""
_TOKENS = (
    re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*)*"),  # a JSON Web Token begins with {" (RFC 7519)
    re.compile(r"(?i)\b(?:bearer|basic|sharedaccesssignature)\s+[\w.~+/=&%:-]{8,}"),
    re.compile(r"\bK10[0-9a-f]{16,}\S*"),  # of K3s (docs.k3s.io/cli/token)
    # Of GitHub, GitLab and Entra (github.com/gitleaks/gitleaks, config/gitleaks.toml)
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-)[\w-]{8,}|[\w~.]{3}\dQ~[\w~.-]{8,}"),
)
_CONNECTION = re.compile(
    r"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature|InstrumentationKey|Password|Pwd)\s*=|\bsig="
)
"""In a word: then it is a connection string, or an address with a signature."""
_HEADER = re.compile(r"""(?i)(\b(?:authorization|cookie)\\*["']?\s*[:=]\s*\\*["']?)[^\r\n"'\\]+""")
"""Of HTTP: its value goes to the end of the line, whatever the scheme."""
_LOGIN = re.compile(r"""(?<![\w.+-])[\w.+-]{1,64}:[^\s"']{1,100}@(?!sha\d+:)(?=[\w(\[])""")
"""User and password before a host, without a scheme; an image has its digest there."""
_HARMLESS = (
    r"s?[_.-]?(?:store|sync|provider|class|controller)|[\w.-]{0,40}"
    r"(?:names?|ref|refs|reference|ids?|uri|url|path|file|types?|kind|version|lifetime|expiry|expiration|ttl|seconds|"
    r"count|policy|issuer|audiences?|enabled|settings|-g\d+)(?![\w.-])"
)
"""What follows a secret's word where it tells of the secret, and is none; names of a generation end in -g1."""
_SECRET_WORD = (
    r"(?:password|passwd|passphrase|(?<![a-z])pass(?![a-z])|pwd|secret|token|credential|connection[_-]?string|private[_-]?key|"
    rf"(?:api|access|account|shared|primary|secondary|subscription)[_-]?key)(?!{_HARMLESS})[\w.-]{{0,40}}"
)
"""With what follows it in a name: PASSWORD_1, secretValue. Bounded, as is all that a search tries at each place."""
_VALUE = (
    r"""(?:(?P<slashes>\\+)".*?(?:(?<!\\)(?P=slashes)"|\Z)"""  # in JSON that is a text within JSON
    r"""|"(?:\\.|[^"\\])*(?:"|\\?\Z)|'(?:\\.|[^'\\])*(?:'|\\?\Z)|[^\s,;&"'}\]]+)"""
)
"""Its quotes may lack their end, where a text was cut."""
_LABELLED = (
    re.compile(rf"""(?is)({_SECRET_WORD}\\*["']?\s*[:=]\s*){_VALUE}"""),
    re.compile(
        rf"""(?is)(\bname\\*["']\s*:\s*\\*["'][^"'\\]{{0,60}}{_SECRET_WORD}\\*["']\s*,\s*\\*["']value\\*["']\s*:\s*){_VALUE}"""
    ),
    re.compile(rf"""(?is)((?<![\w-])(?:--[\w-]{{0,40}}{_SECRET_WORD}|(?-i:-P))(?:["']\s*,\s*|\s+))(?!--){_VALUE}"""),
)
"""By a name, by a name beside it, and as an option; -P is Mosquitto's (mosquitto.org/man/mosquitto_pub-1)."""
_SECRET_KEY = re.compile(
    rf"(?i)(?!/).*{_SECRET_WORD}|sig|custom[_-]?data|.*protected[_-]?(?:parameters|settings)|authorization|(?:set-)?cookie"
)
"""A key that is an id tells of a list, as `/…/vaults/v/secrets`."""


def strip_credentials(text: str) -> str:
    """Return the text without users and passwords of addresses, and without their options, which can hold keys."""
    return re.sub(r"\S+", lambda word: _strip_login(_strip_address(word[0])), text)


def _strip_login(word: str) -> str:
    before, _, host = word.rpartition("@")
    return host if ":" in before and "://" not in before else word


def _strip_address(word: str) -> str:
    """Cut to the last `@`, as passwords that nobody has encoded hold slashes and more, and from the first `?` on."""
    scheme, mark, rest = word.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if mark else word


def redact(text: str) -> str:
    """Return the text without secrets: keys, tokens, connection strings, what is called a password, and long base64.

    Names and addresses stay. What was cut is known as well, so that a tail of a log shows no half of a key.
    """
    for pattern in (*_PRIVATE_KEYS, *_TOKENS):  # before what would take out a part of them
        text = pattern.sub(REMOVED, text)
    text = _ID_OR_LONG_RUN.sub(lambda found: REMOVED if not found[1] and _is_mixed(found[0]) else found[0], text)
    text = re.sub(r"[^\s\"'\\]+", lambda word: REMOVED if _CONNECTION.search(word[0]) else word[0], text)
    for pattern in (_HEADER, *_LABELLED):
        text = pattern.sub(rf"\1{REMOVED}", text)
    return _LOGIN.sub("", re.sub(r"\S+", lambda word: _strip_address(word[0]), text))


def _is_mixed(run: str) -> bool:
    """Tell base64 from words, from hexadecimal digits, and from names with dashes between such words."""
    return any(all(re.search(kind, part) for kind in ("[a-z]", "[A-Z]", "[0-9]")) for part in re.split("[-_]", run))


def is_secret(key: str, value: Any) -> bool:
    """Tell whether a key says that its value is a secret; nothing, yes and no are none."""
    is_open = isinstance(value, bool) or value in (None, "", [], {}, "true", "false")
    return not is_open and _SECRET_KEY.fullmatch(key) is not None


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
        is_hidden = is_secret("secret" if key in hidden else key, value)
        yield redact(key), REMOVED if is_hidden else redact_document(value)


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
