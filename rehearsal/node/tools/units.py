"""systemd on a node: unit files and their drop-ins as of the last reload, and `systemctl`.

systemd.unit(5), "foo.service.d/"; systemd.service(5), ExecStartPre= and the prefix `-`, RuntimeMaxSec=; systemctl(1),
"EXIT STATUS".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import read_seconds
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import GNU, Table, names, read_line
from rehearsal.node.tools.refusal import RefusalError, answering

FOLDER = "etc/systemd/system"
_UNIT = "[Service]\nType=notify\nRestart=always\nExecStart={}\n\n[Install]\nWantedBy=multi-user.target\n"
_OF_K3S = {"k3s.service": "server", "k3s-agent.service": "agent"}
_START_PRE, _LIMIT, _ENVIRONMENT = _KNOWN = tuple(
    ("[Service]", name) for name in ("ExecStartPre", "RuntimeMaxSec", "Environment")
)
"""Section and name of what a drop-in may set; whatever else it sets has an effect that the model lacks."""
_OF_THE_SYSTEM = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
"""Where Ubuntu's own commands are, which are not below a node's root."""
_TABLE = Table("systemctl", GNU).with_flags(
    "--quiet -q", "--no-block", "--now", "--no-pager", "--full -l", "--all -a", "--type -t VALUE", "--state VALUE",
    "--force -f", "--system", "--runtime", "--no-reload", "--no-ask-password", "--wait", "--lines -n VALUE",
)  # fmt: skip
_OF_A_SCOPE = re.compile(r"--scope|--quiet|--collect|--unit=[\w-]+|--property=RuntimeMaxSec=\d+")
_VERBS = names(
    "start stop restart reload try-restart reload-or-restart enable disable mask unmask is-active is-enabled is-failed"
    " status show cat daemon-reload reset-failed list-units list-unit-files"
)


def write(machine: Machine, unit: str, command: str) -> None:
    """Write a unit as an installer does, and reload."""
    machine.file(f"{FOLDER}/{unit}").write_text(_UNIT.format(command))
    reload(machine)


def reload(machine: Machine) -> None:
    """Read every unit and drop-in; what is written later has no effect until the next reload.

    Raises:
        ValueError: one of K3s has what the model does not know.
    """
    read(machine)
    for name, role in _OF_K3S.items():
        for key, _, told in _list_settings(machine, name):
            if key not in _KNOWN:
                raise ValueError(f"systemd: the model does not know {told}; extend units.py")
        unit = machine.file(f"{FOLDER}/{name}")
        if unit.is_file() and unit.read_text() != _UNIT.format(f"/usr/local/bin/k3s {role}"):
            raise ValueError(f"systemd: the model knows {name} only as install.sh writes it; extend units.py")


def read(machine: Machine) -> None:
    """Note what comes before the start of each unit, and after how many seconds it starts anew.

    Raises:
        ValueError: those are no whole number of seconds, minutes, hours or days.
    """
    names = sorted({file.name for file in machine.files(FOLDER, "*.service")})
    machine.facts["units"] = {name: _read_start_pre(machine, name) for name in names}
    machine.facts["environments"] = {name: found for name in names if (found := _read_environment(machine, name))}
    machine.facts["run_limits"] = {name: limit for name in names if (limit := _read_limit(machine, name))}


def run_start_pre(machine: Machine, unit: str) -> list[dict[str, Any]]:
    """Return the ExecStartPre commands of the unit's drop-ins, each checked as systemd checks it before it runs one.

    Raises:
        ValueError: one is not there or cannot be executed, so the unit does not start (status 203/EXEC).
    """
    lines: list[dict[str, Any]] = machine.facts.get("units", {}).get(unit, [])
    for line in lines:
        command = line["command"]
        file = machine.file(command)
        if line["optional"] or (not file.is_file() and command.startswith(_OF_THE_SYSTEM)):
            continue
        if not file.is_file():
            raise ValueError(f"{unit}: Failed to locate executable {command}: No such file or directory")
        if not file.is_executable():
            raise ValueError(f"{unit}: Failed at step EXEC spawning {command}: Permission denied")
    return lines


def _read_start_pre(machine: Machine, unit: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key, value, _ in _list_settings(machine, unit):
        if key == _START_PRE and not value:  # an empty assignment clears the list
            found.clear()
        elif key == _START_PRE:
            words = shlex.split(value.lstrip("-@:+!"))
            prefix = value[: len(value) - len(value.lstrip("-@:+!"))]
            found.append({"command": words[0], "arguments": words[1:], "optional": "-" in prefix})
    return found


def _read_environment(machine: Machine, unit: str) -> dict[str, str]:
    """Return what Environment= sets (systemd.exec(5)); files of EnvironmentFile= come after it."""
    found: dict[str, str] = {}
    for key, value, _ in _list_settings(machine, unit):
        if key == _ENVIRONMENT:
            words = dict(word.partition("=")[::2] for word in shlex.split(value))
            found = {**found, **words} if value else {}
    return found


def _read_limit(machine: Machine, unit: str) -> float | None:
    """Return the last RuntimeMaxSec=; it ends the unit, and Restart=always starts it anew."""
    found = [value for key, value, _ in _list_settings(machine, unit) if key == _LIMIT]
    return read_seconds(found[-1]) if found and found[-1] not in ("", "infinity") else None


def _list_settings(machine: Machine, unit: str) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Yield ((section, name), value, the setting as it is told) of a unit's drop-ins."""
    for file in machine.files(f"{FOLDER}/{unit}.d", "*.conf"):
        section = ""
        for line in map(str.strip, file.read_text().splitlines()):
            if line.startswith("["):
                section = line
            elif line and not line.startswith(("#", ";")):
                name, _, value = (part.strip() for part in line.partition("="))
                yield (section, name), value, f"{section} {line} of {file.name}"


