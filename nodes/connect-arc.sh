#!/usr/bin/env bash
# Connect the node's K3s to Azure Arc under CLUSTER_NAME and let its service account tokens be issued by Arc's issuer.
#
# Parameters: CLUSTER_NAME, RESOURCE_GROUP, SUBSCRIPTION_ID, TENANT_ID, LOCATION, CUSTOM_LOCATIONS_OBJECT_ID, and
# IDENTITY_CLIENT_ID where the node has a user-assigned identity; without it the machine's own signs in, as on an
# Arc-enabled machine. Whichever it is, it has the Arc onboarding role and connectedClusters/delete (D10). HTTP_PROXY,
# HTTPS_PROXY and NO_PROXY where the node has a proxy: the agents get it too, and hand it on to the extensions.
# Run again: leaves a connected cluster alone, checks everything, restarts K3s only for another issuer. Deletes the
# connected cluster of this name only where its tag says that another machine made it, or where this one made it and
# was killed before it was done.
# Bound: about 200 minutes if every single step takes its longest (sum of the bounds below).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need CLUSTER_NAME RESOURCE_GROUP SUBSCRIPTION_ID TENANT_ID LOCATION CUSTOM_LOCATIONS_OBJECT_ID
lock node

identity=()
[[ -z "${IDENTITY_CLIENT_ID:-}" ]] || identity=(--client-id "$IDENTITY_CLIENT_ID")
who="${IDENTITY_CLIENT_ID:-of the machine itself}"
cluster=(--name "$CLUSTER_NAME" --resource-group "$RESOURCE_GROUP")
wanted="$SUBSCRIPTION_ID/$RESOURCE_GROUP/$CLUSTER_NAME"
features_mark="$ROOT_DIR/var/lib/edge-stamps/custom-locations"
proxy=()
[[ -z "${HTTPS_PROXY:-}" ]] ||
  proxy=(--proxy-http "$HTTP_PROXY" --proxy-https "$HTTPS_PROXY" --proxy-skip-range "$NO_PROXY")
told="${proxy[*]}"
proxy_mark="$ROOT_DIR/var/lib/edge-stamps/proxy" # what the agents have; absent: none
connecting_mark="$ROOT_DIR/var/lib/edge-stamps/connecting" # while the agents are installed: nothing can live on it yet
# Which machine has connected the cluster. A rebuilt one has another id, which is not to be shown as it is (machine-id(5)).
readonly MACHINE_TAG=edge_stamps_machine
machine_id="$(<"$ROOT_DIR/etc/machine-id")"
machine="$(sha256sum <<<"edge-stamps $machine_id" | cut -c 1-32)"

# ask QUERY: a property of the connected cluster as `state`. Exit code 3: there is no such resource (az's code for
# 404), other codes: not readable now.
ask() {
  local code=0
  try timeout 60 az connectedk8s show "${cluster[@]}" --query "$1" --output tsv || code=$?
  return "$code"
}

# --- 1. Log in ------------------------------------------------------------------------------------------------------
# The list of subscriptions is taken at login, so log in again until the role assignment has spread: up to 10 min
# (learn.microsoft.com/azure/role-based-access-control/troubleshooting), and a try takes its time.
log_in() {
  try timeout 60 az login --identity "${identity[@]}" --allow-no-subscriptions --output none &&
    try timeout 60 az account set --subscription "$SUBSCRIPTION_ID"
}
wait_for 780 "login of identity $who with access to subscription $SUBSCRIPTION_ID" \
  "check that the identity is attached to the machine and has its role on resource group $RESOURCE_GROUP." log_in
tenant="$(timeout 60 az account show --query tenantId --output tsv)"
[[ "${tenant,,}" == "${TENANT_ID,,}" ]] ||
  fail "subscription $SUBSCRIPTION_ID belongs to tenant $tenant. Expected: TENANT_ID $TENANT_ID." \
    "Next: correct the tenant or the subscription in the settings."

