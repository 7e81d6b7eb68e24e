"""Checks of what only the tenant knows: whether the stack file has it, and whether the directory agrees."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from settings import TENANT_KEYS
from settings.fields import About
from settings.schema import StackInput
from settings.well_known import CUSTOM_LOCATIONS_APPLICATION_ID

_NOT_ALLOWED = re.compile(r"Insufficient privileges|Authorization_RequestDenied|Forbidden", re.I)
_ABSENT = re.compile(r"does not exist|doesn't exist|not found|No group matches", re.I)
_CUSTOM_LOCATIONS = (
    "az",
    "ad",
    "sp",
    "show",
    "--id",
    CUSTOM_LOCATIONS_APPLICATION_ID,
    "--query",
    "id",
    "--output",
    "tsv",
)
_KEY_TYPES = ("ssh-ed25519 ", "ssh-rsa ")


def look_at_values(context: Context) -> Finding:
    """Whether the stack file has all of them; otherwise the very lines, as far as this machine knows them."""
    missing = [key for key in TENANT_KEYS if key in context.stand_ins]
    lines = [_line(key, known(context, key)) for key in missing]
    heading = f"# in {context.file}, below edge-stamps:settings:"
    return of([f"{key} is missing" for key in missing], "all there", "\n".join([heading, *lines]))


def _line(key: str, value: str) -> str:
    about = next(one for one in StackInput.model_fields[key].metadata if isinstance(one, About))
    return f"    {key}: {value}" if value else f"    {key}:  # {about.hint.removeprefix('find it with: ')}"


def known(context: Context, key: str) -> str:
    """The value to put in, where az or this machine knows it; else empty."""
    find: dict[str, Callable[[], str]] = {
        "subscription_id": lambda: shlex.quote(context.account()["id"]),
        "tenant_id": lambda: shlex.quote(context.account()["tenantId"]),
        "custom_locations_object_id": lambda: shlex.quote(context.tools.text(*_CUSTOM_LOCATIONS)),
        "ssh_public_key": _only_ssh_key,
    }
    try:
        return find.get(key, str)()
    except NoAnswerError:
        return ""


def _only_ssh_key() -> str:
    """The one public key of this user; of several, only the user knows which."""
    files = sorted((Path.home() / ".ssh").glob("*.pub"))
    keys = [file.read_text(encoding="utf-8", errors="replace").strip() for file in files]
    return keys[0] if len(keys) == 1 and keys[0].startswith(_KEY_TYPES) and "\n" not in keys[0] else ""


def look_at_custom_locations(context: Context) -> Finding:
    """The object id against the directory: a wrong one breaks custom locations without a word (aio-cli-facts §6.4)."""
    key, given = "custom_locations_object_id", context.own("custom_locations_object_id")
    if not given:
        return _not_set(key)
    register = "az provider register --namespace Microsoft.ExtendedLocation --wait"
    ask = shlex.join(_CUSTOM_LOCATIONS)
    try:
        found = context.tools.text(*_CUSTOM_LOCATIONS)
    except NoAnswerError as error:
        return _unreadable(error, f"the object id {given}", ask, "the Custom Locations service principal", register)
    problems = [f"{key} is {given}; the directory says {found}"] if found.lower() != given.lower() else []
    return of(problems, found, f"    {key}: {shlex.quote(found)}  # in {context.file}")


def look_at_admin_group(context: Context) -> Finding:
    """Whether the group of administrators exists."""
    key, given = "admin_group_object_id", context.own("admin_group_object_id")
    if not given:
        return _not_set(key)
    command = ("az", "ad", "group", "show", "--group", given, "--query", "displayName", "--output", "tsv")
    find = 'az ad group show --group "<name>" --query id --output tsv'
    try:
        return Finding("ok", f"group {context.tools.text(*command)}")
    except NoAnswerError as error:
        return _unreadable(error, f"{key} {given}", shlex.join(command), f"group {given}", find)


def _not_set(key: str) -> Finding:
    return Finding("not-run", f"{key} is not in the stack file: see tenant-values")


def _unreadable(error: NoAnswerError, unproven: str, ask: str, thing: str, mend: str) -> Finding:
    """Guests and service principals often may not read the directory: that is no fault of the settings."""
    if _NOT_ALLOWED.search(error.reason):
        found = f"this login may not read the directory; {unproven} is unproven"
        return Finding("warning", found, f"# have an administrator of the tenant run, and compare:\n{ask}")
    if _ABSENT.search(error.reason):
        return Finding("failed", f"{thing} is not in this tenant", mend)
    raise error
