"""Every setting has another value than its default in a committed stack: else no rehearsal sees whether it arrives."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from settings import SettingsError, load, stack_file
from settings.sections import list_fields, place_of
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM

_ONE_VALUE = {"clusters.<name>.hosting"}
"""Settings with one legal value so far."""


def test_every_setting_has_another_value_than_its_default_in_a_committed_stack() -> None:
    stacks = [*stack_file.stacks(PROGRAM), *stack_file.examples(PROGRAM)]
    used = {place for stack in stacks for place in _used(stack_file.read(PROGRAM, stack)[stack_file.SETTINGS_KEY])}
    lacking = sorted(list_fields().keys() - used - _ONE_VALUE)
    assert not lacking, f"no committed stack uses {lacking}: add them to examples/Pulumi.every-setting.yaml"


def _used(raw: Any) -> Iterator[str]:
    """Yield the places of the settings in effect that differ without what the file says there."""
    raw = {**STAND_INS, **raw}
    values = load(raw).values
    for path, value in values.items():
        default = _default_of(raw, path)
        if default != value:
            yield place_of(path)


def _default_of(raw: dict[str, Any], path: str) -> object:
    """Return what is in effect where the file does not say it; a text of its own where it has to."""
    without = copy.deepcopy(raw)
    owner: Any = without
    last: Any
    *steps, last = [int(one) if one.isdigit() else one for one in path.replace("[", ".").replace("]", "").split(".")]
    for step in steps:
        owner = owner.get(step) if isinstance(owner, dict) else owner and owner[step]  # absent: a default
    if not isinstance(owner, dict) or last not in owner:
        return load(raw).values[path]
    del owner[last]
    try:
        return load(without).values.get(path, "nothing")
    except SettingsError:
        return "required"
