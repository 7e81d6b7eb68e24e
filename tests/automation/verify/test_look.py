"""What is otherwise is shown, but not where its path says that it is a secret: it goes to terminals, CIs and files."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from automation.scrubbing import REMOVED
from automation.verify.look import Look, Place

_LOOK = Look(cast("Any", None), cast("Any", None), Place("cluster", "site"))
_SUBJECT = cast("Any", SimpleNamespace(label="some"))


@pytest.mark.parametrize(
    ("path", "expected", "seen", "found", "wanted"),
    [
        ("a.password", "one", "two", f"a.password is {REMOVED}", REMOVED),
        ("a.password", "one", None, "a.password is absent", REMOVED),
        ("a", {"mqtt.password.primary": "one"}, {}, "a.mqtt.password.primary is absent", REMOVED),
        ("a", [{"name": "API_KEY", "value": "one"}], [{"name": "API_KEY", "value": "two"}],
         f"a.API_KEY.value is {REMOVED}", REMOVED),
        ("a", 1, {"password": "two", "port": 1}, f"a is {{'password': '{REMOVED}', 'port': 1}}", "1"),
        ("a.secretName", "one", "two", "a.secretName is two", "one"),
        ("a.allowSharedKeyAccess", False, True, "a.allowSharedKeyAccess is true", "false"),
        ("a.id", "/subscriptions/1/a", "/subscriptions/2/a", "a.id is /subscriptions/2/a", "/subscriptions/1/a"),
    ],
)  # fmt: skip
def test_secrets_are_not_shown(path: str, expected: Any, seen: Any, found: str, wanted: str) -> None:
    (problem,) = _LOOK.same(_SUBJECT, path, expected, seen)
    assert (problem.seen, problem.expected) == (found, wanted)
