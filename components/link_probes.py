"""The last step of a deployment: each cluster tries the links that start on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.links import LinkParts, run_probe


@dataclass(frozen=True)
class LinkProbesArgs:
    """One cluster's links, and their dataflows."""

    parts: LinkParts
    dataflows: Mapping[str, Sequence[pulumi.Resource]]
    """By link."""


class LinkProbes(pulumi.ComponentResource):
    """A Run Command that connects over each link as its dataflows will; the deployment fails where one cannot.

    Also where no link starts: with a link that comes it would be made anew under its name, and may never run then
    (`run_on_vm`). Waits for both ends of its own links, and for no other cluster.
    """

    def __init__(self, name: str, args: LinkProbesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:link_probes:LinkProbes", name, None, opts)
        parts = args.parts
        needed = [one for link in parts.links for one in (*parts.needed_by(link), *args.dataflows[link.name])]
        run_probe(parts, parts.links, "", [parts.own.gate, *needed], self)
        self.register_outputs({"links": [link.name for link in parts.links]})
