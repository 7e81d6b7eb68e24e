"""Rules of the tenant's values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from settings.errors import Problem
from settings.fields import find_about
from settings.schema import StackSection

_IDS = (
    "subscription_id", "tenant_id", "custom_locations_object_id", "admin_group_object_id", "operator_group_object_id",
)  # fmt: skip


def different_ids(stack: StackSection) -> Iterator[Problem]:
    """Report two ids that are equal: one was pasted into the wrong line."""
    for first, second in combinations(_IDS, 2):
        if (value := getattr(stack, first)) == getattr(stack, second):
            about = find_about(StackSection.model_fields[second])
            expected = f"{about.expected}; it cannot equal {first}"
            yield Problem(second, value, expected, str(about.example), about.hint)
