"""Clusters whose node never comes back: what lives on them is deleted in Azure without waiting for them.

Azure relays the DELETE of what AIO and secret sync made, and of extensions, to agents on the cluster: without them it
hangs or fails. So these are deleted here: an instance takes its children along, then secret sync, the custom location,
extensions with `forceDelete`, which azure-native does not send, and the connected cluster at last. `az iot ops delete`
goes on as well where a custom location stays (Azure/azure-iot-ops-cli-extension, deletion2.py), but deletes AIO's
extension right after the instance, and forces none. The engine takes them out of the
state in its own order, and deletes nothing: they are marked as `retainOnDelete`. So a run that is killed in between
forgets none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from arm import ids
from arm.shapes import shape_of
from arm.types.kubernetesconfiguration import EXTENSION
from automation.console import pluralize
from automation.deployment.pending_creates import State
from automation.verify.azure import UnseenError
from automation.verify.resource_manager import ResourceManager
from graph.inputs import parameters, text_at
from rules.facts.releases import CONNECTED_CLUSTER_API

_ORDER = (
    "Microsoft.IoTOperations",
    "Microsoft.SecretSyncController",
    "Microsoft.ExtendedLocation",
    "Microsoft.KubernetesConfiguration",
    "Microsoft.Kubernetes",
)
"""Namespaces of types; what is of none of them goes first."""
AWAY = ("", "Offline", "Expired")
"""What Azure says of a cluster that is away; empty: of one that it does not have.

ConnectivityStatus of Microsoft.Kubernetes: learn.microsoft.com/rest/api/hybridkubernetes/connected-cluster/get
"""
_ROUNDS = 2
"""What would not go for the cluster's sake is tried again when the cluster has gone."""
_AT_ONCE = 8


@dataclass(frozen=True)
class Doomed:
    """A resource to delete, and why that did not work at last."""

    id: str
    api_version: str
    refusal: str = ""


@dataclass
class GoneClusters:
    """Those of one `destroy`."""

    clusters: Collection[str]
    """Ids of the connected clusters."""
    open_azure: Callable[[], AbstractContextManager[ResourceManager]]
    say: Callable[[str], None] = lambda _: None
    kept: Collection[str] = ()
    """Ids of those that were there before the stack: what is on them goes, and they stay."""
    left: Sequence[Doomed] = field(default=())
    """What could not be deleted."""

    def delete(self, deployment: State) -> State:
        """Delete in Azure what the state has on these clusters, and them; return the state that forgets it."""
        with self.open_azure() as azure, ThreadPoolExecutor(_AT_ONCE) as pool:
            clusters = [one for one in self.clusters if self._is_for_us(azure, deployment, one)]
            found = find_on(deployment, clusters)
            own = [one for one in clusters if one not in self.kept]
            doomed = [*_find_tops(found), *(Doomed(one, CONNECTED_CLUSTER_API.value) for one in own)]
            names = ", ".join(ids.name_of(one) for one in clusters) or "no cluster"
            self.say(f"Deleting in Azure alone, with all on it: {names} ({pluralize(len(doomed), 'resource')}) ...")
            for _ in range(_ROUNDS):
                stages = [[*stage] for _, stage in groupby(sorted(doomed, key=_stage), _stage)]
                doomed = [one for stage in stages for one in pool.map(partial(_delete, azure), stage) if one]
        self.left = doomed
        for one in doomed:
            self.say(f"Not deleted: {one.id}: {one.refusal}")
        urns = {one["urn"] for one in found}
        resources = [
            {**one, "retainOnDelete": True} if one["urn"] in urns else one for one in deployment.get("resources") or []
        ]
        return {**deployment, "resources": resources}

    def _is_for_us(self, azure: ResourceManager, deployment: State, cluster: str) -> bool:
        """Return whether the cluster is the stack's own and still away: both may be otherwise than when asked."""
        name = ids.name_of(cluster)
        if not is_own(deployment, cluster):
            self.say(f"{name} is left alone: the state has nothing of it")
            return False
        try:
            status = find_status(azure, cluster)
        except UnseenError as error:
            self.say(f"{name} is left alone: nobody says whether it is away: {error}")
            return False
        if status not in AWAY:
            self.say(f"{name} is left alone: it is {status}")
        return status in AWAY

    def find_still_there(self) -> list[Doomed]:
        """Return what could not be deleted, and has not gone with its resource group since."""
        if not self.left:
            return []
        with self.open_azure() as azure:
            return [one for one in self.left if _is_there(azure, one)]


def find_status(azure: ResourceManager, cluster: str) -> str:
    """Return what Azure says of the connection of a connected cluster; empty if there is no such resource.

    Raises:
        UnseenError: nothing.
    """
    found = azure.get(cluster, CONNECTED_CLUSTER_API.value)
    return "" if found is None else text_at(found, "properties.connectivityStatus") or "of unknown state"


def is_own(deployment: State, cluster: str) -> bool:
    """Return whether the stack has connected the cluster, or has something on it."""
    scripts = (
        one for one in deployment.get("resources") or [] if str(one.get("id")).endswith("/runCommands/connect-arc")
    )
    connected = {ids.key(ids.connected_by(parameters(one.get("inputs") or {}))) for one in scripts}
    return ids.key(cluster) in connected or bool(find_on(deployment, [cluster]))


def find_on(deployment: State, clusters: Collection[str]) -> list[Mapping[str, Any]]:
    """Return what the state has below these connected clusters, their custom locations, and what lives on those."""
    in_azure = [one for one in deployment.get("resources") or [] if str(one.get("id")).startswith("/subscriptions/")]
    hosts = {ids.key(one) for one in clusters}
    locations = {ids.key(one["id"]) for one in in_azure if _refers(one, "hostResourceId", hosts)}
    roots = {
        *hosts,
        *locations,
        *(ids.key(one["id"]) for one in in_azure if _refers(one, "extendedLocation.name", locations)),
    }
    return [one for one in in_azure if any(ids.is_below(one["id"], root) for root in roots)]


def _refers(resource: Mapping[str, Any], path: str, wanted: Collection[str]) -> bool:
    return ids.key(str(ids.at(resource.get("inputs"), path))) in wanted


def _find_tops(found: Sequence[Mapping[str, Any]]) -> Iterator[Doomed]:
    """Yield those that are not below another one."""
    for one in found:
        others = (other for other in found if ids.key(other["id"]) != ids.key(one["id"]))
        if not any(ids.is_below(one["id"], other["id"]) for other in others):
            yield Doomed(one["id"], shape_of(one["type"]).api_version)


def _stage(doomed: Doomed) -> int:
    namespace = ids.type_of(doomed.id).partition("/")[0]
    return _ORDER.index(namespace) if namespace in _ORDER else -1


def _delete(azure: ResourceManager, doomed: Doomed) -> Doomed | None:
    """Delete it; return it with the reason where that does not work."""
    try:
        azure.delete(doomed.id, doomed.api_version, force=ids.type_of(doomed.id) == EXTENSION.arm_type)
    except UnseenError as error:
        return Doomed(doomed.id, doomed.api_version, str(error))
    return None


def _is_there(azure: ResourceManager, doomed: Doomed) -> bool:
    """Return whether it is there, or nobody says that it is not."""
    try:
        return azure.get(doomed.id, doomed.api_version) is not None
    except UnseenError:
        return True
