#!/usr/bin/env bash
# Run a node script, which comes on stdin, on the machine that deploys, where a kubeconfig of its own leads to a cluster
# that is there already: by Arc's proxy on a port of its own or, with KUBECONFIG_FILE, by a copy of that file's context.
#
# Parameters: SCRIPT_SECONDS; SUBSCRIPTION_ID, RESOURCE_GROUP, CLUSTER_NAME (of the connected cluster); KUBECONFIG_FILE
# and KUBE_CONTEXT (optional); those of the script.
# Bound: SCRIPT_SECONDS and about 40 minutes.
# However it ends, by SIGKILL as well, proxy, script and kubeconfig go with it: each of both processes has a guard beside
# it, which reads a pipe that ends when nobody has it open for writing any more, and this shell alone has.
# No `sleep`: it would be one more process to end.
set -euo pipefail
umask 077
work="$(mktemp -d)"
mkfifo "$work/alive" "$work/never"
exec 7<>"$work/alive"
trap 'exec 7>&- 2>/dev/null; wait || true; rm -rf "$work"' EXIT # bash would name each that was killed
trap 'exit 1' HUP INT TERM
export KUBECONFIG="$work/node/etc/rancher/k3s/k3s.yaml" # where lib.sh looks below ROOT_DIR
export AZURE_CONFIG_DIR="${AZURE_CONFIG_DIR:-${HOME:-}/.azure}" # the script has another HOME

# fail MESSAGE...: one error message (what and where; next step), last on stderr.
fail() {
  printf 'ERROR: %s\n' "$*" >&2
  exit 1
}

# pause SECONDS
pause() {
  read -r -t "$1" <>"$work/never" || true
}

# guarded COMMAND...: run it in the background in a process group, which is killed when this shell has ended.
guarded() {
  set -m
  {
    set +m
    exec 7>&- 8>&-
    leader="$BASHPID"
    # `timeout` sends its SIGTERM to the whole group.
    { trap '' TERM; read -r _ <"$work/alive" || true; rm -rf "$work"; kill -KILL -- "-$leader"; } >&2 &
    exec "$@"
  } </dev/null &
  set +m
}

is_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

last_line_of() {
  awk 'NF {line = $0} END {print line}' "$1"
}

answers() {
  chmod 0600 "$KUBECONFIG" # whatever has written it: it holds a token
  timeout --kill-after=10 30 kubectl --request-timeout=20s get --raw /readyz >/dev/null 2>"$work/said"
}

# The proxy takes 47010 for itself as well
# (https://github.com/Azure/azure-cli-extensions/tree/main/src/connectedk8s, custom.py, client_side_proxy_wrapper).
start_proxy() {
  local port
  port=$((20000 + RANDOM % 12000)) # below those that Linux gives away
  until is_free "$port"; do
    port=$((20000 + RANDOM % 12000))
  done
  guarded az connectedk8s proxy --name "$CLUSTER_NAME" --resource-group "$RESOURCE_GROUP" \
    --subscription "$SUBSCRIPTION_ID" --port "$port" --file "$KUBECONFIG" >"$work/proxy" 2>&1
  proxy=$!
}

# Return 1 if the proxy has ended before the cluster has answered.
await_proxy() {
  local deadline=$((SECONDS + 300))
  until [[ -s "$KUBECONFIG" ]] && answers; do
    kill -0 "$proxy" 2>/dev/null || return 1
    ((SECONDS < deadline)) ||
      fail "$CLUSTER_NAME does not answer by Arc's proxy within 300 s: $(last_line_of "$work/said")." \
        "Next: look whether it is Connected ('az connectedk8s show'), and who may use it: the role Azure Arc Enabled" \
        "Kubernetes Cluster User, and a right in the cluster."
    pause 1
  done
}

# Some versions of the proxy run once on a machine: others are waited for.
connect_by_proxy() {
  local deadline=$((SECONDS + 1800)) said
  exec 8>"${HOME:-$work}/.edge-stamps-proxy.lock" # two that start at once would write one file of the proxy's own
  flock --wait 600 8 || fail "another proxy has been starting for 600 s. Next: look for 'az connectedk8s proxy' and end it."
  start_proxy
  until await_proxy; do
    said="$(last_line_of "$work/proxy")"
    if ! [[ "$said" =~ already\ (running|in\ use) ]] || ((SECONDS > deadline)); then
      fail "Arc's proxy to $CLUSTER_NAME has ended: ${said:-it has said nothing}. Next: 'az login', and try" \
        "'az connectedk8s proxy --name $CLUSTER_NAME --resource-group $RESOURCE_GROUP'; then deploy again."
    fi
    pause 15
    start_proxy
  done
  exec 8>&-
}

copy_context() {
  kubectl --kubeconfig "${KUBECONFIG_FILE/#\~/${HOME:-}}" config view --raw --flatten --minify \
    ${KUBE_CONTEXT:+--context="$KUBE_CONTEXT"} >"$KUBECONFIG" 2>"$work/said"
}

connect_by_file() {
  if ! copy_context || ! answers; then
    fail "the kubeconfig $KUBECONFIG_FILE does not lead to a cluster: $(last_line_of "$work/said")." \
      "Next: try 'kubectl --kubeconfig $KUBECONFIG_FILE ${KUBE_CONTEXT:+--context $KUBE_CONTEXT }get nodes'; correct" \
      "connected_cluster.kubeconfig or connected_cluster.context."
  fi
}

cat >"$work/script.sh"
mkdir -p "${KUBECONFIG%/*}"
proxy=""
if [[ -n "${KUBECONFIG_FILE:-}" ]]; then
  connect_by_file
else
  connect_by_proxy
fi
ROOT_DIR="$work/node" TMPDIR="$work" guarded timeout --kill-after=10 "$SCRIPT_SECONDS" bash "$work/script.sh"
script=$!
wait -n "$script" ${proxy:+"$proxy"} || true
if kill -0 "$script" 2>/dev/null; then
  fail "Arc's proxy to $CLUSTER_NAME has died while the script was running: $(last_line_of "$work/proxy")." \
    "Next: look whether the cluster is Connected ('az connectedk8s show'), then deploy again."
fi
ended=0
wait "$script" || ended=$?
((ended != 124)) || fail "the script has not ended within $SCRIPT_SECONDS s. Next: the lines above; then deploy again."
exit "$ended"
