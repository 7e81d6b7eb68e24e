"""What the settings refuse and hold, asked directly: the deployment of a stack shows one release and few addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rules.facts import entra, node
from rules.facts.fact import Fact
from rules.facts.releases import CONNECTED_CLUSTER_API, RELEASES, Release
from rules.lookup import Hits, View
from settings import Settings, SettingsError, load
from settings.stand_ins import STAND_INS

_LEAST = {"prefix": "probe", "environment": "dev", "location": "eastus2", **STAND_INS}
_FORBIDDEN: Mapping[str, tuple[Fact[Any], ...]] = {
    "clusters.site.address_space": (node.K3S_POD_NETWORK, node.K3S_SERVICE_NETWORK),
    "custom_locations_object_id": (entra.CUSTOM_LOCATIONS_APPLICATION, entra.K8_BRIDGE_APPLICATION),
}
"""Setting -> what K3s has taken already, or what is the id of an application."""
_PRODUCTION = {
    "protect": True,
    "purge_protection": True,
    "soft_delete_days": 90,
    "dataflow_disk_persistence": True,
}


def forbidden_is_refused(_: View) -> Hits:
    """Require that the settings refuse what the facts say cannot work."""
    for where, known in _FORBIDDEN.items():
        for fact in known:
            value = str(fact.value)
            key, *below = where.split(".")
            probe: dict[str, Any] = {**_LEAST, key: {below[0]: {below[1]: value}} if below else value}
            try:
                load(probe)
            except SettingsError as error:
                if any(problem.where == where for problem in error.problems):
                    continue
            yield where, f"the settings accept {value}; expected a refusal. Source: {fact.source}"


def production_is_protected(_: View) -> Hits:
    """Require that the profile `prod` keeps what must not be lost; a stack file may still say otherwise."""
    given = load({**_LEAST, "environment": "prod"}).protection
    for name, expected in _PRODUCTION.items():
        if getattr(given, name) != expected:
            yield "profile prod", f"protection.{name}: {getattr(given, name)}; expected {expected}"


def other_releases(view: View) -> Hits:
    """Require that every release that the facts know has the same row in the settings; the stack's own is REL-01."""
    wrong: dict[str, list[Release]] = {}
    for name, row in RELEASES.items():
        if name == view.settings.release.name:
            continue
        try:
            found = load({**_LEAST, "release": name})
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