# --- 2. What is there (run-command-arc-authz-facts §3, "Again under the same name") ---------------------------------
read_agents() {
  # Written by the agents' Helm release: the name under which this K3s is connected; empty if it is not.
  try kube --namespace azure-arc get configmap azure-clusterconfig --ignore-not-found --output \
    'jsonpath={.data.AZURE_SUBSCRIPTION_ID}/{.data.AZURE_RESOURCE_GROUP}/{.data.AZURE_RESOURCE_NAME}'
}
wait_for 120 "answer of the Kubernetes API" "'journalctl -u k3s' on the node." read_agents
agents="$state"
[[ -z "$agents" || "${agents,,}" == "${wanted,,}" ]] ||
  fail "this K3s is already connected to Arc as $agents (subscription/group/name). Expected: $wanted or not at all." \
    "Next: correct the names in the settings, or 'az connectedk8s delete' that one from the node, or replace the node."

read_resource() {
  # `exists` is yes or no; other answers (no access yet) are asked again.
  local code=0
  ask id || code=$?
  case "$code" in
    0) exists=yes ;;
    3) exists=no ;;
    *) return 1 ;;
  esac
}
exists=unknown
wait_for 300 "reading connected cluster $CLUSTER_NAME" \
  "check the role of identity $who on resource group $RESOURCE_GROUP." read_resource

# --- 3. Connect -----------------------------------------------------------------------------------------------------
is_gone() {
  read_resource && [[ "$exists" == no ]]
}
if [[ -z "$agents" && "$exists" == yes ]]; then
  # `connect` would refuse ("different Kubernetes cluster"). That this K3s is empty says nothing of the cluster that the
  # resource stands for: it may live elsewhere, or its agents may be gone by mistake while AIO runs on.
  wait_for 120 "reading connected cluster $CLUSTER_NAME" "deploy again." ask "tags.$MACHINE_TAG"
  maker="$state"
  [[ -e "$connecting_mark" || (-n "$maker" && "$maker" != "$machine") ]] ||
    fail "connected cluster $CLUSTER_NAME exists, this K3s has no Arc agents, and nothing shows that an earlier machine" \
      "has made it, so it is left alone. Expected: its tag $MACHINE_TAG is not this machine's, $machine; it is" \
      "${maker:-absent}. Next: find out what it stands for. If nothing needs it, delete it in Azure, then deploy again."
  # A rebuilt VM, or a run that was killed before the agents were installed: nobody holds the resource's key. Without a
  # release in the cluster this deletes ARM only.
  echo "connected cluster $CLUSTER_NAME is left over from an earlier node: deleting it"
  unbroken 600 az connectedk8s delete "${cluster[@]}" --kube-config "$KUBECONFIG" --yes ||
    fail "the connected cluster $CLUSTER_NAME of an earlier node could not be deleted within 600 s." \
      "Expected: deleted (role with Microsoft.Kubernetes/connectedClusters/delete)." \
      "Next: remove its locks and custom locations, delete it in Azure, deploy again."
  wait_for 300 "deletion of connected cluster $CLUSTER_NAME" "delete it in Azure, then deploy again." is_gone
fi
if [[ -z "$agents" || "$exists" == no ]]; then
  # A release without its ARM resource is cleaned up by `connect` itself.
  rm -f "$features_mark" "$proxy_mark"
  put "$connecting_mark" 0644 <<<"$machine"
  unbroken 2700 az connectedk8s connect "${cluster[@]}" --location "$LOCATION" --kube-config "$KUBECONFIG" \
    --distribution k3s --enable-oidc-issuer --enable-workload-identity \
    --custom-locations-oid "$CUSTOM_LOCATIONS_OBJECT_ID" --disable-auto-upgrade \
    --tags "$MACHINE_TAG=$machine" --yes --output none "${proxy[@]}" ||
    fail "az connectedk8s connect failed or took longer than 2700 s." \
      "Next: the lines above; 'kubectl -n azure-arc get pods' on the node; then deploy again. If they say 'Failed to" \
      "fetch resource provider details', give the arc identity the role Reader on the subscription."
  put "$proxy_mark" 0644 <<<"$told"
  rm -f "$connecting_mark"
