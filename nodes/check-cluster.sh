#!/usr/bin/env bash
# Look whether a cluster that is there already can take Azure IoT Operations, as `az iot ops init` does
# (https://github.com/Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration/host.py and targets.py);
# say all that it lacks at once.
#
# Parameters: SUBSCRIPTION_ID, RESOURCE_GROUP, CLUSTER_NAME (of the connected cluster), ISSUER (of its tokens, as Azure has
# it), CUSTOM_LOCATIONS_OBJECT_ID.
# Run again: reads only.
# Bound: about 5 minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need SUBSCRIPTION_ID RESOURCE_GROUP CLUSTER_NAME ISSUER CUSTOM_LOCATIONS_OBJECT_ID

python3 - <<'END' || fail "cluster $CLUSTER_NAME cannot take Azure IoT Operations (lines above). Next: mend each, then deploy again."
import base64, gzip, json, os, re, subprocess, sys

OLDEST, CORES, MEMORY = (1, 28), 4, 16_000_000_000  # of each node
NAMESPACE, LABEL = "azure-iot-operations", "edge-stamps/object-set"
UNITS = {"": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def ask(*words):
    command = ["kubectl", "--request-timeout=20s", "get", *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if result.returncode:
        sys.exit(f"kubectl get {words[0]}: {result.stderr.strip()}. Next: let who deploys be cluster-admin there")
    return json.loads(result.stdout) if result.stdout.strip() else {}


def number(text):
    digits, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()
    return float(digits) * UNITS[unit]


def check_identity():
    data = ask("configmap", "azure-clusterconfig", "--namespace", "azure-arc", "--ignore-not-found", "--output", "json")
    keys = {"AZURE_SUBSCRIPTION_ID": "SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP": "RESOURCE_GROUP", "AZURE_RESOURCE_NAME": "CLUSTER_NAME"}
    found = [data.get("data", {}).get(key, "nothing") for key in keys]
    expected = [os.environ[name] for name in keys.values()]
    if [one.lower() for one in found] != [one.lower() for one in expected]:
        yield (f"this cluster is {'/'.join(found)} for Azure Arc; expected {'/'.join(expected)}. Next: correct"
               " connected_cluster: its resource_id, or the kubeconfig and context that lead here")


def check_version():
    version = ask("--raw", "/version")["gitVersion"]
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        yield f"Kubernetes is {version}; expected {OLDEST[0]}.{OLDEST[1]} or newer. Next: upgrade the cluster"


def check_nodes():
    nodes = ask("nodes", "--output", "json")["items"]
    if not nodes:
        yield "it has no node. Next: add one"
    for node in nodes:
        name, status = node["metadata"]["name"], node["status"]
        architecture = status["nodeInfo"]["architecture"]
        cores, memory = (number(status["capacity"][key]) for key in ("cpu", "memory"))
        if architecture != "amd64":
            yield f"node {name} is {architecture}; Azure IoT Operations runs on amd64 alone. Next: take the node out"
        if cores < CORES or memory < MEMORY:
            yield (f"node {name} has {cores:g} cores and {memory / 1e9:.1f} GB of memory; expected at least {CORES}"
                   f" and {MEMORY / 1e9:g} GB. Next: take a larger node")


def check_storage():
    classes = ask("storageclasses", "--output", "json")["items"]
    key = "storageclass.kubernetes.io/is-default-class"
    if not any(one["metadata"].get("annotations", {}).get(key) == "true" for one in classes):
        names = ", ".join(one["metadata"]["name"] for one in classes) or "there is none"
        yield (f"no storage class is the default one ({names}), so no volume of the broker is made. Next: kubectl annotate"
               f" storageclass <name> {key}=true")


def check_issuer():
    issuer = ask("--raw", "/.well-known/openid-configuration")["issuer"]
    if issuer != os.environ["ISSUER"]:
        yield (f"tokens are issued by {issuer}; expected {os.environ['ISSUER']}, which Azure trusts. Next: give it to the"
               " API server as service-account-issuer and restart that"
               " (learn.microsoft.com/azure/azure-arc/kubernetes/workload-identity)")


def check_custom_locations():
    found = ask("secrets", "--namespace", "azure-arc-release", "--selector", "owner=helm,name=azure-arc,status=deployed",
                "--output", "json")["items"]
    given = {}
    for release in found:  # helm.sh/docs/topics/advanced, Storage backends: base64 in the Secret's own, then gzip
        text = gzip.decompress(base64.b64decode(base64.b64decode(release["data"]["release"])))
        given = json.loads(text).get("config", {}).get("systemDefaultValues", {}).get("customLocations", {})
    wanted = os.environ["CUSTOM_LOCATIONS_OBJECT_ID"]
    if str(given.get("enabled")).lower() != "true" or given.get("oid") != wanted:
        yield (f"custom locations are not enabled for {wanted}. Next: az connectedk8s enable-features --name"
               f" {os.environ['CLUSTER_NAME']} --resource-group {os.environ['RESOURCE_GROUP']} --features cluster-connect"
               f" custom-locations --custom-locations-oid {wanted}")


def check_namespace():
    found = ask("namespace", NAMESPACE, "--ignore-not-found", "--output", "json")
    if found and LABEL not in found["metadata"].get("labels", {}):
        pods = ask("pods", "--namespace", NAMESPACE, "--output", "json")["items"]
        if pods:
            yield (f"another Azure IoT Operations has {len(pods)} pods in namespace {NAMESPACE}. Next: az iot ops delete,"
                   " or take another cluster")


checks = (check_identity, check_version, check_nodes, check_storage, check_issuer, check_custom_locations, check_namespace)
found = [text for check in checks for text in check()]
if found:
    sys.exit("\n".join(f"- {one}" for one in found))
END

fact '{"checked": true}'
