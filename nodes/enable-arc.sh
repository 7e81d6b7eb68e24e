#!/usr/bin/env bash
# Make an Ubuntu machine that Azure Arc does not know an Arc-enabled one. It comes over SSH, before Arc can run anything
# there (nodes/__init__.py, for_ssh), as the text of a shell's input: whole, or it does not run at all.
#
# Parameters: SUBSCRIPTION_ID, RESOURCE_GROUP (it is there), MACHINE_NAME, LOCATION, TENANT_ID, AGENT_VERSION; where the
# machine has a proxy, HTTP_PROXY, HTTPS_PROXY, NO_PROXY. ACCESS_TOKEN, of whoever deploys, is a variable of the shell
# that no child has; it reaches azcmagent in a file that only root reads, and that is gone afterwards.
# Run again: nothing, once the machine is the one that is meant. One that is another in Azure is left as it is.
# Bound: about 55 minutes if every single step takes its longest (sum of the bounds below).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly MICROSOFT_KEY=BC528686B50D79E339D3721CEB3E94ADBE1229CF # as in setup-k3s.sh

need SUBSCRIPTION_ID RESOURCE_GROUP MACHINE_NAME LOCATION TENANT_ID AGENT_VERSION ACCESS_TOKEN
[[ "$ACCESS_TOKEN" =~ ^[A-Za-z0-9._~+/=-]+$ ]] || # RFC 6750, 2.1
  fail "ACCESS_TOKEN is no bearer token. Expected: what Azure gives whoever deploys. Next: 'az login', then deploy again."
lock node

# look: what the agent says of the machine, as `status` and `known` (subscription/group/name; empty for no machine).
look() {
  status="" known=""
  local told
  try timeout 60 azcmagent show --json || return 0
  told="$(python3 -c '
import json, sys

said = json.load(sys.stdin)
place = [said.get(key) or "" for key in ("subscriptionId", "resourceGroup", "resourceName")]
print(said.get("status") or "", "/".join(place) if all(place) else "", sep="\n")
' <<<"$state" 2>/dev/null)" || return 0
  { read -r status && read -r known; } <<<"$told" || true
}

# shellcheck disable=SC2329 # wait_for calls it
is_connected() {
  look
  state="azcmagent says '$status' of '${known:-no machine}'"
  [[ "$status" == Connected && "${known,,}" == "${wanted,,}" ]]
}

# --- 1. It is the one that is meant already, or another --------------------------------------------------------------
wanted="$SUBSCRIPTION_ID/$RESOURCE_GROUP/$MACHINE_NAME"
look
[[ -z "$known" || "${known,,}" == "${wanted,,}" ]] ||
  fail "this machine is Arc-enabled as $known. Expected: $wanted, or none. Next: correct machine.resource_id or" \
    "machine.ssh.host; or, if it is to be another one, 'azcmagent disconnect' on it."

# --- 2. The agent, pinned and signed ---------------------------------------------------------------------------------
# shellcheck disable=SC2329
package_lists() {
  try timeout 120 apt-get -qq -o APT::Update::Error-Mode=any update
}

install_agent() {
  # One that is there is left: Microsoft updates agents by itself, or by whoever patches the machine.
  timeout 600 cloud-init status --wait >/dev/null 2>&1 || true # it uses apt too; machines that it made have it alone
  codename="$(sed -n 's/^VERSION_CODENAME=//p' "$ROOT_DIR/etc/os-release")"
  [[ "$codename" == noble ]] ||
    fail "this machine runs '${codename:-no Ubuntu}'. Expected: Ubuntu 24.04 (noble). Next: take another machine."
  if [[ -z "$(dpkg-query --show --showformat '${Version}' azcmagent 2>/dev/null || true)" ]]; then
    timeout 300 curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 \
      --retry 5 --retry-all-errors --retry-delay 5 --max-time 60 --output "$work/microsoft.asc" \
      https://packages.microsoft.com/keys/microsoft.asc ||
      fail "Microsoft's key could not be downloaded. Expected: https://packages.microsoft.com answers." \
        "Next: check the machine's way to the internet, and node.proxy."
    keys="$(gpg --homedir "$work" --batch --with-colons --show-keys "$work/microsoft.asc" |
      awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')"
    [[ "$keys" == "$MICROSOFT_KEY" ]] ||
      fail "microsoft.asc holds the keys '$keys'. Expected: $MICROSOFT_KEY alone." \
        "Next: find out who answered; if Microsoft changed the key, change enable-arc.sh."
    put "$ROOT_DIR/etc/apt/keyrings/edge-stamps-microsoft.asc" 0644 <"$work/microsoft.asc"
    put "$ROOT_DIR/etc/apt/sources.list.d/edge-stamps-arc-agent.sources" 0644 <<END
Types: deb
URIs: https://packages.microsoft.com/ubuntu/24.04/prod
Suites: $codename
Components: main
Architectures: amd64
Signed-By: /etc/apt/keyrings/edge-stamps-microsoft.asc
END
    wait_for 300 "apt-get update" "see the last line of apt; 'fuser -v /var/lib/apt/lists/lock' on the machine." \
      package_lists
    timeout 900 apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends \
      "azcmagent=$AGENT_VERSION" >"$work/apt" 2>&1 ||
      fail "apt-get could not install azcmagent=$AGENT_VERSION within 900 s: $(tail -n 1 "$work/apt")." \
        "Next: if dpkg was interrupted, 'dpkg --configure -a' on the machine; then deploy again."
  fi
}

# --- 3. Connect ------------------------------------------------------------------------------------------------------
connect_machine() {
  # Keys of the file are azcmagent's flags (learn.microsoft.com/azure/azure-arc/servers/azcmagent-connect, --config).
  [[ -z "${HTTPS_PROXY:-}" ]] || timeout 60 azcmagent config set proxy.url "$HTTPS_PROXY" ||
    fail "azcmagent did not take the proxy $HTTPS_PROXY. Next: 'azcmagent config list' on the machine."
  (
    umask 077
    printf '{"access-token": "%s"}\n' "$ACCESS_TOKEN" >"$work/connect.json"
  )
  code=0
  timeout 900 azcmagent connect --config "$work/connect.json" --subscription-id "$SUBSCRIPTION_ID" \
    --resource-group "$RESOURCE_GROUP" --resource-name "$MACHINE_NAME" --location "$LOCATION" \
    --tenant-id "$TENANT_ID" >"$work/said" 2>&1 || code=$?
  rm -f "$work/connect.json"
  said="$(awk 'NF {line = $0} END {print line}' "$work/said")"
  ((code == 0)) ||
    fail "azcmagent connect ended with $code (124: not within 900 s): ${said//"$ACCESS_TOKEN"/***}. Next: the code AZCM… in" \
      "that line (learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard); whoever deploys needs the role" \
      "Azure Connected Machine Onboarding on the resource group $RESOURCE_GROUP, which has to be there."
}

if [[ -z "$known" ]]; then
  install_agent
  connect_machine
fi
wait_for 300 "the Arc agent of this machine connected" "'azcmagent show' and 'azcmagent check' on it." is_connected
fact "$(python3 -c 'import json, sys; print(json.dumps({"machine": sys.argv[1]}))' "$known")"
