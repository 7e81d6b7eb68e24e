"""The software that setup-k3s.sh is told to install on a node."""

from __future__ import annotations

from rules.facts import node
from rules.lookup import Hits, View


def as_tried(view: View) -> Hits:
    """Require the versions that the facts have: others are untried with AIO, or not there to install."""
    for cluster in view.clusters:
        for command in view.commands(cluster, "setup-k3s"):
            parameters = view.parameters(command)
            for name, fact in node.TOOLS.items():
                version = parameters.get(name)
                if version and version != fact.value:  # one that lacks: LIFE-02
                    message = f"parameter {name}: {version[:80]!r}; expected {fact.value!r}, as in"
                    yield command.name, f"{message} rules/facts/node.py: change both after a run on a real node"
            given, asked_for = parameters.get("K3S_VERSION"), view.settings.clusters[cluster].node
            if given and asked_for and given != asked_for.k3s_version:
                message = f"parameter K3S_VERSION: {given[:80]!r}; the settings ask for {asked_for.k3s_version!r}"
                yield command.name, message
