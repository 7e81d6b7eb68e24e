"""The provider's semantics: what the engine is told of check, diff, create, read, update, delete and invoke."""

from __future__ import annotations

from typing import Any

import pytest

from arm.shapes import shape_of
from arm.values import UNKNOWN, is_unknown
from rehearsal.azure.faults import KINDS
from rehearsal.providers import Diff, ExistingResource, InitializationError, ProviderError, ReadResult, ResourceProvider
from rehearsal.providers.azure import AzureProvider
from tests.arm.examples import GROUP, INPUTS, SUBSCRIPTION
from tests.rehearsal.azure.samples import SITE, Azure, arm_id, inputs_of

CLUSTERS = "azure-native_kubernetes_v20260501:kubernetes:"


class Engine:
    """Calls a provider as the engine does, with the samples by name."""

    def __init__(self, **surroundings: Any) -> None:
        self.azure = Azure(**surroundings)
        self.provider: ResourceProvider = AzureProvider(self.azure.world)

    def call(self, operation: str, name: str, *arguments: Any, **named: Any) -> Any:
        return getattr(self.provider, operation)(urn_of(name), SITE[name][0], *arguments, **named)

    def create(self, name: str, *, preview: bool = False, **changes: Any) -> tuple[str, dict[str, Any]]:
        created: tuple[str, dict[str, Any]] = self.call("create", name, inputs_of(name, **changes), preview=preview)
        return created

    def diff(self, name: str, *ignored: str, old: dict[str, Any] | None = None, **changes: Any) -> Diff:
        new = inputs_of(name, **changes)
        return self.provider.diff(existing(name, old or inputs_of(name), {}), new, list(ignored))

    def read(self, name: str, outputs: dict[str, Any], inputs: dict[str, Any] | None = None) -> ReadResult:
        given = inputs_of(name) if inputs is None else inputs
        return self.provider.read(existing(name, given, outputs))

    def update(
        self, name: str, old_outputs: dict[str, Any], *, preview: bool = False, **changes: Any
    ) -> dict[str, Any]:
        new = inputs_of(name, **changes)
        return self.provider.update(existing(name, inputs_of(name), old_outputs), new, preview=preview)

    def delete(self, name: str) -> None:
        self.provider.delete(existing(name, inputs_of(name), {}))


