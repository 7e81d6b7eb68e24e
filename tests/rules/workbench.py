"""A recorded deployment to break: each method makes one change, as a mistake in the program would."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from arm.values import Secret
from graph import pem, tls_values
from graph.graph import Graph, Resource, Said
from rules import Finding, judge
from settings import Settings

_OWNERS = {"server": "enterprise-server", "client": "client"}
"""Side -> what the names of its authority begin with."""


class Workbench:
    """A graph of one's own. Resources are meant by logical name, with their kind where two share a name."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self.graph, self.settings = graph, settings

    def findings(self) -> list[Finding]:
        return judge(self.graph, self.settings)

    def get(self, name: str, kind: str = "") -> Resource:
        found = [one for one in self.graph.resources.values() if one.name == name and one.type.endswith(kind)]
        custom = [one for one in found if one.custom] or found
        assert len(custom) == 1, f"{name}: {[one.type for one in custom]}"
        return custom[0]

    # Inputs

    def set(self, name: str, path: str, value: Any, kind: str = "") -> None:
        parent, last = self._parent(self.get(name, kind).inputs, path)
        parent[last] = value

    def drop(self, name: str, path: str, kind: str = "") -> None:
        parent, last = self._parent(self.get(name, kind).inputs, path)
        del parent[last]

    def value(self, name: str, path: str) -> Any:
        parent, last = self._parent(self.get(name).inputs, path)
        return parent[last]

    def _parent(self, inputs: Any, path: str) -> tuple[Any, Any]:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            inputs = inputs[step]
        return inputs, last

    # The graph

    def remove(self, name: str, kind: str = "") -> None:
        """As if the program did not make it."""
        urn = self.get(name, kind).urn
        del self.graph.resources[urn]
        for one in self.graph.resources.values():
            one.dependencies = [other for other in one.dependencies if other != urn]

    def copy(self, name: str, new: str, **inputs: Any) -> Resource:
        """One more resource, with some inputs changed and with an ARM id of its own."""
        one = self.get(name)
        urn = one.urn.removesuffix(name) + new
        copied = replace(one, urn=urn, name=new, inputs={**one.inputs, **inputs})
        self.graph.resources[urn] = copied
        return copied

    def depend(self, name: str, *others: str) -> None:
        one = self.get(name)
        one.dependencies = [*one.dependencies, *(self.get(other).urn for other in others)]

    def forget(self, name: str, *others: str) -> None:
        """The resource waits for these no more."""
        one, urns = self.get(name), {self.get(other).urn for other in others}
        one.dependencies = [urn for urn in one.dependencies if urn not in urns]
        one.property_dependencies = {
            key: [urn for urn in given if urn not in urns] for key, given in one.property_dependencies.items()
        }

    def options(self, name: str, kind: str = "", **changes: Any) -> None:
        one = self.get(name, kind)
        one.options = replace(one.options, **changes)

    def plugin(self, package: str, **changes: str) -> None:
        """Ask for another plugin."""
        self.graph.plugins = {
            one._replace(**changes) if one.package == package else one: asker
            for one, asker in self.graph.plugins.items()
        }

    def says(self, how: Literal["info", "stdout"], text: str) -> None:
        """Log or print something."""
        self.graph.said = [Said(how, text)]

    def does(self, place: str, what: str) -> None:
        """Do something beside registering resources."""
        self.graph.side_effects = {place: what}

    # Run Commands

    def parameter(self, command: str, name: str, value: str | Secret) -> None:
        for one in self.get(command).inputs["parameters"]:
            if one["name"] == name:
                one["value"] = value

    def decoded(self, command: str, name: str) -> list[dict[str, Any]]:
        parameters = {one["name"]: one["value"] for one in self.get(command).inputs["parameters"]}
        found: list[dict[str, Any]] = json.loads(base64.b64decode(parameters[name]))
        return found

    def encode(self, command: str, name: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
        """Change the list that a parameter carries."""
        found = self.decoded(command, name)
        change(found)
        self.parameter(command, name, base64.b64encode(json.dumps(found).encode()).decode())

    # Certificates

    def published(self, secret: str) -> str:
        value: str = self.get(secret, "keyvault:Secret").plain_inputs["properties"]["value"]
        return value

    def publish(self, secret: str, text: str) -> None:
        """Put another text into the vault, and let gates and probes look for it."""
        old = self.published(secret)
        self.set(secret, "properties.value", Secret(text), kind="keyvault:Secret")
        self._expect(old, text)
        if found := pem.certificates(text):
            dates = {"expires": found[0].not_valid_after_utc, "notBefore": found[0].not_valid_before_utc}
            for name in {secret, secret.replace("-leaf-crt-", "-leaf-key-")}:
                for key, moment in dates.items():
                    self.set(name, f"properties.attributes.{key}", int(moment.timestamp()), kind="keyvault:Secret")

    def bundle(self, command: str, name: str, text: str) -> None:
        """Put another text into a trust Bundle, and let gates and probes look for it."""

        def change(objects: list[dict[str, Any]]) -> None:
            for one in objects:
                if one["metadata"]["name"] == name:
                    sources = one["spec"]["sources"]
                    self._expect(sources[1]["inLine"], text)
                    sources[1]["inLine"] = text

        self.encode(command, "OBJECTS", change)

    def _expect(self, old: str, new: str) -> None:
        before, after = pem.certificates(old), pem.certificates(new)
        if not before or not after:
            return

        old_digest, new_digest = pem.sha256(before[0]), pem.sha256(after[0])

        def change(listed: list[dict[str, Any]]) -> None:
            listed[:] = json.loads(json.dumps(listed).replace(old_digest, new_digest))

        for script, parameter in {"await-secrets": "EXPECTED", "probe-links": "LINKS"}.items():
            for name in [one.name for one in self.graph.resources.values() if one.name.endswith(script)]:
                self.encode(name, parameter, change)

    def root(self, side: str) -> str:
        pem_text: str = self.get(f"{_OWNERS[side]}-root-g1").plain_outputs["certPem"]
        return pem_text

    def intermediate(self, side: str) -> tuple[str, str]:
        """Certificate and key."""
        return (
            self.get(f"{_OWNERS[side]}-intermediate-g1").plain_outputs["certPem"],
            self.get(f"{_OWNERS[side]}-intermediate-key-g1").plain_outputs["privateKeyPemPkcs8"],
        )

    def issue(self, side: str, common_name: str, *, algorithm: str = "ECDSA", **inputs: Any) -> tuple[str, str]:
        """A certificate signed by one side's intermediate, and its key."""
        ca, ca_key = self.intermediate(side)
        key: str = tls_values.create("PrivateKey", {"algorithm": algorithm})[1]["privateKeyPemPkcs8"]
        names: dict[str, Any] = {name: inputs.pop(name) for name in ("dnsNames", "ipAddresses") if name in inputs}
        subject = {"commonName": common_name, **inputs.pop("subject", {})}
        request = tls_values.create("CertRequest", {"privateKeyPem": key, "subject": subject, **names})[1][
            "certRequestPem"
        ]
        certificate: str = tls_values.create(
            "LocallySignedCert",
            {
                "certRequestPem": request,
                "caCertPem": ca,
                "caPrivateKeyPem": ca_key,
                "setSubjectKeyId": True,
                "allowedUses": ["digital_signature", f"{side}_auth"],
                "validityPeriodHours": 24,
                **inputs,
            },
        )[1]["certPem"]
        return certificate, key


_ROLES = {"server": "enterprise-server", "client": "client"}
"""Side of a link -> what its authority's resources begin with."""


@dataclass(frozen=True)
class Mistake:
    """One change, the rule that it breaks, words of the finding, and rules that are broken with it."""

    what: str
    rule: str
    change: Callable[[Workbench], object]
    said: tuple[str, ...]
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.what
