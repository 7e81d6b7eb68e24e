"""A TLS handshake between two ends that are both here: what either says of the other is OpenSSL's own verdict."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from rehearsal.mqtt.private import load_pair, private_folder

_ROUNDS = 10


@dataclass(frozen=True)
class End:
    """What one side presents, and what it trusts, in PEM."""

    chain: str
    key: str = field(repr=False)
    trust: str
    """Empty: nobody is asked for a certificate."""


@dataclass(frozen=True)
class Ended:
    """How it has ended; well, if nothing is set."""

    distrust: tuple[int, str] | None = None
    """Number and text of the client's verdict on the server (openssl-verification-options(1), X509_V_ERR_*)."""
    alert: str = ""
    """The server's verdict on the client, as the client hears it."""


def shake_hands(server: End, client: End, name: str) -> Ended:
    """Let the client connect to the server, which must have the name.

    Raises:
        ssl.SSLError: an end has no pair of certificate and key.
    """
    theirs, ours = _context(ssl.PROTOCOL_TLS_SERVER, server), _context(ssl.PROTOCOL_TLS_CLIENT, client)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = theirs.wrap_bio(to_server, to_client, server_side=True)
    ours.check_hostname = bool(name)
    here = ours.wrap_bio(to_client, to_server, server_hostname=name or None)
    try:
        for _ in range(_ROUNDS):
            _step(here.do_handshake)
            with suppress(ssl.SSLError):  # the client hears of it by an alert
                _step(there.do_handshake)
        _step(lambda: here.read(1))
    except ssl.SSLCertVerificationError as error:
        return Ended(distrust=(error.verify_code, error.verify_message.partition(",")[0]))
    except ssl.SSLError as error:
        return Ended(alert=str(error.reason).lower().replace("_", " "))
    return Ended()


def _step(act: Callable[[], object]) -> None:
    """Go on as far as one end gets before the other has to."""
    with suppress(ssl.SSLWantReadError):
        act()


def _context(protocol: int, end: End) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    if end.chain:
        with private_folder() as folder:
            load_pair(context, folder, end.chain, end.key)
    if end.trust:
        context.load_verify_locations(cadata=end.trust)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
