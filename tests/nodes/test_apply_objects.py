"""nodes/apply-objects.sh against stand-ins."""

from __future__ import annotations

import base64

import pytest

from tests.nodes.node_stand_in import Node, encoded

LABEL = "edge-stamps/object-set"


def item(kind: str, name: str, api_version: str) -> dict[str, object]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": {"kept": "yes"}}}


def bundle(name: str) -> dict[str, object]:
    return item("Bundle", name, "trust.cert-manager.io/v1alpha1")


def binding(name: str) -> dict[str, object]:
    return item("ClusterRoleBinding", name, "rbac.authorization.k8s.io/v1")


def parameters(*objects: object) -> dict[str, str]:
    return {"OBJECTS": encoded(list(objects)), "OBJECT_SET": "trust"}


@pytest.fixture
def served(node: Node) -> Node:
    """A node whose cert-manager extension is there."""
    node.put(**{"bundles-served": ""})
    return node


def test_objects_are_labelled_and_applied_namespaces_first(served: Node) -> None:
    run = served.run("apply-objects", parameters(bundle("ca"), binding("admins"), item("Namespace", "aio", "v1")))
    assert run.fact == {"applied": 3, "pruned": 0}
    assert list(served.cluster) == [
        "namespace/aio",
        "bundle.trust.cert-manager.io/ca",
        "clusterrolebinding.rbac.authorization.k8s.io/admins",
    ]
    for found in served.cluster.values():
        assert found["metadata"]["labels"] == {"kept": "yes", LABEL: "trust"}
    (apply,) = [call for call in served.calls if call.startswith("kubectl apply")]
    assert "--server-side --force-conflicts --field-manager=edge-stamps" in apply


def test_what_is_no_longer_listed_is_pruned(served: Node) -> None:
    served.run("apply-objects", parameters(binding("old"), binding("new")))
    assert served.run("apply-objects", parameters(binding("new"))).fact == {"applied": 1, "pruned": 1}
    assert list(served.cluster) == ["clusterrolebinding.rbac.authorization.k8s.io/new"]


def test_a_bundle_that_something_may_still_name_stays(served: Node) -> None:
    served.run("apply-objects", parameters(bundle("old"), bundle("new")))
    assert served.run("apply-objects", parameters(bundle("new"))).fact == {"applied": 1, "pruned": 0}
    assert sorted(served.cluster) == ["bundle.trust.cert-manager.io/new", "bundle.trust.cert-manager.io/old"]


def test_other_sets_and_other_kinds_are_not_pruned(served: Node) -> None:
    served.run("apply-objects", {**parameters(binding("theirs")), "OBJECT_SET": "other"})
    served.run("apply-objects", parameters(item("Namespace", "aio", "v1")))
    assert served.run("apply-objects", parameters()).fact == {"applied": 0, "pruned": 0}
    assert list(served.cluster) == ["clusterrolebinding.rbac.authorization.k8s.io/theirs", "namespace/aio"]


def test_empty_list_without_cert_manager(node: Node) -> None:
    assert node.run("apply-objects", parameters()).fact == {"applied": 0, "pruned": 0}
    assert node.called("kubectl apply") == 0


def test_empty_list_prunes_the_whole_set(served: Node) -> None:
    served.run("apply-objects", parameters(binding("admins")))
    assert served.run("apply-objects", parameters()).fact == {"applied": 0, "pruned": 1}
    assert served.cluster == {}


def test_second_run_changes_nothing(served: Node) -> None:
    served.run("apply-objects", parameters(bundle("ca")))
    before = served.cluster
    assert served.run("apply-objects", parameters(bundle("ca"))).fact == {"applied": 1, "pruned": 0}
    assert served.cluster == before and served.called("kubectl delete") == 0


def test_kind_that_is_never_served_ends_the_wait(node: Node) -> None:
    error = node.run("apply-objects", parameters(bundle("ca"))).error
    assert 'no matches for kind "Bundle"' in error and "cert-manager" in error
    assert node.has_waited(600)


@pytest.mark.parametrize(
    "refused",
    [
        'The Bundle "ca" is invalid: spec.sources: Invalid value: 0: should have at least 1 items',
        'error: error validating "x.json": error validating data: ValidationError(Bundle.spec): unknown field "x"',
        'Error from server (Forbidden): admission webhook "x" denied the request: a\nError from server (Forbidden): b',
    ],
    ids=["by the API server", "by kubectl", "two objects"],
)
def test_refused_objects_are_not_tried_again_and_told_in_one_line(node: Node, refused: str) -> None:
    node.put(**{"fail-kubectl": refused})
    error = node.run("apply-objects", parameters(bundle("ca"))).error
    assert f"the cluster refuses an object of set trust: {refused.replace(chr(10), ' ')}. Next:" in error
    assert node.clock == 0


def test_a_right_that_the_user_lacks_is_no_mistake_of_the_object(node: Node) -> None:
    refused = (
        'Error from server (Forbidden): bundles.trust.cert-manager.io "ca" is forbidden: User "stranger" cannot patch'
        ' resource "bundles" in API group "trust.cert-manager.io" at the cluster scope'
    )
    node.put(**{"fail-kubectl": refused})
    error = node.run("apply-objects", parameters(bundle("ca"))).error
    assert f"may not apply an object of set trust: {refused}. Expected: a user who may" in error
    assert "Next: give the user in the message that right on the cluster" in error
    assert "correct the object" not in error
    assert node.clock == 0


def test_bundle_that_is_not_synced_fails_with_its_reason(served: Node) -> None:
    served.put(**{"never-synced": ""})
    assert "ca: SourceNotFound: m" in served.run("apply-objects", parameters(bundle("ca"))).error
    assert served.has_waited(300)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ("!", "OBJECTS: "),
        (encoded({"kind": "Bundle"}), "not a list"),
        (encoded(["x"]), "OBJECTS: "),
        (encoded([{"kind": "Bundle", "metadata": {"name": "x"}}]), "item 0 has no apiVersion"),
        (encoded([item("Secret", "key", "v1")]), "item 0 is a Secret"),
        (base64.b64encode(b"[").decode(), "OBJECTS: "),
    ],
)
def test_unusable_list_is_refused_before_anything_is_applied(node: Node, objects: str, message: str) -> None:
    run = node.run("apply-objects", {"OBJECTS": objects, "OBJECT_SET": "trust"})
    assert "OBJECTS is not usable" in run.error
    assert message in run.stderr and "Traceback" not in run.stderr
    assert node.called("kubectl") == 0


def test_name_of_the_set_is_a_label_value(node: Node) -> None:
    assert "OBJECT_SET is 'a b'" in node.run("apply-objects", {**parameters(), "OBJECT_SET": "a b"}).error
