"""AIO's broker: which listeners can work, and whether its frontends run at all (aio-cli-facts §5.1, §5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arm.types import ResourceType
from arm.types.iotoperations import BROKER, BROKER_AUTHENTICATION, BROKER_AUTHORIZATION, BROKER_LISTENER
from graph.inputs import items, mapping, text, x509_settings
from rehearsal.azure.state import Entry
from rehearsal.cluster.model import ConfigMap, Problem, Secret
from rehearsal.cluster.pairs import SERVER, TLS, ca_faults, chain_of, faults, why_unusable
from rehearsal.cluster.placement import Reached


@dataclass(frozen=True)
class Around:
    """What AIO finds in its namespace, at a moment."""

    cluster: Entry
    here: Reached
    secrets: Mapping[str, Secret]
    config_maps: Mapping[str, ConfigMap]
    at: datetime

    def problem(self, rule: str, where: str, what: str, remedy: str) -> Problem:
        return Problem(rule, self.cluster.name, where, what, remedy)

    def properties(self, row: ResourceType) -> dict[str, Mapping[str, Any]]:
        """Name -> deployed properties of everything of the type that is on the cluster."""
        return {one.name: mapping(one.inputs, "properties") for one in self.here.of_type(row)}


def frontends_up(around: Around) -> bool:
    """A broker runs, and no listener waits for its Secret: one keeps all frontends from starting."""
    listeners = around.properties(BROKER_LISTENER).values()
    return bool(around.here.of_type(BROKER)) and not any(_why_down(around, listener) for listener in listeners)


def problems(around: Around) -> Iterator[Problem]:
    """Everything that is wrong with listeners and authentications."""
    for name, listener in around.properties(BROKER_LISTENER).items():
        yield from _secret(around, name, listener)
        yield from _references(around, name, listener)
    for name, authentication in around.properties(BROKER_AUTHENTICATION).items():
        for settings in x509_settings({"properties": authentication}):
            yield from _client_ca(around, name, text(settings, "trustedClientCaCert"))


def ports(listener: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The ports of a listener's properties."""
    return [port for port in items(listener, "ports") if isinstance(port, Mapping)]


def manual_secrets(listener: Mapping[str, Any]) -> list[str]:
    """The Secrets that a listener's ports take their certificates from."""
    manual = [port for port in ports(listener) if text(port, "tls.mode") == "Manual"]
    return sorted({text(port, "tls.manual.secretRef") for port in manual})


def _why_down(around: Around, listener: Mapping[str, Any]) -> list[str]:
    reasons = (why_unusable(around.secrets, name, TLS) for name in manual_secrets(listener))
    return [reason for reason in reasons if reason]


def _secret(around: Around, name: str, listener: Mapping[str, Any]) -> Iterator[Problem]:
    where = f"BrokerListener {name}"
    for reason in _why_down(around, listener):
        what = f"{reason}, so the frontends do not start and no listener of this broker answers"
        yield around.problem("CLUSTER-18", where, what, "see the SecretSync of that name; until then change secretRef")
    for secret in manual_secrets(listener):
        if why_unusable(around.secrets, secret, TLS):
            continue
        for fault in faults(chain_of(around.secrets[secret], TLS), SERVER, around.at):
            what = f"Secret {secret}: {fault}, so no client that checks connects"
            yield around.problem("CLUSTER-21", where, what, "publish a new certificate as a new generation")


def _references(around: Around, name: str, listener: Mapping[str, Any]) -> Iterator[Problem]:
    where = f"BrokerListener {name}"
    for port in ports(listener):
        for key, arm_type in (("authenticationRef", BROKER_AUTHENTICATION), ("authorizationRef", BROKER_AUTHORIZATION)):
            wanted, known = text(port, key), sorted(around.properties(arm_type))
            if wanted and wanted not in known:
                what = f"port {port.get('port')}: {key} {wanted} is not on the cluster"
                yield around.problem("CLUSTER-19", where, what, f"name one that is there: {', '.join(known) or 'none'}")
        if port.get("authorizationRef") and not port.get("authenticationRef"):
            what = f"port {port.get('port')}: authorizationRef without authenticationRef, so nobody has a name to judge"
            yield around.problem("CLUSTER-19", where, what, "name an authentication too")


def _client_ca(around: Around, name: str, config_map: str) -> Iterator[Problem]:
    if why := why_no_ca(around, config_map):
        what = f"trustedClientCaCert: {why}, so no client certificate is accepted"
        remedy = "see the Bundle of that name and the apply-objects command"
        yield around.problem("CLUSTER-20", f"BrokerAuthentication {name}", what, remedy)


def why_no_ca(around: Around, name: str) -> str:
    """Why a ConfigMap does not give CA certificates; empty if it does. Every key counts (field-review §1.17)."""
    config_map = around.config_maps.get(name)
    if config_map is None:
        return f"ConfigMap {name or '(none named)'} is not there"
    why = ca_faults("\n".join(config_map.data.values()))
    return f"ConfigMap {name} {why}" if why else ""
