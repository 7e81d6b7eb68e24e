"""Who waits for whom: what Azure, Arc and AIO need, and nothing that they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from arm.hosting import BY_SCRIPT_TYPE
from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    DATAFLOW_ENDPOINT,
)
from arm.types.keyvault import SECRET
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL
from arm.types.network import SUBNET, VIRTUAL_NETWORK_PEERING
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.graph import Resource
from graph.inputs import join_names, list_at, text_at
from graph.local_commands import COMMANDS
from rules import probes, references
from rules.expected import PROBE
from rules.facts.extensions import AIO, CERT_MANAGER, SECRET_STORE
from rules.gates import GATE
from rules.lookup import Hits, View


def referenced_first(view: View) -> Hits:
    """Whatever is named by id or name is an output of what has it, so it exists by then.

    With NET-03 this also says: a node waits for its subnet's NAT gateway, without which it has no way out.
    """
    for reference in _named(view):
        resource, target = reference.resource, reference.target
        if target and target is not resource and not view.waits(resource, target):
            message = (
                f"{reference.where}: refers to {target.name} without waiting for it. Give it as an output of"
                f" {target.name}, or add {target.name} to depends_on"
            )
            yield resource.name, message


def _named(view: View) -> Iterator[references.Reference]:
    for reference in references.by_id(view):
        if reference.where not in shape_of(reference.resource.type).type.path_parameters:  # that is PATH-01
            yield reference
    scripts = {script.urn for script in view.connected_clusters.values()}
    for reference in references.by_path(view):
        if reference.target and reference.target.urn in scripts:  # no resource, so PATH-01 does not see it
            yield reference
    yield from references.by_name(view)
    yield from references.of_secrets(view)


def secret_sync_is_ready(view: View) -> Hits:
    """Require that a SecretSync waits for its vault secrets, the roles of its identity and the credential."""
    for sync in view.all(SECRET_SYNC):
        provider_class = view.provider_class(sync)
        if provider_class is None:
            continue
        vault = text_at(view.inputs(provider_class), "keyvaultName")
        identity = view.identity_by_client_id.get(text_at(view.inputs(provider_class), "clientId"))
        needed = [view.vault_secrets.get((vault, name)) for name in view.objects(provider_class)]
        if identity:
            needed += view.assignments_to(text_at(view.outputs(identity), "principalId"))
            needed += credentials_of(view, identity)
        yield from _waits(view, sync, needed, "could not read the vault yet")


def credentials_of(view: View, identity: Resource) -> list[Resource]:
    """Federated credentials of an identity."""
    below = f"{view.path(identity)}/"
    credentials = view.all(FEDERATED_IDENTITY_CREDENTIAL, cluster=view.cluster(identity))
    return [one for one in credentials if view.path(one).startswith(below)]


def _waits(view: View, resource: Resource, needed: Sequence[Resource | None], why: str) -> Hits:
    missing = [other for other in needed if other and not view.waits(resource, other)]
    if missing:
        yield resource.name, f"depends_on: does not wait for {join_names(missing)}, so it {why}. Add it to depends_on"


def peerings_after_subnets(view: View) -> Hits:
    """Peerings wait for all subnets of both VNets: Azure refuses two changes of a VNet at a time."""
    for peering in view.all(VIRTUAL_NETWORK_PEERING):
        both = view.ends(peering)
        subnets = [one for one in view.all(SUBNET) if view.path(one).split("/subnets/")[0] in both]
        yield from _waits(view, peering, subnets, "may find a VNet that is being changed")


def one_at_a_time(view: View) -> Hits:
    """Subnets of a VNet, peerings of a VNet, credentials of an identity, commands of a node: one after the other."""
    groups: dict[str, list[Resource]] = {}
    for type_ in (SUBNET, FEDERATED_IDENTITY_CREDENTIAL, *BY_SCRIPT_TYPE):
        for one in view.all(type_):
            groups.setdefault(f"{type_.name} {view.path(one).rsplit('/', 2)[0]}", []).append(one)
    for peering in view.all(VIRTUAL_NETWORK_PEERING):
        for network in set(view.ends(peering)):
            groups.setdefault(f"peering {network}", []).append(peering)
    seen = set()
    for group in groups.values():
        # In a chain everyone has more ancestors than the one before.
        for before, after in pairwise(sorted(group, key=lambda one: (len(view.ancestors(one)), one.urn))):
            if not view.waits(after, before) and (before.urn, after.urn) not in seen:
                seen.add((before.urn, after.urn))
                owner = view.path(before).rsplit("/", 2)[0].rsplit("/", 1)[1]
                message = (
                    f"depends_on: nothing orders it and {before.name}, and both change {owner}, which takes one change"
                    f" at a time. Let one depend on the other"
                )
                yield after.name, message


def arc_order(view: View) -> Hits:
    """Scripts in their order; roles before Arc; cert-manager before what needs it; the custom location lists both."""
    for cluster in view.clusters:
        order = (*view.host(cluster).scripts, GATE, PROBE)
        commands = [command for script in order for command in view.commands(cluster, script)]
        for before, after in pairwise(commands):
            yield from _waits(view, after, [before], "would run on a node that is not prepared")
        for connect in view.commands(cluster, "connect-arc"):
            identity = view.identity_by_client_id.get(view.parameters(connect).get("IDENTITY_CLIENT_ID", ""))
            roles = view.assignments_to(text_at(view.outputs(identity), "principalId")) if identity else []
            yield from _waits(view, connect, roles, "would be refused by Azure Arc")
        cert_manager = extensions(view, cluster, CERT_MANAGER.type)
        needed = extensions(view, cluster, SECRET_STORE.type, AIO.type)
        for resource in [*needed, *view.commands(cluster, "apply-objects")]:
            yield from _waits(view, resource, cert_manager, "would find no cert-manager and no trust-manager")
        location = view.one(CUSTOM_LOCATION, cluster)
        listed = list_at(view.inputs(location), "clusterExtensionIds") if location else []
        for extension in needed:
            if location and view.path(extension) not in listed:
                message = (
                    f"clusterExtensionIds: lacks the id of {extension.name}, so Azure knows none of its types here"
                    f" (MissingResourceVersionOnHost). Add {extension.name}'s id"
                )
                yield location.name, message


_SCRIPTS = tuple(BY_SCRIPT_TYPE)
_MAY_WAIT: Mapping[ResourceType, tuple[ResourceType, ...]] = {
    **dict.fromkeys(_SCRIPTS, (*_SCRIPTS, ROLE_ASSIGNMENT, EXTENSION, SECRET_SYNC)),
    **dict.fromkeys((BROKER_AUTHENTICATION, BROKER_AUTHORIZATION, BROKER_LISTENER, DATAFLOW_ENDPOINT), _SCRIPTS),
    ROLE_ASSIGNMENT: _SCRIPTS,
    FEDERATED_IDENTITY_CREDENTIAL: (*_SCRIPTS, FEDERATED_IDENTITY_CREDENTIAL),
    EXTENSION: (*_SCRIPTS, EXTENSION),
    CUSTOM_LOCATION: _SCRIPTS,
    BROKER: _SCRIPTS,
    SECRET_PROVIDER_CLASS: (SECRET, ROLE_ASSIGNMENT, FEDERATED_IDENTITY_CREDENTIAL),
    VIRTUAL_NETWORK_PEERING: (SUBNET, VIRTUAL_NETWORK_PEERING),
}
"""Type -> what it may wait for without using an output of it: what rules above ask for, and no more."""


def no_needless_waits(view: View) -> Hits:
    """Require that only those wait that have to: every other wait makes a deployment longer, and a failure wider."""
    for resource in view.arm:
        used = {urn for urns in resource.property_dependencies.values() for urn in urns}
        waits = [view.graph.resources[urn] for urn in resource.dependencies if urn in view.graph.resources]
        for other in waits:
            own = view.cluster(other) in (view.cluster(resource), "")  # else EDGE-08
            longer = not any(view.waits(one, other) for one in waits)
            if own and longer and other.urn not in used and not _may_wait(view, resource, other):
                yield resource.name, f"depends_on: waits for {other.name} and needs nothing of it. Take it out"


def _may_wait(view: View, resource: Resource, other: Resource) -> bool:
    if view.path(resource).startswith(f"{view.path(other)}/"):  # it lies there: PATH-01 asks for an output
        return True
    if resource.arm_type == other.arm_type == EXTENSION.arm_type:
        return text_at(view.inputs(other), "extensionType").lower() == CERT_MANAGER.type
    if view.is_script(resource) and text_at(view.inputs(resource), "runCommandName") == PROBE:
        return other in probes.needed(view, resource)
    types = _MAY_WAIT.get(shape_of(resource.type).type, ())
    if other.type in COMMANDS:
        return not set(_SCRIPTS).isdisjoint(types)
    return any(other.arm_type == one.arm_type for one in types)


def extensions(view: View, cluster: str, *types: str) -> list[Resource]:
    """Arc extensions of a cluster, by type."""
    return [
        one
        for one in view.all(EXTENSION, cluster=cluster)
        if text_at(view.inputs(one), "extensionType").lower() in types
    ]


def clusters_are_independent(view: View) -> Hits:
    """No cluster waits for another; only peerings and probes have two ends. One dead site must not block the rest."""
    foreign: dict[str, set[str]] = {}
    both = {one.urn for cluster in view.clusters for one in view.commands(cluster, PROBE)}
    both |= {one.urn for one in view.all(VIRTUAL_NETWORK_PEERING)}
    for resource in view.resources:
        own = view.cluster(resource)
        if own and resource.urn not in both:
            others = {view.cluster(view.graph.resources[urn]) for urn in view.ancestors(resource)}
            foreign[resource.urn] = others - {own, ""}
    for urn, others in foreign.items():
        resource = view.graph.resources[urn]
        # Once, where the wait begins, and not again at everything that follows.
        new = others.difference(*(foreign.get(other, ()) for other in resource.dependencies))
        for other in sorted(new):
            through = [view.graph.resources[one] for one in resource.dependencies if one in view.graph.resources]
            culprits = [one for one in through if other in _clusters_behind(view, one)]
            message = (
                f"depends_on: cluster {view.cluster(resource)} waits for cluster {other}, by {join_names(culprits)};"
                " one unreachable site would hold up the other. Depend on what is needed of the own cluster only"
            )
            yield resource.name, message


def _clusters_behind(view: View, resource: Resource) -> set[str]:
    behind = {view.cluster(view.graph.resources[urn]) for urn in view.ancestors(resource)}
    return {view.cluster(resource), *behind}
