"""kubectl create token: the one thing that is made without being kept (kubernetes/kubectl, pkg/cmd/create)."""

from __future__ import annotations

from rehearsal.node.machine import Machine
from rehearsal.node.tools import k3s
from rehearsal.node.tools.flags import Line
from rehearsal.node.tools.mqtt_broker import make_token
from rehearsal.node.tools.refusal import RefusalError


def create_token(line: Line, machine: Machine, _: float) -> str:
    """Return a token for a service account."""
    if line.words[:1] != ["token"] or len(line.words) != 2:
        raise ValueError(
            f"kubectl create {' '.join(line.words)}: the model makes tokens only; extend kubectl_create.py"
        )
    if line.words[1] != "default":  # every namespace has it; which others there are, the model does not know
        raise RefusalError(1, f'error: failed to create token: serviceaccounts "{line.words[1]}" not found')
    return make_token(line.last("--audience", k3s.issuers(machine)[0])) + "\n"
