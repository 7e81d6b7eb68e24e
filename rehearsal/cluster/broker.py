"""Find which listeners of AIO's broker can work, and whether its frontends run at all.

learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener, -authentication
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arm.types import ResourceType
from arm.types.iotoperations import BROKER, BROKER_AUTHENTICATION, BROKER_AUTHORIZATION, BROKER_LISTENER
from graph.inputs import list_at, map_at, text_at, x509_settings
from rehearsal.azure.entries import Entry
from rehearsal.cluster.key_pairs import SERVER, TLS, find_ca_fault, find_certificate_faults, find_pair_fault, read_chain
from rehearsal.cluster.model import ConfigMap, Secret, Symptom
from rehearsal.cluster.placement import Placement
from rules.facts.aio import NAMESPACE


@dataclass(frozen=True)
class AioNamespace:
    """What AIO finds in its namespace, at a moment."""

    cluster: Entry
    placement: Placement
    secrets: Mapping[str, Secret]
    config_maps: Mapping[str, ConfigMap]
    objects: Sequence[Mapping[str, Any]]
    """Whatever else was applied to the cluster."""
    at: datetime

    def problem(self, rule: str, where: str, what: str, remedy: str) -> Symptom:
        return Symptom(rule, self.cluster.name, where, what, remedy)

    def properties(self, row: ResourceType) -> dict[str, Mapping[str, Any]]:
        """Name -> deployed properties of everything of the type that is on the cluster."""
        return {one.name: map_at(one.inputs, "properties") for one in self.placement.of_type(row)}


def are_frontends_up(aio: AioNamespace) -> bool:
    """Return whether a broker runs and no listener waits for its Secret: one keeps all frontends from starting."""
    listeners = aio.properties(BROKER_LISTENER).values()
    return bool(aio.placement.of_type(BROKER)) and not any(
        _find_missing_secrets(aio, listener) for listener in listeners
    )


def find_problems(aio: AioNamespace) -> Iterator[Symptom]:
    """Yield everything that is wrong with listeners and authentications."""
    for name, listener in aio.properties(BROKER_LISTENER).items():
        yield from _check_secrets(aio, name, listener)
        yield from _check_references(aio, name, listener)
        yield from _check_ports(aio, name, listener)
    for name, authentication in aio.properties(BROKER_AUTHENTICATION).items():
        for settings in x509_settings({"properties": authentication}):
            yield from _check_client_ca(aio, name, text_at(settings, "trustedClientCaCert"))


def find_taken_ports(objects: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    """Return each port of the node that a Service has -> its name: ServiceLB leaves a later Service there Pending.

    docs.k3s.io/networking/networking-services; that of a listener, in AIO's namespace, is taken to be the later one.
    """
    return {
        int(port.get("port", 0)): f"{text_at(one, 'metadata.namespace')}/{text_at(one, 'metadata.name')}"
        for one in objects
        if text_at(one, "kind") == "Service"
        and text_at(one, "spec.type") == "LoadBalancer"
        and text_at(one, "metadata.namespace") != NAMESPACE.value
        for port in list_at(one, "spec.ports")
        if port.get("protocol", "TCP") == "TCP"
    }


def list_ports(listener: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the ports of a listener's properties."""
    return [port for port in list_at(listener, "ports") if isinstance(port, Mapping)]


def list_manual_secrets(listener: Mapping[str, Any]) -> list[str]:
    """Return the Secrets that a listener's ports take their certificates from."""
    manual = [port for port in list_ports(listener) if text_at(port, "tls.mode") == "Manual"]
    return sorted({text_at(port, "tls.manual.secretRef") for port in manual})


def _find_missing_secrets(aio: AioNamespace, listener: Mapping[str, Any]) -> list[str]:
    reasons = (find_pair_fault(aio.secrets, name, TLS) for name in list_manual_secrets(listener))
    return [reason for reason in reasons if reason]


def _check_secrets(aio: AioNamespace, name: str, listener: Mapping[str, Any]) -> Iterator[Symptom]:
    where = f"BrokerListener {name}"
    for reason in _find_missing_secrets(aio, listener):
        what = f"{reason}, so the frontends do not start and no listener of this broker answers"
        yield aio.problem("CLUSTER-18", where, what, "see the SecretSync of that name; until then change secretRef")
    for secret in list_manual_secrets(listener):
        if find_pair_fault(aio.secrets, secret, TLS):
            continue
        for fault in find_certificate_faults(read_chain(aio.secrets[secret], TLS), SERVER, aio.at):
            what = f"Secret {secret}: {fault}, so no client that checks connects"
            yield aio.problem("CLUSTER-21", where, what, "publish a new certificate as a new generation")


def _check_references(aio: AioNamespace, listener_name: str, listener: Mapping[str, Any]) -> Iterator[Symptom]:
    where = f"BrokerListener {listener_name}"
    for port in list_ports(listener):
        for key, arm_type in (("authenticationRef", BROKER_AUTHENTICATION), ("authorizationRef", BROKER_AUTHORIZATION)):
            name, known = text_at(port, key), sorted(aio.properties(arm_type))
            if name and name not in known:
                what = f"port {port.get('port')}: {key} {name} is not on the cluster"
                yield aio.problem("CLUSTER-19", where, what, f"name one that is there: {', '.join(known) or 'none'}")
        if port.get("authorizationRef") and not port.get("authenticationRef"):
            what = f"port {port.get('port')}: authorizationRef without authenticationRef, so nobody has a name to judge"
            yield aio.problem("CLUSTER-19", where, what, "name an authentication too")


def _check_ports(aio: AioNamespace, name: str, listener: Mapping[str, Any]) -> Iterator[Symptom]:
    taken = find_taken_ports(aio.objects) if text_at(listener, "serviceType") == "LoadBalancer" else {}
    own = [one.get("port") for one in list_ports(listener)]
    for port, service in taken.items():
        if port in own:
            what = f"Service {service} has port {port} on the node, so the address of the listener's stays pending"
            remedy = "give that Service another port, or the listener"
            yield aio.problem("CLUSTER-42", f"BrokerListener {name}", what, remedy)


def _check_client_ca(aio: AioNamespace, name: str, config_map: str) -> Iterator[Symptom]:
    if fault := find_trust_fault(aio, config_map):
        what = f"trustedClientCaCert: {fault}, so no client certificate is accepted"
        remedy = "see the Bundle of that name and the apply-objects command"
        yield aio.problem("CLUSTER-20", f"BrokerAuthentication {name}", what, remedy)


def find_trust_fault(aio: AioNamespace, name: str) -> str:
    """Return why a ConfigMap does not give CA certificates; empty if it does. AIO trusts what is in any key."""
    config_map = aio.config_maps.get(name)
    if config_map is None:
        return f"ConfigMap {name or '(none named)'} is not there"
    fault = find_ca_fault("\n".join(config_map.data.values()))
    return f"ConfigMap {name} {fault}" if fault else ""
