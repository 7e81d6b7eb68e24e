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

import hashlib, os, re, ssl

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
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


def certificates(text):
    """Fingerprint and end, in seconds since 1970, of each certificate in a text."""
    for pem in CERTIFICATE.findall(text):
        told = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=pem, capture_output=True, text=True, timeout=30)
        end = ssl.cert_time_to_seconds(told.stdout.strip().partition("=")[2]) if told.returncode == 0 else 0
        yield [hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest(), end]


def held(item):
    """Keys, each with its certificates; a Secret's data is in base64."""
    is_secret = item["kind"] == "Secret"
    data = {key: base64.b64decode(value).decode(errors="replace") if is_secret else value
            for key, value in (item.get("data") or {}).items()}
    return {"keys": {key: list(certificates(value)) for key, value in data.items() if value}}


def look():
    """Everything, with its kind, namespace and name."""
    kinds = {"Node": node, "StorageClass": storage_class, "PersistentVolumeClaim": claim, "Pod": pod}
    found = get("nodes,storageclasses,persistentvolumeclaims,pods", "--all-namespaces")
    facts = [(item, kinds[item["kind"]](item)) for item in found]
    facts += [(item, service(item)) for item in get("services", "--namespace", NAMESPACE)]
    syncs, bundles = get("secretsyncs", "--namespace", NAMESPACE), get("bundles")
    facts += [(item, {"conditions": conditions(item)}) for item in bundles]
    facts += [(item, {"conditions": conditions(item), "synced": item.get("status", {}).get("lastSuccessfulSyncTime", "")})
              for item in syncs]
    for kind, makers in (("secret", syncs), ("configmap", bundles)):
        facts += [(item, held(item)) for item in get_named(kind, [maker["metadata"]["name"] for maker in makers])]
    items = [{"kind": "Clock", "namespace": "", "name": "", "seconds": int(os.environ["NOW"])}]
    for item, fact in facts:
        where = item["metadata"]
        items.append({"kind": item["kind"], "namespace": where.get("namespace", ""), "name": where["name"], **fact})
    return items


items = sorted(look(), key=place)
print(page([item for item in items if place(item) > os.environ.get("AFTER", "")]))
END
NOW="$(date +%s)"
export NOW

try python3 "$work/verify.py" ||
  fail "the cluster does not say how it is: $state. Expected: an answer of its API server to each question." \
    "Next: look whether K3s runs on the node ('systemctl status k3s'), then verify again."
fact "$state"
