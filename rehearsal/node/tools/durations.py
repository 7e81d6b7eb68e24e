"""How long a call takes on a node, as its script sees it: long, and nothing unusual.

Chosen, not measured, but for `connect`, which takes as long as it waits for Arc's agents by default (connectedk8s,
_constants.py, DEFAULT_MAX_ONBOARDING_TIMEOUT_HELMVALUE_SECONDS). A bound that is smaller than this, around a call or of
the tool's own, would end calls on real nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DURATIONS: Mapping[tuple[str, ...], float] = {
    ("apt-get", "update"): 30,
    ("apt-get", "install"): 120,
    ("az", "login"): 5,
    ("az", "account"): 2,
    ("az", "extension", "add"): 60,
    ("az", "extension"): 2,
    ("az", "connectedk8s", "connect"): 1200,
    ("az", "connectedk8s", "delete"): 120,
    ("az", "connectedk8s", "enable-features"): 120,
    ("az", "connectedk8s", "show"): 4,
    ("az", "connectedk8s", "update"): 120,
    ("azcmagent", "connect"): 60,
    ("edge-stamps-az-python", "pip", "download"): 60,
    ("cloud-init", "status"): 60,
    ("curl",): 30,
    ("edge-stamps-k3s-installer",): 90,
    ("kubectl",): 1,
    ("systemctl", "restart"): 45,
    ("systemctl", "daemon-reload"): 2,
}
"""Tool and its first words, options left out -> seconds; what is not here takes none."""


def find_duration(tool: str, arguments: Sequence[str]) -> float:
    """Return the seconds of the longest row that fits."""
    words = (tool, *(word for word in arguments if not word.startswith("-")))
    fitting = [row for row in DURATIONS if row[0] == tool and {*row} <= {*words}]
    return DURATIONS[max(fitting, key=len)] if fitting else 0.0
