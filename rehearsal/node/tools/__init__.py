"""The tools that scripts find on PATH and that are no harmless real ones: their behaviour, by name."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.node.machine import Tool
from rehearsal.node.tools import apt, az, azcmagent, downloads, dpkg, host, iptables, k3s, kubectl, pip, s_client, units

TOOLS: Mapping[str, Tool] = {
    "apt-get": apt.apt_get,
    "apt-mark": apt.apt_mark,
    "az": az.az,
    "azcmagent": azcmagent.azcmagent,
    "cloud-init": host.cloud_init,
    "curl": downloads.curl,
    "dpkg": dpkg.dpkg,
    "dpkg-query": dpkg.dpkg_query,
    "gpg": downloads.gpg,
    "iptables": iptables.iptables,
    "k3s": k3s.k3s,
    downloads.INSTALLER_TOOL: k3s.installer,
    "kubectl": kubectl.kubectl,
    "openssl": s_client.openssl,
    "sha256sum": downloads.sha256sum,
    "sysctl": host.sysctl,
    "systemctl": units.systemctl,
    "systemd-run": units.systemd_run,
    pip.AZ_PYTHON: pip.az_python,
}
"""Name -> behaviour."""
READS_STDIN: frozenset[str] = frozenset({"gpg", "openssl", "sha256sum"})
"""Names of those that read their input."""
