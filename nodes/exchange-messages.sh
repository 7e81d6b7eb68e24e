#!/usr/bin/env bash
# One message over each link, for `python -m automation verify --messages`: sent on the site's own broker, taken from the
# enterprise's own, by clients with a service account token and no image of any kind. It is a real message on the link's
# topics: whoever reads the destination gets it too. Beside it one that the enterprise's broker has to refuse.
#
# Parameters: ROLE, NAMESPACE, CLIENT_ID, and MESSAGES, base64 of a JSON list. By ROLE:
# subscribe  {"topic"}: begins a session that lasts ten minutes without its client
# publish    {"topic", "id"}: sends them; LINKS (as probe-links.sh has them, with "forbidden": a topic) are tried as well
# collect    {"topic", "id"}: waits for them up to WAIT_SECONDS, and ends the session
# The fact line says what the broker has answered and when, what it has refused, or what has arrived when. Run again: a session of that name begins anew; no lock.
# Bound: WAIT_SECONDS and about 3 minutes. Prints no key and no token.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need ROLE NAMESPACE CLIENT_ID MESSAGES
[[ " subscribe publish collect " == *" $ROLE "* ]] ||
  fail "ROLE is '$ROLE'. Expected: subscribe, publish or collect. Next: this is made by the program; report it."
WAIT_SECONDS="${WAIT_SECONDS:-60}"
[[ "$WAIT_SECONDS" =~ ^[1-9][0-9]{0,4}$ ]] ||
  fail "WAIT_SECONDS is '$WAIT_SECONDS'. Expected: a whole number from 1 to 99999, such as 60. Next: correct it."

cat >"$work/exchange.py" <<'END'
# mqtt.py

import contextlib, sys

SERVICE, PORT, AUDIENCE, TRUST = "aio-broker", 18883, "aio-internal", "azure-iot-operations-aio-ca-trust-bundle"
CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xE0
SESSION_SECONDS, LONGEST, MOST = 600, 200, 1 << 20
CLIENT_ID = os.environ["CLIENT_ID"]


def load(name):
    return json.loads(base64.b64decode(os.environ.get(name) or "W10=", validate=True))


