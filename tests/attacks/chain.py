"""Which certificates are good: for whom, for what, by whom, and how long."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509

from rehearsal.mqtt.authority import CLIENT, SERVER
from rehearsal.mqtt.mosquitto import Broker, make_place, run_broker
from rehearsal.mqtt.private import load_pair
from rehearsal.mqtt.probe import AT_TLS
from rehearsal.mqtt.verify import verify_client, verify_server
from rehearsal.mqtt.wire import Connection, Message, Options, Tls
from tests.attacks import certificates as made
from tests.attacks.certificates import Make
from tests.attacks.identity import publish
from tests.attacks.lab import FIRST, OWN, Lab
from tests.attacks.row import Attempt, Row

OLD, BOTH, AUTHORITY = (
    "old root signing fresh leaves during roll-over", "same subject under both roots", "CA certificate as a client"
)  # fmt: skip
LONG, USES, RESUMED = "path length exceeded", "leaf with both uses or none", "resumed TLS session after revocation"
_NEW, _SERVER = "site-1-to-enterprise-g2", "enterprise-server"
NAMES = [x509.IPAddress(ip_address("10.20.1.10"))]
"""Of the broker, as the sites connect to it."""


def at_broker(make: Make, stage: str = "deployed") -> Attempt:
    """Publish with these credentials."""
    return lambda lab: publish(make(lab), lab, stage)


def as_client(make: Make) -> Attempt:
    """Ask the strict verifier whether a broker has to accept them."""
    return lambda lab: verify_client(make(lab).chain_pem, lab.stage().port().client_ca_pem or "")


def as_server(make: Make, *, at: str = "deployed") -> Attempt:
    """Ask the strict verifier whether a site has to take whoever has them for the broker."""
    return lambda lab: verify_server(make(lab).chain_pem, lab.stage(at).client().trust_pem, lab.stage(at).client().host)


def served(at: str = "deployed") -> Make:
    """What the broker itself presents."""

    def make(lab: Lab) -> Any:
        return lab.stage(at).port().certificate

    return make


class _Resuming(Tls):
    """Offers the last session again."""

    session: ssl.SSLSession | None = None

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, session=self.session, **options)

    def keep(self) -> bool:
        """Keep the session for the next connection; return whether this one has been resumed."""
        assert self._socket
        self.session = self._socket.session
        return bool(self._socket.session_reused)


def resume(after: str) -> Attempt:
    """Connect with the first key, let the broker restart as a stage has it, and offer the last session again."""

    def attempt(lab: Lab) -> str:
        plan = lab.stage().client()
        tls = _Resuming(ssl.PROTOCOL_TLS_CLIENT)
        tls.host = plan.host
        tls.load_verify_locations(cadata=plan.trust_pem)
        options = plan.options(plan.flows[0].client_id, tls)
        with make_place() as place:
            with run_broker(lab.stage().port(), place) as broker:
                load_pair(tls, broker.folder, plan.credentials.chain_pem, plan.credentials.key_pem)
                assert [_say(tls, options, broker), _say(tls, options, broker)] == [("", False), ("", True)]
            with run_broker(lab.stage(after).port(), place) as broker:
                return _say(tls, options, broker)[0]

    return attempt


def _say(tls: _Resuming, options: Options, broker: Broker) -> tuple[str, bool]:
    """Publish; return how that was refused, and whether the session was resumed."""
    with Connection(broker.port, options).open() as connection:
        (answer,) = connection.publish([Message(OWN, b"x")])
        return str(answer) if answer.is_failure else "", tls.keep()


def at_hour(make: Make, minutes: int) -> Attempt:
    """Verify a leaf that is just being issued by a clock that is so many minutes ahead."""
    then = timedelta(minutes=minutes)
    return lambda lab: verify_client(
        make(lab).chain_pem, lab.stage().port().client_ca_pem or "", datetime.now(UTC) + then
    )


ROWS = [
    Row(OLD, "the old authority's key, after a planned roll-over", "broker",
        at_broker(made.leaf(_NEW), "authorities renewed"), AT_TLS,
        at_broker(made.leaf(_NEW, generation=2, at="authorities renewed"), "authorities renewed")),
    Row(OLD, "the old authority's key, after an emergency", "broker",
        at_broker(made.leaf(_NEW), "authorities revoked"), AT_TLS,
        at_broker(made.leaf(_NEW, generation=2, at="authorities revoked"), "authorities revoked")),
    Row(OLD, "the old authority's key in an emergency, from the first step on that reaches the broker", "broker",
        at_broker(made.leaf(_NEW), FIRST + "authorities revoked"), AT_TLS,
        at_broker(made.leaf(_NEW, generation=2, at="authorities revoked"), FIRST + "authorities revoked")),
    Row(OLD, "the old root's key and an intermediate of its own, after a planned roll-over", "broker",
        at_broker(made.of_root(_NEW), "authorities renewed"), AT_TLS,
        at_broker(made.leaf(_NEW, generation=2, at="authorities renewed"), "authorities renewed")),
    Row(OLD, "the old server root's key, for the broker's host, after an emergency", "chain",
        as_server(made.leaf("x", side=_SERVER, uses=(SERVER,), hosts=NAMES), at="authorities revoked"),
        "candidates exhausted", as_server(served("authorities revoked"), at="authorities revoked")),
    Row(BOTH, "the link's subject by the broker's own authority", "broker",
        at_broker(made.leaf(side=_SERVER)), AT_TLS, at_broker(made.leaf())),
    Row(BOTH, "the broker's subject and host by the authority of links", "chain",
        as_server(made.leaf("enterprise-broker-g1", uses=(SERVER,), hosts=NAMES)), "candidates exhausted",
        as_server(made.leaf("enterprise-broker-g1", side=_SERVER, uses=(SERVER,), hosts=NAMES))),
    Row(BOTH, "the link's subject by a foreign authority", "broker", at_broker(made.foreign), AT_TLS,
        at_broker(made.leaf())),
    Row(BOTH, "the link's subject by a foreign authority of the same names", "broker", at_broker(made.namesake), AT_TLS,
        at_broker(made.leaf())),
    Row(AUTHORITY, "the intermediate itself as a client", "broker", at_broker(made.intermediate), AT_TLS,
        at_broker(made.leaf())),
    Row(AUTHORITY, "an authority of the link's subject that may be a client too", "chain",
        as_client(made.authority_of_the_link), "cA must not be asserted", as_client(made.leaf())),
    Row(LONG, "a leaf below one intermediate too many, to the broker", "broker", at_broker(made.below(4)), AT_TLS,
        at_broker(made.below(3))),
    Row(LONG, "a leaf below one intermediate too many, to a strict verifier", "chain", as_client(made.below(4)),
        "path length", as_client(made.below(3))),
    Row(LONG, "a leaf that leaves its intermediate out", "broker", at_broker(made.without_intermediate), AT_TLS,
        at_broker(made.leaf())),
    Row(USES, "a link's leaf for both uses, as the broker", "chain",
        as_server(made.leaf(uses=(CLIENT, SERVER), hosts=NAMES)), "candidates exhausted",
        as_server(made.leaf(side=_SERVER, uses=(SERVER,), hosts=NAMES))),
    Row(USES, "a broker's leaf for both uses, as a site", "broker",
        at_broker(made.leaf(side=_SERVER, uses=(CLIENT, SERVER))), AT_TLS, at_broker(made.leaf())),
    Row(USES, "a leaf without any use", "chain", as_client(made.leaf(uses=())), "missing required extension",
        as_client(made.leaf())),
    Row(USES, "a broker's leaf without any use, for the sites", "chain",
        as_server(made.leaf(side=_SERVER, uses=(), hosts=NAMES)), "missing required extension",
        as_server(made.leaf(side=_SERVER, uses=(SERVER,), hosts=NAMES))),
    Row(USES, "a link's leaf for servers alone", "broker", at_broker(made.leaf(uses=(SERVER,))), AT_TLS,
        at_broker(made.leaf())),
    Row(RESUMED, "a session from before, at a broker that has restarted for the revocation", "broker",
        resume("link revoked"), "Not authorized", resume("deployed")),
    Row("clock off by 10 minutes", "a broker whose clock is late, and a leaf that is just issued", "chain",
        at_hour(made.leaf(days=(0, 30)), -10), "not valid at validation time", at_hour(made.leaf(days=(0, 30)), 10)),
]  # fmt: skip
