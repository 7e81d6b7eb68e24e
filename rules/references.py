"""Everything that names another resource: by ARM id, as a part of its own path, or by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from arm.shapes import shape_of
from arm.types.authorization import ROLE_DEFINITION
from arm.types.deviceregistry import SCHEMA_REGISTRY
from arm.types.iotoperations import BROKER_AUTHENTICATION, BROKER_LISTENER, DATAFLOW, DATAFLOW_ENDPOINT
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from arm.types.storage import BLOB_CONTAINER
from arm.values import leaves
from graph.graph import Resource
from graph.inputs import list_at, shorten, text_at, x509_settings
from rules.facts import aio, roles
from rules.lookup import Hits, View

_PROXY_PARTS = ("/blobServices/default",)
"""Parts of an ARM path that exist without anybody making them."""
SECRET_KEYS = {"kubernetes.io/tls": ("tls.crt", "tls.key"), "Opaque": ("client_cert.pem", "client_key.pem")}
"""Type of the Secret of a listener, or of an endpoint -> its keys, that of the certificate first."""


@dataclass(frozen=True)
class Reference:
    """One resource that names another."""

    resource: Resource
    where: str
    """The property that refers."""
    target: Resource | None
    problem: str = ""
    """Why there is no target."""


References = Callable[[View], Iterator[Reference]]


def _hits(references: References) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        for reference in references(view):
            if reference.problem:
                yield reference.resource.name, f"{reference.where}: {reference.problem}"

    check.__doc__ = references.__doc__
    return check


def by_id(view: View) -> Iterator[Reference]:
    """Every ARM id among the inputs is that of a resource of this stack, letter for letter."""
    for resource in view.arm:
        for where, value, _ in leaves(view.inputs(resource)):
            if isinstance(value, str) and value.startswith("/subscriptions/"):
                target, problem = _resolve(view, value)
                yield Reference(resource, where, target, problem)


def _resolve(view: View, arm_id: str) -> tuple[Resource | None, str]:
    target = view.by_path.get(arm_id) or view.connected_clusters.get(arm_id)
    if target or view.exists(arm_id):
        return target, ""
    if "/roleDefinitions/" in arm_id:
        return _resolve_role(view, arm_id.rsplit("/", 1)[1])
    if not re.match(r"/subscriptions/[^/]+/resourceGroups/", arm_id, re.IGNORECASE):
        return None, ""  # the subscription itself, or something of it that no stack makes
    return None, _nothing_has(view, arm_id)


def _resolve_role(view: View, guid: str) -> tuple[Resource | None, str]:
    for definition in view.all(ROLE_DEFINITION):
        if text_at(view.inputs(definition), "roleDefinitionId") == guid:
            return definition, ""
    if guid in roles.NAMES:
        return None, ""
    return None, f"{guid} is neither a role of this stack nor one of rules/facts/roles.py; expected one of those"


def _nothing_has(view: View, arm_id: str) -> str:
    known = [*view.by_path, *view.connected_clusters]
    return f"nothing in this stack has the id {shorten(arm_id)}; {_meant(arm_id, known)}"


def _meant(given: str, known: Iterable[str]) -> str:
    """Suggest what was probably meant, else list what is known."""
    by_lower_case = {name.lower(): name for name in known if name}
    if given.lower() in by_lower_case:
        return f"it differs in upper and lower case from {shorten(by_lower_case[given.lower()])}: write it as that"
    close = difflib.get_close_matches(given.lower(), by_lower_case, n=1, cutoff=0.6)
    if close:
        return f"did you mean {shorten(by_lower_case[close[0]])}?"
    return f"known are: {', '.join(sorted(map(shorten, by_lower_case.values()))[:20]) or 'none'}"


def by_path(view: View) -> Iterator[Reference]:
    """Require the parents in an ARM path (instanceName, brokerName, vmName, vaultName, scope, …) to be in the stack."""
    for resource in view.arm:
        for parent in _parents(view.path(resource)):
            target = view.by_path.get(parent) or view.connected_clusters.get(parent)
            problem = "" if target or view.exists(parent) else _nothing_has(view, parent)
            yield Reference(resource, path_parameter(resource, parent), target, problem)


def _parents(path: str) -> Iterator[str]:
    """Ids of everything that contains the resource: /a/{x}/providers/N/t/{y}/u/{z} -> /a/{x}, …/t/{y}."""
    head, _, own = path.rpartition("/providers/")
    if not head:
        return
    if head.count("/") > 2:  # below the subscription itself nothing is ours
        yield from _parents(head)
        yield head
    parts = own.split("/")
    for end in range(3, len(parts), 2):
        parent = f"{head}/providers/{'/'.join(parts[:end])}"
        if not parent.endswith(_PROXY_PARTS):
            yield parent


def path_parameter(resource: Resource, parent: str) -> str:
    """Return the input that puts the last segment of a parent's id into the resource's own id."""
    row = shape_of(resource.type).type
    template = row.path_template.split("/")
    whole = text_at(resource.plain_inputs, row.scope) if row.scope else ""
    if whole and len(parent) <= len(whole):
        return row.scope
    return template[parent.count("/") - max(whole.count("/") - 1, 0)].strip("{}")


def by_name(view: View) -> Iterator[Reference]:
    """Names of authentications, authorizations and endpoints are of the same broker, or of the same instance."""
    for listener in view.all(BROKER_LISTENER):
        broker = view.path(listener).rsplit("/listeners/", 1)[0]
        for index, port in enumerate(view.ports(listener)):
            for key, kind in (("authenticationRef", "authentications"), ("authorizationRef", "authorizations")):
                if name := text_at(port, key):
                    where = f"properties.ports[{index}].{key}"
                    yield _named(view, listener, where, f"{broker}/{kind}/", name)
    yield from _endpoints_by_name(view)


def _endpoints_by_name(view: View) -> Iterator[Reference]:
    for dataflow in view.all(DATAFLOW):
        instance = view.path(dataflow).split("/dataflowProfiles/")[0]
        for index, operation in enumerate(list_at(view.inputs(dataflow), "properties.operations")):
            for key in ("sourceSettings", "destinationSettings"):
                if name := text_at(operation, f"{key}.endpointRef"):
                    where = f"properties.operations[{index}].{key}.endpointRef"
                    yield _named(view, dataflow, where, f"{instance}/dataflowEndpoints/", name)


def _named(view: View, resource: Resource, where: str, folder: str, name: str) -> Reference:
    target = view.by_path.get(folder + name)
    if target:
        return Reference(resource, where, target)
    known = [path.removeprefix(folder) for path in view.by_path if path.startswith(folder)]
    kind = folder.strip("/").rsplit("/", 1)[1]
    return Reference(resource, where, None, f"{kind} has no {name!r} there; {_meant(name, known)}")


def of_secrets(view: View) -> Iterator[Reference]:
    """From SecretSync over provider class to vault; and from schema registry to container."""
    for sync in view.all(SECRET_SYNC):
        found = view.provider_class(sync)
        name = text_at(view.inputs(sync), "secretProviderClassName")
        problem = f"cluster {view.cluster(sync)} has no provider class {name!r}; expected one of the same cluster"
        yield Reference(sync, "secretProviderClassName", found, "" if found else problem)
        known = set(view.objects(found)) if found else set(view.mapping(sync).values())
        for key, source in view.mapping(sync).items():
            if source not in known:
                problem = f"key {key} comes from {source!r}, which is not among the objects of {name!r}; add it there"
                yield Reference(sync, "objectSecretMapping", None, problem)
    for provider_class in view.all(SECRET_PROVIDER_CLASS):
        name = text_at(view.inputs(provider_class), "keyvaultName")
        vault = view.vault_by_name.get(name)
        problem = "" if vault else f"this stack has no vault {name!r}; {_meant(name, view.vault_by_name)}"
        yield Reference(provider_class, "keyvaultName", vault, problem)
        for problem in dict.fromkeys(_wrong_entries(view.object_entries(provider_class))):
            yield Reference(provider_class, "objects", None, problem)
        for expected in view.objects(provider_class) if vault else ():
            if (name, expected) not in view.vault_secrets:
                elsewhere = [other for other, secret in view.vault_secrets if secret == expected]
                hint = f"it is in {', '.join(elsewhere)}" if elsewhere else "nobody publishes it"
                problem = f"{expected!r} is not published in vault {name}: {hint}. Publish it in {name}"
                yield Reference(provider_class, "objects", None, problem)
    yield from _containers(view)


def _wrong_entries(entries: Iterable[Any]) -> Iterator[str]:
    for one in entries:
        if (other := text_at(one, "objectType")) != "secret":
            yield f"objectType {other!r}; expected 'secret': what is published in a vault is a secret"
        for key in sorted({*one} - {"objectName", "objectType"}):
            yield f"{key} {one[key]!r}; expected none: the newest version is read, as it is in the vault"


def _containers(view: View) -> Iterator[Reference]:
    for registry in view.all(SCHEMA_REGISTRY):
        url = text_at(view.inputs(registry), "storageAccountContainerUrl")
        found = container_of(view, url)
        problem = f"{url!r} is no container of this stack; expected https://<account>.blob.core.windows.net/<container>"
        yield Reference(registry, "storageAccountContainerUrl", found, "" if found else problem)


def container_of(view: View, url: str) -> Resource | None:
    """Find the blob container that a URL names."""
    parts = re.fullmatch(r"https://([a-z0-9]+)\.blob\.core\.windows\.net/([a-z0-9-]+)/?", url)
    expected = f"/storageAccounts/{parts[1]}/blobServices/default/containers/{parts[2]}" if parts else "/"
    return next((one for one in view.all(BLOB_CONTAINER) if view.path(one).endswith(expected)), None)


@dataclass(frozen=True)
class ObjectReference:
    """A Secret or ConfigMap of the resource's cluster that AIO is told to use."""

    resource: Resource
    where: str
    name: str
    secret_type: str = ""
    """Empty for a ConfigMap."""


