"""The node's own system: kernel limits and the first boot.

sysctl(8) of procps 4.0.4; cloud-init, cloudinit/cmd/status.py.
"""

from __future__ import annotations

import re

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.disk import NodeFile
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import GNU, Table, read_line
from rehearsal.node.tools.refusal import RefusalError, answering

DEFAULTS = {
    "fs.inotify.max_user_instances": 128,
    "fs.inotify.max_user_watches": 125_000,
    "fs.file-max": 9_223_372_036_854_775_807,
    "net.ipv4.ip_forward": 0,
    "vm.max_map_count": 65_530,
}
"""What Ubuntu 24.04 starts with. max_user_watches: 1 % of memory at 1 KiB and more each, between 8192 and 1048576
(torvalds/linux, fs/notify/inotify/inotify_user.c, inotify_user_setup); this is about that of 16 GiB."""
BOOT_SECONDS = 120
"""How long cloud-init works on after the first script has begun. The model's own guess."""
_SYSCTL = Table("sysctl", GNU).with_flags(
    "--all -a -A -X", "--binary -b", "--ignore -e", "--names -N", "--values -n", "--load -p -f", "--quiet -q",
    "--write -w", "--system", "--pattern -r VALUE", "--deprecated",
)  # fmt: skip


@answering
def sysctl(call: ToolCall, machine: Machine) -> str:
    """Answer `sysctl`: read keys, or load files."""
    line = read_line(_SYSCTL, call.arguments)
    if line.has("--load"):
        for file in [machine.path(name) for name in line.words] or [machine.file("etc/sysctl.conf")]:
            _load(machine, file)
        return ""
    if line.has("--system"):
        _load_all(machine)
        return ""
    if not line.words:
        raise RefusalError(1, "sysctl: no variables specified\nTry `sysctl --help' for more information.")
    return "".join(_read(word, machine, values=line.has("--values")) for word in line.words)


def power_cycle(machine: Machine) -> None:
    """Boot anew: rules of the firewall and loaded limits are gone, those in /etc/sysctl.d come back.

    systemd-sysctl.service(8), sysctl.d(5). K3s starts again by itself; its start is the caller's business.
    """
    machine.facts["iptables"] = []
    machine.facts["sysctl"] = {}
    machine.facts["cloud_init_done"] = machine.facts["rebooted"] = True
    _load_all(machine)


def _load_all(machine: Machine) -> None:
    for file in machine.files("etc/sysctl.d", "*.conf"):
        _load(machine, file)


def _load(machine: Machine, file: NodeFile) -> None:
    if not file.is_file():
        raise RefusalError(1, f'sysctl: cannot open "{file}": No such file or directory')
    for number, text in enumerate(file.read_text().splitlines(), 1):
        if not text.strip() or text.lstrip().startswith(("#", ";")):
            continue
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise RefusalError(1, f"sysctl: {file}({number}): invalid syntax, continuing...")
        _set(name, value, machine)


def _set(name: str, value: str, machine: Machine) -> None:
    key = name.removeprefix("-").replace("/", ".")
    _require(key)
    if not re.fullmatch(r"\d+", value):
        raise RefusalError(1, f'sysctl: setting key "{key}": Invalid argument')
    machine.facts.setdefault("sysctl", {})[key] = int(value)


def _read(word: str, machine: Machine, *, values: bool) -> str:
    name, equals, value = word.partition("=")
    if equals:
        _set(name, value, machine)
    key = name.replace("/", ".")
    _require(key)
    found = machine.facts.get("sysctl", {}).get(key, DEFAULTS[key])
    return f"{found}\n" if values else f"{key} = {found}\n"


def _require(key: str) -> None:
    if key not in DEFAULTS:
        text = f"sysctl: cannot stat /proc/sys/{key.replace('.', '/')}: No such file or directory"
        raise RefusalError(1, text, is_unknown=True)


@answering
def cloud_init(call: ToolCall, machine: Machine) -> str | Reply:
    """Answer `cloud-init status`: a first boot ends degraded, which is done as well.

    canonical/cloud-init, doc/rtd/explanation/return_codes.rst: 2 is for recoverable errors. That there are some is the
    model's choice, so that a script that takes 2 for a failure is seen.
    """
    words = [word for word in call.arguments if not word.startswith("-")]
    if words != ["status"]:
        raise ValueError("cloud-init: the model answers status only; extend host.py")
    options = [word for word in call.arguments if word.startswith("-")]
    for option in options:
        if option not in ("--wait", "-w", "--long", "-l"):
            text = f"usage: cloud-init [-h] ...\ncloud-init: error: unrecognized arguments: {option}"
            raise RefusalError(2, text)
    if "--wait" in options or "-w" in options:
        machine.facts["cloud_init_done"] = True
    if is_booting(call, machine):
        return "\nstatus: running\n"
    return Reply(0 if machine.facts.get("rebooted") else 2, "\nstatus: done\n")


def is_booting(call: ToolCall, machine: Machine) -> bool:
    """Return whether cloud-init still works, and holds the locks of apt."""
    return not machine.facts.get("cloud_init_done") and call.elapsed < BOOT_SECONDS
