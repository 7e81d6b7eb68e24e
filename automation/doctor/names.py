"""Check names that somebody else, or an earlier deployment, may still hold."""

from __future__ import annotations

import shlex

from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from settings.naming import STACK_TAG, stack_tag


def check_deleted_vaults(context: Context) -> Diagnosis:
    """Check that no deleted vault still holds the name of one of ours.

    A deleted vault keeps its name until it is purged: learn.microsoft.com/azure/key-vault/general/soft-delete-overview.
    """
    answer = context.tools.az(
        *("keyvault", "list-deleted", "--subscription", context.subscription_id(), "--resource-type", "vault")
    )
    ours = {one.names.key_vault.lower() for one in context.settings.clusters.values()}
    problems, mend = [], []
    for vault in answer:
        name, properties = vault["name"], vault["properties"]
        if name.lower() not in ours:
            continue
        if properties.get("purgeProtectionEnabled"):
            problems.append(
                f"{name} is deleted, protected from purging, and stays until {properties['scheduledPurgeDate']}"
            )
            mend.append(f'instance: "<another one>"  # in {context.file}: part of every name')
        else:
            problems.append(f"{name} is deleted and not purged")
            location = shlex.quote(properties["location"])
            mend.append(f"az keyvault purge --name {shlex.quote(name)} --location {location}")
    return diagnose(problems, f"{len(ours)} names are free of deleted vaults", "\n".join(dict.fromkeys(mend)))


def check_resource_groups(context: Context) -> Diagnosis:
    """Check that no resource group of one of our names is somebody else's."""
    tag = stack_tag(context.settings)
    tags = _fetch_group_tags(context)
    problems = []
    for cluster in context.settings.clusters.values():
        name = cluster.names.resource_group
        found = tags.get(name.lower(), tag)
        if found != tag:
            problems.append(f"{name} exists and is {f'of stack {found}' if found else 'not of this program'}")
    mend = f'instance: "<another one>"  # in {context.file}: part of every name; or another prefix'
    return diagnose(problems, f"{len(context.settings.clusters)} names are free or this stack's own", mend)


def find_own_groups(context: Context) -> set[str]:
    """Return the names, in lower case, of resource groups that this stack has made already.

    Raises:
        NoAnswerError: Azure does not say.
    """
    tag = stack_tag(context.settings)
    return {name for name, found in _fetch_group_tags(context).items() if found == tag}


def _fetch_group_tags(context: Context) -> dict[str, str]:
    """Return resource group, in lower case -> the stack that made it; empty for somebody else's."""
    answer = context.tools.az("group", "list", "--subscription", context.subscription_id())
    return {one["name"].lower(): (one.get("tags") or {}).get(STACK_TAG, "") for one in answer}
