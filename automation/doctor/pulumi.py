"""Checks of the Pulumi CLI and of what it keeps: backend, stack, secrets provider."""

from __future__ import annotations

import re
import shlex

import yaml
from semver import VersionInfo

from automation.deployment.workspace import OLDEST_CLI
from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.names import own_groups
from automation.doctor.tools import NoAnswerError
from settings import stack_file

_INSTALL = "# install it: https://www.pulumi.com/docs/install"
_KEY = '"azurekeyvault://<vault>.vault.azure.net/keys/<key>"'
_KEY_VAULT = re.compile(r"azurekeyvault://[a-z0-9-]+\.vault\.azure\.net/keys/[a-z0-9-]+(/[0-9a-f]+)?", re.I)
# www.pulumi.com/docs/iac/concepts/secrets, "Available encryption providers"
_OTHER_KEYS = ("awskms://", "gcpkms://", "hashivault://")


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
    return Finding("ok", f"{found.get('user')} at {found.get('url', '')}")


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
    if _KEY_VAULT.fullmatch(provider.partition("?")[0]):
        return Finding("ok", provider)
    change = f"pulumi stack change-secrets-provider --stack {shlex.quote(context.stack)} {_KEY}"
    if provider.startswith(_OTHER_KEYS):
        return Finding("warning", f"{provider}, a key of another kind", change)
    if provider in ("", "default", "passphrase"):
        is_passphrase = "encryptionsalt" in document or provider == "passphrase"
        return Finding("warning", "a passphrase" if is_passphrase else "the backend's own key", change)
    return Finding("failed", f"{provider}, which is neither a key's address nor a known provider", change)


def look_at_state(context: Context) -> Finding:
    """Whether the state knows what carries this stack's tag; if not, `up` would meet it, and `destroy` forget it."""
    groups = sorted(own_groups(context))
    if not groups:
        return Finding("ok", "no resource group of this stack exists yet")
    state = context.tools.json("pulumi", "--non-interactive", "stack", "export", "--stack", context.stack)
    if count := len(state["deployment"].get("resources") or ()):
        return Finding("ok", f"{count} resources, of {len(groups)} resource groups")
    found = f"resource groups of this stack exist, and its state is empty: another backend? {', '.join(groups)}"
    mend = "# see where you are logged in, then log in where the state is; delete nothing:\npulumi whoami --verbose"
    return Finding("failed", found, mend)
