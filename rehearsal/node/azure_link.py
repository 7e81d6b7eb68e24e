"""Azure as one node reaches it: `NodeAzure` in front of the modelled Azure."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from arm import ids
from arm.hosting import NODE_ID
from arm.shapes import shape_of
from arm.types.authorization import ROLE_DEFINITION
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.kubernetesconfiguration import EXTENSION
from graph.inputs import map_at, text_at
from rehearsal.azure.effects import remove
from rehearsal.azure.entries import Entries, Entry
from rehearsal.azure.existing import enable_machine
from rehearsal.azure.refusals import DELETE, PUT, access, refuse
from rehearsal.azure.scripts import OpenState
from rehearsal.azure.state import AzureState, Call
from rehearsal.cluster import members
from rehearsal.cluster.addresses import read_addresses
from rehearsal.cluster.build import build_view
from rehearsal.cluster.inventory import Inventory, is_ready
from rehearsal.cluster.model import ClusterView
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.cluster.way import Way, find_way
from rehearsal.node.machine import Member, Server

_CONNECTED_CLUSTER = "azure-native_kubernetes_v20241201preview:kubernetes:ConnectedCluster"
"""The API version that `az connectedk8s` uses (Azure/azure-cli-extensions, src/connectedk8s)."""
LEAST_SPREAD_SECONDS = 600
"""What a node waits at least for a role that was just given: as long as Azure says that it may take.

