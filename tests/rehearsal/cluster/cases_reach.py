"""What has to hold before anything reaches a cluster."""

from __future__ import annotations

import copy
from dataclasses import replace

from arm import ids
from settings import well_known
from tests.rehearsal.cluster.cases import (
    CLIENT_CA_LOST,
    CLIENT_LOST,
    LISTENER_DOWN,
    SERVER_CA_LOST,
    SERVER_SYNC,
    breaks,
)
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench

SITE_VM, ENTERPRISE_VM = "vm-myorga-aio-dev-001-0", "vm-myorgb-aio-dev-001-0"
SITE_LOCATION, ENTERPRISE_LOCATION = "cl-arck-myorga-dev-001", "cl-arck-myorgb-dev-001"
ENTERPRISE_EXTENSION = f"{ENTERPRISE}/providers/Microsoft.KubernetesConfiguration/extensions"
OTHER_LISTENER = ("CLUSTER-04", ENTERPRISE, "BrokerListener default-loadbalancer")


@breaks("CLUSTER-01", SITE, f"connected cluster {SITE}", "is stopped")
def node_is_stopped(bench: Bench) -> None:
    bench.set(SITE_VM, "stopped", True, where="facts")


@breaks("CLUSTER-01", SITE, f"connected cluster {SITE}", "is gone")
def node_is_gone(bench: Bench) -> None:
    bench.remove(SITE_VM)


@breaks("CLUSTER-01", ENTERPRISE, f"connected cluster {ENTERPRISE}", "is gone")
def node_was_rebuilt(bench: Bench) -> None:
    bench.set(ENTERPRISE_VM, "vmId", "another", where="outputs")


@breaks("CLUSTER-02", SITE, "Run Command setup-k3s", "is Failed")
def setup_failed(bench: Bench) -> None:
    bench.say(f"{SITE_VM}/runCommands/setup-k3s", "Failed")


@breaks("CLUSTER-02", SITE, "Run Command connect-arc", "did not run")
def never_connected_by_the_script(bench: Bench) -> None:
    bench.remove(f"{SITE_VM}/runCommands/connect-arc")


@breaks("CLUSTER-02", ENTERPRISE, "Run Command connect-arc", "is Updating")
def connecting_goes_on(bench: Bench) -> None:
    bench.say(f"{ENTERPRISE_VM}/runCommands/connect-arc", "Updating")


@breaks("CLUSTER-02", SITE, "Run Command connect-arc", "/rg-myorga-dev-001/arck-other")
def connected_under_another_name(bench: Bench) -> None:
    bench.parameter(f"{SITE_VM}/runCommands/connect-arc", "CLUSTER_NAME", "arck-other")


@breaks("CLUSTER-02", ENTERPRISE, "Run Command apply-objects", "is Failed", then=(CLIENT_CA_LOST,))
def applying_failed(bench: Bench) -> None:
    bench.say(f"{ENTERPRISE_VM}/runCommands/apply-objects", "Failed")
    bench.set(ENTERPRISE_VM, "machine.objects", [], where="facts")


@breaks(
    "CLUSTER-02",
    SITE,
    "Run Command apply-objects",
    "server-ca-enterprise-g1 is not on the cluster",
    then=(SERVER_CA_LOST,),
)
def applying_did_nothing(bench: Bench) -> None:
    objects = bench.entry(SITE_VM).facts["machine"]["objects"]
    kept = [one for one in objects if one["kind"] != "Bundle"]
    bench.set(SITE_VM, "machine.objects", kept, where="facts")


@breaks("CLUSTER-02", SITE, "Run Command apply-objects", "with other contents than OBJECTS has")
def other_objects_were_applied(bench: Bench) -> None:
    objects = copy.deepcopy(bench.entry(SITE_VM).facts["machine"]["objects"])
    for one in objects:
        if one["kind"] == "ClusterRoleBinding":
            one["roleRef"]["name"] = "view"
    bench.set(SITE_VM, "machine.objects", objects, where="facts")


