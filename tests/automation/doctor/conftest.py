"""A machine on which all is well: a project, and stand-ins for the tools, which answer only what they know."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from arm.types import BY_ARM_TYPE
from automation.doctor import CheckResult, examine
from graph import evaluate_stack
from graph.evaluate_stack import Evaluation, evaluate_config
from rehearsal.mqtt import install
from settings import load, stack_file
from settings.loaded_stack import LoadedStack
from tests.conftest import PROGRAM, TWO_CLUSTERS

ANSWERS = Path(__file__).parent / "answers"
"""As the tools print them: learn.microsoft.com/rest/api (permissions, providers, deleted vaults), and the Azure CLI's
source for what it adds (vm list-usage writes its numbers as text)."""

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
TENANT: dict[str, str] = {
    "subscription_id": SUBSCRIPTION,
    "tenant_id": "66666666-7777-4888-8999-aaaaaaaaaaaa",
    "custom_locations_object_id": "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff",
    "admin_group_object_id": "cccccccc-dddd-4eee-8fff-000000000000",
    "ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
}
PROVIDERS = f"az rest --method get --url /subscriptions/{SUBSCRIPTION}/providers?api-version=2021-04-01 --output json"
PERMISSIONS = (
    f"az rest --method get --url /subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions"
    "?api-version=2022-04-01 --output json"
)
SKUS = (
    f"az vm list-skus --subscription {SUBSCRIPTION} --location eastus2 --resource-type virtualMachines --all"
    " --output json"
)
USAGE = f"az vm list-usage --subscription {SUBSCRIPTION} --location eastus2 --output json"
GROUPS = f"az group list --subscription {SUBSCRIPTION} --output json"
DELETED = f"az keyvault list-deleted --subscription {SUBSCRIPTION} --resource-type vault --output json"
ACCOUNT = "az account show --output json"
TOKEN = "az account get-access-token --query expiresOn --output tsv"
VERSION = "az version --output json"
CUSTOM_LOCATIONS = "az ad sp show --id bc313c14-388c-4e7d-a58e-70017303ee3b --query id --output tsv"
ADMIN_GROUP = f"az ad group show --group {TENANT['admin_group_object_id']} --query displayName --output tsv"
WHOAMI = "pulumi --non-interactive whoami --json"
STACK = "pulumi --non-interactive stack --stack dev --show-name"
STATE = "pulumi --non-interactive stack export --stack dev"

_STAND_IN = """\
#!{python} -SE
import json, sys
from pathlib import Path

here = Path(__file__).resolve().parent
asked = " ".join([Path(__file__).name, *sys.argv[1:]])
answers = json.loads((here / "answers.json").read_text())
if asked not in answers:
    with (here / "unexpected").open("a") as file:
        file.write(asked + "\\n")
    sys.exit("ERROR: unrecognized arguments: " + asked)
code, out, err = answers[asked]
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""
TOOLS = ("az", "pulumi", "kubectl", "mosquitto")


