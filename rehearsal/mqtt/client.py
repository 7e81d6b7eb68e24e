"""Read from a site's cluster how its dataflows connect; our client stands in for them."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph import pem
from rehearsal.cluster.dataflows import find_destination
from rehearsal.cluster.links import is_local
from rehearsal.cluster.model import ClusterView, Dataflow
from rehearsal.mqtt.bodies import Credentials, UnmappedError, find, read_body, read_trust
from rehearsal.mqtt.private import load_pair
from rehearsal.mqtt.wire import Options, Tls

_CLIENT_KEYS = ("client_cert.pem", "client_key.pem")
_INTERMEDIATES = "client_intermediate_certs.pem"


@dataclass(frozen=True)
class Flow:
    """One dataflow: its client id at the broker, and from which topics it sends where."""

    name: str
    client_id: str
    """Prefix and name, as documented; what AIO puts between or behind them is not
    (learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint)."""
    sources: tuple[str, ...]
    destination: str
    only_json: bool = False
    """Whether its transformation reads JSON, so that nothing else passes."""

    @property
    def concrete_sources(self) -> list[str]:
        """Return a topic that each source filter matches."""
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
    client_id_prefix: str
    keep_alive: int
    max_inflight: int
    session_expiry: int
    qos: int
    keeps_retain: bool
    flows: tuple[Flow, ...]

    @property
    def name(self) -> str:
        return f"{self.cluster}/{self.endpoint}"

    @property
    def credential_variants(self) -> dict[str, Credentials]:
        """What AIO may present: whether it sends the intermediates of the third key is not documented."""
        alone = {"client_cert.pem alone": self.credentials}
        if not self.intermediates_pem:
            return alone
        chain = f"{self.credentials.chain_pem.rstrip()}\n{self.intermediates_pem}"
        return {**alone, f"with {_INTERMEDIATES}": Credentials(chain, self.credentials.key_pem)}

    def own_of(self, client_ids: Sequence[str]) -> list[str]:
        """Return those that begin as its own do."""
        return [one for one in client_ids if one.startswith(self.client_id_prefix)]

    def options(self, client_id: str, tls: Tls) -> Options:
        """Return how a dataflow connects."""
        return Options(client_id, tls, self.keep_alive, self.max_inflight, False, self.session_expiry)


def tls_context(plan: ClientPlan, credentials: Credentials | None, folder: Path) -> Tls:
    """Return TLS 1.3 as the dataflow does it: with the endpoint's trust and host, and these credentials.

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


def read_client(view: ClusterView, endpoint: str) -> ClientPlan:
    """Return what the endpoint, its Secret and ConfigMap, and the dataflows that send to it say.

    Raises:
        UnmappedError: something deployed is not carried over to the client.
    """
    settings = read_body("endpoint", endpoint, view.endpoints)["mqttSettings"]
    host, _, port = settings["host"].rpartition(":")
    credentials, intermediates = _read_credentials(
        view, settings["authentication"]["x509CertificateSettings"]["secretRef"]
    )
    flows = tuple(
        _read_flow(view, flow, settings["clientIdPrefix"])
        for flow in view.dataflows.values()
        if find_destination(flow) == endpoint
    )
    if not flows:
        raise UnmappedError(f"endpoint {endpoint}", "no dataflow sends to it")
    return ClientPlan(
        view.name,
        endpoint,
        host,
        int(port),
        credentials,
        intermediates,
        read_trust(view.config_maps, settings["tls"]["trustedCaCertificateConfigMapRef"]),
        client_id_prefix=settings["clientIdPrefix"],
        keep_alive=int(settings["keepAliveSeconds"]),
        max_inflight=int(settings["maxInflightMessages"]),
        session_expiry=int(settings["sessionExpirySeconds"]),
        qos=int(settings["qos"]),
        keeps_retain=settings["retain"] == "Keep",
        flows=flows,
    )


def _read_credentials(view: ClusterView, name: str) -> tuple[Credentials, str]:
    """Return certificate and key, and the intermediates of the optional third key."""
    where, secret = f"Secret {name}", find("Secret", name, view.secrets)
    if secret.type != "Opaque":
        raise UnmappedError(where, f"type {secret.type} is not mapped; only Opaque")
    keys = set(secret.data)
    if not keys.issuperset(_CLIENT_KEYS) or keys - {*_CLIENT_KEYS, _INTERMEDIATES}:
        expected = f"{' and '.join(_CLIENT_KEYS)}, perhaps {_INTERMEDIATES}"
        raise UnmappedError(where, f"keys {sorted(keys)} are not {expected}")
    credentials = Credentials(*(secret.data[key] for key in _CLIENT_KEYS))
    chain = pem.certificates(credentials.chain_pem)
    if not chain or pem.key_of_private(credentials.key_pem) != pem.key_of(chain[0]):
        raise UnmappedError(where, f"{' and '.join(_CLIENT_KEYS)} are no pair")
    if _INTERMEDIATES in keys and not pem.certificates(secret.data[_INTERMEDIATES]):
        raise UnmappedError(where, f"{_INTERMEDIATES} holds no certificate")
    return credentials, secret.data.get(_INTERMEDIATES, "")


def _read_flow(view: ClusterView, flow: Dataflow, prefix: str) -> Flow:
    source, *transformations, destination = read_body("dataflow", flow.name, {flow.name: flow.properties})["operations"]
    settings = source["sourceSettings"]
    if not is_local(view, view.endpoints.get(settings["endpointRef"], {})):
        what = f"its source {settings['endpointRef']!r} is no endpoint of the local broker"
        raise UnmappedError(f"dataflow {flow.name}", what)
    sources = tuple(settings["dataSources"])
    topic = destination["destinationSettings"]["dataDestination"]
    return Flow(flow.name, prefix + flow.name, sources, topic, only_json=bool(transformations))
