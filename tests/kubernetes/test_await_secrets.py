"""nodes/await-secrets.sh on the real API server: it says word for word what the model says of the same mistake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rehearsal.azure.faults import Fault
from tests.kubernetes.cluster import STRANGER, Cluster
from tests.kubernetes.model import Modelled, change_objects, deploy, deployed
from tests.kubernetes.node import NOTHING, Node
from tests.kubernetes.table import Row

SITE, ENTERPRISE, GATE = "site", "enterprise", "enterprise-await-secrets"
NOBODY = "00000000-0000-4000-8000-000000000000"


def mistake(cluster: str, resource: str, change: Any, says: str) -> Any:
    """A case: a resource that is sent otherwise, and what both say of it."""
    words = change.__name__.replace("_", " ")
    return pytest.param(cluster, resource, change, id=words, marks=pytest.mark.row(real=says, model=says))


def bundle_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return next(one for one in objects if one["kind"] == "Bundle")


def root_of(cluster: str) -> str:
    """The CA that a cluster's Bundle holds."""
    pem: str = bundle_of(deployed("dev").objects(cluster))["spec"]["sources"][1]["inLine"]
    return pem


def published(resource: str) -> Mapping[str, Any]:
    properties: dict[str, Any] = deployed("dev").sent[resource]["properties"]
    return properties


def role_of_the_vault_is_nobodys(sent: dict[str, Any]) -> None:
    sent["principalId"] = NOBODY


def key_of_the_secret_is_not_mapped(sent: dict[str, Any]) -> None:
    sent["objectSecretMapping"].pop()


def certificate_is_another(sent: dict[str, Any]) -> None:
    sent["properties"]["value"] = published("site-vault-site-to-enterprise-client-leaf-crt-g1")["value"]


def private_key_is_another(sent: dict[str, Any]) -> None:
    sent["properties"]["value"] = published("site-vault-site-to-enterprise-client-leaf-key-g1")["value"]


@change_objects
def bundle_is_not_applied(objects: list[dict[str, Any]]) -> None:
    objects.remove(bundle_of(objects))


@change_objects
def bundle_holds_another_root(objects: list[dict[str, Any]]) -> None:
    bundle_of(objects)["spec"]["sources"][1]["inLine"] = root_of(SITE)


@change_objects
def bundle_holds_two_roots(objects: list[dict[str, Any]]) -> None:
    bundle_of(objects)["spec"]["sources"][1]["inLine"] = root_of(SITE) + root_of(ENTERPRISE)


MISTAKES = [
    mistake(
        ENTERPRISE, "secret-sync-secrets-user-role", role_of_the_vault_is_nobodys,
        "Secret broker-tls-cert-g1: not there [SecretSync Create: ProviderError: ForbiddenByRbac",
    ),
    mistake(
        SITE, "client-secret-enterprise-g1", key_of_the_secret_is_not_mapped,
        "Secret client-secret-enterprise-g1: keys missing or empty: client_key.pem",
    ),
    mistake(
        ENTERPRISE, "vault-server-leaf-crt-g1", certificate_is_another,
        "Secret broker-tls-cert-g1: tls.crt holds the certificate",
    ),
    mistake(
        ENTERPRISE, "vault-server-leaf-key-g1", private_key_is_another,
        "Secret broker-tls-cert-g1: tls.key is not the private key of the first certificate in tls.crt",
    ),
    mistake(
        ENTERPRISE, "apply-objects", bundle_is_not_applied,
        "ConfigMap client-ca-g1: not there -> check the trust-manager Bundle",
    ),
    mistake(
        ENTERPRISE, "apply-objects", bundle_holds_another_root, "ConfigMap client-ca-g1: ca.crt holds the certificate"
    ),
    mistake(
        ENTERPRISE, "apply-objects", bundle_holds_two_roots, "ConfigMap client-ca-g1: ca.crt holds more than one"
    ),
]  # fmt: skip


def prepare(cluster: Cluster, node: Node, modelled: Modelled, name: str) -> None:
    """Bring the cluster to where the gate begins."""
    assert node.run("apply-objects", modelled.parameters(f"{name}-apply-objects")).code == 0
    cluster.put_secrets(modelled.views[name])
    node.set_pace(15)


