#!/usr/bin/env bash
# What the node scripts share. nodes/__init__.py puts this text in the place of each script's `source` line, because
# Managed Run Command takes one text (field-review §1.8).
#
# Run Command: root, an almost empty environment, named parameters as environment variables (empty ones are not set),
# last 4 KiB of stdout and stderr kept, a time-out kills only this shell. Hence: the fact line alone on stdout, all
# else on stderr, an error message last; a bound on every wait and every command; a lock that children hold too.
set -euo pipefail
set -o errtrace
shopt -s inherit_errexit

# Prefix of every file that the scripts read or write; empty on a node.
ROOT_DIR="${ROOT_DIR:-}"
export HOME="$ROOT_DIR/root" # Run Command may not set one; az, helm and gpg need it, the same in every script
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export KUBECONFIG="$ROOT_DIR/etc/rancher/k3s/k3s.yaml"
export AZURE_CORE_COLLECT_TELEMETRY=false AZURE_CORE_ONLY_SHOW_ERRORS=true AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

# Named parameters where the node has a proxy. Some tools read names in capitals, curl, apt and others small ones
# (curl(1), ENVIRONMENT); nobody on the node needs another spelling.
if [[ -n "${HTTPS_PROXY:-}" ]]; then
  # shellcheck disable=SC2153
  export http_proxy="$HTTP_PROXY" https_proxy="$HTTPS_PROXY" no_proxy="$NO_PROXY"
  # shellcheck disable=SC2034 # ends messages of what asks the internet
  way_out="the proxy $HTTPS_PROXY: whether it lets the node reach that host, and hands TLS on unopened"
else
  # shellcheck disable=SC2034
  way_out="the NAT gateway, the network security group and DNS of the subnet"
fi

exec 3>&1 1>&2 # stdout is for `fact` only
# Azure runs no script twice with the same parameters, also after a failure: RUN_AGAIN changes one that nothing reads.
again="${RUN_AGAIN:+ To run it again when that is done: \`python -m automation up\` does; with the Pulumi CLI: $RUN_AGAIN}"
trap 'echo "ERROR: line $LINENO: command failed with exit code $?. Read the lines above, repair, deploy again.$again" >&2' ERR

# fail MESSAGE...: one error message (what and where; expected; next step), last on stderr.
fail() {
  trap - ERR
  printf 'ERROR: %s%s\n' "$*" "$again" >&2
  exit 1
}

# fact JSON: the one line on stdout, which the program reads from the instance view.
fact() {
  printf '%s\n' "$1" >&3
}

# need NAME...: the parameters without which the script cannot run.
need() {
  local name missing=()
  for name in "$@"; do
    [[ -n "${!name:-}" ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) ||
    fail "parameter ${missing[*]} is not set. Expected: a value for each of $*." \
      "Next: pass it as a named parameter of the Run Command."
}

# timeout SECONDS COMMAND...: what does not end at SIGTERM is killed 10 s later, so that every bound is one.
timeout() {
  command timeout --kill-after=10 "$@"
}

# unbroken SECONDS COMMAND...: as `timeout` does, for what must not end half way: in a transient unit (systemd-run(1)), which
# a time-out of Run Command does not kill, nor a restart of Azure's agent with all that it has begun. The command holds
# this run's lock, so that the next run waits for its end and begins none beside it; a reboot alone breaks it off.
unbroken() {
  local seconds="$1"
  shift
  timeout "$seconds" systemd-run --scope --quiet --collect --unit=edge-stamps --property="RuntimeMaxSec=$seconds" "$@"
}

# try COMMAND...: `state` is its output if it succeeds, else the last line of its error output.
try() {
  local code=0
  state="$("$@" 2>"$work/stderr")" || code=$?
  ((code == 0)) || state="$(awk 'NF {line = $0} END {print line}' "$work/stderr")"
  return "$code"
}

# wait_for SECONDS WHAT NEXT_STEP COMMAND...: run COMMAND until it succeeds, with pauses that grow from 3 to 15 s, and up
# to 2 s that differ by machine: nodes that began at once do not ask Azure at once. COMMAND bounds each try itself and
# leaves in `state` what it saw last, for the message. (errexit is off inside COMMAND.)
wait_for() {
  local seconds="$1" what="$2" next_step="$3" deadline left pause=3 now
  shift 3
  state=""
  deadline=$(($(date +%s) + seconds))
  until "$@"; do
    left=$((deadline - $(date +%s)))
    ((left > 0)) || fail "$what: not so after $seconds s; last seen: ${state:-nothing}. Next: $next_step"
    now=$((pause + RANDOM % 3))
    sleep $((now < left ? now : left))
    pause=$((pause < 8 ? pause * 2 : 15))
  done
}

# lock NAME: one run at a time. The lock lasts as long as any child of a killed run, one that is `unbroken` too.
lock() {
  local file="$ROOT_DIR/run/edge-stamps/$1.lock" seconds=600 # not /run/lock, where anybody could hold it
  [[ "$1" != node ]] || seconds=2800 # outlasts whatever is unbroken
  install -d -m 0700 "${file%/*}"
  exec 9>"$file"
  wait_for "$seconds" "no other run holding $file" "'fuser -v $file' on the node shows it; deploy again when it is over." \
    flock --nonblock 9
}

# put FILE MODE [MARK]: replace FILE by stdin, whole or not at all. If that changes it, MARK is created first: what the
# change calls for is still to be done when this run is killed in between.
put() {
  local new
  mkdir -p "$(dirname "$1")"
  new="$(mktemp "$1.XXXXXX")"
  cat >"$new"
  chmod "$2" "$new"
  if ! cmp -s "$new" "$1"; then
    [[ -z "${3:-}" ]] || : >"$3"
    mv -f "$new" "$1"
  fi
  rm -f "$new"
}

# kube ARGUMENT...: kubectl, where one request takes at most 20 s.
kube() {
  timeout 30 kubectl --request-timeout=20s "$@"
}

# The same machine takes the same pauses (machine-id(5); others than nodes may have none).
[[ ! -r "$ROOT_DIR/etc/machine-id" ]] || RANDOM=$((16#$(head -c 7 "$ROOT_DIR/etc/machine-id")))

# shellcheck disable=SC2034 # mark of `put`; a reboot clears it, and restarts K3s
restart_due="$ROOT_DIR/run/edge-stamps-k3s-restart"
mkdir -p "$ROOT_DIR/run" "$HOME"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
