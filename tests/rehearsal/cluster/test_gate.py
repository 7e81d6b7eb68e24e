"""A deployment ends at the gate while something is missing behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from arm.shapes import shape_of
from rehearsal.azure.state import AzureState as AzureState
from rehearsal.engine import Result
from rehearsal.providers.azure import AzureProvider
from tests.rehearsal.cluster.deployments import SURROUNDINGS, Stack, private_key

LISTENER = "listeners/default-loadbalancer"


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
    assert "Run Command await-secrets failed with exit code 1: ERROR: namespace azure-iot-operations" in message
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
    assert list(failures(stack.up())) == ["enterprise-await-secrets"], "Azure runs no body twice"
    (run,) = (one.urn for one in stack.engine.state.resources if one.urn.endswith("::enterprise-script-run"))
    stack.engine.options = replace(stack.engine.options, replace=[run])
    assert stack.up().succeeded
    assert len(listeners(stack)) == 1


def test_the_scripts_wait_for_roles_that_spread() -> None:
    stack = Stack("dev", replace(SURROUNDINGS, role_spread_seconds=500))
    assert stack.up().succeeded


def test_the_script_that_first_needs_a_role_fails_when_it_takes_longer_than_the_script_waits() -> None:
    result = Stack("dev", replace(SURROUNDINGS, role_spread_seconds=1500)).up()
    assert {name for name in failures(result) if name} == {"site-connect-arc", "enterprise-connect-arc"}
    assert "not so after 780 s" in failures(result)["site-connect-arc"]
