"""nodes/settle-dataflows.sh against a kubectl that knows one endpoint and its dataflows' pods."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.nodes.node_stand_in import Node

EARLIER, CHANGED, LATER = "2026-11-28T10:00:00Z", "2026-11-28T10:05:00Z", "2026-11-28T10:06:00Z"
PARAMETERS = {
    "ENDPOINT": "mqtt-enterprise",
    "SECRET": "client-secret-enterprise-g2",
    "TRUST": "server-ca-enterprise-g1",
    "PROFILE": "default",
    "NAMESPACE": "azure-iot-operations",
    "WAIT_SECONDS": "900",
}
_KUBECTL = f"""#!{sys.executable} -SE
import json, sys
from pathlib import Path

state = Path(sys.argv[0]).resolve().parent.parent / "state"
words = sys.argv[4:]  # --request-timeout, --namespace and its value come first
with open(state / "calls", "a") as calls:
    print("kubectl", *words, file=calls)
file = state / "dataflows.json"
found = json.loads(file.read_text())
if words[:2] == ["get", "dataflowendpoints.connectivity.iotoperations.azure.com"]:
    if found["not_yet"]:
        found["not_yet"] -= 1
        found["endpoint"]["spec"]["mqttSettings"]["authentication"]["x509CertificateSettings"]["secretRef"] = "old"
        file.write_text(json.dumps({{**json.loads(file.read_text()), "not_yet": found["not_yet"]}}))
    print(json.dumps(found["endpoint"]))
elif words[:2] == ["get", "pods"]:
    print(json.dumps({{"items": found["pods"]}}))
elif words[:2] == ["delete", "pods"]:
    for pod in found["pods"]:
        if pod["metadata"]["name"] in words:
            pod["metadata"]["creationTimestamp"] = "{LATER}"
    file.write_text(json.dumps(found))
else:
    sys.exit("unknown: " + " ".join(words))
"""


def pod(name: str, born: str, *, ready: bool = True) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {"metadata": {"name": name, "creationTimestamp": born}, "status": {"conditions": conditions}}


def prepare(node: Node, *pods: dict[str, Any], not_yet: int = 0, **names: str) -> None:
    settings = {
        "authentication": {"x509CertificateSettings": {"secretRef": names.get("secret", PARAMETERS["SECRET"])}},
        "tls": {"trustedCaCertificateConfigMapRef": names.get("trust", PARAMETERS["TRUST"])},
    }
    fields = [{"time": CHANGED}, {"time": EARLIER}, {"time": LATER, "subresource": "status"}]
    endpoint = {"metadata": {"managedFields": fields}, "spec": {"mqttSettings": settings}}
    others = [pod("aio-dataflow-operator-0", EARLIER), pod("aio-broker-frontend-0", EARLIER, ready=False)]
    node.put(**{"dataflows.json": json.dumps({"endpoint": endpoint, "pods": [*others, *pods], "not_yet": not_yet})})
    node.put_tool("kubectl", _KUBECTL)


def deletions(node: Node) -> list[str]:
    return [line for line in node.calls if "delete" in line]


def test_dataflows_that_have_started_since_are_left_alone(node: Node) -> None:
    prepare(node, pod("aio-dataflow-default-0", CHANGED), pod("aio-dataflow-default-1", LATER))
    run = node.run("settle-dataflows", PARAMETERS)
    assert run.fact == {"settled": ["aio-dataflow-default-0", "aio-dataflow-default-1"]}
    assert deletions(node) == []


def test_the_endpoint_is_waited_for_and_nothing_is_restarted_before_it(node: Node) -> None:
    prepare(node, pod("aio-dataflow-default-0", LATER), not_yet=3)
    assert node.run("settle-dataflows", PARAMETERS).fact["settled"]
    assert deletions(node) == []


def test_a_dataflow_that_goes_on_with_what_it_had_is_restarted_and_no_other_pod_is(node: Node) -> None:
    prepare(node, pod("aio-dataflow-default-0", EARLIER), pod("aio-dataflow-default-1", LATER))
    assert node.run("settle-dataflows", PARAMETERS).fact["settled"]
    assert deletions(node) == ["kubectl delete pods aio-dataflow-default-0 --wait=false"]


def test_a_profile_whose_name_goes_on_is_another_one(node: Node) -> None:
    others = [pod(f"aio-dataflow-{name}-0", EARLIER, ready=False) for name in ("default-foo", "default-0", "defaults")]
    prepare(node, pod("aio-dataflow-default-10", LATER), *others)
    assert node.run("settle-dataflows", PARAMETERS).fact == {"settled": ["aio-dataflow-default-10"]}
    assert deletions(node) == []


@pytest.mark.parametrize(
    ("pods", "names", "said"),
    [
        ([pod("aio-dataflow-default-0", LATER, ready=False)], {}, "not Ready: aio-dataflow-default-0"),
        ([], {}, "no pod aio-dataflow-default-*"),
        (
            [pod("aio-dataflow-default-0", LATER)],
            {"secret": "client-secret-enterprise-g1"},
            "still names client-",
        ),
        ([pod("aio-dataflow-default-0", LATER)], {"trust": "server-ca-enterprise-g7"}, "still names server-ca"),
    ],
)
def test_what_never_comes_fails_with_what_was_seen(
    node: Node, pods: list[dict[str, Any]], names: dict[str, str], said: str
) -> None:
    prepare(node, *pods, not_yet=0, **names)
    error = node.run("settle-dataflows", PARAMETERS).error
    assert said in error
    assert "the old keys stay valid" in error
    assert deletions(node) == []
