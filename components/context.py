"""The context that every part of a cluster stamp is given: settings, resource group, and how children are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import resources

from settings.cluster_names import ClusterNames
from settings.model import Cluster, Settings


@dataclass(frozen=True)
class StampContext:
    """One stamp, as its parts see it."""

    parent: pulumi.Resource
    settings: Settings
    cluster: Cluster
    group: resources.ResourceGroup

    @property
    def names(self) -> ClusterNames:
        return self.cluster.names

    @property
    def tags(self) -> Mapping[str, str]:
        return self.settings.tags_of(self.cluster)

    @property
    def subscription_id(self) -> str:
        return self.settings.tenant.subscription_id

    def logical_name(self, thing: str) -> str:
        """Return the logical name of a child: it begins with the cluster's, so that it is unique in the stack."""
        return f"{self.cluster.name}-{thing}"

    def node_name(self, thing: str, node: str) -> str:
        """Return the logical name of what belongs to a node; empty for the first one.

        With a dot, which is in no cluster's name: `b` of cluster `a` is told from what cluster `a-b` has.
        """
        return self.logical_name(f"{thing}.{node}" if node else thing)

    @staticmethod
    def bind(name: str, owner: pulumi.Output[str]) -> pulumi.Output[str]:
        """Tie the name to its owner: it is unknown while the owner is being replaced, so its bearer is replaced too.

        By a property, not by `replace_with`: the engine deletes what a property binds in reverse order of dependency,
        and what `replace_with` binds in no order (docs/decisions/0003-connected-cluster.md).
        """
        return owner.apply(lambda _: name)

    def options(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        protect: bool | None = None,
        ignore_changes: Sequence[str] = (),
        timeouts: pulumi.CustomTimeouts | None = None,
    ) -> pulumi.ResourceOptions:
        """Return options of a child of the stamp. None where nothing is said: what the stamp says holds for it."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=list(depends_on),
            protect=protect or None,
            ignore_changes=list(ignore_changes) or None,
            custom_timeouts=timeouts,
        )