learn.microsoft.com/azure/role-based-access-control/troubleshooting, "Role assignment changes are not being detected".
"""
_AGENT_KEY = "the public half of a key pair that no rehearsal makes"


_A_MOMENT = timedelta(seconds=30)
"""Certificates are judged by the real time, which goes on."""


@dataclass(frozen=True)
class Seen:
    """What there was at one version of the entries: clusters are computed from it once, however many nodes ask."""

    entries: Entries
    version: int
    inventory: Inventory

    def is_of(self, entries: Entries) -> bool:
        """Return whether these are the entries, and nothing has changed since."""
        return self.entries is entries and self.version == entries.version


AsRunning = Callable[[ClusterView, float], ClusterView]
"""What a broker runs with, given what is deployed and the seconds that the script has run."""
IsBehind = Callable[[ClusterView, float], bool]
"""Whether dataflows still run with what was deployed before, given the same."""


@dataclass
class Shared:
    """What the machines of one Azure have seen last, and how they find brokers."""

    as_running: AsRunning = lambda view, _: view
    is_behind: IsBehind = lambda *_: False
    last: Seen | None = None


class AzureLink:
    """What a machine can see and do in Azure; each call takes the world's lock for itself."""

    def __init__(self, look: OpenState, vm: Entry, shared: Shared | None = None) -> None:
        """Look at the Azure of a machine; `shared` is what its machines have seen."""
        self._look, self._vm_id, self._shared = look, vm.id, shared or Shared()
        self._node = vm.outputs.get(NODE_ID)
        self._cluster_id = vm.id if vm.row is CONNECTED_CLUSTER else ""
        """Of a cluster that is there without a machine of which anybody here knows."""
        with look() as state:
            self.subscription_id = state.surroundings.subscription_id
            self.tenant_id = state.surroundings.tenant_id
            self.proxies = self._find_proxies(state, vm)

    def _find_proxies(self, state: AzureState, vm: Entry) -> tuple[str, str] | None:
        known = state.surroundings.proxies
        own = read_addresses(self._look_around(state, 0), vm) if known else []
        return next((known[address] for address in own if address in known), None)

    def find(self, arm_id: str) -> Entry | None:
        with self._look() as state:
            return copy.deepcopy(state.find(arm_id))

    def roles_of(self, principal_id: str, scope: str, elapsed: float) -> Sequence[str]:
        """Return ids of role definitions; a definition of the stack's own is found by its GUID, at whatever scope."""
        with self._look() as state:
            # Others of this Azure may see a role at once; a script has time of its own to wait for it.
            spread = state.surroundings.role_spread_seconds
            within = elapsed + spread - max(spread, LEAST_SPREAD_SECONDS)
            own = {ids.name_of(entry.id).lower(): entry.id for entry in state.of_type(ROLE_DEFINITION)}
            found = access.find_roles(state, scope, principal_id, within)
            return [own.get(ids.name_of(role).lower(), role) for role in found]

    def connect_cluster(self, arm_id: str, inputs: Mapping[str, Any]) -> Entry:
        shape = shape_of(_CONNECTED_CLUSTER)
        names = {"resourceGroupName": ids.name_of(ids.group_of(arm_id)), "clusterName": ids.name_of(arm_id)}
        body = {"agentPublicKeyCertificate": _AGENT_KEY, **copy.deepcopy(dict(inputs)), **names}
        with self._look() as state:
            old = state.find(arm_id)
            refuse(state, Call(PUT, arm_id, body, shape, old))
            entry = state.write(shape, arm_id, body)
            outputs = copy.deepcopy(entry.outputs)
            if not ids.at(body, "oidcIssuerProfile.enabled"):
                (outputs.get("oidcIssuerProfile") or {}).pop("issuerUrl", None)
            return state.change(entry, outputs=outputs, facts={**entry.facts, "node": self._node})

    def enable_machine(self, arm_id: str, location: str) -> None:
        with self._look() as state:
            enable_machine(state, arm_id, location)

    def delete(self, arm_id: str) -> None:
        with self._look() as state:
            refuse(state, Call(DELETE, arm_id, {}, None, state.find(arm_id)))
            remove(state, arm_id)

    def extensions(self) -> frozenset[str]:
        with self._look() as state:
            own = self._find_cluster(state)
            found = [one for one in state.of_type(EXTENSION) if own and ids.is_below(one.id, own.id)]
        return frozenset(text_at(one.inputs, "extensionType").lower() for one in found if is_ready(one))

    def cluster_view(self, elapsed: float) -> ClusterView | None:
        with self._look() as state:
            own = self._find_cluster(state)
            return build_view(self._look_around(state, elapsed), own) if own else None

    def are_dataflows_behind(self, elapsed: float) -> bool:
        view = self.cluster_view(elapsed)
        return view is not None and self._shared.is_behind(view, elapsed)

    def sessions(self, cluster: str) -> dict[str, Any]:
        with self._look() as state:
            return copy.deepcopy(_find_named(state, cluster).facts.get("sessions", {}))

    def keep_sessions(self, cluster: str, sessions: Mapping[str, Any]) -> None:
        with self._look() as state:
            entry = _find_named(state, cluster)
            if entry.facts.get("sessions", {}) != sessions:
                state.change(entry, facts={**entry.facts, "sessions": copy.deepcopy(dict(sessions))})

    def find_server(self, address: str) -> Server | None:
        with self._look() as state:
            inventory = self._look_around(state, 0)
            own = inventory.find(self._vm_id)
            found = members.find_server(inventory, read_addresses(inventory, own), address) if own else None
            facts = map_at(NodeFacts.of(found).facts, "k3s") if found else {}
            return Server(found.outputs[NODE_ID], frozenset({text_at(facts, "agent_token")})) if found else None

    def register_node(self, server: str, name: str) -> bool:
        with self._look() as state:
            entry = self._look_around(state, 0).find_node(server)
            known = members.list_known(entry) if entry else {}
            if entry is None or known.get(name, self._node) != self._node:
                return False
            if name not in known:
                state.change(entry, facts={**entry.facts, members.KNOWN: {**known, name: self._node}})
            return True

    def forget_node(self, name: str) -> None:
        with self._look() as state:
            if own := state.find(self._vm_id):
                known = {one: node for one, node in members.list_known(own).items() if one != name}
                state.change(own, facts={**own.facts, members.KNOWN: known})

    def list_members(self) -> Sequence[Member]:
        with self._look() as state:
            inventory = self._look_around(state, 0)
            own = inventory.find(self._vm_id)
            found = {name: inventory.find_node(node) for name, node in (members.list_known(own) if own else {}).items()}
            return [
                Member(name, text_at(facts, "version"), machine is not None and members.runs(machine))
                for name, machine in found.items()
                for facts in [map_at(NodeFacts.of(machine).facts, "k3s") if machine else {}]
            ]

    def find_way(self, host: str, port: int, elapsed: float) -> Way:
        with self._look() as state:
            own = self._find_cluster(state)
            inventory, nameless = self._look_around(state, elapsed), state.surroundings.nameless
            if own is None:
                return Way("no answer")
            as_running = self._shared.as_running
            return find_way(inventory, own, host, port, nameless, lambda view: as_running(view, elapsed))

    def _find_cluster(self, state: AzureState) -> Entry | None:
        if self._cluster_id:
            return state.find(self._cluster_id)
        clusters = state.of_type(CONNECTED_CLUSTER)
        return next((one for one in clusters if self._node and one.facts.get("node") == self._node), None)

    def _look_around(self, state: AzureState, elapsed: float) -> Inventory:
        """Return what there is; as it was a moment ago, where nothing has changed and roles act at once."""
        last, now = self._shared.last, datetime.now(UTC)
        is_settled = state.surroundings.role_spread_seconds == 0
        if last and is_settled and last.is_of(state.entries) and now - last.inventory.at < _A_MOMENT:
            return last.inventory
        is_effective = partial(access.is_effective, state, within=elapsed)
        inventory = Inventory(list(state.entries.values()), is_effective, now, state.surroundings.routes)
        self._shared.last = Seen(state.entries, state.entries.version, inventory)
        return inventory


def _find_named(state: AzureState, cluster: str) -> Entry:
    return next(one for one in state.of_type(CONNECTED_CLUSTER) if one.name == cluster)
