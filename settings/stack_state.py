"""What a stack's own state shows of its keys: the marks of generations, and how far a rotation has come."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from settings.high_water import Mark, link_key, read_marks
from settings.naming import CLIENT_TRUST, ENDPOINT, PROVE, SETTLE, SUCCEEDED
from settings.rotation import Deployed

GENERATIONS = "edge-stamps:generations:Generations"
"""Type of the component that keeps the marks."""
_PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
_ENDPOINT_TYPE = ":DataflowEndpoint"
_LOCAL_COMMAND = "command:local:Command"
"""One whose script has failed is not in the state."""
_ROTATION = re.compile(rf"(?P<cluster>.+)-(?:{PROVE}|{SETTLE})(?P<rotation>(?P=cluster)-to-.+-g\d+-g\d+)")
"""Logical name of a script that a rotation needs."""


@dataclass(frozen=True)
class State:
    """What a deployment has left."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    deployed: Deployed = field(default_factory=Deployed)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Logical name of a private key -> its public key, PEM."""

    @property
    def links(self) -> list[str]:
        """Return the names of the links that were deployed last."""
        prefix = link_key("")
        return [key.removeprefix(prefix) for key, mark in self.marks.items() if key.startswith(prefix) and mark.in_use]

    @property
    def rotating(self) -> dict[str, Mark]:
        """Return the marks of what has an old generation live beside the wanted one, by owner."""
        return {owner: mark for owner, mark in sorted(self.marks.items()) if len(mark.live) > 1}

    @property
    def postponed(self) -> dict[str, int]:
        """Return the generation of what takes it in a later deployment, by owner."""
        return {owner: mark.postponed for owner, mark in sorted(self.marks.items()) if mark.postponed}

    @property
    def leaving(self) -> dict[str, Mark]:
        """Return the marks of what has a root that the next deployment deletes, by owner."""
        return {owner: mark for owner, mark in sorted(self.marks.items()) if mark.leaving}

    @property
    def overdue(self) -> list[tuple[str, int]]:
        """Return owners with a generation that is not live any more, and that a broker knows all the same."""
        live = {(owner, one.number) for owner, mark in self.marks.items() for one in mark.live}
        known = ((link_key(link), number) for link, number in self.deployed.accepted)
        return sorted(one for one in known if one not in live)

    def goes_on(self, before: State) -> bool:
        """Return whether one more deployment goes further: keys are to change or to go, and the last one has got on.

        Args:
            before: what there was before the last one.
        """
        has_got_on = (self.marks, self.deployed) != (before.marks, before.deployed)
        return has_got_on and bool(self.rotating or self.postponed or self.leaving)


def parse_state(outputs: Mapping[str, Mapping[str, Any]]) -> State:
    """Return the marks and the evidence among the outputs of a stack's resources.

    Args:
        outputs: of every resource, by URN.
    """
    marks: Mapping[str, Mark] = {}
    settled, trusted, keys, used = set[str](), dict[str, str](), dict[str, str](), dict[str, str]()
    accepted = set[tuple[str, int]]()
    rotations = defaultdict[str, set[str]](set)
    for urn, found in outputs.items():
        kind, _, name = urn.rpartition("::")
        if script := _ROTATION.fullmatch(name):
            rotations[script["cluster"]].add(script["rotation"])
        if kind.endswith(f"::{GENERATIONS}"):
            marks = read_marks(found.get("marks", {}))
        elif f"-{SETTLE}" in name and _has_succeeded(kind, name, found):
            settled.add(name.removesuffix(SUCCEEDED))
        elif name.endswith(CLIENT_TRUST):
            trusted[name.removesuffix(CLIENT_TRUST)] = _read_trust(found)
            accepted.update(_list_accepted(found))
        elif kind.endswith(_ENDPOINT_TYPE) and name.endswith(ENDPOINT):
            used[name.removesuffix(ENDPOINT)] = _read_secret(found)
        elif kind.endswith(_PRIVATE_KEY):
            keys[name] = str(found.get("publicKeyPem", ""))
    there = {cluster: frozenset(names) for cluster, names in rotations.items()}
    return State(marks, Deployed(frozenset(settled), trusted, there, used, frozenset(accepted)), keys)


def parse_deployment(deployment: Mapping[str, Any]) -> State:
    """Return the same from a state as `pulumi stack export` gives it."""
    return parse_state({one["urn"]: one.get("outputs", {}) for one in deployment.get("resources") or []})


def _has_succeeded(kind: str, name: str, found: Mapping[str, Any]) -> bool:
    """Return whether this tells that a script has: Azure's word, but of machines where that says nothing."""
    told = found.get("provisioningState") == "Succeeded" and not kind.endswith(":MachineRunCommand")
    return told or name.endswith(SUCCEEDED) or kind.endswith(_LOCAL_COMMAND)


def _read_trust(authentication: Mapping[str, Any]) -> str:
    """Return the ConfigMap of the one X.509 method that this program configures."""
    return str(_read_x509(authentication).get("trustedClientCaCert", ""))


def _list_accepted(authentication: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield each link that it maps a certificate of, with the generation."""
    for entry in _read_x509(authentication).get("authorizationAttributes", {}).values():
        attributes = entry["attributes"]
        if "generation" in attributes:
            yield attributes["link"], int(attributes["generation"])


def _read_x509(authentication: Mapping[str, Any]) -> Mapping[str, Any]:
    methods = authentication.get("properties", {}).get("authenticationMethods", [])
    return next((one["x509Settings"] for one in methods if "x509Settings" in one), {})


def _read_secret(endpoint: Mapping[str, Any]) -> str:
    """Return the Secret that a link's endpoint signs in with."""
    authentication = endpoint.get("properties", {}).get("mqttSettings", {}).get("authentication", {})
    return str(authentication.get("x509CertificateSettings", {}).get("secretRef", ""))
