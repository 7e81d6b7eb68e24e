"""Which scripts have to run again, by what the state says of their last run.

Azure runs no body of a Run Command twice, also where it has failed (Azure/run-command-handler-linux,
internal/cmds/cmds.go, checkAndSaveSeqNum). All scripts of a cluster carry the value of one RandomId, so that replacing
it changes their bodies: they are updated in place, and do nothing where nothing is to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE
from arm.shapes import shape_of, tokens
from graph.grouping import find_stamp
from graph.inputs import parameters, text_at
from graph.plan import graph_of_state
from graph.random_values import RANDOM_ID
from graph.urns import name_of
from nodes import identify_run
from settings.naming import SUCCEEDED


@dataclass(frozen=True)
class ScriptRuns:
    """What makes the scripts of one cluster run again, and those that carry its value."""

    urn: str
    cluster: str
    failed: tuple[str, ...]
    """Logical names of scripts whose last run has failed, or of which nobody knows how it ended."""


def list_runs(deployment: Mapping[str, Any]) -> list[ScriptRuns]:
    """Return every cluster of the state that has one.

    A script counts by its dependency, else by its value: what was adopted has no dependencies in the state, and what
    has failed as an update has its earlier value there, though Azure has seen the newer one.
    """
    resources = [one for one in deployment.get("resources") or [] if not one.get("delete")]
    graph = graph_of_state("", deployment)
    return [
        ScriptRuns(
            run["urn"],
            find_stamp(graph, graph.resources[run["urn"]]),
            tuple(sorted(_find_failed(resources, run))),
        )
        for run in resources
        if run["type"] == RANDOM_ID and "hex" in (run.get("outputs") or {})
    ]


def _find_failed(resources: Collection[Mapping[str, Any]], run: Mapping[str, Any]) -> Iterator[str]:
    for resource in resources:
        if is_script(resource["type"]):
            needed = (resource.get("propertyDependencies") or {}).get("parameters") or ()
            values = parameters(resource.get("inputs") or {}).values()
            if (run["urn"] in needed or run["outputs"]["hex"] in values) and has_failed(resource, resources):
                yield name_of(resource["urn"])


def has_failed(script: Mapping[str, Any], resources: Collection[Mapping[str, Any]]) -> bool:
    """Return whether the last run of a script has failed, or nobody knows how it ended; `resources` are the state's."""
    # A refresh takes the mark of a failure away, and Azure's word stays.
    state = (script.get("outputs") or {}).get("provisioningState")
    return bool(script.get("initErrors")) or state == "Failed" or not _has_succeeded(script, resources)


def _has_succeeded(script: Mapping[str, Any], resources: Collection[Mapping[str, Any]]) -> bool:
    """Return whether the state holds what is made once this very script has succeeded, where Azure does not tell."""
    if BY_SCRIPT_TYPE[shape_of(script["type"]).type].script_failure_flag:
        return True
    wanted, inputs = name_of(script["urn"]) + SUCCEEDED, script.get("inputs") or {}
    body = identify_run(text_at(inputs, "source.script"), parameters(inputs))
    made = (one for one in resources if name_of(one["urn"]) == wanted)
    return any(text_at(one.get("inputs"), "keepers.body") == body for one in made)


def is_script(token: str) -> bool:
    """Return whether resources of this Pulumi type run scripts on machines."""
    # A type that is not among the known ones is not of ARM, or of a later program.
    return token in tokens() and shape_of(token).type in BY_SCRIPT_TYPE
