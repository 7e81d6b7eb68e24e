"""Check what only the tenant knows: that the stack file has it, and that the directory agrees."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from settings import TENANT_KEYS
from settings.fields import find_about
from settings.schema import StackSection
from settings.well_known import CUSTOM_LOCATIONS_APPLICATION_ID

_NOT_ALLOWED = re.compile(r"Insufficient privileges|Authorization_RequestDenied|Forbidden", re.I)
_ABSENT = re.compile(r"does not exist|doesn't exist|not found|No group matches", re.I)
_CUSTOM_LOCATIONS = tuple(f"az ad sp show --id {CUSTOM_LOCATIONS_APPLICATION_ID} --query id --output tsv".split())
_KEY_TYPES = ("ssh-ed25519 ", "ssh-rsa ")


def check_values(context: Context) -> Diagnosis:
    """Check that the stack file has all of them; else propose the lines, as far as this machine knows them."""
    missing = [key for key in TENANT_KEYS if not context.tenant_value(key)]
    lines = [_format_line(key, _find_value(context, key)) for key in missing]
    heading = f"# in {context.file}, below edge-stamps:settings:"
    return diagnose([f"{key} is missing" for key in missing], "all there", "\n".join([heading, *lines]))


def _format_line(key: str, value: str) -> str:
    about = find_about(StackSection.model_fields[key])
    return f"    {key}: {value}" if value else f"    {key}:  # {about.hint.removeprefix('find it with: ')}"


def _find_value(context: Context, key: str) -> str:
    """Return the value if az or this machine knows it; else an empty text."""
    find: dict[str, Callable[[], str]] = {
        "subscription_id": lambda: shlex.quote(context.account()["id"]),
        "tenant_id": lambda: shlex.quote(context.account()["tenantId"]),
        "custom_locations_object_id": lambda: shlex.quote(context.tools.text(*_CUSTOM_LOCATIONS)),
        "ssh_public_key": _find_ssh_key,
    }
    try:
        return find.get(key, str)()
    except NoAnswerError:
        return ""


def _find_ssh_key() -> str:
    """Return the one public key of this user; of several, only the user knows which."""
    files = sorted((Path.home() / ".ssh").glob("*.pub"))
    keys = [file.read_text(encoding="utf-8", errors="replace").strip() for file in files]
    return keys[0] if len(keys) == 1 and keys[0].startswith(_KEY_TYPES) and "\n" not in keys[0] else ""


def check_custom_locations(context: Context) -> Diagnosis:
    """Compare the object id with the directory.

    With a wrong one, enabling custom locations reports success and custom locations then fail
    (learn.microsoft.com/azure/azure-arc/kubernetes/custom-locations).
    """
    key, given = "custom_locations_object_id", context.tenant_value("custom_locations_object_id")
    if not given:
        return _diagnose_missing(key)
    register = "az provider register --namespace Microsoft.ExtendedLocation --wait"
    ask = shlex.join(_CUSTOM_LOCATIONS)
    try:
        found = context.tools.text(*_CUSTOM_LOCATIONS)
    except NoAnswerError as error:
        return _diagnose_failure(
            error, f"the object id {given}", ask, "the Custom Locations service principal", register
        )
    problems = [f"{key} is {given}; the directory says {found}"] if found.lower() != given.lower() else []
    return diagnose(problems, found, f"    {key}: {shlex.quote(found)}  # in {context.file}")


def check_admin_group(context: Context) -> Diagnosis:
    """Check that the group of administrators exists."""
    key, given = "admin_group_object_id", context.tenant_value("admin_group_object_id")
    return _check_group(context, key, given) if given else _diagnose_missing(key)


def check_operator_group(context: Context) -> Diagnosis:
    """Check that the group of operators exists, where there is one."""
    given = context.settings.operator_group
    return (
        _check_group(context, "operator_group_object_id", given) if given else Diagnosis("ok", "none in the settings")
    )


def _check_group(context: Context, key: str, given: str) -> Diagnosis:
    command = ("az", "ad", "group", "show", "--group", given, "--query", "displayName", "--output", "tsv")
    find = 'az ad group show --group "<name>" --query id --output tsv'
    try:
        return Diagnosis("ok", f"group {context.tools.text(*command)}")
    except NoAnswerError as error:
        return _diagnose_failure(error, f"{key} {given}", shlex.join(command), f"group {given}", find)


def _diagnose_missing(key: str) -> Diagnosis:
    return Diagnosis("not-run", f"{key} is not in the stack file: see tenant-values")


def _diagnose_failure(error: NoAnswerError, unproven: str, ask: str, thing: str, mend: str) -> Diagnosis:
    """Tell a refusal from an absence: guests and service principals often may not read the directory."""
    if _NOT_ALLOWED.search(error.reason):
        found = f"this login may not read the directory; {unproven} is unproven"
        return Diagnosis("warning", found, f"# have an administrator of the tenant run, and compare:\n{ask}")
    if _ABSENT.search(error.reason):
        return Diagnosis("failed", f"{thing} is not in this tenant", mend)
    raise error
