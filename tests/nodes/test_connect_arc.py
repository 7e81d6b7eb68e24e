"""nodes/connect-arc.sh against stand-ins: what the node and Azure may hold already."""

from __future__ import annotations

import hashlib

import pytest

from tests.nodes.node_stand_in import Node

PARAMETERS = {
    "CLUSTER_NAME": "arc",
    "RESOURCE_GROUP": "rg",
    "SUBSCRIPTION_ID": "sub",
    "TENANT_ID": "TENANT",
    "LOCATION": "westeurope",
    "IDENTITY_CLIENT_ID": "client",
    "CUSTOM_LOCATIONS_OBJECT_ID": "custom-locations",
}
FACT = {
    "connected_cluster": "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Kubernetes/connectedClusters/arc",
    "oidc_issuer": "https://issuer.example/1",
}
MACHINE = hashlib.sha256(f"edge-stamps {'1' * 32}\n".encode()).hexdigest()[:32]
DROP_IN = "etc/rancher/k3s/config.yaml.d/20-edge-stamps-issuer.yaml"


def test_fresh_node(node: Node) -> None:
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    (connect,) = [call for call in node.calls if call.startswith("az connectedk8s connect")]
    for flag in (
        "--name arc --resource-group rg --location westeurope",
        "--distribution k3s --enable-oidc-issuer --enable-workload-identity",
        "--custom-locations-oid custom-locations --disable-auto-upgrade",
    ):
        assert flag in connect
    assert "az login --identity --client-id client --allow-no-subscriptions --output none" in node.calls
    # With a second feature beside it, az only warns when custom-locations could not be enabled.
    (enable,) = [call for call in node.calls if call.startswith("az connectedk8s enable-features")]
    assert "--features custom-locations --custom-locations-oid custom-locations " in enable
    assert node.called("az connectedk8s delete") == 0
    assert (node.root / DROP_IN).read_text().splitlines() == [
        "kube-apiserver-arg+:",
        "  - service-account-issuer=https://issuer.example/1",
        "  - service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "  - service-account-max-token-expiration=24h",
    ]
    assert (node.root / DROP_IN).stat().st_mode & 0o777 == 0o600
    assert node.called("systemctl restart k3s") == 1


def test_second_run_connects_and_restarts_nothing(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    node.put(calls="")
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    for call in ("az connectedk8s connect", "az connectedk8s delete", "az connectedk8s enable-features", "systemctl"):
        assert node.called(call) == 0, call


def test_names_are_compared_without_case(node: Node) -> None:
    node.put(resource="", agents="SUB/RG/Arc")
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    assert node.called("az connectedk8s connect") == 0


def test_release_of_another_name_is_an_error(node: Node) -> None:
    node.put(resource="", agents="sub/rg/other")
    error = node.run("connect-arc", PARAMETERS).error
    assert "already connected to Arc as sub/rg/other" in error and "sub/rg/arc" in error and "Next:" in error
    assert node.called("az connectedk8s connect") == node.called("az connectedk8s delete") == 0


def test_stale_resource_of_a_rebuilt_node_is_deleted_first(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    (node.state / "agents").unlink()
    (node.root / "etc/machine-id").write_text("2" * 32 + "\n")
    node.put(calls="")
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    order = [
        call.split()[2] for call in node.calls if call.startswith(("az connectedk8s delete", "az connectedk8s con"))
    ]
    assert order == ["delete", "connect"]
    (delete,) = [call for call in node.calls if call.startswith("az connectedk8s delete")]
    assert "--name arc --resource-group rg" in delete and "--yes" in delete


@pytest.mark.parametrize("tag", ["", "team=a\n", f"edge_stamps_machine={MACHINE}\n", "edge_stamps_machine=\n"])
def test_a_resource_that_is_not_shown_to_be_an_earlier_machines_is_left_alone(node: Node, tag: str) -> None:
    """An empty K3s says nothing: whoever has taken the agents out by mistake still has AIO, and its data."""
    node.put(resource=tag)
    error = node.run("connect-arc", PARAMETERS).error
    assert "connected cluster arc exists" in error and MACHINE in error and "Next: find out what it stands" in error
    assert node.called("az connectedk8s delete") == node.called("az connectedk8s connect") == 0
    assert (node.state / "resource").read_text() == tag


def test_a_connection_that_was_cut_off_is_begun_anew(node: Node) -> None:
    node.put(**{"agents-fail": ""})
    assert "az connectedk8s connect failed" in node.run("connect-arc", PARAMETERS).error
    (node.state / "agents-fail").unlink()
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    assert node.called("az connectedk8s delete") == 1
    (node.state / "agents").unlink()  # by somebody, later: now it stood for a cluster
    assert "is left alone" in node.run("connect-arc", PARAMETERS).error


def test_release_without_resource_is_connected_again(node: Node) -> None:
    node.put(agents="sub/rg/arc")
    assert node.run("connect-arc", PARAMETERS).fact == FACT
    assert node.called("az connectedk8s connect") == 1
    assert node.called("az connectedk8s delete") == 0


def test_empty_issuer_fails(node: Node) -> None:
    node.put(issuer="")
    error = node.run("connect-arc", PARAMETERS).error
    assert "OIDC issuer" in error and "--enable-oidc-issuer" in error
    assert node.has_waited(300)
    assert not (node.root / DROP_IN).exists() and node.called("systemctl") == 0


def test_another_issuer_restarts_k3s(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    node.put(issuer="https://issuer.example/2")
    assert node.run("connect-arc", PARAMETERS).fact["oidc_issuer"] == "https://issuer.example/2"
    assert node.called("systemctl restart k3s") == 2


def test_issuer_that_k3s_does_not_use_fails(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    node.put(**{"signs-as": "https://someone.else"})
    assert "last seen: https://someone.else" in node.run("connect-arc", PARAMETERS).error


def test_disconnected_agents_fail(node: Node) -> None:
    node.put(connectivity="Expired")
    error = node.run("connect-arc", PARAMETERS).error
    assert "last seen: Expired" in error and "az connectedk8s delete" in error


def test_agents_that_do_not_come_up_fail(node: Node) -> None:
    node.put(**{"not-ready": ""})
    assert "deployments in azure-arc Available" in node.run("connect-arc", PARAMETERS).error


def test_other_tenant_is_an_error(node: Node) -> None:
    node.put(tenant="elsewhere")
    assert "belongs to tenant elsewhere" in node.run("connect-arc", PARAMETERS).error
    assert node.called("az connectedk8s") == 0


def test_login_is_tried_for_longer_than_a_role_takes_to_spread(node: Node) -> None:
    node.put(**{"fail-az": "ERROR: Identity not found\n"})
    assert "ERROR: Identity not found" in node.run("connect-arc", PARAMETERS).error
    assert node.has_waited(780)
    assert node.called("az login") > 5


def test_custom_locations_feature_is_enabled_again_for_another_object_id(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    node.run("connect-arc", {**PARAMETERS, "CUSTOM_LOCATIONS_OBJECT_ID": "corrected"})
    enabled = [call for call in node.calls if call.startswith("az connectedk8s enable-features")]
    assert ["custom-locations-oid corrected" in call for call in enabled] == [False, True]


def test_a_machine_without_an_identity_of_the_stack_signs_in_as_itself(node: Node) -> None:
    node.run("connect-arc", {name: value for name, value in PARAMETERS.items() if name != "IDENTITY_CLIENT_ID"})
    (login,) = [call for call in node.calls if call.startswith("az login")]
    assert "--identity" in login and "--client-id" not in login
