#!/usr/bin/env bash
# The gate before a listener or endpoint refers to Secrets and ConfigMaps: each is there, with its keys, the expected
# certificate, the intermediate that has signed it, and its private key (D33; field-review §1.2, §1.3). Prints no key
# material.
#
# Parameters: EXPECTED (base64 of a JSON list of {"kind": "Secret" | "ConfigMap", "name", "keys": [...],
# "certificate": {"key", "sha256": hex of the first certificate's DER}, optional}), NAMESPACE, WAIT_SECONDS.
# A Secret has at least these keys; a ConfigMap has exactly these: every CA in every key would be trusted (§1.17).
# Run again: reads only, so it takes no lock and several gates may run side by side.
# Bound: WAIT_SECONDS and about 3 minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need EXPECTED NAMESPACE WAIT_SECONDS
[[ "$WAIT_SECONDS" =~ ^[1-9][0-9]{0,4}$ ]] ||
  fail "WAIT_SECONDS is '$WAIT_SECONDS'. Expected: a whole number from 1 to 99999, such as 900. Next: correct it."

cat >"$work/gate.py" <<'END'
import base64, hashlib, json, os, re, ssl, subprocess, sys, tempfile

KEY_OF = {"tls.crt": "tls.key", "client_cert.pem": "client_key.pem"}
ABOVE = {"tls.crt": "tls.crt", "client_cert.pem": "client_intermediate_certs.pem"}
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
REMEDY = {
    "InvalidClusterSecretLabelError": "a Secret of this name exists that secret sync did not make: delete it",
    "InvalidClusterSecretAnnotationError": "a Secret of this name exists that secret sync did not make: delete it",
    "PartialSync": "a vault secret of the mapping is missing: check the names in the vault",
    "ProviderError": "check the vault secret, the vault role and the federated credential (issuer, subject)",
}
SECRET_REMEDY = "check the SecretSync of this name, its SecretProviderClass, and the secret-store extension"
CONFIG_MAP_REMEDY = "check the trust-manager Bundle of this name and the labels of the namespace"


def load_expected():
    try:
        expected = json.loads(base64.b64decode(os.environ["EXPECTED"], validate=True))
        assert isinstance(expected, list), "not a list"
        for number, item in enumerate(expected):
            assert item["kind"] in ("Secret", "ConfigMap"), f"item {number}: kind {item['kind']!r}"
            assert item["name"] and isinstance(item["name"], str), f"item {number}: name"
            assert item["keys"] and isinstance(item["keys"], list), f"item {number}: keys"
            if item.get("certificate"):
                assert item["certificate"]["key"] in item["keys"], f"item {number}: certificate.key is not in keys"
                assert len(bytes.fromhex(item["certificate"]["sha256"])) == 32, f"item {number}: certificate.sha256"
                is_known = item["kind"] == "ConfigMap" or item["certificate"]["key"] in ABOVE
                assert is_known, f"item {number}: certificate.key is none of {', '.join(ABOVE)}"
        return expected
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        sys.exit(f"EXPECTED: {type(error).__name__}: {error}")


