"""Which scripts are to run again, by what the state says of their last run and by what somebody asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graph.script_runs import ScriptRuns, list_runs


class NoScriptsError(Exception):
    """A cluster is named of which the stack has run no script."""


def choose_runs(deployment: Mapping[str, Any], clusters: Collection[str] = ()) -> list[ScriptRuns]:
    """Return those of clusters that are named, or where a script has failed.

    Raises:
        NoScriptsError: a cluster is named that has none.
    """
    runs = list_runs(deployment)
    known = {one.cluster for one in runs}
    if unknown := sorted(set(clusters) - known):
        listed = ", ".join(sorted(known)) or "none so far"
        given = ", ".join(unknown)
        raise NoScriptsError(f"--run-again {given}: no script has run there so far; expected one of: {listed}")
    return [one for one in runs if one.failed or one.cluster in clusters]
