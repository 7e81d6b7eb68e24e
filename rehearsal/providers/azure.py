"""azure-native, with all its parameterized packages, in front of the modelled Azure.

Written from pulumi/pulumi-azure-native, provider/pkg/provider and provider/pkg/azure.
"""
# ruff: noqa: ARG002 - arguments are the interface's

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE
from arm.ids import same_place
from arm.shapes import Shape, UnknownTypeError, shape_of
from arm.types.keyvault import SECRET
from arm.values import UNKNOWN
from graph.fake_outputs import CLIENT_TOKEN, DEPLOYERS_TOKEN
from graph.urns import name_of
from rehearsal.azure.errors import ArmError, OperationFailedError
from rehearsal.azure.scripts import tell_result
from rehearsal.azure.world import World
from rehearsal.providers import Diff, ExistingResource, InitializationError, Properties, ProviderError, ReadResult
from rehearsal.providers.differences import apply_changes, compare, is_within, keep_inputs

_GROUP = "/subscriptions/{}/resourceGroups/{}"


class AzureProvider:
    """The provider's semantics; what Azure says comes from the world.

    azure-native repeats a call by itself on 429, 5xx and AnotherOperationInProgress (after 20, 60 and 120 s). Here
    nothing is repeated: an ordered fault stands for the one that outlasts the repetitions.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._subscription_id = world.surroundings.subscription_id
        self._tenant_id = world.surroundings.tenant_id

    @property
    def world(self) -> World:
        """Return the Azure that answers."""
        return self._world

    def holds(self, value: str) -> bool:
        """Return whether any resource was sent with this text."""
        return any(value in entry.text for entry in self._world.entries())

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        """Return the inputs; a location that is not given is the old one, else that of the resource group."""
        shape = _shape(type_token)
        if inputs.get("location") is not None or not shape.has_location:
            return inputs
        location = old_inputs.get("location") or self._location_of_group(inputs.get("resourceGroupName"))
        return inputs if location is None else {**inputs, "location": location}

    def _location_of_group(self, name: Any) -> Any:
        if name is None or name is UNKNOWN:
            return name
        group = self._world.find(_GROUP.format(self._subscription_id, name))
        return group.inputs.get("location") if group else None

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        """Return what differs. Names are explicit, so a replacement deletes first."""
        replacing = _shape(old.type).replaced_by
        detailed: dict[str, str] = {}
        for path, kind in compare(old.inputs, inputs):
            ignored = any(is_within(path, one) for one in ignore_changes)
            if not ignored and not _is_same_place(path, old.inputs, inputs):
                replaces = any(is_within(path, one) or is_within(one, path) for one in replacing)
                detailed[path] = f"{kind}_replace" if replaces else kind
        replaced = _list_inputs(path for path, kind in detailed.items() if kind.endswith("_replace"))
        return Diff(_list_inputs(detailed), replaced, bool(replaced), detailed)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """GET before PUT: what exists is not created (provider/pkg/azure/client_azcore.go, CanCreate)."""
        shape = _shape(type_token)
        if preview:
            return self._outputs_in_preview(shape, inputs)
        arm_id = shape.path(inputs, self._subscription_id)
        if self._exists(arm_id, name_of(urn)):
            raise ProviderError(
                f"cannot create already existing resource '{arm_id}'. Next: import it into the stack, or delete it"
            )
        return arm_id, self._put(shape, arm_id, inputs, urn, update=False)

    def _put(self, shape: Shape, arm_id: str, inputs: Properties, urn: str, *, update: bool) -> Properties:
        """PUT the whole body."""
        try:
            return self._world.put(shape, arm_id, inputs, update=update, label=name_of(urn)).outputs
        except OperationFailedError as failed:
            entry = self._world.find(arm_id)
            raise InitializationError(arm_id, inputs, entry.outputs if entry else {}, [str(failed)]) from failed
        except ArmError as error:
            raise ProviderError(str(error)) from error

    def _exists(self, arm_id: str, label: str) -> bool:
        try:
            self._world.get(arm_id, label)
        except ArmError as error:
            if error.status == 404:
                return False
            message = f"cannot check existence of resource '{arm_id}': status code {error.status}, {error}"
            raise ProviderError(message) from error
        return True

    def _outputs_in_preview(self, shape: Shape, inputs: Properties) -> tuple[str, Properties]:
        return shape.outputs(inputs, preview=True, subscription_id=self._subscription_id, tenant_id=self._tenant_id)

    def read(self, old: ExistingResource) -> ReadResult:
        """Return what is there now. Inputs follow what has changed in Azure since the outputs were taken.

        Without inputs (an import) they are taken from the outputs.
        """
        shape = _shape(old.type)
        try:
            now = self._world.get(old.id, name_of(old.urn)).outputs
        except ArmError as error:
            if error.status == 404:
                return ReadResult("", {}, {})
            raise ProviderError(str(error)) from error

        if old.inputs:
            inputs = apply_changes(old.inputs, old.outputs, now, shape.is_input)
        else:
            inputs = {**shape.path_inputs(old.id), **keep_inputs(now, shape.is_input)}
        return ReadResult(old.id, inputs, now)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        shape = _shape(old.type)
        if preview:
            _, outputs = self._outputs_in_preview(shape, inputs)
            known = {name: old.outputs[name] for name in ("name", "location") if name in old.outputs}
            return {**outputs, **{name: value for name, value in known.items() if name not in inputs}}
        return self._put(shape, old.id, inputs, old.urn, update=True)

    def delete(self, old: ExistingResource) -> None:
        """Delete what is still there; vault secrets through the data plane (provider/pkg/resources/customresources)."""
        try:
            if _shape(old.type).type is SECRET:
                self._world.delete_secret_as_data(old.id)
            else:
                self._world.delete(old.id, name_of(old.urn))
        except ArmError as error:
            if error.status != 404:
                raise ProviderError(str(error)) from error

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Return, for `get<Type>`, the outputs of what exists."""
        if token == CLIENT_TOKEN:
            return {"token": DEPLOYERS_TOKEN}
        package, module, function = token.split(":")
        if not function.startswith("get"):
            raise ProviderError(f"the rehearsal does not know the function {token}; expected get<Type>")
        shape = _shape(f"{package}:{module}:{function.removeprefix('get')}")
        try:
            entry = self._world.get(shape.path(arguments, self._subscription_id))
        except ArmError as error:
            raise ProviderError(str(error)) from error
        result = tell_result(entry)
        view = {"instanceView": result} if result and not BY_SCRIPT_TYPE[shape.type].script_failure_flag else {}
        return {**entry.outputs, **view, "azureApiVersion": shape.api_version}


def _shape(type_token: str) -> Shape:
    try:
        return shape_of(type_token)
    except UnknownTypeError as error:
        raise ProviderError(str(error)) from error


def _list_inputs(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the inputs that the paths lead into."""
    return tuple(dict.fromkeys(re.split(r"[.\[]", path)[0] for path in paths))


def _is_same_place(path: str, old: Properties, new: Properties) -> bool:
    before, after = old.get(path), new.get(path)
    return path == "location" and isinstance(before, str) and isinstance(after, str) and same_place(before, after)