def existing(name: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> ExistingResource:
    return ExistingResource(urn_of(name), SITE[name][0], arm_id(name), inputs, outputs)


def urn_of(name: str) -> str:
    return f"urn:pulumi:dev::edge-stamps::{SITE[name][0]}::{name}"


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    engine.azure.put("group")
    return engine


def test_check_takes_the_location_of_the_resource_group(engine: Engine) -> None:
    without = inputs_of("vnet", location=None)
    assert engine.call("check", "vnet", {}, without)["location"] == "eastus2"


def test_check_keeps_a_location_that_is_given_or_that_was_there(engine: Engine) -> None:
    assert engine.call("check", "vnet", {}, inputs_of("vnet", location="here"))["location"] == "here"
    without = inputs_of("vnet", location=None)
    assert engine.call("check", "vnet", {"location": "there"}, without)["location"] == "there"


def test_check_keeps_unknowns(engine: Engine) -> None:
    checked = engine.call(
        "check", "vnet", {}, inputs_of("vnet", location=None, resourceGroupName=UNKNOWN, tags=UNKNOWN)
    )
    assert (checked["location"], checked["tags"]) == (UNKNOWN, UNKNOWN)


def test_check_gives_no_location_to_what_has_none(engine: Engine) -> None:
    assert engine.call("check", "subnet", {}, inputs_of("subnet")) == inputs_of("subnet")


def test_check_leaves_the_location_out_when_the_group_is_not_there() -> None:
    assert Engine().call("check", "vnet", {}, inputs_of("vnet", location=None)).get("location") is None


def test_equal_inputs_do_not_differ(engine: Engine) -> None:
    assert engine.diff("vm", tags=None, location="East US 2") == Diff()


@pytest.mark.parametrize(
    ("name", "changes", "path"),
    [
        ("vnet", {"virtualNetworkName": "other"}, "virtualNetworkName"),
        ("vnet", {"location": "westeurope"}, "location"),
        ("group", {"location": "westeurope"}, "location"),
        ("role", {"principalId": SUBSCRIPTION}, "principalId"),
        ("role", {"scope": GROUP + "-2"}, "scope"),
        ("public-ip", {"sku__tier": "Global"}, "sku.tier"),
        ("storage", {"isHnsEnabled": False}, "isHnsEnabled"),
        ("broker", {"properties__memoryProfile": "High"}, "properties.memoryProfile"),
        ("broker", {"properties__cardinality__frontend": {"replicas": 9, "workers": 1}}, None),
        ("listener", {"extendedLocation__name": GROUP}, "extendedLocation.name"),
    ],
)
def test_these_changes_replace(engine: Engine, name: str, changes: dict[str, Any], path: str | None) -> None:
    found = engine.diff(name, **changes)
    top = next(iter(changes)).split("__")[0]
    assert (found.changed, found.replaces, found.delete_before_replace) == ((top,), (top,), True)
    assert set(found.detailed.values()) <= {"update_replace", "add_replace"}
    assert path is None or path in found.detailed


@pytest.mark.parametrize(
    ("name", "changes", "detailed"),
    [
        ("vnet", {"tags": {"a": "b"}}, {"tags": "add"}),
        ("nsg", {"securityRules": []}, {"securityRules[0]": "delete"}),
        ("nsg", {"securityRules": None}, {"securityRules": "delete"}),
        ("connect", {"source__script": "echo 2"}, {"source.script": "update"}),
        ("vm", {"storageProfile__imageReference__sku": "x"}, {"storageProfile.imageReference.sku": "update"}),
        ("vm", {"location": "westeurope"}, {"location": "update"}),
        ("aio-extension", {"configurationSettings": {"a": "b", "c.d": "e"}}, {'configurationSettings["c.d"]': "add"}),
        ("listener", {"properties__serviceType": "NodePort"}, {"properties.serviceType": "update"}),
    ],
)
def test_these_changes_update(engine: Engine, name: str, changes: dict[str, Any], detailed: dict[str, str]) -> None:
    found = engine.diff(name, **changes)
    assert (found.replaces, found.delete_before_replace, found.detailed) == ((), False, detailed)


def test_an_unknown_is_a_change_even_from_an_unknown(engine: Engine) -> None:
    assert engine.diff("subnet", virtualNetworkName=UNKNOWN).replaces == ("virtualNetworkName",)
    old = inputs_of("subnet", addressPrefix=UNKNOWN)
    assert engine.diff("subnet", old=old, addressPrefix=UNKNOWN).changed == ("addressPrefix",)


def test_settings_whose_names_have_dots_can_be_ignored(engine: Engine) -> None:
    assert engine.diff("aio-extension", "configurationSettings", configurationSettings={"c.d": "e"}) == Diff()


def test_a_window_reaches_a_vm_in_place(engine: Engine) -> None:
    settings = {"bypassPlatformSafetyChecksOnUserSchedule": False}
    path = "osProfile__linuxConfiguration__patchSettings__automaticByPlatformSettings"
    ignored = ("osProfile.adminUsername", "osProfile.computerName", "osProfile.linuxConfiguration.ssh")
    found = engine.diff("vm", *ignored, **{path: settings})
    assert (found.changed, found.replaces) == (("osProfile",), ())
    engine.azure.deploy_until("vm")
    engine.azure.put("vm", update=True, **{path: settings})


def test_ignored_changes_are_none(engine: Engine) -> None:
    changes: dict[str, Any] = {"osProfile__adminUsername": "x", "storageProfile__imageReference__sku": "y"}
    assert engine.diff("vm", "osProfile", "storageProfile.imageReference", **changes) == Diff()
    assert engine.diff("vm", "osProfile", **changes).changed == ("storageProfile",)


def test_a_preview_touches_nothing_and_knows_only_the_inputs(engine: Engine) -> None:
    created_id, outputs = engine.create("vnet", preview=True)
    assert (created_id, outputs["addressSpace"]) == ("", {"addressPrefixes": ["10.0.0.0/16"]})
    assert all(is_unknown(outputs[name]) for name in ("id", "name", "provisioningState"))
    assert engine.azure.find("vnet") is None


def test_a_create_gives_id_and_outputs(engine: Engine) -> None:
    created_id, outputs = engine.create("vnet")
    assert created_id == arm_id("vnet")
    assert (outputs["name"], outputs["provisioningState"]) == ("vnet", "Succeeded")


def test_what_exists_is_not_created(engine: Engine) -> None:
    engine.create("vnet")
    with pytest.raises(ProviderError, match=r"cannot create already existing resource '/sub.*/vnet'\. Next: import"):
        engine.create("vnet", tags={"a": "b"})
    assert "tags" not in engine.azure.entry("vnet").inputs


def test_a_create_needs_to_know_whether_it_exists(engine: Engine) -> None:
    engine.azure.order("vnet", "get", "forbidden")
    with pytest.raises(ProviderError, match=r"cannot check existence of resource .*status code 403"):
        engine.create("vnet")
    assert engine.azure.find("vnet") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_reaches_the_engine(engine: Engine, kind: str) -> None:
    engine.azure.order("vnet", "create", kind)
    with pytest.raises(ProviderError) as caught:
        engine.create("vnet")
    assert isinstance(caught.value, InitializationError) == (kind == "accepted-then-failed")
    assert (engine.azure.find("vnet") is not None) == KINDS[kind].after


def test_a_create_that_fails_after_acceptance_keeps_its_state(engine: Engine) -> None:
    engine.azure.order("vnet", "create", "accepted-then-failed")
    with pytest.raises(InitializationError) as caught:
        engine.create("vnet")
    assert (caught.value.resource_id, caught.value.inputs) == (arm_id("vnet"), inputs_of("vnet"))
    assert caught.value.outputs["provisioningState"] == "Failed"
    assert engine.update("vnet", caught.value.outputs)["provisioningState"] == "Succeeded"


def test_an_update_that_fails_after_acceptance_keeps_its_state(engine: Engine) -> None:
    _, outputs = engine.create("vnet")
    engine.azure.order("vnet", "update", "accepted-then-failed")
    with pytest.raises(InitializationError):
        engine.update("vnet", outputs, tags={"a": "b"})
    assert engine.azure.entry("vnet").inputs["tags"] == {"a": "b"}


def test_an_update_sends_the_whole_body(engine: Engine) -> None:
    _, outputs = engine.create("vnet", tags={"a": "b"})
    assert "tags" not in engine.update("vnet", outputs)
    assert "tags" not in engine.azure.entry("vnet").inputs


def test_an_update_in_preview_keeps_name_and_location(engine: Engine) -> None:
    _, outputs = engine.create("vnet")
    previewed = engine.update("vnet", outputs, preview=True, tags={"a": "b"})
    assert (previewed["name"], previewed["location"], previewed["tags"]) == ("vnet", "eastus2", {"a": "b"})
    assert is_unknown(previewed["resourceGuid"])
    assert "tags" not in engine.azure.entry("vnet").inputs


def test_what_azure_refuses_is_an_error_with_its_code(engine: Engine) -> None:
    with pytest.raises(ProviderError, match='Status=404 Code="ParentResourceNotFound"'):
        engine.create("subnet")


def test_a_read_of_what_is_gone_has_no_id(engine: Engine) -> None:
    assert engine.read("vnet", {}) == ReadResult("", {}, {})


def test_a_read_of_what_is_unchanged_changes_nothing(engine: Engine) -> None:
    _, outputs = engine.create("vnet")
    assert engine.read("vnet", outputs) == ReadResult(arm_id("vnet"), inputs_of("vnet"), outputs)


def test_a_read_takes_over_what_somebody_changed(engine: Engine) -> None:
    _, outputs = engine.create("vnet")
    engine.azure.put("vnet", update=True, tags={"by": "hand"}, addressSpace__addressPrefixes=["10.0.0.0/15"])
    found = engine.read("vnet", outputs)
    assert found.inputs == inputs_of("vnet", tags={"by": "hand"}, addressSpace__addressPrefixes=["10.0.0.0/15"])


def test_a_read_takes_over_settings_whose_names_have_dots(engine: Engine) -> None:
    engine.azure.deploy_until("connect")
    _, outputs = engine.create("aio-extension", configurationSettings={"a.b": "c"})
    engine.azure.put("aio-extension", update=True, configurationSettings={"a.b": "d"})
    found = engine.read("aio-extension", outputs, inputs_of("aio-extension", configurationSettings={"a.b": "c"}))
    assert found.inputs["configurationSettings"] == {"a.b": "d"}


def test_a_read_leaves_what_only_azure_writes_out_of_the_inputs(engine: Engine) -> None:
    _, outputs = engine.create("identity")
    engine.azure.delete("identity")
    engine.azure.put("identity")
    found = engine.read("identity", outputs)
    assert found.inputs == inputs_of("identity")
    assert found.outputs["principalId"] != outputs["principalId"]


def test_a_read_takes_the_state_of_a_peering_for_an_input(engine: Engine) -> None:
    """As azure-native does, since Azure's specification does not call it read-only: ignore it in the program."""
    engine.azure.deploy("vnet", "vnet-b")
    _, outputs = engine.create("peering")
    engine.azure.put("peering-b")
    assert engine.read("peering", outputs).inputs["peeringState"] == "Connected"


def test_a_read_without_inputs_imports(engine: Engine) -> None:
    _, outputs = engine.create("vnet")
    assert engine.read("vnet", outputs, inputs={}).inputs == inputs_of("vnet")


def test_an_import_finds_every_part_of_every_path() -> None:
    engine = Engine()
    engine.azure.deploy_until("dataflow")
    for name in SITE:
        parameters = shape_of(SITE[name][0]).type.path_parameters
        imported = engine.read(name, {}, inputs={}).inputs
        wanted = {parameter: inputs_of(name)[parameter].strip("/") for parameter in parameters}
        assert {parameter: imported[parameter].strip("/") for parameter in parameters} == wanted, name


def test_a_read_takes_over_a_list_of_another_length(engine: Engine) -> None:
    _, outputs = engine.create("nsg")
    rules = inputs_of("nsg")["securityRules"] + [{**inputs_of("nsg")["securityRules"][0], "name": "by-hand"}]
    engine.azure.put("nsg", update=True, securityRules=rules)
    found = engine.read("nsg", outputs)
    assert [rule["name"] for rule in found.inputs["securityRules"]] == ["allow-mqtt", "by-hand"]
    assert "provisioningState" not in found.inputs["securityRules"][1]


@pytest.mark.parametrize("token", sorted(INPUTS))
def test_every_example_input_is_known_as_an_input(token: str) -> None:
    shape = shape_of(token)

    def paths(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(value, list):
            return set().union(*(paths(item, path) for item in value))
        if not isinstance(value, dict):
            return {path}
        return {path}.union(*(paths(item, (*path, name)) for name, item in value.items()))

    hidden = {("type",)}  # behind the output of that name, which tells the ARM type
    assert {path for path in paths(INPUTS[token]) - {()} if not shape.is_input(path)} <= hidden


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vnet", "provisioningState"),
        ("vnet", "name"),
        ("vnet", "addressSpace.nothing"),
        ("listener", "serviceType"),
        ("listener", "properties.provisioningState"),
        ("nic", "ipConfigurations.provisioningState"),
    ],
)
def test_these_outputs_are_no_inputs(name: str, path: str) -> None:
    assert not shape_of(SITE[name][0]).is_input(path.split("."))


