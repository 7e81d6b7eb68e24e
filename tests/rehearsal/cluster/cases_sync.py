"""The way of a key from the vault into its Secret."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml

from arm import ids
from arm.types.authorization import ROLE_ASSIGNMENT
from rehearsal.cluster.model import Secret
from rehearsal.cluster.node_facts import K3S_ISSUER
from settings import roles
from tests.rehearsal.cluster.cases import CLIENT_LOST, CLIENT_SYNC, LISTENER_DOWN, SERVER_SYNC, breaks
from tests.rehearsal.cluster.cases_reach import ENTERPRISE_VM
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench, private_key

CLIENT_CLASS = "azureKeyVaultSecretProviderClasses/client-secret-enterprise-g1"
SERVER, CLIENT = "secretSyncs/broker-tls-cert-g1", "secretSyncs/client-secret-enterprise-g1"
SERVER_IDENTITY, CLIENT_IDENTITY = "id-myorgb-sse-dev-001", "id-myorga-sse-dev-001"
SERVER_CREDENTIAL = f"{SERVER_IDENTITY}/federatedIdentityCredentials/aio-sse-ficred"
CLIENT_CREDENTIAL = f"{CLIENT_IDENTITY}/federatedIdentityCredentials/aio-sse-ficred"
SERVER_VAULT, CLIENT_VAULT = "kv-myorgb-dev-001", "kv-myorga-dev-001"
CLIENT_KEY = f"{CLIENT_VAULT}/secrets/site-to-enterprise-client-leaf-key-g1"


@breaks("CLUSTER-06", ENTERPRISE, SERVER_SYNC, "ControllerSpcError", then=(LISTENER_DOWN,))
def class_has_another_name(bench: Bench) -> None:
    bench.set(SERVER, "secretProviderClassName", "spc-other")


@breaks(
    "CLUSTER-06", ENTERPRISE, SERVER_SYNC, 'SecretProviderClass "client-secret-enterprise-g1"', then=(LISTENER_DOWN,)
)
def class_is_that_of_another_cluster(bench: Bench) -> None:
    bench.set(SERVER, "secretProviderClassName", "client-secret-enterprise-g1")


@breaks("CLUSTER-06", SITE, CLIENT_SYNC, "are no YAML", then=(CLIENT_LOST,))
def objects_are_no_yaml(bench: Bench) -> None:
    bench.set(CLIENT_CLASS, "objects", "array: [")


@breaks("CLUSTER-06", SITE, CLIENT_SYNC, "is not modelled", then=(CLIENT_LOST,))
def objects_have_an_alias(bench: Bench) -> None:
    item = yaml.safe_dump({"objectName": "x", "objectType": "secret", "objectAlias": "y"})
    bench.set(CLIENT_CLASS, "objects", yaml.safe_dump({"array": [item]}))


@breaks("CLUSTER-07", ENTERPRISE, SERVER_SYNC, "sourcePath server-leaf-crt-g2", then=(LISTENER_DOWN,))
def source_path_is_not_listed(bench: Bench) -> None:
    bench.set(SERVER, "objectSecretMapping.0.sourcePath", "server-leaf-crt-g2")


@breaks("CLUSTER-07", ENTERPRISE, SERVER_SYNC, "data[tls.key]: Required value", then=(LISTENER_DOWN,))
def tls_key_is_not_mapped(bench: Bench) -> None:
    bench.set(SERVER, "objectSecretMapping.1.targetKey", "key.pem")


@breaks("CLUSTER-07", ENTERPRISE, SERVER_SYNC, "failed to get cert data for tls.crt", then=(LISTENER_DOWN,))
def certificate_is_no_pem(bench: Bench) -> None:
    bench.publish("server-leaf-crt-g1", "no PEM")


@breaks("CLUSTER-07", ENTERPRISE, SERVER_SYNC, "only rsa and ecdsa", then=(LISTENER_DOWN,))
def private_key_is_of_a_kind_that_the_controller_does_not_know(bench: Bench) -> None:
    certificate, key = bench.issue("server", "mqtt", algorithm="ED25519", dnsNames=["mqtt"])
    bench.publish("server-leaf-crt-g1", certificate)
    bench.publish("server-leaf-key-g1", key)


@breaks("CLUSTER-08", SITE, CLIENT_SYNC, 'serviceaccounts "my-sa" not found', then=(CLIENT_LOST,))
def service_account_does_not_exist(bench: Bench) -> None:
    bench.set(CLIENT, "serviceAccountName", "my-sa")


@breaks("CLUSTER-09", SITE, CLIENT_SYNC, "AADSTS700016", then=(CLIENT_LOST,))
def client_id_is_unknown(bench: Bench) -> None:
    bench.set(CLIENT_CLASS, "clientId", "00000000-0000-4000-8000-000000000000")


@breaks("CLUSTER-09", SITE, CLIENT_SYNC, "AADSTS70025", then=(CLIENT_LOST,))
def credential_is_missing(bench: Bench) -> None:
    bench.remove(CLIENT_CREDENTIAL)


@breaks("CLUSTER-09", ENTERPRISE, SERVER_SYNC, "AADSTS700211", then=(LISTENER_DOWN,))
def issuer_is_that_of_another_cluster(bench: Bench) -> None:
    bench.set(SERVER_CREDENTIAL, "issuer", bench.entry(CLIENT_CREDENTIAL).inputs["issuer"])


def _audit_arguments(bench: Bench) -> list[str]:
    given = bench.entry(ENTERPRISE_VM).facts["machine"]["k3s"]["config"]["kube-apiserver-arg"]
    return [one for one in given if one.startswith("audit-")]


@breaks("CLUSTER-09", ENTERPRISE, SERVER_SYNC, "AADSTS700211", then=(LISTENER_DOWN,))
def cluster_was_connected_anew(bench: Bench) -> None:
    issuers = (f"service-account-issuer={each}" for each in ("https://new.issuer/", K3S_ISSUER))
    given = [*issuers, "service-account-max-token-expiration=24h", *_audit_arguments(bench)]
    bench.set(ENTERPRISE_VM, "machine.k3s.config.kube-apiserver-arg", given, where="facts")


@breaks("CLUSTER-09", ENTERPRISE, SERVER_SYNC, "https://kubernetes.default.svc.cluster.local", then=(LISTENER_DOWN,))
def cluster_has_no_issuer_of_its_own(bench: Bench) -> None:
    bench.set(ENTERPRISE_VM, "machine.k3s.config.kube-apiserver-arg", _audit_arguments(bench), where="facts")


@breaks("CLUSTER-09", SITE, CLIENT_SYNC, "AADSTS700213", then=(CLIENT_LOST,))
def subject_is_another_service_account(bench: Bench) -> None:
    bench.set(CLIENT_CREDENTIAL, "subject", "system:serviceaccount:azure-iot-operations:aio-dataflow")


@breaks("CLUSTER-09", SITE, CLIENT_SYNC, "AADSTS700212", then=(CLIENT_LOST,))
def audience_is_another(bench: Bench) -> None:
    bench.set(CLIENT_CREDENTIAL, "audiences", ["api://other"])


@breaks("CLUSTER-09", SITE, CLIENT_SYNC, "AADSTS700211", then=(CLIENT_LOST,))
def issuer_lacks_its_last_slash(bench: Bench) -> None:
    issuer = bench.entry(CLIENT_CREDENTIAL).inputs["issuer"]
    bench.set(CLIENT_CREDENTIAL, "issuer", issuer.rstrip("/"))


@breaks("CLUSTER-10", SITE, CLIENT_SYNC, "no such host", then=(CLIENT_LOST,))
def vault_does_not_exist(bench: Bench) -> None:
    bench.set(CLIENT_CLASS, "keyvaultName", "kv-other")


@breaks("CLUSTER-10", SITE, CLIENT_SYNC, "AKV10032", then=(CLIENT_LOST,))
def tenant_is_another(bench: Bench) -> None:
    bench.set(CLIENT_CLASS, "tenantId", "00000000-0000-4000-8000-000000000000")


@breaks("CLUSTER-10", ENTERPRISE, SERVER_SYNC, "ForbiddenByConnection", then=(LISTENER_DOWN,))
def vault_is_closed(bench: Bench) -> None:
    bench.set(SERVER_VAULT, "properties.publicNetworkAccess", "Disabled")


@breaks("CLUSTER-10", ENTERPRISE, SERVER_SYNC, "ForbiddenByFirewall", then=(LISTENER_DOWN,))
def vault_has_a_firewall(bench: Bench) -> None:
    bench.set(SERVER_VAULT, "properties.networkAcls", {"defaultAction": "Deny", "bypass": "None"})


@breaks("CLUSTER-11", ENTERPRISE, SERVER_SYNC, "ForbiddenByRbac", then=(LISTENER_DOWN,))
def vault_role_is_missing(bench: Bench) -> None:
    for entry in list(bench.entries.values()):
        is_secrets_user = str(entry.inputs.get("roleDefinitionId")).endswith(roles.KEY_VAULT_SECRETS_USER.guid)
        if entry.row is ROLE_ASSIGNMENT and is_secrets_user and SERVER_VAULT in entry.id:
            del bench.entries[ids.key(entry.id)]


@breaks(
    "CLUSTER-11", ENTERPRISE, SERVER_SYNC, "up to 10 minutes",
    then=(LISTENER_DOWN, ("CLUSTER-11", SITE, CLIENT_SYNC), CLIENT_LOST),
)  # fmt: skip
def roles_have_not_spread(bench: Bench) -> None:
    bench.role_spread_seconds = 600


@breaks("CLUSTER-11", SITE, CLIENT_SYNC, "ForbiddenByRbac", then=(CLIENT_LOST,))
def vault_is_that_of_another_cluster(bench: Bench) -> None:
    bench.set(CLIENT_CLASS, "keyvaultName", SERVER_VAULT)


@breaks("CLUSTER-11", SITE, CLIENT_SYNC, "AccessDenied", then=(CLIENT_LOST,))
def vault_does_not_count_roles(bench: Bench) -> None:
    bench.set(CLIENT_VAULT, "properties.enableRbacAuthorization", False)


@breaks("CLUSTER-12", SITE, CLIENT_SYNC, "PartialSync", then=(CLIENT_LOST,))
def one_vault_secret_is_missing(bench: Bench) -> None:
    bench.remove(CLIENT_KEY)


@breaks("CLUSTER-12", ENTERPRISE, SERVER_SYNC, "SecretNotFound", then=(LISTENER_DOWN,))
def one_vault_secret_of_a_tls_secret_is_missing(bench: Bench) -> None:
    bench.remove(f"{SERVER_VAULT}/secrets/server-leaf-key-g1")


@breaks("CLUSTER-12", ENTERPRISE, SERVER_SYNC, "SecretDisabled", then=(LISTENER_DOWN,))
def vault_secret_is_disabled(bench: Bench) -> None:
    bench.set(f"{SERVER_VAULT}/secrets/server-leaf-crt-g1", "properties.attributes.enabled", False)


@breaks("CLUSTER-12", SITE, CLIENT_SYNC, "/0123 was not found", then=(CLIENT_LOST,))
def class_asks_for_an_old_version(bench: Bench) -> None:
    items = yaml.safe_load(bench.entry(CLIENT_CLASS).inputs["objects"])["array"]
    old = [yaml.safe_dump({**yaml.safe_load(item), "objectVersion": "0123"}) for item in items]
    bench.set(CLIENT_CLASS, "objects", yaml.safe_dump({"array": old}))


@breaks("CLUSTER-12", SITE, CLIENT_SYNC, "ProviderError", then=(CLIENT_LOST,))
def partial_sync_is_switched_off(bench: Bench) -> None:
    store = f"{SITE}/providers/Microsoft.KubernetesConfiguration/extensions/azure-secret-store"
    bench.set(store, "configurationSettings.enablePartialSecretSync", "false")
    bench.remove(CLIENT_KEY)


@breaks("CLUSTER-13", SITE, CLIENT_SYNC, "has expired, and is synced all the same")
def vault_secret_has_expired(bench: Bench) -> None:
    bench.set(CLIENT_KEY, "properties.attributes.expires", int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()))


@breaks("CLUSTER-13", SITE, CLIENT_SYNC, "not to be used yet")
def vault_secret_is_not_yet_to_be_used(bench: Bench) -> None:
    bench.set(CLIENT_KEY, "properties.attributes.notBefore", int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()))


@breaks("CLUSTER-14", ENTERPRISE, SERVER_SYNC, "InvalidClusterSecretLabelError", then=(LISTENER_DOWN,))
def somebody_made_the_secret_by_hand(bench: Bench) -> None:
    bench.unmanaged = {ENTERPRISE: [Secret("broker-tls-cert-g1", "Opaque", {"tls.key": private_key()})]}
