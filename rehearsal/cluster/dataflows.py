"""Find whether each of AIO's dataflows has its profile, its endpoints and what these need.

learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-create-dataflow, howto-configure-mqtt-endpoint
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arm import ids
from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW, DATAFLOW_ENDPOINT, DATAFLOW_PROFILE
from graph import pem
from graph.inputs import list_at, map_at, text_at
from rehearsal.cluster.broker import AioNamespace, find_trust_fault, list_manual_secrets, list_ports
from rehearsal.cluster.key_pairs import CLIENT, MQTT_CLIENT, TLS, find_certificate_faults, find_pair_fault, read_chain
from rehearsal.cluster.model import ClusterView, Dataflow, Symptom
from rules.facts import aio as aio_facts
from rules.facts.extensions import AIO

_MQTT = "mqttSettings"
_SECRET_REF = f"{_MQTT}.authentication.x509CertificateSettings.secretRef"
_CA_REF = f"{_MQTT}.tls.trustedCaCertificateConfigMapRef"


def read_dataflows(aio: AioNamespace) -> dict[str, Dataflow]:
    """Return the dataflows that are on the cluster."""
    return {
        one.name: Dataflow(one.name, ids.name_of(ids.parent_of(one.id)), map_at(one.inputs, "properties"))
        for one in aio.placement.of_type(DATAFLOW)
    }


def find_problems(aio: AioNamespace, addresses: Sequence[str]) -> Iterator[Symptom]:
    """Yield everything that is wrong with endpoints and dataflows."""
    endpoints = aio.properties(DATAFLOW_ENDPOINT)
    for name, endpoint in endpoints.items():
        if text_at(endpoint, "endpointType") == "Mqtt":
            yield from _check_client(aio, name, endpoint)
            yield from _check_trust(aio, name, endpoint)
            yield from _check_own_broker(aio, name, endpoint, addresses)
    for dataflow in read_dataflows(aio).values():
        yield from _check_dataflow(aio, dataflow, endpoints)


def _check_client(aio: AioNamespace, name: str, endpoint: Mapping[str, Any]) -> Iterator[Symptom]:
    if text_at(endpoint, f"{_MQTT}.authentication.method") != "X509Certificate":
        return
    where, secret = f"DataflowEndpoint {name}", text_at(endpoint, _SECRET_REF)
    if fault := find_pair_fault(aio.secrets, secret, MQTT_CLIENT):
        remedy = "see the SecretSync of that name"
        yield aio.problem("CLUSTER-22", where, f"{fault}, so its dataflows do not connect", remedy)
        return
    for fault in find_certificate_faults(read_chain(aio.secrets[secret], MQTT_CLIENT), CLIENT, aio.at):
        what = f"Secret {secret}: {fault}, so no broker that checks accepts it"
        yield aio.problem("CLUSTER-24", where, what, "publish a new certificate as a new generation")


def _check_trust(aio: AioNamespace, name: str, endpoint: Mapping[str, Any]) -> Iterator[Symptom]:
    config_map = text_at(endpoint, _CA_REF)
    if not config_map or _is_aios_own(aio, config_map):
        return
    if fault := find_trust_fault(aio, config_map):
        what = f"trustedCaCertificateConfigMapRef: {fault}, so its dataflows trust no broker"
        remedy = "see the Bundle of that name and the apply-objects command"
        yield aio.problem("CLUSTER-23", f"DataflowEndpoint {name}", what, remedy)


def _is_aios_own(aio: AioNamespace, config_map: str) -> bool:
    """Return whether it is AIO's own bundle, which a self-signed installation has and nobody outside knows."""
    extension = aio.placement.extensions.get(AIO.type)
    settings = map_at(extension.inputs, "configurationSettings") if extension else {}
    return config_map == aio_facts.TRUST_CONFIG_MAP.value and settings.get("trustSource", "SelfSigned") == "SelfSigned"


def names_own_broker(endpoint: Mapping[str, Any]) -> bool:
    """Return whether the endpoint names the broker of its own cluster: AIO's Service."""
    host = text_at(endpoint, f"{_MQTT}.host").rpartition(":")[0]
    return host.split(".")[0] == aio_facts.BROKER_SERVICE.value or text_at(endpoint, "hostType") == "LocalBroker"


