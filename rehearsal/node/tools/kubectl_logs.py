"""kubectl logs: what the model remembers that a container has printed, and what a kubelet says where there is nothing.

Flags: kubernetes/kubectl, pkg/cmd/logs/logs.go. Texts: kubernetes/kubernetes, pkg/kubelet/kubelet_pods.go
(validateContainerLogStatus), and pkg/registry/core/pod/strategy.go (LogLocation).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.inputs import list_at, map_at, text_at
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import Line
from rehearsal.node.tools.kubernetes_objects import find_kind, list_objects
from rehearsal.node.tools.refusal import RefusalError

FLAGS = (
    "--all-containers ~", "--all-pods ~", "--container -c VALUE", "--follow -f ~", "--ignore-errors ~",
    "--insecure-skip-tls-verify-backend ~", "--limit-bytes VALUE ~", "--max-log-requests VALUE",
    "--pod-running-timeout VALUE", "--prefix ~", "--previous -p", "--selector -l VALUE ~", "--since VALUE ~",
    "--since-time VALUE ~", "--tail VALUE", "--timestamps ~",
)  # fmt: skip
FACT = "logs"
"""Fact of a machine: namespace/pod/container, with /previous of the one before -> what it has printed. Nobody in the
model prints: a container that runs has an empty log, unless somebody has put something there."""


def logs(line: Line, machine: Machine, elapsed: float) -> str:
    """Return the last lines of one container."""
    if len(line.words) != 1 or "/" in line.words[0] or not line.has("--container"):
        raise ValueError("kubectl logs: the model knows only POD --container NAME; extend kubectl_logs.py")
    namespace, name, container = line.last("--namespace", "default"), line.words[0], line.last("--container")
    status = _find_container(machine, namespace, name, container, elapsed)
    if refusal := _refuse(status, name, container, previous=line.has("--previous")):
        raise RefusalError(1, f"Error from server (BadRequest): {refusal}")
    is_before = line.has("--previous") or bool(map_at(status, "state.waiting"))
    place = "/".join((namespace, name, container, *(["previous"] if is_before else [])))
    lines = machine.facts.get(FACT, {}).get(place, "").splitlines(keepends=True)
    count = int(line.last("--tail", "-1"))
    return "".join(lines if count < 0 else lines[len(lines) - min(count, len(lines)) :])


def _find_container(machine: Machine, namespace: str, name: str, container: str, elapsed: float) -> Mapping[str, Any]:
    kind = find_kind("pods", machine)
    for pod in list_objects(kind, machine, elapsed) if kind else ():
        if (text_at(pod, "metadata.namespace"), text_at(pod, "metadata.name")) == (namespace, name):
            for status in (*list_at(pod, "status.initContainerStatuses"), *list_at(pod, "status.containerStatuses")):
                if text_at(status, "name") == container:
                    found: Mapping[str, Any] = status
                    return found
            text = f"container {container} is not valid for pod {name}"
            raise RefusalError(1, f"Error from server (BadRequest): {text}")
    raise RefusalError(1, f'error: error from server (NotFound): pods "{name}" not found in namespace "{namespace}"')


def _refuse(status: Mapping[str, Any], pod: str, container: str, *, previous: bool) -> str:
    """Return what the kubelet says where there is no log; empty if there is one."""
    ended = map_at(status, "lastState.terminated")
    if previous:
        return "" if ended else f'previous terminated container "{container}" in pod "{pod}" not found'
    waiting = map_at(status, "state.waiting")
    if not waiting or ended:
        return ""
    reason = text_at(waiting, "reason")
    said = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}
    return f'container "{container}" in pod "{pod}" is waiting to start: {said.get(reason, reason)}'