@breaks(
    "CLUSTER-02",
    SITE,
    "Run Command apply-objects",
    "is still on the cluster, and no longer in OBJECTS",
    then=(("CLUSTER-39", SITE, f"node {SITE_VM}"),),
)
def a_former_binding_is_left(bench: Bench) -> None:
    objects = copy.deepcopy(bench.entry(SITE_VM).facts["machine"]["objects"])
    (binding,) = (one for one in objects if one["kind"] == "ClusterRoleBinding")
    former = {**binding, "metadata": {**binding["metadata"], "name": "edge-stamps-former"}}
    bench.set(SITE_VM, "machine.objects", [*objects, former], where="facts")


@breaks("CLUSTER-02", SITE, "Run Command apply-objects", "succeeded without the fact line")
def applying_ended_at_once(bench: Bench) -> None:
    bench.set(f"{SITE_VM}/runCommands/apply-objects", "run.stdout", "", where="facts")


@breaks("CLUSTER-02", SITE, "Run Command setup-k3s", "K3s on the node is v1.35.1+k3s1; expected v1.35.9+k3s1")
def another_k3s_was_installed(bench: Bench) -> None:
    bench.set(SITE_VM, "machine.k3s.version", "v1.35.1+k3s1", where="facts")


@breaks("CLUSTER-02", ENTERPRISE, "Run Command await-secrets", "without having seen Secret/broker-tls-cert-g1")
def gate_saw_nothing(bench: Bench) -> None:
    seen = '{"seen": ["ConfigMap/client-ca-g1"]}\n'
    bench.set(f"{ENTERPRISE_VM}/runCommands/await-secrets", "run.stdout", seen, where="facts")


@breaks("CLUSTER-02", ENTERPRISE, "Run Command await-secrets", "something else than the names")
def gate_says_too_much(bench: Bench) -> None:
    seen = '{"seen": ["ConfigMap/client-ca-g1", "Secret/broker-tls-cert-g1", "-----BEGIN"]}\n'
    bench.set(f"{ENTERPRISE_VM}/runCommands/await-secrets", "run.stdout", seen, where="facts")


@breaks("CLUSTER-03", SITE, "Run Command connect-arc", "UnauthorizedNamespaceError")
def object_id_is_that_of_the_application(bench: Bench) -> None:
    given = well_known.CUSTOM_LOCATIONS_APPLICATION_ID
    bench.parameter(f"{SITE_VM}/runCommands/connect-arc", "CUSTOM_LOCATIONS_OBJECT_ID", given)
    bench.set(SITE_VM, "machine.arc.custom_locations_oid", given, where="facts")


@breaks("CLUSTER-03", ENTERPRISE, "Run Command connect-arc", "the feature custom-locations is not enabled")
def custom_locations_are_not_enabled(bench: Bench) -> None:
    bench.set(ENTERPRISE_VM, "machine.arc.features", ["cluster-connect"], where="facts")


@breaks(
    "CLUSTER-01",
    SITE,
    "node vm-myorga-aio-dev-001-0",
    "K3s does not run there",
    then=(("CLUSTER-02", SITE, "Run Command setup-k3s"),),
)
def k3s_does_not_run(bench: Bench) -> None:
    bench.set(SITE_VM, "machine.k3s.running", False, where="facts")


def unlist(bench: Bench, location: str, extension: str) -> None:
    listed = bench.entry(location).inputs["clusterExtensionIds"]
    bench.set(location, "clusterExtensionIds", [one for one in listed if not one.endswith(extension)])


@breaks("CLUSTER-04", SITE, f"CustomLocation {SITE_LOCATION}", "extension microsoft.iotoperations")
def aio_is_not_listed(bench: Bench) -> None:
    unlist(bench, SITE_LOCATION, "iot-ops")


@breaks(
    "CLUSTER-04", ENTERPRISE, f"CustomLocation {ENTERPRISE_LOCATION}", "MissingResourceVersionOnHost",
    then=(LISTENER_DOWN,),
)  # fmt: skip
def secret_store_is_not_listed(bench: Bench) -> None:
    unlist(bench, ENTERPRISE_LOCATION, "azure-secret-store")


