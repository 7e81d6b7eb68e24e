"""Check the machines that are there before the stack: what Azure Arc says of each, and what may be done there."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from semver import VersionInfo

from arm import ids
from arm.types.hybridcompute import MACHINE, MACHINE_RUN_COMMAND
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT
from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from automation.doctor.providers import fetch_providers, is_offered_in
from automation.doctor.requests import OVER_ARC
from automation.doctor.rights import fetch_entries, fold_actions, is_granted
from automation.doctor.tools import NoAnswerError
from settings.regions import normalised

OLDEST_AGENT = VersionInfo(1, 33, 0)
"""learn.microsoft.com/azure/azure-arc/servers/run-command, "Prerequisites"."""
SYSTEM = "Ubuntu 24.04"
ROLE = "Azure Connected Machine Resource Administrator"
"""Has them (the same page, "Limit access to Run Command")."""
ONBOARDING = "Azure Connected Machine Onboarding"
"""May Arc-enable one (learn.microsoft.com/azure/azure-arc/servers/prerequisites, "Required permissions")."""
PATCHING = "Scheduled Patching Contributor"
"""May put one into a maintenance window (learn.microsoft.com/azure/role-based-access-control/built-in-roles)."""
_ACTIONS = (
    f"{MACHINE.arm_type}/read",
    *(f"{MACHINE_RUN_COMMAND.arm_type}/{verb}" for verb in ("read", "write", "delete")),
)
_PATCHING = tuple(f"{CONFIGURATION_ASSIGNMENT.arm_type}/{verb}" for verb in ("read", "write", "delete"))
ABSENT = re.compile(r"ResourceNotFound|ResourceGroupNotFound|was not found", re.I)
REFUSED = re.compile(r"AuthorizationFailed|does not have authorization|Forbidden", re.I)
_UBUNTU = re.compile(r"Ubuntu \d\d\.\d\d", re.I)
_SEE_AGENT = "sudo azcmagent show\nsudo azcmagent check"
_STATUSES = {
    "Disconnected": f"# {{at}}, which has to run and to reach Azure:\n{_SEE_AGENT}\nsudo systemctl restart himdsd",
    "Expired": "# {at}, whose certificate has ended:\nsudo azcmagent disconnect --force-local-only\n{connect}",
    "Error": f"# {{at}}:\n{_SEE_AGENT}\nsudo azcmagent logs",
}
"""learn.microsoft.com/azure/azure-arc/servers/overview, "Agent status", and troubleshoot-agent-onboard."""


@dataclass(frozen=True)
class _Machine:
    """One of the settings, and what Azure says of it."""

    name: str
    body: Mapping[str, Any]
    connect: str
    """What Arc-enables it, at the machine."""

    def says(self, name: str) -> str:
        """Return one of its properties as text."""
        return str((self.body.get("properties") or {}).get(name) or "")


_Problem = tuple[str, str]
"""What is wrong, and what mends it."""


def check_machines(context: Context) -> Diagnosis:
    """Check that each is there, is connected, and is what the scripts are written for."""
    problems, mend, unsure, fine = list[str](), list[str](), list[str](), list[str]()
    for cluster, arm_id in _list_machines(context):
        found = [*_find_problems(context, arm_id, unsure, fine)]
        problems += [f"{cluster}: {problem}" for problem, _ in found]
        mend += [way for _, way in found]
    if not problems and unsure:
        show = "\n".join(f"# at {name}:\ncat /etc/os-release" for name in unsure)
        return Diagnosis("warning", f"Azure does not say which Ubuntu runs: {', '.join(unsure)}", show)
    return diagnose(problems, ", ".join(fine) or "none in the settings", "\n".join(dict.fromkeys(mend)))


def _list_machines(context: Context) -> list[tuple[str, str]]:
    clusters = context.settings.clusters.values()
    machines = [
        (one.name, machine) for one in clusters for machine in (one.machine, *(node.machine for node in one.nodes))
    ]
    return [(cluster, machine.resource_id) for cluster, machine in machines if machine]


def _find_problems(context: Context, arm_id: str, unsure: list[str], fine: list[str]) -> Iterator[_Problem]:
    """Yield what is wrong with one machine; note it where nothing is."""
    name, connect = ids.name_of(arm_id), _connect(context, arm_id)
    becomes = arm_id in context.settings.bare_machines
    try:
        body = context.tools.az("rest", "--method", "get", "--url", f"{arm_id}?api-version={MACHINE.versions[-1]}")
    except NoAnswerError as error:
        if becomes and ABSENT.search(error.reason):
            yield from _find_unready(name, fine)
            return
        yield _tell_absence(context, arm_id, error, connect)
        return
    machine = _Machine(name, body, connect)
    found = [*_find_unfit(machine), *_find_unsupported(machine), *_find_misplaced(context, machine)]
    yield from found
    if not found:
        system = machine.says("osSku")
        fine.append(f"{name}: {machine.says('status')}, agent {machine.says('agentVersion')}, {system}")
        if not _UBUNTU.search(system):
            unsure.append(name)


def _find_unready(name: str, fine: list[str]) -> Iterator[_Problem]:
    """Yield what the first `up` lacks to enable a machine over SSH."""
    if os.environ.get("SSH_AUTH_SOCK"):
        fine.append(f"{name}: not Arc-enabled yet, the first up does it over SSH")
    else:
        yield (
            f"no ssh-agent has a key to {name}, which the first up Arc-enables over SSH",
            ('eval "$(ssh-agent)"\nssh-add <key that the machine takes>'),
        )


def _tell_absence(context: Context, arm_id: str, error: NoAnswerError, connect: str) -> _Problem:
    name = ids.name_of(arm_id)
    if REFUSED.search(error.reason):
        return f"this login may not read machine {name}", _assign(context, arm_id)
    if ABSENT.search(error.reason):
        return f"there is no Arc-enabled machine {name} in {ids.name_of(ids.group_of(arm_id))}", (
            f"# at the machine, once the agent is installed:\n{connect}\n# or another machine.resource_id in"
            f" {context.file}: az resource list --resource-type {MACHINE.arm_type} --query '[].id'"
        )
    raise error


def _connect(context: Context, arm_id: str) -> str:
    """Return what Arc-enables the machine, at it."""
    given = {
        "subscription-id": arm_id.split("/")[2],
        "tenant-id": context.tenant_value("tenant_id") or "<tenant id>",
        "resource-group": ids.name_of(ids.group_of(arm_id)),
        "resource-name": ids.name_of(arm_id),
    }
    options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in given.items())
    return f"sudo azcmagent connect {options} --location <region>"


def _find_unfit(machine: _Machine) -> Iterator[_Problem]:
    """Yield what keeps its agent from working."""
    status = machine.says("status") or "of unknown state"
    if status != "Connected":
        way = _STATUSES.get(status, _STATUSES["Error"]).format(at=f"at {machine.name}", connect=machine.connect)
        yield f"{machine.name} is {status}; expected Connected", way
    if not (machine.body.get("identity") or {}).get("principalId"):
        way = f"# at {machine.name}:\nsudo azcmagent disconnect\n{machine.connect}"
        yield f"{machine.name} has no identity, so it cannot connect a cluster", way


def _find_unsupported(machine: _Machine) -> Iterator[_Problem]:
    """Yield what no script of the stack is written for."""
    name, system = machine.name, machine.says("osSku")
    given = machine.says("agentVersion") or "of unknown version"
    parts = [*map(int, re.findall(r"\d+", given)), 0, 0][:3]
    if VersionInfo(*parts) < OLDEST_AGENT:
        upgrade = "sudo apt-get update\nsudo apt-get install --only-upgrade azcmagent"
        yield (
            f"{name} has agent {given}, which knows no Run Command; expected {OLDEST_AGENT} or newer",
            f"# at {machine.name}:\n{upgrade}",
        )
    is_other = _UBUNTU.search(system) and SYSTEM.lower() not in system.lower()
    if machine.says("osType").lower() == "windows" or is_other:
        yield (
            f"{name} runs {system or machine.says('osType')}; expected {SYSTEM}",
            f"# another machine, or {SYSTEM} on this one, which is then connected anew:\n{machine.connect}",
        )


def _find_misplaced(context: Context, machine: _Machine) -> Iterator[_Problem]:
    """Yield that Azure has no Run Commands where the machine is."""
    region = normalised(str(machine.body.get("location") or ""))
    if not is_offered_in(fetch_providers(context), MACHINE_RUN_COMMAND.arm_type, region):
        yield (
            f"{machine.name} is in {region}, where {MACHINE_RUN_COMMAND.arm_type} is not offered",
            f"# at {machine.name}, with another region:\nsudo azcmagent disconnect\n{machine.connect}",
        )


def check_machine_rights(context: Context) -> Diagnosis:
    """Check that az's login may run commands on each."""
    problems, mend = [], []
    user = context.account()["user"]["name"]
    for cluster, arm_id in _list_machines(context):
        becomes = arm_id in context.settings.bare_machines  # then there is nothing yet but its group to be asked of
        entries = fetch_entries(context, ids.group_of(arm_id) if becomes else arm_id)
        needed = [*_ACTIONS, *([f"{MACHINE.arm_type}/write"] if becomes else [])]
        machine = context.settings.clusters[cluster].machine
        if machine and machine.ssh_over_arc:
            needed += [f"{type_}/{verb}" for type_ in OVER_ARC for verb in ("read", "write", "delete")]
        if context.settings.clusters[cluster].maintenance:
            needed += _PATCHING
        if missing := [action for action in needed if not is_granted(action, entries)]:
            problems.append(f"{cluster}: {user} may not, on {ids.name_of(arm_id)}: {', '.join(fold_actions(missing))}")
            scope = ids.group_of(arm_id) if becomes else arm_id
            roles = [ROLE] * (not {*missing} <= {*_PATCHING}) + [ONBOARDING] * becomes
            roles += [PATCHING] * (not {*missing}.isdisjoint(_PATCHING))
            mend += [_assign(context, scope, one) for one in roles]
    return diagnose(problems, f"{user} may run commands" if _list_machines(context) else "no machine", "\n".join(mend))


def _assign(context: Context, scope: str, role: str = ROLE) -> str:
    user = context.account()["user"]["name"]
    assign = f"az role assignment create --assignee {shlex.quote(user)} --scope {shlex.quote(scope)}"
    return f"# by an Owner of the machine's resource group, then `az login` again:\n{assign} --role {shlex.quote(role)}"
