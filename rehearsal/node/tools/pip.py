"""The Azure CLI's own Python, as far as `pip download` goes.

pip.pypa.io/en/stable: cli/pip_download, topics/secure-installs ("Hash-checking Mode").
"""

from __future__ import annotations

import re

from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import GNU, Table, read_line
from rehearsal.node.tools.outbound import choose_proxy, gets_out
from rehearsal.node.tools.refusal import RefusalError, answering

AZ_PYTHON = "edge-stamps-az-python"
PLACE = "opt/az/bin/python3"
"""Where the package azure-cli has it (Azure/azure-cli, scripts/release/debian/prepare.sh)."""
INDEX = "https://pypi.org/"
CHECKED = "Stand-in of a wheel, whose hash was the wanted one\n"
"""What a wheel says; one that nobody has compared says less."""
_TABLE = Table("pip", GNU).with_flags(
    "-m VALUE", "--quiet -q", "--disable-pip-version-check", "--no-cache-dir", "--require-hashes", "--no-deps",
    "--only-binary VALUE", "--requirement -r VALUE", "--dest -d VALUE",
)  # fmt: skip
_PIN = re.compile(r"^([\w.-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)


def make_python() -> str:
    """Return the text that stands for the program."""
    return f'#!/bin/sh\nexec {AZ_PYTHON} "$@"\n'


@answering
def az_python(call: ToolCall, machine: Machine) -> str:
    """Answer `python3 -m pip download`."""
    line = read_line(_TABLE, call.arguments)
    if (line.last("-m"), line.words) != ("pip", ["download"]) or not line.has("--no-deps"):
        raise ValueError("az's Python: the model answers -m pip download --no-deps only; extend pip.py")
    if not gets_out(machine, INDEX, choose_proxy(INDEX, call.environment)):
        raise RefusalError(1, "ERROR: Could not find a version that satisfies the requirement (from versions: none)")
    pins = _PIN.findall(machine.path(line.last("--requirement")).read_text())
    if line.has("--require-hashes") and not all(hashes for *_, hashes in pins):
        raise RefusalError(1, "ERROR: Hashes are required in --require-hashes mode, but they are missing from some.")
    for name, version, _ in pins:
        wheel = machine.path(f"{line.last('--dest')}/{name}-{version}.whl")
        wheel.write_text(CHECKED if line.has("--require-hashes") else "Stand-in of a wheel\n")
    return ""
