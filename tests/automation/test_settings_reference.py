"""The reference of the settings: it holds every key, its example works, and what it says of changes is so."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from automation.reference.settings import _COMPUTED, render_settings
from rehearsal.azure.world import World
from rehearsal.engine import Engine, State
from rehearsal.modelled_azure import make_surroundings
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import load
from settings.profiles import PROFILES
from settings.sections import fields_of, sections
from settings.stack_file import SETTINGS_KEY
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, TWO_CLUSTERS
from tests.settings.samples import with_changes


def rows(place: str) -> dict[str, list[str]]:
    """Key -> the other cells, of the section at the place."""
    section = render_settings().split(f"## `{place}`\n")[1].split("\n## ")[0]
    cells = [re.split(r" \| ", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]
    return {key.strip("`"): others for key, *others in cells}


def test_every_key_has_a_row_in_its_section() -> None:
    for place, section in sections():
        assert list(rows(place or SETTINGS_KEY)) == list(fields_of(section))
    assert len(list(sections())) == 17


def test_every_default_is_said() -> None:
    texts = [default for place, _ in sections() for default, *_ in rows(place or SETTINGS_KEY).values()]
    assert all(texts)
    computed = [
        f"{place}.{key}".removeprefix(".")
        for place, section in sections()
        for key, field in fields_of(section).items()
        if not field.is_required() and field.default is None
    ]
    assert set(computed) <= set(_COMPUTED)


@pytest.mark.parametrize(
    ("place", "key", "default"),
    [
        (SETTINGS_KEY, "prefix", "**required**"),
        (SETTINGS_KEY, "instance", "`'001'`"),
        ("clusters.<name>", "code", "site `a`, enterprise `b`; required for others"),
        ("clusters.<name>.node", "zone", "dev `null`, prod `'1'`"),
        ("clusters.<name>.node", "os_disk_sku", "`Premium_LRS`"),
        ("clusters.<name>.listener", "port", "`28883`"),
        (
            "pki",
            "leaf_days",
            "dev `365`, prod `180`",
        ),
    ],
)
def test_a_default_is_that_of_its_layer(place: str, key: str, default: str) -> None:
    assert rows(place)[key][0] == default


def test_no_cell_is_taken_for_html() -> None:
    outside_code = re.sub(r"```.*?```|`[^`]*`", "", render_settings(), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", outside_code)


def test_the_example_is_a_whole_stack_file() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", render_settings(), re.DOTALL)
    settings = load(yaml.safe_load(text)["config"][SETTINGS_KEY])
    assert list(settings.clusters) == ["site", "enterprise", "plant2"]
    assert list(settings.links) == ["site-to-enterprise", "plant2-to-enterprise"]
    plant = settings.clusters["plant2"].node
    assert plant
    assert (plant.vm_size, plant.os_disk_gib) == ("Standard_D16s_v6", PROFILES["dev"]["node"]["os_disk_gib"])


class Deployed:
    """A stack in the modelled Azure, whose settings can be changed."""

    def __init__(self) -> None:
        surroundings = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])
        world = World(surroundings, run_script=ScriptRunner())
        self._providers = all_providers(AzureProvider(world))
        self._state = State()
        assert self._engine({}).up().succeeded

    def _engine(self, changes: dict[str, Any]) -> Engine:
        settings = with_changes(copy.deepcopy({**TWO_CLUSTERS, **STAND_INS}), changes)
        return Engine(PROGRAM, "test", {SETTINGS_KEY: settings}, self._providers, self._state)

    def preview(self, path: str, value: object) -> dict[str, str]:
        """Logical name of what changes -> what happens to it."""
        return {urn.rpartition("::")[2]: op for urn, op in self._engine({path: value}).preview().changes.items()}

    def refusals(self, path: str, value: object) -> str:
        """What an `up` says that fails; the stack is not to be used after it."""
        result = self._engine({path: value}).up()
        assert not result.succeeded
        return "\n".join(item.message for item in result.diagnostics if item.severity == "error")


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    return Deployed()


def test_another_name_or_region_replaces_everything(deployed: Deployed) -> None:
    replaced = {name for name, op in deployed.preview("instance", "002").items() if op == "replace"}
    assert {"site-resource-group", "enterprise-node", "site-broker"} <= replaced


def test_another_code_replaces_the_cluster(deployed: Deployed) -> None:
    replaced = {name for name, op in deployed.preview("clusters.site.code", "z").items() if op == "replace"}
    assert {"site-resource-group", "site-node", "site-broker"} <= replaced
    assert not replaced & {"enterprise-resource-group", "enterprise-node", "enterprise-broker"}


def test_another_size_of_the_broker_replaces_it(deployed: Deployed) -> None:
    changes = deployed.preview("clusters.site.broker.frontend_replicas", 3)
    assert changes["site-broker"] == "replace"
    assert "site-node" not in changes


def test_another_ssh_key_changes_nothing(deployed: Deployed) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@example.com"
    assert deployed.preview("ssh_public_key", key) == {}


def test_another_vm_size_updates_in_place(deployed: Deployed) -> None:
    assert deployed.preview("clusters.site.node.vm_size", "Standard_D16s_v6") == {"site-node": "update"}


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("clusters.site.node.os_disk_gib", 64, "site-node"),
        ("clusters.site.node.os_disk_sku", "StandardSSD_LRS", "site-node"),
        ("clusters.site.node.vm_size", "Standard_D8ds_v5", "site-node"),
        ("clusters.site.address_space", "10.9.0.0/16", "site-virtual-network"),
        ("clusters.site.subnet", "10.1.2.0/24", "site-subnet"),
    ],
)
def test_what_the_modelled_azure_takes_and_azure_refuses_is_said(
    deployed: Deployed, path: str, value: object, changed: str
) -> None:
    preview = deployed.preview(path, value)
    assert preview[changed] == "update"
    assert "replace" not in preview.values()
    (row,) = (line for line in render_settings().splitlines() if f"`{path.replace('.site.', '.<name>.')}`" in line)
    assert "not modelled" in row


def test_another_zone_is_refused() -> None:
    assert "zones" in Deployed().refusals("clusters.site.node.zone", "1")
