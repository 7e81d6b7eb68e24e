"""What the settings say of a cluster that Arc knows already: its id, and how whoever deploys reaches it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_ID = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[-\w.()]{1,90}"
    r"/providers/Microsoft\.Kubernetes/connectedClusters/[-\w]{1,63}",
    re.IGNORECASE,
)


def _connected_cluster_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("no id of a connected cluster")
    return text


ConnectedClusterId = Annotated[str, AfterValidator(_connected_cluster_id)]
Kubeconfig = Annotated[str, Field(pattern=r"^(~/|/)\S+$")]
KubeContext = Annotated[str, Field(pattern=r"^\S{1,253}$")]