@pytest.mark.parametrize(("name", "resource", "change"), MISTAKES)
def test_the_gate_stays_shut_in_the_words_of_the_model(
    name: str, resource: str, change: Any, cluster: Cluster, node: Node, row: Row
) -> None:
    modelled = deploy("dev", f"{name}-{resource}", change)
    gate = f"{name}-await-secrets"
    prepare(cluster, node, modelled, name)
    before = node.waited
    error = node.run("await-secrets", modelled.parameters(gate)).error.removeprefix("ERROR: ")
    assert 900 <= node.waited - before <= 1200
    assert error in modelled.failures[gate]
    row.check(error, modelled.failures[gate])


@pytest.mark.row(real="succeeds", model="succeeds")
def test_a_secret_that_comes_late_opens_the_gate(cluster: Cluster, node: Node, row: Row) -> None:
    modelled = deploy("dev", role_spread=500)
    assert modelled.failures == {}
    assert node.run("apply-objects", modelled.parameters("enterprise-apply-objects")).code == 0
    before = node.waited
    with node.running("await-secrets", modelled.parameters(GATE)) as process:
        node.wait_until(lambda: node.waited > before)
        cluster.put_secrets(modelled.views[ENTERPRISE])
        stdout, stderr = process.communicate(timeout=60)
    assert json.loads(stdout) == {"seen": ["Secret/broker-tls-cert-g1", "ConfigMap/client-ca-g1"]}
    row.check(stderr if process.returncode else "", modelled.says(ENTERPRISE))


def fail_in_the_model() -> Modelled:
    """Return a deployment in which Azure says that the gate has failed, for whatever reason."""
    return deploy("dev", fault=Fault(GATE, "create", "accepted-then-failed"))


def listeners(modelled: Modelled) -> str:
    return f"listeners: {', '.join(modelled.views[ENTERPRISE].listeners)}."


@pytest.mark.row(real="Error from server (Forbidden)", model="listeners: default.")
def test_a_user_who_may_not_read_secrets_is_told_when_the_time_is_over(cluster: Cluster, node: Node, row: Row) -> None:
    modelled = deployed("dev")
    prepare(cluster, node, modelled, ENTERPRISE)
    node.sign_in(STRANGER)
    before = node.waited
    error = node.run("await-secrets", modelled.parameters(GATE)).error
    assert 900 <= node.waited - before <= 1200
    row.check(error, listeners(fail_in_the_model()))


@pytest.mark.row(real="was refused - did you specify the right host or port?", model="listeners: default.")
def test_an_api_server_that_is_gone_while_a_gate_waits_ends_it_within_its_bound_and_the_next_run_opens(
    cluster: Cluster, node: Node, row: Row
) -> None:
    modelled = deployed("dev")
    assert node.run("apply-objects", modelled.parameters("enterprise-apply-objects")).code == 0
    node.set_pace(15)
    node.kill_after("get", cluster.api_process)
    before = node.waited
    try:
        error = node.run("await-secrets", modelled.parameters(GATE)).error
        assert 900 <= node.waited - before <= 1200
    finally:
        node.kill_after(NOTHING, 0)
        cluster.restart_api()
    cluster.put_secrets(modelled.views[ENTERPRISE])
    node.set_pace(1)  # trust-manager's time to come back is real
    assert node.run("await-secrets", modelled.parameters(GATE)).fact["seen"]
    failed = fail_in_the_model()
    row.check(error, listeners(failed))
    mended = failed.go_on()
    assert (listeners(mended), mended.says(ENTERPRISE)) == ("listeners: default, default-loadbalancer.", "")


@pytest.mark.row(real="data[tls.key]: Required value", model="data[tls.key]: Required value")
def test_the_api_server_takes_no_tls_secret_without_its_key(cluster: Cluster, row: Row) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "type": "kubernetes.io/tls"}
    with pytest.raises(AssertionError) as refused:
        cluster.apply({**secret, "data": {"tls.crt": ""}})
    modelled = deploy(
        "dev", "enterprise-broker-tls-cert-g1", lambda sent: sent["objectSecretMapping"][1].update(targetKey="key.pem")
    )
    row.check(str(refused.value), modelled.says(ENTERPRISE))
