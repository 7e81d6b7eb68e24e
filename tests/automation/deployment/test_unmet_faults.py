"""An ordered fault that does not come true says why: a typo, a resource that stays as it is, or fewer tries."""

from __future__ import annotations

import pytest

from automation.deployment.unmet_faults import describe_unmet
from rehearsal.azure.faults import Fault, Faults

NAMES = ["site-node", "enterprise-node", "/subscriptions/s/resourceGroups/site-rg"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("site-nodde", "never triggered: no resource matches."),
        ("site-*", "never triggered: site-node matches, but there was no update of it."),
        ("*/RESOURCEGROUPS/site-rg", "never triggered: /subscriptions/s/resourceGroups/site-rg matches, but"),
    ],
)
def test_what_was_never_triggered_says_whether_anything_matches(target: str, why: str) -> None:
    (said,) = describe_unmet(Faults(Fault(target, "update", "throttled")), NAMES)
    assert said.startswith(f"Fault {target}:update:throttled was {why}")


def test_what_was_triggered_less_often_than_ordered_is_counted() -> None:
    faults = Faults(Fault("site-*", "create", "bad-request", 3))
    faults.take("create", "", "site-node")
    (said,) = describe_unmet(faults, NAMES)
    assert "was triggered 1 of 3 times: there was no further create." in said
    faults.take("create", "", "site-node")
    faults.take("create", "", "site-node")
    assert [*describe_unmet(faults, NAMES)] == []
