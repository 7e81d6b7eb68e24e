"""Outputs for a recording: Azure's shapes, tls, random; every resource is new and nothing is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE, EXISTING
from arm.ids import connected_by
from arm.shapes import UnknownTypeError, is_arm, shape_of
from arm.types.kubernetes import CAN_SIGN_IN
from arm.values import UNKNOWN
from graph import random_values, tls_values
from graph.graph import Resource
from graph.inputs import parameters
from graph.local_commands import COMMANDS
from graph.monitor import UnrecordableError

CLIENT_TOKEN = "azure-native:authorization:getClientToken"
"""Function of the provider: a token of whoever deploys (provider/pkg/provider/provider.go)."""
DEPLOYERS_TOKEN = "eyJ.stand-in-of-the-deployers-token.sig"


class ShapeProvider:
    """The `Provider` of a recorded graph."""

    def __init__(
        self, subscription_id: str, keys: Mapping[str, str] | None = None, existing: Collection[str] = ()
    ) -> None:
        """Answer with these private keys, PEM, by logical name, and with new ones for all else.

        Args:
            subscription_id: of the stack.
            keys: private keys.
            existing: ids of connected clusters that are there before the stack.
        """
        self._subscription_id = subscription_id
        self._keys = keys or {}
        self._existing = {ids.key(one) for one in existing}
        self._made_by_scripts: dict[str, dict[str, Any]] = {}
        """ARM id -> inputs of what scripts have created."""
        self._ran: dict[str, dict[str, Any]] = {}
        """ARM id of what runs a script -> its inputs."""

    def create(self, resource: Resource, *, preview: bool) -> tuple[str, dict[str, Any]]:
        package = resource.type.partition(":")[0]
        type_name, inputs = resource.type.rsplit(":", 1)[-1], resource.plain_inputs
        if resource.type.startswith("pulumi:providers:"):
            # The engine makes it itself, known in a preview as well, as long as the configuration is known
            # (pulumi/pulumi, pkg/resource/deploy/providers/registry.go).
            return str(uuid5(NAMESPACE_URL, resource.urn)), inputs
        if is_arm(resource.type):
            if not preview:
                self._note_script(inputs)
            return self._create_in_azure(resource, inputs, preview=preview)
        if package == "tls":
            return ("", tls_values.preview(type_name, inputs)) if preview else self._create_in_tls(resource, inputs)
        if package == "random":
            return (
                ("", random_values.preview(type_name, inputs))
                if preview
                else random_values.create(type_name, resource.urn, inputs)
            )
        if resource.type in COMMANDS:
            said = dict.fromkeys(("stdout", "stderr"), UNKNOWN if preview else "")
            return ("" if preview else str(uuid5(NAMESPACE_URL, resource.urn))), {**inputs, **said}
        return f"/no-stand-in/{resource.name}", inputs  # rule SHAPE-01 reports it

    def invoke(self, token: str, arguments: dict[str, Any], *, preview: bool) -> dict[str, Any]:
        if token == CLIENT_TOKEN:
            return {"token": DEPLOYERS_TOKEN}
        package, module, function = token.split(":")
        if not function.startswith("get"):
            raise UnrecordableError(f"the rehearsal does not know the function {token}")
        shape = shape_of(f"{package}:{module}:{function.removeprefix('get')}")
        arm_id = shape.path(arguments, self._subscription_id)
        if ids.key(arm_id) in self._existing:
            arguments = {**arguments, **CAN_SIGN_IN}
        if shape.type in EXISTING or ids.key(arm_id) in self._existing:
            return shape.outputs(arguments, preview=False, subscription_id=self._subscription_id)[1]
        if arm_id in self._ran:
            return {**self._ran[arm_id], "instanceView": {"executionState": "Succeeded", "exitCode": 0}}
        if arm_id not in self._made_by_scripts:
            when = "a preview of an empty world" if preview else "this moment of the deployment"
            raise LookupError(
                f"{token} reads {arm_id}, which does not exist at {when}: Azure answers 404. Expected: the call waits,"
                " by depends_on, for the Run Command that creates it"
            )
        inputs = {**self._made_by_scripts[arm_id], **arguments}
        return shape.outputs(inputs, preview=False, subscription_id=self._subscription_id)[1]

    def _create_in_tls(self, resource: Resource, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if key := self._keys.get(resource.name):
            return tls_values.describe_key(tls_values.load_key(key), inputs)
        return tls_values.create(resource.type.rsplit(":", 1)[-1], inputs)

    def _create_in_azure(
        self, resource: Resource, inputs: dict[str, Any], *, preview: bool
    ) -> tuple[str, dict[str, Any]]:
        try:
            shape = shape_of(resource.type)
        except UnknownTypeError:
            # Rule SHAPE-01 reports it, with everything else that is wrong.
            return f"/no-shape/{resource.name}", {**inputs, "name": resource.name}
        arm_id, outputs = shape.outputs(inputs, preview=preview, subscription_id=self._subscription_id)
        if shape.type in BY_SCRIPT_TYPE and not preview:
            self._ran[arm_id] = outputs
        return arm_id, outputs

    def _note_script(self, inputs: dict[str, Any]) -> None:
        """Note what a script makes: `connect-arc` creates the connected cluster that its parameters name."""
        if inputs.get("runCommandName") != "connect-arc":
            return
        given = parameters(inputs)
        self._made_by_scripts[connected_by(given)] = {"location": given["LOCATION"]}
