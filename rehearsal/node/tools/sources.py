"""Where the flags, texts and exit codes of each stand-in come from: `primary` where the source itself was opened.

What is not from a primary source is from manual pages, transcripts that people published, and memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rehearsal.node.tools.downloads import INSTALLER_TOOL
from rehearsal.node.tools.pip import AZ_PYTHON
from rules.facts.fact import Source

_READ = date(2026, 11, 27)
_LATER = date(2026, 11, 29)
_CONNECTEDK8S = "AzureArcForKubernetes/connectedk8s, src/connectedk8s/azext_connectedk8s"

SOURCES: Mapping[str, tuple[Source, ...]] = {
    "apt-get": (
        Source("Debian/apt, apt-pkg/contrib/cmndline.cc", "CommandLine::Parse, HandleOpt", _READ),
        Source("apt-get(8), sources.list(5), apt-secure(8)", "texts of update and install", _READ, primary=False),
    ),
    "apt-mark": (Source("apt-mark(8)", "hold", _READ, primary=False),),
    "az": (
        Source("Azure/azure-cli, azure/cli/core/parser.py", "AzCliCommandParser.error, _check_value", _READ),
        Source("Azure/azure-cli, azure/cli/command_modules/profile/custom.py", "login", _READ),
        Source("Azure/azure-cli, azure/cli/core/_profile.py", "login_with_managed_identity, _set_subscriptions", _READ),
        Source("Azure/azure-cli, azure/cli/core/extension/operations.py", "add_extension, show_extension", _READ),
        Source(_CONNECTEDK8S, "_params.py, commands.py, custom.py, _utils.py, _validators.py", _READ),
        Source("microsoft/knack, knack/output.py", "_TsvOutput", _READ),
        Source(
            "learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token",
            "Error handling: several identities, none of that id", _READ, primary=False,
        ),
    ),
    "azcmagent": (
        Source("learn.microsoft.com/azure/azure-arc/servers/azcmagent-connect, -show", "Flags; --config", _READ,
               primary=True),
        Source("public scripts that read azcmagent show -j", "keys of its JSON; exit codes and texts made up", _READ,
               primary=False),
    ),
    "cloud-init": (Source("canonical/cloud-init, cloudinit/cmd/status.py", "get_parser", _READ, primary=False),),
    "curl": (Source("curl(1)", "OPTIONS, EXIT CODES; texts from transcripts", _READ, primary=False),),
    "dpkg": (Source("dpkg(1)", "--print-architecture", _READ, primary=False),),
    "dpkg-query": (Source("dpkg-query(1)", "--show, --showformat; texts from transcripts", _READ, primary=False),),
    "gpg": (Source("gnupg, doc/DETAILS", "Format of the colon listings", _READ, primary=False),),
    "iptables": (Source("iptables(8), iptables-extensions(8)", "texts from transcripts", _READ, primary=False),),
    "k3s": (
        Source("k3s-io/k3s, pkg/configfilearg/parser.go", "readConfigFile, dotDFiles, stripInvalidFlags", _READ),
        Source("k3s-io/k3s, pkg/cli/cmds/server.go", "ServerFlags", _READ),
    ),
    AZ_PYTHON: (Source("pip.pypa.io/en/stable", "pip download; Hash-checking Mode", _LATER, primary=False),),
    "systemd-run": (Source("systemd-run(1)", "--scope, --unit, --collect", _LATER, primary=False),),
    INSTALLER_TOOL: (Source("k3s-io/k3s, install.sh at 0136cf25", "the whole", _READ),),
    "kubectl": (
        Source("kubernetes/kubectl at dee3483a, pkg/cmd/{get,wait,delete,apply,logs}", "flags, Validate, Run", _READ),
        Source("kubernetes/kubectl at dee3483a, pkg/cmd/util/helpers.go", "StandardErrorMessage, UsageErrorf", _READ),
        Source("kubernetes/kubernetes, pkg/kubelet/kubelet_pods.go", "validateContainerLogStatus", date(2026, 11, 28)),
        Source("spf13/pflag, errors.go", "Error of each type", _READ),
        Source("kubernetes.io/docs/reference/kubernetes-api", "fields and validation of kinds", _READ, primary=False),
        Source("cert-manager.io/docs/trust/trust-manager", "conditions of a Bundle", _READ, primary=False),
    ),
    "openssl": (
        Source("openssl-s_client(1) of 3.0", "OPTIONS; texts as the real one has them: tests/nodes/test_probe_links.py",
               _READ, primary=False),
        Source("OASIS MQTT 5.0", "3.1 CONNECT, 3.2 CONNACK", _READ, primary=False),
    ),
    "sha256sum": (Source("sha256sum(1)", "the whole", _READ, primary=False),),
    "sysctl": (Source("sysctl(8) of procps 4.0.4", "texts from transcripts", _READ, primary=False),),
    "systemctl": (
        Source("systemctl(1), systemd.unit(5), systemd.service(5)", "EXIT STATUS, drop-ins, ExecStartPre=; texts from"
               " transcripts", _READ, primary=False),
    ),
}  # fmt: skip
"""By the name of the stand-in."""

ANSWERS: Mapping[str, str] = {
    "apt-get": "update and install, of the packages azure-cli and azcmagent from Microsoft's repositories",
    "apt-mark": "hold, unhold",
    "azcmagent": "show --json, connect with a token, config set proxy.url",
    "az": "login with a managed identity, account, extension; connectedk8s show, connect, delete, enable-features",
    "cloud-init": "status",
    "curl": "Microsoft's key and install.sh of K3s; other hosts do not resolve",
    "dpkg": "--print-architecture, --configure",
    "dpkg-query": "--show",
    "gpg": "--show-keys of a downloaded key",
    "iptables": "-A, -I, -C and -D of rules in the built-in chains",
    "k3s": "--version",
    AZ_PYTHON: "-m pip download of what is pinned; the stand-in of the Azure CLI's own Python calls it",
    "systemd-run": "--scope: it becomes the command",
    INSTALLER_TOOL: "what install.sh of K3s does; the stand-in of the script calls it",
    "kubectl": "get, wait, delete, apply, logs of one container",
    "openssl": "s_client to a cluster's listener: way, TLS handshake, CONNECT; every other command is the real one's",
    "sha256sum": "sums; of the stand-in of install.sh, the published sum of what it stands for",
    "sysctl": "reading limits, and loading them from files",
    "systemctl": "daemon-reload (of drop-ins: ExecStartPre, RuntimeMaxSec); start, restart, stop, is-active of K3s",
}
"""What the stand-in can do; anything else that the tool can is refused as missing in the model."""
