#!/usr/bin/env bash
# Make an Ubuntu 24.04 VM a K3s server that Azure Arc can be connected from: kernel limits, Azure CLI, K3s. With
# SERVER_URL, make it an agent that joins the server there: then without the Azure CLI.
#
# Parameters: those of software.sh; where the node has a proxy, HTTP_PROXY, HTTPS_PROXY, NO_PROXY. The fact line has the
# binary's SHA-256, for whoever wants to pin it.
# Of an agent: SERVER_URL, CLUSTER_ID (other than that of any other cluster), NODE_NAME, and nothing of the Azure CLI; of a
# server that has agents NODES (name=machine of each, with blanks between: another machine of a name is let in). Both have
# AGENT_TOKEN then, which is secret: it reaches K3s by a file, and nothing that the script starts.
# Run again: installs what differs, restarts K3s only if its configuration or version changed. A downgrade, and
# an upgrade that skips a Kubernetes minor, are refused before anything is changed.
# Bound: about 178 minutes if every single step takes its longest (sum of the bounds below).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly POD_NETWORK=10.42.0.0/16 # K3s's default, which the address plan keeps free (settings)

need K3S_VERSION K3S_INSTALL_COMMIT K3S_INSTALL_SHA256
role=server unit=k3s other=k3s-agent
if [[ -n "${SERVER_URL:-}" ]]; then
  need CLUSTER_ID NODE_NAME AGENT_TOKEN
  role=agent unit=k3s-agent other=k3s
else
  need AZURE_CLI_VERSION CONNECTEDK8S_VERSION
fi
token="${AGENT_TOKEN:-}"
unset AGENT_TOKEN
lock node
source "$(dirname "${BASH_SOURCE[0]}")/software.sh"

# at_least NAME VALUE: a sysctl line that never lowers what the kernel already allows.
at_least() {
  local current
  current="$(sysctl --values "$1")"
  printf '%s = %s\n' "$1" "$((current > $2 ? current : $2))"
}

# --- 0. The machine is no other cluster's ---------------------------------------------------------------------------
[[ ! -e "$ROOT_DIR/etc/systemd/system/$other.service" ]] ||
  fail "this machine has the service $other. Expected: none, as it is to be a K3s $role." \
    "Next: if nothing needs what runs there, '/usr/local/bin/$other-uninstall.sh' on it; or take another machine."
joined_mark="$ROOT_DIR/var/lib/edge-stamps/joined"
if [[ "$role" == agent ]]; then
  joined="$(cat "$joined_mark" 2>/dev/null || printf '%s' "$CLUSTER_ID")"
  [[ "$joined" == "$CLUSTER_ID" ]] ||
    fail "this machine has joined a cluster that is gone ($joined). Expected: none, or that of $CLUSTER_ID." \
      "Next: '/usr/local/bin/k3s-agent-uninstall.sh' and 'rm $joined_mark' on it, which deletes what it holds."
fi

# --- 1. K3s may go from what is there to what is wanted -------------------------------------------------------------
# "Skipping minor versions when upgrading is unsupported": kubernetes.io/releases/version-skew-policy, kube-apiserver.
minor() {
  local rest="${1#v1.}"
  printf '%s' "${rest%%.*}"
}
# What an image has brought may go: it has never run. The installer writes the unit.
units="$ROOT_DIR/etc/systemd/system"
running="$installed"
[[ -e "$units/k3s.service" || -e "$units/k3s-agent.service" ]] || running=""
newest="$(printf '%s\n' "$running" "$K3S_VERSION" | sort --version-sort | tail -n 1)"
[[ "$newest" == "$K3S_VERSION" ]] ||
  fail "K3s $running is installed, K3S_VERSION is $K3S_VERSION. Expected: the same or a newer version." \
    "Next: set K3S_VERSION to at least $running, or replace the node."
if [[ -n "$running" ]]; then
  next=$(($(minor "$running") + 1))
  (($(minor "$K3S_VERSION") <= next)) ||
    fail "K3s $running is installed, K3S_VERSION is $K3S_VERSION, which skips a minor of Kubernetes. Expected: at" \
      "most v1.$next. Next: set k3s_version to the last release v1.$next.* (github.com/k3s-io/k3s/releases), deploy," \
      "and go on from there."
