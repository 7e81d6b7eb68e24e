"""Serve a `ResourceProvider` to the real engine over gRPC (pulumi/pulumi, proto/pulumi/provider.proto).

Secrets are never accepted: the engine takes the marks off and puts them back.
"""
# ruff: noqa: ARG002, N802 - names and arguments are the protocol's

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from arm.values import reveal
from graph.property_values import from_struct, to_struct
from graph.urns import type_of
from rehearsal.providers import Diff, ExistingResource, InitializationError, Properties, ProviderError, ResourceProvider
from rehearsal.providers.tls import compare

_CHANGES = provider_pb2.DiffResponse.DiffChanges
_KINDS = provider_pb2.PropertyDiff.Kind


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin, e.g. azure-native, with all its parameterized packages.

    Under PULUMI_DEBUG_PROVIDERS every explicit provider of a plugin connects to the same server, so what a connection
    was parameterized to is kept by its peer address.
    """

    def __init__(self, plugin: str, version: str, provider: ResourceProvider, packages: Collection[str] = ()) -> None:
        """Serve the provider as this plugin; `packages` are the parameterized packages that it has."""
        self._plugin, self._version, self._provider, self._packages = plugin, version, provider, packages
        self._package_of_peer: dict[str, str] = {}

    # The plugin and its configuration.

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        self._package_of_peer.pop(context.peer(), None)  # an address that another connection has had
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        """Nothing is interrupted: no call of ours waits for anything."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        schema = {"name": self._package_of_peer.get(context.peer(), self._plugin), "version": self._version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def Parameterize(self, request: Any, context: Any) -> provider_pb2.ParameterizeResponse:
        package = _read_package(self._plugin, request)
        if package not in self._packages:
            known = ", ".join(sorted(self._packages)) or "none"
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"{self._plugin} has no package {package!r}; known: {known}"
            )
        self._package_of_peer[context.peer()] = package
        return provider_pb2.ParameterizeResponse(name=package, version=request.value.version or self._version)

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """Another subscription holds other resources; any other change leaves them manageable."""
        old, new = _values(request.old_inputs), _values(request.news)
        return _diff_response(compare(old, new, in_place={*old, *new} - {"subscriptionId"}))

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    # Resources and functions.

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        type_token = self._type(request.urn, context)
        try:
            inputs = self._provider.check(request.urn, type_token, _values(request.olds), _values(request.news))
        except ProviderError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        type_token = self._type(request.urn, context)
        with _report_failures(context):
            old = _existing(request, type_token, request.old_inputs, request.olds)
            diff = self._provider.diff(old, _values(request.news), list(request.ignoreChanges))
        return _diff_response(diff)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        type_token = self._type(request.urn, context)
        with _report_failures(context):
            resource_id, outputs = self._provider.create(
                request.urn, type_token, _values(request.properties), preview=request.preview
            )
        return provider_pb2.CreateResponse(id=resource_id, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        type_token = self._type(request.urn, context)
        with _report_failures(context):
            found = self._provider.read(_existing(request, type_token, request.inputs, request.properties))
        if not found.resource_id:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.resource_id, inputs=to_struct(found.inputs), properties=to_struct(found.outputs)
        )

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        type_token = self._type(request.urn, context)
        with _report_failures(context):
            old = _existing(request, type_token, request.old_inputs, request.olds)
            outputs = self._provider.update(old, _values(request.news), preview=request.preview)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        type_token = self._type(request.urn, context)
        with _report_failures(context):
            self._provider.delete(_existing(request, type_token, request.old_inputs, request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        self._refuse_foreign(request.tok, context)
        with _report_failures(context):
            result = self._provider.invoke(request.tok, _values(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    def _type(self, urn: str, context: Any) -> str:
        """Return the type in a URN, which this connection has to serve."""
        type_token = type_of(urn)
        self._refuse_foreign(type_token, context)
        return type_token

    def _refuse_foreign(self, token: str, context: Any) -> None:
        package = self._package_of_peer.get(context.peer(), self._plugin)
        if token.partition(":")[0] != package:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"{token} is not in {package}, which this connection serves"
            )


def _read_package(plugin: str, request: Any) -> str:
    """Return the package's name; `args` are the words of `pulumi package add`, `value` is what an SDK has recorded.

    azure-native reads the value as base64 of {"module", "version"} and derives the name from them.
    """
    if request.WhichOneof("parameters") == "args":
        return "_".join([plugin, *request.args.args])
    try:
        value = json.loads(base64.b64decode(request.value.value, validate=True))
        return f"{plugin}_{value['module']}_{value['version']}"
    except (binascii.Error, ValueError, KeyError, TypeError):
        return f"{request.value.name} with unreadable parameters"


def _existing(request: Any, type_token: str, inputs: Any, outputs: Any) -> ExistingResource:
    return ExistingResource(request.urn, type_token, request.id, _values(inputs), _values(outputs))


def _values(message: struct_pb2.Struct) -> Properties:
    """Return plain values; there should be no secret marks, but an engine older than the handshake sends some."""
    values: Properties = reveal(from_struct(message))
    return values


def _diff_response(diff: Diff) -> provider_pb2.DiffResponse:
    return provider_pb2.DiffResponse(
        changes=_CHANGES.DIFF_SOME if diff.changed else _CHANGES.DIFF_NONE,
        diffs=list(diff.changed),
        replaces=list(diff.replaces),
        deleteBeforeReplace=diff.delete_before_replace,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=_KINDS.Value(kind.upper()), inputDiff=True)
            for path, kind in diff.detailed.items()
        },
        hasDetailedDiff=bool(diff.detailed),
    )


@dataclass(frozen=True)
class _Failed(grpc.Status):  # type: ignore[misc]
    """What `abort_with_status` sends."""

    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]
    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN


@contextmanager
def _report_failures(context: Any) -> Iterator[None]:
    """Report failures as gRPC does: UNKNOWN with the text, and with the state of what exists nevertheless."""
    try:
        yield
    except InitializationError as error:
        _abort_keeping_state(context, error)
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _abort_keeping_state(context: Any, error: InitializationError) -> NoReturn:
    """Abort so that the engine records the resource, marked as failed, and updates it at the next `up`."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        inputs=to_struct(error.inputs),
        properties=to_struct(error.outputs),
        reasons=list(error.reasons),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.abort_with_status(_Failed(str(error), (("grpc-status-details-bin", status.SerializeToString()),)))
    raise AssertionError("abort_with_status raises")
