"""What a change of the stack `dev` does, and what it leaves alone."""

from __future__ import annotations

import pytest

from graph.urns import name_of
from tests.engine.conftest import Deployment
from tests.engine.left_open import IGNORED, loops_left_open  # noqa: F401 the fixture is used in every test

pytestmark = IGNORED

ON_THE_NODE_OF_SITE = {
    *("site-node", "site-setup-k3s", "site-connect-arc", "site-apply-objects", "site-await-secrets"),
    "site-probe-links",
    *("site-cert-manager-extension", "site-secret-store-extension", "site-aio-extension", "site-custom-location"),
    *(
        "site-default-secret-provider-class",
        "site-client-secret-enterprise-g1-provider-class",
        "site-client-secret-enterprise-g1",
    ),
    *("site-aio-instance", "site-broker", "site-default-listener", "site-default-authentication"),
    *("site-registry-endpoint", "site-opcua-connector-template"),
    *("site-dataflow-profile", "site-local-endpoint", "site-to-enterprise-endpoint", "site-to-enterprise-input"),
    *("site-admins-arc-viewer-role", "site-admins-arc-cluster-user-role", "site-aio-schema-registry-role"),
}
"""The VM of the cluster `site`, and everything that lives on it or below its connected cluster."""
WITH_A_NEW_ISSUER = {"site-aio-credential", "site-secret-sync-credential"}
"""A cluster that is connected anew has another OIDC issuer."""


def test_one_character_of_a_node_script_updates_it_in_place_on_both_clusters(deployed: Deployment) -> None:
    script = deployed.stack.project / "nodes" / "setup-k3s.sh"
    script.write_text(script.read_text() + "#")

    preview, result = deployed.stack.preview(), deployed.stack.up()
    assert {name_of(urn): operation for urn, operation in result.changes.items()} == {
        "site-setup-k3s": "update",
        "enterprise-setup-k3s": "update",
    }
    assert preview.changes == result.changes


def test_changed_tags_update_and_replace_nothing(deployed: Deployment) -> None:
    deployed.stack.settings = deployed.stack.settings | {"tags": {"costCenter": "4711"}}

    result = deployed.stack.up()
    assert set(result.changes.values()) == {"update"}
    assert {"site-resource-group", "enterprise-resource-group", "site-node"} <= result.names("update")
    assert deployed.stack.preview().changes == {}


@pytest.mark.xfail(
    reason="an updated identity's or account's outputs are unknown at preview, so what cannot change shows as replaced",
    raises=AssertionError,
    strict=True,
)
def test_the_preview_of_changed_tags_does_not_announce_a_replacement(deployed: Deployment) -> None:
    deployed.stack.settings = deployed.stack.settings | {"tags": {"costCenter": "4711"}}
    assert deployed.stack.preview().names("replace") == set()


def test_an_added_cluster_with_its_link_comes_and_goes_alone(deployed: Deployment) -> None:
    """The broker's authentication, authorization and firewall name the link's client, so they are updated."""
    before, azure_before = deployed.stack.settings, deployed.azure.ids()
    touched = {"enterprise-network-security-group", "enterprise-link-authentication", "enterprise-link-authorization"}
    deployed.stack.settings = before | {
        "clusters": before["clusters"] | {"plant": {"code": "p", "address_space": "10.3.0.0/16"}},
        "links": [*before["links"], {"from": "plant", "to": "enterprise"}],
    }

    added = deployed.stack.up()
    assert added.names("update") == touched
    assert all("plant" in name for name in added.names("create"))
    assert added.names("delete") == added.names("replace") == set()

    deployed.stack.settings = before
    removed = deployed.stack.up()
    assert removed.names("update") == touched
    assert removed.names("delete") == added.names("create")
    assert removed.names("create") == removed.names("replace") == set()
    assert deployed.azure.ids() == azure_before


def test_another_port_of_a_broker_updates_the_listener_and_what_leads_to_it(deployed: Deployment) -> None:
    settings = deployed.stack.settings
    settings["clusters"]["enterprise"]["listener"] = {"port": 28884}
    deployed.stack.settings = settings

    preview, result = deployed.stack.preview(), deployed.stack.up()
    ends = ("enterprise-link-listener", "enterprise-network-security-group", "site-to-enterprise-endpoint")
    assert {name_of(urn): change for urn, change in result.changes.items()} == dict.fromkeys(
        (*ends, "site-probe-links"), "update"
    )
    assert preview.changes == result.changes
    assert result.outputs["broker_endpoints"]["enterprise"]["url"] == "mqtts://10.2.1.10:28884"


