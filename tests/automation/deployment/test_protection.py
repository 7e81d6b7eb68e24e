"""What is protected is lost by nobody: a program without it is refused, one that has renamed it is not."""

from __future__ import annotations

import pulumi
import pulumi_tls as tls
import pytest

from automation.commands.errors import result_of
from automation.deployment.protection import ProtectedLossError, refuse_loss
from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.run_program import record

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
