"""The provider protocol, spoken with a real client over a loopback connection."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from arm.values import UNKNOWN, Secret
from graph.property_values import from_struct, to_struct
from rehearsal.providers import Diff, ExistingResource, InitializationError, ProviderError, ReadResult, ResourceProvider
from rehearsal.providers.serve import serve
from tests.conftest import PROGRAM

GROUP = "azure-native:resources:ResourceGroup"
URN = f"urn:pulumi:dev::edge-stamps::edge-stamps:cluster_stamp:ClusterStamp${GROUP}::site-resource-group"
EXISTING = ExistingResource(URN, GROUP, "id", {"a": 1}, {"b": 1})
PACKAGE = "azure-native_iotoperations_v20260701"
BROKER = f"{PACKAGE}:iotoperations:Broker"
KINDS = provider_pb2.PropertyDiff.Kind
CHANGES = provider_pb2.DiffResponse.DiffChanges


@pytest.fixture
def provider() -> Mock:
    """A provider that remembers its calls; a test says what it answers."""
    return Mock(spec=ResourceProvider)


@pytest.fixture
def port(provider: Mock) -> Iterator[int]:
    with serve({"azure-native": provider}) as value:
        yield int(value.partition(":")[2])


@contextmanager
def connected(port: int) -> Iterator[Any]:
    """A client on a connection of its own, as each explicit provider has one."""
    # Go's limit for headers is 16 MiB; the state of a failed resource travels in one.
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_metadata_size", 16 << 20)]
    options.append(("grpc.absolute_max_metadata_size", 16 << 20))
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture
def client(port: int) -> Iterator[Any]:
    with connected(port) as stub:
        yield stub


def parameters(module: str, version: str) -> provider_pb2.ParameterizeRequest:
    """As the engine passes on what components/packages.py registers: base64 of JSON."""
    value = base64.b64encode(json.dumps({"module": module, "version": version}).encode())
    name = f"azure-native_{module}_{version}"
    return provider_pb2.ParameterizeRequest(
        value=provider_pb2.ParameterizeRequest.ParametersValue(name=name, version="3.29.0", value=value)
    )


def refused(call: Any, request: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as failure:
        call(request)
    return failure.value


def test_nothing_but_plain_values_is_accepted(client: Any) -> None:
    assert client.Handshake(provider_pb2.ProviderHandshakeRequest()) == provider_pb2.ProviderHandshakeResponse()
    assert client.Configure(provider_pb2.ConfigureRequest()) == provider_pb2.ConfigureResponse(supportsPreview=True)
    client.Attach(plugin_pb2.PluginAttach())
    client.Cancel(empty_pb2.Empty())


def test_every_plugin_says_the_version_that_the_program_pins(provider: Mock) -> None:
    pins = dict(line.split("==") for line in (PROGRAM / "requirements.txt").read_text().splitlines() if "==" in line)
    with serve(dict.fromkeys(("azure-native", "tls", "random"), provider)) as value:
        for plugin, port in (part.split(":") for part in value.split(",")):
            with connected(int(port)) as client:
                assert client.GetPluginInfo(empty_pb2.Empty()).version == pins[f"pulumi-{plugin}"]


def test_a_connection_serves_the_package_that_it_was_parameterized_to(port: int, provider: Mock) -> None:
    provider.create.return_value = ("id", {})
    group = provider_pb2.CreateRequest(urn=URN)
    broker = provider_pb2.CreateRequest(urn=URN.replace(GROUP, BROKER))
    with connected(port) as plain, connected(port) as packaged:
        assert packaged.Parameterize(parameters("iotoperations", "v20260701")).name == PACKAGE
        packaged.Create(broker)
        plain.Create(group)
        assert f"{GROUP} is not in {PACKAGE}" in refused(packaged.Create, group).details()
        assert f"{BROKER} is not in azure-native" in refused(plain.Create, broker).details()
        token = f"{PACKAGE}:iotoperations:getBroker"
        assert "is not in azure-native" in refused(plain.Invoke, provider_pb2.InvokeRequest(tok=token)).details()
        assert json.loads(packaged.GetSchema(provider_pb2.GetSchemaRequest()).schema)["name"] == PACKAGE
    assert [call.args[1] for call in provider.create.call_args_list] == [BROKER, GROUP]


def test_a_new_handshake_forgets_what_the_address_was_parameterized_to(client: Any, provider: Mock) -> None:
    provider.create.return_value = ("id", {})
    client.Parameterize(parameters("iotoperations", "v20260701"))
    client.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert client.Create(provider_pb2.CreateRequest(urn=URN)).id == "id"


def test_the_words_of_package_add_name_the_same_package(client: Any) -> None:
    words = provider_pb2.ParameterizeRequest.ParametersArgs(args=["iotoperations", "v20260701"])
    response = client.Parameterize(provider_pb2.ParameterizeRequest(args=words))
    assert (response.name, response.version) == (PACKAGE, "3.29.0")


@pytest.mark.parametrize(("module", "version"), [("iotoperations", "v19990101"), ("nomodule", "v20260701")])
def test_an_unknown_package_is_refused_with_those_that_are_known(client: Any, module: str, version: str) -> None:
    failure = refused(client.Parameterize, parameters(module, version))
    assert failure.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert f"'azure-native_{module}_{version}'" in failure.details()
    assert PACKAGE in failure.details()


@pytest.mark.parametrize("value", [b"{}", b"not base64!", base64.b64encode(b"[]"), base64.b64encode(b"{}")])
def test_unreadable_parameters_are_refused(client: Any, value: bytes) -> None:
    given = provider_pb2.ParameterizeRequest.ParametersValue(name=PACKAGE, value=value)
    failure = refused(client.Parameterize, provider_pb2.ParameterizeRequest(value=given))
    assert "unreadable parameters" in failure.details()


def test_another_subscription_replaces_the_provider_and_another_tenant_does_not(client: Any) -> None:
    old = {"subscriptionId": "one", "tenantId": "one"}

    def diff(**new: str) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(old_inputs=to_struct(old), news=to_struct(old | new))
        response: provider_pb2.DiffResponse = client.DiffConfig(request)
        return response

    assert diff().changes == CHANGES.DIFF_NONE
    assert list(diff(subscriptionId="two").replaces) == ["subscriptionId"]
    assert (list(diff(tenantId="two").diffs), list(diff(tenantId="two").replaces)) == (["tenantId"], [])
    config = to_struct(old)
    assert client.CheckConfig(provider_pb2.CheckRequest(news=config)).inputs == config


def test_values_arrive_plain_and_unknowns_and_nulls_as_they_are(client: Any, provider: Mock) -> None:
    provider.check.side_effect = lambda _urn, _type, _old, inputs: {**inputs, "more": [1, None]}
    news = to_struct({"secret": {"a": Secret("s")}, "unknown": UNKNOWN, "null": None, "whole": 2, "part": 0.5})
    response = client.Check(provider_pb2.CheckRequest(urn=URN, olds=to_struct({"old": 1}), news=news))
    plain = {"secret": {"a": "s"}, "unknown": UNKNOWN, "null": None, "whole": 2, "part": 0.5}
    provider.check.assert_called_once_with(URN, GROUP, {"old": 1}, plain)
    assert from_struct(response.inputs) == plain | {"more": [1, None]}


def test_refused_inputs_are_failures_of_the_check(client: Any, provider: Mock) -> None:
    provider.check.side_effect = ProviderError("no such type")
    (failure,) = client.Check(provider_pb2.CheckRequest(urn=URN)).failures
    assert failure.reason == "no such type"


def test_a_diff_keeps_all_its_parts(client: Any, provider: Mock) -> None:
    detailed = {"tags.a": "add", "location": "update_replace", "gone": "delete"}
    provider.diff.return_value = Diff(["tags", "location", "gone"], ["location"], True, detailed)
    request = provider_pb2.DiffRequest(
        urn=URN, id="id", old_inputs=to_struct({"a": 1}), olds=to_struct({"b": 1}), news=to_struct({"c": UNKNOWN}),
        ignoreChanges=["tags"],
    )  # fmt: skip
    response = client.Diff(request)
    provider.diff.assert_called_once_with(EXISTING, {"c": UNKNOWN}, ["tags"])
    assert response.changes == CHANGES.DIFF_SOME
    assert list(response.diffs) == ["tags", "location", "gone"]
    assert (list(response.replaces), response.deleteBeforeReplace) == (["location"], True)
    assert response.hasDetailedDiff
    assert {path: KINDS.Name(part.kind).lower() for path, part in response.detailedDiff.items()} == detailed


def test_no_difference_is_said_to_be_none(client: Any, provider: Mock) -> None:
    provider.diff.return_value = Diff()
    response = client.Diff(provider_pb2.DiffRequest(urn=URN))
    assert (response.changes, response.hasDetailedDiff) == (CHANGES.DIFF_NONE, False)


@pytest.mark.parametrize("preview", [True, False])
def test_create_and_update_give_outputs_and_say_whether_it_is_a_preview(
    client: Any, provider: Mock, preview: bool
) -> None:
    provider.create.return_value = ("id", {"name": UNKNOWN})
    created = client.Create(provider_pb2.CreateRequest(urn=URN, properties=to_struct({"a": 1}), preview=preview))
    provider.create.assert_called_once_with(URN, GROUP, {"a": 1}, preview=preview)
    assert (created.id, from_struct(created.properties)) == ("id", {"name": UNKNOWN})

    provider.update.return_value = {"name": "x"}
    request = provider_pb2.UpdateRequest(
        urn=URN, id="id", old_inputs=to_struct({"a": 1}), olds=to_struct({"b": 1}), news=to_struct({"a": 2}),
        preview=preview,
    )  # fmt: skip
    assert from_struct(client.Update(request).properties) == {"name": "x"}
    provider.update.assert_called_once_with(EXISTING, {"a": 2}, preview=preview)


def test_read_gives_what_is_there_and_an_empty_id_when_it_is_gone(client: Any, provider: Mock) -> None:
    request = provider_pb2.ReadRequest(urn=URN, id="id", inputs=to_struct({"a": 1}), properties=to_struct({"b": 1}))
    provider.read.return_value = ReadResult("id", {"a": 2}, {"b": 2})
    found = client.Read(request)
    provider.read.assert_called_once_with(EXISTING)
    assert (found.id, from_struct(found.inputs), from_struct(found.properties)) == ("id", {"a": 2}, {"b": 2})
    provider.read.return_value = ReadResult("", {}, {})
    assert client.Read(request) == provider_pb2.ReadResponse()


def test_delete_passes_inputs_and_outputs_on(client: Any, provider: Mock) -> None:
    client.Delete(
        provider_pb2.DeleteRequest(urn=URN, id="id", old_inputs=to_struct({"a": 1}), properties=to_struct({"b": 1}))
    )
    provider.delete.assert_called_once_with(EXISTING)


def test_a_function_gives_its_result(client: Any, provider: Mock) -> None:
    provider.invoke.return_value = {"issuer": "https://x"}
    request = provider_pb2.InvokeRequest(tok="azure-native:resources:getResourceGroup", args=to_struct({"a": 1}))
    assert from_struct(getattr(client.Invoke(request), "return")) == {"issuer": "https://x"}
    provider.invoke.assert_called_once_with("azure-native:resources:getResourceGroup", {"a": 1})


@pytest.mark.parametrize("method", ["Create", "Diff", "Read", "Update", "Delete"])
def test_a_failure_is_an_error_with_the_text_of_azure(client: Any, provider: Mock, method: str) -> None:
    getattr(provider, method.lower()).side_effect = ProviderError("409 Conflict: in progress")
    failure = refused(getattr(client, method), getattr(provider_pb2, f"{method}Request")(urn=URN))
    assert (failure.code(), failure.details()) == (grpc.StatusCode.UNKNOWN, "409 Conflict: in progress")


def test_a_function_that_finds_nothing_is_an_error(client: Any, provider: Mock) -> None:
    provider.invoke.side_effect = ProviderError("404 ResourceNotFound: x")
    failure = refused(client.Invoke, provider_pb2.InvokeRequest(tok="azure-native:resources:getResourceGroup"))
    assert failure.details() == "404 ResourceNotFound: x"


@pytest.mark.parametrize("method", ["Create", "Update"])
def test_a_failed_initialization_keeps_the_state_however_large(client: Any, provider: Mock, method: str) -> None:
    script = "x" * 100_000
    error = InitializationError("id", {"script": script}, {"name": "n"}, ["Failed: é", "exit code 1"])
    getattr(provider, method.lower()).side_effect = error
    failure = refused(getattr(client, method), getattr(provider_pb2, f"{method}Request")(urn=URN))
    assert (failure.code(), failure.details()) == (grpc.StatusCode.UNKNOWN, "Failed: é; exit code 1")

    status, detail = status_pb2.Status(), provider_pb2.ErrorResourceInitFailed()
    status.ParseFromString(dict(failure.trailing_metadata())["grpc-status-details-bin"])
    assert status.code == grpc.StatusCode.UNKNOWN.value[0], "Go drops details whose code is not that of the call"
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("id", ["Failed: é", "exit code 1"])
    assert (from_struct(detail.inputs), from_struct(detail.properties)) == ({"script": script}, {"name": "n"})


def test_calls_run_in_parallel_up_to_a_bound(client: Any, provider: Mock) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def create(*_: object, preview: bool) -> tuple[str, dict[str, object]]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return f"id-{preview}", {}

    provider.create.side_effect = create
    with ThreadPoolExecutor(48) as threads:
        done = list(threads.map(lambda _: client.Create(provider_pb2.CreateRequest(urn=URN)).id, range(48)))
    assert done == ["id-False"] * 48
    assert 1 < most <= 16
