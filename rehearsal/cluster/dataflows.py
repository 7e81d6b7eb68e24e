"""AIO's dataflows: whether each finds its profile, its endpoints and what these need (aio-cli-facts §5.4, §5.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arm import ids
from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW, DATAFLOW_ENDPOINT, DATAFLOW_PROFILE
from graph import pem
from graph.inputs import items, mapping, text
from rehearsal.cluster.broker import Around, manual_secrets, ports, why_no_ca
from rehearsal.cluster.model import ClusterView, Dataflow, Problem
from rehearsal.cluster.pairs import CLIENT, MQTT_CLIENT, TLS, chain_of, faults, why_unusable
from settings import well_known

_AIO = "microsoft.iotoperations"
_MQTT = "mqttSettings"
_SECRET_REF = f"{_MQTT}.authentication.x509CertificateSettings.secretRef"
_CA_REF = f"{_MQTT}.tls.trustedCaCertificateConfigMapRef"


def dataflows_of(around: Around) -> dict[str, Dataflow]:
    """The dataflows that are on the cluster."""
    return {
        one.name: Dataflow(one.name, ids.name_of(ids.parent_of(one.id)), mapping(one.inputs, "properties"))
        for one in around.here.of_type(DATAFLOW)
    }


def problems(around: Around, addresses: Sequence[str]) -> Iterator[Problem]:
    """Everything that is wrong with endpoints and dataflows."""
    endpoints = around.properties(DATAFLOW_ENDPOINT)
    for name, endpoint in endpoints.items():
        if text(endpoint, "endpointType") == "Mqtt":
            yield from _client(around, name, endpoint)
            yield from _trust(around, name, endpoint)
            yield from _own_broker(around, name, endpoint, addresses)
    for dataflow in dataflows_of(around).values():
        yield from _dataflow(around, dataflow, endpoints)


def _client(around: Around, name: str, endpoint: Mapping[str, Any]) -> Iterator[Problem]:
    if text(endpoint, f"{_MQTT}.authentication.method") != "X509Certificate":
        return
    where, secret = f"DataflowEndpoint {name}", text(endpoint, _SECRET_REF)
    if why := why_unusable(around.secrets, secret, MQTT_CLIENT):
        remedy = "see the SecretSync of that name"
        yield around.problem("CLUSTER-22", where, f"{why}, so its dataflows do not connect", remedy)
        return
    for fault in faults(chain_of(around.secrets[secret], MQTT_CLIENT), CLIENT, around.at):
        what = f"Secret {secret}: {fault}, so no broker that checks accepts it"
        yield around.problem("CLUSTER-24", where, what, "publish a new certificate as a new generation")


def _trust(around: Around, name: str, endpoint: Mapping[str, Any]) -> Iterator[Problem]:
    config_map = text(endpoint, _CA_REF)
    if not config_map or _is_aios_own(around, config_map):
        return
    if why := why_no_ca(around, config_map):
        what = f"trustedCaCertificateConfigMapRef: {why}, so its dataflows trust no broker"
        remedy = "see the Bundle of that name and the apply-objects command"
        yield around.problem("CLUSTER-23", f"DataflowEndpoint {name}", what, remedy)


def _is_aios_own(around: Around, config_map: str) -> bool:
    """AIO's own trust bundle: there with a self-signed installation; nobody outside the cluster knows its contents."""
    aio = around.here.extensions.get(_AIO)
    settings = mapping(aio.inputs, "configurationSettings") if aio else {}
    return config_map == well_known.AIO_TRUST_CONFIG_MAP and settings.get("trustSource", "SelfSigned") == "SelfSigned"


def is_local(endpoint: Mapping[str, Any]) -> bool:
    """Whether the endpoint is meant to be the broker of its own cluster: its host is a Service's name, not a DNS name.

    AIO names it `aio-broker`, alone or with its namespace (aio-cli-facts §2.4).
    """
    host = text(endpoint, f"{_MQTT}.host").rpartition(":")[0]
    return host.split(".")[0] == "aio-broker" or text(endpoint, "hostType") == "LocalBroker"


