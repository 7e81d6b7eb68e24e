"""The recording monitor: takes the program's registrations in the engine's place and keeps all of each.

The SDK's own `MockMonitor` drops dependencies, options and secret marks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from arm.values import reveal
from graph.graph import Options, Plugin, Resource, Said, Severity, mark_secret_outputs
from graph.lighter_sdk import describe_trace
from graph.places import describe_position
from graph.property_values import from_struct, to_struct
from graph.urns import STACK_TYPE, compose_urn, expand_aliases


class UnrecordableError(Exception):
    """The program does what only an engine can answer: the text says what."""


READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function for what a stack's state holds (pulumi/pulumi, pkg/resource/deploy/builtins.go)."""


class Provider(Protocol):
    """What answers for a resource: shapes for a recording, a world for a deployment."""

    def create(self, resource: Resource, *, preview: bool) -> tuple[str, dict[str, Any]]:
        """Return id and outputs of a new resource; in a preview the id is empty and computed outputs are `UNKNOWN`.

        Raises:
            LookupError: nothing answers for this type.
        """
        ...

    def invoke(self, token: str, arguments: dict[str, Any], *, preview: bool) -> dict[str, Any]:
        """Return the result of a provider function.

        Raises:
            LookupError: nothing answers for this function, or what it reads does not exist.
        """
        ...


_CALLBACKS = {
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
}
"""What the engine would call back for; the SDK refuses by name what is not offered."""


class Monitor(MockMonitor):
    """Takes the program's calls. Whoever extends it answers every one for which the SDK's own would ask mocks."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.stack_outputs: dict[str, Any] = {}

    def log(self, severity: Severity, urn: str, message: str) -> None:
        """Take what the program says by `pulumi.log`; the URN is empty for what is about no resource."""

    def stop(self) -> None:
        """Ctrl-C: begin nothing more."""


class RecordingMonitor(Monitor):
    """Keeps every registration as a `Resource`. Called from several threads at once."""

    def __init__(self, provider: Provider, *, preview: bool, deployed: Mapping[str, Any]) -> None:
        super().__init__()
        self._provider = provider
        self._preview = preview
        self._deployed = deployed
        self._lock = threading.Lock()
        self.recorded: dict[str, Resource] = {}
        self.plugins: dict[Plugin, str] = {}
        self.register_outputs_calls: list[str] = []
        self.said: list[Said] = []
        self.failure: Exception | None = None
        """The first one, with its place in the program as a note; the SDK repeats it for every output left open."""

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        info = super().GetDeploymentInfo(request)  # type: ignore[no-untyped-call]
        offered = [feature for feature in info.supportedFeatures if feature not in _CALLBACKS]
        return resource_pb2.DeploymentInfo(supportedFeatures=offered)

    def log(self, severity: Severity, urn: str, message: str) -> None:  # noqa: ARG002 as the base
        self.said.append(Said(severity, message))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the name is the engine's
        try:
            return self._register(request)
        except Exception as failure:
            if self.failure is None:
                position = request.sourcePosition
                failure.add_note(describe_position(position.uri, position.line))
                self.failure = failure
            raise

    def _register(self, request: Any) -> Any:
        urn = compose_urn(request.parent, request.type, request.name)
        if request.importId:
            raise UnrecordableError(f"{request.name}: a recording cannot import {request.importId}; the engine can")
        inputs = from_struct(request.object)
        above = self.recorded.get(request.parent)
        aliases = expand_aliases(urn, request.parent, request.aliases, above.options.aliases if above else ())
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=request.custom,
            inputs=inputs,
            outputs={},
            dependencies=list(request.dependencies),
            property_dependencies={key: list(value.urns) for key, value in request.propertyDependencies.items()},
            options=_read_options(request, aliases),
            place=describe_trace(request.stackTrace),
        )
        with self._lock:
            if urn in self.recorded:
                raise ValueError(f"two resources have the URN {urn}: choose another logical name for one of them")
            self.recorded[urn] = resource
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self._note_plugin(request, request.type.removeprefix("pulumi:providers:"), request.name)
        resource.id, outputs = self._provider.create(resource, preview=self._preview)
        resource.outputs = mark_secret_outputs(inputs, outputs, resource.options.additional_secret_outputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource.id, object=to_struct(resource.outputs))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = from_struct(request.outputs)
        with self._lock:
            self.register_outputs_calls.append(request.urn)
            self.recorded[request.urn].outputs = outputs
            if self.recorded[request.urn].type == STACK_TYPE:
                self.stack_outputs = outputs
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == READ_STATE:
            outputs = {urn: {"outputs": found} for urn, found in self._deployed.items()}
            return resource_pb2.ResourceInvokeResponse(**{"return": to_struct({"outputs": outputs})})
        self._note_plugin(request, request.tok, request.tok)
        try:
            result = self._provider.invoke(request.tok, reveal(from_struct(request.args)), preview=self._preview)
        except Exception as failure:
            self.failure = self.failure or failure
            raise
        return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(result)})

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        name = request.parameterization.name
        self.plugins.setdefault(Plugin(request.name, request.version, request.download_url), f"package {name}")
        return resource_pb2.RegisterPackageResponse(ref=name)

    def _note_plugin(self, request: Any, token: str, asker: str) -> None:
        """Note what a request says of its plugin; of a parameterized one its package has said it."""
        if not request.packageRef:
            plugin = Plugin(token.split(":")[0], request.version, request.pluginDownloadURL)
            self.plugins.setdefault(plugin, asker)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        self.failure = UnrecordableError(f"the program reads {request.type} {request.id!r}, which only the engine can")
        self.failure.add_note(describe_position(request.sourcePosition.uri, request.sourcePosition.line))
        raise self.failure


def _read_options(request: Any, aliases: list[str]) -> Options:
    timeouts = {name: getattr(request.customTimeouts, name) for name in ("create", "update", "delete")}
    return Options(
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        deleted_with=request.deletedWith,
        replace_with=sorted(request.replace_with),
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=aliases,
        provider=request.provider.rsplit("::", 1)[0],
        package=request.packageRef,
        custom_timeouts={name: value for name, value in timeouts.items() if value},
    )
