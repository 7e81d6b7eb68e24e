"""Identities and their roles: everyone has what it needs, and nobody more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arm import ids
from arm.shapes import shape_of
from arm.types.authorization import ROLE_ASSIGNMENT, ROLE_DEFINITION
from arm.types.deviceregistry import SCHEMA_REGISTRY
from arm.types.iotoperations import INSTANCE
from arm.types.keyvault import VAULT
from arm.types.kubernetes import CAN_SIGN_IN
from arm.types.managedidentity import USER_ASSIGNED_IDENTITY
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.graph import Resource
from graph.inputs import at, list_at, shorten, text_at, texts_at
from rules.edges import credentials_of, extensions
from rules.facts import aio, entra, releases, roles
from rules.facts.extensions import AIO
from rules.lookup import Hits, View
from rules.references import container_of

CREDENTIALS = {
    aio.SECRET_SYNC_SERVICE_ACCOUNT.value: aio.SECRET_SYNC_CREDENTIAL.value,
    aio.DATAFLOW_SERVICE_ACCOUNT.value: aio.DATAFLOW_CREDENTIAL.value,
}
"""Service account -> its federated credential's name: other tools find it by that, and add no second one."""
_DELETE = "Microsoft.Kubernetes/connectedClusters/delete"


def federated_credentials(view: View) -> Hits:
    """Each workload identity trusts exactly the service account that uses it, of exactly its cluster."""
    required: dict[str, set[str]] = {}
    for cluster in view.clusters:
        for identity, account in _workloads(view, cluster):
            subject = f"system:serviceaccount:{view.namespace(cluster)}:{account}"
            required.setdefault(identity.urn, set()).add(subject)
    for urn in {**required, **{one.urn: set() for one in view.all(USER_ASSIGNED_IDENTITY)}}:
        identity = view.graph.resources[urn]
        credentials = credentials_of(view, identity)
        subjects = {text_at(view.inputs(one), "subject") for one in credentials}
        expected = required.get(urn) or _default_subjects(view, identity)
        for credential in credentials:
            yield from _credential(view, credential, expected)
        if len(credentials) < len(expected):
            missing = ", ".join(sorted(expected - subjects))
            yield identity.name, f"no federated credential for {missing}, which signs in as it. Add one"
    yield from _unknown_clients(view)
    yield from _unknown_accounts(view)


def _workloads(view: View, cluster: str) -> Iterator[tuple[Resource, str]]:
    """Identities and the service accounts of the cluster that use them."""
    for sync in view.all(SECRET_SYNC, cluster=cluster):
        provider_class = view.provider_class(sync)
        client_id = text_at(view.inputs(provider_class), "clientId") if provider_class else ""
        if identity := view.identity_by_client_id.get(client_id):
            yield identity, text_at(view.inputs(sync), "serviceAccountName")
    for instance in view.all(INSTANCE, cluster=cluster):
        for arm_id in texts_at(view.inputs(instance), "identity.userAssignedIdentities"):
            if arm_id in view.by_path:
                yield view.by_path[arm_id], aio.DATAFLOW_SERVICE_ACCOUNT.value


def _default_subjects(view: View, identity: Resource) -> set[str]:
    """For a cluster that syncs nothing yet: the account that `az iot ops secretsync` would use."""
    cluster = view.cluster(identity)
    client_id = text_at(view.outputs(identity), "clientId")
    for provider_class in view.all(SECRET_PROVIDER_CLASS, cluster=cluster):
        if text_at(view.inputs(provider_class), "clientId") == client_id:
            return {f"system:serviceaccount:{view.namespace(cluster)}:{aio.SECRET_SYNC_SERVICE_ACCOUNT.value}"}
    return set()


def _credential(view: View, credential: Resource, expected: set[str]) -> Hits:
    inputs = view.inputs(credential)
    if text_at(inputs, "subject") not in expected:
        options = " or ".join(sorted(expected)) or "no credential at all: nothing on a cluster uses this identity"
        yield credential.name, f"subject: {text_at(inputs, 'subject')!r} is not who signs in; expected {options}"
    issuer = issuer_of(view, view.cluster(credential))
    if issuer and text_at(inputs, "issuer") != issuer:
        cluster = view.cluster(credential)
        yield (
            credential.name,
            f"issuer: {text_at(inputs, 'issuer')} is not that of cluster {cluster}; expected {issuer}",
        )
    name = CREDENTIALS.get(text_at(inputs, "subject").rpartition(":")[2])
    if name and (own := view.path(credential).rpartition("/")[2]) != name:
        yield (
            credential.name,
            f"federatedIdentityCredentialResourceName: {own!r}; expected {name!r}, as edge-ai has it",
        )
    if (given := list_at(inputs, "audiences")) != [entra.TOKEN_EXCHANGE_AUDIENCE.value]:
        yield credential.name, f"audiences: {given}; expected [{entra.TOKEN_EXCHANGE_AUDIENCE.value!r}]"


