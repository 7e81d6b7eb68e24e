#!/usr/bin/env bash
# What is installed on a node, pinned: Azure CLI with its extension, and K3s. setup-k3s.sh and prepare-image.sh have this
# text in the place of their `source` line. What is there already is neither fetched nor installed again.
#
# Parameters: K3S_VERSION, K3S_SHA256 (optional, of the release's binary; without it, it is compared with the checksum
# that comes from where it comes from), K3S_INSTALL_COMMIT and K3S_INSTALL_SHA256 (install.sh of k3s-io/k3s),
# AZURE_CLI_VERSION, CONNECTEDK8S_VERSION.
# shellcheck disable=SC2154 # lib.sh is before it
set -euo pipefail

# "Microsoft (Release signing) <gpgsecurity@microsoft.com>", https://packages.microsoft.com/keys/microsoft.asc
readonly MICROSOFT_KEY=BC528686B50D79E339D3721CEB3E94ADBE1229CF
binary="$ROOT_DIR/usr/local/bin/k3s"
installer="$ROOT_DIR/var/lib/edge-stamps/k3s-install.sh"
k3s_release="https://github.com/k3s-io/k3s/releases/download/$K3S_VERSION"
installed="$(k3s --version 2>/dev/null | awk 'NR == 1 {print $3}' || true)"

# Run Command starts beside cloud-init, which uses apt too. Exit code 2: finished, with recoverable errors.
await_first_boot() {
  local code=0
  timeout 600 cloud-init status --wait >/dev/null || code=$?
  ((code == 0 || code == 2)) ||
    fail "cloud-init did not finish (exit code $code; 124: not within 600 s). Expected: 0 or 2." \
      "Next: 'cloud-init status --long' on the node."
}

# download URL FILE: at most 600 s; K3s has 80 MB.
download() {
  timeout 600 curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 \
    --retry 5 --retry-all-errors --retry-delay 5 --max-time 240 --output "$2" "$1" ||
    fail "download of $1 failed. Expected: the file over HTTPS." \
      "Next: check $way_out."
}

# sum_of FILE: its SHA-256.
sum_of() {
  sha256sum <"$1" | cut -d ' ' -f 1
}

# fetch_asset ASSET SHA256: a file of K3s's release as $work/asset; without a sum, the release's own is taken.
fetch_asset() {
  local found wanted="$2" sums="sha256sum-$architecture.txt"
  download "$k3s_release/$1" "$work/asset"
  if [[ -z "$wanted" ]]; then
    [[ -s "$work/sums" ]] || download "$k3s_release/$sums" "$work/sums"
    wanted="$(awk -v asset="$1" '$2 == asset {print $1}' "$work/sums")"
  fi
  found="$(sum_of "$work/asset")"
  [[ "$found" == "$wanted" ]] ||
    fail "$k3s_release/$1 has SHA-256 $found. Expected: ${wanted:-one in $sums, which names none}." \
      "Next: compare with the release page; correct k3s_sha256 if it is of another version; else find out who answered."
}

package_lists() {
  # DPkg::Lock::Timeout does not cover the lock of the lists, so try again.
  try timeout 120 apt-get -qq -o APT::Update::Error-Mode=any update
}

install_azure_cli() {
  local codename package keys architecture
  codename="$(sed -n 's/^VERSION_CODENAME=//p' "$ROOT_DIR/etc/os-release")"
  package="$AZURE_CLI_VERSION-1~$codename"
  if [[ "$(dpkg-query --show --showformat '${Version}' azure-cli 2>/dev/null || true)" != "$package" ]]; then
    architecture="$(dpkg --print-architecture)" # in the text below its failure would be none
    download https://packages.microsoft.com/keys/microsoft.asc "$work/microsoft.asc"
    keys="$(gpg --homedir "$work" --batch --with-colons --show-keys "$work/microsoft.asc" |
      awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')"
    [[ "$keys" == "$MICROSOFT_KEY" ]] ||
      fail "microsoft.asc holds the keys '$keys'. Expected: $MICROSOFT_KEY alone." \
        "Next: find out who answered; if Microsoft changed the key, change software.sh."
    put "$ROOT_DIR/etc/apt/keyrings/edge-stamps-microsoft.asc" 0644 <"$work/microsoft.asc"
    put "$ROOT_DIR/etc/apt/sources.list.d/edge-stamps-azure-cli.sources" 0644 <<END
Types: deb
URIs: https://packages.microsoft.com/repos/azure-cli/
Suites: $codename
Components: main
Architectures: $architecture
Signed-By: /etc/apt/keyrings/edge-stamps-microsoft.asc
END
    wait_for 300 "apt-get update" "see the last line of apt; 'fuser -v /var/lib/apt/lists/lock' on the node." package_lists
    unbroken 900 apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends --allow-downgrades \
      --allow-change-held-packages "azure-cli=$package" ||
      fail "apt-get could not install azure-cli=$package. Expected: installed within 900 s." \
        "Next: if dpkg was interrupted, 'dpkg --configure -a' on the node; else check AZURE_CLI_VERSION."
    apt-mark hold azure-cli >/dev/null
  fi
}

