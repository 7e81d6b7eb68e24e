#!/usr/bin/env bash
# Make the objects of one set on the cluster what the program says: applied, no longer listed ones deleted, Bundles
# delivered. Public data only (CA certificates, role bindings): readers of the Run Command see it.
#
# Parameters: OBJECTS (base64 of a JSON list of Kubernetes objects, may be empty), OBJECT_SET (name of the set; label
# edge-stamps/object-set on every object).
# Run again: server-side apply and deletion of what is gone already change nothing.
# Bound: about 35 minutes (sum of the bounds below) and 90 s for each object to delete.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly LABEL=edge-stamps/object-set
readonly NAMESPACE=azure-iot-operations # the only one in which a set has objects

need OBJECTS OBJECT_SET
[[ "$OBJECT_SET" =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
  fail "OBJECT_SET is '$OBJECT_SET'. Expected: lower case letters, digits and dashes, at most 63, such as trust." \
    "Next: correct the name of the set in the program."
lock "objects-$OBJECT_SET"

# --- 1. The list: checked, labelled, namespaces first ---------------------------------------------------------------
# Server-side apply brings a Namespace's labels also when it exists already (D34).
python3 - "$LABEL" "$OBJECT_SET" "$work" <<'END' ||
import base64, json, os, sys

label, name, work = sys.argv[1:]
try:
    objects = json.loads(base64.b64decode(os.environ["OBJECTS"], validate=True))
    assert isinstance(objects, list), "not a list"
    for number, item in enumerate(objects):
        for field in ("apiVersion", "kind"):
            assert isinstance(item.get(field), str), f"item {number} has no {field}"
        assert isinstance(item.get("metadata", {}).get("name"), str), f"item {number} has no metadata.name"
        assert item["kind"] != "Secret", f"item {number} is a Secret: secrets come from the vault, never this way"
        item["metadata"].setdefault("labels", {})[label] = name
except (ValueError, AttributeError, AssertionError) as error:
    sys.exit(f"OBJECTS: {error}")
objects.sort(key=lambda item: item["kind"] != "Namespace")
with open(f"{work}/objects.json", "w") as file:
    json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, file)
with open(f"{work}/count", "w") as file:
    print(len(objects), file=file)
with open(f"{work}/listed", "w") as file:  # as `kubectl get --output name` writes them
    for item in objects:
        group = item["apiVersion"].rpartition("/")[0]
        print(item["kind"].lower() + (f".{group}" if group else "") + "/" + item["metadata"]["name"], file=file)
END
  fail "OBJECTS is not usable (line above). Expected: base64 of a JSON list of Kubernetes objects." \
    "Next: this is made by the program; report it."
count="$(<"$work/count")"

# --- 2. Apply -------------------------------------------------------------------------------------------------------
# Trying is the test that the kinds are served and that trust-manager's webhook answers: both come with the
# cert-manager extension, at some time. What waiting does not change ends the wait at once (D5).
apply() {
  timeout 60 kubectl --request-timeout=20s apply --server-side --force-conflicts --field-manager=edge-stamps \
    --filename "$work/objects.json" >"$work/applied" 2>"$work/refused" && return 0
  state="$(tail -n 3 "$work/refused" | tr '\n' ' ')" # one line for each refused object
  state="${state% }"
  # A right is not the object's: `apply` runs as a user whose kubeconfig or Arc role says what it may. Told first, as a
  # webhook that denies an object is Forbidden too, with words of its own.
  if grep -qE 'Error from server \(Forbidden\).* cannot [a-z]+ resource' "$work/refused"; then
    fail "the user of this script may not apply an object of set $OBJECT_SET: $state. Expected: a user who may create" \
      "and patch it. Next: give the user in the message that right on the cluster ('kubectl auth can-i --list' shows" \
      "what it may), or run the script as cluster administrator, then deploy again."
  fi
  if grep -qE 'Error from server \((Invalid|BadRequest|Forbidden)\)|is invalid|denied the request|ValidationError\(' \
    "$work/refused"; then
    fail "the cluster refuses an object of set $OBJECT_SET: $state. Next: correct the object in the program."
  fi
  return 1
}
if ((count > 0)); then
  wait_for 600 "kinds served, webhooks answering and the $count objects of set $OBJECT_SET applied" \
    "check the cert-manager extension: 'kubectl get crd' and 'kubectl -n cert-manager get pods' on the node." apply
fi

# --- 3. Prune -------------------------------------------------------------------------------------------------------
# Bundles stay: what refers to one leaves only later in the same deployment, and one that nobody names grants nothing.
prunable=(
  clusterrolebindings.rbac.authorization.k8s.io clusterroles.rbac.authorization.k8s.io
  networkpolicies.networking.k8s.io
)
pruned=0
for kind in "${prunable[@]}"; do
  place=()
  [[ "$kind" != networkpolicies.* ]] || place=(--namespace "$NAMESPACE")
  wait_for 120 "list of $kind" "'journalctl -u k3s' on the node." \
    try kube get "$kind" "${place[@]}" --selector "$LABEL=$OBJECT_SET" --output name
  while read -r object; do
    if [[ -z "$object" ]] || grep -qxF "$object" "$work/listed"; then
      continue
    fi
    timeout 90 kubectl --request-timeout=80s delete "$object" "${place[@]}" --ignore-not-found --timeout=60s \
      </dev/null ||
      fail "$object is no longer in set $OBJECT_SET and could not be deleted within 60 s." \
        "Next: 'kubectl get $object -o yaml' on the node (finalizers?), then deploy again."
    pruned=$((pruned + 1))
  done <<<"$state"
done

# --- 4. Bundles delivered -------------------------------------------------------------------------------------------
grep "^bundle\.trust\.cert-manager\.io/" "$work/listed" >"$work/bundles" || true
mapfile -t bundles <"$work/bundles"
are_synced() {
  try kube get "${bundles[@]}" --output json || return 1
  printf '%s' "$state" >"$work/bundles.json"
  # A condition of an earlier generation says nothing about this one.
  try python3 - "$work/bundles.json" <<'END'
import json, sys

with open(sys.argv[1]) as file:
    found = json.load(file)
late = []
for item in found.get("items", [found]):
    conditions = item.get("status", {}).get("conditions", [])
    synced = next((each for each in conditions if each["type"] == "Synced"), {})
    current = synced.get("observedGeneration", item["metadata"]["generation"]) == item["metadata"]["generation"]
    if not (current and synced.get("status") == "True"):
        reason = synced.get("reason", "no condition Synced") if current else "change not seen yet"
        late.append(f"{item['metadata']['name']}: {reason}: {synced.get('message', '')}"[:300])
if late:
    sys.exit("; ".join(late))
END
}
if ((${#bundles[@]} > 0)); then
  wait_for 300 "Bundles Synced" \
    "check the labels of the target namespace and 'kubectl -n cert-manager logs deployment/trust-manager'." are_synced
fi

fact "{\"applied\": $count, \"pruned\": $pruned}"
