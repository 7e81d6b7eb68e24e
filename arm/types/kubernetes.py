"""Microsoft.Kubernetes: clusters that Azure Arc knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm.types.resource_type import STATE, Estimate, Refusal, ResourceType

CAN_SIGN_IN: Mapping[str, Any] = {
    "location": "westeurope",
    "identity": {"type": "SystemAssigned"},
    "oidcIssuerProfile": {"enabled": True},
    "securityProfile": {"workloadIdentity": {"enabled": True}},
}
"""Body of a cluster that somebody has connected so that its workloads can sign in to Azure."""
CONNECTED_CLUSTER = ResourceType(
    "kubernetes",
    "ConnectedCluster",
    ("2024-12-01-preview", "2026-05-01"),
    "Microsoft.Kubernetes/connectedClusters/{clusterName}",
    Estimate("Arc and extensions", 60),
    packaged=True,
    replaced_by=("location",),  # [spec]
    computed={
        **STATE,
        "connectivityStatus": lambda _: "Connected",
        "oidcIssuerProfile.issuerUrl": lambda created: (
            f"https://{created.inputs.get('location', 'region')}.oic.prod-arc.azure.com/{created.tenant_id}"
            f"/{created.guid('issuer')}/"
        ),
    },
    in_use_refusals={
        "Microsoft.ExtendedLocation/customLocations": Refusal(  # the code is ours: Microsoft documents none
            409,
            "ConnectedClusterInUse",
            "Connected cluster {id} cannot be deleted: custom location {user} is on it.",
        )
    },
)
