"""Check the Pulumi CLI, its backend, the stack there and its secrets provider."""

from __future__ import annotations

import re
import shlex

import yaml
from semver import VersionInfo

from automation.check import Diagnosis, diagnose
from automation.deployment.workspace import OLDEST_CLI
from automation.doctor.context import Context
from automation.doctor.names import find_own_groups
from automation.doctor.tools import NoAnswerError
from settings import stack_file

_INSTALL = "# install it: https://www.pulumi.com/docs/install"
_KEY = '"azurekeyvault://<vault>.vault.azure.net/keys/<key>"'
_KEY_VAULT = re.compile(r"azurekeyvault://[a-z0-9-]+\.vault\.azure\.net/keys/[a-z0-9-]+(/[0-9a-f]+)?", re.I)
# www.pulumi.com/docs/iac/concepts/secrets, "Available encryption providers"
_OTHER_KEYS = ("awskms://", "gcpkms://", "hashivault://")


def check_cli(context: Context) -> Diagnosis:
    """Check the CLI's version; one without a version is a build from source, and taken as it is."""
    if context.tools.ask("pulumi", "version").absent:
        return Diagnosis("failed", "pulumi is not on PATH", _INSTALL)
    version = context.tools.text("pulumi", "version").removeprefix("v")
    is_old = VersionInfo.is_valid(version) and VersionInfo.parse(version).finalize_version() < OLDEST_CLI
    return diagnose([f"version {version}"] if is_old else [], f"version {version or 'unknown'}", _INSTALL)


def check_login(context: Context) -> Diagnosis:
    """Check that somebody is logged in to a backend."""
    answer = context.tools.ask("pulumi", "--non-interactive", "whoami", "--json")
    if not answer.ok:
        return Diagnosis(
            "failed",
            f"no login: {answer.reason}",
            "pulumi login  # Pulumi Cloud; or: pulumi login 'azblob://<container>?storage_account=<account>'",
        )
    found = context.tools.json("pulumi", "--non-interactive", "whoami", "--json")
    return Diagnosis("ok", f"{found.get('user')} at {found.get('url', '')}")


def check_stack(context: Context) -> Diagnosis:
    """Check that the backend has the stack."""
    command = ("pulumi", "--non-interactive", "stack", "--stack", context.stack, "--show-name")
    answer = context.tools.ask(*command)
    if answer.ok:
        return Diagnosis("ok", f"stack {context.stack}")
    if not re.search(r"no stack named", answer.stderr):
        raise NoAnswerError(command, answer.reason)
    # Who creates it chooses what encrypts the state, which holds every private key.
    init = f"pulumi stack init {shlex.quote(context.stack)} --secrets-provider {_KEY}"
    return Diagnosis("failed", f"there is no stack {context.stack}", init)


def check_secrets(context: Context) -> Diagnosis:
    """Check what encrypts the state; it holds the keys of the certificate authorities."""
    document = yaml.safe_load(stack_file.path(context.program, context.stack).read_text(encoding="utf-8"))
    provider = str(document.get("secretsprovider") or "")
    if _KEY_VAULT.fullmatch(provider.partition("?")[0]):
        return Diagnosis("ok", provider)
    change = f"pulumi stack change-secrets-provider --stack {shlex.quote(context.stack)} {_KEY}"
    if provider.startswith(_OTHER_KEYS):
        return Diagnosis("warning", f"{provider}, a key of another kind", change)
    if provider in ("", "default", "passphrase"):
        is_passphrase = "encryptionsalt" in document or provider == "passphrase"
        return Diagnosis("warning", "a passphrase" if is_passphrase else "the backend's own key", change)
    return Diagnosis("failed", f"{provider}, which is neither a key's address nor a known provider", change)


def check_state(context: Context) -> Diagnosis:
    """Check that the state knows what carries this stack's tag; otherwise `up` collides with it."""
    groups = sorted(find_own_groups(context))
    if not groups:
        return Diagnosis("ok", "no resource group of this stack exists yet")
    state = context.tools.json("pulumi", "--non-interactive", "stack", "export", "--stack", context.stack)
    if count := len(state["deployment"].get("resources") or ()):
        return Diagnosis("ok", f"{count} resources, of {len(groups)} resource groups")
    found = f"resource groups of this stack exist, and its state is empty: another backend? {', '.join(groups)}"
    mend = "# see where you are logged in, then log in where the state is; delete nothing:\npulumi whoami --verbose"
    return Diagnosis("failed", found, mend)
