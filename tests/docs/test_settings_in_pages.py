"""Settings in a page can be used as they stand; what is marked as wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from settings import SettingsError, load
from settings.defaults import merged
from settings.stack_file import SETTINGS_KEY
from settings.stand_ins import with_stand_ins
from tests.conftest import TWO_CLUSTERS
from tests.docs.pages import PAGES, Block

_BASE: dict[str, Any] = {**TWO_CLUSTERS, "clusters": {"site": {}, "enterprise": {}}}
"""What a block that shows only some keys is laid over."""
_WRONG = "wrong"


def mistakes(text: str) -> str:
    """Why the settings in a block cannot be used; empty if they can."""
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        return "no map"
    shown = document["config"][SETTINGS_KEY] if "config" in document else document
    whole = shown if TWO_CLUSTERS.keys() <= shown.keys() else merged(_BASE, shown)
    config, _ = with_stand_ins({SETTINGS_KEY: whole})
    try:
        load(config[SETTINGS_KEY])
    except SettingsError as error:
        return str(error)
    return ""


def _blocks() -> list[Block]:
    """Blocks of YAML that are no Kubernetes object; nothing else is written in YAML here."""
    found = [block for page in PAGES for block in page.blocks if block.language == "yaml"]
    return [block for block in found if "apiVersion:" not in block.text]


@pytest.mark.parametrize("block", _blocks(), ids=lambda block: block.where)
def test_settings_in_a_page_are_what_it_says(block: Block) -> None:
    said = mistakes(block.text)

    assert bool(said) == (block.info.split()[1:] == [_WRONG]), said


def test_there_are_settings_of_both_kinds() -> None:
    assert {block.info for block in _blocks()} == {"yaml", "yaml wrong"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clusters: {plant2: {code: c, adress_space: 10.3.0.0/16}}", "the nearest is address_space"),
        ("links: [{from: site, to: enterprize}]", "did you mean enterprise?"),
        ("{prefix: myorg, environment: dev, location: moon}", "regions"),
        ("config: {edge-stamps:settings: {prefix: 1, environment: dev, location: eastus2}}", "prefix"),
        ("- site", "no map"),
    ],
)
def test_settings_that_cannot_be_used_are_noticed(text: str, said: str) -> None:
    assert said in mistakes(text)


def test_a_tenants_own_values_are_judged_and_not_replaced() -> None:
    assert "subscription_id" in mistakes("subscription_id: 1234")
