"""Check the login in Azure: az's own, its subscription, and the variables that azure-native prefers to it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from automation.check import Diagnosis, diagnose
from automation.deployment.workspace import VARIABLE
from automation.doctor.context import Context
from automation.scrubbing import flatten

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
_CLOUDS = {"ARM_METADATA_HOSTNAME": "management.azure.com", "ARM_ENVIRONMENT": "public", VARIABLE: ""}
_WITHOUT_CLIENT = ("ARM_USE_DEFAULT_AZURE_CREDENTIAL", "ARM_USE_MSI")


def check_login(context: Context) -> Diagnosis:
    """Check that somebody is logged in and gets tokens; the token itself never leaves `az`."""
    tenant = context.tenant_value("tenant_id")
    login = f"az login --tenant {shlex.quote(tenant)}" if tenant else "az login"
    for command in (
        ("az", "account", "show", "--output", "json"),
        ("az", "account", "get-access-token", "--query", "expiresOn", "--output", "tsv"),
    ):
        answer = context.tools.ask(*command)
        if not answer.ok:
            return Diagnosis("failed", answer.reason, login)
    user = context.account()["user"]
    kind = {"user": "user", "servicePrincipal": "service principal"}.get(user["type"], user["type"])
    return Diagnosis("ok", f"{kind} {user['name']}")


def check_subscription(context: Context) -> Diagnosis:
    """Compare az's current subscription with the settings; other checks ask about the one it points to."""
    account = context.account()
    found = f"{account['name']} ({account['id']}) in tenant {account['tenantId']}"
    subscription, tenant = context.tenant_value("subscription_id"), context.tenant_value("tenant_id")
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
    return diagnose(problems, found, "\n".join(mend))


def check_variables(context: Context) -> Diagnosis:
    """Check which credential azure-native takes from the environment, and that it is for the same tenant."""
    if other_cloud := {name: os.environ[name] for name in _CLOUDS if leaves_public_cloud(name, os.environ)}:
        found = "\n".join(
            f"{name} is {flatten(value)}: not Azure's public cloud would answer" for name, value in other_cloud.items()
        )
        return Diagnosis("failed", found, f"unset {' '.join(other_cloud)}")
    variable, credential = find_arm_credential(os.environ)
    problems = []
    if variable and variable not in _WITHOUT_CLIENT and not os.environ.get("ARM_CLIENT_ID"):
        return Diagnosis("failed", f"{variable} is set, ARM_CLIENT_ID is not", "export ARM_CLIENT_ID=<application id>")
    mend = []
    for name, key in (("ARM_SUBSCRIPTION_ID", "subscription_id"), ("ARM_TENANT_ID", "tenant_id")):
        given, expected = os.environ.get(name), context.tenant_value(key)
        if given and expected and not _same(given, expected):
            problems.append(f"{name} is {given}; the stack's providers take {expected} of the settings")
            mend.append(f"export {name}={shlex.quote(expected)}")
    fine = (
        f"azure-native takes {credential} ({variable}), not az's login" if variable else "azure-native takes az's login"
    )
    return diagnose(problems, fine, "\n".join(mend), "warning")


def leaves_public_cloud(name: str, environment: Mapping[str, str]) -> bool:
    """Return whether the variable lets something else answer than Azure's public cloud."""
    given = environment.get(name, "")
    return given != "" and not _same(given, _CLOUDS[name])


def find_arm_credential(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that decides which credential azure-native takes, and its name; empty for az's login."""
    for name, credential in _CREDENTIALS:
        value = environment.get(name, "")
        if value == "true" or (value and "_USE_" not in name):
            return name, credential
    return "", ""


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()
