"""Checks of names that somebody else, or an earlier deployment, still holds."""

from __future__ import annotations

import shlex

from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from settings.naming import STACK_TAG, stack_tag


def look_at_deleted_vaults(context: Context) -> Finding:
    """Whether a deleted vault still holds the name of one of ours (field-review §3, rule 19)."""
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
    return of(problems, f"{len(ours)} names are free of deleted vaults", "\n".join(dict.fromkeys(mend)))


def look_at_resource_groups(context: Context) -> Finding:
    """Whether a resource group of one of our names is not this stack's."""
    tag = stack_tag(context.settings)
    tags = _tags_of_groups(context)
    problems = []
    for cluster in context.settings.clusters.values():
        name = cluster.names.resource_group
        found = tags.get(name.lower(), tag)
        if found != tag:
            problems.append(f"{name} exists and is {f'of stack {found}' if found else 'not of this program'}")
    mend = f'instance: "<another one>"  # in {context.file}: part of every name; or another prefix'
    return of(problems, f"{len(context.settings.clusters)} names are free or this stack's own", mend)


def own_groups(context: Context) -> set[str]:
    """Names, in lower case, of resource groups that this stack has made already.

    Raises:
        NoAnswerError: Azure does not say.
    """
    tag = stack_tag(context.settings)
    return {name for name, found in _tags_of_groups(context).items() if found == tag}


def _tags_of_groups(context: Context) -> dict[str, str]:
    """Resource group, in lower case -> the stack that made it; empty for somebody else's."""
    answer = context.tools.az("group", "list", "--subscription", context.subscription_id())
    return {one["name"].lower(): (one.get("tags") or {}).get(STACK_TAG, "") for one in answer}
