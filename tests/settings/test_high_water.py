"""Generations only rise, also over the absence of what they are of."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from settings import loading, stack_file
from settings.errors import SettingsError
from settings.high_water import Mark, find_lowered, raise_marks, read_marks
from settings.rotation import Deployed, find_live
from settings.stand_ins import STAND_INS, with_stand_ins
from tests.conftest import PROGRAM, TWO_BROKERS

Marks = Mapping[str, Mark]
_OWNERS = {
    "authorities": "pki.generation",
    "broker/enterprise": "clusters.enterprise.listener.generation",
    "broker/archive": "clusters.archive.listener.generation",
    "link/site-to-enterprise": "links[0].generation",
    "link/site-to-archive": "links[1].generation",
    "link/enterprise-to-archive": "links[2].generation",
}


def wanted(generation: int, *, links: int = 3) -> dict[str, Any]:
    """Settings in which every generation is this one."""
    settings: dict[str, Any] = {**STAND_INS, **copy.deepcopy(TWO_BROKERS), "pki": {"generation": generation}}
    settings["links"] = [link | {"generation": generation} for link in settings["links"][:links]]
    brokers = {link["to"] for link in settings["links"]}
    for name, cluster in settings["clusters"].items():
        listener = {**cluster.pop("listener", {}), "generation": generation}
        cluster |= {"listener": listener} if name in brokers else {}
    return settings


def deploy(settings: dict[str, Any], before: Marks) -> Marks:
    """What the state holds afterwards; numbers are floating-point there."""
    resolved = loading.load(settings)
    written = raise_marks(resolved, before, find_live(resolved, before, Deployed()).by_owner)
    return read_marks(json.loads(json.dumps(written), parse_int=float))


def refused(settings: dict[str, Any], before: Marks) -> dict[str, str]:
    """Place -> the least generation that is taken there."""
    return {one.where: one.example for one in find_lowered(loading.load(settings), before)}


def test_the_first_deployment_may_have_any() -> None:
    assert refused(wanted(7), {}) == {}


def test_every_generation_may_stay_and_rise() -> None:
    marks = deploy(wanted(2), {})
    assert marks.keys() == _OWNERS.keys()
    assert refused(wanted(2), marks) == refused(wanted(9), marks) == {}


def test_every_lowered_generation_is_told_at_once_with_what_is_taken() -> None:
    assert refused(wanted(2), deploy(wanted(3), {})) == dict.fromkeys(_OWNERS.values(), "3")


def test_what_comes_back_needs_a_key_that_nobody_has_had() -> None:
    marks = deploy(wanted(2, links=1), deploy(wanted(2), {}))
    back = {"links[1].generation", "links[2].generation", "clusters.archive.listener.generation"}
    assert refused(wanted(2), marks) == dict.fromkeys(back, "3")
    assert refused(wanted(3), marks) == {}


def test_what_is_gone_is_not_forgotten_however_long_it_is_away() -> None:
    marks = deploy(wanted(5), {})
    for _ in range(3):
        marks = deploy(wanted(5, links=1), marks)
    assert marks["link/site-to-archive"] == Mark(5, in_use=False)


def test_a_lowered_generation_is_told_with_its_line() -> None:
    config, _ = with_stand_ins(stack_file.read(PROGRAM, "dev"))
    before = {"link/site-to-enterprise": Mark(2, in_use=True)}
    with pytest.raises(
        SettingsError, match=r"links\[0\].generation \(Pulumi.dev.yaml:\d+\)\n +given: +1\n +expected: 2"
    ):
        stack_file.load(PROGRAM, "dev", config[stack_file.SETTINGS_KEY], before=before)
