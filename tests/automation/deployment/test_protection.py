"""What is protected is lost by nobody: a program without it is refused, one that has renamed it is not."""

from __future__ import annotations

from typing import Any, cast

import pulumi
import pulumi_tls as tls
import pytest
from pulumi_azure_native import keyvault

from automation.commands.errors import result_of
from automation.deployment.protection import ProtectedLossError, ProtectedReplacementError, refuse_loss
from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.run_program import record
from tests.conftest import TWO_CLUSTERS, evaluate

URN = "urn:pulumi:prod::edge-stamps::tls:index/privateKey:PrivateKey"
DEPLOYED = {"resources": [{"urn": f"{URN}::former", "protect": True}, {"urn": f"{URN}::free"}]}


def wanted(name: str, *aliases: pulumi.Alias) -> Graph:
    def program() -> None:
        tls.PrivateKey(name, algorithm="ECDSA", opts=pulumi.ResourceOptions(aliases=list(aliases)))

    return record(program, "prod", {}, provider=ShapeProvider("s"), preview=False, subscription_id="s")


def test_a_protected_resource_may_be_renamed_with_an_alias() -> None:
    refuse_loss("prod", DEPLOYED, wanted("now", pulumi.Alias(name="former")))


@pytest.mark.parametrize("aliases", [[], [pulumi.Alias(name="another")]])
def test_without_the_alias_it_is_lost(aliases: list[pulumi.Alias]) -> None:
    with pytest.raises(ProtectedLossError, match=r"protected:\n  former$") as refused:
        refuse_loss("prod", DEPLOYED, wanted("now", *aliases))
    assert refused.value.urns == [f"{URN}::former"]


def test_on_a_real_stack_the_next_step_unprotects_what_is_lost_and_nothing_else() -> None:
    result = result_of(ProtectedLossError("prod", [f"{URN}::a", f"{URN}::b"]), "up", "prod", offline=False)
    assert result.next.endswith(
        f"pulumi state unprotect --stack prod '{URN}::a' '{URN}::b', then the same command again"
    )


def state_of(graph: Graph, **inputs: object) -> dict[str, list[dict[str, object]]]:
    """Return a state in which everything is protected, with other inputs in the place of its own."""
    return {
        "resources": [
            {"urn": urn, "protect": True, "inputs": {**one.plain_inputs, **inputs}}
            for urn, one in graph.resources.items()
            if one.custom
        ]
    }


def a_vault(*ignored: str) -> Graph:
    def program() -> None:
        keyvault.Vault(
            "vault",
            resource_group_name="group",
            vault_name="kv",
            location="eastus2",
            properties=keyvault.VaultPropertiesArgs(
                tenant_id="t", sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD)
            ),
            opts=pulumi.ResourceOptions(ignore_changes=list(ignored)),
        )

    return record(program, "prod", {}, provider=ShapeProvider("s"), preview=False, subscription_id="s")


def test_what_is_protected_may_change_in_place() -> None:
    refuse_loss("prod", state_of(a_vault(), tags={"owner": "another"}), a_vault())


def test_a_protected_resource_that_would_be_replaced_is_refused_before_anything_changes() -> None:
    with pytest.raises(ProtectedReplacementError, match=r"vault: vaultName was 'old' and is 'kv'$") as refused:
        refuse_loss("prod", state_of(a_vault(), vaultName="old"), a_vault())
    advice = result_of(refused.value, "up", "prod", offline=False)
    assert "put back what these inputs were" in advice.next
    assert f"pulumi state unprotect --stack prod '{refused.value.urns[0]}'" in advice.next


def test_a_change_that_is_ignored_replaces_nothing() -> None:
    refuse_loss("prod", state_of(a_vault(), vaultName="old"), a_vault("vaultName"))


def test_a_key_of_another_kind_is_a_replacement() -> None:
    with pytest.raises(ProtectedReplacementError, match="algorithm was 'RSA' and is 'ECDSA'"):
        refuse_loss("prod", state_of(wanted("now"), algorithm="RSA"), wanted("now"))


AIOS_OWN = {"max_session_hours": None, "max_packet_mib": None, "max_keep_alive_seconds": None}


def production(broker: dict[str, None]) -> dict[str, Any]:
    return {
        **TWO_CLUSTERS,
        "environment": "prod",
        "clusters": {name: {"broker": broker} for name in ("site", "enterprise")},
    }


def test_a_broker_of_before_there_were_limits_is_kept_by_leaving_them_to_aio() -> None:
    limited = evaluate(production({}))
    state = state_of(limited)
    for one in state["resources"]:
        if str(one["urn"]).endswith(("::site-broker", "::enterprise-broker")):
            inputs = cast("dict[str, Any]", one["inputs"])
            own = {name: value for name, value in inputs["properties"].items() if name != "advanced"}
            one["inputs"] = {**inputs, "properties": own}

    with pytest.raises(ProtectedReplacementError, match=r"\n  site-broker: properties\.advanced was None and is"):
        refuse_loss("test", state, limited)
    refuse_loss("test", state, evaluate(production(AIOS_OWN)))
