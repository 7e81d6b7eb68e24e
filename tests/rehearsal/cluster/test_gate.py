"""The gate says in the model what nodes/await-secrets.sh says on a node, and a deployment ends there."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arm.shapes import shape_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entries
from rehearsal.azure.refusals import access
from rehearsal.azure.state import AzureState as AzureState
from rehearsal.cluster import gate
from rehearsal.cluster.model import ClusterView, ConfigMap, Secret
from rehearsal.engine import Result
from rehearsal.providers.azure import AzureProvider
from tests.nodes.node_stand_in import Node
from tests.rehearsal.cluster import cases_broker, cases_reach, cases_sync
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, SURROUNDINGS, Bench, Stack, private_key

BROKER_GATE = f"{cases_reach.ENTERPRISE_VM}/runCommands/await-secrets"
SITE_GATE = f"{cases_reach.SITE_VM}/runCommands/await-secrets"
LISTENER = "listeners/default-loadbalancer"


def parameters(bench: Bench, command: str) -> dict[str, str]:
    """Those of the deployed gate, which a test shall not wait for as long."""
    return {one["name"]: one["value"] for one in bench.entry(command).inputs["parameters"]} | {"WAIT_SECONDS": "10"}


def answer(bench: Bench, command: str, **changes: str) -> str:
    state = AzureState(SURROUNDINGS, ManualClock(1_000_000), entries=Entries(bench.entries))
    is_effective = functools.partial(access.is_effective, state)
    given = {**parameters(bench, command), **changes}
    return gate.run_gate(bench.entries.values(), is_effective, bench.entry(command).id, given)


def on_a_node(node: Node, view: ClusterView, given: dict[str, str]) -> str:
    """What the script says where the cluster holds what the view shows."""
    node.put(**{"secretsync-served": ""})
    objects: dict[str, Any] = {}
    for secret in view.secrets.values():
        data = {key: base64.b64encode(value.encode()).decode() for key, value in secret.data.items()}
        objects[f"secret/{secret.name}"] = {"metadata": {"name": secret.name}, "data": data}
    for config_map in view.config_maps.values():
        found = {"metadata": {"name": config_map.name}, "data": dict(config_map.data)}
        objects[f"configmap/{config_map.name}"] = found
    for name, condition in view.conditions.items():
        status = {"conditions": [vars(condition)]}
        objects[f"secretsync/{name}"] = {"metadata": {"name": name}, "status": status}
    node.put_cluster(objects)
    run = node.run("await-secrets", given)
    return run.error.removeprefix("ERROR: ") if run.code else ""


BREAKAGES = [
    cases_broker.bundle_is_pruned,
    cases_broker.certificate_is_garbage,
    cases_broker.client_key_is_another,
    cases_broker.key_is_not_that_of_the_certificate,
    cases_broker.server_certificate_is_for_clients,
    cases_reach.applying_failed,
    cases_reach.objects_are_unreadable,
    cases_sync.class_has_another_name,
    cases_sync.issuer_is_that_of_another_cluster,
    cases_sync.one_vault_secret_is_missing,
    cases_sync.somebody_made_the_secret_by_hand,
    cases_sync.vault_role_is_missing,
]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_the_model_says_what_the_script_says(breakage: Callable[[Bench], object], tmp_path: Path) -> None:
    bench = Bench("dev")
    breakage(bench)
    bench.unmanaged = {}  # nobody but a test knows of those
    said = []
    for cluster, command in ((SITE, SITE_GATE), (ENTERPRISE, BROKER_GATE)):
        said.append(on_a_node(Node(tmp_path / cluster), bench.views()[cluster], parameters(bench, command)))
        assert answer(bench, command) == said[-1]
    assert any(said) or breakage is cases_sync.somebody_made_the_secret_by_hand


def test_while_nothing_is_missing_the_gate_is_open(tmp_path: Path) -> None:
    bench = Bench("dev")
    assert [answer(bench, command) for command in (SITE_GATE, BROKER_GATE)] == ["", ""]
    view = bench.views()[ENTERPRISE]
    assert on_a_node(Node(tmp_path), view, parameters(bench, BROKER_GATE)) == ""


def certificate_of(view: ClusterView) -> str:
    return view.config_maps["client-ca-g1"].data["ca.crt"]


def with_config_map(view: ClusterView, **data: str) -> ClusterView:
    named = {key.replace("_", "."): value for key, value in data.items()}
    return replace(view, config_maps={"client-ca-g1": ConfigMap("client-ca-g1", named)})


def with_secret(view: ClusterView, **data: str) -> ClusterView:
    named = {key.replace("_", "."): value for key, value in data.items()}
    return replace(view, secrets={"broker-tls-cert-g1": Secret("broker-tls-cert-g1", "kubernetes.io/tls", named)})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda view: with_config_map(view, ca_crt=certificate_of(view) * 2), "more than one certificate"),
        (lambda view: with_config_map(view, ca_crt=certificate_of(view), more_crt="x"), "nobody expects: more.crt"),
        (lambda view: with_config_map(view, ca_crt=" "), "keys missing or empty: ca.crt"),
        (lambda view: with_secret(view, tls_crt=certificate_of(view), tls_key="x"), "holds the certificate"),
        (lambda view: with_secret(view, tls_crt="x", tls_key="x"), "tls.crt holds no certificate in PEM"),
        (lambda view: with_secret(view, tls_crt="x"), "keys missing or empty: tls.key"),
    ],
    ids=["two certificates", "surplus key", "empty key", "other certificate", "no certificate", "no key"],
)
def test_other_contents_are_judged_as_the_script_does(
    change: Callable[[ClusterView], ClusterView], says: str, tmp_path: Path
) -> None:
    bench = Bench("dev")
    given = parameters(bench, BROKER_GATE)
    view = change(bench.views()[ENTERPRISE])
    (said,) = gate.find_missing(view, json.loads(base64.b64decode(given["EXPECTED"])))
    assert says in said
    assert f"last seen: {said}. Next:" in on_a_node(Node(tmp_path), view, given)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"NAMESPACE": ""}, "parameter NAMESPACE is not set"),
        ({"NAMESPACE": "default"}, "namespace default: all expected objects in place: not so after 10 s"),
        ({"WAIT_SECONDS": "1.5"}, "WAIT_SECONDS is '1.5'"),
        ({"EXPECTED": "W10="}, "EXPECTED is not usable"),
        ({"EXPECTED": base64.b64encode(b'[{"kind": "Pod", "name": "x", "keys": ["y"]}]').decode()}, "is not usable"),
    ],
)
def test_parameters_that_the_script_refuses_are_refused(changes: dict[str, str], says: str, tmp_path: Path) -> None:
    bench = Bench("dev")
    assert says in answer(bench, BROKER_GATE, **changes)
    given = {**parameters(bench, BROKER_GATE), **changes}
    assert says.split(":")[0].removesuffix(" is not usable").split(" is '")[0] in on_a_node(
        Node(tmp_path), replace(bench.views()[ENTERPRISE], secrets={}, config_maps={}), given
    )


def test_a_vm_without_a_cluster_holds_nothing() -> None:
    bench = Bench("dev")
    bench.remove(ENTERPRISE)
    assert "Secret broker-tls-cert-g1: not there -> check the SecretSync" in answer(bench, BROKER_GATE)


class MistakenProvider(AzureProvider):
    """Sends something else to Azure than the program asks for."""

    def __init__(self, stack: Stack, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(stack.world)
        self._name, self._change = name, change

    def create(self, urn: str, type_token: str, inputs: Any, *, preview: bool) -> tuple[str, Any]:
        mistaken = urn.endswith(f"::{self._name}") and not preview
        return super().create(urn, type_token, self._change(inputs) if mistaken else inputs, preview=preview)


def deploy(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[Stack, Result]:
    stack = Stack("dev")
    stack.engine.providers = {**stack.engine.providers, "azure-native": MistakenProvider(stack, name, change)}
    return stack, stack.up()


def failures(result: Result) -> dict[str, str]:
    return {one.urn.rpartition("::")[2]: one.message for one in result.diagnostics if one.severity == "error"}


def listeners(stack: Stack) -> list[str]:
    return [entry.id for entry in stack.world.entries() if entry.id.endswith(LISTENER)]


def test_a_deployment_without_the_vault_role_ends_at_the_gate() -> None:
    stack, result = deploy(
        "enterprise-secret-sync-secrets-user-role",
        lambda inputs: {**inputs, "principalId": "00000000-0000-4000-8000-000000000000"},
    )
    (message,) = failures(result).values()
    assert list(failures(result)) == ["enterprise-await-secrets"]
    assert "Run Command await-secrets failed with exit code 1: namespace azure-iot-operations" in message
    assert "Secret broker-tls-cert-g1: not there [SecretSync Create: ProviderError: ForbiddenByRbac" in message
    assert listeners(stack) == []


def test_a_deployment_with_another_key_in_the_vault_ends_at_the_gate_and_goes_on_once_that_is_mended() -> None:
    values: list[dict[str, Any]] = []

    def other_key(inputs: dict[str, Any]) -> dict[str, Any]:
        values.append(inputs)
        return {**inputs, "properties": {**inputs["properties"], "value": private_key()}}

    stack, result = deploy("enterprise-vault-server-leaf-key-g1", other_key)
    assert list(failures(result)) == ["enterprise-await-secrets"]
    assert "tls.key is not the private key of the first certificate in tls.crt" in failures(result).popitem()[1]
    assert "PRIVATE KEY" not in str(failures(result))
    assert listeners(stack) == []

    shape = shape_of("azure-native:keyvault:Secret")
    stack.world.put(shape, shape.path(values[0], SURROUNDINGS.subscription_id), values[0], update=True)
    assert stack.up().succeeded
    assert len(listeners(stack)) == 1


@pytest.mark.parametrize(("spread", "succeeds"), [(600, True), (901, False)])
def test_the_gate_waits_for_a_role_as_long_as_the_script_does(spread: float, succeeds: bool) -> None:
    stack = Stack("dev", replace(SURROUNDINGS, role_spread_seconds=spread))
    result = stack.up()
    assert result.succeeded is succeeds
    assert set(failures(result)) == (set() if succeeds else {"site-await-secrets", "enterprise-await-secrets"})


def test_an_azure_that_was_handed_no_gate_fails_every_gate() -> None:
    state = AzureState(SURROUNDINGS, ManualClock())
    assert "hand the world a gate" in state.gate(state, SITE_GATE, {})
