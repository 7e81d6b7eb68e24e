"""What lets a script run again that has not changed: Azure runs no body of a Run Command twice, also after a failure.

Source: Azure/run-command-handler-linux, internal/cmds/cmds.go, checkAndSaveSeqNum.
"""

from __future__ import annotations

from arm.hosting import BY_SCRIPT_TYPE
from graph.graph import Resource
from graph.inputs import text_at
from graph.random_values import RANDOM_ID
from rules.lookup import Hits, View


def can_run_again(view: View) -> Hits:
    """Require that all scripts of a cluster carry one random value of its own, which only `--replace` changes."""
    owners: dict[str, str] = {}
    for cluster in view.clusters:
        runs = dict[str, Resource]()
        for script in view.all(*BY_SCRIPT_TYPE, cluster=cluster):
            carried = _carried(view, script)
            runs |= {run.urn: run for run in carried}
            yield from _told(view, script, carried)
        if len(runs) > 1:
            names = ", ".join(sorted(run.name for run in runs.values()))
            yield cluster, f"its scripts carry values of {names}; expected one for all of them"
        for run in runs.values():
            if owners.setdefault(run.urn, cluster) != cluster:
                message = f"the scripts of {owners[run.urn]} and {cluster} carry its value, and would run together"
                yield run.name, f"{message}; expected one for each cluster"
    for urn in owners:
        yield from _changes_on_demand(view, view.graph.resources[urn])


def _told(view: View, script: Resource, carried: list[Resource]) -> Hits:
    if not carried:
        message = "parameters: no value of a RandomId among them, so a script that failed for an outside reason cannot"
        yield script.name, f"{message} run again. Give its cluster's"
    for run in carried:
        if not any(f"'{run.urn}'" in value for value in view.parameters(script).values()):
            yield script.name, f"parameters: none names the URN of {run.name}, so no message says how to go on"


def _changes_on_demand(view: View, run: Resource) -> Hits:
    if keepers := view.inputs(run).get("keepers"):
        yield run.name, f"keepers: {keepers}; expected none: with each change of them all scripts would run again"
    if run.options.protect:
        yield run.name, "protect: expected false, as nothing could replace it"


def _carried(view: View, script: Resource) -> list[Resource]:
    """Return the random ids whose value is among the script's parameters."""
    values = view.parameters(script).values()
    return [one for one in view.graph.of_type(RANDOM_ID) if text_at(view.outputs(one), "hex") in values]