elif [[ "$(cat "$proxy_mark" 2>/dev/null || true)" != "$told" ]]; then
  [[ -n "$told" ]] || proxy=(--disable-proxy)
  unbroken 600 az connectedk8s update "${cluster[@]}" --kube-config "$KUBECONFIG" "${proxy[@]}" --yes --output none ||
    fail "the Arc agents could not be told their proxy within 600 s (${proxy[*]}). Expected: updated." \
      "Next: the lines above; 'kubectl -n azure-arc get pods' on the node."
  put "$proxy_mark" 0644 <<<"$told"
fi

# `connect --custom-locations-oid` enables this feature too, but only warns when it could not; so does enable-features
# when it has another feature to enable. Alone (it brings cluster-connect with it), it fails: what D6 lacked.
# (azext_connectedk8s/custom.py: check_cl_registration_and_get_oid, enable_features.)
if [[ "$(cat "$features_mark" 2>/dev/null || true)" != "$CUSTOM_LOCATIONS_OBJECT_ID" ]]; then
  unbroken 600 az connectedk8s enable-features "${cluster[@]}" --kube-config "$KUBECONFIG" \
    --features custom-locations --custom-locations-oid "$CUSTOM_LOCATIONS_OBJECT_ID" --output none ||
    fail "the feature custom-locations could not be enabled within 600 s. Expected: enabled." \
      "Next: the lines above; register Microsoft.ExtendedLocation in subscription $SUBSCRIPTION_ID. If they say that its" \
      "registration state cannot be fetched, give the arc identity the role Reader on the subscription."
  put "$features_mark" 0644 <<<"$CUSTOM_LOCATIONS_OBJECT_ID"
fi

# --- 4. Issuer ------------------------------------------------------------------------------------------------------
has_issuer() {
  ask oidcIssuerProfile.issuerUrl && [[ "$state" =~ ^https://[A-Za-z0-9./_~-]+$ ]]
}
wait_for 300 "OIDC issuer of connected cluster $CLUSTER_NAME (an https:// URL)" \
  "without it no secret is synced: 'az connectedk8s update ${cluster[*]} --enable-oidc-issuer --enable-workload-identity' on the node, then deploy again." \
  has_issuer
issuer="$state"

# The first issuer signs, all are accepted: K3s's own stays second, so that tokens which running pods already hold
# stay valid. K3s passes extra arguments on in this order in place of its default, and sets api-audiences itself.
# `+:` adds to another file's kube-apiserver-arg instead of replacing it.
put "$ROOT_DIR/etc/rancher/k3s/config.yaml.d/20-edge-stamps-issuer.yaml" 0600 "$restart_due" <<END
kube-apiserver-arg+:
  - service-account-issuer=$issuer
  - service-account-issuer=https://kubernetes.default.svc.cluster.local
  - service-account-max-token-expiration=24h
END
if [[ -e "$restart_due" ]]; then
  timeout 300 systemctl restart k3s ||
    fail "K3s did not restart within 300 s. Next: 'journalctl -u k3s' on the node."
  rm -f "$restart_due"
fi
issues_tokens() {
  try kube get --raw /.well-known/openid-configuration &&
    try python3 -c 'import json, sys; print(json.loads(sys.argv[1])["issuer"])' "$state" &&
    [[ "$state" == "$issuer" ]]
}
wait_for 300 "Kubernetes API issuing tokens as $issuer" \
  "look for another service-account-issuer in /etc/rancher/k3s on the node; 'journalctl -u k3s'." issues_tokens

# --- 5. Connected ---------------------------------------------------------------------------------------------------
agents_are_up() {
  # One second each: kubectl waits for one after the other, and there are about ten.
  try kube --namespace azure-arc wait --for=condition=Available --timeout=1s deployment --all
}
wait_for 600 "deployments in azure-arc Available" "'kubectl -n azure-arc get pods' on the node." agents_are_up
is_connected() {
  ask connectivityStatus && [[ "$state" == Connected ]]
}
wait_for 600 "connectivityStatus Connected of $CLUSTER_NAME" \
  "Expired or still Offline: 'az connectedk8s delete ${cluster[*]}' on the node, then deploy again; else check the egress of the node." \
  is_connected

wait_for 120 "reading connected cluster $CLUSTER_NAME" "deploy again." ask id
fact "{\"connected_cluster\": \"$state\", \"oidc_issuer\": \"$issuer\"}"
