#!/usr/bin/env bash
# What `python -m automation verify` is told of a cluster: facts, which are judged elsewhere. Changes nothing.
#
# Parameters: NAMESPACE; AFTER (optional: the last object of the page before, as the fact line has named it).
# The fact line is {"after", "items"}: where the next page begins, empty on the last one, and base64 of zlib of a JSON
# list of objects, by kind and name. Of a Secret it has the names of keys and the fingerprints of certificates alone.
# Bound: about 3 minutes. Run again: reads only, so it takes no lock.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need NAMESPACE

cat >"$work/verify.py" <<'END'
# asking.py

import hashlib, os, re

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
NAMESPACE = os.environ["NAMESPACE"]


def get_named(kind, names):
    return get(kind, *names, "--namespace", NAMESPACE) if names else []


def node(item):
    return {"conditions": conditions(item), "version": item["status"].get("nodeInfo", {}).get("kubeletVersion", "")}


def storage_class(item):
    annotations = item["metadata"].get("annotations", {})
    return {"default": annotations.get("storageclass.kubernetes.io/is-default-class") == "true"}


def claim(item):
    return {"phase": item.get("status", {}).get("phase", "")}


def service(item):
    spec, balancer = item["spec"], item.get("status", {}).get("loadBalancer", {})
    addresses = [each.get("ip") or each.get("hostname", "") for each in balancer.get("ingress") or []]
    return {"type": spec.get("type"), "addresses": addresses, "ports": [each["port"] for each in spec.get("ports", [])]}


def made(item):
    """How the maker of a Secret or ConfigMap is; a Bundle has no time of its last sync."""
    synced = {"synced": item.get("status", {}).get("lastSuccessfulSyncTime", "")} if item["kind"] == "SecretSync" else {}
    return {"conditions": conditions(item), **synced}


def decode(found):
    try:
        return base64.b64decode(found[1])
    except ValueError:
        return b""


def list_certificates(text):
    """Fingerprint of each certificate in a text, and its end in seconds since 1970: 0 if it is none."""
    found = [*CERTIFICATE.finditer(text)]
    if not found:
        return []
    command = ["openssl", "storeutl", "-certs", "-text", "/dev/stdin"]
    pems = "\n".join(each[0] for each in found)
    told = subprocess.run(command, input=pems, capture_output=True, text=True, timeout=30).stdout
    ends = [read_time(end, "%b %d %H:%M:%S %Y GMT") for end in re.findall("Not After : (.+)", told)]
    end_of = dict(zip(map(decode, CERTIFICATE.finditer(told)), ends))
    return [[hashlib.sha256(der).hexdigest(), end_of.get(der, 0)] for der in map(decode, found)]


def held(item):
    """Keys, each with its certificates; a Secret's data is in base64."""
    is_secret = item["kind"] == "Secret"
    data = {key: base64.b64decode(value).decode(errors="replace") if is_secret else value
            for key, value in (item.get("data") or {}).items()}
    return {"keys": {key: list_certificates(value) for key, value in data.items() if value}}


def look():
    """Objects, each with what tells the fact of it."""
    kinds = {"Node": node, "StorageClass": storage_class, "PersistentVolumeClaim": claim, "Pod": pod, "Service": service}
    found = get("nodes,storageclasses,persistentvolumeclaims,pods,services", "--all-namespaces")
    for item in found:
        if item["kind"] != "Service" or item["metadata"]["namespace"] == NAMESPACE:
            yield item, kinds[item["kind"]]
    for kind, held_in, where in (("secretsyncs", "secret", ["--namespace", NAMESPACE]), ("bundles", "configmap", [])):
        makers = get(kind, *where)
        yield from ((item, made) for item in makers)
        yield from ((item, held) for item in get_named(held_in, [item["metadata"]["name"] for item in makers]))


def where(item):
    found = item["metadata"]
    return {"kind": item["kind"], "namespace": found.get("namespace", ""), "name": found["name"]}


clock = {"kind": "Clock", "namespace": "", "name": ""}
seen = [(where(item), item, fact) for item, fact in look()]
seen.append((clock, clock, lambda _: {"seconds": int(os.environ["NOW"])}))
seen.sort(key=lambda each: place(each[0]))
after = os.environ.get("AFTER", "")
# A fact is told only if the page has place for it.
print(page({**named, **fact(item)} for named, item, fact in seen if place(named) > after))
END
NOW="$(date +%s)"
export NOW

try python3 -IS "$work/verify.py" ||
  fail "the cluster does not say how it is: $state. Expected: an answer of its API server to each question." \
    "Next: look whether K3s runs on the node ('systemctl status k3s'), then verify again."
fact "$state"
