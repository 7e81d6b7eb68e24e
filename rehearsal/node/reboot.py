"""Boot a copy of a node anew, to see what of its set-up outlives that: what a script did once may be gone then."""

from __future__ import annotations

import copy
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearsal.node.clock import ScriptClock
from rehearsal.node.files import after_power_cycle, collect
from rehearsal.node.machine import Machine
from rehearsal.node.run import Run
from rehearsal.node.tools import units
from rehearsal.node.tools.host import power_cycle

_SET_UP = ("etc/sysctl.d/", f"{units.FOLDER}/", "usr/local/")
"""Folders whose files say how a node starts."""


def note_reboot(machine: Machine, now: float) -> None:
    """Note as the fact `after_reboot` what firewall and limits would be, and whether K3s would start; once a change."""
    with machine.lock:
        unit = str(machine.facts.get("k3s", {}).get("unit", ""))
        is_enabled = bool(machine.facts.get("k3s", {}).get("enabled"))
        files = collect(machine.root)
        set_up = {name: file for name, file in files.items() if name.startswith(_SET_UP)}
        known = machine.facts.get("after_reboot", {})
        if not unit or (known.get("of"), known.get("enabled")) == (set_up, is_enabled):
            return
        facts = copy.deepcopy({key: value for key, value in machine.facts.items() if key != "after_reboot"})
    with tempfile.TemporaryDirectory(prefix="es-") as name:
        folder = Path(name)
        (folder / "run").mkdir()
        booted = Machine.in_folder(folder, machine.vm_id, machine.azure, facts, after_power_cycle(files))
        power_cycle(booted)
        script = "\n".join(_write_start(booted, unit))
        run = Run(booted, {"source": {"script": script}}, folder / "run", ScriptClock(now)).end()
    found = {
        "of": set_up,
        "enabled": is_enabled,
        "k3s": is_enabled and run.exit_code == 0,
        "error": run.stderr,
    }
    with machine.lock:
        machine.facts["after_reboot"] = {**found, **{key: booted.facts.get(key) for key in ("iptables", "sysctl")}}


def _write_start(machine: Machine, unit: str) -> Iterator[str]:
    """Yield a script that does what systemd does before K3s: every ExecStartPre of the unit as it is on the disk."""
    yield "#!/bin/bash\nset -e"
    units.read(machine)
    lines: list[Mapping[str, Any]] = machine.facts.get("units", {}).get(unit, [])
    for line in lines:
        command = str(line["command"])
        below = machine.file(command)
        words = [str(below) if below.is_file() else command, *line["arguments"]]
        yield shlex.join(words) + (" || true" if line["optional"] else "")
