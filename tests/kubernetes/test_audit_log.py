"""The audit policy that setup-k3s.sh writes, in a real API server: what is logged, and that no content is."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import ADMIN, Cluster
from tests.kubernetes.setup_k3s import AUDIT_LOG

CONTENT = "what nobody may read in a log"
IN_NAMESPACE = ("--namespace", AIO_NAMESPACE)


@pytest.fixture
def logged(cluster: Cluster) -> str:
    """The audit log, after somebody has worked with a Secret, a token, a pod that is not there, and a lease."""
    secret = {"metadata": {"name": "audited", "namespace": AIO_NAMESPACE}, "stringData": {"key": CONTENT}}
    cluster.apply({"apiVersion": "v1", "kind": "Secret", **secret})
    cluster.kubectl(*IN_NAMESPACE, "patch", "secret", "audited", "--patch", json.dumps({"stringData": {"b": CONTENT}}))
    cluster.kubectl(*IN_NAMESPACE, "get", "secret", "audited", "--output", "json")
    cluster.kubectl(*IN_NAMESPACE, "create", "serviceaccount", "audited")
    cluster.kubectl(*IN_NAMESPACE, "create", "token", "audited")
    cluster.kubectl(*IN_NAMESPACE, "delete", "serviceaccount", "audited")
    cluster.kubectl(*IN_NAMESPACE, "delete", "pod", "audited", "--ignore-not-found")
    cluster.kubectl(*IN_NAMESPACE, "get", "leases,events")
    return (cluster.folder / AUDIT_LOG).read_text()


def events(text: str, resource: str) -> list[dict[str, Any]]:
    found = (json.loads(line) for line in text.splitlines())
    return [one for one in found if one.get("objectRef", {}).get("resource") == resource]


def test_who_worked_with_a_secret_is_logged_and_not_what_is_in_it(logged: str) -> None:
    own = [one for one in events(logged, "secrets") if one["objectRef"].get("name") == "audited"]
    assert {one["user"]["username"] for one in own} == {ADMIN}
    assert {one["verb"] for one in own} >= {"patch", "get"}
    assert CONTENT not in logged
    assert base64.b64encode(CONTENT.encode()).decode() not in logged


def test_no_token_is_logged(logged: str) -> None:
    created = [one for one in events(logged, "serviceaccounts") if one["objectRef"].get("subresource") == "token"]
    assert [one["verb"] for one in created][-1:] == ["create"]
    assert "eyJ" not in logged


def test_what_people_do_is_logged_and_leases_are_not(logged: str) -> None:
    assert "audited" in {one["objectRef"].get("name") for one in events(logged, "pods")}
    assert not events(logged, "leases")
    assert {one["level"] for one in map(json.loads, logged.splitlines())} == {"Metadata"}
