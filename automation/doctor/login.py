"""Checks of the login in Azure: az's own, its subscription, and the variables that azure-native prefers to it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from automation.deployment.workspace import VARIABLE
from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.scrubbing import one_line

# In azure-native's own order; then follows az's login (pulumi-azure-native, provider/pkg/provider/auth_azidentity.go).
_CREDENTIALS = (
    ("ARM_USE_DEFAULT_AZURE_CREDENTIAL", "the default Azure credential"),
    ("ARM_CLIENT_CERTIFICATE_PATH", "a client certificate"),
    ("ARM_CLIENT_SECRET", "a client secret"),
    ("ARM_USE_OIDC", "OpenID Connect"),
    ("ARM_USE_MSI", "a managed identity"),
)
# Which Azure answers: variable -> the only value that leads to the public cloud, which is all that the settings know;
# azure-native asks the metadata host before the environment (pulumi_azure_native/config/vars.py).
_PLACES = {"ARM_METADATA_HOSTNAME": "management.azure.com", "ARM_ENVIRONMENT": "public", VARIABLE: ""}
_WITHOUT_CLIENT = ("ARM_USE_DEFAULT_AZURE_CREDENTIAL", "ARM_USE_MSI")


def look_at_login(context: Context) -> Finding:
    """Who is logged in, and whether the login still gives tokens; the token itself never leaves `az`."""
    tenant = context.own("tenant_id")
    login = f"az login --tenant {shlex.quote(tenant)}" if tenant else "az login"
    for command in (
        ("az", "account", "show", "--output", "json"),
        ("az", "account", "get-access-token", "--query", "expiresOn", "--output", "tsv"),
    ):
        answer = context.tools.ask(*command)
        if not answer.ok:
            return Finding("failed", answer.reason, login)
    user = context.account()["user"]
    kind = {"user": "user", "servicePrincipal": "service principal"}.get(user["type"], user["type"])
    return Finding("ok", f"{kind} {user['name']}")


def look_at_subscription(context: Context) -> Finding:
    """az's current subscription, against the settings; the questions of other checks go where it points."""
    account = context.account()
    found = f"{account['name']} ({account['id']}) in tenant {account['tenantId']}"
    subscription, tenant = context.own("subscription_id"), context.own("tenant_id")
    problems, mend = [], []
    if tenant and not _same(tenant, account["tenantId"]):
        problems.append(f"tenant {account['tenantId']}; the settings have {tenant}")
        mend.append(f"az login --tenant {shlex.quote(tenant)}")
    if subscription and not _same(subscription, account["id"]):
        problems.append(f"subscription {account['name']} ({account['id']}); the settings have {subscription}")
        mend.append(f"az account set --subscription {shlex.quote(subscription)}")
    elif account["state"] != "Enabled":
        problems.append(f"subscription {account['name']} ({account['id']}) is {account['state']}")
        mend.append(
            "# have its owner reactivate it, or choose another subscription_id:\naz account list --output table"
        )
    return of(problems, found, "\n".join(mend))


def look_at_variables(context: Context) -> Finding:
    """Which credential azure-native takes from the environment, and whether that names another place."""
    if elsewhere := {name: os.environ[name] for name in _PLACES if leads_elsewhere(name, os.environ)}:
        found = "\n".join(
            f"{name} is {one_line(value)}: not Azure's public cloud would answer" for name, value in elsewhere.items()
        )
        return Finding("failed", found, f"unset {' '.join(elsewhere)}")
    variable, credential = arm_credential(os.environ)
    problems = []
    if variable and variable not in _WITHOUT_CLIENT and not os.environ.get("ARM_CLIENT_ID"):
        return Finding("failed", f"{variable} is set, ARM_CLIENT_ID is not", "export ARM_CLIENT_ID=<application id>")
    mend = []
    for name, key in (("ARM_SUBSCRIPTION_ID", "subscription_id"), ("ARM_TENANT_ID", "tenant_id")):
        given, wanted = os.environ.get(name), context.own(key)
        if given and wanted and not _same(given, wanted):
            problems.append(f"{name} is {given}; the stack's providers take {wanted} of the settings")
            mend.append(f"export {name}={shlex.quote(wanted)}")
    fine = (
        f"azure-native takes {credential} ({variable}), not az's login" if variable else "azure-native takes az's login"
    )
    return of(problems, fine, "\n".join(mend), "warning")


def leads_elsewhere(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the variable lets something else answer than Azure's public cloud."""
    given = environment.get(name, "")
    return given != "" and not _same(given, _PLACES[name])


def arm_credential(environment: Mapping[str, str]) -> tuple[str, str]:
    """The variable that decides which credential azure-native takes, and its words; empty for az's login."""
    for name, credential in _CREDENTIALS:
        value = environment.get(name, "")
        if value == "true" or (value and "_USE_" not in name):
            return name, credential
    return "", ""


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()