def fetch(kind, names):
    """Objects of these names, {} if none; kept in memory, because K3s encrypts Secrets at rest and /tmp does not."""
    if not names:
        return {}
    command = ["kubectl", "--request-timeout=20s", "--namespace", os.environ["NAMESPACE"], "get", kind, *names]
    try:
        result = subprocess.run([*command, "--ignore-not-found", "--output", "json"], capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        sys.exit(f"kubectl get {kind}: no answer within 30 s")
    if result.returncode != 0:
        if kind == "secretsync":  # only for the message; the kind may not be served yet
            return {}
        sys.exit(f"kubectl get {kind}: {result.stderr.decode(errors='replace').strip()[-300:]}")
    found = json.loads(result.stdout) if result.stdout.strip() else {"items": []}
    return {item["metadata"]["name"]: item for item in found.get("items", [found])}


def public_key(arguments, pem):
    """The public key that openssl finds in PEM, which goes through a pipe only; None if there is none."""
    result = subprocess.run(["openssl", *arguments], input=pem, capture_output=True, timeout=10)
    return result.stdout if result.returncode == 0 and result.stdout else None


def is_signed(key, data):
    """Whether a certificate that comes with the first one has signed it: vault secrets are read one by one, and those
    of another generation lead to another root. Dates are told by the one who connects."""
    first = CERTIFICATE.search(data[key])[0]
    above = [one for one in CERTIFICATE.findall(data.get(ABOVE[key], b"")) if one.split() != first.split()]
    with tempfile.TemporaryDirectory() as folder:
        for name, pems in (("first", [first]), ("above", above)):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(b"\n".join(pems) + b"\n")
        options = ["-partial_chain", "-no_check_time", "-trusted", f"{folder}/above", f"{folder}/first"]
        return subprocess.run(["openssl", "verify", *options], capture_output=True, timeout=10).returncode == 0


def problem(item, found):
    """What is wrong with one object; None if nothing is."""
    if found is None:
        return "not there"
    if item["kind"] == "Secret":
        data = {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    else:
        data = {key: value.encode() for key, value in (found.get("data") or {}).items()}
        surplus = sorted({*data, *(found.get("binaryData") or {})} - {*item["keys"]})
        if surplus:
            return f"has keys that nobody expects: {', '.join(surplus)}; expected exactly: {', '.join(item['keys'])}"
    missing = [key for key in item["keys"] if not data.get(key, b"").strip()]
    if missing:
        return f"keys missing or empty: {', '.join(missing)}"
    certificate = item.get("certificate")
    if certificate:
        pem = data[certificate["key"]].decode("ascii", "replace")
        start, end = pem.find("-----BEGIN CERTIFICATE-----"), pem.find("-----END CERTIFICATE-----")
        if item["kind"] == "ConfigMap" and pem.count("-----BEGIN ") != 1:
            return f"{certificate['key']} holds more than one certificate, and AIO would trust each; expected one"
        try:
            der = ssl.PEM_cert_to_DER_cert(pem[start : end + len("-----END CERTIFICATE-----")])
        except ValueError:
            return f"{certificate['key']} holds no certificate in PEM"
        sha256, wanted = hashlib.sha256(der).hexdigest(), bytes.fromhex(certificate["sha256"]).hex()
        if sha256 != wanted:
            return f"{certificate['key']} holds the certificate {sha256}; expected {wanted}"
    for certificate_key, private_key in KEY_OF.items():
        if item["kind"] == "Secret" and private_key in item["keys"] and certificate_key in data:
            of_certificate = public_key(["x509", "-pubkey", "-noout"], data[certificate_key])
            of_key = public_key(["pkey", "-pubout", "-passin", "pass:"], data[private_key])
            if of_certificate is None or of_key is None or of_certificate != of_key:
                return f"{private_key} is not the private key of the first certificate in {certificate_key}"
    if item["kind"] == "Secret" and certificate and not is_signed(certificate["key"], data):
        return f"{ABOVE[certificate['key']]} has no certificate that has signed the first one in {certificate['key']}"
    return None


def check():
    expected = load_expected()
    names = {kind: [item["name"] for item in expected if item["kind"] == kind] for kind in ("Secret", "ConfigMap")}
    found = {kind: fetch(kind.lower(), names[kind]) for kind in names}
    if not expected:  # the API has to answer all the same
        fetch("namespace", [os.environ["NAMESPACE"]])
    wrong, syncs = [], None
    for item in expected:
        reason = problem(item, found[item["kind"]].get(item["name"]))
        if reason is None:
            continue
        if item["kind"] == "Secret" and syncs is None:
            syncs = fetch("secretsync", names["Secret"])
        text = f"{item['kind']} {item['name']}: {reason}"
        if item["kind"] == "Secret":
            conditions = syncs.get(item["name"], {}).get("status", {}).get("conditions", [])
            for each in conditions:
                text += f" [SecretSync {each.get('type')}: {each.get('reason')}: {each.get('message', '')[:200]}]"
            reasons = [each.get("reason") for each in conditions if each.get("reason") in REMEDY]
            text += f" -> {REMEDY[reasons[0]] if reasons else SECRET_REMEDY}"
        else:
            text += f" -> {CONFIG_MAP_REMEDY}"
        wrong.append(" ".join(text.split()))
    if wrong:
        sys.exit("; ".join(wrong)[:3000])
    print(json.dumps({"seen": [f"{item['kind']}/{item['name']}" for item in expected]}))


if __name__ == "__main__":
    if sys.argv[1:] == ["valid"]:
        load_expected()
    else:
        check()
END
python3 "$work/gate.py" valid ||
  fail "EXPECTED is not usable (line above). Expected: base64 of a JSON list as the head of await-secrets.sh says." \
    "Next: this is made by the program; report it."

wait_for "$WAIT_SECONDS" "namespace $NAMESPACE: all expected objects in place" \
  "what follows each arrow; the gate runs again with the next deployment." \
  try python3 "$work/gate.py"
fact "$state"
