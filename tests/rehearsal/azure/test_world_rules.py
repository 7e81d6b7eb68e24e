"""Each rule bites: every one has a case that it refuses, and that passes or fails otherwise without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rehearsal.azure import refusals
from rehearsal.azure.errors import ArmError
from rehearsal.azure.refusals import WORLD_RULES, WorldRule
from rehearsal.azure.state import AzureState, Call
from tests.rehearsal.azure.all_cases import CASES
from tests.rehearsal.azure.cases import Case, new_azure
from tests.rehearsal.azure.samples import SITE, arm_id, refusal


def watched(rule: WorldRule, refused: list[str]) -> WorldRule:
    """The same rule, which notes its id when it refuses."""

    def check(state: AzureState, call: Call) -> Iterator[ArmError]:
        for error in rule.check(state, call):
            refused.append(rule.id)
            yield error

    return replace(rule, check=check)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario.__name__)
def test_is_refused_by_the_rule_and_not_without_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []
    monkeypatch.setattr(refusals, "WORLD_RULES", tuple(watched(rule, refused) for rule in WORLD_RULES))
    assert (case.play()[1], refused[-1:]) == (case.code, [case.rule])

    monkeypatch.setattr(refusals, "WORLD_RULES", tuple(rule for rule in WORLD_RULES if rule.id != case.rule))
    assert case.play()[1] != case.code


def test_every_rule_has_a_case() -> None:
    assert sorted({case.rule for case in CASES}) == sorted(rule.id for rule in WORLD_RULES)


def test_every_rule_has_an_id_of_its_own_a_title_and_a_source() -> None:
    ids = [rule.id for rule in WORLD_RULES]
    assert sorted(set(ids)) == ids
    assert all(rule.title and rule.source for rule in WORLD_RULES)


def test_a_whole_site_is_accepted_and_goes_in_the_opposite_order() -> None:
    azure = new_azure()
    azure.deploy_until("dataflow")
    for name in reversed(SITE):
        if name != "secret":  # leaves with its vault
            azure.delete(name)
    assert azure.world.entries() == []


def test_putting_the_same_site_again_is_accepted() -> None:
    azure = new_azure()
    azure.deploy_until("dataflow")
    before = azure.world.entries()
    for name in SITE:
        azure.put(name, update=True)
    assert [entry.outputs for entry in azure.world.entries()] == [entry.outputs for entry in before]


def test_a_part_of_another_body_may_be_referred_to() -> None:
    azure = new_azure()
    azure.put("group")
    azure.put("vnet", subnets=[{"name": "snet", "addressPrefix": "10.0.0.0/24"}])
    assert azure.put("nic").state == "Succeeded"


def test_ids_are_compared_without_case() -> None:
    azure = new_azure()
    azure.deploy("group", "public-ip")
    azure.put(
        "nat", publicIpAddresses=[{"id": arm_id("public-ip").upper().replace("/SUBSCRIPTIONS", "/subscriptions")}]
    )
    assert azure.world.get(arm_id("nat").upper()).name == "ng"


def test_a_location_may_be_written_as_people_do() -> None:
    azure = new_azure()
    azure.deploy("group", "vnet")
    assert azure.put("vnet", location="East US 2").state == "Succeeded"


def test_an_older_principal_needs_no_type() -> None:
    azure = new_azure()
    azure.deploy("group", "identity")
    azure.clock.advance(61)
    principal = azure.entry("identity").outputs["principalId"]
    assert azure.put("role", principalId=principal, principalType=None).state == "Succeeded"


@pytest.mark.parametrize(
    ("version", "code"), [("1.4.41", ""), ("1.4.40", "MissingResourceVersionOnHost"), ("1.5.0", "")]
)
def test_an_extension_serves_the_api_of_its_release_and_older_ones(version: str, code: str) -> None:
    azure = new_azure()
    azure.deploy_until("connect")
    azure.put("aio-extension", version=version)
    azure.deploy("secret-store", "location", "registry", "namespace")
    assert refusal(azure.put, "instance") == code


def test_limits_do_not_stop_updates() -> None:
    azure = new_azure()
    azure.deploy_until("profile")
    for n in range(24):  # there is one already
        azure.put("connect", runCommandName=f"number-{n}")
    for n in range(19):  # here as well
        azure.put("credential", federatedIdentityCredentialResourceName=f"number-{n}", subject=f"subject-{n}")
    for n in range(70):
        azure.put("dataflow", dataflowName=f"number-{n}")
    assert not refusal(azure.put, "connect")
    assert not refusal(azure.put, "credential")
    assert not refusal(azure.put, "dataflow", dataflowName="number-0")
    assert not refusal(azure.put, "vm", tags={"a": "b"})


def test_the_message_names_what_is_missing() -> None:
    azure = new_azure()
    azure.put("group")
    with pytest.raises(Exception, match="publicIPAddresses/pip") as caught:
        azure.put("nat")
    assert str(caught.value).startswith('Status=400 Code="InvalidResourceReference" Message="Resource /subscriptions/')
