"""The reference of all settings, docs/settings.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from automation.reference.pages import render
from settings.arrival import describe_arrival
from settings.defaults import WELL_KNOWN_CLUSTERS, by_profile
from settings.errors import as_yaml
from settings.fields import find_about
from settings.paths import leaves
from settings.profiles import PROFILES
from settings.regions import REGIONS
from settings.releases import K3S_NEWEST, RELEASES
from settings.schema import TENANT_KEYS, StackSection
from settings.sections import fields_of, section_in, sections
from settings.vm_sizes import VM_SIZES

_COMPUTED: Mapping[str, str] = {
    "profile": "the environment, if that is `dev` or `prod`",
    "clusters": "`site` and `enterprise`",
    "links": "from `site` to `enterprise`, where both exist",
    "clusters.<name>.machine.resource_id": "none; required with hosting `arc-machine`",
    "clusters.<name>.machine.ssh_over_arc.user": "none: no SSH over Arc",
    "clusters.<name>.machine.ssh.host": "none: the machine is Arc-enabled",
    "clusters.<name>.machine.ssh.host_key": "none; required with `host`",
    "clusters.<name>.connected_cluster.resource_id": "none; required with hosting `existing-cluster`",
    "clusters.<name>.connected_cluster.kubeconfig": "none: Arc's proxy",
    "clusters.<name>.connected_cluster.context": "the current one of `kubeconfig`",
    "clusters.<name>.location": "that of the stack",
    "clusters.<name>.network": "`peered`, where the stack makes a network; else `none`",
    "clusters.<name>.subnet": "the second /24 of the address space; all of one that has no two",
    "clusters.<name>.node.address": (
        "`.10` of the subnet, its first usable one where it is too small; required with hosting `arc-machine` and"
        " `existing-cluster`"
    ),
    "clusters.<name>.node.image": "none: Ubuntu 24.04 as Canonical publishes it",
    "clusters.<name>.nodes": "none",
    "clusters.<name>.nodes[].machine.resource_id": "none; required with hosting `arc-machine`",
    "clusters.<name>.nodes[].vm_size": "that of `node`",
    "clusters.<name>.nodes[].zone": "that of `node`",
    "clusters.<name>.nodes[].address": (
        "the next free one behind those of other nodes, in the order of the list; required with hosting `arc-machine`"
    ),
    "clusters.<name>.node.k3s_version": f"`{K3S_NEWEST}`",
    "clusters.<name>.node.k3s_sha256": "none: the binary is compared with the checksum beside it",
    "clusters.<name>.node.maintenance.start": "none: no window",
    "clusters.<name>.node.proxy.http": "that of `https`; none without one",
    "clusters.<name>.node.proxy.https": "that of `http`; none without one",
    "operator_group_object_id": "none",
    "pki.signed_folder": "`certificates/` with the environment",
    "clusters.<name>.broker.max_message_hours": "AIO's own",
    "clusters.<name>.broker.max_receive_messages": "AIO's own",
    "clusters.<name>.broker.max_queue_messages": "AIO's own",
    "clusters.<name>.listener.dns_name": "none: clients connect to the node's address",
    "links[].via": "`peering`, where both ends have network `peered`; else `routed`",
    "links[].topics": "`input` to `<from>/output`",
    "links[].client_id_prefix": "`<from>.`",
    "links[].client_ids": "every id that begins with `client_id_prefix`",
}
"""Place of a setting -> its default in words, where code computes it (`settings/defaults.py`)."""


def render_settings() -> str:
    """Return docs/settings.md."""
    tenant_fields = fields_of(StackSection)
    return render(
        "settings.md",
        tenant_examples={key: find_about(tenant_fields[key]).example for key in TENANT_KEYS},
        sections=[_section(place, section) for place, section in sections()],
        regions=REGIONS,
        releases=RELEASES,
        sizes=VM_SIZES,
    )


def _section(place: str, section: type[BaseModel]) -> dict[str, object]:
    rows = [_row(f"{place}.{key}".removeprefix("."), key, field) for key, field in fields_of(section).items()]
    return {"name": place or "edge-stamps:settings", "text": section.__doc__, "rows": rows}


def _row(place: str, key: str, field: FieldInfo) -> tuple[str, ...]:
    about = find_about(field)
    cells = (_default(place, field), _escape(about.expected), f"`{as_yaml(about.example)}`", _escape(about.hint))
    return (f"`{key}`", *cells, _escape(describe_arrival(field)))


def _default(place: str, field: FieldInfo) -> str:
    """Return what holds if the stack file says nothing."""
    if place in _COMPUTED:
        return _COMPUTED[place]
    by_profile = {name: values[place] for name, values in _by_profile().items() if place in values}
    by_cluster = {
        name: value
        for name, values in WELL_KNOWN_CLUSTERS.items()
        for key, value in values.items()
        if place == f"clusters.<name>.{key}"
    }
    if by_cluster:
        return f"{_join(by_cluster)}; required for others"
    if by_profile:
        return _join(by_profile)
    if section_in(field.annotation)[1]:
        return "see below"
    return "**required**" if field.is_required() else f"`{as_yaml(field.default)}`"


def _by_profile() -> dict[str, dict[str, object]]:
    """Return profile -> place of a setting -> default."""
    any_cluster: dict[str, Any] = {"clusters": {"<name>": {}}}
    return {name: dict(leaves(by_profile(any_cluster, name))) for name in PROFILES}


def _join(values: Mapping[str, object]) -> str:
    """Return the values by name; once if all are the same."""
    texts = {name: f"`{as_yaml(value)}`" for name, value in values.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def _escape(text: str) -> str:
    """Escape for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "\\<")