def _check_own_broker(
    aio: AioNamespace, name: str, endpoint: Mapping[str, Any], addresses: Sequence[str]
) -> Iterator[Symptom]:
    host, _, port = text_at(endpoint, f"{_MQTT}.host").rpartition(":")
    if not names_own_broker(endpoint) and host not in addresses:
        return
    where, found = f"DataflowEndpoint {name}", None
    for listener_name, listener in aio.properties(BROKER_LISTENER).items():
        service = text_at(listener, "serviceName") or listener_name
        by_address = host in addresses and text_at(listener, "serviceType") != "ClusterIp"
        if (by_address or host.split(".")[0] == service) and port in [
            str(one.get("port")) for one in list_ports(listener)
        ]:
            found = listener
    if found is None:
        what = f"no listener of the own broker serves {host}:{port}"
        yield aio.problem("CLUSTER-28", where, what, "give host the serviceName and a port of a listener")
        return
    for secret in list_manual_secrets(found):
        if not find_pair_fault(aio.secrets, secret, TLS):  # else CLUSTER-18
            yield from _check_server_certificate(aio, where, endpoint, secret, host)


def _check_server_certificate(
    aio: AioNamespace, where: str, endpoint: Mapping[str, Any], secret: str, host: str
) -> Iterator[Symptom]:
    leaf, *others = read_chain(aio.secrets[secret], TLS)
    if not pem.names_host(leaf, host):
        what = f"the certificate in Secret {secret} does not name {host}; its names: {', '.join(pem.hosts(leaf))}"
        yield aio.problem("CLUSTER-28", where, what, "add the host to the certificate's alternative names")
    config_map = aio.config_maps.get(text_at(endpoint, _CA_REF))
    roots = pem.certificates("\n".join(config_map.data.values())) if config_map else []
    if not any(pem.why_no_server_chain(leaf, others, root) == "" for root in roots):
        what = f"the certificate in Secret {secret} leads to no CA of ConfigMap {text_at(endpoint, _CA_REF)}"
        yield aio.problem("CLUSTER-28", where, what, "trust the root that signed it")


def _check_dataflow(
    aio: AioNamespace, dataflow: Dataflow, endpoints: Mapping[str, Mapping[str, Any]]
) -> Iterator[Symptom]:
    where = f"Dataflow {dataflow.name}"
    profiles = sorted(aio.properties(DATAFLOW_PROFILE))
    if dataflow.profile not in profiles:
        what = f"its profile {dataflow.profile} is not on the cluster, so nothing runs it"
        yield aio.problem("CLUSTER-25", where, what, f"put it into one that is: {', '.join(profiles) or 'none'}")
    names = [find_source(dataflow), find_destination(dataflow)]
    lost = [name for name in names if name not in endpoints]
    for name in lost:
        what = f"endpointRef {name or '(none)'} is not on the cluster"
        yield aio.problem("CLUSTER-25", where, what, f"name one that is: {', '.join(sorted(endpoints)) or 'none'}")
    if not lost and not any(names_own_broker(endpoints[name]) for name in names):
        what = f"neither {names[0]} nor {names[1]} is the own broker"
        yield aio.problem("CLUSTER-25", where, what, "let it begin or end at the own broker")


def find_source(dataflow: Dataflow) -> str:
    """Return the name of the endpoint that it takes messages from."""
    return _find_endpoint(dataflow, "Source", "sourceSettings")


def find_destination(dataflow: Dataflow) -> str:
    """Return the name of the endpoint that it sends messages to."""
    return _find_endpoint(dataflow, "Destination", "destinationSettings")


def _find_endpoint(dataflow: Dataflow, kind: str, settings: str) -> str:
    operations = list_at(dataflow.properties, "operations")
    found = [text_at(one, f"{settings}.endpointRef") for one in operations if text_at(one, "operationType") == kind]
    return found[0] if found else ""


def find_duplicate_client_ids(views: Sequence[ClusterView]) -> dict[str, list[Symptom]]:
    """Return cluster -> dataflows that disconnect another one at its target, on whatever cluster that one is."""
    seen: dict[tuple[str, str], str] = {}
    found: dict[str, list[Symptom]] = {}
    for view in views:
        for dataflow in view.dataflows.values():
            for endpoint in (view.endpoints.get(find_source(dataflow)), view.endpoints.get(find_destination(dataflow))):
                if endpoint is None or names_own_broker(endpoint):
                    continue
                host = text_at(endpoint, f"{_MQTT}.host")
                client_id = text_at(endpoint, f"{_MQTT}.clientIdPrefix") + dataflow.name
                me = f"dataflow {dataflow.name} of {view.name}"
                other = seen.setdefault((host, client_id), me)
                if other != me:
                    what = f"connects to {host} as {client_id!r}, and so does {other}: they disconnect each other"
                    found.setdefault(view.name, []).append(
                        Symptom("CLUSTER-26", view.name, f"Dataflow {dataflow.name}", what, "change its clientIdPrefix")
                    )
    return found
