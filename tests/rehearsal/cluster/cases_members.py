"""What further nodes must be."""

from __future__ import annotations

from tests.rehearsal.cluster.cases import breaks
from tests.rehearsal.cluster.deployments import Bench

STACK, CLUSTER, VM = "every-setting", "arck-acmeo-full-007", "vm-acmeo-aio-full-007-two"
NODE, JOIN = f"node {VM}", "Run Command join-k3s"


@breaks("CLUSTER-45", CLUSTER, NODE, "is stopped", stack=STACK)
def a_further_node_is_stopped(bench: Bench) -> None:
    bench.set(VM, "stopped", True, where="facts")


@breaks("CLUSTER-45", CLUSTER, NODE, "is in no cluster, or in one that is gone", stack=STACK)
def a_further_node_has_joined_another_cluster(bench: Bench) -> None:
    bench.set(VM, "machine.k3s.joined", "another", where="facts")


@breaks("CLUSTER-45", CLUSTER, NODE, "K3s does not run there", then=(("CLUSTER-02", CLUSTER, JOIN),), stack=STACK)
def the_agent_does_not_run(bench: Bench) -> None:
    bench.set(VM, "machine.k3s.running", False, where="facts")


@breaks("CLUSTER-02", CLUSTER, JOIN, "K3s has joined https://10.0.0.1:6443", stack=STACK)
def the_agent_was_told_another_server(bench: Bench) -> None:
    bench.set(VM, "machine.k3s.config", {"server": "https://10.0.0.1:6443"}, where="facts")


@breaks("CLUSTER-30", CLUSTER, NODE, "reach 169.254.169.254:80", stack=STACK)
def nothing_blocks_the_metadata_service_there(bench: Bench) -> None:
    bench.set(VM, "machine.iptables", [], where="facts")


@breaks("CLUSTER-45", CLUSTER, "node four", "its machine is gone", stack=STACK)
def a_node_that_is_gone_is_still_known(bench: Bench) -> None:
    first = "vm-acmeo-aio-full-007-0"
    bench.set(first, "nodes", {**bench.entry(first).facts["nodes"], "four": "another machine"}, where="facts")