# The packages that the extension depends on, each one of a SHA-256 that is known here, for az's own Python.
bring_dependencies() {
  cat >"$work/connectedk8s.lock" <<'END'
# connectedk8s.lock
END
  timeout 600 "$ROOT_DIR/opt/az/bin/python3" -m pip download --quiet --disable-pip-version-check --no-cache-dir \
    --require-hashes --no-deps --only-binary=:all: --requirement="$work/connectedk8s.lock" --dest="$work/wheels" ||
    fail "the packages that connectedk8s depends on could not be had within 600 s. Expected: what connectedk8s.lock" \
      "names. Next: the lines above; check $way_out; if a hash differs, find out who answered."
}

install_extension() {
  local extension
  extension="$(timeout 60 az extension show --name connectedk8s --query version --output tsv 2>/dev/null || true)"
  if [[ "$extension" != "$CONNECTEDK8S_VERSION" ]]; then
    [[ -z "$extension" ]] || timeout 60 az extension remove --name connectedk8s
    bring_dependencies
    # pip of az takes them alone; az itself compares the extension with the SHA-256 in its index (azure-cli-core,
    # extension/operations.py, _add_whl_ext).
    PIP_NO_INDEX=1 PIP_FIND_LINKS="$work/wheels" \
      timeout 600 az extension add --name connectedk8s --version "$CONNECTEDK8S_VERSION" --yes --output none ||
      fail "az could not add the extension connectedk8s $CONNECTEDK8S_VERSION within 600 s." \
        "Next: check CONNECTEDK8S_VERSION against 'az extension list-versions --name connectedk8s' and the egress."
  fi
}

# K3s, whole or not at all. It does not run by that: when this run is killed before it does, the next one restarts it.
bring_binary() {
  local asset=k3s architecture
  if [[ "$installed" != "$K3S_VERSION" ]]; then
    architecture="$(dpkg --print-architecture)"
    [[ "$architecture" == amd64 ]] || asset="k3s-$architecture"
    fetch_asset "$asset" "${K3S_SHA256:-}"
    put "$binary" 0755 "$restart_due" <"$work/asset"
  fi
  binary_sum="$(sum_of "$binary")"
  [[ "$binary_sum" == "${K3S_SHA256:-$binary_sum}" ]] ||
    fail "K3s $K3S_VERSION is installed, and its SHA-256 is $binary_sum. Expected: k3s_sha256, $K3S_SHA256. Next: correct" \
      "k3s_sha256 if it is of another version; else take the node for compromised, and replace it."
}

bring_installer() {
  local source="https://raw.githubusercontent.com/k3s-io/k3s/$K3S_INSTALL_COMMIT/install.sh" script_sum
  [[ ! -e "$installer" || "$(sum_of "$installer")" != "$K3S_INSTALL_SHA256" ]] || return 0
  download "$source" "$work/install.sh"
  script_sum="$(sum_of "$work/install.sh")"
  [[ "$script_sum" == "$K3S_INSTALL_SHA256" ]] ||
    fail "install.sh of k3s-io/k3s@$K3S_INSTALL_COMMIT has SHA-256 $script_sum. Expected: $K3S_INSTALL_SHA256." \
      "Next: correct settings/releases.py if the commit was changed; otherwise find out who answered."
  put "$installer" 0644 <"$work/install.sh"
}

# What K3s itself runs, so that it pulls nothing at its first start (docs.k3s.io/installation/airgap).
bring_images() {
  local architecture asset
  architecture="$(dpkg --print-architecture)"
  asset="k3s-airgap-images-$architecture.tar.zst"
  fetch_asset "$asset" ""
  put "$ROOT_DIR/var/lib/rancher/k3s/agent/images/$asset" 0644 <"$work/asset"
}
