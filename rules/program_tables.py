"""What the settings hold, asked directly: the deployment of a stack shows one release, one profile, few defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from rules.facts.defaults import PROFILES, defaults_of
from rules.facts.releases import CONNECTED_CLUSTER_API, RELEASES, Release
from rules.lookup import Hits, View
from settings import Settings, SettingsError, load
from settings.naming import stack_tag
from settings.stand_ins import STAND_INS

LEAST: Mapping[str, Any] = {"prefix": "probe", "environment": "dev", "location": "eastus2", **STAND_INS}
"""The least that a stack file says."""
_PRODUCTION = {
    "protect": True,
    "purge_protection": True,
    "soft_delete_days": 90,
    "dataflow_disk_persistence": True,
    "outage_hours": 72,
}
_LONGEST = {"key_vault": 24, "virtual_machine": 64, "connected_cluster": 63, "aio_instance": 63}
"""Name -> the most characters that Azure takes
(learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules)."""
_STORAGE_NAME, _RANDOM = 24, 5
_OTHER_STACKS: Mapping[str, Mapping[str, str]] = {
    "two prefixes": {"prefix": "other"},
    "two environments": {"environment": "test"},
    "two instances": {"instance": "002"},
}
_ALIKE = {"storage_account_prefix"}
"""Parts of names that two stacks share without harm."""


def production_is_protected(_: View) -> Hits:
    """Require that the profile `prod` keeps what must not be lost; a stack file may still say otherwise."""
    given = load({**LEAST, "environment": "prod"}).protection
    for name, expected in _PRODUCTION.items():
        if getattr(given, name) != expected:
            yield "profile prod", f"protection.{name}: {getattr(given, name)}; expected {expected}"


def defaults_are_kept(_: View) -> Hits:
    """Require every default of the settings, for each profile, to be the one that the facts have."""
    for profile in PROFILES:
        given = load({**LEAST, "environment": profile}).values
        expected = {**LEAST, "environment": profile, **defaults_of(profile, LEAST["location"])}
        for name in sorted({*given, *expected}):
            if name not in given or name not in expected or given[name] != expected[name]:
                found, wanted = (repr(side[name]) if name in side else "nothing" for side in (given, expected))
                message = f"{name}: {found} by default; expected {wanted}, which stacks rely on. Else change"
                yield f"profile {profile}", f"{message} rules/facts/defaults.py too, and say what it replaces"


def names_are_apart(_: View) -> Hits:
    """Require that names differ with prefix, environment, instance and cluster, and are no longer than Azure takes.

    Two stacks of one subscription would otherwise own the same resources, and names of vaults are all of Azure's. Those
    of what one CA signs for both would otherwise be each other's sites.
    """
    for what, other in _OTHER_STACKS.items():
        yield from _signed_apart(what, other)
        first, second = _names(load({**LEAST, "profile": "dev"})), _names(load({**LEAST, "profile": "dev", **other}))
        for name in first:
            of_environment = name.startswith("authorities.") and "instance" in other
            if first[name] == second[name] and name.rpartition(".")[2] not in _ALIKE and not of_environment:
                yield name, f"{first[name]!r} in {what}; expected another name in each. See settings/cluster_names.py"
    for first_cluster, second_cluster in combinations(load(LEAST).clusters.values(), 2):
        for name, value in vars(first_cluster.names).items():
            if value == getattr(second_cluster.names, name) and name not in _ALIKE:
                yield name, f"{value!r} in two clusters of a stack; expected another name in each"
    yield from _too_long()


def _signed_apart(what: str, other: Mapping[str, str]) -> Hits:
    """Require that no request for an external CA has the subject that one of another stack has."""
    for kind in ("leaves", "intermediates"):
        pki = {"profile": "dev", "pki": {"external_ca": kind}}
        first, second = (_common_names(load({**LEAST, **pki, **more})) for more in ({}, other))
        for name in sorted(first & second):
            yield "pki.external_ca", f"{name!r} in {what}, signed by one CA; expected another. See settings/naming.py"


def _common_names(settings: Settings) -> set[str]:
    listeners = [cluster.listener for cluster in settings.clusters.values() if cluster.listener]
    return {
        *(one.common_name for one in settings.links.values()),
        *(name for one in listeners for name in (one.common_name, one.intermediate_name)),
        settings.authorities.client_intermediate,
    }


def _names(settings: Settings) -> Mapping[str, object]:
    of_clusters = {
        f"{cluster.name}.{key}": value
        for cluster in settings.clusters.values()
        for key, value in vars(cluster.names).items()
    }
    authorities = {f"authorities.{key}": value for key, value in vars(settings.authorities).items()}
    return {**of_clusters, **authorities, "tag of resource groups": stack_tag(settings)}


def _too_long() -> Hits:
    names = load({**LEAST, "prefix": "a" * 12}).clusters["site"].names
    lengths = {name: (len(getattr(names, name)), longest) for name, longest in _LONGEST.items()}
    storage = len(names.storage_account_prefix) + _RANDOM + len(names.storage_account_suffix)
    for name, (length, longest) in {**lengths, "storage_account": (storage, _STORAGE_NAME)}.items():
        if length > longest:
            yield name, f"{length} characters with a long prefix; Azure takes {longest}. See settings/cluster_names.py"


def other_releases(view: View) -> Hits:
    """Require that every release that the facts know has the same row in the settings; the stack's own is REL-01."""
    wrong: dict[str, list[Release]] = {}
    for name, row in RELEASES.items():
        if name == view.settings.release.name:
            continue
        try:
            found = load({**LEAST, "release": name})
        except SettingsError:
            wrong.setdefault("the settings do not know it; add its row to settings/releases.py", []).append(row)
            continue
        for problem in _differences(found, row):
            wrong.setdefault(problem, []).append(row)
    for problem, rows in wrong.items():
        yield f"release {', '.join(row.name for row in rows)}", f"{problem}. Source: {rows[0].source}"


def _differences(found: Settings, row: Release) -> Iterator[str]:
    given: Mapping[str, Any] = vars(found.release)
    for name, value in _columns(row).items():
        if given.get(name) != value:
            owners = [one.name for one in RELEASES.values() if _columns(one)[name] == given.get(name)]
            of = f", which is of release {', '.join(owners)}" if owners else ""
            yield f"{name}: the settings have {given.get(name)!r}{of}; expected {value!r}"


def _columns(row: Release) -> Mapping[str, Any]:
    """Return the row as the settings name its columns."""
    return {
        "aio_version": row.aio,
        "iot_operations_api": row.iot_operations_api,
        "device_registry_api": row.device_registry_api,
        "cert_manager_version": row.cert_manager,
        "secret_store_version": row.secret_store,
        "train": row.train,
        "connected_cluster_api": CONNECTED_CLUSTER_API.value,
        "cert_manager_settings": row.cert_manager_settings,
        "aio_settings": row.aio_settings,
        "opcua_connector_version": row.opcua_connector,
    }
