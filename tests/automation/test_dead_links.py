"""`up` is red with the reason where a link dies unseen while it runs, and green again once that is undone.

ARM calls everything Succeeded then; what `verify` sees of it beside the script that has failed is told with each cause.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from automation import cli
from rehearsal import modelled_azure
from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.azure.state import AzureState
from rehearsal.engine import Backend
from rehearsal.node.runner import ScriptRunner
from tests.conftest import PROGRAM, TWO_CLUSTERS
from tests.rehearsal.cluster.deployments import SURROUNDINGS, Bench

HOST, PORT = "broker.example.com", 28883
SETTINGS = {**TWO_CLUSTERS, "clusters": {"site": {}, "enterprise": {"listener": {"dns_name": HOST}}}}
PROBE = "vm-myorga-aio-dev-001-0/runCommands/probe-links"
BROKER = "iotops-arck-myorgb-dev-001/brokers/default"
RULE = "properties.authorizationPolicies.rules.0"


class Outside(Bench):
    """Somebody else, who changes what is there."""

    def __init__(self, state: AzureState, resources: list[Any]) -> None:
        self.state, self.entries, self.resources = state, state.entries, resources

    def edit(self, end: str, path: str, value: object) -> None:
        """Write a resource through ARM, which answers what it was sent."""
        self.set(end, path, value)
        self.set(end, path, value, where="outputs")

    def serve(self, name: str, **inputs: object) -> None:
        """Give the broker another certificate of the same authority."""
        certificate, key = self.issue("server", name, dnsNames=[name], **inputs)
        self.publish("server-leaf-crt-g1", certificate)
        self.publish("server-leaf-key-g1", key)


def record_is_removed(there: Outside) -> None:
    there.state.surroundings = replace(there.state.surroundings, nameless=(HOST,))


def security_rule_is_narrowed(there: Outside) -> None:
    there.edit("nsg-myorgb-dev-001", "securityRules.0.destinationPortRange", "8883")


def certificate_is_for_another_name(there: Outside) -> None:
    there.serve("mqtt.example.com")


def leaf_has_expired(there: Outside) -> None:
    there.serve(HOST, validityPeriodHours=0)
    time.sleep(1.1)


def client_ids_are_others(there: Outside) -> None:
    there.edit(f"{BROKER}/authorizations/links", f"{RULE}.brokerResources.0.clientIds", ["mill.*"])


def policy_is_for_another_link(there: Outside) -> None:
    there.edit(f"{BROKER}/authorizations/links", f"{RULE}.principals.attributes", [{"link": "mill"}])


def service_is_inside_only(there: Outside) -> None:
    there.edit(f"{BROKER}/listeners/default-loadbalancer", "properties.serviceType", "ClusterIp")


def port_of_the_service_is_taken(there: Outside) -> None:
    there.take_port("vm-myorgb-aio-dev-001-0", PORT)


@dataclass(frozen=True)
class Case:
    """A cause, what `up` says of it, and the checks of `verify` that see it."""

    cause: Callable[[Outside], None]
    reason: str
    remedy: str
    seen: frozenset[tuple[str, str]] = frozenset()


NOTHING_LISTENS = "nothing listens there: look at the Service aio-broker-loadbalancer"


def seen(*of_enterprise: str) -> frozenset[tuple[str, str]]:
    """What `verify` sees: the link's own connection, and these of the enterprise."""
    return frozenset({("VERIFY-69", "site-to-enterprise"), *((one, "enterprise") for one in of_enterprise)})


CASES = [
    # Which names have a record is not kept with the modelled Azure: the copy that is verified has it.
    Case(record_is_removed, "Name or service not known", "make the DNS record"),
    Case(security_rule_is_narrowed, "no answer within 20 s", "check the peering's two halves and the security rules",
         seen("VERIFY-11")),
    Case(certificate_is_for_another_name, "certificate of the broker: Hostname mismatch", "check the Secret",
         seen("VERIFY-67", "VERIFY-68")),
    Case(leaf_has_expired, "certificate of the broker: certificate has expired", "check the Secret .* its date",
         seen("VERIFY-67", "VERIFY-68")),
    Case(client_ids_are_others, "CONNECT as site.probe is refused: not authorized .*", "check the rule of link",
         seen("VERIFY-51")),
    Case(policy_is_for_another_link, "CONNECT as site.probe is refused: not authorized .*", "check the rule of link",
         seen("VERIFY-51")),
    Case(service_is_inside_only, "Connection refused", NOTHING_LISTENS, seen("VERIFY-49", "VERIFY-64")),
    Case(port_of_the_service_is_taken, "Connection refused", f"{NOTHING_LISTENS} .* what else has its port",
         seen("VERIFY-64")),
]  # fmt: skip


class Hit(ScriptRunner):
    """Runs scripts; the cause comes into being just before the site's probe."""

    def __init__(self, cause: Callable[[AzureState], None]) -> None:
        super().__init__()
        self._cause = cause

    def __call__(self, look: OpenState, command: Entry) -> ScriptRun:
        if command.id.endswith(PROBE):
            with look() as state:
                self._cause(state)
        return super().__call__(look, command)


@pytest.fixture(scope="module")
def before_the_probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose stack is up, but for the site's probe, which Azure did not take."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"edge-stamps:settings": SETTINGS}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "PROGRAM", folder)
        result = run("up", "--fault", "site-probe-links:create:bad-request")
    assert set(re.findall("FAILED (.+)", result.output)) == {"site-probe-links"}, result.output
    yield folder


@pytest.fixture
def project(before_the_probe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(before_the_probe, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(cli, "PROGRAM", tmp_path)
    return tmp_path


def run(command: str, *options: str) -> Result:
    return CliRunner().invoke(cli.app, [command, "--stack", "dev", "--offline", *options])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.cause.__name__)
def test_up_is_red_with_the_reason_and_green_once_it_is_undone(
    case: Case, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources, before = Backend(project).state("dev").resources, dict[str, Entry]()

    def happen(state: AzureState) -> None:
        was = dict(state.entries)
        case.cause(Outside(state, resources))
        before.update({key: entry for key, entry in was.items() if entry is not state.entries[key]})

    with monkeypatch.context() as patch:
        patch.setattr(modelled_azure, "ScriptRunner", lambda: Hit(happen))
        result = run("up")
    said = " ".join(result.output.split())
    assert result.exit_code == 1, said
    link = f"link site-to-enterprise to {HOST}:{PORT}"
    assert re.search(f"Run Command probe-links failed .*{link}: {case.reason} -> {case.remedy}", said), said

    azure = Backend(project).world("dev", SURROUNDINGS)
    assert [one.id.endswith(PROBE) for one in azure.entries() if one.state != "Succeeded"] == [True]
    checks = json.loads(run("verify", "--json").stdout)["checks"]
    red = {(one["id"], one["where"]) for one in checks if one["outcome"] != "ok"}
    assert red == {("VERIFY-03", "site"), ("VERIFY-18", "site"), *case.seen}

    for key, entry in before.items():
        azure._state.entries[key] = entry
    azure.save(project / ".rehearsal" / "dev" / "azure.json")
    result = run("up", "--verify")
    assert result.exit_code == 0, result.output
    assert "site: its scripts run again (site-probe-links did not end well)" in " ".join(result.output.split())
