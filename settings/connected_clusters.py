"""What the settings say of a cluster that Arc knows already: its id, and how whoever deploys reaches it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.fields import arm_id

ConnectedClusterId = Annotated[str, arm_id("Microsoft.Kubernetes/connectedClusters", r"[-\w]{1,63}")]
Kubeconfig = Annotated[str, Field(pattern=r"^(~/|/)\S+$")]
KubeContext = Annotated[str, Field(pattern=r"^\S{1,253}$")]