@breaks(
    "CLUSTER-05", ENTERPRISE, "Extension azure-secret-store", "is Failed",
    then=(("CLUSTER-04", ENTERPRISE, f"CustomLocation {ENTERPRISE_LOCATION}"), LISTENER_DOWN),
)  # fmt: skip
def secret_store_failed(bench: Bench) -> None:
    bench.say(f"{ENTERPRISE_EXTENSION}/azure-secret-store", "Failed")


@breaks("CLUSTER-05", SITE, f"CustomLocation {SITE_LOCATION}", "is Failed")
def custom_location_failed(bench: Bench) -> None:
    bench.say(SITE_LOCATION, "Failed")


@breaks("CLUSTER-05", ENTERPRISE, SERVER_SYNC, "is Creating", then=(LISTENER_DOWN,))
def secret_sync_is_still_created(bench: Bench) -> None:
    bench.say("secretSyncs/broker-tls-cert-g1", "Creating")


@breaks(
    "CLUSTER-05", SITE, "DataflowProfile default", "is Failed",
    then=(("CLUSTER-25", SITE, "Dataflow to-enterprise-input"),),
)  # fmt: skip
def profile_failed(bench: Bench) -> None:
    bench.say("iotops-arck-myorga-dev-001/dataflowProfiles/default", "Failed")


@breaks(*OTHER_LISTENER, "no custom location of this cluster")
def listener_is_put_into_another_cluster(bench: Bench) -> None:
    bench.set("listeners/default-loadbalancer", "extendedLocation.name", bench.entry(SITE_LOCATION).id)


@breaks("CLUSTER-04", ENTERPRISE, SERVER_SYNC, "no custom location of this cluster", then=(LISTENER_DOWN,))
def secret_sync_is_put_nowhere(bench: Bench) -> None:
    nowhere = bench.entry(ENTERPRISE_LOCATION).id + "-old"
    bench.set("secretSyncs/broker-tls-cert-g1", "extendedLocation.name", nowhere)


@breaks(
    "CLUSTER-04", SITE, f"CustomLocation {SITE_LOCATION}", "microsoft.azure.secretstore", then=(CLIENT_LOST,)
)  # fmt: skip
def extension_of_another_cluster_is_listed(bench: Bench) -> None:
    listed = bench.entry(SITE_LOCATION).inputs["clusterExtensionIds"]
    mixed = [one.replace("myorga", "myorgb") if one.endswith("secret-store") else one for one in listed]
    bench.set(SITE_LOCATION, "clusterExtensionIds", mixed)


@breaks(
    "CLUSTER-15", ENTERPRISE, "extension microsoft.certmanagement", "is not installed", then=(CLIENT_CA_LOST,)
)  # fmt: skip
def trust_manager_is_missing(bench: Bench) -> None:
    bench.remove(f"{ENTERPRISE_EXTENSION}/arc-cert-manager")


@breaks(
    "CLUSTER-05", SITE, "Extension arc-cert-manager", "is Failed",
    then=(("CLUSTER-15", SITE, "extension microsoft.certmanagement"), SERVER_CA_LOST),
)  # fmt: skip
def trust_manager_failed(bench: Bench) -> None:
    bench.say(f"{SITE}/providers/Microsoft.KubernetesConfiguration/extensions/arc-cert-manager", "Failed")


@breaks(
    "CLUSTER-26", "arck-myorgl-three-001", "Dataflow to-enterprise-input", "disconnect each other",
    stack="three-sites",
)  # fmt: skip
def two_sites_have_one_client_id(bench: Bench) -> None:
    berlin, lyon = (
        entry for entry in bench.entries.values()
        if entry.name == "mqtt-enterprise" and ("myorgb" in entry.id or "myorgl" in entry.id)
    )  # fmt: skip
    prefix = berlin.inputs["properties"]["mqttSettings"]["clientIdPrefix"]
    settings = {**lyon.inputs["properties"]["mqttSettings"], "clientIdPrefix": prefix}
    properties = {**lyon.inputs["properties"], "mqttSettings": settings}
    bench.entries[ids.key(lyon.id)] = replace(lyon, inputs={**lyon.inputs, "properties": properties})
