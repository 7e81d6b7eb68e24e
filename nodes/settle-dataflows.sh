#!/usr/bin/env bash
# Sees the dataflows of a link use its new keys, after the endpoint has named them: only then may the old ones go.
#
# Nothing documents whether a dataflow takes up another Secret by itself. A pod that is younger than the endpoint's last
# change has read what the endpoint names now. Pods that are older are given some minutes, then deleted: what runs them
# makes them anew, and QoS 1 sends again what was not acknowledged.
#
# Parameters: ENDPOINT, SECRET and TRUST (ConfigMap): what the endpoint has to name; PROFILE of the dataflows; NAMESPACE,
# WAIT_SECONDS.
# Run again: deletes pods that are older than the endpoint's last change, and no others; no lock.
# Bound: WAIT_SECONDS and about 3 minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need ENDPOINT SECRET TRUST PROFILE NAMESPACE WAIT_SECONDS
[[ "$WAIT_SECONDS" =~ ^[1-9][0-9]{0,4}$ ]] ||
  fail "WAIT_SECONDS is '$WAIT_SECONDS'. Expected: a whole number from 1 to 99999, such as 900. Next: correct it."

cat >"$work/settle.py" <<'END'
import json, os, re, subprocess, sys

ENDPOINTS = "dataflowendpoints.connectivity.iotoperations.azure.com"
# AIO names a profile's pods so, with a number (Azure/azure-iot-ops-cli-extension,
# azext_edge/tests/edge/checks/test_dataflow_checks_unit.py): `default-a` is another profile than `default`.
PODS = f"aio-dataflow-{os.environ['PROFILE']}-"


def kubectl(*arguments):
    command = ["kubectl", "--request-timeout=20s", "--namespace", os.environ["NAMESPACE"], *arguments]
    try:
        result = subprocess.run(command, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        sys.exit(f"kubectl {arguments[0]}: no answer within 30 s")
    if result.returncode != 0:
        sys.exit(f"kubectl {arguments[0]}: {result.stderr.decode(errors='replace').strip()[-300:]}")
    return result.stdout


def changed_at():
    """When the endpoint's spec has last changed; it has to name the new keys by now."""
    found = json.loads(kubectl("get", ENDPOINTS, os.environ["ENDPOINT"], "--output", "json", "--show-managed-fields"))
    settings = found["spec"]["mqttSettings"]
    names = {
        "SECRET": settings["authentication"]["x509CertificateSettings"]["secretRef"],
        "TRUST": settings["tls"]["trustedCaCertificateConfigMapRef"],
    }
    for key, given in names.items():
        if given != os.environ[key]:
            sys.exit(f"endpoint {os.environ['ENDPOINT']} still names {given}; expected {os.environ[key]}")
    fields = found["metadata"].get("managedFields", [])
    return max(each["time"] for each in fields if each.get("subresource") != "status")


def is_ready(pod):
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def main(restart):
    changed = changed_at()  # RFC 3339 in UTC, like a pod's: text compares as time
    pods = [each for each in json.loads(kubectl("get", "pods", "--output", "json"))["items"]
            if re.fullmatch(re.escape(PODS) + "[0-9]+", each["metadata"]["name"])]
    old = [each["metadata"]["name"] for each in pods if each["metadata"]["creationTimestamp"] < changed]
    if old and restart:
        kubectl("delete", "pods", *old, "--wait=false")
    if old:
        sys.exit(f"pods older than the endpoint's change of {changed}: {', '.join(old)}"[:3000])
    if not pods:
        sys.exit(f"no pod {PODS}*")
    if late := [each["metadata"]["name"] for each in pods if not is_ready(each)]:
        sys.exit(f"pods that are not Ready: {', '.join(late)}"[:3000])
    print(json.dumps({"settled": sorted(each["metadata"]["name"] for each in pods)}))


main(sys.argv[1:] == ["restart"])
END

patience=$(($(date +%s) + 180))
settle() {
  local restart=()
  (($(date +%s) < patience)) || restart=(restart)
  try python3 -IS "$work/settle.py" "${restart[@]}"
}
wait_for "$WAIT_SECONDS" "dataflows of endpoint $ENDPOINT run with Secret $SECRET" \
  "'kubectl --namespace $NAMESPACE get pods' on the node; the old keys stay valid until a deployment has seen this." settle
fact "$state"
