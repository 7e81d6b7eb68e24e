"""The stack `dev` from nothing to nothing: first preview, up, unchanged runs, recovery of a failed create, destroy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi.runtime.rpc import UNKNOWN

from automation.commands.stack import Target, outputs
from automation.deployment.engine import ChosenEngine
from automation.deployment.operations import EngineResult
from automation.deployment.protection import ProtectedError, ProtectedLossError, refuse_loss
from graph.evaluate_stack import evaluate_stack
from graph.urns import name_of
from rehearsal.providers.serve import all_providers
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM
from tests.engine.azure import Azure
from tests.engine.conftest import STACK, Deployment, FirstUp
from tests.engine.engine import Kind, StackUnderTest


@dataclass
class Interrupted(Deployment):
    """A first `up` in which the set-up of the site's node was accepted and failed."""

    result: EngineResult


def test_the_first_preview_on_an_empty_world_creates_everything(first_up: FirstUp) -> None:
    assert set(first_up.preview.changes.values()) == {"create"}
    assert first_up.preview.changes == first_up.result.changes


def test_the_engine_registers_what_the_recorded_graph_says(first_up: FirstUp) -> None:
    recorded = evaluate_stack(load_stack(PROGRAM, "dev", stand_ins=True), preview=False).graph
    deployed = {
        resource["urn"]: sorted(resource.get("dependencies", []))
        for resource in first_up.stack.export()["resources"]
        if not resource["type"].startswith("pulumi:")
    }
    assert deployed == {
        urn: sorted(resource.dependencies)
        for urn, resource in recorded.resources.items()
        if not resource.type.startswith("pulumi:")
    }


def test_outputs_are_known_after_up_and_name_every_cluster(first_up: FirstUp) -> None:
    outputs = first_up.result.outputs
    assert set(outputs["clusters"]) == set(outputs["arc_proxy_commands"]) == {"site", "enterprise"}
    assert first_up.preview.outputs["broker_endpoints"]["enterprise"]["ca_fingerprint"] is None
    assert len(outputs["broker_endpoints"]["enterprise"]["ca_fingerprint"]) == 64


def test_no_private_key_is_readable_in_the_state(first_up: FirstUp, engine: Kind) -> None:
    """The real engine encrypts it; the offline engine marks it secret and keeps the file to its owner."""
    stored = first_up.stack.stored()
    assert "BEGIN CERTIFICATE" in stored
    assert [text for text in _in_clear(json.loads(stored)) if "PRIVATE KEY" in text] == []
    assert engine == "offline" or "PRIVATE KEY" not in stored


def _in_clear(value: Any) -> Iterator[str]:
    """Every text that no secret mark covers (its signature: pulumi/pulumi, sdk/go/common/resource/sig)."""
    if isinstance(value, dict):
        if value.get("4dabf18193072939515e22adb298388d") != "1b47061264138c4ac30d75fd1eb44270":
            for item in value.values():
                yield from _in_clear(item)
    elif isinstance(value, list):
        for item in value:
            yield from _in_clear(item)
    elif isinstance(value, str):
        yield value


def test_the_engine_has_nothing_to_warn_about(first_up: FirstUp) -> None:
    assert "warning" not in first_up.result.text.lower()


def test_what_the_program_logs_is_told_and_an_error_ends_up_badly(deployed: Deployment) -> None:
    program = deployed.stack.project / "__main__.py"
    logs = ['warn("look out", stamps["site"])', 'info("by the way")', 'error("it is wrong")']
    program.write_text("\n".join([program.read_text(), *(f"pulumi.log.{each}" for each in logs)]))
    preview = deployed.stack.preview()
    assert preview.ok and preview.failures == {"": "it is wrong"}
    assert {"warning:", "error:"} <= set(preview.text.split())
    assert all(text in preview.text for text in ("look out", "by the way", "it is wrong"))
    with deployed.stack.deployer() as deployer:
        report = deployer.up()
    assert [(one.name, one.message) for one in report.failures] == [("the program or the engine", "it is wrong")]


def test_the_second_preview_is_empty(deployed: Deployment) -> None:
    assert deployed.stack.preview().changes == {}


def test_a_refresh_is_empty(deployed: Deployment) -> None:
    """Although the second half of a peering has connected the first: its state is ignored on purpose."""
    assert deployed.stack.refresh().changes == {}


def test_a_preview_after_a_refresh_is_empty(deployed: Deployment) -> None:
    deployed.stack.refresh()
    assert deployed.stack.preview().changes == {}


