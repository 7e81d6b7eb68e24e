"""What the keys of a link are made from, by resource: a preview knows no text of what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from graph.graph import Graph, Resource

Authority = str
"""The URN of a key that signs, and which key of that name."""


@dataclass(frozen=True)
class KeyOrigins:
    """Certificates of a stack that is about to change, in texts of two runs."""

    before: Graph
    wanted: Graph
    replaced: frozenset[str]
    """URNs of what is another one afterwards."""

    def find_authority(self, pem: str) -> Authority:
        """Return whose self-signed certificate a text is; empty if nobody's."""
        return self._roots.get(pem.strip(), "")

    @cached_property
    def _roots(self) -> dict[str, Authority]:
        return {
            str(one.outputs["certPem"]).strip(): key
            for graph in (self.before, self.wanted)
            for one in graph.resources.values()
            if one.type.startswith("tls:") and "certPem" in one.outputs
            for key in self._list_keys(graph, one, "privateKeyPem")
        }

    def list_issuers(self, secret: Resource) -> set[Authority]:
        """Return who has signed the certificates in a vault secret, as they were when it was written."""
        graph = self._written_from(secret)
        return {
            key for one in self._list_certificates(secret) for key in self._list_keys(graph, one, "caPrivateKeyPem")
        }

    def list_requests(self, secret: Resource) -> list[Resource]:
        """Return what those certificates were asked for by; one that was signed outside is not there itself."""
        graph = self._written_from(secret)
        outside = [one for one in _made_from(graph, secret, "properties") if "certRequestPem" in one.outputs]
        inside = [one for each in self._list_certificates(secret) for one in _made_from(graph, each, "certRequestPem")]
        return [*inside, *outside]

    def _list_certificates(self, secret: Resource) -> Iterator[Resource]:
        for one in _made_from(self._written_from(secret), secret, "properties"):
            if "certPem" in one.outputs:
                yield one

    def _written_from(self, secret: Resource) -> Graph:
        return self.before if self.before.resources.get(secret.urn) is secret else self.wanted

    def _list_keys(self, graph: Graph, certificate: Resource, name: str) -> set[Authority]:
        urns = certificate.property_dependencies.get(name, ())
        return {f"{urn} before" if urn in self.replaced and graph is self.before else urn for urn in urns}


def _made_from(graph: Graph, resource: Resource, name: str) -> list[Resource]:
    urns = resource.property_dependencies.get(name, ())
    return [graph.resources[urn] for urn in urns if urn in graph.resources]