@answering
def systemd_run(call: ToolCall, _: Machine) -> Reply:
    """Answer `systemd-run --scope`, which becomes the command in a unit of its own (systemd-run(1))."""
    options = [*takewhile(lambda word: word.startswith("-"), call.arguments)]
    surplus = [word for word in options if not _OF_A_SCOPE.fullmatch(word)]
    if surplus or "--scope" not in options:
        raise ValueError(f"systemd-run {' '.join(surplus)}: the model knows transient scopes only; extend units.py")
    return Reply(becomes=len(options) + 1)


@answering
def systemctl(call: ToolCall, machine: Machine) -> str | Reply:
    """Answer `systemctl`."""
    line = read_line(_TABLE, call.arguments)
    if not line.words:
        raise ValueError("systemctl without a verb lists units, which the model does not; extend units.py")
    verb, *names = line.words
    if verb not in _VERBS:
        raise RefusalError(1, f"Unknown command verb '{verb}'.", is_unknown=True)
    if verb == "daemon-reload":
        reload(machine)
        return ""
    if not names:
        raise RefusalError(1, "Too few arguments.")
    unit = names[0] if "." in names[0] else f"{names[0]}.service"
    return _act(verb, unit, machine, call.elapsed, quiet=line.has("--quiet"))


def _act(verb: str, unit: str, machine: Machine, elapsed: float, *, quiet: bool) -> str | Reply:
    from rehearsal.node.tools import k3s  # K3s needs this module to write its unit

    facts = machine.facts.get("k3s", {})
    exists = facts.get("unit") == unit
    runs = exists and bool(facts.get("running"))
    if verb == "is-active":  # 4: no such unit, 3: it does not run
        state = "active" if runs else "failed" if exists and facts.get("error") else "inactive"
        return Reply(0 if runs else 3 if exists else 4, "" if quiet else f"{state}\n")
    if verb == "is-enabled":
        state = "not-found" if not exists else "enabled" if facts.get("enabled") else "disabled"
        return Reply({"enabled": 0, "disabled": 1, "not-found": 4}[state], "" if quiet else f"{state}\n")
    if not exists:  # Ubuntu has many units, of which the model knows none
        raise RefusalError(5, f"Failed to {verb} {unit}: Unit {unit} not found.", is_unknown=True)
    if verb in ("restart", "reload-or-restart") or (verb == "start" and not runs):
        k3s.start(machine, unit, elapsed)
    elif verb == "stop":
        facts["running"] = False
    elif verb == "enable":
        facts["enabled"] = True
    elif verb not in ("start", "reset-failed"):
        raise ValueError(f"systemctl {verb}: the model does not answer it; extend units.py")
    return ""
