"""How the stack talks to Azure."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from components.azure import _set_defaults
from graph.graph import Graph
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS

Recorded = Callable[..., Graph]


def test_no_registration_carries_azure_native_s_aliases(recorded: Recorded) -> None:
    with_aliases = {r.name: r.options.aliases for r in recorded(TWO_CLUSTERS).resources.values() if r.options.aliases}

    assert with_aliases == {}


def test_an_alias_of_ours_stays() -> None:
    ours = pulumi.Alias(name="old-name")
    built_in = pulumi.Alias(type_="azure-native:network/v20230201:VirtualNetwork")
    args = pulumi.ResourceTransformationArgs(
        resource=None,  # type: ignore[arg-type]
        type_="azure-native:network:VirtualNetwork",
        name="vnet",
        props={},
        opts=pulumi.ResourceOptions(aliases=[built_in, ours]),
    )

    result = _set_defaults(args)

    assert result is not None
    assert result.opts.aliases == [ours]


def test_replacements_come_after_the_deletion_of_what_has_their_name(recorded: Recorded) -> None:
    resources = [r for r in recorded(TWO_CLUSTERS).resources.values() if r.is_arm]

    assert {r.options.delete_before_replace for r in resources} == {True}


def test_azure_resources_use_the_explicit_providers(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    used = {r.options.provider.split("::")[-1] for r in graph.resources.values() if r.is_arm}

    assert used == {"azure", "azure-iotoperations", "azure-deviceregistry"}


def test_providers_deploy_to_the_subscription_of_the_settings(recorded: Recorded) -> None:
    providers = [r for r in recorded(TWO_CLUSTERS).resources.values() if r.type.startswith("pulumi:providers:")]

    assert len(providers) == 4
    assert {r.plain_inputs["subscriptionId"] for r in providers} == {STAND_INS["subscription_id"]}


def test_parameterized_resources_name_their_package(recorded: Recorded) -> None:
    instance = recorded(TWO_CLUSTERS).named("site-aio-instance")

    assert instance.type == "azure-native_iotoperations_v20260701:iotoperations:Instance"
    assert instance.options.package == "azure-native_iotoperations_v20260701"
