"""Find an error of Azure in the catalog: whether it passes, how long to wait, and what mends it."""

from __future__ import annotations

import re

from automation.deployment.error_catalog import REMEDIES, TRANSIENTS, Transient

LONGEST_WAIT = 300
"""Bound on a wait that a message asks for, in seconds."""

# Azure asks in words: "can be retried in 14 seconds", "try again after '372' seconds", "Retry-After: 17".
_WAIT = re.compile(r"(?:retry|retried|again)[ -](?:in|after)[\s:'\"]*(\d+)(?!\d|\W*min)", re.I)

_TRANSIENT = "The error is usually transient: run the same command again in a few minutes. What is done already stays."
_OTHERWISE = (
    "Fix what the message names, check the settings (`.venv/bin/python -m automation check --stack <stack>`) and run"
    " the same command again. What is done already stays."
)


def find_transient(message: str) -> Transient | None:
    """Return the transient error; None if the message also has one that is not."""
    if any(_matches(remedy.pattern, message) for remedy in REMEDIES if remedy.is_permanent):
        return None
    return next((transient for transient in TRANSIENTS if _matches(transient.pattern, message)), None)


def read_wait(transient: Transient, message: str) -> int:
    """Return the seconds before the next try: what the message asks for, within bounds, or the row's."""
    waits = [int(seconds) for seconds in _WAIT.findall(message)]
    return min(max(1, *waits), LONGEST_WAIT) if waits else transient.wait


def find_remedy(message: str, name: str = "") -> str:
    """Return the next step, in one sentence; `name` is the logical name of what has failed."""
    for remedy in REMEDIES:
        if _matches(remedy.pattern, message) and re.search(remedy.of, name):
            return remedy.remedy
    return _TRANSIENT if find_transient(message) else _OTHERWISE


def _matches(pattern: str, message: str) -> bool:
    """Return whether the pattern is in the message, however its lines are broken."""
    return re.search(pattern, " ".join(message.split()), re.I) is not None
