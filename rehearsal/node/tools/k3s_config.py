"""How K3s reads its configuration: config.yaml, then config.yaml.d/*.yaml by name.

k3s-io/k3s, pkg/configfilearg/parser.go (readConfigFile, dotDFiles, stripInvalidFlags: an unknown key is logged and
left out) and pkg/cli/cmds/server.go, agent.go (the flags). docs.k3s.io/installation/configuration, "Value merge
behavior": a later file replaces, `key+` appends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from rehearsal.node.disk import NodeFile
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import names

FLAGS = names(
    "bind-address https-listen-port advertise-address advertise-port tls-san tls-san-security data-dir cluster-cidr"
    " service-cidr service-node-port-range cluster-dns cluster-domain flannel-backend flannel-ipv6-masq"
    " flannel-external-ip egress-selector-mode servicelb-namespace write-kubeconfig write-kubeconfig-mode"
    " write-kubeconfig-group helm-job-image token token-file agent-token agent-token-file server cluster-init"
    " cluster-reset cluster-reset-restore-path kube-apiserver-arg etcd-arg kube-controller-manager-arg"
    " kube-scheduler-arg kube-cloud-controller-manager-arg datastore-endpoint datastore-cafile datastore-certfile"
    " datastore-keyfile etcd-expose-metrics etcd-disable-snapshots etcd-snapshot-name etcd-snapshot-schedule-cron"
    " etcd-snapshot-retention etcd-snapshot-dir etcd-snapshot-compress etcd-s3 default-local-storage-path disable"
    " disable-scheduler disable-cloud-controller disable-kube-proxy disable-network-policy disable-helm-controller"
    " embedded-registry node-name with-node-id node-label node-taint image-credential-provider-bin-dir"
    " image-credential-provider-config docker container-runtime-endpoint default-runtime disable-apiserver-lb"
    " disable-default-registry-endpoint pause-image snapshotter private-registry system-default-registry"
    " airgap-extra-registry node-ip node-external-ip node-internal-dns node-external-dns resolv-conf flannel-iface"
    " flannel-conf flannel-cni-conf kubelet-arg kube-proxy-arg protect-kernel-defaults rootless"
    " secrets-encryption prefer-bundled-bin selinux lb-server-port debug v vmodule log alsologtostderr"
    " enable-pprof vpn-auth vpn-auth-file"
)
LISTS = names(
    "tls-san cluster-cidr service-cidr cluster-dns kube-apiserver-arg etcd-arg kube-controller-manager-arg"
    " kube-scheduler-arg kube-cloud-controller-manager-arg disable node-label node-taint kubelet-arg"
    " kube-proxy-arg node-ip node-external-ip"
)
"""Flags that may be given more than once (StringSliceFlag); of others, the last counts."""
MODELLED = {
    "server": names(
        "write-kubeconfig write-kubeconfig-mode secrets-encryption disable cluster-cidr service-cidr kube-apiserver-arg"
        " agent-token-file"
    ),
    "agent": names("server token-file node-name"),
}
"""Role -> flags whose effect the model knows. With any other K3s may exit, or its node may never be Ready."""
MODELLED_API = names(
    "service-account-issuer service-account-max-token-expiration audit-policy-file audit-log-path audit-log-maxage"
    " audit-log-maxbackup audit-log-maxsize"
)
"""Of kube-apiserver's flags, those whose effect the model knows."""


class ConfigError(ValueError):
    """K3s does not start with this configuration."""


def find_files(machine: Machine) -> list[NodeFile]:
    """Return the files of the configuration in the order in which K3s reads them; the first need not be there."""
    found = machine.files("etc/rancher/k3s/config.yaml.d", "*.y*ml")
    # dotDFiles: *.yaml and *.yml, in the order of their names.
    return [
        machine.file("etc/rancher/k3s/config.yaml"),
        *(one for one in found if one.name.endswith((".yaml", ".yml"))),
    ]


def read_config(files: Iterable[NodeFile], arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Return the configuration in force: flag -> list of texts for LISTS, else text.

    Flags of the command line stand behind those of the files, so they add to lists and win else.

    Raises:
        ConfigError: a file that is not YAML, or no map; a flag on the command line that K3s lacks.
    """
    merged: dict[str, list[str]] = {}
    for file in files:
        if file.is_file():
            _merge(merged, file)
    _add_arguments(merged, list(arguments))
    return {key: values if key in LISTS else values[-1] for key, values in merged.items() if key in FLAGS and values}


def require_modelled(config: Mapping[str, Any], role: str = "server") -> None:
    """Refuse to say how K3s starts with what the model does not know.

    Raises:
        ValueError: there is such a flag.
    """
    for name in config:
        if name not in MODELLED[role]:
            raise ValueError(f"the model does not know what K3s does with {name}: extend k3s_config.py and k3s.py")
    for name, _ in read_api_arguments(config):
        if name not in MODELLED_API:
            raise ValueError(
                f"the model does not know what kube-apiserver does with --{name}: extend k3s_config.py and k3s.py"
            )


def read_api_arguments(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return name and value of each kube-apiserver-arg, in order."""
    return [
        (each.partition("=")[0].lstrip("-"), each.partition("=")[2]) for each in config.get("kube-apiserver-arg", ())
    ]


def _add_arguments(merged: dict[str, list[str]], words: list[str]) -> None:
    while words:
        name, equals, value = words.pop(0).lstrip("-").partition("=")
        if name not in FLAGS:
            raise ConfigError(f"flag provided but not defined: -{name}")
        if not equals:
            value = words.pop(0) if words and not words[0].startswith("-") else "true"
        merged[name] = [*merged.get(name, []), value]


def _merge(merged: dict[str, list[str]], file: NodeFile) -> None:
    try:
        data = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"yaml: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"yaml: unmarshal errors:\n  cannot unmarshal {file.name} into yaml.MapSlice")
    for key, value in data.items():
        name = str(key).removesuffix("+")
        values = [_text(one) for one in (value if isinstance(value, list) else [value])]
        merged[name] = [*(merged.get(name, []) if str(key).endswith("+") else []), *values]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
