"""What counts against a quota, and what does not; that each quota bites is in `cases_quotas`."""

from __future__ import annotations

import pytest

from rehearsal.azure.refusals.quotas import QUOTAS, family
from tests.rehearsal.azure.samples import Azure, refusal


def test_limits_are_those_that_azure_documents() -> None:
    assert {name: (quota.limit, quota.per) for name, quota in QUOTAS.items()} == {
        "federated credentials": (20, "parent"),
        "Run Commands": (25, "parent"),
        "dataflows": (70, "parent"),
        "role assignments": (4000, "subscription"),
        "peerings": (500, "parent"),
        "VNets": (1000, "region"),
        "public IP addresses": (1000, "region"),
        "storage accounts": (250, "region"),
        "resource groups": (980, "subscription"),
    }


def test_the_text_names_limit_and_place() -> None:
    azure = Azure(quotas={"storage accounts": 1})
    azure.deploy("group", "storage")
    with pytest.raises(Exception, match="already contains 1 storage accounts in location eastus2 and"):
        azure.put("storage", accountName="second")


def test_regions_have_quotas_of_their_own() -> None:
    azure = Azure(quotas={"VNets": 1})
    azure.deploy("group", "vnet")
    assert not refusal(azure.put, "vnet-b", location="westeurope")
    assert refusal(azure.put, "vnet-b", virtualNetworkName="vnet-c", location="West Europe") == "VnetCountLimitReached"


def test_parents_have_quotas_of_their_own() -> None:
    azure = Azure(quotas={"peerings": 1})
    azure.deploy("group", "vnet", "vnet-b", "peering")
    assert not refusal(azure.put, "peering-b")


def test_an_update_counts_nothing() -> None:
    azure = Azure(quotas={"VNets": 1, "resource groups": 1})
    azure.deploy("group", "vnet")
    assert not refusal(azure.put, "group", update=True)
    assert not refusal(azure.put, "vnet", update=True)


def test_what_is_deleted_counts_no_more() -> None:
    azure = Azure(quotas={"VNets": 1})
    azure.deploy("group", "vnet")
    azure.delete("vnet")
    assert not refusal(azure.put, "vnet-b")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"standardDSv5Family": 15}, "OperationNotAllowed"),
        ({"standardDSv5Family": 16}, ""),
        ({"standardDSv6Family": 0}, ""),
    ],
)
def test_a_family_counts_its_own_vms(limits: dict[str, int], code: str) -> None:
    azure = Azure(family_quota={"eastus2": limits, "westeurope": {"standardDSv5Family": 0}})
    azure.deploy_until("vm")
    assert azure.entry("vm").inputs["hardwareProfile"]["vmSize"] == "Standard_D8s_v5"
    azure.put("nic", networkInterfaceName="nic-2")
    assert refusal(azure.put, "vm", vmName="second") == code


def test_other_families_do_not_count() -> None:
    azure = Azure(family_quota={"eastus2": {"standardDSv5Family": 8}})
    azure.deploy_until("namespace")
    azure.put("vm", vmName="other", hardwareProfile={"vmSize": "Standard_E8s_v5"})
    assert not refusal(azure.put, "vm")


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ("Standard_D8s_v5", "standardDSv5Family"),
        ("Standard_D8ads_v5", "standardDADSv5Family"),
        ("Standard_E8-2s_v5", "standardESv5Family"),
        ("Standard_NC6", "standardNCFamily"),
        ("odd", ""),
    ],
)
def test_a_size_has_a_family(size: str, name: str) -> None:
    assert family({"hardwareProfile": {"vmSize": size}}) == name