def test_a_delete_is_repeatable(engine: Engine) -> None:
    engine.create("vnet")
    engine.delete("vnet")
    engine.delete("vnet")
    assert engine.azure.find("vnet") is None


def test_a_refused_delete_is_an_error(engine: Engine) -> None:
    engine.azure.deploy("public-ip", "nat")
    with pytest.raises(ProviderError, match="PublicIPAddressCannotBeDeleted"):
        engine.delete("public-ip")


@pytest.mark.parametrize("rights", [False, True])
def test_a_vault_secret_is_deleted_with_data_rights_only(rights: bool) -> None:
    engine = Engine(deployer_has_data_rights=rights)
    engine.azure.deploy("group", "vault", "secret")
    if rights:
        engine.delete("secret")
    else:
        with pytest.raises(ProviderError, match="ForbiddenByRbac"):
            engine.delete("secret")
    assert (engine.azure.find("secret") is None) == rights


def test_what_a_script_made_is_read_once_it_is_there(engine: Engine) -> None:
    arguments = {"resourceGroupName": "rg", "clusterName": "arck"}
    with pytest.raises(ProviderError, match='Status=404 Code="ResourceNotFound"'):
        engine.provider.invoke(CLUSTERS + "getConnectedCluster", arguments)
    engine.azure.deploy_until("connect")
    found = engine.provider.invoke(CLUSTERS + "getConnectedCluster", arguments)
    assert found["oidcIssuerProfile"]["issuerUrl"].startswith("https://")
    assert found["azureApiVersion"] == "2026-05-01"


@pytest.mark.parametrize("token", [CLUSTERS + "listClusterUserCredential", CLUSTERS + "getNothing"])
def test_unknown_functions_are_refused(engine: Engine, token: str) -> None:
    with pytest.raises(ProviderError, match=r"does not know|no row"):
        engine.provider.invoke(token, {})


def test_unknown_types_are_refused(engine: Engine) -> None:
    with pytest.raises(ProviderError, match="type azure-native:x:Y: no row is about it"):
        engine.provider.create("urn::x", "azure-native:x:Y", {}, preview=False)
