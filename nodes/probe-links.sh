#!/usr/bin/env bash
# The last step of a deployment: connects over each link that starts here, as its dataflows will, and leaves again. ARM
# calls a link Succeeded on which no message will ever travel: name, way, certificates and policy show only here.
#
# Parameters: LINKS (base64 of a JSON list of {"name", "host", "port", "service": where to look at the other end,
# "client_id", "secret", "server_ca": ConfigMap, "server_sha256": hex of the DER of the broker's certificate}),
# NAMESPACE, WAIT_SECONDS. Prints no key material.
# Run again: CONNECT and DISCONNECT under a client id of its own, which ends no session of a dataflow; no lock.
# Bound: WAIT_SECONDS and about 3 minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need LINKS NAMESPACE WAIT_SECONDS
[[ "$WAIT_SECONDS" =~ ^[1-9][0-9]{0,4}$ ]] ||
  fail "WAIT_SECONDS is '$WAIT_SECONDS'. Expected: a whole number from 1 to 99999, such as 600. Next: correct it."

cat >"$work/probe.py" <<'END'
# mqtt.py

import contextlib, hashlib, sys
from concurrent.futures import ThreadPoolExecutor

CONNACK = re.compile(rb"\x20[\x02-\x7f][\x00\x01](.)", re.DOTALL)  # no text of openssl has a byte 0 or 1
REASONS = {0x84: "protocol version", 0x85: "client id", 0x86: "user name or password", 0x87: "not authorized",
           0x88: "server unavailable", 0x89: "server busy", 0x8A: "banned", 0x8C: "authentication method"}
# OASIS MQTT 5.0, table 3-1
REMEDIES = (
    ("Name or service not known|Temporary failure in name|No address associated",
     "make the DNS record that `check` names, where this network asks for names"),
    ("no answer", "check the peering's two halves and the security rules on both sides"),
    ("Connection refused|errno=111",
     "nothing listens there: look at the Service {service}; if its address is pending, at what else has its port, and at"
     " the broker's frontends"),
    ("alert", "the broker refuses the link's certificate: check the authority that it trusts, and the date"),
    ("not authorized|client id", "check the rule of link {name} in the broker's authorization: attribute and client ids."
     " Where a new key is refused and the rule is right, restart the frontends behind {service}: 'kubectl --namespace"
     " azure-iot-operations rollout restart statefulset aio-broker-frontend'"),
    ("certificate", "check the Secret of the broker's listener, its date, and the names in it"),
)
REMEDY = "look at the listener and the frontends of the broker behind {service}"


def load_links():
    try:
        links = json.loads(base64.b64decode(os.environ["LINKS"], validate=True))
        assert isinstance(links, list), "not a list"
        for number, link in enumerate(links):
            for key in ("name", "host", "service", "client_id", "secret", "server_ca", "server_sha256"):
                assert link[key] and isinstance(link[key], str), f"item {number}: {key}"
            assert isinstance(link["port"], int), f"item {number}: port"
            assert len(bytes.fromhex(link["server_sha256"])) == 32, f"item {number}: server_sha256"
        return links
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        sys.exit(f"LINKS: {type(error).__name__}: {error}")


def converse(command, client_id, files):
    """What openssl has said: CONNECT, its answer, DISCONNECT."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, pass_fds=files, **pipes) as process:
        with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
            process.stdin.write(connect_packet(client_id))
            process.stdin.flush()
        said = b""
        while not CONNACK.search(said) and (part := os.read(process.stdout.fileno(), 65536)):
            said += part
        rest, errors = process.communicate(b"\xe0\0")
        return process.returncode, said + rest, errors.decode(errors="replace")


def probe(link):
    """What is wrong with the link; empty if nothing is."""
    options, files = over_link(link)
    command = ["timeout", "--kill-after=5", SECONDS, "openssl", "s_client", *options, "-verify_return_error",
               "-no-CApath", "-no-CAstore", "-ign_eof"]
    try:
        code, said, errors = converse(command, link["client_id"], files)
    finally:
        for file in files:
            os.close(file)
    answer = CONNACK.search(said)
    if answer and answer[1] == b"\0":
        return compare(link, said)
    if answer:
        return f"CONNECT as {link['client_id']} is refused: {REASONS.get(answer[1][0], '')} (0x{answer[1][0]:02x})"
    if code == 124:
        return f"no answer within {SECONDS} s"
    told = re.findall(r"verify error:num=\d+:(.*)|(\w+ alert [\w ]+|[Nn]ame or service not known|Connection refused"
                      r"|Temporary failure in name resolution|No address associated|errno=\d+)", errors)
    found = [f"certificate of the broker: {verdict}" if verdict else other for verdict, other in told]
    return found[0] if found else "closed without an answer to CONNECT: " + " ".join(errors.split())[-200:]


def compare(link, said):
    """Whether the broker has the certificate that was published last."""
    pem = said.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END CERTIFICATE-----")[0]
    sha256 = hashlib.sha256(base64.b64decode(pem)).hexdigest()
    wanted = bytes.fromhex(link["server_sha256"]).hex()
    return "" if sha256 == wanted else f"certificate of the broker is {sha256}; expected {wanted}"


def try_link(link):
    """What is wrong with the link, and what to do; empty if nothing is."""
    try:
        reason = probe(link)
    except LookupError as error:
        reason = f"no key {error}" if isinstance(error, KeyError) else str(error)
    if not reason:
        return ""
    remedy = next((text for words, text in REMEDIES if re.search(words, reason)), REMEDY).format_map(link)
    return f"link {link['name']} to {link['host']}:{link['port']}: {reason} -> {remedy}"


def main():
    links = load_links()
    with ThreadPoolExecutor(8) as pool:
        wrong = [reason for reason in pool.map(try_link, links) if reason]
    if wrong:
        sys.exit(" ".join("; ".join(wrong).split())[:3000])
    print(json.dumps({"connected": [link["name"] for link in links]}))


if sys.argv[1:] == ["valid"]:
    load_links()
else:
    main()
END
python3 -IS "$work/probe.py" valid ||
  fail "LINKS is not usable (line above). Expected: base64 of a JSON list as the head of probe-links.sh says." \
    "Next: this is made by the program; report it."

wait_for "$WAIT_SECONDS" "every link's broker answers" \
  "what follows each arrow; the probe runs again with the next deployment." \
  try python3 -IS "$work/probe.py"
fact "$state"
