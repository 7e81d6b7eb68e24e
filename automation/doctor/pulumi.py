"""Checks of the Pulumi CLI and of what it keeps: backend, stack, secrets provider."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

import yaml
from semver import VersionInfo

from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from automation.stacks import OLDEST_CLI
from settings import stack_file

_INSTALL = "# install it: https://www.pulumi.com/docs/install"
_KEY = '"azurekeyvault://<vault>.vault.azure.net/keys/<key>"'


def look_at_cli(context: Context) -> Finding:
    """The CLI's version; one that says none is a build from source, and taken as it is."""
    if context.tools.ask("pulumi", "version").absent:
        return Finding("failed", "pulumi is not on PATH", _INSTALL)
    said = context.tools.text("pulumi", "version").removeprefix("v")
    if not VersionInfo.is_valid(said):
        return Finding("ok", f"version {said or 'unknown'}")
    is_old = VersionInfo.parse(said).finalize_version() < OLDEST_CLI
    return of([f"version {said}"] if is_old else [], f"version {said}", _INSTALL)


def look_at_login(context: Context) -> Finding:
    """Who is logged in to which backend."""
    answer = context.tools.ask("pulumi", "--non-interactive", "whoami", "--json")
    if not answer.ok:
        return Finding(
            "failed",
            f"no login: {answer.reason}",
            "pulumi login  # Pulumi Cloud; or: pulumi login 'azblob://<container>?storage_account=<account>'",
        )
    found = context.tools.json("pulumi", "--non-interactive", "whoami", "--json")
    return Finding("ok", f"{found.get('user')} at {without_credentials(str(found.get('url', '')))}")


def without_credentials(url: str) -> str:
    """A backend's address without user, password and options, which can hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def look_at_stack(context: Context) -> Finding:
    """Whether the backend has the stack."""
    command = ("pulumi", "--non-interactive", "stack", "--stack", context.stack, "--show-name")
    answer = context.tools.ask(*command)
    if answer.ok:
        return Finding("ok", f"stack {context.stack}")
    if not re.search(r"no stack named", answer.stderr):
        raise NoAnswerError(command, answer.reason)
    # Who creates it chooses what encrypts the state, which holds every private key.
    init = f"pulumi stack init {shlex.quote(context.stack)} --secrets-provider {_KEY}"
    return Finding("failed", f"there is no stack {context.stack}", init)


def look_at_secrets(context: Context) -> Finding:
    """What encrypts the state; it holds the keys of the certificate authorities."""
    text = stack_file.path(context.program, context.stack).read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    provider = str(document.get("secretsprovider") or "")
    if "://" in provider:
        return Finding("ok", provider.partition("?")[0])
    found = "a passphrase" if "encryptionsalt" in document or provider == "passphrase" else "the backend's own key"
    change = f"pulumi stack change-secrets-provider --stack {shlex.quote(context.stack)} {_KEY}"
    return Finding("warning", found, change)