def test_a_link_comes_and_goes_alone_leaves_its_keys_in_the_vault_and_can_come_back(deployed: Deployment) -> None:
    """Vault secrets are kept: deleting one takes rights on the vault's data, which a deployer should not have."""
    cluster = {"plant": {"code": "p", "address_space": "10.3.0.0/16"}}
    settings = deployed.stack.settings
    without = settings | {"clusters": settings["clusters"] | cluster}
    deployed.stack.settings = without
    deployed.stack.up()
    before = deployed.azure.ids()

    deployed.stack.settings = without | {"links": [*without["links"], {"from": "plant", "to": "enterprise"}]}
    added = deployed.stack.up()
    assert added.names("delete") == added.names("replace") == set()
    assert all("plant" in name for name in added.names("create"))
    assert not any(name.startswith("site") for name in added.names("update"))
    assert {"plant-to-enterprise-input", "plant-to-enterprise-endpoint"} <= added.names("create")

    deployed.stack.settings = without
    removed = deployed.stack.up()
    assert removed.names("delete") == added.names("create")
    assert removed.names("update") == added.names("update")
    left = deployed.azure.ids() - before
    assert left
    assert {arm_id.split("/")[-2] for arm_id in left} == {"secrets"}
    assert before <= deployed.azure.ids()
    assert deployed.stack.preview().changes == {}

    link = {"from": "plant", "to": "enterprise"}
    azure = deployed.azure.ids()
    deployed.stack.settings = without | {"links": [*without["links"], link]}
    refused = deployed.stack.up(may_fail=True)
    assert "was taken away with 1, and every copy of an old key" in str(refused.failures)
    assert refused.changes == {}
    assert deployed.azure.ids() == azure

    deployed.stack.settings = without | {"links": [*without["links"], link | {"generation": 2}]}
    with deployed.stack.deployer(sleep=lambda _: None) as deployer:
        back = deployer.up()
    assert back.ok, back.failures
    assert {name_of(urn) for urn in back.changes} == {name_of(urn).replace("-g1", "-g2") for urn in added.changes}
    assert deployed.stack.preview().changes == {}


def test_a_generation_that_was_lowered_is_refused_before_anything_changes(deployed: Deployment) -> None:
    before = deployed.stack.settings
    (link,) = before["links"]
    higher = deployed.stack.settings | {"links": [link | {"generation": 3}], "pki": {"generation": 2}}
    higher["clusters"]["enterprise"]["listener"]["generation"] = 4
    deployed.stack.settings = higher
    deployed.stack.up()
    azure = deployed.azure.ids()

    deployed.stack.settings = before
    for refused in (deployed.stack.run("preview", may_fail=True), deployed.stack.up(may_fail=True)):
        told = str(refused.failures)
        for where, least in (("links[0]", 3), ("clusters.enterprise.listener", 4), ("pki", 2)):
            assert f"{where}.generation" in told
            assert f"expected: {least} or more" in told
        assert refused.changes == {}
    assert deployed.azure.ids() == azure

    deployed.stack.settings = higher
    with deployed.stack.deployer() as deployer:
        assert deployer.up().ok
    assert deployed.stack.preview().changes == {}


def test_a_generation_counts_from_the_deployment_that_has_begun_with_it(deployed: Deployment) -> None:
    """Also where it has failed: some of its keys may be on their way."""
    before = deployed.stack.settings
    (link,) = before["links"]
    raised = before | {"links": [link | {"generation": 2}]}
    deployed.stack.settings = raised
    deployed.azure.order("*site-to-enterprise-client-leaf-key-g2", "bad-request")
    with deployed.stack.deployer() as deployer:
        assert not deployer.up().ok

    deployed.stack.settings = before
    with deployed.stack.deployer() as deployer:
        assert "2 or more" in str(deployer.up().failures)
    deployed.stack.settings = raised
    with deployed.stack.deployer() as deployer:
        result = deployer.up()
    assert result.ok, result.failures
    assert deployed.stack.preview().changes == {}


