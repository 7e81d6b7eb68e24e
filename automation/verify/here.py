"""Scripts on the machine that verifies, for a cluster that was there before the stack: Azure knows no machine of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping

from automation.verify.azure import ScriptAnswer, UnseenError
from nodes import load_wrapper
from settings.hosts import ExistingCluster

RunHere = Callable[[str, str], ScriptAnswer]
"""Runs a script where kubectl reaches the connected cluster of this id.

Raises `UnseenError` where it could not run. Its times are those of this machine's clock.
"""
_SECONDS = 300
_WAY_SECONDS = 900
"""Until a proxy has begun, where others have to end first."""


def run_here(clusters: Mapping[str, ExistingCluster], subscription_id: str) -> RunHere:
    """Return what reaches these clusters, by their ids, as their scripts of `up` do: by Arc's proxy or a kubeconfig."""

    def run(cluster_id: str, script: str) -> ScriptAnswer:
        command = ["bash", "-c", load_wrapper()]
        environment = {**os.environ, **name_way(clusters[cluster_id], subscription_id)}
        began = time.time()
        try:
            # Its end takes proxy and script with it, whatever ends it.
            ran = subprocess.run(  # noqa: S603 the program's own script
                command, input=script, env=environment, timeout=_SECONDS + _WAY_SECONDS, capture_output=True, text=True
            )
        except subprocess.TimeoutExpired:
            raise UnseenError(f"the script has not ended within {_SECONDS + _WAY_SECONDS} s") from None
        except OSError as error:
            raise UnseenError(f"bash: {error.strerror}") from None
        return ScriptAnswer(ran.stdout, ran.stderr, began, time.time())

    return run


def run_nowhere(cluster_id: str, _: str) -> ScriptAnswer:
    """Refuse: whoever asks knows no way to the cluster."""
    raise UnseenError(f"no way to {cluster_id} is known here")


def name_way(cluster: ExistingCluster, subscription_id: str) -> Mapping[str, str]:
    """Return the parameters of `with-kubeconfig.sh`."""
    return {"SUBSCRIPTION_ID": subscription_id, **cluster.list_parameters(), "SCRIPT_SECONDS": str(_SECONDS)}