fi

# --- 2. First boot is over ------------------------------------------------------------------------------------------
await_first_boot

# --- 3. The clock is Azure's ----------------------------------------------------------------------------------------
# Microsoft's token checks allow five minutes (learn.microsoft.com/dotnet/api/system.identitymodel.configuration.
# identityconfiguration.defaultmaxclockskew); beyond them log-in, secret sync and links fail in words that name no clock.
readonly MOST_SECONDS_AWAY=300
ask_time() {
  # It refuses whoever has no token, and dates that answer too (RFC 9110, 6.6.1); so does a proxy, which is not asked.
  try timeout 60 curl --head --suppress-connect-headers --silent --show-error --proto '=https' --tlsv1.2 --max-time 30 \
    https://management.azure.com/ || return 1
  state="$(sed -n 's/^[Dd]ate: //p' <<<"$state" | tr -d '\r')"
  [[ -n "$state" ]]
}
wait_for 180 "a dated answer of https://management.azure.com" \
  "check $way_out; if a certificate is said to be not yet valid or expired, 'timedatectl' on the node." \
  ask_time
azure="$(python3 -c 'import email.utils, sys; print(int(email.utils.parsedate_to_datetime(sys.argv[1]).timestamp()))' "$state")"
away=$(($(date +%s) - azure))
((${away#-} <= MOST_SECONDS_AWAY)) ||
  fail "the node's clock is $away s away from Azure's ($state). Expected: at most $MOST_SECONDS_AWAY s." \
    "Next: 'timedatectl' and 'chronyc tracking' on the node; let chrony set it ('chronyc makestep'), then deploy again" \
    "(learn.microsoft.com/azure/virtual-machines/linux/time-sync)."

# --- 4. Limits that IoT Operations needs (aio-cli-facts §3.5) -------------------------------------------------------
limits="$(
  at_least fs.inotify.max_user_instances 8192
  at_least fs.inotify.max_user_watches 524288
  at_least fs.file-max 100000
)"
put "$ROOT_DIR/etc/sysctl.d/90-edge-stamps.conf" 0644 <<<"$limits"
sysctl --quiet --load "$ROOT_DIR/etc/sysctl.d/90-edge-stamps.conf"

# --- 5. Proxy -------------------------------------------------------------------------------------------------------
# For what runs when this script is over: apt's own timers, and K3s with its containerd. A drop-in, as the installer
# writes k3s.service.env, which docs.k3s.io/advanced names for it, anew each time.
apt_proxy="$ROOT_DIR/etc/apt/apt.conf.d/90-edge-stamps-proxy"
k3s_proxy="$ROOT_DIR/etc/systemd/system/$unit.service.d/20-edge-stamps-proxy.conf"
if [[ -n "${HTTPS_PROXY:-}" ]]; then
  put "$apt_proxy" 0644 <<END
Acquire::http::Proxy "$HTTP_PROXY";
Acquire::https::Proxy "$HTTPS_PROXY";
END
  put "$k3s_proxy" 0644 "$restart_due" <<END
[Service]
Environment=HTTP_PROXY=$HTTP_PROXY HTTPS_PROXY=$HTTPS_PROXY NO_PROXY=$NO_PROXY
END
else
  [[ ! -e "$k3s_proxy" ]] || : >"$restart_due"
  rm -f "$apt_proxy" "$k3s_proxy"
fi

# --- 6. Azure CLI and its extension, pinned; on a server ------------------------------------------------------------
if [[ "$role" == server ]]; then
  install_azure_cli
  install_extension
fi

# --- 7. Pods do not reach the VM's identity (field-review §1.14) ----------------------------------------------------
# 169.254.169.254 hands out tokens of the VM's identity; 168.63.129.16 hands out extension settings on ports 80 and
# 32526 (its DNS stays open). Rules in mangle/FORWARD come before every ACCEPT of K3s in filter/FORWARD, see the
# destination after DNAT, and leave the node's own traffic (OUTPUT) alone. K3s does not start without them.
# Out of scope: pods with hostNetwork are the node for the network; admission control has to refuse those.
put "$ROOT_DIR/usr/local/sbin/edge-stamps-block-metadata" 0755 <<END
#!/bin/sh
set -eu
block() {
  iptables -w 30 -t mangle -C FORWARD -s $POD_NETWORK "\$@" -j DROP 2>/dev/null ||
    iptables -w 30 -t mangle -I FORWARD -s $POD_NETWORK "\$@" -j DROP
}
block -d 169.254.169.254/32
block -d 168.63.129.16/32 -p tcp -m multiport --dports 80,32526
END
# K3s renews its own certificates, which last a year, only when it starts in their last 90 days
# (docs.k3s.io/advanced). RuntimeMaxSec ends it, Restart=always in its unit starts it anew; pods run on.
put "$ROOT_DIR/etc/systemd/system/$unit.service.d/10-edge-stamps.conf" 0644 <<END
[Service]
ExecStartPre=/usr/local/sbin/edge-stamps-block-metadata
RuntimeMaxSec=60d
END
timeout 60 systemctl daemon-reload
timeout 150 "$ROOT_DIR/usr/local/sbin/edge-stamps-block-metadata"

# --- 8. K3s ---------------------------------------------------------------------------------------------------------
# Who did what, never with what: Metadata holds no body, so no content of a Secret and no token. The first rule that
# fits decides (kubernetes.io/docs/tasks/debug/debug-cluster/audit). Reads by the cluster's own parts would push out
# within hours what people did; but Arc's proxy asks as its service account for people, whom it impersonates.
configure_server() {
  put "$ROOT_DIR/etc/rancher/k3s/edge-stamps-audit-policy.yaml" 0600 "$restart_due" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources:
      - group: ""
        resources: [secrets, serviceaccounts/token]
  - level: Metadata
    userGroups: ["system:serviceaccounts:azure-arc"]
  - level: None
    nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", /metrics, /version, "/openapi/*"]
  - level: None
    resources:
      - group: coordination.k8s.io
        resources: [leases]
      - group: ""
        resources: [events]
      - group: events.k8s.io
        resources: [events]
  - level: None
    verbs: [get, list, watch]
    userGroups: ["system:nodes", "system:serviceaccounts"]
  - level: None
    verbs: [get, list, watch]
    users:
      - system:apiserver
      - system:kube-controller-manager
      - system:kube-scheduler
      - system:kube-proxy
      - system:k3s-controller
  - level: Metadata
END
# A file of its own: connect-arc.sh has another one for the issuer. 0600, against D24. The log takes 1.1 GB at most, by
# the numbers of docs.k3s.io/security/hardening-guide; the API server makes its folder, 0700, and file, 0600.
  put "$ROOT_DIR/etc/rancher/k3s/config.yaml.d/10-edge-stamps.yaml" 0600 "$restart_due" <<'END'
write-kubeconfig-mode: "0600"
secrets-encryption: true
disable:
  - traefik
kube-apiserver-arg:
  - audit-policy-file=/etc/rancher/k3s/edge-stamps-audit-policy.yaml
  - audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log
  - audit-log-maxage=30
  - audit-log-maxbackup=10
  - audit-log-maxsize=100
END
}
[[ "$role" == agent ]] || configure_server

# Agents have a token of their own: with the server's, whoever reads it is administrator (docs.k3s.io/cli/token).
token_file=/etc/rancher/k3s/edge-stamps-agent-token
nodes_config="$ROOT_DIR/etc/rancher/k3s/config.yaml.d/30-edge-stamps-nodes.yaml"
if [[ -n "$token" ]]; then
  put "$ROOT_DIR$token_file" 0600 "$restart_due" < <(printf '%s' "$token")
  if [[ "$role" == agent ]]; then
    lines="$(printf 'server: %s\ntoken-file: %s\nnode-name: %s' "$SERVER_URL" "$token_file" "$NODE_NAME")"
  else
    lines="agent-token-file: $token_file"
  fi
  put "$nodes_config" 0600 "$restart_due" <<<"$lines"
else
  [[ ! -e "$nodes_config" ]] || : >"$restart_due"
  rm -f "$nodes_config" "$ROOT_DIR$token_file"
fi

# Its certificate is the server's own, which only the token makes known; K3s itself checks it (docs.k3s.io/cli/token).
server_answers() {
  try timeout 60 curl --insecure --fail --silent --show-error --max-time 30 "$SERVER_URL/ping"
}
if [[ "$role" == agent ]]; then
  put "$joined_mark" 0644 <<<"$CLUSTER_ID"
  wait_for 600 "an answer of the K3s server at $SERVER_URL" \
    "look whether K3s runs on the first node ('systemctl status k3s'), and whether packets get there (TCP 6443)." \
    server_answers
fi

bring_binary
if [[ "$installed" != "$K3S_VERSION" ]] || ! timeout 30 systemctl is-active --quiet "$unit"; then
  bring_installer
  install_k3s() (
    # FORCE_RESTART: without it a second run leaves a stopped service stopped, and an upgrade the old K3s running. Every
    # K3S_* and *_PROXY that it finds would become K3s's own environment (install.sh, create_env_file), which comes before
    # the drop-in's. It downloads nothing here.
    unset "${!K3S_@}" HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
    INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_FORCE_RESTART=true unbroken 400 sh "$installer" "$role" >/dev/null
  )
  install_k3s || install_k3s ||
    fail "the installer of K3s $K3S_VERSION failed twice (at most 400 s each)." \
      "Next: the lines above; 'journalctl -u $unit' on the node."
  rm -f "$restart_due"
elif [[ -e "$restart_due" ]]; then
  timeout 300 systemctl restart "$unit" ||
    fail "K3s did not restart within 300 s. Next: 'journalctl -u $unit' on the node."
  rm -f "$restart_due"
fi

# Whatever further nodes are like: of them, their own script tells.
core_is_up() {
  try kube wait --for=condition=Ready --timeout=5s node --selector node-role.kubernetes.io/control-plane=true &&
    try kube --namespace kube-system wait --for=condition=Available --timeout=5s \
      deployment/coredns deployment/local-path-provisioner deployment/metrics-server
}
# As the kubelet, which may read its own node and little else (kubernetes.io/docs/reference/access-authn-authz/node).
joined_is_ready() {
  try kube --kubeconfig "$ROOT_DIR/var/lib/rancher/k3s/agent/kubelet.kubeconfig" wait --for=condition=Ready \
    --timeout=5s "node/$NODE_NAME"
}
if [[ "$role" == agent ]]; then
  told="\"joined\": \"$SERVER_URL\""
  wait_for 600 "node $NODE_NAME Ready in the cluster of $SERVER_URL" \
    "'journalctl -u k3s-agent' on it; the network has to let nodes reach each other (UDP 8472, TCP 10250)." joined_is_ready
else
  told="\"azure_cli\": \"$AZURE_CLI_VERSION\", \"connectedk8s\": \"$CONNECTEDK8S_VERSION\""
  wait_for 600 "node Ready and coredns, local-path-provisioner, metrics-server Available" \
    "'kubectl get pods -A' and 'journalctl -u k3s' on the node." core_is_up
fi

# --- 9. Who may join ------------------------------------------------------------------------------------------------
# K3s lets no other machine in under the name of a node that it knows, and keeps one that is gone as NotReady, until
# that node is deleted (docs.k3s.io/architecture, How Agent Node Registration Works). Marked once it is.
admitted="$ROOT_DIR/var/lib/edge-stamps/nodes"
for known in "$admitted"/*; do
  [[ ! -e "$known" || " ${NODES:-} " == *" ${known##*/}=$(<"$known") "* ]] ||
    { timeout 90 kubectl --request-timeout=80s delete node "${known##*/}" --ignore-not-found --timeout=60s &&
      rm -f "$known"; } ||
    fail "node ${known##*/}, whose machine is another one now or no node any more, could not be deleted within 90 s." \
      "Next: 'kubectl delete node ${known##*/}' on the first node, then deploy again."
done
for one in ${NODES:-}; do
  put "$admitted/${one%%=*}" 0644 <<<"${one#*=}"
done

fact "{\"k3s\": \"$K3S_VERSION\", \"k3s_sha256\": \"$binary_sum\", $told}"
