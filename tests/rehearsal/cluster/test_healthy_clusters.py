"""What the committed stacks deploy works: every key and CA certificate is where it is used, and nothing is wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from graph import pem
from rehearsal.cluster import traces
from rehearsal.cluster.build import build_views
from rehearsal.cluster.inventory import find_location
from rehearsal.cluster.model import ClusterView
from settings.egress import list_egress
from settings.loaded_stack import load_stack
from tests.conftest import PROGRAM
from tests.rehearsal.cluster.deployments import ENTERPRISE, SITE, Bench, Stack, deployed

# Stack -> cluster by its code -> its Secrets, its ConfigMaps.
HELD = {
    "dev": {
        "a": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "b": ({"broker-tls-cert-g1"}, {"client-ca-g1"}),
    },
    "prod": {
        "a": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "b": ({"broker-tls-cert-g1"}, {"client-ca-g1"}),
    },
    "plant": {
        "p": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "q": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "b": ({"broker-tls-cert-g1"}, {"client-ca-g1"}),
    },
    "three-sites": {
        "b": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "l": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "p": ({"client-secret-enterprise-g1"}, {"server-ca-enterprise-g1"}),
        "e": ({"broker-tls-cert-g1"}, {"client-ca-g1"}),
    },
    "two-enterprises": {
        "p": (
            {"client-secret-global-g1", "client-secret-regional-g1"},
            {"server-ca-global-g1", "server-ca-regional-g1"},
        ),
        "r": ({"broker-tls-cert-g1", "client-secret-global-g1"}, {"client-ca-g1", "server-ca-global-g1"}),
        "g": ({"broker-tls-cert-g1"}, {"client-ca-g1"}),
    },
}


def by_code(stack: str) -> dict[str, ClusterView]:
    return {view.name.removeprefix("arck-myorg")[0]: view for view in Bench(stack).views().values()}


@pytest.mark.parametrize("stack", HELD)
def test_every_cluster_has_its_secrets_and_config_maps_and_no_problem(stack: str) -> None:
    views = by_code(stack)
    assert {code: (set(view.secrets), set(view.config_maps)) for code, view in views.items()} == HELD[stack]
    assert all(view.frontends_up for view in views.values())
    assert [str(problem) for view in views.values() for problem in view.problems] == []


@pytest.mark.parametrize("stack", ["dev", "three-sites"])
def test_what_scripts_and_dataflows_contact_is_in_the_list_for_a_firewall(stack: str) -> None:
    bench, settings = Bench(stack), load_stack(PROGRAM, stack, stand_ins=True).settings
    views = bench.views()
    for cluster in settings.clusters.values():
        machine = f"/virtualmachines/{cluster.names.virtual_machine}/runcommands/"
        runs = [entry.facts["run"] for key, entry in bench.entries.items() if machine in key]
        urls = {url for run in runs for url in run["traces"].get(traces.URLS, ())}
        assert len(urls) >= 2
        endpoints = views[cluster.names.connected_cluster].endpoints.values()
        brokers = {each["mqttSettings"]["host"] for each in endpoints} - {"aio-broker:18883"}
        contacted = {f"{urlsplit(url).hostname}:443" for url in urls} | brokers
        assert contacted <= {f"{row.host}:{row.port}" for row in list_egress(settings, cluster)}


def test_a_view_has_the_deployed_bodies() -> None:
    views = Bench("dev").views()
    site, enterprise = views[SITE], views[ENTERPRISE]
    assert (site.addresses, enterprise.addresses) == (["10.1.1.10"], ["10.2.1.10"])
    assert set(enterprise.listeners) == {"default", "default-loadbalancer"}
    assert enterprise.listeners["default-loadbalancer"]["ports"][0]["port"] == 28883
    assert set(enterprise.authentications) == {"default", "cert-auth"}
    assert set(enterprise.authorizations) == {"links"}
    assert site.endpoints["mqtt-enterprise"]["mqttSettings"]["host"] == "10.2.1.10:28883"
    assert [(flow.name, flow.profile) for flow in site.dataflows.values()] == [("to-enterprise-input", "default")]


def test_a_secret_holds_what_the_vault_holds_and_its_condition_says_so() -> None:
    bench = Bench("dev")
    secret = bench.views()[SITE].secrets["client-secret-enterprise-g1"]
    assert secret.type == "Opaque"
    assert dict(secret.data) == {
        "client_cert.pem": bench.published("site-to-enterprise-client-leaf-crt-g1"),
        "client_intermediate_certs.pem": bench.published("site-to-enterprise-client-intermediate-crt-g1"),
        "client_key.pem": bench.published("site-to-enterprise-client-leaf-key-g1"),
    }
    assert bench.views()[SITE].conditions[secret.name].reason == "CreateSucceeded"


def test_a_config_map_holds_the_root_of_the_other_side() -> None:
    config_map = Bench("dev").views()[SITE].config_maps["server-ca-enterprise-g1"]
    (root,) = pem.certificates(config_map.data["ca.crt"])
    assert pem.subject(root.subject) == "CN=myorgb-dev-server-root-g1"


def test_a_view_shows_no_private_key() -> None:
    assert "PRIVATE KEY" not in repr(Bench("dev").views())


def test_a_cluster_that_was_only_just_connected_has_nothing_and_no_problem() -> None:
    bench = Bench("dev")
    bench.entries = {key: entry for key, entry in bench.entries.items() if not find_location(entry)}
    bench.remove("cl-arck-myorga-dev-001")
    site = bench.views()[SITE]
    assert (site.secrets, site.config_maps, site.listeners, site.frontends_up, list(site.problems)) == (
        {}, {}, {}, False, [],
    )  # fmt: skip


def test_an_azure_without_clusters_has_no_views() -> None:
    bench = Bench("dev")
    bench.entries.clear()
    assert bench.views() == {}


def test_looking_changes_nothing() -> None:
    stack = deployed("dev")
    before = stack.world.entries()
    Bench("dev").views()
    assert stack.world.entries() == before


def test_nothing_is_wrong_at_any_moment_of_a_deployment() -> None:
    seen: set[str] = set()

    def look(_: str) -> None:
        found = build_views(stack.world.entries(), stack.world.is_effective)
        seen.update(str(problem) for view in found for problem in view.problems)

    stack = Stack("dev", on_write=look)
    assert stack.up().succeeded
    # AIO's own endpoint waits for AIO's own listener, which is created at the same time.
    assert {
        problem
        for problem in seen
        if "no listener of the own broker serves aio-broker:18883" not in problem and ": is Creating: " not in problem
    } == set()
