"""States that name what they do not hold."""

from __future__ import annotations

from typing import Any

import pytest

from automation.deployment.dangling import drop_dangling

A, B, GONE = (f"urn:pulumi:dev::edge-stamps::t::{name}" for name in ("a", "b", "gone"))


def state(**of_b: Any) -> dict[str, Any]:
    return {"resources": [{"urn": A}, {"urn": B, "parent": A, **of_b}], "metadata": {"kept": True}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"dependencies": [A, GONE]}, {"dependencies": [A]}),
        ({"propertyDependencies": {"x": [GONE], "y": [A, GONE], "z": None}},
         {"propertyDependencies": {"x": [], "y": [A], "z": None}}),
        ({"replaceWith": [GONE]}, {"replaceWith": []}),
        ({"deletedWith": GONE}, {"deletedWith": ""}),
    ],
)  # fmt: skip
def test_each_way_to_name_another_is_mended(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert drop_dangling(state(**given)) == (
        state(**kept), ["b: it needed gone, which the state has no more"]
    )  # fmt: skip


def test_a_whole_state_stays_as_it_is() -> None:
    whole = state(dependencies=[A], propertyDependencies={"x": [A]}, deletedWith=A)
    assert drop_dangling(whole) == (whole, [])


def test_a_stack_without_resources_stays_as_it_is() -> None:
    assert drop_dangling({}) == ({}, [])
