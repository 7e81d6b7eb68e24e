"""Microsoft.KubernetesConfiguration: extensions of an Arc cluster."""

from __future__ import annotations

from arm.types.resource_type import GROUP, STATE, Estimate, Refusal, ResourceType

_CONCERN = "Arc and extensions"

EXTENSION = ResourceType(
    "kubernetesconfiguration",
    "Extension",
    ("2023-05-01",),
    f"{GROUP}/providers/{{clusterRp}}/{{clusterResourceName}}/{{clusterName}}"
    "/providers/Microsoft.KubernetesConfiguration/extensions/{extensionName}",
    Estimate(_CONCERN, 240, "docs"),
    refined_by="extensionType",
    refined={
        "microsoft.certmanagement": Estimate(_CONCERN, 200, "docs"),
        "microsoft.azure.secretstore": Estimate(_CONCERN, 180, "docs"),
        "microsoft.iotoperations": Estimate(_CONCERN, 480, "docs"),
    },
    immutable=("properties.extensionType", "properties.scope"),  # [terraform]
    computed={
        **STATE,
        "currentVersion": lambda created: created.inputs.get("version"),
        "isSystemExtension": lambda _: False,
    },
    # "Azure IoT Operations doesn't support live upgrades"
    # (https://learn.microsoft.com/azure/iot-operations/deploy-iot-ops/howto-upgrade)
    restarted_by=("version",),
    carries=("microsoft.iotoperations",),
    write_only=("configurationProtectedSettings",),
    in_use_refusals={
        "Microsoft.ExtendedLocation/customLocations": Refusal(  # the code is ours: Microsoft documents none
            409, "ExtensionInUse", "Extension {id} cannot be deleted: custom location {user} uses it."
        )
    },
)
