#!/usr/bin/env bash
# Make this Ubuntu 24.04 VM what an image for nodes is captured from: all that setup-k3s.sh would install is there, K3s
# has never run, and nothing is left by which two machines from the image would be alike.
#
# Parameters: those of software.sh. docs/node-image.md says how it is run: as root, over SSH, on a VM of its own, which is
# of no use afterwards: the agent that would run a Run Command is stopped, and whoever logged in is deleted.
# Bound: about 110 minutes if every single step takes its longest (sum of the bounds below).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need K3S_VERSION K3S_INSTALL_COMMIT K3S_INSTALL_SHA256 AZURE_CLI_VERSION CONNECTEDK8S_VERSION
lock node
source "$(dirname "${BASH_SOURCE[0]}")/software.sh"

# --- 1. A machine of its own ----------------------------------------------------------------------------------------
# What K3s makes at its first start is in these: its CA, its token, the node's password.
for made in etc/rancher var/lib/rancher/k3s/server; do
  [[ ! -e "$ROOT_DIR/$made" ]] ||
    fail "/$made is there: K3s has run on this machine, and each node from its image would have the same keys." \
      "Expected: a VM on which it never ran. Next: make a new one from Canonical's Ubuntu 24.04."
done
await_first_boot

# --- 2. What setup-k3s.sh would install -----------------------------------------------------------------------------
install_azure_cli
install_extension
bring_binary
bring_installer
bring_images

# --- 3. Nothing of this machine -------------------------------------------------------------------------------------
# Who has logged in with az; its extension stays.
find "$HOME/.azure" -mindepth 1 -maxdepth 1 ! -name cliextensions -exec rm -rf {} +
# Ubuntu's agent leaves the host keys to cloud-init, which makes new ones (waagent.conf, RegenerateSshHostKeyPair=n).
rm -rf "$HOME/.ssh" "$ROOT_DIR"/etc/ssh/ssh_host_* "$ROOT_DIR/var/lib/systemd/random-seed"
# cloud-init is to take the next boot for the first, and systemd to make a machine-id (systemd.io/BUILDING_IMAGES).
timeout 120 cloud-init clean --logs --machine-id ||
  fail "cloud-init could not forget this machine within 120 s. Next: the lines above; then begin with a new VM."
timeout 300 waagent -deprovision+user -force ||
  fail "waagent could not deprovision this machine within 300 s. Next: the lines above; then begin with a new VM."
left="$(find "$ROOT_DIR/etc/ssh" "$HOME/.azure" -name 'ssh_host_*' -o -name 'msal_*' -o -name azureProfile.json)"
[[ -z "$left" ]] || fail "$left is still there. Expected: no key and no login in an image. Next: remove it, and capture."

fact "{\"k3s\": \"$K3S_VERSION\", \"k3s_sha256\": \"$binary_sum\", \"azure_cli\": \"$AZURE_CLI_VERSION\", \"connectedk8s\": \"$CONNECTEDK8S_VERSION\"}"
