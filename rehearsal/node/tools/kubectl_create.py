"""kubectl create: a token, and reviews of what somebody may. Both are made without being kept.

kubernetes/kubectl, pkg/cmd/create; kubernetes.io/docs/reference/access-authn-authz/authorization, "Checking
API access".
"""

from __future__ import annotations

import json

from graph.inputs import list_at, map_at
from rehearsal.node.machine import Machine
from rehearsal.node.tools import access_review, k3s
from rehearsal.node.tools.flags import Line
from rehearsal.node.tools.mqtt_broker import make_token
from rehearsal.node.tools.refusal import RefusalError


def create(line: Line, machine: Machine, _: float) -> str:
    """Answer `create token` and `create --filename`."""
    return _review(line, machine) if line.has("--filename") else _create_token(line, machine)


def _create_token(line: Line, machine: Machine) -> str:
    """Return a token for a service account."""
    if line.words[:1] != ["token"] or len(line.words) != 2:
        raise ValueError(
            f"kubectl create {' '.join(line.words)}: the model makes tokens only; extend kubectl_create.py"
        )
    if line.words[1] != "default":  # every namespace has it; which others there are, the model does not know
        raise RefusalError(1, f'error: failed to create token: serviceaccounts "{line.words[1]}" not found')
    return make_token(line.last("--audience", k3s.issuers(machine)[0])) + "\n"


def _review(line: Line, machine: Machine) -> str:
    """Return the reviews with their answers, one document after the other."""
    items = list_at(json.loads(machine.path(line.last("--filename")).read_text()), "items")
    others = [one for one in items if one.get("kind") != "SubjectAccessReview"]
    if others or line.words or line.last("--output") != "json":
        raise ValueError(
            "kubectl create --filename: the model answers a list of SubjectAccessReviews in JSON only; extend"
            " kubectl_create.py"
        )
    answers = (
        {**one, "status": {"allowed": access_review.is_allowed(map_at(one, "spec"), machine.facts.get("objects", ()))}}
        for one in items
    )
    return "".join(f"{json.dumps(one, indent=4)}\n" for one in answers)