@dataclass
class Machine:
    """The project's folder, the folder that is on PATH, and what the tools answer."""

    program: Path
    bin: Path
    settings: dict[str, Any] = field(default_factory=lambda: {**TWO_CLUSTERS, **TENANT})
    file: dict[str, Any] = field(
        default_factory=lambda: {"secretsprovider": "azurekeyvault://kv.vault.azure.net/keys/pulumi"}
    )
    """What stands in the stack's file beside the settings."""
    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)

    def says(self, question: str, document: object) -> None:
        self.answers[question] = (0, document if isinstance(document, str) else json.dumps(document), "")

    def fails(self, question: str, error: str, code: int = 1) -> None:
        self.answers[question] = (code, "", error)

    def answer(self, question: str) -> Any:
        """What it answers so far, to be changed."""
        return json.loads(self.answers[question][1])

    def lacks(self, tool: str) -> None:
        (self.bin / tool).unlink()

    def checks(self, progress: Callable[[str], None] = lambda _: None) -> dict[str, CheckResult]:
        """Everything that the doctor finds."""
        (self.bin / "answers.json").write_text(json.dumps(self.answers), encoding="utf-8")
        document = {**self.file, "config": {"edge-stamps:settings": self.settings}}
        (self.program / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        found = {one.id: one for one in examine(self.program, "dev", progress=progress)}
        unexpected = self.bin / "unexpected"
        assert not unexpected.exists(), f"nobody answers: {unexpected.read_text(encoding='utf-8')}"
        return found

    def only(self, check_id: str, outcome: str) -> CheckResult:
        """The one check that is not in order; whatever rests on it was not run."""
        found = self.checks()
        wrong = {one.id: one.outcome for one in found.values() if one.outcome not in ("ok", "not-run")}
        assert wrong == {check_id: outcome}, found
        not_run = [one for one in found.values() if one.outcome == "not-run"]
        assert all(found[check_id].title in one.found for one in not_run), not_run
        return found[check_id]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    program, tools = tmp_path / "project", tmp_path / "bin"
    program.mkdir()
    tools.mkdir()
    for name in ("__main__.py", "requirements.txt"):
        (program / name).write_bytes((PROGRAM / name).read_bytes())
    for name in TOOLS:
        (tools / name).write_text(_STAND_IN.format(python=sys.executable), encoding="utf-8")
        (tools / name).chmod(0o755)
    plugin = tmp_path / "lib" / "mosquitto_dynamic_security.so"
    plugin.parent.mkdir()
    plugin.touch()
    monkeypatch.setattr(install, "_PLACES", ())
    monkeypatch.setattr(install, "_LIBRARIES", (str(plugin.parent),))
    monkeypatch.setattr(evaluate_stack, "evaluate_stack", _evaluate)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in _ARM:
        monkeypatch.delenv(name, raising=False)
    found = Machine(program, tools)
    _all_is_well(found)
    return found


_ARM = (
    "ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_USE_OIDC", "ARM_USE_MSI", "ARM_USE_DEFAULT_AZURE_CREDENTIAL", "ARM_ENVIRONMENT", "ARM_METADATA_HOSTNAME",
    "PULUMI_DEBUG_PROVIDERS",
)  # fmt: skip


def _evaluate(stack: LoadedStack, *, preview: bool) -> Evaluation:
    """The real program, once for each file: it takes a second."""
    assert not preview
    return _evaluated((stack.folder / f"Pulumi.{stack.stack}.yaml").read_text(encoding="utf-8"))


@functools.cache
def _evaluated(text: str) -> Evaluation:
    config: Mapping[str, Any] = yaml.safe_load(text)["config"]
    settings = load({**TENANT, **config[stack_file.SETTINGS_KEY]})
    filled = {stack_file.SETTINGS_KEY: {**TENANT, **config[stack_file.SETTINGS_KEY]}}
    stack = LoadedStack(PROGRAM, "dev", filled, settings)
    return Evaluation(stack, evaluate_config(PROGRAM, "dev", filled, settings, preview=False))


def _not_recorded(recorded: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the providers of types that came later: registered, and offering everything everywhere."""
    later: dict[str, list[dict[str, Any]]] = {}
    for row in BY_ARM_TYPE.values():
        namespace, _, kind = row.arm_type.partition("/")
        later.setdefault(namespace, []).append({"resourceType": kind, "apiVersions": row.versions})
    states = {"registrationState": "Registered"}
    known = {one["namespace"] for one in recorded}
    return [{"namespace": one, "resourceTypes": kinds, **states} for one, kinds in later.items() if one not in known]


def _all_is_well(machine: Machine) -> None:
    for question, file in (
        (VERSION, "version"),
        (ACCOUNT, "account"),
        (PERMISSIONS, "permissions"),
        (PROVIDERS, "providers"),
        (SKUS, "skus"),
        (USAGE, "usage"),
        (GROUPS, "groups"),
        (DELETED, "deleted-vaults"),
        (WHOAMI, "whoami"),
    ):
        machine.says(question, (ANSWERS / f"{file}.json").read_text(encoding="utf-8"))
    following = machine.answer(PROVIDERS)["nextLink"]
    second = json.loads((ANSWERS / "providers-2.json").read_text(encoding="utf-8"))
    second["value"] += _not_recorded([*machine.answer(PROVIDERS)["value"], *second["value"]])
    machine.says(f"az rest --method get --url {following} --output json", second)
    machine.says(TOKEN, "2026-11-24 19:00:00.000000\n")
    machine.says(CUSTOM_LOCATIONS, TENANT["custom_locations_object_id"] + "\n")
    machine.says(ADMIN_GROUP, "Factory administrators\n")
    machine.says("pulumi version", "v3.272.0\n")
    machine.says(STACK, "dev\n")
    machine.says("kubectl version --client", "Client Version: v1.35.1\n")