def test_a_rotation_that_failed_has_taken_nothing_away_and_goes_on(deployed: Deployment) -> None:
    """The engine goes on after an error: what deletes old keys in the same run leaves a state that it does not read."""
    (link,) = deployed.stack.settings["links"]
    deployed.stack.settings = deployed.stack.settings | {"links": [link | {"generation": 2}]}
    deployed.azure.order("*site-to-enterprise-client-leaf-key-g2", "bad-request")
    failed = deployed.stack.up(may_fail=True)
    assert failed.failures
    assert failed.names("delete") == set()
    assert deployed.stack.preview().names("delete") == set()
    with deployed.stack.deployer() as deployer:
        result = deployer.up()
    assert result.ok, result.failures
    assert deployed.stack.preview().changes == {}


def test_a_rotation_adds_and_switches_in_one_run_and_takes_away_in_the_next(deployed: Deployment) -> None:
    settings = deployed.stack.settings
    settings["clusters"]["enterprise"]["listener"] = {"generation": 2}
    deployed.stack.settings = settings | {"links": [settings["links"][0] | {"generation": 2}]}

    added = deployed.stack.up()
    assert added.names("delete") == added.names("replace") == set()
    assert added.outputs["generations"]["links"]["site-to-enterprise"]["live"] == [1, 2]
    assert added.outputs["generations"]["brokers"]["enterprise"]["live"] == [1, 2]
    assert {"site-prove-site-to-enterprise-g2-g2", "site-settle-site-to-enterprise-g2-g2"} <= added.names("create")
    assert {"enterprise-link-listener", "site-to-enterprise-endpoint"} <= added.names("update")

    retired = deployed.stack.up()
    assert retired.names("create") == retired.names("replace") == set()
    assert {"site-client-secret-enterprise-g1", "enterprise-broker-tls-cert-g1"} <= retired.names("delete")
    assert not {"enterprise-link-listener", "site-to-enterprise-endpoint"} & retired.names("update")
    assert retired.outputs["generations"]["links"]["site-to-enterprise"]["live"] == [2]
    assert deployed.stack.preview().changes == {}


def test_up_goes_on_with_new_authorities_until_nothing_old_is_trusted(deployed: Deployment) -> None:
    deployed.stack.settings = deployed.stack.settings | {"pki": {"generation": 2}}
    with deployed.stack.deployer() as deployer:
        result = deployer.up()
    assert result.ok, result.failures
    assert result.runs == 3
    assert result.outputs["generations"]["authorities"]["live"] == [2]
    assert deployed.stack.preview().changes == {}


def test_a_vm_replaced_on_demand_takes_everything_on_its_cluster_and_nothing_of_the_other(
    deployed: Deployment,
) -> None:
    result = deployed.stack.up(replace=[deployed.urn("site-node")])
    assert result.names("replace") == ON_THE_NODE_OF_SITE
    assert result.names("update") == WITH_A_NEW_ISSUER
    assert result.names("create") == result.names("delete") == set()
    assert deployed.stack.preview().changes == {}


@pytest.mark.only("offline", reason="it is about Azure and the node, whichever engine replaces it")
def test_without_custom_roles_a_new_node_says_that_its_predecessor_s_cluster_is_to_be_deleted(
    alone: Deployment,
) -> None:
    alone.stack.settings = alone.stack.settings | {"custom_roles": False}
    alone.stack.up()
    refused = alone.stack.up(replace=[alone.urn("site-node")], may_fail=True)
    assert {name_of(urn) for urn in refused.failures} == {"site-connect-arc"}
    assert "could not be deleted" in "".join(refused.failures.values())

    alone.azure.delete_behind_the_stack("/connectedClusters/arck-myorga-dev-001")
    with alone.stack.deployer() as deployer:
        again = deployer.up()
    assert again.ok, [one.message for one in again.failures]
    assert alone.stack.preview().changes == {}


def test_what_somebody_deleted_is_missed_by_a_refresh_and_created_anew(deployed: Deployment) -> None:
    urn = deployed.urn("enterprise-link-listener")
    deployed.azure.delete_behind_the_stack("/listeners/default-loadbalancer")
    assert deployed.stack.preview().changes == {}, "a preview without refresh trusts the state"

    assert deployed.stack.refresh().changes[urn] == "delete"
    assert deployed.stack.up().changes[urn] == "create"
    assert urn not in deployed.stack.refresh().changes
