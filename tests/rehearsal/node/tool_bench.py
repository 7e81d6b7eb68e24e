"""One node whose tools a test calls directly, in front of the modelled Azure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graph.inputs import text_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.node.azure_link import AzureLink
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import TOOLS
from rules.facts.node import AZURE_CLI_VERSION, CONNECTEDK8S_VERSION, K3S_INSTALL_COMMIT, K3S_VERSION
from rules.facts.roles import ARC_ONBOARDING
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.samples import Azure, arm_id

KEYRING = "/etc/apt/keyrings/microsoft.asc"
DELETER = "22222222-3333-4444-5555-666666666666"
"""Name of a custom role that may delete connected clusters."""
_NOTHING: Mapping[str, str] = MappingProxyType({})
_KEY = "https://packages.microsoft.com/keys/microsoft.asc"


class ToolBench:
    """A node; `call` is one command line on it."""

    def __init__(self, folder: Path) -> None:
        self.azure = Azure(run_script=self._note)
        self.azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic", "identity", "vm")
        self.azure.put("connect", runCommandName="look")
        self.root, self.work = folder / "root", folder / "work"
        for each in (self.root, self.work):
            each.mkdir()
        vm = self.azure.entry("vm")
        self.machine = Machine(vm.id, self.root, self.work, AzureLink(self._look, vm))

    def _note(self, look: OpenState, _: Entry) -> ScriptRun:
        self._look = look
        return ScriptRun(0)

    @property
    def facts(self) -> dict[str, Any]:
        return self.machine.facts

    @property
    def client_id(self) -> str:
        return str(self.azure.entry("identity").outputs["clientId"])

    def call(
        self, *words: str, elapsed: float = 1000, stdin: bytes = b"", environment: Mapping[str, str] = _NOTHING
    ) -> Reply:
        """Call a tool long after the first boot."""
        tool, *arguments = words
        given = {"HOME": str(self.root / "root"), "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", **environment}
        return TOOLS[tool](ToolCall(tool, tuple(arguments), given, self.work, stdin, elapsed), self.machine)

    def put(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Write a file of the node."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def succeed(self, *words: str, **given: Any) -> str:
        """Call a tool that is to succeed, and return what it prints."""
        reply = self.call(*words, **given)
        assert reply.code == 0, reply
        return reply.stdout

    def put_source(self, fields: Mapping[str, str] = _NOTHING) -> None:
        """Write the source of azure-cli, with its key. A field that is empty is left out."""
        self.put(KEYRING[1:], "")
        self.succeed("curl", "--fail", "--output", str(self.root / KEYRING[1:]), _KEY)
        stanza = {"Types": "deb", "URIs": "https://packages.microsoft.com/repos/azure-cli/", "Suites": "noble"}
        stanza |= {"Components": "main", "Architectures": "amd64", "Signed-By": KEYRING, **fields}
        text = "".join(f"{name}: {value}\n" for name, value in stanza.items() if value)
        self.put("etc/apt/sources.list.d/azure-cli.sources", text)

    def install_az(self) -> None:
        """Install the Azure CLI with its extension."""
        self.put_source()
        self.succeed("apt-get", "-qq", "update")
        self.succeed("apt-get", "-qq", "install", f"azure-cli={AZURE_CLI_VERSION.value}-1~noble")
        add = ("--name", "connectedk8s", "--version", CONNECTEDK8S_VERSION.value)
        self.succeed("az", "extension", "add", *add)

    def start_k3s(self, config: str = "") -> Path:
        """Install K3s with this configuration, and return the kubeconfig."""
        if config:
            self.put("etc/rancher/k3s/config.yaml.d/10.yaml", config)
        version = {"INSTALL_K3S_VERSION": K3S_VERSION.value}
        self.succeed("edge-stamps-k3s-installer", K3S_INSTALL_COMMIT.value, "server", environment=version)
        return self.root / "etc/rancher/k3s/k3s.yaml"

    def kubectl(self, *words: str, elapsed: float = 5000) -> Reply:
        """Call kubectl with K3s's own kubeconfig, by default long after K3s has settled."""
        kubeconfig = str(self.root / "etc/rancher/k3s/k3s.yaml")
        return self.call("kubectl", *words, elapsed=elapsed, environment={"KUBECONFIG": kubeconfig})

    def grant(self, *, onboarding: bool = True, deleting: bool = False) -> None:
        """Give the node's identity its roles on the resource group."""
        group = arm_id("group")
        principal = self.azure.entry("identity").outputs["principalId"]
        roles = [ARC_ONBOARDING.guid] if onboarding else []
        if deleting:
            permissions = [{"actions": ["Microsoft.Kubernetes/connectedClusters/delete"]}]
            self.azure.put("role-definition", roleDefinitionId=DELETER, scope=group[1:], permissions=permissions)
            roles.append(DELETER)
        for guid in roles:
            definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
            if guid == DELETER:
                definition = arm_id("role-definition", roleDefinitionId=DELETER, scope=group[1:])
            self.azure.put(
                "role", scope=group[1:], roleAssignmentName=guid, roleDefinitionId=definition, principalId=principal
            )
        self.azure.clock.advance(3600)

    def log_in(self) -> None:
        self.succeed("az", "login", "--identity", "--client-id", self.client_id, "--allow-no-subscriptions")
        self.succeed("az", "account", "set", "--subscription", SUBSCRIPTION)


def read_body(entry: Entry | None, path: str) -> str:
    """Return a text of the entry's inputs."""
    assert entry is not None
    return text_at(entry.inputs, path)
