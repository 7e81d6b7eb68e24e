"""openssl s_client against the broker of whichever cluster a packet from this node gets to; the handshake is OpenSSL's.

Options: openssl-s_client(1) of 3.0. Texts: seen with OpenSSL 3.0, and in crypto/x509/x509_txt.c and ssl/ssl_err.c.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence

from graph import pem
from rehearsal.cluster.broker import list_ports
from rehearsal.cluster.model import ClusterView
from rehearsal.cluster.way import Way
from rehearsal.node.calls import FOR_EVER, Reply, ToolCall
from rehearsal.node.machine import Machine, NodeAzure
from rehearsal.node.tools.handshake import End, shake_hands
from rehearsal.node.tools.mqtt_broker import Connection, find_end
from rehearsal.node.tools.refusal import RefusalError, answering
from rehearsal.node.tools.workloads import find_listener

_WITH_VALUE = frozenset({"-connect", "-verify_ip", "-verify_hostname", "-cert", "-key", "-cert_chain", "-CAfile"})
_ALONE = frozenset({"-verify_return_error", "-no-CApath", "-no-CAstore", "-ign_eof", "-quiet"})
_UNMODELLED = frozenset({
    "-brief", "-showcerts", "-servername", "-noservername", "-tls1_2", "-tls1_3", "-CApath", "-CAstore",
    "-verify", "-host", "-port", "-crlf", "-nocommands", "-no_ign_eof", "-starttls", "-alpn", "-partial_chain",
    "-x509_strict", "-pass",
})  # fmt: skip
_DESCRIPTOR = "80BBDEADBEEF0000:error"


@answering
def openssl(call: ToolCall, machine: Machine) -> Reply:
    """Answer `openssl s_client`; every other command is the real one's (`client.pl`)."""
    options = _read(call.arguments[1:])
    host, _, port = options.get("-connect", "").rpartition(":")
    way = _find_way(machine, host, int(port) if port.isdigit() else 0, call.elapsed)
    if way.outcome == "no such name":
        raise _unconnected("10080002:BIO routines:BIO_lookup_ex:system lib:bio_addr.c:746:Name or service not known")
    if way.outcome == "no answer":
        return Reply(1, stderr="connect:errno=110\n", took=FOR_EVER)
    if way.outcome == "refused" or way.broker is None:
        raise _unconnected("8000006F:system library:BIO_connect:Connection refused:bio_sock2.c:117:calling connect()")
    return _talk(call, options, way.broker, int(port), machine.azure)


def _find_way(machine: Machine, host: str, port: int, elapsed: float) -> Way:
    """Return what answers: a Service of the node's own cluster, by its ClusterIP, or what is outside of it."""
    view = machine.azure.cluster_view(elapsed)
    if view is None or not (own := find_listener(view, host)):
        return machine.azure.find_way(host, port, elapsed)
    listens = view.frontends_up and port in [one.get("port") for one in list_ports(own)]
    return Way("connected" if listens else "refused", view)


def _read(arguments: Sequence[str]) -> Mapping[str, str]:
    """Return the options with their values."""
    found, rest = dict[str, str](), iter(arguments)
    for option in rest:
        if option in _UNMODELLED:
            raise ValueError(f"openssl s_client {option}: the model does not answer it; extend s_client.py")
        if option not in _WITH_VALUE | _ALONE:
            text = f"s_client: Unknown option: {option}\ns_client: Use -help for summary."
            raise RefusalError(1, text, is_unknown=True)
        value = next(rest, None) if option in _WITH_VALUE else ""
        if value is None:
            raise RefusalError(1, f"s_client: Option {option} needs a value\ns_client: Use -help for summary.")
        found[option] = value
    return found


def _unconnected(what: str) -> RefusalError:
    return RefusalError(1, f"{_DESCRIPTOR}:{what}\nconnect:errno=0")


def _talk(call: ToolCall, options: Mapping[str, str], broker: ClusterView, port: int, azure: NodeAzure) -> Reply:
    server = find_end(broker, port)
    texts = {
        option: call.inherited.get(options.get(option, ""), "")
        for option in ("-cert", "-key", "-cert_chain", "-CAfile")
    }
    client = End(texts["-cert"] + texts["-cert_chain"], texts["-key"], texts["-CAfile"])
    name = options.get("-verify_ip") or options.get("-verify_hostname", "")
    try:
        ended = shake_hands(server, client, name)
    except ssl.SSLError:
        raise RefusalError(
            1, "Could not read client certificate, its key or the authorities from what was given"
        ) from None
    is_quiet = "-quiet" in options
    if ended.distrust and "-verify_return_error" in options:
        number, text = ended.distrust
        shown = "" if is_quiet else "CONNECTED(00000003)\n"
        raise RefusalError(1, f"depth=0 CN = broker\nverify error:num={number}:{text}", shown)
    shown = "" if is_quiet else f"CONNECTED(00000003)\n---\nServer certificate\n{_first(server.chain)}---\n"
    if ended.alert:
        heard = f"0A000415:SSL routines:ssl3_read_bytes:{ended.alert}:rec_layer_s3.c:1586:SSL alert number"
        raise RefusalError(1, f"{_DESCRIPTOR}:{heard}", shown)
    connection = Connection(azure, broker, port, pem.certificates(client.chain), call.elapsed)
    return Reply(stdout=shown + connection.answer(call.stdin).decode("utf-8", "surrogateescape"))


def _first(chain: str) -> str:
    """Return the first certificate of a chain in PEM."""
    end = "-----END CERTIFICATE-----"
    return f"{chain[: chain.index(end)]}{end}\n"
