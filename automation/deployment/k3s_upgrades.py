"""K3s goes up by one Kubernetes minor at a time, and never back: a node refuses the rest when others have changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.graph import Graph
from graph.inputs import parameters
from graph.script_runs import has_failed, is_script
from graph.urns import name_of


class K3sUpgradeError(Exception):
    """A node would refuse its K3s; the text says which node, and the step that it takes."""

    def __init__(self, stack: str, steps: Sequence[str]) -> None:
        listed = "\n".join(f"  {step}" for step in steps)
        super().__init__(
            f"Nothing is changed: these nodes of stack {stack} would refuse their K3s, which goes up by one Kubernetes"
            f" minor at a time, and never back:\n{listed}\nNext: set `k3s_version` of these clusters in"
            f" Pulumi.{stack}.yaml to a release that may follow (https://github.com/k3s-io/k3s/releases), deploy it,"
            " and go on from there"
        )


def refuse_skipped_minors(stack: str, deployment: Mapping[str, Any], wanted: Graph) -> None:
    """Refuse a program that leads a node's K3s over a minor, or back.

    "Skipping minor versions when upgrading is unsupported"
    (https://kubernetes.io/releases/version-skew-policy/#kube-apiserver-2).

    Raises:
        K3sUpgradeError: it does.
    """
    if steps := [*_find_refused(deployment, wanted)]:
        raise K3sUpgradeError(stack, steps)


def _find_refused(deployment: Mapping[str, Any], wanted: Graph) -> Iterator[str]:
    resources = [one for one in deployment.get("resources") or [] if not one.get("delete")]
    for resource in resources:
        known = is_script(resource["type"]) and resource["urn"] in wanted.resources
        if not known or has_failed(resource, resources):
            continue  # of a script that has failed nobody knows what it has installed
        old = parameters(resource.get("inputs") or {}).get("K3S_VERSION")
        new = parameters(wanted.resources[resource["urn"]].inputs).get("K3S_VERSION")
        if old and new:
            (major, minor, *_), numbers = _read_numbers(old), _read_numbers(new)
            if numbers[:2] > [major, minor + 1]:
                yield f"{name_of(resource['urn'])}: {old} to {new}; next is a release v{major}.{minor + 1}"
            elif numbers < _read_numbers(old):
                yield f"{name_of(resource['urn'])}: {old} to {new}; expected {old} or newer"


def _read_numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
