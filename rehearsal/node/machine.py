"""One node, as tools see it: its files, what it remembers, and the Azure around it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rehearsal.azure.entries import Entry
from rehearsal.cluster.model import ClusterView
from rehearsal.cluster.way import Way
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.disk import NodeFile, find
from rehearsal.node.files import Files, lay_out


@dataclass(frozen=True)
class Server:
    """A K3s server, as other machines see it."""

    node: str
    """What its machine calls itself, and no other one does."""
    tokens: frozenset[str]
    """Digests of those that let agents in."""


@dataclass(frozen=True)
class Member:
    """Another node of a cluster."""

    name: str
    version: str
    is_ready: bool


class NodeAzure(Protocol):
    """Azure as far as a node reaches it. Every call sees Azure as it is at that moment."""

    @property
    def subscription_id(self) -> str: ...

    @property
    def tenant_id(self) -> str: ...

    @property
    def proxies(self) -> tuple[str, str] | None:
        """Return the proxies, for http and for https, that are the node's only way out; None where it needs none."""
        ...

    def find(self, arm_id: str) -> Entry | None:
        """Return the resource."""
        ...

    def roles_of(self, principal_id: str, scope: str, elapsed: float) -> Sequence[str]:
        """Return ids of the role definitions that the principal has at the scope or above; anywhere if it is empty.

        Those count that Azure will know of after so many seconds.
        """
        ...

    def connect_cluster(self, arm_id: str, inputs: Mapping[str, Any]) -> Entry:
        """Create the connected cluster of this node, as `az connectedk8s connect` does.

        Args:
            arm_id: id of the connected cluster.
            inputs: body in the SDK's words: location, distribution, oidcIssuerProfile, securityProfile,
                arcAgentProfile, identity, tags; resourceGroupName and clusterName are added.

        Raises:
            ArmError: refused.
        """
        ...

    def enable_machine(self, arm_id: str, location: str) -> None:
        """Let Azure Arc know this machine, as `azcmagent connect` does.

        Raises:
            ArmError: refused.
        """
        ...

    def delete(self, arm_id: str) -> None:
        """Delete a resource with everything below it.

        Raises:
            ArmError: refused.
        """
        ...

    def extensions(self) -> frozenset[str]:
        """Return the types, in lower case, of the extensions that are Succeeded on the cluster of this node."""
        ...

    def cluster_view(self, elapsed: float) -> ClusterView | None:
        """Return the cluster that this node carries, None if no connected cluster is of this node.

        Roles count that will have spread after so many seconds.
        """
        ...

    def are_dataflows_behind(self, elapsed: float) -> bool:
        """Return whether the cluster's dataflows still run with what was deployed before."""
        ...

    def sessions(self, cluster: str) -> dict[str, Any]:
        """Return the MQTT sessions of a cluster's broker: client id -> what the broker keeps of it, JSON."""
        ...

    def keep_sessions(self, cluster: str, sessions: Mapping[str, Any]) -> None:
        """Write them down."""
        ...

    def find_server(self, address: str) -> Server | None:
        """Return the K3s server at an address, as far as packets from this machine get there."""
        ...

    def register_node(self, server: str, name: str) -> bool:
        """Let the server on that machine know this one by a name; False where it knows another one by that."""
        ...

    def forget_node(self, name: str) -> None:
        """Let the server on this machine know nobody by the name."""
        ...

    def list_members(self) -> Sequence[Member]:
        """Return the further nodes of the cluster whose server this machine is, also those that are gone."""
        ...

    def find_way(self, host: str, port: int, elapsed: float) -> Way:
        """Return what answers a connection from this node to there."""
        ...


@dataclass
class Machine:
    """The VM behind a Run Command. A tool call holds its lock, so tools change `facts` as they like."""

    vm_id: str
    """ARM id."""
    root: Path
    """Where the node's `/` is: ROOT_DIR of the scripts."""
    work: Path
    """Where temporary files of scripts are: TMPDIR."""
    azure: NodeAzure
    facts: dict[str, Any] = field(default_factory=dict)
    """What the node remembers, JSON; kept with the VM. Files below root are kept by the runner, not here."""
    close: Callable[[], None] = lambda: None
    """Clears its folder away."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def in_folder(
        cls,
        folder: Path,
        vm_id: str,
        azure: NodeAzure,
        facts: dict[str, Any],
        files: Files,
        close: Callable[[], None] = lambda: None,
    ) -> Machine:
        """Return a machine that has these files, in a folder of its own."""
        root, work = folder / "root", folder / "tmp"
        root.mkdir()
        work.mkdir()
        lay_out(files, root)
        return cls(vm_id, root, work, azure, facts, close=close)

    @property
    def proxies(self) -> tuple[str, str] | None:
        """Return the proxies, for http and for https, that are its only way out; None where it needs none."""
        return self.azure.proxies

    def path(self, name: str | Path) -> NodeFile:
        """Return a file that a script has named.

        Raises:
            ValueError: it is neither below root nor below the work folder.
        """
        return find(name, (self.root, self.work))

    def holds(self, name: str) -> bool:
        """Return whether a path of this machine's system is one of the modelled machine."""
        return name.startswith((str(self.root), str(self.work)))

    def file(self, name: str) -> NodeFile:
        """Return a file by its name on the node, with or without the first slash.

        Raises:
            ValueError: it leads out of the node.
        """
        return self.path(self.root / name.lstrip("/"))

    def files(self, folder: str, pattern: str) -> list[NodeFile]:
        """Return the files in a folder of the node that fit, by name.

        Raises:
            ValueError: one leads out of the node.
        """
        return [self.path(one) for one in sorted(Path(str(self.file(folder))).glob(pattern))]


Tool = Callable[[ToolCall, Machine], Reply]
