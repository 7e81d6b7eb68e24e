"""K3s: its installer, its start with the configuration that is there then, and `k3s` itself.

k3s-io/k3s, install.sh (commit 0136cf25), read 2026-11-27.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Mapping
from typing import Any

from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import audit_policy, k3s_agent, k3s_config, units
from rehearsal.node.tools.outbound import choose_proxy, gets_out
from rehearsal.node.tools.refusal import RefusalError, answering, missing
from rules.facts.node import K3S_VERSION

VERSIONS = frozenset(
    {K3S_VERSION.value, *(f"v1.{minor}.{patch}+k3s1" for minor in range(31, 36) for patch in range(1, 10))}
)
"""Releases that can be downloaded. Not read from a list: K3s makes one for each patch of Kubernetes."""
PUBLISHED_SUMS = {"v1.33.4+k3s1": "10da34c350ab8a02e4513a6021046db9e9afecc31bae77419bc6444cbd7b1400"}
"""SHA-256 of binaries that an example pins: sha256sum-amd64.txt of the release, as andrewrothstein/ansible-k3s has it
in defaults/main.yml (read 2026-11-29)."""
_BINARY = "usr/local/bin/k3s"
IMAGES = "var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst"
_NEWEST = "v1.99.0+k3s1"
"""Whatever the channel has on the day: never what is pinned, as the next release may come any day."""
SETTLING_SECONDS = 40
"""From K3s's first start until coredns and the others are Available. The model's own guess."""
_KUBECONFIG = "etc/rancher/k3s/k3s.yaml"
_KEY = base64.b64encode(b"-----BEGIN EC PRIVATE KEY-----\nA stand-in: no key.\n-----END EC PRIVATE KEY-----\n").decode()
ADMINISTRATOR = (  # k3s-io/k3s, pkg/daemons/control/deps/template.go: the client's certificate and key are in it
    "apiVersion: v1\nkind: Config\nclusters: [{cluster: {server: https://127.0.0.1:6443}}]\n"
    f"users: [{{name: default, user: {{client-key-data: {_KEY}}}}}]\n"
)
_DURATION = re.compile(r"(\d+)h(\d+m)?(\d+s)?|\d+[ms]")
_TAKEN = re.compile(r"K3S_|CONTAINERD_|(?i:NO|HTTP|HTTPS)_PROXY", re.IGNORECASE)
_REGISTRY = "https://registry-1.docker.io/"
_CRASHED = (  # systemd, src/shared/bus-wait-for-jobs.c
    "Job for {unit} failed because the control process exited with error code.\n"
    'See "systemctl status {unit}" and "journalctl -xeu {unit}" for details.'
)


def make_binary(version: str) -> str:
    """Return the text that stands for the binary of a release."""
    return f"Stand-in of K3s {version}\n"


def make_images(version: str) -> str:
    """Return the text that stands for the images that a release runs."""
    return f"Stand-in of the images of K3s {version}\n"


def is_running(machine: Machine) -> bool:
    """Return whether a server runs: its API answers on 127.0.0.1:6443."""
    facts = machine.facts.get("k3s", {})
    return bool(facts.get("running")) and facts.get("role") == "server"


def is_settled(machine: Machine, elapsed: float) -> bool:
    """Return whether what K3s brings runs: its images are loaded at the first start, and until then nothing is Ready.

    `elapsed` begins anew with every script.
    """
    facts = machine.facts.get("k3s", {})
    started = facts.get("first_start")
    if started is not None and not facts.get("settled") and not _pulls_images(machine):
        return False
    if started is not None and not started <= elapsed < started + SETTLING_SECONDS:
        facts["settled"] = True
    return started is None or bool(facts.get("settled"))


def _pulls_images(machine: Machine) -> bool:
    """Return whether containerd has K3s' own images, or reaches their registry as K3s was started.

    docs.k3s.io/installation/airgap: what is in that folder is imported at each start.
    """
    brought = machine.file(IMAGES)
    if brought.is_file() and brought.read_text() == make_images(machine.facts["k3s"]["version"]):
        return True
    proxy = choose_proxy(_REGISTRY, machine.facts["k3s"].get("started_with", {}))
    return gets_out(machine, _REGISTRY, proxy)


def start(machine: Machine, unit: str, elapsed: float) -> None:
    """Start K3s anew.

    Raises:
        RefusalError: what systemctl says of a start that failed.
        ValueError: the configuration has what the model does not know.
    """
    facts = machine.facts.setdefault("k3s", {})
    facts["running"] = False
    try:
        config = k3s_config.read_config(k3s_config.find_files(machine), facts.get("arguments", ()))
        _check(config)
        audit_rules = audit_policy.load(machine, k3s_config.read_api_arguments(config))
        agent_token = k3s_agent.read_token(machine, config, "agent-token-file")
        facts["start_pre"] = units.run_start_pre(machine, unit)
        if facts.get("role") == "agent":
            k3s_agent.join(machine, config)
    except ValueError as error:
        facts["error"] = str(error)
        raise RefusalError(1, _CRASHED.format(unit=unit)) from error
    k3s_config.require_modelled(config, str(facts.get("role")))
    audit_policy.require_modelled(audit_rules)
    facts.pop("error", None)
    facts.setdefault("first_start", elapsed)
    facts.setdefault("first_config", config)
    facts.update(config=config, audit_rules=audit_rules, agent_token=agent_token, running=True)
    given = dict(line.partition("=")[::2] for line in shlex.split(facts.get("environment", "")))
    facts["started_with"] = {**machine.facts.get("environments", {}).get(unit, {}), **given}
    if facts.get("role") == "server":
        machine.file(config.get("write-kubeconfig", _KUBECONFIG)).write_text(
            ADMINISTRATOR,
            int(config.get("write-kubeconfig-mode", "0600"), 8) & 0o777,
        )


def issuers(machine: Machine) -> list[str]:
    """Return the issuers of service account tokens: the first signs.

    K3s sets its own when nobody gives one (k3s-io/k3s, pkg/daemons/control/server.go, apiServer).
    """
    given = k3s_config.read_api_arguments(machine.facts.get("k3s", {}).get("config", {}))
    found = [value for name, value in given if name == "service-account-issuer"]
    return found or ["https://kubernetes.default.svc.cluster.local"]


def _check(config: Mapping[str, Any]) -> None:
    """Refuse what makes K3s or kube-apiserver exit at once.

    Raises:
        ValueError: in its words.
    """
    mode = config.get("write-kubeconfig-mode", "0600")
    if not re.fullmatch(r"[0-7]{3,4}", mode):
        raise ValueError(f'strconv.ParseInt: parsing "{mode}": invalid syntax')
    for name, value in k3s_config.read_api_arguments(config):
        if name == "service-account-max-token-expiration" and not _DURATION.fullmatch(value):
            raise ValueError(f'invalid argument "{value}" for "--{name}" flag: time: invalid duration "{value}"')
        if name == "service-account-issuer" and ":" in value and not value.startswith("https://"):
            raise ValueError("service-account-issuer contained a ':' but was not a valid https URL")


@answering
def k3s(call: ToolCall, machine: Machine) -> str:
    """Answer `k3s`."""
    version = machine.facts.get("k3s", {}).get("version") or _read_version(machine)
    if not version:
        raise missing("k3s")
    if call.arguments in (("--version",), ("-v",)):
        return f"k3s version {version} (00000000)\ngo version go1.25\n"
    raise ValueError("k3s: the model answers --version only; extend k3s.py")


def _read_version(machine: Machine) -> str:
    """Return the version of the binary; empty where there is none."""
    binary = machine.file(_BINARY)
    return binary.read_text().removeprefix(make_binary("").rstrip("\n")).strip() if binary.is_file() else ""


def _bring(machine: Machine, given: Mapping[str, str]) -> str:
    """Download the binary, or take the one that is there (download_and_verify); return its version."""
    binary = machine.file(_BINARY)
    if given.get("INSTALL_K3S_SKIP_DOWNLOAD") in ("true", "binary"):
        if not binary.is_file():
            raise RefusalError(1, "[ERROR]  Executable k3s binary not found at /usr/local/bin/k3s")
        return _read_version(machine)
    version = given.get("INSTALL_K3S_VERSION") or _NEWEST
    if version not in {*VERSIONS, _NEWEST}:  # download_hash: curl -sfL, then `fatal 'Download failed'`
        hashes = f"https://github.com/k3s-io/k3s/releases/download/{version}/sha256sum-amd64.txt"
        stdout = f"[INFO]  Using {version} as release\n[INFO]  Downloading hash {hashes}\n"
        raise RefusalError(1, "[ERROR]  Download failed", stdout)
    binary.write_text(make_binary(version), 0o755)
    return version


@answering
def installer(call: ToolCall, machine: Machine) -> str:
    """Do as install.sh of k3s-io/k3s; the first argument is the commit that it was downloaded from."""
    _, *arguments = call.arguments
    given = {name: value for name, value in call.environment.items() if name.startswith("INSTALL_K3S_")}
    known = {"VERSION", "FORCE_RESTART", "CHANNEL", "EXEC", "SKIP_START", "SKIP_ENABLE", "SKIP_DOWNLOAD"}
    if surplus := {name.removeprefix("INSTALL_K3S_") for name in given} - known:
        raise ValueError(f"install.sh: the model does not know INSTALL_K3S_{min(surplus)}; extend k3s.py")
    words = [*given.get("INSTALL_K3S_EXEC", "").split(), *arguments]
    role = words[0] if words and not words[0].startswith("-") else "server"
    if role not in ("server", "agent"):
        raise ValueError(f"install.sh: the model knows the commands server and agent, not {role}; extend k3s.py")
    version = _bring(machine, given)
    unit = "k3s.service" if role == "server" else f"k3s-{role}.service"
    facts = machine.facts.setdefault("k3s", {})
    wanted = {"version": version, "role": role, "arguments": words[1:] if words and words[0] == role else words}
    # create_env_file: K3s starts with these, and finds its own settings among them
    taken = {name: value for name, value in call.environment.items() if _TAKEN.match(name)}
    environment = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(taken.items()))
    wanted["environment"] = environment
    is_changed = any(facts.get(key) != value for key, value in wanted.items())
    facts.update(wanted, unit=unit)
    units.write(machine, unit, f"/usr/local/bin/k3s {role}")
    machine.file(f"{units.FOLDER}/{unit}.env").write_text(environment, 0o600)
    # service_enable_and_start returns before either where it is told to
    if given.get("INSTALL_K3S_SKIP_ENABLE") == "true":
        return f"[INFO]  Using {version} as release\n"
    facts["enabled"] = True
    if given.get("INSTALL_K3S_SKIP_START") == "true":
        return f"[INFO]  Using {version} as release\n[INFO]  systemd: Enabling {unit}\n"
    if not is_changed and given.get("INSTALL_K3S_FORCE_RESTART") != "true":
        return "[INFO]  No change detected so skipping service start\n"
    facts["running"] = False
    start(machine, unit, call.elapsed)
    return f"[INFO]  Using {version} as release\n[INFO]  systemd: Starting {unit.removesuffix('.service')}\n"
