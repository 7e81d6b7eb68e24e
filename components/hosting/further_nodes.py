"""Further nodes of a cluster: machines that join the K3s of the first one as agents.

https://docs.k3s.io/cli/token and https://docs.k3s.io/cli/agent. They need neither the Azure CLI nor an identity: Azure
Arc is told of the cluster by its first node alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_random as random

from components.context import StampContext
from components.hosting.connected_cluster import SETUP_SECONDS, list_k3s_parameters
from components.hosting.host import RunOnMachine

_TOKEN_LENGTH = 48


def create_agent_token(context: StampContext) -> random.RandomPassword | None:
    """Create what lets agents into the cluster; None where there are none.

    Not the server's token: whoever has that is administrator (https://docs.k3s.io/cli/token, Server).
    """
    if not context.cluster.nodes:
        return None
    # Letters and digits: K3s reads others as parts of a token, K10, :: and a dot among them.
    return random.RandomPassword(
        context.logical_name("agent-token"), length=_TOKEN_LENGTH, special=False, opts=context.options()
    )


def join_k3s(
    context: StampContext,
    run: RunOnMachine,
    token: random.RandomPassword | None,
    name: str,
    *,
    cluster_id: pulumi.Input[str],
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Let a machine join.

    Args:
        cluster_id: an output of the first node, which another cluster has not: a machine that has joined one joins no
            other.
        depends_on: what sets K3s up on the first node.
    """
    assert token, "a cluster with further nodes has a token"
    return run(
        "setup-k3s",
        {
            **list_k3s_parameters(context),
            "SERVER_URL": f"https://{context.cluster.address}:6443",
            "CLUSTER_ID": cluster_id,
            "NODE_NAME": name,
        },
        timeout_seconds=SETUP_SECONDS,
        parent=context.parent,
        depends_on=depends_on,
        name="join-k3s",
        protected={"AGENT_TOKEN": token.result},
    )