def object_references(view: View) -> Iterator[ObjectReference]:
    """Yield what listeners, authentications and endpoints name; the trust that AIO makes itself is left out."""
    for listener in view.all(BROKER_LISTENER):
        for index, port in enumerate(view.ports(listener)):
            if name := text_at(port, "tls.manual.secretRef"):
                where = f"properties.ports[{index}].tls.manual.secretRef"
                yield ObjectReference(listener, where, name, "kubernetes.io/tls")
    for authentication in view.all(BROKER_AUTHENTICATION):
        for settings in x509_settings(view.inputs(authentication)):
            name = text_at(settings, "trustedClientCaCert")
            yield ObjectReference(authentication, "x509Settings.trustedClientCaCert", name)
    yield from _objects_of_endpoints(view)


def _objects_of_endpoints(view: View) -> Iterator[ObjectReference]:
    for endpoint in view.all(DATAFLOW_ENDPOINT):
        where = "properties.mqttSettings.authentication.x509CertificateSettings.secretRef"
        if name := text_at(view.inputs(endpoint), where):
            yield ObjectReference(endpoint, where, name, "Opaque")
        where = "properties.mqttSettings.tls.trustedCaCertificateConfigMapRef"
        name = text_at(view.inputs(endpoint), where)
        if name != aio.TRUST_CONFIG_MAP.value or endpoint in [parts.endpoint for parts in view.links]:
            yield ObjectReference(endpoint, where, name)


