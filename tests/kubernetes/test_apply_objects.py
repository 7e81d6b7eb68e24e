"""nodes/apply-objects.sh on the real API server, where something is in its way."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.azure.faults import Fault
from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import STRANGER, Cluster
from tests.kubernetes.model import Modelled, change_objects, deploy, deployed
from tests.kubernetes.node import NOTHING, Node
from tests.kubernetes.table import NOT_MODELLED, Row
from tests.nodes.node_stand_in import encoded

SITE, COMMAND, BUNDLE = "site", "site-apply-objects", "server-ca-enterprise-g1"
Objects = list[dict[str, Any]]


def parameters(objects: Objects) -> dict[str, str]:
    return {**deployed("dev").parameters(COMMAND), "OBJECTS": encoded(objects)}


@pytest.fixture
def objects() -> Objects:
    """What the program sends, to change."""
    return copy.deepcopy(deployed("dev").objects(SITE))


def bundle_of(objects: Objects) -> dict[str, Any]:
    (bundle,) = (one for one in objects if one["kind"] == "Bundle")
    return bundle


def extra_binding(name: str) -> dict[str, Any]:
    admins = next(one for one in deployed("dev").objects(SITE) if one["kind"] == "ClusterRoleBinding")
    return {**admins, "metadata": {"name": name}}


@pytest.mark.row(real='"pruned": 1', model="succeeds")
def test_a_binding_that_is_no_longer_listed_is_deleted_and_a_bundle_or_a_foreign_binding_stays(
    node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    def add(given: Objects) -> None:
        former = copy.deepcopy(bundle_of(given))
        former["metadata"]["name"] = "former-ca"
        given += [extra_binding("edge-stamps-former"), former]

    former = copy.deepcopy(objects)
    add(former)
    modelled = deploy("dev", COMMAND, change_objects(add))
    cluster.apply(extra_binding("foreign"))
    try:
        node.run("apply-objects", parameters(former))
        assert "edge-stamps-former" in cluster.names("clusterrolebindings")
        assert names_of_config_maps(cluster) == {*modelled.views[SITE].config_maps} == {BUNDLE, "former-ca"}
        run, modelled = node.run("apply-objects", parameters(objects)), modelled.go_on()
        row.check(json.dumps(run.fact), modelled.says(SITE))
        assert {"foreign", "edge-stamps-admins"} <= {*cluster.names("clusterrolebindings")}
        assert "edge-stamps-former" not in cluster.names("clusterrolebindings")
        assert names_of_config_maps(cluster) == {BUNDLE, "former-ca"}
        assert BUNDLE in modelled.views[SITE].config_maps  # of the former one the model says nothing
    finally:
        cluster.kubectl("delete", "clusterrolebinding", "foreign")


def names_of_config_maps(cluster: Cluster) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.read("configmaps", AIO_NAMESPACE)}


@pytest.mark.row(real="succeeds", model=NOT_MODELLED)
def test_what_a_foreign_field_manager_holds_is_taken_over(
    node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    foreign = bundle_of(copy.deepcopy(objects))
    foreign["spec"]["target"]["configMap"]["key"] = "foreign.crt"
    cluster.apply(foreign, manager="somebody")
    run = node.run("apply-objects", parameters(objects))
    row.check_real_side("" if run.fact["applied"] == len(objects) else run.stderr)
    (found,) = cluster.read("bundles")
    owners = {one["manager"] for one in found["metadata"]["managedFields"] if "f:target" in str(one["fieldsV1"])}
    assert "edge-stamps" in owners
    assert found["spec"]["target"]["configMap"]["key"] == "ca.crt"
    (config_map,) = cluster.read("configmaps", AIO_NAMESPACE)
    assert config_map["data"] == dict(deployed("dev").views[SITE].config_maps[BUNDLE].data)


@pytest.mark.row(
    real='no matches for kind "Bundle" in version "trust.cert-manager.io/v1alpha1"',
    model='no matches for kind "Bundle" in version "trust.cert-manager.io/v1alpha1"',
)
def test_while_the_kind_is_not_served_the_script_waits_and_then_says_so(
    node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    cluster.stop_trust_manager()
    try:
        node.set_pace(20)
        error = node.run("apply-objects", parameters(objects)).error
        assert 600 <= node.waited < 1200
    finally:
        cluster.start_trust_manager()
    assert "check the cert-manager extension" in error
    without = deploy(
        "dev", "site-cert-manager-extension", lambda inputs: inputs.update(extensionType="microsoft.other")
    )
    row.check(error, without.says(SITE))
    assert node.run("apply-objects", parameters(objects)).fact["applied"] == len(objects)


@pytest.mark.row(real="succeeds", model=NOT_MODELLED)
def test_a_webhook_that_answers_late_is_waited_for(node: Node, cluster: Cluster, objects: Objects, row: Row) -> None:
    cluster.stop_trust_manager(leave_webhook=True)
    with node.running("apply-objects", parameters(objects)) as process:
        node.wait_until(lambda: node.waited > 0)
        assert "bundles" not in cluster.read_versions()
        cluster.start_trust_manager()
        stdout, stderr = process.communicate(timeout=60)
    row.check_real_side(stderr if process.returncode else "")
    assert json.loads(stdout)["applied"] == len(objects)


REFUSED: list[Any] = [
    pytest.param(
        lambda bundle: bundle["spec"].update(surplus=True),
        marks=pytest.mark.row(real='unknown field "surplus"', model=".spec.surplus: field not declared in schema"),
        id="unknown field",
    ),
    pytest.param(
        lambda bundle: bundle["spec"]["target"]["configMap"].pop("key"),
        marks=pytest.mark.row(real='missing required field "key"', model="CLUSTER-16"),
        id="no key",
    ),
    pytest.param(
        lambda bundle: bundle["spec"].update(sources=[]),
        marks=pytest.mark.row(real="should have at least 1 items", model="CLUSTER-17"),
        id="no source",
    ),
]


@pytest.mark.parametrize("change", REFUSED)
def test_an_object_that_is_refused_is_not_tried_again(
    change: Callable[[dict[str, Any]], object], node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    change(bundle_of(objects))
    node.set_pace(60)  # a script that waits all the same does not take long
    error = node.run("apply-objects", parameters(objects)).error
    assert "the cluster refuses an object of set cluster" in error
    assert node.waited == 0
    modelled = deploy("dev", COMMAND, change_objects(lambda given: change(bundle_of(given))))
    row.check(error, modelled.says(SITE))
    assert cluster.read("configmaps", AIO_NAMESPACE) == []


DELIVERED: list[Any] = [
    pytest.param(
        lambda bundle: bundle["spec"]["sources"][1].update(inLine="no PEM"),
        marks=pytest.mark.row(real="SourceNotFound", model="CLUSTER-17"),
        id="no certificate",
    ),
]


@pytest.mark.parametrize("change", DELIVERED)
def test_a_bundle_that_trust_manager_cannot_deliver_is_told_with_its_reason(
    change: Callable[[dict[str, Any]], object], node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    change(bundle_of(objects))
    node.set_pace(15)
    error = node.run("apply-objects", parameters(objects)).error
    assert "Bundles Synced: not so after 300 s" in error
    modelled = deploy("dev", COMMAND, change_objects(lambda given: change(bundle_of(given))))
    row.check(error, modelled.says(SITE))
    assert cluster.read("configmaps", AIO_NAMESPACE) == []


@pytest.mark.row(real="succeeds", model="CLUSTER-16")
def test_a_bundle_that_selects_another_namespace_makes_nothing(
    node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    def change(given: Objects) -> None:
        bundle_of(given)["spec"]["target"]["namespaceSelector"]["matchLabels"] = {"trust": "yes"}

    change(objects)
    run = node.run("apply-objects", parameters(objects))
    row.check("" if run.fact else run.stderr, deploy("dev", COMMAND, change_objects(change)).says(SITE))
    assert cluster.read("configmaps", AIO_NAMESPACE) == []


def fail_in_the_model() -> Modelled:
    """Return a deployment in which Azure says that this Run Command has failed."""
    return deploy("dev", fault=Fault(COMMAND, "create", "accepted-then-failed"))


@pytest.mark.row(real="Error from server (Forbidden)", model="apply-objects: is Failed")
def test_a_user_who_may_not_is_told_at_once(node: Node, cluster: Cluster, objects: Objects, row: Row) -> None:
    node.sign_in(STRANGER)
    error = node.run("apply-objects", parameters(objects)).error
    assert node.waited == 0
    assert "Next: give the user in the message that right on the cluster" in error
    assert cluster.read("bundles") == []
    row.check(error, fail_in_the_model().says(SITE))


@pytest.mark.row(real="was refused - did you specify the right host or port?", model="apply-objects: is Failed")
def test_an_api_server_that_is_gone_in_the_middle_ends_the_script_within_its_bound_and_the_next_run_goes_on(
    node: Node, cluster: Cluster, objects: Objects, row: Row
) -> None:
    node.set_pace(15)
    node.kill_after("apply", cluster.api_process)
    try:
        error = node.run("apply-objects", parameters(objects)).error
        assert 120 <= node.waited <= 300
    finally:
        cluster.restart_api()
    node.kill_after(NOTHING, 0)
    node.set_pace(1)  # trust-manager's time to come back is real
    assert node.run("apply-objects", parameters(objects)).fact == {"applied": len(objects), "pruned": 0}
    modelled = fail_in_the_model()
    row.check(error, modelled.says(SITE))
    assert modelled.go_on().says(SITE) == ""