@pytest.fixture(scope="module")
def interrupted(engine: Kind, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    azure = Azure()
    azure.order("site-setup-k3s", "accepted-then-failed")
    stack = StackUnderTest.new(
        engine, tmp_path_factory.mktemp("interrupted") / "stack", all_providers(azure.provider), STACK
    )
    return Interrupted(stack, azure, stack.up(may_fail=True))


def test_what_needs_a_failed_script_is_not_tried(interrupted: Interrupted) -> None:
    assert [name_of(urn) for urn in interrupted.result.failures] == ["site-setup-k3s"]


def test_a_create_that_failed_after_azure_accepted_it_is_kept_and_the_next_up_goes_on_from_there(
    interrupted: Interrupted,
) -> None:
    first = interrupted.result.names("create")
    assert "enterprise-link-listener" in first, "the other cluster does not wait"
    assert "site-connect-arc" not in first

    second = interrupted.stack.up()
    assert second.names("update") == {"site-setup-k3s"}
    assert "site-connect-arc" in second.names("create")
    assert second.names("replace") == second.names("delete") == set()
    assert interrupted.stack.preview().changes == {}


def test_outputs_that_a_failed_up_leaves_unknown_are_null(fresh: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real engine writes them as a text of its own, which looks like an id."""
    fresh.azure.order("enterprise-virtual-network", "bad-request")
    fresh.stack.up(may_fail=True)
    target = cast("Target", SimpleNamespace(engine=ChosenEngine()))
    with fresh.stack.deployer() as deployer:
        monkeypatch.setattr("automation.commands.stack.deployer_of", lambda _: deployer)
        result = outputs(target)
    assert UNKNOWN not in json.dumps(result.own)
    assert result.own["outputs"]["clusters"]["enterprise"]["virtual_network"] == {"id": None, "name": None}
    assert result.own["outputs"]["clusters"]["site"]["virtual_network"]["name"]


def test_what_azure_refuses_is_created_by_the_next_up_and_the_rest_by_the_first(fresh: Deployment) -> None:
    fresh.azure.order("site-key-vault", "bad-request")

    first = fresh.stack.up(may_fail=True)
    assert [name_of(urn) for urn in first.failures] == ["site-key-vault"]
    assert 'Code="BadRequest"' in "".join(first.failures.values())
    assert {"enterprise-link-listener", "site-connect-arc"} <= first.names("create")
    assert "site-vault-site-to-enterprise-client-leaf-key-g1" not in first.names("create")

    second = fresh.stack.up()
    assert set(second.changes.values()) == {"create"}
    assert second.names("create").isdisjoint(first.names("create"))
    assert "site-key-vault" in second.names("create")
    assert fresh.stack.preview().changes == {}


def test_destroy_leaves_nothing(deployed: Deployment, first_up: FirstUp) -> None:
    result = deployed.stack.destroy()
    assert result.changes == dict.fromkeys(first_up.result.changes, "delete")
    assert deployed.azure.ids() == set()
    assert not deployed.stack.export().get("resources")


def test_a_stack_with_protected_resources_is_not_destroyed_at_all(protected: Deployment) -> None:
    before = protected.azure.seen()
    with (
        protected.stack.deployer() as deployer,
        pytest.raises(ProtectedError, match="these resources are protected") as refused,
    ):
        deployer.destroy()

    assert {"site-key-vault", "enterprise-virtual-network", "site-node"} <= set(str(refused.value).split())
    assert protected.azure.seen() == before


def test_a_program_that_lacks_what_is_protected_is_refused_before_anything_is_changed(protected: Deployment) -> None:
    wanted = evaluate_stack(load_stack(PROGRAM, "prod", stand_ins=True), preview=False).graph
    with protected.stack.deployer() as deployer:
        refuse_loss("prod", deployer.deployment(), wanted)
        for urn in [urn for urn, one in wanted.resources.items() if one.name.startswith("site-")]:
            del wanted.resources[urn]
        with pytest.raises(ProtectedLossError, match="no longer has these resources of stack") as refused:
            refuse_loss("prod", deployer.deployment(), wanted)
    named = [line.strip() for line in str(refused.value).splitlines() if line.startswith("  ")]
    assert {"site-key-vault", "site-virtual-network", "site-node"} <= set(named)
    assert all(name.startswith("site-") for name in named)


def test_a_protected_node_refuses_to_be_replaced(protected: Deployment) -> None:
    before = protected.azure.seen()
    result = protected.stack.up(replace=[protected.urn("site-node")], may_fail=True)
    assert not result.ok
    assert "protect" in "\n".join(result.failures.values())
    assert protected.azure.seen() == before
