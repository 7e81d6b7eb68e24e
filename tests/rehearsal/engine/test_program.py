"""The real program on the offline engine, on shapes that refuse nothing: what a change of the settings does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.engine import Engine, Result, State
from settings import stack_file
from settings.stand_ins import STAND_INS, with_stand_ins
from tests.conftest import PROGRAM
from tests.rehearsal.engine.memory import errors, ops, outcomes
from tests.rehearsal.engine.naive import NaiveProvider

Change = Callable[[dict[str, Any]], object]


def unchanged(settings: dict[str, Any]) -> None:
    """Leave the settings as they are committed."""


class Deployed:
    """The committed dev stack after its first `up`; each test works on a copy of its state."""

    def __init__(self) -> None:
        provider = NaiveProvider(STAND_INS["subscription_id"])
        self._providers = dict.fromkeys(("azure-native", "tls", "random"), provider)
        self.state = State()
        self.first = self.engine(unchanged).up()

    def engine(self, change: Change) -> Engine:
        config, _ = with_stand_ins(stack_file.read(PROGRAM, "dev"))
        settings = copy.deepcopy(config[stack_file.SETTINGS_KEY])
        change(settings)
        return Engine(PROGRAM, "dev", {**config, stack_file.SETTINGS_KEY: settings}, self._providers, self.state)

    def up(self, change: Change) -> Result:
        """`up` of the changed settings, which must do what its preview says and leave nothing to do."""
        kept = self.state
        self.state = State.from_export(kept.export())
        try:
            preview, result, after = (
                self.engine(change).preview(), self.engine(change).up(), self.engine(change).preview(),
            )  # fmt: skip
        finally:
            self.state = kept
        assert result.succeeded, errors(result)
        assert preview.outcomes.keys() == result.outcomes.keys()
        assert after.changes == {}
        return result


@pytest.fixture(scope="module")
def dev() -> Deployed:
    return Deployed()


def test_the_first_up_creates_the_whole_stack(dev: Deployed) -> None:
    assert dev.first.succeeded, errors(dev.first)
    assert set(dev.first.outcomes.values()) == {"create"}
    assert len(dev.state.resources) > 130
    assert dev.first.outputs["broker_endpoints"]["enterprise"]["port"] == 28883


def test_the_second_preview_and_a_refresh_are_empty(dev: Deployed) -> None:
    assert dev.engine(unchanged).preview().changes == {}
    assert dev.engine(unchanged).refresh(preview=True).changes == {}


def test_the_state_holds_default_providers_and_parameterized_packages(dev: Deployed) -> None:
    providers = {item.type.rpartition(":")[2]: item for item in dev.state.resources if ":providers:" in item.type}
    assert {"azure-native", "tls", "random"} < set(providers)
    (operations,) = (item for name, item in providers.items() if name.startswith("azure-native_iotoperations"))
    assert operations.inputs["__internal"]["name"] == "azure-native"


def test_another_port_updates_who_listens_and_who_connects(dev: Deployed) -> None:
    def other_port(settings: dict[str, Any]) -> None:
        settings["clusters"]["enterprise"]["listener"]["port"] = 28884

    result = dev.up(other_port)
    assert outcomes(result) == {
        "enterprise-link-listener": "update",
        "enterprise-network-security-group": "update",
        "site-to-enterprise-endpoint": "update",
        "site-probe-links": "update",
    }
    assert result.outputs["broker_endpoints"]["enterprise"]["port"] == 28884


def test_a_removed_link_takes_its_own_resources_along_and_replaces_nothing(dev: Deployed) -> None:
    def without_link(settings: dict[str, Any]) -> None:
        settings["links"] = []
        settings["clusters"]["enterprise"].pop("listener")

    result = dev.up(without_link)
    done = outcomes(result)
    assert {"update", "delete"} >= set(done.values())
    assert done["site-to-enterprise-endpoint"] == "delete"
    order = [name for op, name in ops(result, "delete")]
    assert order.index("site-to-enterprise-input") < order.index("site-to-enterprise-endpoint")


def test_a_replaced_node_takes_everything_on_it_along(dev: Deployed) -> None:
    def other_zone(settings: dict[str, Any]) -> None:
        settings["clusters"]["site"]["node"] = {"zone": "2"}

    result = dev.up(other_zone)
    replaced = {name for name, outcome in outcomes(result).items() if outcome == "replace"}
    assert {"site-node", "site-aio-instance", "site-to-enterprise-endpoint"} <= replaced
    assert not any(name.startswith("enterprise") for name in replaced)
    order = [name for op, name in ops(result, "delete-replaced")]
    assert order.index("site-aio-instance") < order.index("site-node")


def test_destroy_leaves_nothing(dev: Deployed) -> None:
    result = dev.engine(unchanged).destroy(preview=True)
    assert result.succeeded, errors(result)
    assert set(result.outcomes.values()) == {"delete"}
    assert len(result.outcomes) == len(dev.state.resources)
