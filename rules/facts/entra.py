"""What Microsoft Entra decides: the audience of exchanged tokens, and ids of applications, the same everywhere."""

from __future__ import annotations

from datetime import date

from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 26)

TOKEN_EXCHANGE_AUDIENCE = Fact(
    "api://AzureADTokenExchange",
    Source(
        "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/secretsync/enable-secretsync.bicep",
        "federatedCredential.properties.audiences", _READ,
    ),
)  # fmt: skip
"""Audience of every federated credential of Azure's public cloud."""
CUSTOM_LOCATIONS_APPLICATION = Fact(
    "bc313c14-388c-4e7d-a58e-70017303ee3b",
    Source(
        "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration/common.py",
        "CUSTOM_LOCATIONS_RP_APP_ID", _READ,
    ),
)  # fmt: skip
"""Its *object* id differs per tenant."""
K8_BRIDGE_APPLICATION = Fact(
    "319f651f-7ddb-4fc6-9857-7aef9250bd05",
    Source(
        "learn.microsoft.com/powershell/module/az.iotoperationsservice",
        "examples: SystemDataLastModifiedBy of resources on a custom location; no page names the application", _READ,
        primary=False,
    ),
)  # fmt: skip
"""Sometimes taken for Custom Locations."""
