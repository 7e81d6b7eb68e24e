"""Profiles are partial stack files; a gap in one is a mistake of its author and never told to a user."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from settings.profiles import PROFILES, faults
from settings.schema import PROFILE_NAMES, PROFILE_SECTIONS


def test_the_profiles_are_those_that_a_stack_file_may_name() -> None:
    assert tuple(PROFILES) == PROFILE_NAMES


def test_every_profile_fits_the_schema() -> None:
    assert list(faults(PROFILES)) == []


@pytest.mark.parametrize("section", PROFILE_SECTIONS)
def test_what_a_profile_lacks_is_named_with_its_place(section: str) -> None:
    profiles: dict[str, Any] = copy.deepcopy({name: dict(values) for name, values in PROFILES.items()})
    key = next(iter(profiles["prod"][section]))
    del profiles["prod"][section][key]
    profiles["dev"][section]["unheard_of"] = 1
    assert set(faults(profiles)) == {
        f"profile prod lacks {section}.{key}, which has no default in settings/schema.py",
        f"profile dev sets {section}.unheard_of, which is no field of settings/schema.py",
    }
