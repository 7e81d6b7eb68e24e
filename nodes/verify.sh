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
import base64, calendar, hashlib, json, os, re, ssl, subprocess, sys, time, zlib

LARGEST = 3600  # of the last 4 KiB of what a script prints, which is what Azure keeps
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
NAMESPACE = os.environ["NAMESPACE"]


def get(*words):
    """Objects; none of a kind that nobody has installed."""
    command = ["kubectl", "--request-timeout=20s", "get", *words, "--ignore-not-found", "--output", "json"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        sys.exit(f"kubectl get {words[0]}: no answer within 30 s")
    if b"the server doesn't have a resource type" in result.stderr:
        return []
    if result.returncode != 0:
        sys.exit(f"kubectl get {words[0]}: {result.stderr.decode(errors='replace').strip()[-300:]}")
    found = json.loads(result.stdout) if result.stdout.strip() else {"items": []}
    return found.get("items", [found])


def get_named(kind, names):
    return get(kind, *names, "--namespace", NAMESPACE) if names else []


def conditions(item):
    return {
        each["type"]: [each.get("status"), each.get("reason", ""), each.get("message", "")[:200]]
        for each in item.get("status", {}).get("conditions", [])
    }


def node(item):
    return {"conditions": conditions(item), "version": item["status"].get("nodeInfo", {}).get("kubeletVersion", "")}


def storage_class(item):
    annotations = item["metadata"].get("annotations", {})
    return {"default": annotations.get("storageclass.kubernetes.io/is-default-class") == "true"}


def claim(item):
    return {"phase": item.get("status", {}).get("phase", "")}


def pod(item):
    status = item.get("status", {})
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    waiting = [each["state"]["waiting"].get("reason", "") for each in containers if each.get("state", {}).get("waiting")]
    ended = [each.get("lastState", {}).get("terminated") or {} for each in containers]
    times = [calendar.timegm(time.strptime(each["finishedAt"], "%Y-%m-%dT%H:%M:%SZ")) for each in ended if each.get("finishedAt")]
    return {
        "phase": status.get("phase", ""),
        "ready": conditions(item).get("Ready", [""])[0] == "True",
        "reason": status.get("reason") or " ".join(sorted(set(waiting))),
        "restarts": sum(each.get("restartCount", 0) for each in containers),
        "restarted": max(times, default=0),
    }


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
    facts += [(item, {"conditions": conditions(item)}) for item in [*syncs, *bundles]]
    for kind, makers in (("secret", syncs), ("configmap", bundles)):
        facts += [(item, held(item)) for item in get_named(kind, [maker["metadata"]["name"] for maker in makers])]
    items = [{"kind": "Clock", "namespace": "", "name": "", "seconds": int(os.environ["NOW"])}]
    for item, fact in facts:
        where = item["metadata"]
        items.append({"kind": item["kind"], "namespace": where.get("namespace", ""), "name": where["name"], **fact})
    return items


def place(item):
    return "/".join((item["kind"], item["namespace"], item["name"]))


def page(items):
    """As many of the items as fit, at least one."""
    count = len(items)
    while True:
        packed = base64.b64encode(zlib.compress(json.dumps(items[:count]).encode(), 9)).decode()
        after = place(items[count - 1]) if count < len(items) else ""
        line = json.dumps({"after": after, "items": packed})
        if len(line) <= LARGEST or count == 1:
            return line
        count = max(1, min(count - 1, count * LARGEST // len(line)))


items = sorted(look(), key=place)
print(page([item for item in items if place(item) > os.environ.get("AFTER", "")]))
END
NOW="$(date +%s)"
export NOW

try python3 "$work/verify.py" ||
  fail "the cluster does not say how it is: $state. Expected: an answer of its API server to each question." \
    "Next: look whether K3s runs on the node ('systemctl status k3s'), then verify again."
fact "$state"
