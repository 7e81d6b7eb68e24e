"""The commands of az that the model answers, with every argument that they take, as az hands them to argparse.

`?`: may stand without a value (knack's three state flag); `!`: a switch; `+`: one value or more; `*`: required;
`~`: the model lacks its effect, and refuses it therefore.

Sources: Azure/azure-cli, azure/cli/command_modules/profile/__init__.py and extension/__init__.py, and
azure/cli/core/commands/parameters.py (three state flag, location); AzureArcForKubernetes/connectedk8s,
azext_connectedk8s/_params.py and commands.py at HISTORY.rst's 1.11.2, where the arguments are those of 1.11.1.
The arguments of `login` for managed identities: azure/cli/command_modules/profile/custom.py, login.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.node.tools.flags import names

DISTRIBUTIONS = names(
    "generic openshift rancher_rke kind k3s minikube gke eks aks aks_management aks_workload capz aks_engine tkg"
    " canonical karbon aks_edge_k3s aks_edge_k8s"
)
"""azext_connectedk8s/_constants.py, Distribution_Enum_Values."""
INFRASTRUCTURES = names("generic azure aws gcp azure_stack_hci azure_stack_hub azure_stack_edge vsphere windows_server")
"""Infrastructure_Enum_Values without the editions of Windows."""
FEATURES = ("cluster-connect", "azure-rbac", "custom-locations")
"""Feature_Values."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "--distribution": DISTRIBUTIONS,
    "--infrastructure": INFRASTRUCTURES,
    "--features": FEATURES,
    "--output": ("json", "jsonc", "none", "table", "tsv", "yaml", "yamlc"),
    "--auto-upgrade": ("true", "false"),
}

GLOBAL = ("--output -o", "--query", "--debug !", "--verbose !", "--only-show-errors !", "--subscription")
"""microsoft/knack, output.py, query.py, log.py; azure/cli/core/commands/__init__.py."""

_CLUSTER = ("--name -n *", "--resource-group -g *")
_PROXY = ("--proxy-https", "--proxy-http", "--proxy-skip-range")
_KUBE = ("--kube-config", "--kube-context ~", "--skip-ssl-verification ! ~")

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "login": (
        "--identity -i !", "--client-id", "--object-id", "--resource-id", "--username -u", "--password -p",
        "--tenant -t", "--service-principal !", "--certificate ~", "--use-cert-sn-issuer ! ~", "--federated-token ~",
        "--allow-no-subscriptions !", "--use-device-code ! ~", "--scope + ~", "--claims-challenge ~",
    ),
    "account set": ("--name --subscription -n -s *",),
    "account show": ("--name -n",),
    "extension add": (
        "--name -n", "--source -s ~", "--version", "--yes -y !", "--upgrade !", "--system ! ~", "--allow-preview ?",
        "--pip-proxy ~", "--pip-extra-index-urls + ~",
    ),
    "extension remove": ("--name -n *",),
    "extension show": ("--name -n *",),
    "extension list-versions": ("--name -n *",),
    "connectedk8s show": _CLUSTER,
    "connectedk8s delete": (*_CLUSTER, *_KUBE, "--force !", "--no-wait !", "--yes -y !"),
    "connectedk8s proxy": (*_CLUSTER, "--token ~", "--file -f", "--kube-context ~", "--port"),
    "connectedk8s enable-features": (
        *_CLUSTER, *_KUBE, "--features + *", "--skip-azure-rbac-list", "--custom-locations-oid",
    ),
    "connectedk8s connect": (
        *_CLUSTER, *_KUBE, "--location -l", "--tags +", *_PROXY,
        "--proxy-cert --custom-ca-cert ~", "--distribution", "--distribution-version ~", "--infrastructure",
        "--azure-hybrid-benefit", "--disable-auto-upgrade !", "--custom-locations-oid", "--enable-private-link ?",
        "--private-link-scope-resource-id --pls-arm-id ~", "--onboarding-timeout", "--no-wait !", "--correlation-id",
        "--container-log-path ~", "--yes -y !", "--enable-oidc-issuer ?", "--self-hosted-issuer",
        "--enable-workload-identity --enable-wi ?", "--gateway-resource-id ~", "--configuration-settings --config + ~",
        "--config-protected-settings --config-protected + ~",
    ),
    "connectedk8s update": (
        *_CLUSTER, *_KUBE, "--tags + ~", *_PROXY, "--proxy-cert --custom-ca-cert ~", "--disable-proxy !",
        "--distribution ~", "--distribution-version ~", "--azure-hybrid-benefit ~", "--auto-upgrade ~",
        "--container-log-path ~", "--yes -y !", "--enable-oidc-issuer ? ~", "--self-hosted-issuer ~",
        "--enable-workload-identity --enable-wi ? ~", "--disable-workload-identity --disable-wi ? ~",
        "--gateway-resource-id ~", "--disable-gateway ? ~", "--configuration-settings --config + ~",
        "--config-protected-settings --config-protected + ~",
    ),
}  # fmt: skip
"""`connectedk8s` also has upgrade, disable-features, list and troubleshoot, which no script calls."""
UNMODELLED = ("connectedk8s upgrade", "connectedk8s disable-features", "connectedk8s list",
              "connectedk8s troubleshoot", "account list", "account clear", "logout",
              "extension list", "extension update", "extension list-available")  # fmt: skip
"""Commands that az has and the model does not answer: calling one is an error of the model, not of the script."""
NO_SUBSCRIPTION = ("login", "account set", "account show")
"""Commands whose `--subscription` is not the global one (profile/__init__.py, c.ignore('_subscription'))."""