def issuer_of(view: View, cluster: str) -> str:
    """Return the issuer that the model of Azure gives this connected cluster."""
    module = f"azure-native_kubernetes_v{releases.CONNECTED_CLUSTER_API.value.replace('-', '')}"
    for arm_id, command in view.connected_clusters.items():
        if view.cluster(command) == cluster:
            inputs = {
                "resourceGroupName": arm_id.split("/")[4],
                "clusterName": arm_id.rsplit("/", 1)[1],
                "location": view.parameters(command).get("LOCATION") or CAN_SIGN_IN["location"],
            }
            shape = shape_of(f"{module}:kubernetes:ConnectedCluster")
            _, outputs = shape.outputs(inputs, preview=False, subscription_id=view.graph.subscription_id)
            return text_at(outputs, "oidcIssuerProfile.issuerUrl")
    return ""


def _unknown_clients(view: View) -> Hits:
    for provider_class in view.all(SECRET_PROVIDER_CLASS):
        client_id = text_at(view.inputs(provider_class), "clientId")
        if client_id not in view.identity_by_client_id:
            yield provider_class.name, f"clientId: {client_id!r} is of no identity of this stack; expected a clientId"


def _unknown_accounts(view: View) -> Hits:
    for sync in view.all(SECRET_SYNC):
        given, expected = text_at(view.inputs(sync), "serviceAccountName"), aio.SECRET_SYNC_SERVICE_ACCOUNT.value
        if given != expected:
            message = f"serviceAccountName: {given!r} is not the account that AIO brings for secret sync; expected"
            yield sync.name, f"{message} {expected!r}"


@dataclass(frozen=True)
class Need:
    """Somebody who cannot do its work without a role."""

    who: str
    """Name of the resource that needs it."""
    principal_id: str
    principal_type: str
    role: str
    guid: str
    scope: str


def needs(view: View) -> list[Need]:
    """Return every role that something in the graph depends on, each once."""
    return list(dict.fromkeys(_needs(view)))


def _needs(view: View) -> Iterator[Need]:
    yield from _needs_of_readers(view)
    for registry in view.all(SCHEMA_REGISTRY):
        container = container_of(view, text_at(view.inputs(registry), "storageAccountContainerUrl"))
        if container:
            principal = text_at(view.outputs(registry), "identity.principalId")
            yield _need(registry.name, principal, roles.STORAGE_BLOB_DATA_CONTRIBUTOR, view.path(container))
    for cluster in view.clusters:
        yield from _needs_of_aio_extension(view, cluster)
    deleters = _roles_that_delete(view)
    for arm_id, connect in view.connected_clusters.items():
        yield from _needs_of_arc(view, arm_id, connect, deleters)
        for role in (roles.ARC_KUBERNETES_VIEWER, roles.ARC_CLUSTER_USER):
            admins = view.settings.tenant.admin_group_object_id
            yield Need(f"{view.cluster(connect)} (the admin group)", admins, "Group", role.name, role.guid, arm_id)
        if operators := view.settings.operator_group:
            role = roles.ARC_CLUSTER_USER
            yield Need(
                f"{view.cluster(connect)} (the operator group)", operators, "Group", role.name, role.guid, arm_id
            )


def _needs_of_readers(view: View) -> Iterator[Need]:
    for provider_class in view.all(SECRET_PROVIDER_CLASS):
        identity = view.identity_by_client_id.get(text_at(view.inputs(provider_class), "clientId"))
        vault = view.vault_by_name.get(text_at(view.inputs(provider_class), "keyvaultName"))
        if identity and vault:
            for role in (roles.KEY_VAULT_SECRETS_USER, roles.KEY_VAULT_READER):
                yield _need(identity.name, text_at(view.outputs(identity), "principalId"), role, view.path(vault))


def _need(who: str, principal_id: str, role: roles.Role, scope: str) -> Need:
    return Need(who, principal_id, "ServicePrincipal", role.name, role.guid, scope)


def _needs_of_aio_extension(view: View, cluster: str) -> Iterator[Need]:
    for instance in view.all(INSTANCE, cluster=cluster):
        registry = text_at(view.inputs(instance), "properties.schemaRegistryRef.resourceId")
        for extension in extensions(view, cluster, AIO.type) if registry else ():
            principal = text_at(view.outputs(extension), "identity.principalId")
            yield _need(extension.name, principal, roles.DEVICE_REGISTRY_ADMINISTRATOR, registry)


def _needs_of_arc(view: View, arm_id: str, connect: Resource, deleters: Mapping[str, str]) -> Iterator[Need]:
    """Onboarding, and the right to delete, which that role lacks: a rebuilt node takes its predecessor's place.

    Where the tenant allows no custom roles, somebody else deletes.
    """
    who, principal = view.find_connector(connect)
    if not principal:
        return
    group = ids.group_of(arm_id)
    yield _need(who, principal, roles.ARC_ONBOARDING, group)
    if not view.settings.custom_roles:
        return
    right = f"role with the right {_DELETE}"
    yield Need(who, principal, "ServicePrincipal", right, deleters.get(group, ""), group)


