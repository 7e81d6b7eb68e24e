#!/usr/bin/env bash
# What `python -m automation verify` is told of a cluster: facts, which are judged elsewhere. Changes nothing.
#
# Parameters: NAMESPACE; OPERATORS (optional: id of their group) and RIGHTS (base64 of a JSON list of what the API server
# is asked whether that group may); AFTER (optional: the last object of the page before, as the fact line has named it).
# The fact line is {"after", "items"}: where the next page begins, empty on the last one, and base64 of zlib of a JSON
# list of objects, by kind and name. Of a Secret it has the names of keys and the fingerprints of certificates alone.
# Bound: about 3 minutes. Run again: reads only, so it takes no lock.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need NAMESPACE

cat >"$work/verify.py" <<'END'
# asking.py

import hashlib, os, re, secrets

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
NAMESPACE, OPERATORS = os.environ["NAMESPACE"], os.environ.get("OPERATORS", "")
OBJECT_SET = "edge-stamps/object-set"  # label of apply-objects.sh
AUDIT_LOG = os.environ.get("ROOT_DIR", "") + "/var/lib/rancher/k3s/server/logs/audit.log"  # of setup-k3s.sh
MOST_SAID, MOST_LOGGED = 2000, 1 << 22


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


def is_own(item):
    return OBJECT_SET in item["metadata"].get("labels", {})


def names_operators(item):
    """Whether a binding is for the operators."""
    return any(each["kind"] == "Group" and each["name"] == OPERATORS for each in item.get("subjects") or [])


def rule(item):
    """What a policy, role or binding says; of one that somebody else has made, however long, what matters."""
    keys = ("spec", "rules", "aggregationRule", "roleRef", "subjects") if is_own(item) else ("spec", "roleRef")
    says = {key: item[key] for key in keys if key in item}
    return {"own": is_own(item), "says": says if is_own(item) or len(json.dumps(says)) < MOST_SAID else None}


def list_rules():
    """Policies, roles and bindings: those of the stack, and whatever else changes what they are for."""
    yield from get("networkpolicies", "--namespace", NAMESPACE)
    yield from get("clusterroles", "--selector", OBJECT_SET + "=cluster")
    bindings = get("clusterrolebindings,rolebindings", "--all-namespaces")
    yield from (item for item in bindings if is_own(item) or names_operators(item))


def audit_log(_):
    """At what level the API server logs two questions of ours; a line may come a moment after the answer."""
    name, levels = "edge-stamps-verify-" + secrets.token_hex(8), {}
    get("secrets/" + name, "pods/" + name, "--namespace", NAMESPACE)
    for _ in range(10):
        events = [json.loads(line) for line in read_log() if name in line]
        levels = {each["objectRef"]["resource"]: each["level"] for each in events}
        if len(levels) == 2:
            break
        time.sleep(0.2)
    return {"levels": levels}


def read_log():
    try:
        with open(AUDIT_LOG, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_LOGGED))
            return file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def access(_):
    """Which of these rights the API server gives the operators. A review is answered, and not kept."""
    rights = json.loads(base64.b64decode(os.environ["RIGHTS"]))
    groups = [OPERATORS, "system:authenticated"]
    file = os.path.join(os.path.dirname(__file__), "reviews.json")
    with open(file, "w") as reviews:
        json.dump({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
             "spec": {"groups": groups, "resourceAttributes": {"namespace": NAMESPACE, **each}}} for each in rights
        ]}, reviews)
    answers = json.loads("[" + ask("create", "--filename", file).strip().replace("}\n{", "},{") + "]")
    return {"given": [each["spec"]["resourceAttributes"] for each in answers if each["status"]["allowed"]]}


def look():
    """Objects, each with what tells the fact of it."""
    kinds = {"Node": node, "StorageClass": storage_class, "PersistentVolumeClaim": claim, "Pod": pod, "Service": service}
    found = get("nodes,storageclasses,persistentvolumeclaims,pods,services", "--all-namespaces")
    for item in found:
        if item["kind"] != "Service" or item["metadata"]["namespace"] == NAMESPACE:
            yield item, kinds[item["kind"]]
    yield from ((item, rule) for item in list_rules())
    for kind, held_in, where in (("secretsyncs", "secret", ["--namespace", NAMESPACE]), ("bundles", "configmap", [])):
        makers = get(kind, *where)
        yield from ((item, made) for item in makers)
        yield from ((item, held) for item in get_named(held_in, [item["metadata"]["name"] for item in makers]))


def where(item):
    found = item["metadata"]
    return {"kind": item["kind"], "namespace": found.get("namespace", ""), "name": found["name"]}


asked = {"Clock": lambda _: {"seconds": int(os.environ["NOW"])}, "AuditLog": audit_log}
if OPERATORS:
    asked["Access"] = access
seen = [(where(item), item, fact) for item, fact in look()]
seen += [({"kind": kind, "namespace": "", "name": ""}, {}, fact) for kind, fact in asked.items()]
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
