"""az answers as the Azure CLI does: by what argparse takes, by the identity's roles, and by what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from arm import ids
from rules.facts.node import CONNECTEDK8S_VERSION
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.node.tool_bench import ToolBench, read_body

NAME = ("--name", "arck", "--resource-group", "rg")
CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Kubernetes/connectedClusters/arck"
FLAGS = (
    "--location",
    "eastus2",
    "--distribution",
    "k3s",
    "--enable-oidc-issuer",
    "--enable-workload-identity",
    "--yes",
)
LATE = 5000
"""Seconds after which K3s has settled."""
OID = "aaaaaaaa-0000-0000-0000-00000000cc01"


@pytest.fixture
def node(tmp_path: Path) -> ToolBench:
    node = ToolBench(tmp_path)
    node.install_az()
    return node


@pytest.fixture
def ready(node: ToolBench) -> ToolBench:
    """A node that may connect itself."""
    node.grant(deleting=True)
    node.log_in()
    node.start_k3s()
    return node


def connect(node: ToolBench, *more: str, name: tuple[str, ...] = NAME) -> tuple[int, str]:
    kubeconfig = str(node.root / "etc/rancher/k3s/k3s.yaml")
    line = ("connectedk8s", "connect", *name, "--kube-config", kubeconfig, *FLAGS, *more)
    reply = node.call("az", *line, elapsed=LATE)
    return reply.code, reply.stderr


def show(node: ToolBench, query: str) -> tuple[int, str]:
    reply = node.call("az", "connectedk8s", "show", *NAME, "--query", query, "--output", "tsv")
    return reply.code, reply.stdout or reply.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("logn", "ERROR: 'logn' is misspelled or not recognized by the system."),
        ("connectedk8s conect", "ERROR: 'conect' is misspelled or not recognized by the system."),
        ("connectedk8s", "ERROR: the following arguments are required: _subcommand"),
        ("account set", "ERROR: the following arguments are required: --name/--subscription/-n/-s"),
        ("connectedk8s show --name a", "ERROR: the following arguments are required: --resource-group/-g"),
        ("connectedk8s show --name a -g b --yes", "ERROR: unrecognized arguments: --yes"),
        ("connectedk8s show --name a -g", "ERROR: argument --resource-group/-g: expected one argument"),
        ("connectedk8s connect -n a -g b --distribution k3os", "'k3os' is not a valid value for '--distribution'"),
        ("connectedk8s connect -n a -g b --enable-oidc-issuer ture", "'ture' is not a valid value"),
        ("connectedk8s enable-features -n a -g b", "ERROR: the following arguments are required: --features"),
        ("account show --output tvs", "az account show: 'tvs' is not a valid value for '--output'"),
    ],
)
def test_a_line_that_argparse_does_not_take(node: ToolBench, line: str, words: str) -> None:
    reply = node.call("az", *line.split())
    assert (reply.code, words in reply.stderr) == (2, True), reply


@pytest.mark.parametrize(
    "line",
    [
        "connectedk8s connect -n a -g b --skip-ssl-verification",
        "connectedk8s connect -n a -g b --custom-ca-cert x",
        "extension add --name connectedk8s --pip-extra-index-urls http://x",
    ],
)
def test_an_argument_whose_effect_the_model_lacks_is_refused_by_name(node: ToolBench, line: str) -> None:
    with pytest.raises(ValueError, match=r"^az [a-z0-9 ]+: the model does not know --(skip-ssl|proxy|pip-extra)"):
        node.call("az", *line.split())


def test_the_commands_of_an_extension_come_and_go_with_it(node: ToolBench) -> None:
    node.succeed("az", "extension", "remove", "--name", "connectedk8s")
    refused = node.call("az", "connectedk8s", "show", *NAME)
    asked = node.call("az", "connectedk8s", "show", *NAME, environment={"AZURE_EXTENSION_USE_DYNAMIC_INSTALL": ""})
    assert "'connectedk8s' is misspelled or not recognized by the system.\nIf the command is from" in refused.stderr
    assert "Unable to prompt for extension install confirmation as no tty available" in asked.stderr
    assert node.call("az", "extension", "show", "-n", "connectedk8s").stderr == (
        "ERROR: The extension connectedk8s is not installed.\n"
    )


def test_an_extension_is_added_in_a_version_that_there_is(node: ToolBench) -> None:
    show = ("az", "extension", "show", "--name", "connectedk8s", "--query", "version", "--output", "tsv")
    assert node.succeed(*show) == f"{CONNECTEDK8S_VERSION.value}\n"
    node.succeed("az", "extension", "remove", "--name", "connectedk8s")
    wrong = node.call("az", "extension", "add", "--name", "connectedk8s", "--version", "1.11.99")
    assert wrong.stderr == (
        "ERROR: No matching extensions for 'connectedk8s (1.11.99)'. Use --debug for more information.\n"
    )
    node.succeed("az", "extension", "add", "--name", "connectedk8s")
    assert node.succeed(*show) != f"{CONNECTEDK8S_VERSION.value}\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--username", "a"), "Passing the managed identity ID with --username is no longer supported."),
        (("--tenant", "a"), "usage error: '--identity' is not applicable with other arguments"),
        (("--client-id", OID), "Identity not found"),
    ],
)
def test_a_login_that_az_or_the_metadata_service_refuses(node: ToolBench, more: tuple[str, ...], words: str) -> None:
    reply = node.call("az", "login", "--identity", *more)
    assert (reply.code, words in reply.stderr) == (1, True), reply


def test_an_identity_without_a_role_sees_no_subscription(node: ToolBench) -> None:
    login = ("az", "login", "--identity", "--client-id", node.client_id)
    assert "No access was configured for the managed identity" in node.call(*login).stderr
    assert "Please run 'az login' to setup account." in node.call("az", "account", "show").stderr
    node.succeed(*login, "--allow-no-subscriptions")
    reply = node.call("az", "account", "set", "--subscription", SUBSCRIPTION)
    assert reply.stderr == f"ERROR: The subscription of '{SUBSCRIPTION}' doesn't exist in cloud 'AzureCloud'.\n"


def test_show_has_the_exit_code_of_its_reason(node: ToolBench) -> None:
    node.grant()
    node.log_in()
    assert show(node, "id")[0] == 3
    elsewhere = node.call("az", "connectedk8s", "show", "--name", "arck", "--resource-group", "other")
    assert (elsewhere.code, "(AuthorizationFailed) The client" in elsewhere.stderr) == (1, True)


def test_a_cluster_is_connected_as_the_flags_say(ready: ToolBench) -> None:
    assert connect(ready, "--custom-locations-oid", OID, "--disable-auto-upgrade")[0] == 0
    assert show(ready, "id") == (0, f"{CLUSTER}\n")
    assert show(ready, "connectivityStatus") == (0, "Connected\n")
    assert show(ready, "oidcIssuerProfile.issuerUrl")[1].startswith("https://")
    entry = ready.machine.azure.find(CLUSTER)
    assert entry is not None
    assert ids.at(entry.inputs, "securityProfile.workloadIdentity.enabled") is True
    assert read_body(entry, "arcAgentProfile.agentAutoUpgrade") == "Disabled"
    assert ready.facts["arc"]["features"] == ["cluster-connect", "custom-locations"]
    agents = ready.kubectl("-n", "azure-arc", "wait", "--for=condition=Available", "deployment", "--all")
    assert agents.code == 0, agents


def test_without_the_flag_there_is_no_issuer(ready: ToolBench) -> None:
    kubeconfig = str(ready.root / "etc/rancher/k3s/k3s.yaml")
    ready.succeed("az", "connectedk8s", "connect", *NAME, "-l", "eastus2", "--kube-config", kubeconfig, elapsed=LATE)
    assert show(ready, "oidcIssuerProfile.issuerUrl") == (0, "")


def test_connecting_again_under_the_same_name(ready: ToolBench) -> None:
    """The rows of "Again under the same name": release in the cluster, resource in ARM."""
    assert connect(ready)[0] == 0  # no, missing: onboards
    assert connect(ready)[0] == 0  # same name, exists: put again
    code, said = connect(ready, name=("--name", "other", "--resource-group", "rg"))
    assert (code, "already onboarded to the resource group 'rg' with resource name 'arck'" in said) == (1, True)
    release = ready.facts.pop("arc")
    code, said = connect(ready)  # no (a rebuilt VM), exists
    assert (code, "corresponds to a different Kubernetes cluster" in said) == (1, True)
    ready.facts["arc"] = release
    ready.azure.world.delete(CLUSTER)
    assert connect(ready)[0] == 0  # yes, missing: onboards


def test_the_checks_before_onboarding_need_the_clusters_dns(ready: ToolBench) -> None:
    first = ready.facts["k3s"]["first_start"]
    kubeconfig = str(ready.root / "etc/rancher/k3s/k3s.yaml")
    line = ("az", "connectedk8s", "connect", *NAME, "--kube-config", kubeconfig, *FLAGS)
    assert "pre-onboarding diagnostic checks failed" in ready.call(*line, elapsed=first).stderr
    assert ready.call(*line, elapsed=first + 60).code == 0


def test_connecting_needs_role_kubeconfig_and_cluster(node: ToolBench) -> None:
    node.succeed("az", "login", "--identity", "--client-id", node.client_id, "--allow-no-subscriptions")
    assert "Problem loading the kubeconfig file" in connect(node)[1]
    node.start_k3s()
    assert "(AuthorizationFailed)" in connect(node)[1]
    node.grant()
    node.log_in()
    node.succeed("systemctl", "stop", "k3s")
    assert "Error occured while connecting to the kubernetes cluster" in connect(node)[1]


def test_deleting_asks_and_needs_its_own_right(node: ToolBench) -> None:
    node.grant()
    node.log_in()
    kubeconfig = ("--kube-config", str(node.start_k3s()))
    assert connect(node)[0] == 0
    delete = ("az", "connectedk8s", "delete", *NAME, *kubeconfig)
    assert "Unable to prompt for confirmation as no tty available. Use --yes." in node.call(*delete).stderr
    assert "perform action 'Microsoft.Kubernetes/connectedClusters/delete'" in node.call(*delete, "--yes").stderr
    node.grant(onboarding=False, deleting=True)
    node.succeed(*delete, "--yes")
    assert node.machine.azure.find(CLUSTER) is None
    assert "arc" not in node.facts


def test_a_feature_is_enabled_on_the_cluster_that_is_meant(ready: ToolBench) -> None:
    enable = ("az", "connectedk8s", "enable-features", *NAME, "--features", "custom-locations")
    kubeconfig = ("--kube-config", str(ready.root / "etc/rancher/k3s/k3s.yaml"))
    assert "(ResourceNotFound)" in ready.call(*enable, *kubeconfig).stderr
    assert connect(ready)[0] == 0
    assert "Failed to enable 'custom-locations' feature." in ready.call(*enable, *kubeconfig).stderr
    ready.succeed(*enable, *kubeconfig, "--custom-locations-oid", OID)
    assert ready.facts["arc"]["custom_locations_oid"] == OID


@pytest.mark.parametrize("patience", ["10", "10m"])
def test_agents_that_are_given_up_too_early_are_not_connected(ready: ToolBench, patience: str) -> None:
    code, said = connect(ready, "--onboarding-timeout", patience)
    assert (code, "did not finish before the Helm timeout" in said) == (1, True), said
    assert "arc" not in ready.facts
