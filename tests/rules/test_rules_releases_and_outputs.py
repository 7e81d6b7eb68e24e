"""Versions, providers, protection, Run Commands, component trees, outputs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.workbench import Mistake, Workbench

_OTHER_API = "azure-native_iotoperations_v20260301:iotoperations:Broker"

MISTAKES = (
    Mistake(
        "API version of another release",
        "REL-01",
        lambda two: setattr(two.get("site-broker"), "type", _OTHER_API),
        ("site-broker", "2026-07-01", "azure-native_iotoperations_v20260701"),
        also=("REL-02",),
    ),
    Mistake(
        "extension of another release",
        "REL-01",
        lambda two: two.set("site-aio-extension", "version", "1.3.137"),
        ("site-aio-extension", "version", "'1.3.137'", "'1.4.73'"),
    ),
    Mistake(
        "extension that upgrades itself",
        "REL-01",
        lambda two: two.set("site-aio-extension", "autoUpgradeMinorVersion", True),
        ("autoUpgradeMinorVersion",),
    ),
    Mistake(
        "another train",
        "REL-01",
        lambda two: two.set("site-secret-store-extension", "releaseTrain", "preview"),
        ("site-secret-store-extension", "releaseTrain", "'stable'"),
    ),
    Mistake(
        "setting that the release asks for",
        "REL-01",
        lambda two: two.value("site-cert-manager-extension", "configurationSettings").pop(
            "trust-manager.secretTargets.enabled"
        ),
        ("site-cert-manager-extension", "trust-manager.secretTargets.enabled"),
    ),
    Mistake(
        "default provider",
        "REL-02",
        lambda two: two.options("site-node", provider=""),
        ("site-node", "none of the stack", "azure-native"),
    ),
    Mistake(
        "provider of another package",
        "REL-02",
        lambda two: two.options("site-broker", provider=two.get("azure").urn),
        ("site-broker", "azure-native_iotoperations"),
    ),
    Mistake(
        "no package reference",
        "REL-02",
        lambda two: two.options("site-broker", package=""),
        ("site-broker", "reference"),
    ),
    Mistake(
        "provider of the shell's subscription",
        "REL-02",
        lambda two: two.drop("azure", "subscriptionId"),
        ("azure", "subscriptionId"),
    ),
    Mistake(
        "plugin from somebody's server",
        "REL-04",
        lambda two: two.plugin("tls", server="https://plugins.example"),
        ("client-root-key-g1", "tls", "plugins.example", "pluginDownloadURL"),
    ),
    Mistake(
        "plugin in another version",
        "REL-04",
        lambda two: two.plugin("azure-native", version="2.0.0"),
        ("package azure-native_", "2.0.0"),
    ),
    Mistake(
        "plugin in no version",
        "REL-04",
        lambda two: two.plugin("random", version=""),
        ("random", "the newest"),
    ),
    Mistake(
        "vault secret that Pulumi would delete",
        "LIFE-01",
        lambda two: two.options("enterprise-vault-server-leaf-key-g1", kind="keyvault:Secret", retain_on_delete=False),
        ("enterprise-vault-server-leaf-key-g1", "retain_on_delete"),
    ),
    Mistake(
        "script that may fail in silence",
        "LIFE-02",
        lambda two: two.drop("site-setup-k3s", "treatFailureAsDeploymentFailure"),
        ("site-setup-k3s", "treatFailure"),
    ),
    Mistake(
        "script without bound",
        "LIFE-02",
        lambda two: two.drop("site-setup-k3s", "timeoutInSeconds"),
        ("site-setup-k3s", "timeoutInSeconds"),
    ),
    Mistake(
        "parameter without name",
        "LIFE-02",
        lambda two: two.value("site-setup-k3s", "parameters").append({"value": "x"}),
        ("site-setup-k3s", "command line"),
        also=("SHAPE-01",),
    ),
    Mistake(
        "parameter that the script needs",
        "LIFE-02",
        lambda two: two.value("site-setup-k3s", "parameters").pop(0),
        ("site-setup-k3s", "the script needs"),
    ),
    Mistake(
        "empty parameter",
        "LIFE-02",
        lambda two: two.parameter("site-setup-k3s", "K3S_VERSION", ""),
        ("site-setup-k3s", "K3S_VERSION", "empty"),
    ),
    Mistake(
        "large parameter",
        "LIFE-02",
        lambda two: two.parameter("site-setup-k3s", "K3S_VERSION", "x" * 110_000),
        ("site-setup-k3s", "110000 bytes"),
        also=("REL-03",),
    ),
    Mistake(
        "large script",
        "LIFE-02",
        lambda two: two.set("site-setup-k3s", "source.script", "#" * 300_000),
        ("site-setup-k3s", "262144"),
        also=("NET-06",),
    ),
    Mistake(
        "built-in aliases",
        "LIFE-03",
        lambda two: two.options(
            "site-subnet", aliases=["urn:pulumi:a::b::azure-native:network/v20230201:Subnet::site-subnet"]
        ),
        ("site-subnet", "v20230201"),
    ),
    Mistake(
        "resource under the stack",
        "LIFE-04",
        lambda two: setattr(two.get("site-subnet"), "parent", two.get("edge-stamps-test").urn),
        ("site-subnet", "edge-stamps-test", "component"),
    ),
    Mistake(
        "resource under a resource",
        "LIFE-04",
        lambda two: setattr(two.get("site-subnet"), "parent", two.get("site-virtual-network").urn),
        ("site-subnet", "site-virtual-network"),
    ),
    Mistake(
        "component that does not complete",
        "LIFE-04",
        lambda two: two.graph.register_outputs_calls.remove(two.get("pki").urn),
        ("pki", "0 times"),
    ),
    Mistake(
        "component that completes twice",
        "LIFE-04",
        lambda two: two.graph.register_outputs_calls.append(two.get("pki").urn),
        ("pki", "2 times"),
    ),
    Mistake(
        "wait that ends before its script",
        "LIFE-05",
        lambda two: two.options("site-setup-k3s", custom_timeouts={"create": "600s"}),
        ("site-setup-k3s", "600s ends before"),
    ),
    Mistake("output that is gone", "OUT-01", lambda two: two.graph.outputs.pop("links"), ("stack output links",)),
    Mistake(
        "output without a cluster",
        "OUT-01",
        lambda two: two.graph.outputs["arc_proxy_commands"].pop("site"),
        ("arc_proxy_commands.site",),
    ),
    Mistake(
        "output without a part",
        "OUT-01",
        lambda two: two.graph.outputs["clusters"]["site"].pop("nat_gateway"),
        ("clusters.site", "nat_gateway"),
    ),
    Mistake(
        "output with an id of nothing",
        "OUT-01",
        lambda two: two.graph.outputs["clusters"]["site"]["node"].update(id="/subscriptions/x/resourceGroups/y"),
        ("clusters.site.node.id", "/resourceGroups/y"),
    ),
    Mistake(
        "output with the command for another group",
        "OUT-01",
        lambda two: two.graph.outputs["arc_proxy_commands"].update(site="az connectedk8s proxy -n a -g b"),
        ("arc_proxy_commands.site", "-g b", "-g rg-myorga-dev-001"),
    ),
    Mistake(
        "output with another port",
        "OUT-01",
        lambda two: two.graph.outputs["broker_endpoints"]["enterprise"].update(port=8883),
        ("broker_endpoints.enterprise.port", "8883", "28883"),
    ),
    Mistake(
        "output with another address",
        "OUT-01",
        lambda two: two.graph.outputs["broker_endpoints"]["enterprise"].update(address="10.2.1.11"),
        ("broker_endpoints.enterprise.address", "10.2.1.11", "10.2.1.10"),
    ),
    Mistake(
        "output with another fingerprint",
        "OUT-01",
        lambda two: two.graph.outputs["broker_endpoints"]["enterprise"].update(ca_fingerprint="00"),
        ("ca_fingerprint",),
    ),
    Mistake(
        "output with another client id",
        "OUT-01",
        lambda two: two.graph.outputs["links"]["site-to-enterprise"].update(client_ids=["x"]),
        ("client_ids",),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


@pytest.mark.parametrize("name", ["site-key-vault", "site-storage-account", "site-virtual-network", "site-node"])
def test_production_is_protected(name: str, prod: Workbench, reported: Callable[..., None]) -> None:
    prod.options(name, protect=False)
    reported(prod, "LIFE-01", name, "protect")


def test_the_release_is_that_of_the_settings(two: Workbench, reported: Callable[..., None]) -> None:
    two.settings = resolve({**TWO_CLUSTERS, "release": "2607"})
    reported(two, "REL-01", "1.4.41", also=("REF-07",))  # of the connector template that 2607 lacks
