"""The program as a later version of it may be: it sends otherwise what no setting changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from google.protobuf.struct_pb2 import Struct

from rehearsal.engine import Recording

_CHANGED = "changed by the sweep"
# Type and logical name -> path of an input, and its new value. Only what Azure lets change in place: the modelled Azure
# refuses the rest. Subjects of a credential: of AIO's own alone, as secret sync would stop.
_LATER: Mapping[tuple[str, str], tuple[str, Any]] = {
    ("*:authorization:RoleAssignment", "*"): ("description", _CHANGED),
    ("*:authorization:RoleDefinition", "*"): ("description", _CHANGED),
    ("*:iotoperations:AkriConnectorTemplate", "*"): (
        "properties.connectorMetadataRef", "mcr.microsoft.com/azureiotoperations/aio-connectors/opcua-metadata:1.4.11",
    ),
    ("*:iotoperations:Broker", "*"): ("properties.diagnostics.logs.level", "debug"),
    ("*:iotoperations:DataflowProfile", "*"): ("properties.diagnostics.logs.level", "debug"),
    ("*:iotoperations:RegistryEndpoint", "*"): ("properties.host", "registry.example.com"),
    ("*:kubernetesconfiguration:Extension", "*-cert-manager-extension"): (
        "configurationSettings.AgentOperationTimeoutInMinutes", "30",
    ),
    ("*:managedidentity:FederatedIdentityCredential", "*-aio-credential"): (
        "subject", "system:serviceaccount:azure-iot-operations:changed",
    ),
    ("*:network:Subnet", "*"): ("privateEndpointNetworkPolicies", "Enabled"),
    ("*:network:VirtualNetworkPeering", "*"): ("allowForwardedTraffic", True),
    ("*:storage:BlobContainer", "*"): ("metadata", {"sweep": "changed"}),
}  # fmt: skip


@dataclass
class LaterProgram(Recording):
    """Changes each registration before the engine sees it, and takes it down so."""

    def note(self, call: str, request: Any) -> None:
        if call == "RegisterResource":
            for (token, name), (path, value) in _LATER.items():
                if fnmatchcase(request.type, token) and fnmatchcase(request.name, name):
                    _put(request.object, path, value)
        super().note(call, request)


def _put(inputs: Struct, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        inputs = inputs[name]
    inputs[last] = value