def in_cluster(view: View) -> Iterator[Reference]:
    """Secrets and ConfigMaps that AIO is told to use: something makes them, in its namespace, with the right keys."""
    for one in object_references(view):
        find = _find_secret if one.secret_type else _find_config_map
        target, problem = find(view, view.cluster(one.resource), one)
        yield Reference(one.resource, one.where, target, problem)


def _find_secret(view: View, cluster: str, expected: ObjectReference) -> tuple[Resource | None, str]:
    name, kind = expected.name, expected.secret_type
    sync = view.syncs.get((cluster, name))
    if sync is None:
        return None, f"no SecretSync of cluster {cluster} makes the Secret {name!r}"
    missing = set(SECRET_KEYS[kind]) - set(view.mapping(sync))
    given = text_at(view.inputs(sync), "kubernetesSecretType")
    if missing:
        return sync, f"the Secret {name!r} has no {', '.join(sorted(missing))}; map it in {sync.name}"
    if given != kind:
        return sync, f"the Secret {name!r} is of type {given}; expected {kind}: set it in {sync.name}"
    return sync, ""


def _find_config_map(view: View, cluster: str, expected: ObjectReference) -> tuple[Resource | None, str]:
    name, namespace = expected.name, view.namespace(cluster)
    bundle = view.bundles.get((cluster, name))
    if bundle is None:
        known = [known for place, known in view.bundles if place == cluster]
        if name == aio.TRUST_CONFIG_MAP.value:
            problem = f"{name!r} holds the authority of cluster {cluster}'s own broker, not of the one at the other end"
            return None, f"{problem}; expected one of {', '.join(sorted(known))}"
        return None, f"no Bundle on cluster {cluster} makes the ConfigMap {name!r}; {_meant(name, known)}"
    if bundle.namespace != namespace:
        return bundle.command, f"the Bundle {name!r} fills namespace {bundle.namespace!r}; AIO reads {namespace!r}"
    return bundle.command, ""


ids_resolve = _hits(by_id)
paths_resolve = _hits(by_path)
names_resolve = _hits(by_name)
secrets_resolve = _hits(of_secrets)
cluster_objects_resolve = _hits(in_cluster)
