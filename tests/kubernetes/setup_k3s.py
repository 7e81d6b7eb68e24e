"""What setup-k3s.sh gives to K3s's API server, for the one of these tests."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import nodes

_FILE = re.compile(r'^ *put "\$ROOT_DIR/([^"]+)" \d+ "\$restart_due" <<\'END\'\n(.*?)^END\n', re.MULTILINE | re.DOTALL)
AUDIT_LOG = "audit.log"


def audit_arguments(folder: Path) -> list[str]:
    """Write the policy of the audit log into a folder, and return the flags, whose files are in this folder."""
    files = {Path(name).name: text for name, text in _FILE.findall(nodes.load_script("setup-k3s"))}
    given: list[str] = yaml.safe_load(files["10-edge-stamps.yaml"])["kube-apiserver-arg"]
    arguments = []
    for name, _, value in (one.partition("=") for one in given):
        place = folder / Path(value).name if value.startswith("/") else value
        arguments.append(f"--{name}={place}")
        if name == "audit-policy-file":
            (folder / Path(value).name).write_text(files[Path(value).name])
    return arguments
