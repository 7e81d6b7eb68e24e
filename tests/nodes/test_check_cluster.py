"""nodes/check-cluster.sh: what an existing cluster lacks is said all at once, each with what to do."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nodes

OID, ISSUER = "0b9c1d2e-0000-4000-8000-000000000003", "https://westeurope.oic.prod-arc.azure.com/tenant/guid/"
PARAMETERS = {
    "SUBSCRIPTION_ID": "sub",
    "RESOURCE_GROUP": "rg-plant",
    "CLUSTER_NAME": "mill-1",
    "ISSUER": ISSUER,
    "CUSTOM_LOCATIONS_OBJECT_ID": OID,
}
KUBECTL = r"""#!/usr/bin/env python3
import json, sys
from pathlib import Path

words = [word for word in sys.argv[1:] if not word.startswith("--request-timeout")]
key = words[2] if words[1] == "--raw" else words[1]
answers = json.loads((Path(sys.argv[0]).parent / "answers.json").read_text())
if key not in answers:
    sys.exit(f"Error from server (Forbidden): {key} is forbidden")
print(json.dumps(answers[key]) if answers[key] else "", end="")
"""
Answers = dict[str, Any]


def release(locations: object) -> Answers:
    text = json.dumps({"config": {"systemDefaultValues": {"customLocations": locations}}}).encode()
    data = base64.b64encode(base64.b64encode(gzip.compress(text))).decode()
    return {"items": [{"data": {"release": data}}]}


def node(name: str = "n1", architecture: str = "amd64", cpu: str = "8", memory: str = "32863380Ki") -> Answers:
    status = {"nodeInfo": {"architecture": architecture}, "capacity": {"cpu": cpu, "memory": memory}}
    return {"metadata": {"name": name}, "status": status}


def sound() -> Answers:
    """What a cluster answers that lacks nothing."""
    data = {"AZURE_SUBSCRIPTION_ID": "SUB", "AZURE_RESOURCE_GROUP": "rg-plant", "AZURE_RESOURCE_NAME": "mill-1"}
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "configmap": {"data": data},
        "/version": {"gitVersion": "v1.31.4+k3s1"},
        "nodes": {"items": [node(), node("n2", cpu="7910m", memory="17179869184")]},
        "storageclasses": {"items": [{"metadata": {"name": "fast", "annotations": default}}]},
        "/.well-known/openid-configuration": {"issuer": ISSUER},
        "secrets": release({"enabled": True, "oid": OID}),
        "namespace": None,
    }


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Answers], subprocess.CompletedProcess[str]]:
    """Run the script where kubectl answers so."""

    def run(answers: Answers) -> subprocess.CompletedProcess[str]:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin/kubectl").write_text(KUBECTL)
        (tmp_path / "bin/kubectl").chmod(0o755)
        (tmp_path / "bin/answers.json").write_text(json.dumps(answers))
        environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "ROOT_DIR": str(tmp_path / "root"), **PARAMETERS}
        text = nodes.load_script("check-cluster")
        return subprocess.run(["bash", "-c", text], env=environment, capture_output=True, text=True, timeout=30)

    return run


Run = Callable[[Answers], subprocess.CompletedProcess[str]]


def test_a_cluster_that_lacks_nothing_passes(run: Run) -> None:
    ended = run(sound())
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '{"checked": true}\n', "")


LACKS: dict[str, tuple[Answers, str]] = {
    "another cluster": ({"configmap": {"data": {"AZURE_RESOURCE_NAME": "other"}}}, "nothing/nothing/other for Azure"),
    "no Arc agents": ({"configmap": None}, "expected sub/rg-plant/mill-1"),
    "too old": ({"/version": {"gitVersion": "v1.27.9"}}, "Kubernetes is v1.27.9; expected 1.28"),
    "no node": ({"nodes": {"items": []}}, "it has no node"),
    "Arm": ({"nodes": {"items": [node(), node("n2", "arm64")]}}, "node n2 is arm64"),
    "two cores": ({"nodes": {"items": [node(cpu="2")]}}, "node n1 has 2 cores"),
    "little memory": ({"nodes": {"items": [node(memory="8Gi")]}}, "8.6 GB of memory; expected at least 4 and 16 GB"),
    "no storage class": ({"storageclasses": {"items": []}}, "no storage class is the default one (there is none)"),
    "no default": ({"storageclasses": {"items": [{"metadata": {"name": "slow"}}]}}, "is the default one (slow)"),
    "its own issuer": ({"/.well-known/openid-configuration": {"issuer": "https://kubernetes.default.svc"}},
        "issued by https://kubernetes.default.svc; expected https://westeurope"),
    "no custom locations": ({"secrets": release({})}, f"custom locations are not enabled for {OID}"),
    "another object id": ({"secrets": release({"enabled": True, "oid": "other"})}, f"--custom-locations-oid {OID}"),
    "no release": ({"secrets": {"items": []}}, "custom locations are not enabled"),
    "another AIO": ({"namespace": {"metadata": {}}, "pods": {"items": [{}, {}]}}, "another Azure IoT Operations has 2"),
}  # fmt: skip


@pytest.mark.parametrize("what", LACKS)
def test_what_it_lacks_is_said_with_what_to_do(run: Run, what: str) -> None:
    changed, text = LACKS[what]
    ended = run({**sound(), **changed})
    assert (ended.returncode, ended.stdout) == (1, "")
    findings = [line for line in ended.stderr.splitlines() if line.startswith("- ")]
    assert len(findings) == 1 and text in findings[0] and "Next:" in findings[0]
    assert ended.stderr.splitlines()[-1].startswith("ERROR: cluster mill-1 cannot take Azure IoT Operations")


def test_all_that_it_lacks_is_said_at_once(run: Run) -> None:
    ended = run({**sound(), **LACKS["too old"][0], **LACKS["Arm"][0], **LACKS["no default"][0]})
    assert len([line for line in ended.stderr.splitlines() if line.startswith("- ")]) == 3


def test_the_stacks_own_namespace_is_no_other_instance(run: Run) -> None:
    own = {"metadata": {"labels": {"edge-stamps/object-set": "cluster"}}}
    assert run({**sound(), "namespace": own, "pods": {"items": [{}]}}).returncode == 0


def test_a_right_that_lacks_is_told_as_such(run: Run) -> None:
    answers = sound()
    del answers["secrets"]
    ended = run(answers)
    assert ended.returncode == 1 and "secrets is forbidden" in ended.stderr and "cluster-admin" in ended.stderr
