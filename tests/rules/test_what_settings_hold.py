"""The settings asked directly: what they refuse, their defaults, and names that no two stacks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rules.lookup import View
from rules.program_tables import defaults_are_kept, names_are_apart
from rules.refusals import REFUSED, forbidden_is_refused
from settings import (
    SettingsError,
    addressing,
    cluster_names,
    defaults,
    load,
    loading,
    naming,
    releases,
    resolve,
)
from settings.cluster_names import ClusterNames
from settings.profiles import PROFILES
from settings.regions import REGIONS
from settings.stand_ins import STAND_INS
from settings.vm_sizes import VM_SIZES
from tests.rules.workbench import Workbench

Patch = pytest.MonkeyPatch


def _found(rule: Callable[[View], Any], bench: Workbench) -> dict[str, str]:
    return dict(rule(View(bench.graph, bench.settings)))


def test_nothing_is_wrong_with_what_the_settings_hold(two: Workbench) -> None:
    assert [_found(rule, two) for rule in (forbidden_is_refused, defaults_are_kept, names_are_apart)] == [{}] * 3


def test_rules_of_the_settings_that_are_not_asked_are_found(two: Workbench, monkeypatch: Patch) -> None:
    monkeypatch.setattr(loading, "RULES", ())
    found = _found(forbidden_is_refused, two)
    assert {"clusters.site.broker", "clusters.enterprise.address_space", "pki.leaf_days", "links[0].to"} <= found.keys()
    assert found.keys() <= {one.where for one in REFUSED}


@pytest.mark.parametrize(
    ("table", "key", "where"),
    [
        (addressing.RESERVED_PORTS, 6443, "clusters.enterprise.listener.port"),
        (VM_SIZES, "Standard_D2s_v6", "clusters.site.node.vm_size"),
        (REGIONS, "francecentral", "location"),
    ],
)
def test_a_table_that_lets_a_mistake_pass_is_found(
    table: Any, key: object, where: str, two: Workbench, monkeypatch: Patch
) -> None:
    if key in table:
        monkeypatch.delitem(table, key)
    else:
        monkeypatch.setitem(table, key, next(iter(table.values())))
    assert "accept what cannot work" in _found(forbidden_is_refused, two)[where]


def test_a_changed_default_is_found(two: Workbench, monkeypatch: Patch) -> None:
    monkeypatch.setattr(addressing, "_NODE_OFFSET", 11)
    (message,) = {text for owner, text in defaults_are_kept(View(two.graph, two.settings)) if "site.node" in text}
    assert "'10.1.1.11' by default; expected '10.1.1.10'" in message
    assert "rules/facts/defaults.py" in message


def test_a_changed_value_of_a_profile_is_found(two: Workbench, monkeypatch: Patch) -> None:
    node: Any = PROFILES["prod"]["node"]
    monkeypatch.setitem(node, "zone", None)
    assert _found(defaults_are_kept, two).keys() == {"profile prod"}


def test_a_default_that_follows_from_another_setting_is_found(two: Workbench, monkeypatch: Patch) -> None:
    sites: Any = defaults.WELL_KNOWN_CLUSTERS["site"]
    monkeypatch.setitem(sites, "code", "x")
    assert "clusters.site.code: 'x'" in _found(defaults_are_kept, two)["profile dev"]


@pytest.mark.parametrize("part", ["prefix", "environment", "instance"])
def test_names_without_a_part_are_found(part: str, two: Workbench, monkeypatch: Patch) -> None:
    compose = cluster_names.cluster_names

    def without(prefix: str, code: str, environment: str, instance: str, connected: str) -> ClusterNames:
        given = {"prefix": prefix, "environment": environment, "instance": instance, part: "same"}
        return compose(given["prefix"], code, given["environment"], given["instance"], connected)

    monkeypatch.setattr(resolve, "cluster_names", without)
    assert f"in two {part}" in _found(names_are_apart, two)["site.key_vault"]


def test_clusters_of_one_name_are_found(two: Workbench, monkeypatch: Patch) -> None:
    compose = cluster_names.cluster_names
    monkeypatch.setattr(resolve, "cluster_names", lambda prefix, _, *others: compose(prefix, "x", *others))
    assert "in two clusters" in _found(names_are_apart, two)["resource_group"]


def test_names_that_are_too_long_are_found(two: Workbench, monkeypatch: Patch) -> None:
    compose = cluster_names.cluster_names
    monkeypatch.setattr(resolve, "cluster_names", lambda prefix, *others: compose(f"{prefix}{prefix}", *others))
    assert "Azure takes 24" in _found(names_are_apart, two)["key_vault"]


def test_a_tag_that_two_stacks_share_is_found(two: Workbench, monkeypatch: Patch) -> None:
    monkeypatch.setattr("rules.program_tables.stack_tag", lambda settings: naming.stack_tag(settings)[:5])
    assert "tag of resource groups" in _found(names_are_apart, two)


def test_subjects_that_one_ca_signs_for_two_stacks_are_found(two: Workbench, monkeypatch: Patch) -> None:
    monkeypatch.setattr(naming, "stack_tag", lambda stack: f"{stack.prefix}-{stack.environment}")
    found = _found(names_are_apart, two)["pki.external_ca"]
    assert "'probe-dev--" in found and "in two instances, signed by one CA" in found


def test_a_default_release_without_a_row_is_told(monkeypatch: Patch) -> None:
    table: Any = releases.RELEASES
    monkeypatch.setattr(resolve, "RELEASES", {name: row for name, row in table.items() if name != "2608"})
    with pytest.raises(Exception, match=r"settings/releases\.py: DEFAULT_RELEASE is '2608'"):
        load({"prefix": "myorg", "environment": "dev", "location": "eastus2", **STAND_INS})


@pytest.mark.parametrize("mistake", REFUSED, ids=lambda one: f"{one.where}-{one.why}")
def test_each_mistake_is_refused_where_it_is(mistake: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"prefix": "probe", "environment": "dev", "location": "eastus2", **STAND_INS, **mistake.settings})
    assert mistake.where in {problem.where for problem in refused.value.problems}