def _roles_that_delete(view: View) -> dict[str, str]:
    """Return scope -> the custom role there that may delete a connected cluster; what else it may is ID-03's."""
    definitions = [one for one in reversed(view.all(ROLE_DEFINITION)) if _DELETE in _actions(view, one)]
    return {_scope(view, one): text_at(view.inputs(one), "roleDefinitionId") for one in definitions}


def _actions(view: View, definition: Resource) -> list[str]:
    return [action for one in list_at(view.inputs(definition), "permissions") for action in texts_at(one, "actions")]


def _scope(view: View, resource: Resource) -> str:
    return text_at(view.inputs(resource), "scope")


def roles_suffice(view: View) -> Hits:
    """Everyone who needs a role has it, at a scope that covers what it works on."""
    for need in needs(view):
        assigned = [one for one in view.assignments_to(need.principal_id) if _guid(view, one) == need.guid]
        if not any(f"{need.scope}/".startswith(f"{_scope(view, one)}/") for one in assigned):
            elsewhere = ", ".join(shorten(_scope(view, one)) for one in assigned)
            yield (
                need.who,
                f"has no {need.role} on {shorten(need.scope)}" + (f", only on {elsewhere}" if elsewhere else "")
                + f". Assign it to principal {need.principal_id}",
            )  # fmt: skip
    for vault in view.all(VAULT):
        if at(view.inputs(vault), "properties.enableRbacAuthorization") is not True:
            yield vault.name, "properties.enableRbacAuthorization: expected true, without which no role counts here"
    for cluster in view.clusters:
        yield from _identity_on_node(view, cluster)


def _guid(view: View, assignment: Resource) -> str:
    return text_at(view.inputs(assignment), "roleDefinitionId").rsplit("/", 1)[-1]


def _identity_on_node(view: View, cluster: str) -> Hits:
    node = view.node(cluster)
    for connect in view.commands(cluster, "connect-arc") if node else ():
        client_id = view.parameters(connect).get("IDENTITY_CLIENT_ID", "")
        identity = view.identity_by_client_id.get(client_id)
        attached = list_at(view.inputs(node), view.host(cluster).node_identities) if node else []
        if identity is None or view.path(identity) not in attached:
            of = identity.name if identity else "no identity of this stack"
            message = (
                f"IDENTITY_CLIENT_ID: {client_id!r} is of {of}, which the node does not carry. Expected an identity"
                " among the node's userAssignedIdentities"
            )
            yield connect.name, message


def no_more_roles(view: View) -> Hits:
    """No assignment beyond the needs, none broader than needed, and no custom role with more than one right."""
    needed = {(need.scope, need.guid, need.principal_id) for need in needs(view)}
    known = {*roles.NAMES, *(text_at(view.inputs(one), "roleDefinitionId") for one in view.all(ROLE_DEFINITION))}
    for assignment in view.all(ROLE_ASSIGNMENT):
        scope, guid, principal = _key(view, assignment)
        if (scope, guid, principal) not in needed and guid in known:  # REF-01 reports a role that nobody knows
            name = roles.NAMES.get(guid, guid)
            of_need = [shorten(where) for where, role, who in needed if (role, who) == (guid, principal)]
            expected = (
                f"it needs it on {', '.join(of_need)} only"
                if of_need
                else "nothing needs that: remove it, or say in rules/identities.py who does"
            )
            yield assignment.name, f"gives {principal} the role {name} on {shorten(scope)}; {expected}"
    for definition in view.all(ROLE_DEFINITION):
        more = [action for action in _actions(view, definition) if action != _DELETE]
        if more:
            yield definition.name, f"permissions: {', '.join(more)} is more than the needed {_DELETE}. Remove it"
        if not view.settings.custom_roles:
            yield definition.name, "is a custom role, and the settings say custom_roles: false. Remove it"


def _key(view: View, assignment: Resource) -> tuple[str, str, str]:
    return _scope(view, assignment), _guid(view, assignment), text_at(view.inputs(assignment), "principalId")


def assignments_are_well_formed(view: View) -> Hits:
    """`principalType` is always given (a new principal is not found without it), and no assignment is made twice."""
    kinds = {need.principal_id: need.principal_type for need in needs(view)}
    count = Counter(_key(view, assignment) for assignment in view.all(ROLE_ASSIGNMENT))
    for assignment in view.all(ROLE_ASSIGNMENT):
        scope, guid, principal = _key(view, assignment)
        given, expected = text_at(view.inputs(assignment), "principalType"), kinds.get(principal)
        if expected and given != expected:  # who needs nothing is ID-03's
            yield assignment.name, f"principalType: {given or 'missing'}; expected {expected}"
        if count[scope, guid, principal] > 1:
            message = "the same role, principal and scope as another assignment: Azure refuses it. Keep one"
            yield assignment.name, message
