"""azure-native, with all its parameterized packages, in front of the modelled Azure (pulumi-field-notes §1, §4)."""
# ruff: noqa: ARG002 - arguments are the interface's

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from arm.ids import same_place
from arm.shapes import Shape, UnknownTypeError, shape_of
from arm.types.keyvault import SECRET
from arm.values import UNKNOWN
from rehearsal.azure.errors import ArmError, OperationFailedError
from rehearsal.azure.world import World
from rehearsal.providers import Diff, InitializationError, Properties, ProviderError, ReadResult
from rehearsal.providers.differences import changed_since, differences, is_at_or_below, only_inputs

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

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        """The inputs; a location that is not given is the old one, else that of the resource group."""
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

    def diff(
        self,
        urn: str,
        type_token: str,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        ignore_changes: Sequence[str],
    ) -> Diff:
        """What differs between the old inputs and the new ones. Names are explicit: a replacement deletes first."""
        replacing = _shape(type_token).replaced_by
        detailed: dict[str, str] = {}
        for path, kind in differences(old_inputs, inputs):
            ignored = any(is_at_or_below(path, one) for one in ignore_changes)
            if not ignored and not _is_same_place(path, old_inputs, inputs):
                replaces = any(is_at_or_below(path, one) or is_at_or_below(one, path) for one in replacing)
                detailed[path] = f"{kind}_replace" if replaces else kind
        replaced = _top_level(path for path, kind in detailed.items() if kind.endswith("_replace"))
        return Diff(_top_level(detailed), replaced, bool(replaced), detailed)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """GET before PUT: what exists is not created (provider/pkg/azure/client_azcore.go, CanCreate)."""
        shape = _shape(type_token)
        if preview:
            return self._outputs_in_preview(shape, inputs)
        arm_id, label = shape.path(inputs, self._subscription_id), _name(urn)
        if self._exists(arm_id, label):
            raise ProviderError(
                f"cannot create already existing resource '{arm_id}'. Next: import it into the stack, or delete it"
            )
        with _as_provider_errors():
            try:
                return arm_id, self._world.put(shape, arm_id, inputs, label=label).outputs
            except OperationFailedError as failed:
                raise self._initialization_error(arm_id, inputs, failed) from failed

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

    def _initialization_error(
        self, arm_id: str, inputs: Properties, failed: OperationFailedError
    ) -> InitializationError:
        entry = self._world.find(arm_id)
        return InitializationError(arm_id, inputs, entry.outputs if entry else {}, [str(failed)])

    def read(self, urn: str, type_token: str, resource_id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        """What is there now. Inputs follow what has changed in Azure since the outputs were taken.

        Without inputs (an import) they are taken from the outputs.
        """
        shape = _shape(type_token)
        try:
            now = self._world.get(resource_id, _name(urn)).outputs
        except ArmError as error:
            if error.status == 404:
                return ReadResult("", {}, {})
            raise ProviderError(str(error)) from error

        is_input_here = shape.is_input
        if inputs:
            new_inputs = changed_since(inputs, outputs, now, is_input_here)
        else:
            new_inputs = {**_path_inputs(shape, resource_id), **only_inputs(now, is_input_here)}
        return ReadResult(resource_id, new_inputs, now)

    def update(
        self,
        urn: str,
        type_token: str,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        *,
        preview: bool,
    ) -> Properties:
        """A PUT of the whole body."""
        shape = _shape(type_token)
        if preview:
            _, outputs = self._outputs_in_preview(shape, inputs)
            known = {name: old_outputs[name] for name in ("name", "location") if name in old_outputs}
            return {**outputs, **{name: value for name, value in known.items() if name not in inputs}}
        with _as_provider_errors():
            try:
                return self._world.put(shape, resource_id, inputs, update=True, label=_name(urn)).outputs
            except OperationFailedError as failed:
                raise self._initialization_error(resource_id, inputs, failed) from failed

    def delete(self, urn: str, type_token: str, resource_id: str, inputs: Properties, outputs: Properties) -> None:
        """Gone already is as good. Vault secrets go through the data plane (model-codebases Part 5, no. 15)."""
        try:
            if _shape(type_token).type is SECRET:
                self._world.delete_secret_as_data(resource_id)
            else:
                self._world.delete(resource_id, _name(urn))
        except ArmError as error:
            if error.status != 404:
                raise ProviderError(str(error)) from error

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """`get<Type>`: the outputs of what exists."""
        package, module, function = token.split(":")
        if not function.startswith("get"):
            raise ProviderError(f"the rehearsal does not know the function {token}; expected get<Type>")
        shape = _shape(f"{package}:{module}:{function.removeprefix('get')}")
        try:
            outputs = self._world.get(shape.path(arguments, self._subscription_id)).outputs
        except ArmError as error:
            raise ProviderError(str(error)) from error
        return {**outputs, "azureApiVersion": shape.api_version}


@contextmanager
def _as_provider_errors() -> Iterator[None]:
    """ARM's refusal as the engine is told."""
    try:
        yield
    except ArmError as error:
        raise ProviderError(str(error)) from error


def _shape(type_token: str) -> Shape:
    try:
        return shape_of(type_token)
    except UnknownTypeError as error:
        raise ProviderError(str(error)) from error


def _name(urn: str) -> str:
    """The logical name."""
    return urn.rsplit("::", 1)[-1]


def _top_level(paths: Iterable[str]) -> tuple[str, ...]:
    """Names of the inputs that the paths lead into."""
    return tuple(dict.fromkeys(re.split(r"[.\[]", path)[0] for path in paths))


def _is_same_place(path: str, old: Properties, new: Properties) -> bool:
    before, after = old.get(path), new.get(path)
    return path == "location" and isinstance(before, str) and isinstance(after, str) and same_place(before, after)


def _path_inputs(shape: Shape, resource_id: str) -> Properties:
    """The path parameters, read back from an id."""
    pattern = shape.type.path_template.split("/")
    segments = resource_id.split("/")
    offset = len(segments) - len(pattern)  # `{scope}` stands for several segments
    found = {part[1:-1]: segments[index + offset] for index, part in enumerate(pattern) if part.startswith("{")}
    if "scope" in shape.type.path_parameters:
        found["scope"] = resource_id.split("/providers/Microsoft.Authorization/")[0]
    return {name: found[name] for name in shape.type.path_parameters}
