"""The software that setup-k3s.sh is told to install on a node."""

from __future__ import annotations

from collections.abc import Mapping

from arm.hosting import JOIN
from rules.facts import node
from rules.lookup import Hits, View
from settings.schema import NodeSection


def as_tried(view: View) -> Hits:
    """Require the versions that the facts have: others are untried with AIO, or not there to install."""
    for cluster in view.clusters:
        for command in (one for script in ("setup-k3s", JOIN) for one in view.commands(cluster, script)):
            parameters = view.parameters(command)
            for name, fact in node.TOOLS.items():
                version = parameters.get(name)
                if version and version != fact.value:  # one that lacks: LIFE-02
                    message = f"parameter {name}: {version[:80]!r}; expected {fact.value!r}, as in"
                    yield command.name, f"{message} rules/facts/node.py: change both after a run on a real node"
            if asked_for := view.settings.clusters[cluster].node:
                yield from _differences(command.name, parameters, asked_for)


def _differences(command: str, parameters: Mapping[str, str], asked_for: NodeSection) -> Hits:
    """Compare with the settings; a version that lacks is of LIFE-02."""
    for name, wanted in (("K3S_VERSION", asked_for.k3s_version), ("K3S_SHA256", asked_for.k3s_sha256 or "")):
        given = parameters.get(name, "")
        if given != wanted and (given or name == "K3S_SHA256"):
            yield command, f"parameter {name}: {given[:80]!r}; the settings ask for {wanted!r}"