def _own_broker(around: Around, name: str, endpoint: Mapping[str, Any], addresses: Sequence[str]) -> Iterator[Problem]:
    host, _, port = text(endpoint, f"{_MQTT}.host").rpartition(":")
    if not is_local(endpoint) and host not in addresses:
        return
    where, found = f"DataflowEndpoint {name}", None
    for listener_name, listener in around.properties(BROKER_LISTENER).items():
        service = text(listener, "serviceName") or listener_name
        by_address = host in addresses and text(listener, "serviceType") != "ClusterIp"
        if (by_address or host.split(".")[0] == service) and port in [str(one.get("port")) for one in ports(listener)]:
            found = listener
    if found is None:
        what = f"no listener of the own broker serves {host}:{port}"
        yield around.problem("CLUSTER-28", where, what, "give host the serviceName and a port of a listener")
        return
    for secret in manual_secrets(found):
        if not why_unusable(around.secrets, secret, TLS):  # else CLUSTER-18
            yield from _no_trust(around, where, endpoint, secret, host)


def _no_trust(around: Around, where: str, endpoint: Mapping[str, Any], secret: str, host: str) -> Iterator[Problem]:
    leaf, *others = chain_of(around.secrets[secret], TLS)
    if not pem.names_host(leaf, host):
        what = f"the certificate in Secret {secret} does not name {host}; its names: {', '.join(pem.hosts(leaf))}"
        yield around.problem("CLUSTER-28", where, what, "add the host to the certificate's alternative names")
    config_map = around.config_maps.get(text(endpoint, _CA_REF))
    roots = pem.certificates("\n".join(config_map.data.values())) if config_map else []
    if not any(pem.why_no_server_chain(leaf, others, root) == "" for root in roots):
        what = f"the certificate in Secret {secret} leads to no CA of ConfigMap {text(endpoint, _CA_REF)}"
        yield around.problem("CLUSTER-28", where, what, "trust the root that signed it")


def _dataflow(around: Around, dataflow: Dataflow, endpoints: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    where = f"Dataflow {dataflow.name}"
    profiles = sorted(around.properties(DATAFLOW_PROFILE))
    if dataflow.profile not in profiles:
        what = f"its profile {dataflow.profile} is not on the cluster, so nothing runs it"
        yield around.problem("CLUSTER-25", where, what, f"put it into one that is: {', '.join(profiles) or 'none'}")
    names = [find_source(dataflow), find_destination(dataflow)]
    lost = [name for name in names if name not in endpoints]
    for name in lost:
        what = f"endpointRef {name or '(none)'} is not on the cluster"
        yield around.problem("CLUSTER-25", where, what, f"name one that is: {', '.join(sorted(endpoints)) or 'none'}")
    if not lost and not any(is_local(endpoints[name]) for name in names):
        what = f"neither {names[0]} nor {names[1]} is the own broker"
        yield around.problem("CLUSTER-25", where, what, "let it begin or end at the own broker")


def find_source(dataflow: Dataflow) -> str:
    """Name of the endpoint that it takes messages from."""
    return _endpoint_of(dataflow, "Source", "sourceSettings")


def find_destination(dataflow: Dataflow) -> str:
    """Name of the endpoint that it sends messages to."""
    return _endpoint_of(dataflow, "Destination", "destinationSettings")


def _endpoint_of(dataflow: Dataflow, kind: str, settings: str) -> str:
    operations = items(dataflow.properties, "operations")
    found = [text(one, f"{settings}.endpointRef") for one in operations if text(one, "operationType") == kind]
    return found[0] if found else ""


def client_ids_are_unique(views: Sequence[ClusterView]) -> dict[str, list[Problem]]:
    """Cluster -> dataflows that throw another one out at its target, on whatever cluster that one is."""
    seen: dict[tuple[str, str], str] = {}
    found: dict[str, list[Problem]] = {}
    for view in views:
        for dataflow in view.dataflows.values():
            for endpoint in (view.endpoints.get(find_source(dataflow)), view.endpoints.get(find_destination(dataflow))):
                if endpoint is None or is_local(endpoint):
                    continue
                host = text(endpoint, f"{_MQTT}.host")
                client_id = text(endpoint, f"{_MQTT}.clientIdPrefix") + dataflow.name
                me = f"dataflow {dataflow.name} of {view.name}"
                other = seen.setdefault((host, client_id), me)
                if other != me:
                    what = f"connects to {host} as {client_id!r}, and so does {other}: they throw each other out"
                    found.setdefault(view.name, []).append(
                        Problem("CLUSTER-26", view.name, f"Dataflow {dataflow.name}", what, "change its clientIdPrefix")
                    )
    return found
