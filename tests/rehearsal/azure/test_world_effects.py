"""What Azure does beside what it is told: cascades, soft delete, peering states, connected clusters, new GUIDs."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

from rehearsal.azure.world import Surroundings, World
from tests.arm.examples import CLUSTER, GROUP, SUBSCRIPTION
from tests.rehearsal.azure.samples import ROLE_GUID, SITE, Azure, arm_id, inputs_of, refusal, shape

DAY = 24 * 60 * 60


def test_a_resource_group_takes_everything_with_it() -> None:
    azure = Azure()
    azure.deploy_until("dataflow")
    azure.delete("group")
    assert azure.world.entries() == []


def test_a_parent_takes_its_children_and_nothing_else() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("vnet")
    assert [entry.name for entry in azure.world.children(GROUP)] == ["vnet-b", "to-enterprise"]
    assert azure.find("peering") is None


def test_children_are_those_in_the_path() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b", "peering")
    assert [entry.name for entry in azure.world.children(arm_id("vnet"))] == ["to-enterprise"]


def test_two_halves_of_a_peering_are_connected_and_one_is_initiated() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b")
    assert azure.put("peering").outputs["peeringState"] == "Initiated"
    assert azure.put("peering-b").outputs["peeringState"] == "Connected"
    azure.put("nsg")
    azure.delete("nsg")
    assert azure.entry("peering").outputs["peeringState"] == "Connected"


def test_a_peering_is_disconnected_when_the_other_network_goes_and_starts_anew_when_updated() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("vnet")
    azure.put("vnet")
    assert azure.entry("peering-b").outputs["peeringState"] == "Disconnected"
    azure.put("peering-b", update=True)
    assert azure.put("peering").outputs["peeringState"] == "Connected"


def test_a_peering_from_a_third_network_is_no_other_half() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b")
    azure.put("vnet", virtualNetworkName="vnet-c", addressSpace={"addressPrefixes": ["10.3.0.0/16"]})
    azure.put("peering-b", virtualNetworkName="vnet-c")
    assert azure.put("peering").outputs["peeringState"] == "Initiated"


def test_a_half_is_disconnected_when_the_other_half_goes() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("peering")
    assert azure.entry("peering-b").outputs["peeringState"] == "Disconnected"


def test_a_single_half_is_disconnected_when_the_other_network_goes() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "vnet-b", "peering")
    azure.delete("vnet-b")
    assert azure.entry("peering").outputs["peeringState"] == "Disconnected"


def test_a_deleted_vault_comes_back_with_its_secrets() -> None:
    azure = Azure()
    azure.deploy("group", "vault", "secret")
    azure.delete("vault")
    assert azure.find("secret") is None
    azure.put("vault", properties__createMode="recover")
    assert azure.entry("secret").inputs == inputs_of("secret")


def test_a_deleted_vault_is_purged_by_command_or_by_time() -> None:
    azure = Azure()
    azure.deploy("group", "vault")
    azure.delete("vault")
    azure.world.purge(arm_id("vault"))
    azure.put("vault")
    azure.delete("group")
    azure.put("group")
    azure.clock.advance(7 * DAY)
    assert azure.put("vault").state == "Succeeded"


def test_a_protected_vault_is_not_purged_even_if_a_later_body_leaves_protection_out() -> None:
    azure = Azure()
    azure.put("group")
    azure.put("vault", properties__enablePurgeProtection=True)
    azure.put("vault", update=True)
    azure.delete("vault")
    assert refusal(azure.world.purge, arm_id("vault")) == "MethodNotAllowed"


def test_a_secret_of_a_protected_vault_is_not_purged() -> None:
    azure = Azure(deployer_has_data_rights=True)
    azure.put("group")
    azure.put("vault", properties__enablePurgeProtection=True)
    azure.put("secret")
    azure.world.delete_secret_as_data(arm_id("secret"))
    assert refusal(azure.world.purge, arm_id("secret")) == "MethodNotAllowed"


def test_only_data_rights_delete_a_secret() -> None:
    azure = Azure()
    azure.deploy("group", "vault", "secret")
    assert refusal(azure.world.delete_secret_as_data, arm_id("secret")) == "ForbiddenByRbac"
    assert azure.find("secret")


def test_a_purged_secret_frees_its_name() -> None:
    azure = Azure(deployer_has_data_rights=True)
    azure.deploy("group", "vault", "secret")
    azure.world.delete_secret_as_data(arm_id("secret"))
    azure.world.purge(arm_id("secret"))
    assert azure.put("secret").state == "Succeeded"


def test_connect_arc_makes_the_connected_cluster() -> None:
    azure = Azure()
    azure.deploy_until("vm")
    assert refusal(azure.world.get, CLUSTER) == "ResourceNotFound"
    azure.put("connect")
    issuer = azure.world.get(CLUSTER).outputs["oidcIssuerProfile"]["issuerUrl"]
    assert issuer.startswith("https://eastus2.oic.prod-arc.azure.com/")


def test_connect_arc_leaves_its_own_cluster_alone() -> None:
    azure = Azure()
    azure.deploy_until("aio-extension")
    before = azure.world.get(CLUSTER)
    azure.put("connect", update=True)
    assert azure.world.get(CLUSTER) == before
    assert azure.find("aio-extension")


def test_connect_arc_replaces_the_cluster_of_an_earlier_vm() -> None:
    azure = Azure()
    azure.deploy_until("aio-extension")
    before = azure.world.get(CLUSTER)
    azure.delete("vm")
    azure.deploy("vm", "connect")
    issuers = [entry.outputs["oidcIssuerProfile"]["issuerUrl"] for entry in (before, azure.world.get(CLUSTER))]
    assert issuers[0] != issuers[1]
    assert azure.find("aio-extension") is None


def test_connect_arc_fails_when_the_earlier_cluster_is_in_use() -> None:
    azure = Azure()
    azure.deploy_until("location")
    azure.delete("vm")
    azure.put("vm")
    assert refusal(azure.put, "connect") == "VMExtensionProvisioningError"
    assert azure.entry("connect").state == "Failed"
    assert azure.find("location")


def test_extensions_are_deleted_by_force_without_their_node_and_then_the_connected_cluster() -> None:
    azure = Azure()
    azure.deploy_until("instance")
    azure.delete("vm")
    extensions = [arm_id("aio-extension"), arm_id("secret-store")]
    assert {refusal(azure.world.delete, one) for one in extensions} == {"ExtensionInUse"}
    assert refusal(azure.world.delete, CLUSTER) == "ConnectedClusterInUse"
    assert refusal(azure.world.delete, arm_id("instance"), force=True) == "ClusterUnreachable"

    for one in extensions:
        azure.world.delete(one, force=True)
    azure.world.delete(CLUSTER)

    for name in ("instance", "secret-sync", "provider-class", "location"):  # nobody is left that would have to answer
        azure.delete(name)


def test_an_extension_without_a_custom_location_is_not_removed_from_a_node_that_is_stopped() -> None:
    azure = Azure()
    azure.deploy_until("aio-extension")
    azure.world.set_power(arm_id("vm"), running=False)
    assert refusal(azure.delete, "aio-extension") == "ClusterUnreachable"
    azure.world.delete(arm_id("aio-extension"), force=True)


def test_a_connected_cluster_is_offline_while_its_node_does_not_run() -> None:
    azure = Azure()
    azure.deploy_until("connect")

    def says() -> object:
        return azure.world.get(CLUSTER).outputs["connectivityStatus"]

    seen = [says()]
    for running in (False, True):
        azure.world.set_power(arm_id("vm"), running=running)
        seen.append(says())
    azure.delete("vm")
    assert [*seen, says()] == ["Connected", "Offline", "Connected", "Offline"]


def test_what_is_made_again_has_other_guids_and_keeps_the_given_ones() -> None:
    azure = Azure()
    azure.deploy("group", "identity")
    before = azure.entry("identity").outputs
    azure.delete("identity")
    after = azure.put("identity").outputs
    assert {name for name in after if after[name] != before[name]} == {"principalId", "clientId"}


def test_a_vm_shows_the_identity_that_exists_now() -> None:
    azure = Azure()
    azure.deploy("group", "identity")
    azure.delete("identity")
    azure.deploy_until("vm")
    shown = azure.entry("vm").outputs["identity"]["userAssignedIdentities"][arm_id("identity")]
    assert shown["principalId"] == azure.entry("identity").outputs["principalId"]


def test_a_role_acts_after_its_spread_at_its_scope_and_below() -> None:
    azure = Azure()
    azure.deploy("group", "vnet", "role")

    def acts(scope: str) -> bool:
        return azure.world.is_effective(scope, ROLE_GUID, ROLE_GUID)

    azure.clock.advance(599)
    assert not acts(GROUP)
    azure.clock.advance(1)
    assert acts(GROUP)
    assert acts(arm_id("vnet"))
    assert not acts(GROUP + "-2")


def test_a_saved_world_is_the_same_when_loaded(tmp_path: Path) -> None:
    azure = Azure()
    azure.deploy_until("dataflow")
    azure.put("group", resourceGroupName="rg-2")
    azure.put("vault", resourceGroupName="rg-2", vaultName="kv-2")
    azure.delete("vault", resourceGroupName="rg-2", vaultName="kv-2")
    path = tmp_path / "world.json"
    azure.world.save(path)
    azure.world.save(path)

    other = World(Surroundings(SUBSCRIPTION), azure.clock)
    other.load(path)

    assert other.entries() == azure.world.entries()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert next(iter(json.loads(path.read_text())["entries"].values()))["token"] == SITE["group"][0]
    changes = {"resourceGroupName": "rg-2", "vaultName": "kv-2"}
    vault = arm_id("vault", **changes)
    assert refusal(other.put, shape("vault"), vault, inputs_of("vault", **changes)) == "ConflictError"


def test_what_a_caller_is_given_is_a_copy() -> None:
    azure = Azure()
    azure.put("group").outputs.clear()
    assert azure.entry("group").outputs["name"] == "rg"


def test_many_threads_lose_nothing() -> None:
    azure = Azure()
    azure.put("group")
    names = [f"id-{n}" for n in range(100)]
    threads = [threading.Thread(target=azure.put, args=("identity",), kwargs={"resourceName": name}) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.name for entry in azure.world.children(GROUP)) == sorted(names)
