"""Rules of composed names: Azure's limits, told as what to shorten and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache

from settings.cluster_names import NAME_LIMITS, cluster_names
from settings.errors import NamingError, Problem
from settings.name_limits import ADMIN_USERNAME, REFUSED_ADMIN_USERNAMES, NameLimit
from settings.naming import COMMON_NAME_LENGTH, admin_username, count_generation, link_names
from settings.schema import StackSection

_LAST_GENERATION = count_generation(9999, 9999)
"""Names have room for it: no key is to be found unfit when it has to be replaced."""


def names_within_limits(stack: StackSection) -> Iterator[Problem]:
    """Report the name that is over its limit by most, since shortening for it shortens all.

    Raises:
        NamingError: names are wrong whatever the settings say.
    """
    _check_forms()
    names = list(_names(stack))
    excess, limit, name = max(
        ((len(name) - limit.longest, limit, name) for _, limit, name in names), key=lambda row: row[0]
    )
    if excess > 0:
        parts = {"prefix": stack.prefix, "environment": stack.environment, "instance": stack.instance}
        where = max(parts, key=lambda part: len(parts[part]))
        required = len(parts[where]) - excess
        yield Problem(
            where,
            parts[where],
            f"{excess} character{'' if excess == 1 else 's'} less: the {limit.what} would be named {name} "
            f"({len(name)} characters), Azure allows {limit.longest}",
            parts[where][: max(required, 1)].rstrip("-"),
            "prefix, environment and instance share this length; shorten any of them",
        )
    for _, limit, name in names:
        if len(name) <= limit.longest and not limit.allows(name):
            expected = (
                f"parts from which {limit.what} names come out as Azure wants them ({limit.pattern}): {name} is not"
            )
            yield Problem("prefix", stack.prefix, expected, "myorg")


@cache
def _check_forms() -> None:
    """Compose the names of a short stack: what breaks a limit there is a mistake of ours, and no user's."""
    for field, name in asdict(cluster_names("myorg", "abc", "dev", "001")).items():
        limit = NAME_LIMITS[field]
        if not limit.allows(name):
            raise NamingError(
                f"settings/cluster_names.py: {field} makes {name!r} even for a short prefix, and a {limit.what} has"
                f" {limit.shortest} to {limit.longest} characters like {limit.pattern} in Azure. Mend its form there"
            )


def _names(stack: StackSection) -> Iterator[tuple[str, NameLimit, str]]:
    for cluster, settings in stack.clusters.items():
        names = asdict(cluster_names(stack.prefix, settings.code, stack.environment, stack.instance))
        yield from ((cluster, NAME_LIMITS[kind], name) for kind, name in names.items())
        yield cluster, ADMIN_USERNAME, admin_username(stack.prefix, settings.code)


def admin_username_allowed(stack: StackSection) -> Iterator[Problem]:
    """Report a user name that Azure or Ubuntu keeps for itself."""
    for cluster, settings in stack.clusters.items():
        username = admin_username(stack.prefix, settings.code)
        if username in REFUSED_ADMIN_USERNAMES:
            expected = f"a prefix that makes a user name with the code of {cluster}; Azure or Ubuntu keeps {username}"
            yield Problem("prefix", stack.prefix, expected, "myorg")


def common_names_fit(stack: StackSection) -> Iterator[Problem]:
    """Report a link whose name, with that of the stack, is more than a certificate takes as a common name."""
    for index, link in enumerate(stack.links):
        name = link_names(stack, link.client, link.broker, _LAST_GENERATION)["common_name"]
        if (excess := len(name) - COMMON_NAME_LENGTH) > 0:
            yield Problem(
                f"links[{index}]",
                {"from": link.client, "to": link.broker},
                f"{excess} character{'' if excess == 1 else 's'} less: its certificates would be named {name}"
                f" ({len(name)} characters), X.509 allows {COMMON_NAME_LENGTH}",
                "{from: site, to: enterprise}",
                "prefix, environment, instance and the names of both clusters share this length; shorten any of them",
            )