def kubectl(*words):
    try:
        result = subprocess.run(["kubectl", "--request-timeout=20s", *words], capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        sys.exit(f"kubectl {words[0]}: no answer within 30 s")
    if result.returncode != 0:
        sys.exit(f"kubectl {words[0]}: {result.stderr.strip()[-300:]}")
    return result.stdout


def properties(seconds):
    """Of CONNECT: session, and the token of a service account, as AIO's own parts have."""
    namespace = ("--namespace", os.environ["NAMESPACE"])
    token = kubectl("create", "token", "default", *namespace, "--audience", AUDIENCE, "--duration", "10m").strip()
    return b"\x11" + seconds.to_bytes(4, "big") + b"\x15" + field("K8S-SAT") + b"\x16" + field(token)


def own_broker():
    """How openssl reaches the broker of this cluster."""
    service = json.loads(kubectl("get", "service", SERVICE, "--namespace", os.environ["NAMESPACE"], "--output", "json"))
    authority = in_memory(b"\n".join(fetch("configmap", TRUST).values()))
    where = ["-connect", f"{service['spec']['clusterIP']}:{PORT}", "-verify_hostname", SERVICE]
    return [*where, "-CAfile", f"/proc/self/fd/{authority}"], [authority]


def read_packet(said, place):
    """Kind with flags, body, and where the next one begins; None while it is not whole."""
    length = shift = 0
    start = place + 1
    for byte in said[start : start + 4]:
        start, length, shift = start + 1, length | (byte & 127) << shift, shift + 7
        if byte < 128:
            return (said[place], said[start : start + length], start + length) if start + length <= len(said) else None
    return None


def converse(way, sent, is_over):
    """Send packets at once (a client need not wait for CONNACK: OASIS MQTT 5.0, 3.1.4), and take what comes back until
    that is all. Messages are acknowledged as they come: a broker sends so many ahead, and no more."""
    options, files = way
    command = ["timeout", "--kill-after=5", SECONDS, "openssl", "s_client", *options, "-verify_return_error", "-no-CApath",
               "-no-CAstore", "-quiet"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    accepted, said = None, bytearray()
    with subprocess.Popen(command, pass_fds=files, **pipes) as process:

        def tell(data):
            with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
                process.stdin.write(data)
                process.stdin.flush()

        def take(kind, body):
            """Whether that was all."""
            nonlocal accepted
            if kind == CONNACK:
                accepted = body
                if body[1] != 0:
                    return True
            elif kind & 0xF6 == PUBLISH | 2:
                tell(packet(PUBACK, read_message(body)[1]))
            return is_over(kind, body) or kind == DISCONNECT

        def listen():
            while part := os.read(process.stdout.fileno(), 65536):
                said.extend(part)
                place = 0
                while found := read_packet(said, place):
                    kind, body, place = found
                    if take(kind, bytes(body)):
                        return
                del said[:place]
                if len(said) > MOST:
                    raise LookupError(f"{options[1]}: a packet of more than {MOST} bytes")

        tell(b"".join(sent))
        listen()
        tell(packet(DISCONNECT, b""))
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        errors = process.stderr.read().decode(errors="replace")
    for file in files:
        os.close(file)
    if accepted is None:
        raise LookupError(f"{options[1]}: no answer: {' '.join(errors.split())[-300:]}")
    if accepted[1] != 0:
        raise LookupError(f"{options[1]}: CONNECT is refused (0x{accepted[1]:02x})")
    return accepted


def read_message(body):
    """Topic, packet identifier and payload of PUBLISH at QoS 1."""
    size = int.from_bytes(body[:2], "big")
    topic, rest = body[2 : 2 + size].decode(errors="replace"), body[2 + size :]
    length = shift = place = 0
    while True:
        byte = rest[2 + place]
        place, length, shift = place + 1, length | (byte & 127) << shift, shift + 7
        if byte < 128:
            return topic, rest[:2], rest[2 + place + length :]


def publish_packet(number, topic, payload):
    return packet(PUBLISH | 2, field(topic) + number.to_bytes(2, "big") + b"\0" + payload)


def collector(kind, number, found):
    """Put bodies of a kind into a list until there are so many; of none, CONNACK is enough."""

    def is_over(one, body):
        if one & 0xF0 == kind:
            found.append(body)
        return len(found) >= number

    return is_over


def reason(body):
    """Of PUBACK; without one it is success."""
    return body[2] if len(body) > 2 else 0


def subscribe(messages):
    asked = [packet(0x82, number.to_bytes(2, "big") + b"\0" + field(one["topic"]) + b"\1")
             for number, one in enumerate(messages, 1)]
    sent, found = [connect_packet(CLIENT_ID, properties(SESSION_SECONDS)), *asked], []
    converse(own_broker(), sent, collector(SUBACK, len(messages), found))
    granted = [body[-1] < 0x80 for body in found]
    if granted != [True] * len(messages):
        raise LookupError(f"SUBSCRIBE is refused: {granted}")
    return {"subscribed": len(messages)}


def publish(messages):
    packets = [publish_packet(number, one["topic"], json.dumps({"edge-stamps": "verify", "id": one["id"]}).encode())
               for number, one in enumerate(messages, 1)]
    sent, found = [connect_packet(CLIENT_ID, properties(0)), *packets], []
    converse(own_broker(), sent, collector(PUBACK, len(messages), found))
    answers = {int.from_bytes(body[:2], "big"): reason(body) for body in found}
    taken = {one["id"]: [answers.get(number, -1), now()] for number, one in enumerate(messages, 1)}
    return {"sent": taken, "refused": {link["name"]: try_forbidden(link) for link in load("LINKS")}}


def try_forbidden(link):
    """The answer to a message on a topic that is not the link's: a reason code, -1 if it hangs up, or why there is none."""
    sent, codes = [connect_packet(link["client_id"]), publish_packet(1, link["forbidden"], b"{}")], []

    def is_over(kind, body):
        if kind == PUBACK:
            codes.append(reason(body))
        elif kind == DISCONNECT:
            codes.append(body[0] if body else 0)
        return bool(codes)

    try:
        converse(over_link(link), sent, is_over)
    except LookupError as error:
        return str(error).replace("[", "(")  # who reads it looks for `[stderr]`
    return codes[0] if codes else -1


def collect(messages):
    """Ids with the second in which they were seen on their own topic, as far as they arrive in time; then the session ends."""
    wanted, arrived, give_up = {(one["topic"], one["id"]) for one in messages}, {}, now() + int(os.environ["WAIT_SECONDS"])

    def is_over(kind, body):
        if kind == CONNACK:
            return not body[0] & 1  # there is no session
        if kind & 0xF0 == PUBLISH and (name := identify(body)) in wanted:
            wanted.discard(name)
            arrived[name[1]] = now()
        return not wanted

    while True:
        accepted = converse(own_broker(), [connect_packet(CLIENT_ID, properties(SESSION_SECONDS), clean=False)], is_over)
        if not accepted[0] & 1:
            raise LookupError("the broker has forgotten the subscription")
        if not wanted or now() > give_up:
            converse(own_broker(), [connect_packet(CLIENT_ID, properties(0))], collector(CONNACK, 1, []))
            return {"arrived": arrived}
        subprocess.run(["sleep", "5"], check=True)


def now():
    return int(subprocess.run(["date", "+%s"], capture_output=True, check=True, timeout=30).stdout)


def identify(body):
    """Topic and id of a message of ours."""
    topic, _, payload = read_message(body)
    with contextlib.suppress(ValueError, LookupError, TypeError):
        if len(payload) <= LONGEST:  # others may send whatever they like
            return topic, str(json.loads(payload)["id"])
    return topic, ""


ROLES = {"subscribe": subscribe, "publish": publish, "collect": collect}
try:
    print(json.dumps(ROLES[os.environ["ROLE"]](load("MESSAGES"))))
except LookupError as error:
    sys.exit(str(error))
END
export WAIT_SECONDS

try python3 "$work/exchange.py" ||
  fail "$ROLE: $state. Expected: the broker's answer to each message. Next: 'kubectl --namespace $NAMESPACE get pods' on" \
    "the cluster; then verify again."
fact "$state"
