"""AIO's dataflow as our client stands in for it: what a site's cluster holds -> connections by paho."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graph import pem
from rehearsal.cluster.model import ClusterView, Dataflow
from rehearsal.mqtt.links import is_local
from rehearsal.mqtt.private import load_pair
from rehearsal.mqtt.reading import Body, UnmappedError, trusted
from rehearsal.mqtt.wire import Options, Tls

_CLIENT_KEYS = ("client_cert.pem", "client_key.pem")
_INTERMEDIATES = "client_intermediate_certs.pem"
_PASS_THROUGH = {
    "serializationFormat": "Json",
    "datasets": [],
    "filter": [],
    "map": [{"type": "PassThrough", "inputs": ["*"], "output": "*"}],
}


@dataclass(frozen=True)
class Credentials:
    """What a client shows to the broker."""

    chain_pem: str = field(repr=False)
    key_pem: str = field(repr=False)


@dataclass(frozen=True)
class Flow:
    """One dataflow: its client id at the broker, and from which topics it sends where."""

    name: str
    client_id: str
    sources: tuple[str, ...]
    destination: str

    @property
    def concrete_sources(self) -> list[str]:
        """A topic that each source filter matches."""
        return [re.sub(r"[+#]", "any", source) for source in self.sources]


@dataclass(frozen=True)
class ClientPlan:
    """One end of a link: an endpoint and the dataflows that send to it."""

    cluster: str
    endpoint: str
    host: str
    port: int
    credentials: Credentials
    intermediates_pem: str = field(repr=False)
    """Of the Secret's optional third key; empty without it."""
    trust_pem: str = field(repr=False)
    keep_alive: int
    max_inflight: int
    session_expiry: int
    qos: int
    keeps_retain: bool
    flows: tuple[Flow, ...]

    @property
    def readings(self) -> dict[str, Credentials]:
        """How AIO may read the Secret: documented is neither (field-review §5.7)."""
        alone = {"client_cert.pem alone": self.credentials}
        if not self.intermediates_pem:
            return alone
        chain = f"{self.credentials.chain_pem.rstrip()}\n{self.intermediates_pem}"
        return {**alone, f"with {_INTERMEDIATES}": Credentials(chain, self.credentials.key_pem)}

    def options(self, client_id: str, tls: Tls) -> Options:
        """How a dataflow connects."""
        return Options(client_id, tls, self.keep_alive, self.max_inflight, False, self.session_expiry)


def tls_context(plan: ClientPlan, credentials: Credentials | None, folder: Path) -> Tls:
    """TLS 1.3 as the dataflow does it: the endpoint's trust and host, and these credentials.

    Raises:
        ssl.SSLError: certificate and key are no pair, or the trusted certificates are unusable.
    """
    context = Tls(ssl.PROTOCOL_TLS_CLIENT)
    context.host = plan.host
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=plan.trust_pem)
    if credentials:
        load_pair(context, folder, credentials.chain_pem, credentials.key_pem)
    return context


def client_plan(view: ClusterView, endpoint: str) -> ClientPlan:
    """What the endpoint, its Secret and ConfigMap, and the dataflows that send to it say.

    Raises:
        UnmappedError: something deployed is not carried over to the client.
    """
    where = f"endpoint {endpoint}"
    properties = Body(where, view.endpoints[endpoint], ("endpointType", "hostType", "mqttSettings"))
    properties.one_of("endpointType", "Mqtt")
    properties.one_of("hostType", "CustomMqtt")
    settings = properties.child(
        "mqttSettings",
        (
            "host", "protocol", "authentication", "tls", "clientIdPrefix", "cloudEventAttributes", "keepAliveSeconds",
            "maxInflightMessages", "qos", "retain", "sessionExpirySeconds",
        ),
    )  # fmt: skip
    settings.one_of("protocol", "Mqtt")
    settings.one_of("cloudEventAttributes", "Propagate")
    host, port = _host(settings)
    credentials, intermediates = _credentials(view, settings)
    tls = settings.child("tls", ("mode", "trustedCaCertificateConfigMapRef"))
    tls.one_of("mode", "Enabled")
    flows = tuple(
        _flow(view, flow, settings.text("clientIdPrefix"))
        for flow in view.dataflows.values()
        if destination_endpoint(flow) == endpoint
    )
    if not flows:
        raise UnmappedError(where, "no dataflow sends to it")
    return ClientPlan(
        view.name,
        endpoint,
        host,
        port,
        credentials,
        intermediates,
        trusted(view.config_maps, tls.text("trustedCaCertificateConfigMapRef")),
        keep_alive=settings.number("keepAliveSeconds", 1, 65535),
        max_inflight=settings.number("maxInflightMessages", 1, 65535),
        session_expiry=settings.number("sessionExpirySeconds", 0, 0xFFFFFFFE),
        qos=settings.number("qos", 0, 1),
        keeps_retain=settings.one_of("retain", "Keep", "Never") == "Keep",
        flows=flows,
    )


def destination_endpoint(flow: Dataflow) -> str:
    """The endpoint that a dataflow sends to; empty if it says none."""
    for operation in flow.properties.get("operations") or []:
        settings = operation.get("destinationSettings") if isinstance(operation, Mapping) else None
        if isinstance(settings, Mapping):
            return str(settings.get("endpointRef", ""))
    return ""


def _host(settings: Body) -> tuple[str, int]:
    host, _, port = settings.text("host").rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise UnmappedError(f"{settings.where}.host", f"{settings.text('host')!r} is not host:port")
    return host, int(port)


def _credentials(view: ClusterView, settings: Body) -> tuple[Credentials, str]:
    authentication = settings.child("authentication", ("method", "x509CertificateSettings"))
    authentication.one_of("method", "X509Certificate")
    name = authentication.child("x509CertificateSettings", ("secretRef",)).text("secretRef")
    secret = view.secrets.get(name)
    if secret is None:
        raise UnmappedError(f"Secret {name}", "is missing")
    if secret.type != "Opaque":
        raise UnmappedError(f"Secret {name}", f"type {secret.type} is not mapped; only Opaque")
    keys = set(secret.data)
    if not keys.issuperset(_CLIENT_KEYS) or keys - {*_CLIENT_KEYS, _INTERMEDIATES}:
        expected = f"{' and '.join(_CLIENT_KEYS)}, perhaps {_INTERMEDIATES}"
        raise UnmappedError(f"Secret {name}", f"keys {sorted(keys)} are not {expected}")
    credentials = Credentials(*(secret.data[one] for one in _CLIENT_KEYS))
    chain = pem.certificates(credentials.chain_pem)
    if not chain or pem.key_of_private(credentials.key_pem) != pem.key_of(chain[0]):
        raise UnmappedError(f"Secret {name}", f"{' and '.join(_CLIENT_KEYS)} are no pair")
    if _INTERMEDIATES in keys and not pem.certificates(secret.data[_INTERMEDIATES]):
        raise UnmappedError(f"Secret {name}", f"{_INTERMEDIATES} holds no certificate")
    return credentials, secret.data.get(_INTERMEDIATES, "")


def _flow(view: ClusterView, flow: Dataflow, prefix: str) -> Flow:
    body = Body(f"dataflow {flow.name}", flow.properties, ("mode", "requestDiskPersistence", "operations"))
    body.one_of("mode", "Enabled")
    body.one_of("requestDiskPersistence", "Enabled", "Disabled")  # what a reboot loses, which is not exercised
    kinds = ("sourceSettings", "builtInTransformationSettings", "destinationSettings")
    operations = body.children("operations", ("operationType",), kinds)
    if len(operations) != len(kinds):
        raise UnmappedError(f"{body.where}.operations", f"{len(operations)} operations; only 3 are mapped")
    for operation, kind, settings in zip(
        operations, ("Source", "BuiltInTransformation", "Destination"), kinds, strict=True
    ):
        operation.one_of("operationType", kind)
        if [key for key in kinds if key in operation] != [settings]:
            raise UnmappedError(operation.where, f"{kind} is mapped with {settings} alone")
    operations[1].exactly("builtInTransformationSettings", _PASS_THROUGH)
    destination = operations[2].child("destinationSettings", ("endpointRef", "dataDestination"))
    return Flow(flow.name, prefix + flow.name, _sources(view, operations[0]), _destination(destination))


def _sources(view: ClusterView, operation: Body) -> tuple[str, ...]:
    settings = operation.child("sourceSettings", ("endpointRef", "dataSources", "serializationFormat"))
    settings.one_of("serializationFormat", "Json")
    name = settings.text("endpointRef")
    if not is_local(view, view.endpoints.get(name, {})):
        raise UnmappedError(f"{settings.where}.endpointRef", f"{name!r} is no endpoint of the local broker")
    sources = settings.texts("dataSources")
    for source in sources:
        if source.startswith("$"):
            raise UnmappedError(f"{settings.where}.dataSources", f"{source!r}: topics that begin with $ are not mapped")
    return tuple(sources)


def _destination(settings: Body) -> str:
    topic = settings.text("dataDestination")
    if re.search(r"[+#${}]", topic):
        raise UnmappedError(f"{settings.where}.dataDestination", f"{topic!r}: wildcards and tokens are not mapped")
    return topic
